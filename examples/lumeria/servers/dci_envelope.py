"""The DCI v1.0.0 envelope: check a request's header, write an answer's.

Header faults reject the whole message (`header.status` = rjct, an empty `search_response`); faults of one
search reject that item only. Signatures, encryption and repeated message ids are not handled by this
registry.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final
from uuid import uuid4

VERSION: Final = "1.0.0"
SENDER_ID: Final = "civil-registry.lm"
_MOST_SEARCHES: Final = 100
_OTHER_ACTIONS: Final = {"subscribe", "unsubscribe", "notify", "txn-status", "on-search", "on-subscribe"}


class UnusableEnvelopeError(ValueError):
    """A message that cannot even be rejected in an envelope of its own; `code` is a DCI `err.…` code."""

    def __init__(self, code: str, sentence: str) -> None:
        super().__init__(sentence)
        self.code = code


class RejectedError(ValueError):
    """A message or one search of it is rejected; `code` is a DCI `rjct.…` code."""

    def __init__(self, code: str, sentence: str) -> None:
        super().__init__(sentence)
        self.code = code


@dataclass(frozen=True, slots=True)
class SearchMessage:
    """A readable request: who asks, in which transaction, and the searches as they came."""

    header: Mapping[str, Any]
    transaction_id: str
    searches: tuple[Mapping[str, Any], ...]


def parse_envelope(content: Mapping[str, Any]) -> SearchMessage:
    """Read the parts an answer needs. Raises UnusableEnvelopeError."""
    header, message = content.get("header"), content.get("message")
    if not isinstance(header, dict) or not isinstance(message, dict):
        raise UnusableEnvelopeError("err.request.bad", "header and message are required objects")
    if header.get("is_msg_encrypted"):
        raise UnusableEnvelopeError("err.encryption.invalid", "encrypted messages are not accepted here")
    if not is_label(header.get("sender_id")):
        raise UnusableEnvelopeError("err.sender_id.invalid", "header.sender_id is required")
    if not is_label(header.get("message_id")):
        raise UnusableEnvelopeError("err.request.bad", "header.message_id is required")
    transaction_id, searches = message.get("transaction_id"), message.get("search_request")
    if not is_label(transaction_id):
        raise UnusableEnvelopeError("err.request.bad", "message.transaction_id has 1 to 99 characters")
    if not isinstance(searches, list) or not searches or not all(isinstance(each, dict) for each in searches):
        raise UnusableEnvelopeError("err.request.bad", "message.search_request is a list of objects")
    return SearchMessage(header, str(transaction_id), tuple(searches))


def check_header(message: SearchMessage) -> None:
    """Check what the specification has a rejection code for. Raises RejectedError."""
    header = message.header
    if header.get("version", VERSION) != VERSION:
        raise RejectedError("rjct.version.invalid", f"this registry speaks version {VERSION}")
    if not is_timestamp(header.get("message_ts")):
        raise RejectedError("rjct.message_ts.invalid", "message_ts is ISO 8601 with a time zone")
    if header.get("action") in _OTHER_ACTIONS:
        raise RejectedError("rjct.action.not_supported", "this path serves the action search")
    if header.get("action") != "search":
        raise RejectedError("rjct.action.invalid", "the action of this path is search")
    if type(header.get("total_count")) is not int or header["total_count"] != len(message.searches):
        raise RejectedError(
            "rjct.total_count.invalid", "total_count is the number of searches in the message"
        )
    if len(message.searches) > _MOST_SEARCHES:
        raise RejectedError(
            "rjct.total_count.limit_exceeded", f"a message holds at most {_MOST_SEARCHES} searches"
        )


def answer(message: SearchMessage, responses: list[dict[str, Any]]) -> dict[str, Any]:
    """Write the answer to a message whose header held, one response per search."""
    return _envelope(message, {"status": "succ", "completed_count": len(responses)}, responses)


def rejection(message: SearchMessage, error: RejectedError) -> dict[str, Any]:
    """Write the answer to a message whose header did not hold."""
    reason = {"status": "rjct", "status_reason_code": error.code, "status_reason_message": str(error)}
    return _envelope(message, {**reason, "completed_count": 0}, [])


def _envelope(
    message: SearchMessage, status: dict[str, Any], responses: list[dict[str, Any]]
) -> dict[str, Any]:
    return {
        "header": {
            "version": VERSION,
            "message_id": str(uuid4()),
            "message_ts": timestamp(),
            "action": "on-search",
            "total_count": len(message.searches),
            "sender_id": SENDER_ID,
            "receiver_id": message.header["sender_id"],
            "is_msg_encrypted": False,
            **status,
        },
        "message": {
            "transaction_id": message.transaction_id,
            "correlation_id": str(uuid4()),
            "search_response": responses,
        },
    }


def timestamp() -> str:
    """Now, in ISO 8601 with a time zone."""
    return datetime.now(UTC).isoformat(timespec="milliseconds")


def is_timestamp(text: object) -> bool:
    """Say whether a value is an ISO 8601 date and time with a time zone."""
    if not isinstance(text, str) or len(text) > 40:
        return False
    try:
        return datetime.fromisoformat(text).tzinfo is not None
    except ValueError:
        return False


def is_label(text: object) -> bool:
    """Say whether a value is a text of 1 to 99 characters, as DCI's ids are."""
    return isinstance(text, str) and 0 < len(text) <= 99
