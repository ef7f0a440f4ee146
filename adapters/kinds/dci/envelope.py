"""The DCI envelope: `{signature, header, message}` (DCI API 1.0.0, sections 1.2 to 1.4).

What we write is strict and checked against `messages.schema.json`. What we read is lenient where
implementations differ: members in camelCase, `is_encrypted` and `success`. Pure: no network. Records
inside an answer are never renamed; that is the mapping's affair.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from functools import lru_cache
from importlib.resources import files
from typing import Any, Final
from uuid import uuid4

import jsonschema_rs

from schemas.errors import ConfigurationError

VERSION: Final = "1.0.0"
LOCALE: Final = "eng"
_CAMEL: Final = re.compile(r"_([a-z])")


def moment(now: float) -> str:
    """Epoch seconds as every DCI time stamp is written."""
    return datetime.fromtimestamp(int(now), UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def request_header(
    action: str,
    now: float,
    *,
    sender_id: str,
    receiver_id: str | None,
    sender_uri: str | None,
    encrypted: bool,
) -> dict[str, Any]:
    """The header of one request; identifiers are random, since they stand in the registry's logs."""
    header: dict[str, Any] = {
        "version": VERSION,
        "message_id": str(uuid4()),
        "message_ts": moment(now),
        "action": action,
        "sender_id": sender_id,
        "sender_uri": sender_uri,
        "receiver_id": receiver_id,
        "total_count": 1,
        "is_msg_encrypted": encrypted,
        "meta": {},
    }
    return {name: value for name, value in header.items() if value is not None}


def search_message(criteria: Mapping[str, Any], now: float) -> dict[str, Any]:
    """A message with one search in a transaction of its own."""
    search = {
        "reference_id": str(uuid4()),
        "timestamp": moment(now),
        "search_criteria": {name: value for name, value in criteria.items() if value is not None},
        "locale": LOCALE,
    }
    return {"transaction_id": str(uuid4()), "search_request": [search]}


def criteria_message(member: str, query: Mapping[str, Any]) -> dict[str, Any]:
    """A message of the short calls: `disabled_criteria` or `enrolled_criteria`."""
    return {"transaction_id": str(uuid4()), member: {"query_type": "expression", "query": dict(query)}}


def status_message(transaction_id: str) -> dict[str, Any]:
    """A message that asks what became of a search."""
    asked = {
        "reference_id": str(uuid4()),
        "txn_type": "search",
        "attribute_type": "transaction_id",
        "attribute_value": transaction_id,
        "locale": LOCALE,
    }
    return {"transaction_id": str(uuid4()), "txnstatus_request": asked}


def acknowledgement(status: str, now: float, correlation_id: str, code: str | None = None) -> dict[str, Any]:
    """The body that answers a callback: ACK, NACK or ERR."""
    message: dict[str, Any] = {
        "ack_status": status,
        "timestamp": moment(now),
        "correlation_id": correlation_id,
    }
    if code is not None:
        message["error"] = {"code": code}
    return {"message": message}


def check_request(body: Mapping[str, Any]) -> None:
    """Refuse to send what DCI does not know.

    Raises:
        ConfigurationError: the source file makes a message that is none of DCI.
    """
    if not _messages().is_valid(dict(body)):
        raise ConfigurationError("the source file makes a message that is not one of DCI 1.0.0")


def member(value: Any, *names: str) -> Any:
    """What stands at a chain of members, in snake_case or camelCase; None when it is not there."""
    for name in names:
        if not isinstance(value, Mapping):
            return None
        value = value.get(name, value.get(_CAMEL.sub(lambda match: match[1].upper(), name)))
    return value


def is_encrypted(header: Any) -> bool:
    """Whether a header says that the message is encrypted."""
    return member(header, "is_msg_encrypted") is True or member(header, "is_encrypted") is True


def error_code(document: Any) -> str | None:
    """The code of an error body: of an ACK, of `{error}`, or of `{errors: [...]}`."""
    errors = member(document, "errors")
    first = errors[0] if isinstance(errors, list) and errors else None
    for code in (
        member(document, "message", "error", "code"),
        member(document, "error", "code"),
        member(first, "code"),
    ):
        if isinstance(code, str):
            return code
    return None


def item_of(message: Any, name: str, transaction_id: str, reference_id: str | None) -> Any:
    """The one item of an answer with our transaction and reference; None when it is not ours."""
    if member(message, "transaction_id") != transaction_id:
        return None
    items = member(message, name)
    if not isinstance(items, list) or len(items) != 1 or not isinstance(items[0], Mapping):
        return None
    ours = reference_id is None or member(items[0], "reference_id") == reference_id
    return items[0] if ours else None


@lru_cache(maxsize=1)
def _messages() -> jsonschema_rs.Draft202012Validator:
    text = (files(__package__) / "messages.schema.json").read_text(encoding="utf-8")
    return jsonschema_rs.Draft202012Validator(json.loads(text), validate_formats=True)
