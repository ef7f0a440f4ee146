"""What a DCI answer means: pure, from an opened message to raw records or an outcome.

An answer counts only when it belongs to our question: same transaction, same reference, the right
action. `reg_records` is taken as a list or as one object, since the published standards have both.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal

from adapters.http.client import HttpAnswer
from adapters.kinds.dci.codes import refusal, status_of
from adapters.kinds.dci.envelope import error_code, item_of, member
from adapters.kinds.dci.form import DciAsk
from adapters.kinds.dci.sealed import Opened
from adapters.pointer import ABSENT, find
from schemas.outcome import Ambiguous, Misbehaving, Unanswered

Refused = Ambiguous | Unanswered

_NOT_OURS: Final = "the registry did not answer the question it was asked"
_ACTIONS: Final = (None, "on-search", "search", "txn-on-status")  # any JSON is compared with them
_ANSWERS: Final = {
    "disabled": ("disabled_response", "disabled_status"),
    "enrolled": ("enrolled_response", "enrolled_status"),
}
"""The calls that are answered yes or no: where the answer stands."""


@dataclass(frozen=True, slots=True)
class Page:
    """Records of one answer, and how many the registry says there are."""

    records: Sequence[Mapping[str, Any]]
    total: int | None = None


@dataclass(frozen=True, slots=True)
class Pending:
    """The registry has not finished."""


def acknowledged(document: Any, answer: HttpAnswer) -> str | Refused:
    """The correlation id of an ACK. NACK: nothing more will come. ERR: the message was not understood."""
    status = member(document, "message", "ack_status")
    correlation = member(document, "message", "correlation_id")
    if status == "ACK" and error_code(document) is None:
        return correlation if isinstance(correlation, str) else ""
    if status in ("NACK", "ERR"):
        return refusal(error_code(document), answer.received_at, answer.retry_after_s)
    return Misbehaving("the registry did not acknowledge the search")


def page_of(
    ask: DciAsk, question: Mapping[str, Any], opened: Opened, received_at: int
) -> Page | Pending | Refused:
    """The page of records in the answer to a question; `question` is our plain message."""
    if status_of(member(opened.header, "status")) == "rjct":
        return refusal(member(opened.header, "status_reason_code"), received_at)
    if member(opened.header, "action") not in _ACTIONS:
        return Misbehaving("the registry answered another kind of question")
    name, word = _ANSWERS.get(ask.call, ("search_response", ""))
    reference = _reference(question)
    item = item_of(opened.message, name, question["transaction_id"], reference)
    if item is None:
        return Misbehaving(_NOT_OURS)
    match status_of(member(item, "status")):
        case "succ":
            return _yes_or_no(item, word) if word else _records(ask, item)
        case "rjct":
            return refusal(member(item, "status_reason_code"), received_at)
        case "rcvd" | "pdng":
            return Pending()
        case _:
            return Misbehaving("the registry's answer has no known status")


def status_answer(
    status_question: Mapping[str, Any], question: Mapping[str, Any], opened: Opened, received_at: int
) -> Opened | Pending | Refused:
    """The search's answer inside an answer to txn/status; pending while it is not finished."""
    status = status_of(member(opened.header, "status"))
    if status == "rjct":
        return refusal(member(opened.header, "status_reason_code"), received_at)
    if member(opened.message, "transaction_id") != status_question["transaction_id"]:
        return Misbehaving(_NOT_OURS)
    inner = member(opened.message, "txnstatus_response", "txn_status")
    if member(opened.message, "txnstatus_response", "txn_type") != "search":
        return Misbehaving("the registry answered another kind of question")
    if member(inner, "transaction_id") != question["transaction_id"]:
        return Misbehaving(_NOT_OURS)
    if status in {"rcvd", "pdng"} or member(inner, "search_response") == []:
        return Pending()
    return Opened({}, inner)


def _reference(question: Mapping[str, Any]) -> str | None:
    """Our reference; the short calls have none."""
    searches = question.get("search_request")
    return searches[0]["reference_id"] if searches else None


def _yes_or_no(item: Mapping[str, Any], word: str) -> Page | Misbehaving:
    answer = member(item, word)
    yes_or_no: tuple[Literal["yes"], Literal["no"]] = ("yes", "no")
    if answer not in yes_or_no:
        return Misbehaving("the registry answered neither yes nor no")
    return Page([{word: answer}])


def _records(ask: DciAsk, item: Mapping[str, Any]) -> Page | Misbehaving:
    found = member(item, "data", "reg_records")
    if found is None or found in ({}, []):
        return Page([], _total(item))
    placed = find(found, ask.records)
    if placed is ABSENT or placed is None:
        return Page([], _total(item))
    records = placed if isinstance(placed, list) else [placed]
    if not all(isinstance(record, Mapping) for record in records):
        return Misbehaving("there are no records where the source's file says")
    return Page(records, _total(item))


def _total(item: Mapping[str, Any]) -> int | None:
    total = member(item, "pagination", "total_count")
    return total if isinstance(total, int) and not isinstance(total, bool) and total >= 0 else None
