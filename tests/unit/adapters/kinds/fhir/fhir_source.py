"""A small FHIR source and a transport that answers it, for the tests of the kind."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx

from adapters.contract import Query
from adapters.kinds.fhir.reader import Fhir
from adapters.opening import open_source
from adapters.source import Source
from adapters.source_file import load_source
from schemas.outcome import Outcome
from schemas.record import Subject

NID = "urn:lm:nid"
TEXT = """
id: health
title: Health register
kind: fhir
owner: {ministry: Health}
subsystem: LM/GOV/MOH/fhir
connection:
  base_url: BASE
  auth: {kind: none}
  PROFILE
limits: {timeout_ms: 20000, max_rows: 5, retries: 0}
services:
  person:
    title: One person
    canonical: person/1
    subject: {national_id: {pattern: ".+"}}
    search:
      resource: Patient
      METHOD
      parameters: {identifier: "urn:lm:nid|{national_id}"}
    map:
      national_id: {find: identifier, key: system, equals: "urn:lm:nid", take: value}
      family_name: /name/0/family
  covered:
    title: One person and what covers them
    canonical: person/1
    subject: {national_id: {pattern: ".+"}}
    search:
      resource: Patient
      METHOD
      parameters: {identifier: "urn:lm:nid|{national_id}"}
    then:
      resource: Coverage
      with: {patient: id}
      parameters: {beneficiary: "Patient/{patient}", status: active}
      as: coverages
    map:
      national_id: {find: identifier, key: system, equals: "urn:lm:nid", take: value}
      family_name: /coverages/0/id
  people:
    title: Everybody with one number
    canonical: person/1
    shape: list
    empty: empty_list
    subject: {national_id: {pattern: ".+"}}
    search:
      resource: Patient
      METHOD
      parameters: {identifier: "urn:lm:nid|{national_id}"}
    map:
      national_id: {find: identifier, key: system, equals: "urn:lm:nid", take: value}
"""


def source_at(folder: Path, base_url: str, *, profile: str = "r4", method: str = "POST") -> Source:
    """The source, loaded as a file is."""
    text = TEXT.replace("BASE", base_url).replace("METHOD", f"method: {method}")
    path = folder / "health.yaml"
    path.write_text(text.replace("PROFILE", f"profile: {profile}"), encoding="utf-8")
    return load_source(path)


def patient(number: int, value: str, family: str = "Toss") -> dict[str, Any]:
    """A Patient with one national number."""
    return {
        "resourceType": "Patient",
        "id": f"p{number}",
        "identifier": [{"system": NID, "value": value}],
        "name": [{"family": family, "given": ["Ilva"]}],
        "birthDate": "1987-03",
    }


def bundle(*resources: dict[str, Any], mode: str | None = "match", **more: Any) -> dict[str, Any]:
    """A searchset."""
    search = {} if mode is None else {"search": {"mode": mode}}
    entries = [{"resource": resource, **search} for resource in resources]
    return {"resourceType": "Bundle", "type": "searchset", "total": len(entries), "entry": entries, **more}


def outcome_resource(code: str, severity: str = "error") -> dict[str, Any]:
    """An OperationOutcome with one issue."""
    issue = {"severity": severity, "code": code, "diagnostics": "CANARY"}
    return {"resourceType": "OperationOutcome", "issue": [issue]}


Answer = Callable[[httpx.Request], Any]


async def fetch(
    source: Source, answer: Answer | None, *, service: str = "person", value: str = "1000000017"
) -> tuple[Outcome, list[httpx.Request]]:
    """Ask one question; `answer` gives a body, or (status, body), for each request. None: the network."""
    asked: list[httpx.Request] = []

    def reply(request: httpx.Request) -> httpx.Response:
        asked.append(request)
        given = answer(request) if answer else None
        status, body = given if isinstance(given, tuple) else (200, given)
        stream = httpx.ByteStream(json.dumps(body).encode())
        return httpx.Response(status, headers={"Content-Type": "application/fhir+json"}, stream=stream)

    kind = Fhir(source, httpx.MockTransport(reply) if answer else None)
    adapter = open_source(source, kind=kind)
    await adapter.open()
    try:
        fields = source.record_service(service).fields
        return await adapter.fetch(Query(service, Subject("national_id", value), fields)), asked
    finally:
        await adapter.close()
