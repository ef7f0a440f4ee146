"""Crosswalks: what the codes of one system mean in a canonical code list; versioned files.

    codes: {list: sex-dhis2/1}          in a rule

A crosswalk is the file `codes/<name>-<version>.yaml` beside the source, or one that comes with Isthmus
(`adapters/codes/`). A file beside the source wins. What a version says never changes: a new meaning
is a new version, so an old answer can still be explained. `Misses` counts codes that no list knew, by
place and never by value.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from importlib.resources import files
from pathlib import Path
from typing import Any, Final

from jsonschema import Draft202012Validator

from adapters.canonical import canonicals
from adapters.findings import Finding, schema_findings
from adapters.yaml_lines import Document, Place, load
from schemas.errors import ConfigurationError

FOLDER: Final = "codes"
REFERENCE: Final = re.compile(r"[a-z][a-z0-9-]{0,63}/[1-9][0-9]{0,3}")
SHIPPED: Final = Path(__file__).parent / FOLDER
"""The crosswalks that come with Isthmus."""


@dataclass(frozen=True, slots=True)
class Crosswalk:
    """One version of one crosswalk. `otherwise` is `error`, or the value of every other code."""

    id: str
    version: int
    title: str
    system: str
    schema: str
    field: str
    entries: Mapping[str, Any]
    otherwise: Any
    valid_from: str
    path: Path

    @property
    def name(self) -> str:
        """How rules name it."""
        return f"{self.id}/{self.version}"


@dataclass(slots=True)
class Misses:
    """Codes that no list knew, counted by service and field since the gateway started."""

    counts: Counter[tuple[str, str]] = field(default_factory=Counter)
    meter: Callable[[str, str], None] | None = None
    """Told service and field of every miss; must not block."""

    def at(self, service: str, name: str) -> Callable[[], None]:
        """What a code list calls for every code it does not know."""
        place = (service, name)

        def missed() -> None:
            self.counts[place] += 1
            if self.meter is not None:
                self.meter(*place)

        return missed


@dataclass(frozen=True, slots=True)
class CodeLists:
    """Where rules find crosswalks: the folder of a source file first, then what comes with Isthmus."""

    folder: Path | None = None

    def find(self, reference: str) -> Crosswalk:
        """The crosswalk `name/version`.

        Raises:
            ConfigurationError: there is none, or its file is wrong.
        """
        name, _, version = reference.partition("/")
        places = [SHIPPED] if self.folder is None else [self.folder / FOLDER, SHIPPED]
        for place in places:
            path = place / f"{name}-{version}.yaml"
            if REFERENCE.fullmatch(reference) is not None and path.is_file():
                return read_crosswalk(path)
        raise ConfigurationError(
            f"no code list {reference}; write {FOLDER}/{name}-{version}.yaml, or correct it"
        )

    def all(self) -> list[Path]:
        """The files of every crosswalk, those beside the source first."""
        places = [SHIPPED] if self.folder is None else [self.folder / FOLDER, SHIPPED]
        return [path for place in places for path in sorted(place.glob("*.yaml"))]


def read_crosswalk(path: Path) -> Crosswalk:
    """Read one crosswalk.

    Raises:
        ConfigurationError: file, line and cure of everything wrong.
    """
    document = load(path)
    findings = crosswalk_findings(document)
    if findings:
        raise ConfigurationError("\n".join(map(str, findings)))
    given = document.value
    return Crosswalk(
        given["id"],
        given["version"],
        given["title"],
        given["from"],
        given["to"]["canonical"],
        given["to"]["field"],
        given["entries"],
        given["else"],
        given["valid_from"],
        path,
    )


def crosswalk_findings(document: Document) -> list[Finding]:
    """Everything wrong with a crosswalk's file, in the order of lines."""
    findings = schema_findings(document, _validator())
    if findings:
        return findings
    found = [
        Finding(document.path.name, document.line(place), "error", what, cure)
        for place, what, cure in _complaints(document)
    ]
    return sorted(found, key=lambda finding: finding.line)


def named_lists(rule: Any) -> Iterator[str]:
    """The crosswalks that a part of a source file names."""
    if isinstance(rule, Mapping):
        codes = rule.get("codes")
        if isinstance(codes, Mapping) and codes.keys() == {"list"} and "/" in str(codes["list"]):
            yield codes["list"]
        for item in rule.values():
            yield from named_lists(item)
    elif isinstance(rule, list):
        for item in rule:
            yield from named_lists(item)


def target_codes(schema: str, path: str) -> tuple[Any, ...] | None:
    """The codes of a canonical field or member such as `enrolments/status`, null among them; None when
    there is no such code list."""
    canonical = canonicals().get(schema)
    fields = {} if canonical is None else canonical.fields
    found: Any = None
    for step in path.split("/"):
        found = fields.get(step)
        if found is None:
            return None
        fields = found.get("properties") or found.get("items", {}).get("properties", {})
    if "enum" in found:
        return tuple(found["enum"])
    meanings = found.get("x-codes")
    return None if meanings is None else (*map(int, meanings), None)


def _complaints(document: Document) -> Iterator[tuple[Place, str, str]]:
    given = document.value
    expected = f"{given['id']}-{given['version']}.yaml"
    if document.path.name != expected:
        yield ("id",), "the file's name is not its id and version", f"call it {expected}"
    schema, path = given["to"]["canonical"], given["to"]["field"]
    codes = target_codes(schema, path)
    if codes is None:
        cure = "see docs/canonical.md for fields with codes; a member is written list/member"
        yield ("to",), f"`{path}` of {schema} has no code list", cure
        return
    cure = "write one of " + ", ".join(str(code) for code in codes if code is not None)
    for source, target in given["entries"].items():
        if target not in codes:
            yield ("entries", source), "not a code of the canonical list", cure
    if given["else"] != "error" and given["else"] not in codes:
        yield ("else",), "not a code of the canonical list", f"write error, or null, or {cure.lower()}"


@lru_cache(maxsize=1)
def _validator() -> Draft202012Validator:
    text = (files("adapters") / FOLDER / "crosswalk.schema.json").read_text(encoding="utf-8")
    return Draft202012Validator(json.loads(text))
