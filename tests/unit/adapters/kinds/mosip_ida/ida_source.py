"""The shipped source over keys of this process, and IDA's answers, for the tests of the kind."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx

import adapters
from adapters.contract import Query
from adapters.fixtures import load_offline
from adapters.kinds.mosip_ida.reader import MosipIda
from adapters.kinds.mosip_ida.replay import as_told, with_keys
from adapters.opening import open_source
from adapters.source import Source
from schemas.outcome import Outcome
from schemas.record import Subject

STARTER = Path(adapters.__file__).parent / "national_id" / "mosip_ida.yaml"
TOLD = "1000000017;Ilva Maren Toss;1987-03-14"
SECRETS = ("CANARY-misp", "CANARY-api")


def source_in(folder: Path) -> Source:
    """The starter with fresh keys, and secrets that must be seen nowhere."""
    source = load_offline(STARTER)
    connection = replace(
        with_keys(source, folder), misp_key=SECRETS[0], api_key=SECRETS[1], partner_id="welfare-auth"
    )
    return replace(source, connection=connection)


async def fetch(
    source: Source,
    answer: Callable[[httpx.Request], Any],
    service: str = "identity-check",
    subject: Subject = Subject("name_and_birth", TOLD),  # noqa: B008 - frozen
) -> tuple[Outcome, list[httpx.Request]]:
    """Ask once; `answer` gives (status, JSON)."""
    asked: list[httpx.Request] = []

    def reply(request: httpx.Request) -> httpx.Response:
        asked.append(request)
        status, body = answer(request)
        data = as_told(request.content, json.dumps(body)).encode()
        return httpx.Response(
            status, headers={"Content-Type": "application/json"}, stream=httpx.ByteStream(data)
        )

    adapter = open_source(source, kind=MosipIda(source, httpx.MockTransport(reply)))
    await adapter.open()
    try:
        fields = source.record_service(service).fields
        return await adapter.fetch(Query(service, subject, fields)), asked
    finally:
        await adapter.close()
