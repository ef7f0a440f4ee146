"""The civil registry: the DCI envelope, the query forms, the records."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest
import yaml
from jsonschema import Draft202012Validator, ValidationError
from referencing import Registry
from referencing.jsonschema import DRAFT202012

from examples.lumeria.servers.dci_envelope import is_timestamp
from examples.lumeria.servers.dci_query import InvalidQueryError, parse_query
from tests.unit.examples.sandbox import Sandbox

System = Callable[[str], httpx.Client]
NOW = "2026-07-01T09:00:00+00:00"
CRVS_FILE = Path(__file__).resolve().parents[4] / "shared/standards/dci/crvs.yaml"
BEARER = {"Authorization": "Bearer cro-test"}


def _search(query: Any, query_type: str = "idtype-value", **criteria: Any) -> dict[str, Any]:
    search_criteria = {"query_type": query_type, "query": query, **criteria}
    return {"reference_id": "r1", "timestamp": NOW, "search_criteria": search_criteria, "locale": "eng"}


def _message(*searches: dict[str, Any], **header: Any) -> dict[str, Any]:
    return {
        "header": {
            "version": "1.0.0", "message_id": "m1", "message_ts": NOW, "action": "search", "sender_id": "msw.lm",
            "total_count": len(searches), **header,
        },
        "message": {"transaction_id": "t1", "search_request": list(searches)},
    }  # fmt: skip


def _ask(system: System, message: Any) -> dict[str, Any]:
    client = system("civil-registry")
    answer = client.post("/registry/sync/search", json=message, headers=BEARER)
    assert answer.status_code == 200
    body: dict[str, Any] = answer.json()
    _check_structure(body, message)
    return body


def _check_structure(body: dict[str, Any], message: dict[str, Any]) -> None:
    """The envelope's rules, always; the published file too, where it lies beside the repository."""
    header, content = body["header"], body["message"]
    assert header["version"] == "1.0.0"
    assert header["action"] == "on-search"
    assert header["status"] in {"succ", "rjct"}
    assert header["message_id"] not in {"", message["header"]["message_id"]}
    assert is_timestamp(header["message_ts"])
    assert header["receiver_id"] == message["header"]["sender_id"]
    assert content["transaction_id"] == message["message"]["transaction_id"]
    assert 0 < len(content["correlation_id"]) <= 99
    for response in content["search_response"]:
        assert is_timestamp(response["timestamp"])
        assert (response["status"] == "succ") == ("data" in response) == ("pagination" in response)
        assert (response["status"] == "rjct") == ("status_reason_code" in response)
        if response["status"] == "succ":
            assert isinstance(response["data"]["reg_records"], list)
            assert set(response["pagination"]) == {"page_size", "page_number", "total_count"}
    if CRVS_FILE.is_file():
        _published("responses", "default").validate(body)


def _published(*where: str) -> Draft202012Validator:
    """A validator of one part of the sync search operation in the published OpenAPI file."""
    document = yaml.safe_load(CRVS_FILE.read_text(encoding="utf-8"))
    pointer = "/".join(
        ("#", "paths", "~1registry~1sync~1search", "post", *where, "content", "application~1json", "schema")
    )
    registry: Registry[Any] = Registry().with_resource("urn:crvs", DRAFT202012.create_resource(document))
    return Draft202012Validator({"$ref": f"urn:crvs{pointer}"}, registry=registry)


@pytest.fixture
def records(system: System) -> Callable[..., list[dict[str, Any]]]:
    """Ask one search and hand over its records."""

    def asked(query: Any, query_type: str = "idtype-value", **criteria: Any) -> list[dict[str, Any]]:
        body = _ask(system, _message(_search(query, query_type, **criteria)))
        (response,) = body["message"]["search_response"]
        assert response["status"] == "succ", response
        found: list[dict[str, Any]] = response["data"]["reg_records"]
        return found

    return asked


def _uins(records: list[dict[str, Any]]) -> set[str]:
    return {i["identifier_value"] for r in records for i in r["identifier"] if i["identifier_type"] == "UIN"}


def _compare(name: str, operator: str, value: Any) -> dict[str, Any]:
    return {"attribute_name": name, "operator": operator, "attribute_value": value}


