"""Views in YAML: read, checked against `view.schema.json`, refused with file, line and cure.

One file holds one view and is named after it: `social-record.view.yaml`. Files are configuration,
written by people of the asking member, yet read as if they were not: bounded in size, no aliases, no
duplicate keys, no YAML tags. What a view means is `view`'s matter.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any, Final, cast

import yaml
from jsonschema import Draft202012Validator
from jsonschema.exceptions import ValidationError, best_match

from registry_virtual.view import Attribute, Origin, Via, View
from schemas.errors import ConfigurationError, MalformedIdentifier
from schemas.identifiers import ServiceId

SHIPPED: Final = Path(__file__).parent / "views"
"""The views that come with Isthmus: those of the sandbox country Lumeria."""

SUFFIX: Final = ".view.yaml"
MAX_FILE_BYTES: Final = 256 * 1024
MAX_DEPTH: Final = 16

Place = tuple[str | int, ...]
"""Where in a file: mapping keys and list positions from the top."""


class ViewFileError(ConfigurationError):
    """A view file is wrong; the detail names file, line, place and cure."""

    def __init__(self, path: Path, line: int, complaint: str, cure: str) -> None:
        super().__init__(f"{path.name}:{line}: {complaint}. Cure: {cure}.")
        self.path = path
        self.line = line
        self.cure = cure


def load_views(folder: Path = SHIPPED) -> Mapping[str, View]:
    """Load every view file of a folder, by name; ViewFileError for the first wrong one."""
    views = (load_view(path) for path in sorted(folder.glob(f"*{SUFFIX}")))
    return {view.name: view for view in views}


def load_view(path: Path) -> View:
    """Load one view file.

    Raises:
        ViewFileError: it cannot be read, or is not a view.
    """
    document, lines = _read(path)
    error = best_match(_validator().iter_errors(document))
    if error is not None:
        raise ViewFileError(path, _line(lines, _place(error)), _complaint(error), _cure(error))
    for place, complaint, cure in _contradictions(document, path.name.removesuffix(SUFFIX)):
        raise ViewFileError(path, _line(lines, place), f"{_dotted(place)}: {complaint}", cure)
    return _view(document)


def _read(path: Path) -> tuple[Any, Mapping[Place, int]]:
    """The file's plain content, and the line each place stands on."""
    try:
        data = path.read_bytes()
        if len(data) > MAX_FILE_BYTES:
            raise ViewFileError(path, 1, "the file is too large", f"keep it below {MAX_FILE_BYTES} bytes")
        text = data.decode()
        _check_shape(path, text)
        node = yaml.compose(text, Loader=yaml.SafeLoader)
    except (OSError, UnicodeDecodeError, RecursionError) as error:
        raise ViewFileError(
            path, 1, f"the file cannot be read ({type(error).__name__})", "write readable UTF-8"
        ) from error
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark
        raise ViewFileError(
            path, mark.line + 1 if mark else 1, f"not YAML: {error.problem}", "correct the syntax"
        ) from error
    except yaml.YAMLError as error:
        raise ViewFileError(path, 1, "not YAML", "remove unprintable characters") from error
    if node is None:
        raise ViewFileError(path, 1, "the file is empty", "start from social-record.view.yaml")
    lines: dict[Place, int] = {}
    return _plain(path, node, (), lines), lines


def _check_shape(path: Path, text: str) -> None:
    """Refuse aliases and deep nesting event by event, before anything is built from the text."""
    depth = 0
    for event in yaml.parse(text, Loader=yaml.SafeLoader):
        line = event.start_mark.line + 1 if event.start_mark else 1
        if isinstance(event, yaml.AliasEvent):
            raise ViewFileError(path, line, "an alias (*name) is not allowed", "write the value out")
        depth += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
        if depth > MAX_DEPTH:
            raise ViewFileError(path, line, "nested too deeply", f"stay within {MAX_DEPTH} levels")


def _plain(path: Path, node: yaml.Node, place: Place, lines: dict[Place, int]) -> Any:
    """Turn a node into plain values, noting lines; refuses tags and duplicate keys."""
    lines.setdefault(place, node.start_mark.line + 1)
    if isinstance(node, yaml.MappingNode):
        content: dict[str, Any] = {}
        for key_node, value_node in node.value:
            key, key_line = key_node.value, key_node.start_mark.line + 1
            if not isinstance(key, str):
                raise ViewFileError(path, key_line, "a key must be a plain word", "write name: value")
            if key in content:
                raise ViewFileError(path, key_line, f"{key} stands here twice", "remove one of them")
            lines[(*place, key)] = key_line
            content[key] = _plain(path, value_node, (*place, key), lines)
        return content
    if isinstance(node, yaml.SequenceNode):
        return [_plain(path, item, (*place, index), lines) for index, item in enumerate(node.value)]
    return _scalar(path, node)


