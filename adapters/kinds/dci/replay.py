"""Recorded DCI answers; `{transaction_id}` and `{reference_id}` in them become those of the question.

They are neither signed nor encrypted: what protects a message is tested with real keys, not recorded.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

import httpx

from adapters.http.replay import replaying_network, without_login
from adapters.kinds import Kind
from adapters.kinds.dci.codes import MEANINGS
from adapters.kinds.dci.form import DciConnection, Sealing
from adapters.kinds.dci.reader import Dci
from adapters.source import Source

PROTOCOL_WORDS: Final = (
    frozenset({"rcvd", "pdng", "succ", "rjct", "ACK", "NACK", "ERR", "1.0.0"})
    | {"search", "on-search", "txn-on-status"}
    | MEANINGS.keys()
)
"""Values of an envelope that are never a person's."""


def replaying(source: Source, case: Mapping[str, Any], folder: Path) -> tuple[Source, Kind]:
    """As `Replaying`."""
    del folder
    if isinstance(source.connection, DciConnection):
        http = without_login(source.connection.http)
        plain = replace(source.connection, http=http, sealing=Sealing(), mode="sync")
        source = replace(source, connection=plain)
    return source, Dci(source, replaying_network(case, _repeat_identifiers))


def _repeat_identifiers(request: httpx.Request, text: str) -> str:
    return repeat_identifiers(request.content, text)


def repeat_identifiers(question: bytes, text: str) -> str:
    """A recorded answer with the identifiers of the question's body."""
    message = json.loads(question).get("message", {}) if question else {}
    if "transaction_id" not in message:
        return text
    text = text.replace("{transaction_id}", message["transaction_id"])
    if "search_request" not in message:
        return text
    return text.replace("{reference_id}", message["search_request"][0]["reference_id"])


def unbound(body: Any) -> Any:
    """A recorded envelope that repeats the identifiers of whatever question it answers."""
    if not isinstance(body, dict) or not isinstance(body.get("message"), dict):
        return body
    message = body["message"] | {"transaction_id": "{transaction_id}"}
    responses = message.get("search_response")
    if isinstance(responses, list):
        message["search_response"] = [
            {**one, "reference_id": "{reference_id}"} for one in responses if isinstance(one, dict)
        ]
    return {name: item for name, item in body.items() if name != "signature"} | {"message": message}