@pytest.mark.skipif(
    not CRVS_FILE.is_file(), reason=f"needs the DCI file beside the repository: {CRVS_FILE.name}"
)
def test_published_file__validator__can_fail() -> None:
    """The published schema refuses a broken answer and accepts our questions."""
    _published("requestBody").validate(_message(_search({"type": "UIN", "value": "1"})))
    with pytest.raises(ValidationError):
        _published("responses", "default").validate({"header": {"status": "fine"}})


def test_search__applicant__record_tells_family(sandbox: Sandbox, records: Any) -> None:
    """A record has identifiers, names, places, the marriage, and leads to spouse and children."""
    applicant = sandbox.story["applicant"]
    (record,) = records({"type": "UIN", "value": applicant["national_id"]})
    household = {member["national_id"]: member["relationship"] for member in applicant["household"]}
    assert {i["identifier_type"] for i in record["identifier"]} == {"UIN", "BRN"}
    assert f"{record['name']['given_name']} {record['name']['surname']}" == applicant["full_name"]
    assert (record["birth_date"], record["sex"]) == (applicant["birth_date"], applicant["sex"])
    assert record["marital_status"] == "M"
    assert len(record["marriage_date"]) == 1
    assert household[record["spouse_identifier"]["identifier_value"]] == "spouse"
    children = {nid for nid, relationship in household.items() if relationship == "child"}
    assert children <= {child["identifier_value"] for child in record["children"]}
    assert "death_date" not in record


def test_search__newborn__names_both_parents(sandbox: Sandbox, records: Any) -> None:
    """parent1 is the mother, parent2 the father."""
    newborn = sandbox.story["newborn"]
    (record,) = records({"type": "ns:org:IdentifierType:UIN", "value": newborn["national_id"]})
    assert record["parent1_identifier"] == {"identifier_type": "UIN", "identifier_value": newborn["mother"]}
    assert record.get("parent2_identifier", {}).get("identifier_value") == newborn["father"]


def test_search__deceased__death_is_registered(sandbox: Sandbox, records: Any) -> None:
    """The civil registry knows the death that others missed; DRN and BRN lead to the same person."""
    deceased = sandbox.story["deceased_unpropagated"]
    (record,) = records({"type": "UIN", "value": deceased["national_id"]})
    assert record["death_date"] == deceased["death_date"]
    for identifier in record["identifier"]:
        query = {"type": identifier["identifier_type"], "value": identifier["identifier_value"]}
        assert records(query) == [record]


def test_search__widowed__says_so_and_names_no_spouse(sandbox: Sandbox, records: Any) -> None:
    """A death ends a marriage."""
    people = sandbox.lumeria.country.population.people
    spared = {label["national_id"] for label in sandbox.labels}
    widow = next(
        m.wife
        for m in sandbox.lumeria.country.population.marriages
        if people[m.husband].died_on and not {m.wife, m.husband} & spared
    )
    (record,) = records({"type": "UIN", "value": widow})
    assert record["marital_status"] == "W"
    assert "spouse_identifier" not in record


def test_search__marriage_number__finds_both_spouses(sandbox: Sandbox, records: Any) -> None:
    """An MRN leads to two people."""
    marriage = next(
        m for m in sandbox.rows("civil-registry", "SELECT * FROM marriages")
        if not {m["spouse1_uin"], m["spouse2_uin"]} & {label["national_id"] for label in sandbox.labels}
    )  # fmt: skip
    assert _uins(records({"type": "MRN", "value": marriage["mrn"]})) == {
        marriage["spouse1_uin"],
        marriage["spouse2_uin"],
    }


def test_search__nobody_found__is_a_success_without_records(sandbox: Sandbox, records: Any) -> None:
    """Not found is an answer."""
    assert records({"type": "UIN", "value": sandbox.story["absent"]["national_id"]}) == []