def _scalar(path: Path, node: yaml.Node) -> Any:
    try:
        value = yaml.SafeLoader("").construct_object(node)
    except (yaml.YAMLError, ValueError) as error:
        raise ViewFileError(
            path, node.start_mark.line + 1, "a YAML tag or value is not allowed", "write plain text"
        ) from error
    return value


@cache
def _validator() -> Draft202012Validator:
    return Draft202012Validator(json.loads(Path(__file__).with_name("view.schema.json").read_bytes()))


def _place(error: ValidationError) -> Place:
    """The place a complaint is about: the foreign key itself, not the mapping it stands in."""
    place: Place = tuple(error.absolute_path)
    if error.validator == "additionalProperties":
        return (*place, _foreign(error)[0])
    if "propertyNames" in error.absolute_schema_path:
        return (*place, str(error.instance))
    return place


def _foreign(error: ValidationError) -> list[str]:
    known, written = _rule(error)["properties"], cast("dict[str, Any]", error.instance)
    return [key for key in written if key not in known]


def _rule(error: ValidationError) -> dict[str, Any]:
    """The part of the schema that was broken."""
    return cast("dict[str, Any]", error.schema)


def _complaint(error: ValidationError) -> str:
    place = _dotted(_place(error))
    if error.validator == "required":
        written = cast("dict[str, Any]", error.instance)
        missing = (name for name in _rule(error)["required"] if name not in written)
        return f"{place}: {', '.join(missing)} is missing"
    if error.validator == "additionalProperties":
        return f"{place}: no such member"
    return f"{place}: {error.message}"


def _cure(error: ValidationError) -> str:
    if error.validator == "additionalProperties":
        return f"remove it, or write one of {', '.join(_rule(error)['properties'])}"
    return f"write {_rule(error).get('description', 'what view.schema.json asks for')}"


def _dotted(place: Place) -> str:
    return ".".join(str(step) for step in place) or "the file"


def _line(lines: Mapping[Place, int], place: Place) -> int:
    """The line of a place, or of the nearest place around it."""
    while place not in lines:
        place = place[:-1]
    return lines[place]


def _contradictions(document: Any, stem: str) -> Iterator[tuple[Place, str, str]]:
    """What a schema cannot say, as (place, complaint, cure)."""
    if document["name"] != stem:
        yield ("name",), "the file is named otherwise", f"name the file {document['name']}{SUFFIX}"
    for name, declared in document["attributes"].items():
        place: Place = ("attributes", name)
        if declared.get("conflict") == "all_equal" and len(declared["from"]) < 2:
            yield (*place, "conflict"), "one source cannot disagree", "name a second source, or leave it out"
        for index, origin in enumerate(declared["from"]):
            at = (*place, "from", index)
            if any(_asks_alike(origin, earlier) for earlier in declared["from"][:index]):
                yield at, "the same service stands here twice", "remove one of them"
            try:
                ServiceId.parse(origin["service"])
            except MalformedIdentifier as error:
                yield (*at, "service"), error.detail, "write INSTANCE/CLASS/MEMBER/SUBSYSTEM/SERVICE"
            if "via" in origin:
                yield from _hop_contradictions(document["attributes"], declared, (*at, "via"), origin["via"])


def _asks_alike(one: Any, other: Any) -> bool:
    return bool(one["service"] == other["service"] and one.get("via") == other.get("via"))


def _hop_contradictions(
    attributes: Any, declared: Any, at: Place, via: Any
) -> Iterator[tuple[Place, str, str]]:
    """One hop, by one value, and never as a mere fallback: its starting point is asked at once."""
    at, start = (*at, "attribute"), via["attribute"]
    key = attributes.get(start)
    first = declared["from"][0].get("via", {}).get("attribute")
    if key is None:
        yield at, f"the view has no attribute {start}", "declare it, or correct the name"
    elif any("via" in origin for origin in key["from"]):
        yield at, "a hop cannot start from a hop", "start from an attribute that has no via"
    elif key.get("list", False):
        yield at, "a hop cannot start from a list", "start from an attribute with one value"
    elif declared.get("conflict") != "all_equal" and first != start:
        yield at, "the first source does not start from there", "put the hop first"


def _view(document: Any) -> View:
    return View(
        name=document["name"],
        version=document["version"],
        title=document["title"],
        description=document["description"].strip(),
        purposes=tuple(document["purposes"]),
        subject_types=tuple(document["subject_types"]),
        definitions={term: text.strip() for term, text in document.get("definitions", {}).items()},
        attributes={name: _attribute(name, declared) for name, declared in document["attributes"].items()},
        deadline_ms=document["deadline_ms"],
    )


def _attribute(name: str, declared: Any) -> Attribute:
    return Attribute(
        name=name,
        title=declared["title"],
        origins=tuple(_origin(origin) for origin in declared["from"]),
        conflict=declared.get("conflict", "first"),
        max_age_s=declared.get("max_age_s"),
        is_list=declared.get("list", False),
    )


def _origin(declared: Any) -> Origin:
    via = declared.get("via")
    return Origin(ServiceId.parse(declared["service"]), declared["field"], Via(**via) if via else None)
