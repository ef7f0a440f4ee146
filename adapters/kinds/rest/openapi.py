"""An OpenAPI 3.x document, read bounded: from a file or an HTTPS address, references resolved.

Only what a draft needs: local references (`#/…`), no other documents, nothing fetched on its behalf.
Swagger 2.0 is refused with its cure: convert it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

from adapters.drafting.draft import Column, ColumnType
from adapters.http.client import HttpAnswer, HttpClient
from adapters.http.form import HttpConnection
from adapters.pointer import ABSENT, find, parse
from adapters.source import Limits
from adapters.yaml_lines import parse as parse_yaml
from schemas.errors import ConfigurationError, MalformedRequest, SourceUnavailable
from schemas.strict_json import parse as parse_json

MAX_BYTES: Final = 4 * 1024 * 1024
MAX_COLUMNS: Final = 200
_DEEPEST: Final = 6
_MOST_MEMBERS: Final = 2000
_REFERENCES: Final = 16
_PARTS: Final = 8
_DEEPEST_PARTS: Final = 4
_TYPES: Final[Mapping[str, ColumnType]] = {
    "string": "text",
    "integer": "integer",
    "number": "decimal",
    "boolean": "boolean",
}
_SHAPES: Final[Mapping[str, type]] = {"properties": Mapping, "required": list, "enum": list}
_FORMATS: Final[Mapping[str, ColumnType]] = {"date": "date", "date-time": "moment"}


@dataclass(frozen=True, slots=True)
class OpenApi:
    """A document whose references can be followed."""

    root: Mapping[str, Any]

    def at(self, value: Any) -> Mapping[str, Any]:
        """What a value is, behind its references; empty when it is nothing usable."""
        for _ in range(_REFERENCES):
            reference = value.get("$ref") if isinstance(value, Mapping) else None
            if not isinstance(reference, str):
                break
            value = find(self.root, parse(reference[1:])) if reference.startswith("#/") else ABSENT
        return value if isinstance(value, Mapping) else {}

    @staticmethod
    def rows(value: Any) -> list[Any]:
        """A list as it stands; anything else has no rows."""
        return value if isinstance(value, list) else []

    def schema(self, value: Any, deep: int = 0) -> Mapping[str, Any]:
        """A schema behind its references, the parts of `allOf` put together, as far as is sensible: a
        document can be written so that this would never end."""
        schema = _shaped(self.at(value))
        parts = schema.pop("allOf", ())
        for part in parts[:_PARTS] if isinstance(parts, list) and deep < _DEEPEST_PARTS else ():
            inner = self.schema(part, deep + 1)
            members = {**_members(schema), **_members(inner)}
            schema = {**inner, **schema} | ({"properties": members} if members else {})
        return schema

    def columns(self, schema: Mapping[str, Any], above: tuple[str, ...] = ()) -> Iterator[Column]:
        """What a record of a schema holds, nested objects as JSON Pointers."""
        return (one for one in islice(self._walk(schema, above), _MOST_MEMBERS) if one is not None)

    def _walk(self, schema: Mapping[str, Any], above: tuple[str, ...]) -> Iterator[Column | None]:
        """A column for each leaf, None for each object: objects without leaves must count too."""
        for name, part in _members(schema).items():
            inner = self.schema(part)
            place = (*above, str(name))
            if "properties" in inner and len(place) < _DEEPEST:
                yield None
                yield from self._walk(inner, place)
            else:
                yield _column(place, inner)


def load(text: bytes, name: str) -> OpenApi:
    """Read a document, JSON or YAML.

    Raises:
        ConfigurationError: it is no OpenAPI 3 document, or larger than is read.
    """
    if len(text) > MAX_BYTES:
        raise ConfigurationError(f"{name} is longer than {MAX_BYTES} bytes")
    try:
        root = parse_json(text, max_bytes=MAX_BYTES, bound_numbers=False)
    except MalformedRequest:
        root = parse_yaml(text, Path(name)).value
    if isinstance(root, Mapping) and "swagger" in root:
        raise ConfigurationError(f"{name} is Swagger 2.0; convert it to OpenAPI 3 first")
    if not isinstance(root, Mapping) or not str(root.get("openapi", "")).startswith("3."):
        raise ConfigurationError(f"{name} is no OpenAPI 3 document")
    return OpenApi(root)


async def fetch(origin: str) -> bytes:
    """The document at a path or an HTTPS address.

    Raises:
        ConfigurationError: it is not readable, or the address is not HTTPS.
        SourceUnavailable: the address gives no document.
    """
    if "://" not in origin:
        return _read(Path(origin))
    address = urlsplit(origin)
    if address.scheme != "https":
        raise ConfigurationError("an OpenAPI document is read from a file or an https:// address")
    client = HttpClient(
        HttpConnection(f"https://{address.netloc}"), Limits(timeout_ms=10_000, max_bytes=MAX_BYTES)
    )
    client.open()
    try:
        query = f"?{address.query}" if address.query else ""
        answer = await client.send("GET", (address.path or "/") + query, accept="application/json, */*;q=0.5")
    finally:
        await client.close()
    if not isinstance(answer, HttpAnswer):
        raise SourceUnavailable(answer.cause)
    if answer.status != 200:
        raise SourceUnavailable(f"the address answered HTTP {answer.status}")
    return answer.body


def _read(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            return file.read(MAX_BYTES + 1)
    except OSError as error:
        raise ConfigurationError(f"{path} cannot be read ({error.strerror})") from None


def _shaped(schema: Mapping[str, Any]) -> dict[str, Any]:
    """A schema without the keywords that are not what JSON Schema says they are."""
    shaped: dict[str, Any] = {
        name: part for name, part in schema.items() if isinstance(part, _SHAPES.get(name, object))
    }
    if "required" in shaped:
        shaped["required"] = [name for name in shaped["required"] if isinstance(name, str)]
    return shaped


def _members(schema: Mapping[str, Any]) -> Mapping[str, Any]:
    members = schema.get("properties", {})
    return members if isinstance(members, Mapping) else {}


def _column(place: tuple[str, ...], schema: Mapping[str, Any]) -> Column:
    kinds = schema.get("type")
    # OpenAPI 3.1 writes `[string, "null"]` for what may be missing.
    kind = next((one for one in kinds if one != "null"), None) if isinstance(kinds, list) else kinds
    column_type = _FORMATS.get(str(schema.get("format"))) or _TYPES.get(str(kind), "unknown")
    codes = tuple(str(code) for code in schema.get("enum", ()) if code is not None)
    pattern = schema.get("pattern")
    return Column(
        pointer(place),
        column_type,
        str(schema.get("title") or schema.get("description") or "").partition("\n")[0][:120],
        codes[:50],
        pattern.removeprefix("^").removesuffix("$") if isinstance(pattern, str) else None,
    )


def pointer(place: tuple[str, ...]) -> str:
    """A place as a rule writes it: a plain name, or a JSON Pointer."""
    if len(place) == 1 and not place[0].startswith("/"):
        return place[0]
    return "".join("/" + step.replace("~", "~0").replace("/", "~1") for step in place)
