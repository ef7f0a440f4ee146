"""What a source file promises, field by field."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from adapters.canonical import canonicals
from adapters.describing.wording import columns_of, how, text_of
from adapters.secrets import references
from adapters.source import Limits
from adapters.yaml_lines import load


@dataclass(frozen=True, slots=True)
class FieldFacts:
    """One field that leaves: its name (members as `vehicles.plate`), what it means, the columns it is
    made of, and how."""

    name: str
    meaning: str
    columns: tuple[str, ...]
    how: str


@dataclass(frozen=True, slots=True)
class ServiceFacts:
    """One service. `asks` is what it reads: a view, a request, a file; `marks` are what else is read of
    a record and never leaves. A pass-through service has no fields: it leaves as the system gives it."""

    name: str
    title: str
    canonical: str
    asked_by: Mapping[str, str]
    asks: str
    nobody: str
    fields: tuple[FieldFacts, ...]
    marks: Mapping[str, str]
    cases: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class SourceFacts:
    """One source file. `place` is where the system is, as the file writes it; `secrets` are names."""

    id: str
    title: str
    kind: str
    owner: Mapping[str, str]
    subsystem: str
    place: str
    secrets: tuple[str, ...]
    limits: Mapping[str, int]
    services: tuple[ServiceFacts, ...]


_NOBODY = {
    "not_found": "“not found”: no record does not mean that there is nothing",
    "empty_list": "an empty list: no record means that there is nothing",
    "misbehaving": "an error: the system always has a record",
}


def facts(path: Path) -> SourceFacts:
    """Read a source file that `isthmus source check` finds in order.

    Raises:
        ConfigurationError: it cannot be read.
    """
    document: Mapping[str, Any] = load(path).value
    connection = document["connection"]
    named = sorted({name for scheme, name in references(str(connection)) if scheme == "secret"})
    standing = Limits()
    limits = {name: getattr(standing, name) for name in Limits.__dataclass_fields__} | document.get(
        "limits", {}
    )
    cases = _cases(path)
    return SourceFacts(
        document["id"],
        document["title"],
        document["kind"],
        document["owner"],
        document["subsystem"],
        _place(connection),
        tuple(named),
        limits,
        tuple(_service(name, given, cases) for name, given in document["services"].items()),
    )


def _service(name: str, given: Mapping[str, Any], cases: Mapping[str, list[str]]) -> ServiceFacts:
    if given.get("form") == "pass_through":
        asks = ", ".join(f"{method} {path}" for method in given["methods"] for path in given["paths"])
        return ServiceFacts(name, given["title"], "", {}, asks, "", (), {}, ())
    schema = canonicals()[given["canonical"]]
    named = (_leaves(field, rule, schema.fields[field]) for field, rule in given["map"].items())
    marks = {word: text_of(given[word]) for word in ("as_of", "restricted", "area") if word in given}
    asked = {kind: form.get("pattern", "several parts") for kind, form in given["subject"].items()}
    return ServiceFacts(
        name,
        given["title"],
        given["canonical"],
        asked,
        _asks(given),
        _NOBODY[given.get("empty", "not_found")],
        tuple(field for fields in named for field in fields),
        marks,
        tuple(cases.get(name, ())),
    )


def _leaves(name: str, rule: Any, part: Mapping[str, Any], within: str = "") -> Iterator[FieldFacts]:
    """The fields that hold values: members of objects and lists one by one."""
    if isinstance(rule, dict) and ("each" in rule or "object" in rule):
        inner = part.get("items", part).get("properties", {})
        at = f"{rule['from']} › " if "from" in rule else within
        members: Mapping[str, Any] = rule["each"] if "each" in rule else rule["object"]
        for member, inner_rule in members.items():
            yield from _leaves(f"{name}.{member}", inner_rule, inner.get(member, {}), at)
    elif isinstance(rule, dict) and "list" in rule:
        for entry in rule["list"]:
            yield from _leaves(name, entry, part, within)
    else:
        columns = tuple((within + column).rstrip(" ›") for column in columns_of(rule))
        yield FieldFacts(name, part.get("description", ""), columns, how(rule))


def _place(connection: Mapping[str, Any]) -> str:
    """Where the system is: the address as the file writes it, so with names of secrets, never values."""
    for member in ("dsn", "base_url"):
        if member in connection:
            return str(connection[member])
    drop = connection.get("drop", {})
    told = drop.get("folder") or drop.get("sftp", {}).get("host") or drop.get("https", {}).get("base_url")
    return str(told or connection.get("class") or connection.get("file") or "")


def _asks(given: Mapping[str, Any]) -> str:
    request = given.get("request")
    if isinstance(request, Mapping):
        return f"{request.get('method', 'GET')} {request.get('path', '')}".strip()
    search = given.get("search")
    if isinstance(search, Mapping):
        return f"search of {search.get('resource') or search.get('reg_type') or 'records'}"
    return str(given.get("from") or given.get("action") or given.get("answer") or "")


def _cases(path: Path) -> dict[str, list[str]]:
    """The names of fixture cases by service, each with its outcome."""
    fixtures = path.parent / "fixtures" / path.name
    found: dict[str, list[str]] = {}
    for case in load(fixtures).value["cases"] if fixtures.is_file() else ():
        found.setdefault(case["service"], []).append(f"{case['name']} ({case['expect']['outcome']})")
    return found
