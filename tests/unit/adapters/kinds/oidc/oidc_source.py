"""A small OpenID source and a provider in memory, for the tests of the kind."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import httpx
from joserfc import jws, jwt
from joserfc.jwk import ECKey

from adapters.contract import Query
from adapters.kinds.oidc.reader import Oidc
from adapters.opening import open_source
from adapters.source import Source
from adapters.source_file import load_source
from schemas.outcome import Outcome
from schemas.record import Subject

ISSUER = "https://id.example"
TOKEN = "Zk3Qm9-ILVA-Toss-0001"
CLAIMS = {"sub": "u-17", "national_id": "1000000017", "name": "Ilva Maren Toss", "name#fr": "Ilva Toss"}
KEY = ECKey.generate_key("P-256", {"kid": "one", "use": "sig"})
TEXT = """
id: identity
title: Identity
kind: oidc
owner: {ministry: Interior}
subsystem: LM/GOV/NIA/identity
connection:
  base_url: BASE
  auth: AUTH
  MORE
limits: {timeout_ms: 20000, retries: 0}
services:
  person:
    title: The person who is present
    canonical: person/1
    subject: {access_token: {pattern: ".{1,4096}"}}
    empty: misbehaving
    map:
      national_id: national_id
      full_name: "/name#fr"
"""


class Secrets(dict[str, str]):
    """Secrets of a test."""


def source_at(
    folder: Path, base_url: str = ISSUER, *, more: str = "", auth: str = "{kind: none}", **secrets: str
) -> Source:
    """The source, loaded as a file is; `more` are further lines of its connection."""
    lines = more.strip().replace("\n", "\n  ")
    path = folder / "identity.yaml"
    path.write_text(TEXT.replace("BASE", base_url).replace("AUTH", auth).replace("MORE", lines), "utf-8")
    return load_source(path, Secrets(secrets), {})


def signed(claims: Mapping[str, Any], key: Any = KEY, **header: Any) -> str:
    """A JWS of claims; `header` overrides what stands in its header."""
    protected = {"alg": "ES256", "kid": key.kid, **header}
    return jws.serialize_compact(protected, json.dumps(claims), key, [protected["alg"]])


def access_token(**words: Any) -> str:
    """An access token that is a JWT."""
    return jwt.encode({"alg": "ES256"}, {"iss": ISSUER, "sub": "u-17", **words}, KEY)


def discovery(**other: Any) -> dict[str, Any]:
    """The discovery document."""
    return {
        "issuer": ISSUER,
        "userinfo_endpoint": ISSUER + "/me",
        "jwks_uri": ISSUER + "/keys",
        "introspection_endpoint": ISSUER + "/introspect",
        **other,
    }


Answers = Mapping[str, Any]
"""By path: a JSON value, a text (a JWT), (status, value), or a function of the request giving one."""


async def fetch(source: Source, answers: Answers, token: str = TOKEN) -> tuple[Outcome, list[httpx.Request]]:
    """Ask once; what was asked in its order."""
    (outcome,), asked = await fetch_all(source, answers, [token])
    return outcome, asked


async def fetch_all(
    source: Source, answers: Answers, tokens: list[str]
) -> tuple[list[Outcome], list[httpx.Request]]:
    """Ask one question after the other."""
    known = {
        "/.well-known/openid-configuration": discovery(),
        "/keys": {"keys": [KEY.as_dict(private=False)]},
        **answers,
    }
    asked: list[httpx.Request] = []

    def reply(request: httpx.Request) -> httpx.Response:
        asked.append(request)
        given = known.get(request.url.path, (404, {}))
        if isinstance(given, Callable):  # type: ignore[arg-type]
            given = given(request)
        status, body, headers = (*given, {})[:3] if isinstance(given, tuple) else (200, given, {})
        media = "application/jwt" if isinstance(body, str) else "application/json"
        data = body.encode() if isinstance(body, str) else json.dumps(body).encode()
        return httpx.Response(
            status, headers={"Content-Type": media, **headers}, stream=httpx.ByteStream(data)
        )

    adapter = open_source(source, kind=Oidc(source, httpx.MockTransport(reply)))
    await adapter.open()
    try:
        fields = source.record_service("person").fields
        outcomes = [
            await adapter.fetch(Query("person", Subject("access_token", token), fields)) for token in tokens
        ]
        return outcomes, asked
    finally:
        await adapter.close()
