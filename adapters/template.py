"""Request templates: `{name}` stands for the selector's part of that name.

Every value is escaped for the place it goes to: percent-encoded in a path and a query, a JSON string
in a body. A value can therefore never add a segment, a parameter or a member. Where the source reads
a language of its own inside such a text, `{name|escaper}` escapes for that language first.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final
from urllib.parse import quote

from schemas.errors import RequestMismatch

_PLACEHOLDER: Final = re.compile(r"\{([a-z][a-z0-9_]*)(?:\|([^{}|\s]*))?\}")

Values = Mapping[str, str | int]


def _before(sign: str, marked: str) -> Callable[[str], str]:
    """Writes a sign before each of the marked characters."""
    pattern = re.compile(f"[{re.escape(marked)}]")
    return lambda text: pattern.sub(lambda match: sign + match[0], text)


ESCAPERS: Final[Mapping[str, Callable[[str], str]]] = {
    "dhis2": _before("/", "/:,"),  # filters of the Tracker API: `attribute:eq:value,…`
    "fhir": _before("\\", "\\,$|"),  # FHIR R4 search, section 3.1.1.4.0.1
    "cql": lambda text: text.replace("'", "''"),  # quoted text of CQL2, OData and SQL-like filters
    "jsonpath": _before("\\", "\\'\""),  # quoted text of RFC 9535
}
"""What `{name|…}` may say: the escapers by name."""


def placeholders(template: Any) -> Iterator[str]:
    """The names used anywhere in a template: text, list or mapping."""
    for name, _ in _uses(template):
        yield name


def unknown_escapers(template: Any) -> list[str]:
    """The escapers that a template names and that do not exist."""
    return sorted({escaper for _, escaper in _uses(template) if escaper is not None} - ESCAPERS.keys())


def fill_path(template: str, values: Values) -> str:
    """A path with every value percent-encoded, slashes included.

    Raises:
        RequestMismatch: a value is `.` or `..`, which no encoding makes safe.
    """
    if any(str(value).strip(".") == "" for value in values.values()):
        raise RequestMismatch("subject.value cannot stand in a path")
    return _PLACEHOLDER.sub(lambda match: quote(_text(match, values), safe=""), template)


def fill(template: Any, values: Values) -> Any:
    """A copy of a text, list or mapping with the values in place; a lone `{name}` keeps its type."""
    if isinstance(template, str):
        whole = _PLACEHOLDER.fullmatch(template)
        if whole is not None and whole[2] is None:
            return values[whole[1]]
        return _PLACEHOLDER.sub(lambda match: _text(match, values), template)
    if isinstance(template, Mapping):
        return {name: fill(item, values) for name, item in template.items()}
    if isinstance(template, list):
        return [fill(item, values) for item in template]
    return template


def fill_texts(template: Mapping[str, Any], values: Values) -> dict[str, str | list[str]]:
    """Query parameters or form members with the values in place, all of them text."""
    filled = fill(template, values)
    return {
        name: [str(one) for one in item] if isinstance(item, list) else str(item)
        for name, item in filled.items()
    }


def _text(match: re.Match[str], values: Values) -> str:
    text = str(values[match[1]])
    return text if match[2] is None else ESCAPERS[match[2]](text)


def _uses(template: Any) -> Iterator[tuple[str, str | None]]:
    if isinstance(template, str):
        yield from ((match[1], match[2]) for match in _PLACEHOLDER.finditer(template))
    elif isinstance(template, Mapping):
        for item in template.values():
            yield from _uses(item)
    elif isinstance(template, list):
        for item in template:
            yield from _uses(item)