def test_search__name_and_birth_date__finds_the_namesakes(sandbox: Sandbox, records: Any) -> None:
    """Predicate and expression queries on name and birth date agree; names compare without case and marks."""
    pair = sandbox.story["ambiguous_name"]
    name, born = pair["full_name"].upper(), pair["birth_date"]
    predicate = [{
        "seq_num": 1, "expression1": _compare("name", "eq", name), "condition": "and",
        "expression2": _compare("birth_date", "eq", born),
    }]  # fmt: skip
    tree = {"$and": [{"name": {"$eq": name}}, {"birth_date": {"$gte": born, "$lte": born}}]}
    expression = {
        "type": "ns:org:QueryType:expression",
        "value": {"expression": {"collection": "Person", "query": tree}},
    }
    assert _uins(records(predicate, "predicate")) == set(pair["national_ids"])
    assert records(expression, "expression") == records(predicate, "predicate")


def test_search__conditions__combine_as_they_say(sandbox: Sandbox, records: Any) -> None:
    """and, or, not and in count what plain SQL counts."""
    a, b = _compare("birth_date", "ge", "2026-01-01"), _compare("sex", "eq", "female")
    page = {"pagination": {"page_size": 500}}

    def found(condition: str) -> int:
        return len(
            records([{"expression1": a, "condition": condition, "expression2": b}], "predicate", **page)
        )

    everybody = len(records([{"expression1": a}], "predicate", **page))
    assert 0 < found("and") < everybody
    assert found("and") + found("not") == everybody
    recent = [{"expression1": a}, {"expression1": _compare("sex", "in", ["female", "male"])}]
    assert len(records(recent, "predicate", **page)) == everybody
    either = [
        {"expression1": a, "condition": "or", "expression2": _compare("birth_date", "ge", "2025-01-01")}
    ]
    (count,) = sandbox.rows(
        "civil-registry", "SELECT COUNT(*) AS n FROM births WHERE birth_date >= '2025-01-01'"
    )
    assert len(records(either, "predicate", **page)) == count["n"]


def test_search__pages__are_disjoint_sorted_and_complete(system: System) -> None:
    """Pages follow each other in the order asked for, and total_count counts all of them."""
    query = [{"expression1": _compare("birth_date", "ge", "2025-06-30")}]
    sort = [{"attribute_name": "birth_date", "sort_order": "desc"}]
    days: list[str] = []
    total = number = 1
    while len(days) < total:
        search = _search(query, "predicate", sort=sort, pagination={"page_size": 7, "page_number": number})
        (response,) = _ask(system, _message(search))["message"]["search_response"]
        total = response["pagination"]["total_count"]
        days += [record["birth_date"] for record in response["data"]["reg_records"]]
        number += 1
    assert len(days) == total > 14
    assert days == sorted(days, reverse=True)


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"reference_id": 5}, "rjct.reference_id.invalid"),
        ({"timestamp": "2026-07-01T09:00:00"}, "rjct.timestamp.invalid"),
        ({"timestamp": "yesterday"}, "rjct.timestamp.invalid"),
        ({"search_criteria": None}, "rjct.search_criteria.invalid"),
        (_search({"type": "PHONE", "value": "1"}), "rjct.search_criteria.invalid"),
        (_search("1"), "rjct.search_criteria.invalid"),
        (_search({}, "graphql"), "rjct.search_criteria.invalid"),
        (_search([], "predicate"), "rjct.search_criteria.invalid"),
        (_search([{"expression1": _compare("brn; DROP TABLE births", "eq", "1")}], "predicate"), "rjct.search_criteria.invalid"),
        (_search({"type": "UIN", "value": "1"}, sort=[{"attribute_name": "shoe"}]), "rjct.sort.invalid"),
        (_search({"type": "UIN", "value": "1"}, sort=[{"attribute_name": "UIN", "sort_order": "up"}]), "rjct.sort.invalid"),
        (_search({"type": "UIN", "value": "1"}, pagination={"page_size": 0}), "rjct.pagination.invalid"),
        (_search({"type": "UIN", "value": "1"}, pagination={"page_size": 501}), "rjct.pagination.invalid"),
        (_search({"type": "UIN", "value": "1"}, pagination={"page_size": 5, "page_number": 10**30}), "rjct.pagination.invalid"),
        (_search({"type": "UIN", "value": "1"}, pagination=[]), "rjct.pagination.invalid"),
    ],
)  # fmt: skip
def test_search__faulty_item__is_rejected_alone(system: System, change: dict[str, Any], code: str) -> None:
    """One bad search is rejected with its code; a good one beside it is answered."""
    good = {**_search({"type": "UIN", "value": "1"}), "reference_id": "good"}
    body = _ask(system, _message({**_search({"type": "UIN", "value": "1"}), **change}, good))
    bad_response, good_response = body["message"]["search_response"]
    assert (bad_response["status"], bad_response["status_reason_code"]) == ("rjct", code)
    assert good_response["status"] == "succ"


