"""Recorded answers of X-Road members: what the Security Server adds is added to them (`passing`)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx

from adapters.http.replay import replaying_network, without_login
from adapters.kinds import Kind
from adapters.kinds.soap.form import SoapConnection
from adapters.kinds.soap.replay import as_xml
from adapters.kinds.xroad.form import checked
from adapters.kinds.xroad.passing import rest_headers, soap_answer, unbound_answer
from adapters.kinds.xroad.reader import through_xroad
from adapters.source import Source


def replaying(source: Source, case: Mapping[str, Any], folder: Path) -> tuple[Source, Kind]:
    """As `Replaying`."""
    del folder
    connection = checked(source.connection)
    offline = replace(source, connection=replace(connection, http=without_login(connection.http)))
    is_soap = connection.protocol == "soap"
    recorded = as_xml(case, SoapConnection(connection.http)) if is_soap else case
    network = replaying_network(recorded, _fill if is_soap else None)
    return offline, through_xroad(offline, network if is_soap else _Passing(network))


def unbound(body: Any) -> Any:
    """A recorded answer that fits whatever question it answers."""
    return unbound_answer(body) if isinstance(body, str) else body


def _fill(request: httpx.Request, body: str) -> str:
    return soap_answer(request.content, body)


class _Passing(httpx.AsyncBaseTransport):
    """Adds X-Road's headers to recorded answers that do not say otherwise."""

    def __init__(self, network: httpx.AsyncBaseTransport) -> None:
        self._network = network

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        answer = await self._network.handle_async_request(request)
        asked = {name.lower(): value for name, value in request.headers.items()}
        for name, value in rest_headers(request.url.raw_path.decode(), asked).items():
            answer.headers.setdefault(name, value)
        return answer
