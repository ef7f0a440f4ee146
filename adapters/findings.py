"""What is wrong in a file: where, what, and the cure.

`schema_findings` turns JSON Schema errors into findings; the cure comes from the schema's own
descriptions, so the schema stays the one place that says how a source is written.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from difflib import get_close_matches
from functools import lru_cache
from typing import Any, Literal

from jsonschema import Draft202012Validator
from jsonschema.exceptions import ValidationError

from adapters.source_schema import source_schema
from adapters.yaml_lines import Document

Level = Literal["error", "warning"]


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing wrong with a file. `str()` is the line a person reads."""

    file: str
    line: int
    level: Level
    what: str
    cure: str

    def __str__(self) -> str:
        return f"{self.file}:{self.line}: {self.what}; {self.cure}"


@lru_cache(maxsize=1)
def source_validator() -> Draft202012Validator:
    """The check of source files against `adapters/source.schema.json`."""
    return Draft202012Validator(source_schema())


def schema_findings(document: Document, validator: Draft202012Validator) -> list[Finding]:
    """What the schema finds, in the order of lines, once per place."""
    found: dict[tuple[int, str], Finding] = {}
    for error in validator.iter_errors(document.value):
        for finding in _findings(document, error):
            found.setdefault((finding.line, finding.what), finding)
    return sorted(found.values(), key=lambda finding: finding.line)


def _findings(document: Document, error: ValidationError) -> Iterator[Finding]:
    place = tuple(error.absolute_path)
    schema: Any = error.schema
    instance: Any = error.instance
    name = f"`{place[-1]}`" if place else "the file"
    if error.validator == "additionalProperties":
        allowed = sorted(schema["properties"])
        for member in sorted(set(instance) - set(allowed)):
            near = get_close_matches(member, allowed, 1)
            cure = f"did you mean `{near[0]}`?" if near else "write one of " + ", ".join(allowed)
            yield _finding(document, (*place, member), f"unknown member `{member}`", cure)
    elif error.validator == "required":
        for member in sorted(set(schema["required"]) - set(instance)):
            hint = _description(schema["properties"].get(member, {}))
            yield _finding(document, place, f"{name} has no `{member}`", f"write `{member}: {hint}`")
    elif error.validator == "propertyNames" or "propertyNames" in error.absolute_schema_path:
        what = f"the name `{error.instance}` is not allowed here"
        yield _finding(document, (*place, str(error.instance)), what, "use the characters of an identifier")
    else:
        cure = f"write {_description(schema)}"
        yield _finding(document, place, f"{name} is not as it must be ({error.validator})", cure)


def _finding(document: Document, place: tuple[Any, ...], what: str, cure: str) -> Finding:
    return Finding(document.path.name, document.line(place), "error", what, cure)


def _description(schema: Any) -> str:
    """How the value is written: the schema's own words, also behind a `$ref`."""
    if not isinstance(schema, dict):
        return "a value"
    if "$ref" in schema and "description" not in schema:
        name = schema["$ref"].rpartition("/")[2]
        return _description(source_schema()["$defs"].get(name, {}))
    if "description" in schema:
        return str(schema["description"])
    kinds = schema.get("type", "value")
    return "one of " + ", ".join(map(str, schema["enum"])) if "enum" in schema else f"a {kinds}"