def test_search__same_reference_twice__second_is_rejected(system: System) -> None:
    """A reference id occurs once in a message."""
    search = _search({"type": "UIN", "value": "1"})
    first, second = _ask(system, _message(search, search))["message"]["search_response"]
    assert first["status"] == "succ"
    assert second["status_reason_code"] == "rjct.reference_id.duplicate"


@pytest.mark.parametrize(
    ("header", "code"),
    [
        ({"version": "2.0.0"}, "rjct.version.invalid"),
        ({"message_ts": "2026-07-01"}, "rjct.message_ts.invalid"),
        ({"action": "subscribe"}, "rjct.action.not_supported"),
        ({"action": "dance"}, "rjct.action.invalid"),
        ({"total_count": 7}, "rjct.total_count.invalid"),
        ({"total_count": "1"}, "rjct.total_count.invalid"),
    ],
)
def test_search__faulty_header__rejects_the_message(
    system: System, header: dict[str, Any], code: str
) -> None:
    """A header fault rejects all: its code, and no responses."""
    body = _ask(system, _message(_search({"type": "UIN", "value": "1"}), **header))
    assert (body["header"]["status"], body["header"]["status_reason_code"]) == ("rjct", code)
    assert body["message"]["search_response"] == []


def test_search__too_many_searches__rejects_the_message(system: System) -> None:
    """A message holds at most a hundred searches."""
    body = _ask(system, _message(*[_search({"type": "UIN", "value": "1"})] * 101))
    assert body["header"]["status_reason_code"] == "rjct.total_count.limit_exceeded"


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ("{", "err.request.bad"),
        ("[]", "err.request.bad"),
        ("{}", "err.request.bad"),
        ("{" * 2000, "err.request.bad"),
        (" " * 300_000, "err.request.bad"),
        (json.dumps(_message(_search({}), is_msg_encrypted=True)), "err.encryption.invalid"),
        (json.dumps(_message(_search({}), sender_id="")), "err.sender_id.invalid"),
        (json.dumps(_message(_search({}), message_id=None)), "err.request.bad"),
        (json.dumps(_message()), "err.request.bad"),
    ],
)
def test_search__unusable_message__is_an_http_error(system: System, body: str, code: str) -> None:
    """What cannot be answered in an envelope is HTTP 400 with a DCI code."""
    client = system("civil-registry")
    answer = client.post("/registry/sync/search", content=body, headers=BEARER)
    assert answer.status_code == 400
    assert answer.json()["errors"][0]["code"] == code


def test_search__wrong_token__is_refused(system: System) -> None:
    """The registry wants its bearer token."""
    client = system("civil-registry")
    answer = client.post(
        "/registry/sync/search", json=_message(_search({})), headers={"Authorization": "Bearer x"}
    )
    assert (answer.status_code, answer.json()["errors"][0]["code"]) == (401, "err.request.unauthorized")


@pytest.mark.parametrize(
    "query",
    [
        None, {}, [], {"value": {"expression": {"query": {}}}},
        {"value": {"expression": {"query": {"$nor": [{"UIN": "1"}]}}}},
        {"value": {"expression": {"query": {"UIN": {"$regex": "1"}}}}},
        {"value": {"expression": {"query": {"UIN": {}}}}},
        {"value": {"expression": {"query": {"UIN": True}}}},
        {"value": {"expression": {"query": {"UIN": "x" * 201}}}},
        {"value": {"expression": {"query": {"$and": [{"UIN": str(n)} for n in range(21)]}}}},
        {"value": {"expression": {"query": {"$and": [{"$or": [{"$and": [{"$or": [{"$and": [{"UIN": "1"}]}]}]}]}]}}}},
    ],
)  # fmt: skip
def test_parse_query__unfit_expression__is_refused(query: Any) -> None:
    """Depth, number, operators and values are bounded."""
    with pytest.raises(InvalidQueryError):
        parse_query("expression", query)
