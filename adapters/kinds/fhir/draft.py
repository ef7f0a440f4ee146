"""A draft from a FHIR server's CapabilityStatement: resources that can be searched by person.

The statement is read from a file, or from `<address>/metadata`; no resource is ever read, so a draft
holds nobody's data. A Patient that can be found by `identifier` becomes a service; for a Coverage or
Observation that can be found by its person, a remark says how the second search is written. Members
come from the standard, since a statement does not list them.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

from adapters.drafting.draft import Column, Draft, DraftService
from adapters.http.client import HttpAnswer, HttpClient, failure_of, parse_answer
from adapters.http.form import connection as read_connection
from adapters.secrets import Secrets
from adapters.source import Limits
from schemas.errors import ConfigurationError, ExchangeError, SourceUnavailable
from schemas.outcome import Misbehaving
from schemas.strict_json import parse

_LIMITS: Final = Limits(timeout_ms=15_000, max_bytes=8 * 1024 * 1024)
_SYSTEM: Final = "urn:example:national-id"
_TOKEN: Final = "FHIR_TOKEN"  # noqa: S105 - the name of a secret
_GENDER: Final = ("male", "female", "other", "unknown")
_PERSON: Final = (
    Column("/identifier/0/value", "text", "national id"),
    Column("/name/0/given/0", "text", "given names"),
    Column("/name/0/family", "text", "family name"),
    Column("birthDate", "date", "birth date"),
    Column("gender", "text", "sex", _GENDER),
)
_JOINS: Final[Mapping[str, tuple[str, ...]]] = {
    "Coverage": ("beneficiary", "patient"),
    "Observation": ("subject", "patient"),
    "QuestionnaireResponse": ("subject", "patient"),
}
"""What can be asked about a person in a second search, and by which parameter."""


async def draft(origin: str, secrets: Secrets) -> Draft:
    """Look at a CapabilityStatement: a path, or a server's base URL or its `/metadata`.

    Raises:
        ConfigurationError: it is no CapabilityStatement of R4, or no person can be searched.
        SourceUnavailable: the server cannot be reached.
    """
    del secrets  # a server shows its CapabilityStatement to everybody
    base_url, statement = await _statement(origin)
    if not isinstance(statement, Mapping) or statement.get("resourceType") != "CapabilityStatement":
        raise ConfigurationError("this is no CapabilityStatement; give a server's base URL, or its file")
    if not str(statement.get("fhirVersion", "")).startswith("4.0"):
        raise ConfigurationError("the server does not speak FHIR R4 (4.0.1), the version kind `fhir` speaks")
    searchable = _searchable(statement)
    if "identifier" not in searchable.get("Patient", ()):
        raise ConfigurationError("the server does not find a Patient by `identifier`, so nobody can be asked")
    return Draft(
        kind="fhir",
        title=str(statement.get("title") or statement.get("name") or "FHIR server")[:200],
        connection={"base_url": base_url, "auth": {"kind": "bearer", "token": f"${{secret:{_TOKEN}}}"}},
        services=(_person_service(),),
        secrets={_TOKEN: "the bearer token; another way to sign in is written under `auth`"},
        remarks=(
            f"replace {_SYSTEM} by the system of the national number, as any Patient shows it",
            "a Patient may hold several identifiers: read the right one with `find: identifier, key: system`",
            *_joins(searchable),
        ),
    )


def _person_service() -> DraftService:
    return DraftService("person", "One person", _PERSON, (_PERSON[0].place,), {"search": _search("Patient")})


def _joins(searchable: Mapping[str, frozenset[str]]) -> Iterator[str]:
    """What a second search could find, ready to be written."""
    for resource, parameters in _JOINS.items():
        parameter = next((name for name in parameters if name in searchable.get(resource, ())), None)
        if parameter is not None:
            then = f"{{resource: {resource}, with: {{patient: id}}, "
            then += f'parameters: {{{parameter}: "Patient/{{patient}}"}}, as: found}}'
            yield f"{resource} of the person can be joined: `then: {then}`"


def _search(resource: str) -> dict[str, Any]:
    return {"resource": resource, "parameters": {"identifier": f"{_SYSTEM}|{{selector}}"}}


def _searchable(statement: Mapping[str, Any]) -> dict[str, frozenset[str]]:
    """Search parameters by resource type, of those that can be searched at all."""
    found: dict[str, frozenset[str]] = {}
    for side in _list(statement, "rest"):
        for resource in _list(side, "resource"):
            kinds = {interaction.get("code") for interaction in _list(resource, "interaction")}
            if "search-type" in kinds:
                names = (str(parameter.get("name")) for parameter in _list(resource, "searchParam"))
                found[str(resource.get("type"))] = frozenset(names)
    return found


def _list(value: Mapping[str, Any], name: str) -> list[Mapping[str, Any]]:
    items = value.get(name, [])
    return [item for item in items if isinstance(item, Mapping)] if isinstance(items, list) else []


async def _statement(origin: str) -> tuple[str, Any]:
    if "://" not in origin:
        return _filed(Path(origin))
    base_url = origin.partition("?")[0].rstrip("/").removesuffix("/metadata")
    client = HttpClient(read_connection({"base_url": base_url, "auth": {"kind": "none"}}, Path()), _LIMITS)
    client.open()
    try:
        answer = await client.send("GET", "/metadata", accept="application/fhir+json")
    finally:
        await client.close()
    if not isinstance(answer, HttpAnswer) or failure_of(answer) is not None:
        raise SourceUnavailable("the server does not show its CapabilityStatement")
    statement = parse_answer(answer, _LIMITS.max_bytes)
    return base_url, None if isinstance(statement, Misbehaving) else statement


def _filed(path: Path) -> tuple[str, Any]:
    """A statement in a file, and the base URL it names."""
    try:
        statement = parse(path.read_bytes(), max_bytes=_LIMITS.max_bytes, what="the file")
    except (OSError, ExchangeError):
        raise ConfigurationError(f"{path} cannot be read as JSON") from None
    implementation = statement.get("implementation") if isinstance(statement, Mapping) else None
    url = implementation.get("url") if isinstance(implementation, Mapping) else None
    return (url if isinstance(url, str) else "${env:FHIR_URL}"), statement
