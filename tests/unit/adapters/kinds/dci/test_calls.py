"""Kind `dci`: calls, query types, pages, refusals, and that we send only what the standard knows."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest
import yaml

from adapters.kinds.dci.codes import DEPLOYED, ERRORS, HEADER_REASONS, ITEM_REASONS, MEANINGS
from schemas.outcome import Ambiguous, DeniedBySource, Match, Misbehaving, Unavailable
from tests.unit.adapters.kinds.dci.dci_source import Registry, ack, answer_to, fetch, person, source_in

STANDARDS = Path(os.environ.get("ISTHMUS_STANDARDS", "/nowhere")) / "dci"
KINDS = {
    "denied": DeniedBySource,
    "unavailable": Unavailable,
    "timeout": Unavailable,
    "ambiguous": Ambiguous,
    "misbehaving": Misbehaving,
}


def right(_: str, question: Any) -> Any:
    """One person."""
    return answer_to(question, [person()])


def short(name: str, word: str, answer: str) -> Any:
    """A yes or no."""

    def reply(_: str, question: Any) -> Any:
        item = {"reference_id": "theirs", "timestamp": "t", "status": "succ", word: answer}
        message = {"transaction_id": question["message"]["transaction_id"], name: [item]}
        return {"header": {"status": "succ", "action": "on-search"}, "message": message}

    return reply


async def test_fetch__predicate__carries_both_parts(tmp_path: Path):
    """A composite subject becomes conditions, each value in its own place."""
    registry = Registry(right)

    outcome = await fetch(source_in(tmp_path), registry, "by-name", value='O"Neil;1987-03-14')

    assert isinstance(outcome, Match)
    criteria = registry.asked[0][1]["message"]["search_request"][0]["search_criteria"]
    assert criteria["query_type"] == "predicate"
    assert criteria["query"][0]["expression1"]["attribute_value"] == 'O"Neil'
    assert criteria["query"][0]["expression2"]["attribute_value"] == "1987-03-14"


async def test_fetch__expression__value_stays_a_value(tmp_path: Path):
    """An operator in a value is text."""
    registry = Registry(right)

    await fetch(source_in(tmp_path), registry, "by-expression", value='{"$gt": ""}')

    query = registry.asked[0][1]["message"]["search_request"][0]["search_criteria"]["query"]
    conditions = {"member_identifier.identifier_value": {"$eq": '{"$gt": ""}'}}
    assert query["value"] == {"expression": {"collection": "Member", "query": conditions}}


@pytest.mark.parametrize(("word", "expected"), [("yes", True), ("no", False)])
async def test_fetch__disabled__yes_or_no(tmp_path: Path, word: str, expected: bool):
    """The call that tells least; a no is an answer, not nobody."""
    registry = Registry(short("disabled_response", "disabled_status", word))

    outcome = await fetch(source_in(tmp_path), registry, "disabled")

    assert isinstance(outcome, Match)
    assert outcome.record["has_certificate"] is expected
    assert registry.asked[0][0] == "/registry/sync/disabled"


async def test_fetch__disabled_answers_perhaps__misbehaving(tmp_path: Path):
    """Neither yes nor no."""
    outcome = await fetch(
        source_in(tmp_path), Registry(short("disabled_response", "disabled_status", "CANARY")), "disabled"
    )

    assert isinstance(outcome, Misbehaving)
    assert "CANARY" not in outcome.cause


async def test_fetch__enrolled_and_details__at_their_paths(tmp_path: Path):
    """The other short calls, one at a path of the peer's own."""
    source = source_in(tmp_path, "paths: {enrolled: /own/enrolled}")
    enrolled = Registry(short("enrolled_response", "enrolled_status", "yes"))

    def details(_: str, question: Any) -> Any:
        item = {"reference_id": "x", "status": "succ", "data": {"reg_records": [{"impairment": "1"}]}}
        message = {"transaction_id": question["message"]["transaction_id"], "search_response": [item]}
        return {"header": {"status": "succ"}, "message": message}

    registry = Registry(details)
    assert isinstance(await fetch(source, enrolled, "enrolled"), Match)
    assert isinstance(await fetch(source, registry, "details"), Match)
    assert enrolled.asked[0][0] == "/own/enrolled"
    assert registry.asked[0][0] == "/registry/sync/get-disability-details"


async def test_fetch__camel_case_envelope__is_read(tmp_path: Path):
    """Envelope members in camelCase, as some bridges write them; records are not touched."""

    def reply(_: str, question: Any) -> Any:
        search = question["message"]["search_request"][0]
        item = {
            "referenceId": search["reference_id"],
            "status": "success",
            "data": {"regRecords": [person()]},
        }
        message = {"transactionId": question["message"]["transaction_id"], "searchResponse": [item]}
        return {"header": {"status": "success"}, "message": message}

    assert isinstance(await fetch(source_in(tmp_path), Registry(reply)), Match)


def pages(question: Any, count: int, total: Any) -> Any:
    """A page of two out of `count`."""
    search = question["message"]["search_request"][0]["search_criteria"]
    first = (search["pagination"]["page_number"] - 1) * 2
    records = [person(str(number)) for number in range(first, min(first + 2, count))]
    pagination = {**search["pagination"], "total_count": total(search["pagination"]["page_number"])}
    return answer_to(question, records, pagination=pagination)


