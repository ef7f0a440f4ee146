"""Kind `dci`: the envelope, and that an answer must belong to its question.

Outcomes of whole answers are in the fixtures of `adapters/civil_registry`.
"""

from __future__ import annotations

import json
from datetime import datetime
from pathlib import Path
from typing import Any

import httpx
import pytest

import adapters
from adapters.fixtures import load_offline
from adapters.kinds.dci.reader import Dci
from adapters.opening import open_source
from adapters.source import Source
from schemas.outcome import Match, Misbehaving, NotFound, Outcome
from tests.unit.adapters.small_source import ask

LUMERIA = Path(adapters.__file__).parent / "civil_registry" / "lumeria.yaml"


@pytest.fixture(scope="module")
def source() -> Source:
    """Lumeria's civil registry."""
    return load_offline(LUMERIA)


def answer_to(question: Any, **response: Any) -> dict[str, Any]:
    """A right answer, with members of its one response exchanged."""
    search = question["message"]["search_request"][0]
    whole = {
        "reference_id": search["reference_id"],
        "status": "succ",
        "data": {"reg_records": [{"name": {"surname": "Toss"}}]},
        **response,
    }
    message = {"transaction_id": question["message"]["transaction_id"], "search_response": [whole]}
    return {"header": {"status": "succ"}, "message": message}


async def fetch(source: Source, change: Any) -> tuple[Outcome, Any]:
    """Ask for a family name, the answer made by `change` from the question."""
    asked: list[Any] = []

    def reply(request: httpx.Request) -> httpx.Response:
        asked.append(json.loads(request.content))
        body = json.dumps(change(asked[0])).encode()
        headers = {"Content-Type": "application/json"}
        return httpx.Response(200, headers=headers, stream=httpx.ByteStream(body))

    adapter = open_source(source, kind=Dci(source, httpx.MockTransport(reply)))
    await adapter.open()
    try:
        return await adapter.fetch(ask("civil-status", "1000000017", "family_name")), asked[0]
    finally:
        await adapter.close()


async def test_fetch__right_answer__match_and_a_complete_envelope(source: Source):
    """The members that DCI requires are there."""
    outcome, question = await fetch(source, answer_to)

    assert isinstance(outcome, Match)
    assert outcome.record == {"family_name": "Toss"}
    header, search = question["header"], question["message"]["search_request"][0]
    assert header["action"] == "search"
    assert header["total_count"] == 1
    assert header["sender_id"] == "isthmus.lm"
    assert datetime.fromisoformat(header["message_ts"]).tzinfo is not None
    assert search["search_criteria"]["query_type"] == "idtype-value"
    assert search["search_criteria"]["query"] == {"type": "UIN", "value": "1000000017"}
    assert search["search_criteria"]["pagination"] == {"page_size": 2, "page_number": 1}


WRONG = [
    lambda question: {**answer_to(question), "message": {}},
    lambda question: answer_to(question, reference_id="other"),
    lambda question: answer_to(question, status="pdng"),
    lambda question: answer_to(question, status="CANARY"),
    lambda question: answer_to(question, data={"reg_records": ["CANARY"]}),
    lambda question: answer_to(question, status="rjct", status_reason_code="CANARY"),
    lambda question: {"message": {"ack_status": "ERR", "error": {"code": "CANARY"}}},
    lambda question: {**answer_to(question), "header": {"action": ["CANARY"], "status": {}}},
    lambda question: [],
    lambda question: "CANARY",
]


@pytest.mark.parametrize("change", WRONG)
async def test_fetch__answer_does_not_fit__misbehaving_and_not_quoted(source: Source, change: Any):
    """Nothing of another's answer is used or repeated."""
    outcome, _ = await fetch(source, change)

    assert isinstance(outcome, Misbehaving)
    assert "CANARY" not in outcome.cause
    assert "the adapter failed" not in outcome.cause


@pytest.mark.parametrize("records", [[], {}, None])
async def test_fetch__no_records__not_found(source: Source, records: Any):
    """Three ways of saying nobody."""
    outcome, _ = await fetch(source, lambda question: answer_to(question, data={"reg_records": records}))

    assert isinstance(outcome, NotFound)


async def test_fetch__one_object_for_a_list__is_one_record(source: Source):
    """The disability and farmer registries publish an object."""
    outcome, _ = await fetch(
        source, lambda question: answer_to(question, data={"reg_records": {"name": {"surname": "Toss"}}})
    )

    assert isinstance(outcome, Match)


async def test_fetch__twice__shares_no_identifier(source: Source):
    """Identifiers are random: they stand in another's logs."""
    (_, one), (_, two) = await fetch(source, answer_to), await fetch(source, answer_to)

    assert one["header"]["message_id"] != two["header"]["message_id"]
    assert one["message"]["transaction_id"] != two["message"]["transaction_id"]
