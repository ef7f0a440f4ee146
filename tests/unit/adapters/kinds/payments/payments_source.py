"""The shipped sources over answers of a test, and files of a bank."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx

import adapters
from adapters.contract import Query
from adapters.fixtures import load_offline
from adapters.kinds.file.replay import write
from adapters.kinds.payments.reader import Payments
from adapters.kinds.payments.reconciling import Staged
from adapters.kinds.payments.replay import pointed_at
from adapters.opening import open_source
from adapters.room import Room
from adapters.source import Source
from schemas.outcome import Outcome
from schemas.record import Subject

FOLDER = Path(adapters.__file__).parent / "payments"

Answer = Callable[[httpx.Request], Any]


def shipped(name: str) -> Source:
    """A starter."""
    return load_offline(FOLDER / f"{name}.yaml")


async def ask(
    name: str, answer: Answer, service: str = "batch-status", **given: str
) -> tuple[Outcome, list[httpx.Request]]:
    """Ask a platform once; `answer` gives JSON, or (status, JSON)."""
    asked: list[httpx.Request] = []

    def reply(request: httpx.Request) -> httpx.Response:
        asked.append(request)
        if request.url.path.endswith("/oauth/token"):
            told: Any = {"access_token": "t", "token_type": "Bearer", "expires_in": 600}
        else:
            told = answer(request)
        status, body = told if isinstance(told, tuple) else (200, told)
        data = body if isinstance(body, bytes) else json.dumps(body).encode()
        stream = httpx.ByteStream(data)
        return httpx.Response(status, headers={"Content-Type": "application/json"}, stream=stream)

    source = shipped(name)
    source = replace(source, limits=replace(source.limits, retries=0))
    adapter = open_source(source, kind=Payments(source, httpx.MockTransport(reply)))
    await adapter.open()
    try:
        ((kind, value),) = given.items()
        fields = source.record_service(service).fields
        outcome = await adapter.fetch(Query(service, Subject(kind, value), fields))
    finally:
        await adapter.close()
    return outcome, [request for request in asked if not request.url.path.endswith("/oauth/token")]


def dropped(folder: Path, files: Mapping[str, str]) -> Source:
    """The starter over a folder with these files."""
    for name, text in files.items():
        write(folder / name, text.encode())
    return pointed_at(shipped("iso20022_files"), folder)


async def look_up(source: Source, service: str, room: Room | None = None, **given: str) -> Outcome:
    """Ask staged files once."""
    kind = Staged(source, room)
    adapter = open_source(source, kind=kind)
    await adapter.open()
    try:
        ((selector, value),) = given.items()
        fields = source.record_service(service).fields
        return await adapter.fetch(Query(service, Subject(selector, value), fields))
    finally:
        await adapter.close()