async def test_fetch__three_on_pages_of_two__all_are_read(tmp_path: Path):
    """`total_count` says when it is over."""
    registry = Registry(lambda _, question: pages(question, 3, lambda _: 3))

    outcome = await fetch(source_in(tmp_path), registry, "people")

    assert isinstance(outcome, Match)
    assert len(registry.asked) == 2


LYING = [
    lambda question: pages(question, 9, lambda page: 9 + page),
    lambda question: pages(question, 2, lambda _: 5),
    lambda question: answer_to(question, [person(), person()], pagination={"total_count": 5}),
]


@pytest.mark.parametrize("lie", LYING)
async def test_fetch__pages_that_lie__misbehaving(tmp_path: Path, lie: Any):
    """A changing total, a missing page, the same page again."""
    outcome = await fetch(source_in(tmp_path), Registry(lambda _, question: lie(question)), "people")

    assert isinstance(outcome, Misbehaving)


async def test_fetch__one_of_many__ambiguous(tmp_path: Path):
    """The registry cut its answer, and says so in the total."""
    registry = Registry(lambda _, question: answer_to(question, [person()], pagination={"total_count": 4}))

    outcome = await fetch(source_in(tmp_path), registry)

    assert isinstance(outcome, Ambiguous)


@pytest.mark.parametrize("code", sorted(MEANINGS))
async def test_fetch__refused_with_a_documented_code__by_the_table(tmp_path: Path, code: str):
    """Of the item, of the message, and of the transport."""
    source, expected = source_in(tmp_path), KINDS[MEANINGS[code]]
    refusals = [
        lambda question: answer_to(question, None, status="rjct", status_reason_code=code),
        lambda _: {"header": {"status": "rjct", "status_reason_code": code}, "message": {}},
        lambda _: ack("ERR", code),
        lambda _: (400, {"errors": [{"code": code, "message": "CANARY"}]}),
    ]
    for refuse in refusals:
        outcome = await fetch(source, Registry(lambda _, question, refuse=refuse: refuse(question)))
        assert isinstance(outcome, expected)


def test_codes__each_once_and_every_family():
    """No code stands in two families, so none has two meanings."""
    assert len(MEANINGS) == sum(map(len, (HEADER_REASONS, ITEM_REASONS, ERRORS, DEPLOYED)))


async def test_health__nobody_is_asked_about(tmp_path: Path):
    """A transaction that never was; a refusal of us is told."""
    source = source_in(tmp_path)
    answers = {404: None, 401: DeniedBySource, 503: Unavailable}
    for status, expected in answers.items():
        registry = Registry(lambda _path, _question, status=status: (status, {}))
        kind = registry.kind(source)
        await kind.open()
        health = await kind.health()
        await kind.close()
        assert health is None if expected is None else isinstance(health, expected)
        assert "search_request" not in registry.asked[0][1]["message"]


PATHS = {
    "person": ("social", "/registry/sync/search"),
    "by-expression": ("social", "/registry/sync/search"),
    "by-name": ("crvs", "/registry/sync/search"),
    "disabled": ("dr", "/registry/sync/disabled"),
    "details": ("dr", "/registry/sync/get-disability-details"),
    "enrolled": ("ibr", "/registry/sync/enrolled"),
}


def standard(service: str) -> Path | None:
    """The published file that has a service's call; None where it is not at hand."""
    path = STANDARDS / f"{PATHS[service][0]}.yaml"
    return path if path.is_file() else None


def compared_with(value: Path | str | None) -> str:
    """So that a run says with what each message was compared."""
    return value if isinstance(value, str) else value.name if value else "own-schema-only"


@pytest.mark.parametrize(
    ("service", "published"), [(name, standard(name)) for name in sorted(PATHS)], ids=compared_with
)
async def test_request__every_form__is_one_of_the_standard(
    tmp_path: Path, service: str, published: Path | None
):
    """Our messages against the published OpenAPI files, where ISTHMUS_STANDARDS names their folder;
    without it, against our own schema only, which `fetch` does itself."""
    registry = Registry(lambda _path, _question: ack("ERR"))
    value = "Ilva Toss;1987-03-14" if service == "by-name" else "1000000017"
    extra = "sender_uri: https://us.example/on-search\nreceiver_id: them"
    await fetch(source_in(tmp_path, extra), registry, service, value=value)
    _, path = PATHS[service]
    ((asked_path, question),) = registry.asked
    assert asked_path == path
    if published is not None:
        document = _document(published)
        operation = document["paths"][path]["post"]["requestBody"]["content"]["application/json"]["schema"]
        schema = {**operation, "components": document["components"]}
        jsonschema_rs.Draft4Validator(_without_examples(schema)).validate(question)


def _document(path: Path) -> Any:
    return yaml.safe_load(path.read_text(encoding="utf-8"))


def _without_examples(value: Any) -> Any:
    """OpenAPI 3.0 as a JSON Schema: its examples hold references that lead nowhere."""
    if isinstance(value, dict):
        return {name: _without_examples(item) for name, item in value.items() if name != "example"}
    return [_without_examples(item) for item in value] if isinstance(value, list) else value
