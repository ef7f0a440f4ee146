"""A small DCI source and a registry that answers it, for the tests of the kind."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
)

from adapters.contract import Query
from adapters.inbox import Inbox
from adapters.kinds.dci.reader import Dci
from adapters.opening import open_source
from adapters.secrets import EnvironmentSecrets
from adapters.source import Source
from adapters.source_file import load_source
from schemas.outcome import Outcome
from schemas.record import Subject

TEXT = """
id: social
title: Social registry
kind: dci
owner: {ministry: Social}
subsystem: LM/GOV/MSW/social
connection:
  base_url: https://registry.example
  auth: {kind: none}
  sender_id: isthmus.lm
CONNECTION
limits: {timeout_ms: 1000, max_rows: 5, retries: 0}
services:
  person:
    title: One person
    canonical: person/1
    subject: {national_id: {pattern: ".+"}}
    search: {id_types: {national_id: UIN}, reg_type: "ns:org:RegistryType:Social"}
    map: {national_id: /identifier/0/identifier_value}
  people:
    title: Several
    canonical: person/1
    shape: list
    empty: empty_list
    subject: {national_id: {pattern: ".+"}}
    search: {id_types: {national_id: UIN}, page_size: 2}
    map: {national_id: {constant: x}}
  by-name:
    title: By name and birth
    canonical: person/1
    subject: {name_and_birth: {parts: {name: {pattern: "[^;]+"}, birth_date: {pattern: "[0-9-]{10}", to: date}}}}
    search:
      query_type: predicate
      query:
        - seq_num: 1
          expression1: {attribute_name: name, operator: eq, attribute_value: "{name}"}
          condition: and
          expression2: {attribute_name: birthdate, operator: eq, attribute_value: "{birth_date}"}
    map: {national_id: /identifier/0/identifier_value}
  by-expression:
    title: By expression
    canonical: person/1
    subject: {national_id: {pattern: ".+"}}
    search:
      query_type: expression
      collection: Member
      query: {"member_identifier.identifier_value": {"$eq": "{national_id}"}}
    map: {national_id: /identifier/0/identifier_value}
  disabled:
    title: Registered as disabled
    canonical: disability/1
    subject: {national_id: {pattern: ".+"}}
    search: {call: disabled, query: {member.member_identifier: {eq: "{national_id}"}}}
    map: {national_id: {constant: x}, has_certificate: {from: disabled_status, codes: {"yes": true, "no": false}, else: error}}
  enrolled:
    title: Enrolled
    canonical: person/1
    subject: {national_id: {pattern: ".+"}}
    search: {call: enrolled, query: {person_identifier: {eq: "{national_id}"}}}
    map: {national_id: {from: enrolled_status, to: text}}
  details:
    title: Details
    canonical: person/1
    subject: {national_id: {pattern: ".+"}}
    search: {call: disability-details, query: {member.member_identifier: {eq: "{national_id}"}}}
    map: {national_id: {from: impairment, to: text}}
"""


def source_in(folder: Path, connection: str = "", **secrets: str) -> Source:
    """The source, loaded as a file is; `connection` are further lines of `connection:`."""
    lines = "\n".join("  " + line for line in connection.splitlines())
    path = folder / "social.yaml"
    path.write_text(TEXT.replace("CONNECTION", lines), encoding="utf-8")
    return load_source(path, EnvironmentSecrets({f"ISTHMUS_SECRET_{k}": v for k, v in secrets.items()}))


def private_pem(key: Ed25519PrivateKey | RSAPrivateKey) -> str:
    """PKCS 8."""
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()


def public_pem(key: Ed25519PrivateKey | RSAPrivateKey) -> str:
    """SubjectPublicKeyInfo."""
    return key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()


def person(value: str = "1000000017") -> dict[str, Any]:
    """A DCI person with one identifier."""
    return {"identifier": [{"identifier_type": "UIN", "identifier_value": value}]}


def answer_to(question: Any, records: Any, **more: Any) -> dict[str, Any]:
    """A right answer to a search; `more` are members of its one item."""
    asked = question["message"]
    item = {
        "reference_id": asked["search_request"][0]["reference_id"],
        "timestamp": "2026-11-23T00:00:00Z",
        "status": "succ",
        "data": {"version": "1.0.0", "reg_records": records},
        **more,
    }
    message = {
        "transaction_id": asked["transaction_id"],
        "correlation_id": "c-1",
        "search_response": [item],
    }
    return {"header": {"message_id": "m", "action": "on-search", "status": "succ"}, "message": message}


def ack(status: str = "ACK", code: str | None = None) -> dict[str, Any]:
    """An acknowledgement."""
    message: dict[str, Any] = {
        "ack_status": status,
        "timestamp": "2026-11-23T00:00:00Z",
        "correlation_id": "c-1",
    }
    if code:
        message["error"] = {"code": code, "message": "CANARY"}
    return {"message": message}


class Registry:
    """A registry whose answer to each request is made by a function; what was asked is kept."""

    def __init__(self, answer: Callable[[str, Any], Any]) -> None:
        self.asked: list[tuple[str, Any]] = []
        self._answer = answer

    def reply(self, request: httpx.Request) -> httpx.Response:
        """One answer."""
        question = json.loads(request.content) if request.content else None
        self.asked.append((request.url.path, question))
        given = self._answer(request.url.path, question)
        status, body = given if isinstance(given, tuple) else (200, given)
        stream = httpx.ByteStream(json.dumps(body).encode())
        return httpx.Response(status, headers={"Content-Type": "application/json"}, stream=stream)

    def kind(self, source: Source, inbox: Inbox | None = None) -> Dci:
        """The kind over this registry."""
        return Dci(source, httpx.MockTransport(self.reply), inbox)


async def fetch(
    source: Source,
    registry: Registry,
    service: str = "person",
    *,
    value: str = "1000000017",
    inbox: Inbox | None = None,
    kind: Dci | None = None,
) -> Outcome:
    """Ask one question."""
    described = source.record_service(service)
    adapter = open_source(source, kind=kind or registry.kind(source, inbox))
    await adapter.open()
    try:
        subject = Subject(next(iter(described.subjects)), value)
        return await adapter.fetch(Query(service, subject, described.fields))
    finally:
        await adapter.close()
