"""Combining: provenance, honest statuses, and nothing depends on who answered first."""

from __future__ import annotations

from dataclasses import replace
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from registry_virtual.combine import WITHOUT_VALUE, combine
from registry_virtual.plan import ViewRequest, make_plan
from registry_virtual.record import NO_ANSWER, AssembledRecord, Claim
from schemas.ask import AskOutcome
from schemas.decision import Predicate
from tests.unit.registry_virtual.small_view import (
    CIVIL,
    FAILURES,
    NOW,
    PERSON,
    RECORDS,
    VIEW,
    answered,
    failed,
    request,
)

SENIOR = {"senior": Predicate("birth_date", "age_ge", 65)}


def combined(wanted: ViewRequest, *outcomes: AskOutcome | None) -> AssembledRecord:
    """Combine outcomes given in the order of the plan; None is a step that was not asked."""
    plan = make_plan(VIEW, wanted)
    assert len(outcomes) == len(plan.steps)
    return combine(plan, {n: outcome for n, outcome in enumerate(outcomes) if outcome is not None}, NOW)


def one(name: str, *outcomes: AskOutcome | None) -> Claim:
    return combined(request(name), *outcomes).attributes[name]


def test_combine__value__comes_with_its_provenance() -> None:
    """Value, source, as-of, fetched-at and receipt are those of the source that answered."""
    claim = one("names", answered({"given_names": "Ana"}, as_of=NOW - 9))
    assert claim == Claim("ok", "Ana", PERSON, NOW - 9, NOW, "r-ok")


def test_combine__field_not_granted__is_denied_and_the_others_are_not() -> None:
    """A field that was asked and is not granted is denied; the rest of the record stands."""
    record = combined(request("names", "district"), answered({"given_names": "Ana"}), failed("not_found"))
    assert {name: claim.status for name, claim in record.attributes.items()} == {
        "names": "ok",
        "district": "denied",
    }


def test_combine__field_in_the_record_but_not_granted__is_not_shown() -> None:
    """Only what is granted counts, even if a source sent more."""
    outcome = replace(answered({"given_names": "Ana"}), granted=frozenset())
    assert one("names", outcome) == Claim("denied", None, PERSON, NOW, NOW, "r-ok")


def test_combine__granted_without_a_value__is_an_answer() -> None:
    """The owner answered and holds no value: ok and null, which is not `not_found`."""
    assert one("names", answered({"given_names": None})).status == "ok"


@pytest.mark.parametrize(("first", "second"), list(product(FAILURES, repeat=2)))
@pytest.mark.parametrize("name", ["district", "birth_date"])
def test_combine__all_sources_failed__status_that_may_pass_comes_first(
    name: str, first: str, second: str
) -> None:
    """The fault table: every pair of failures under both rules."""
    claim = one(name, failed(first), failed(second))
    assert claim.status == min(first, second, key=WITHOUT_VALUE.index)
    assert (claim.status == "not_found") == (first == second == "not_found")
    assert claim.source == (PERSON if claim.status == first else CIVIL)
    assert claim.value is None


@pytest.mark.parametrize("failure", FAILURES)
@pytest.mark.parametrize("name", ["district", "birth_date"])
def test_combine__preferred_source_failed__the_other_stands_with_its_own_provenance(
    name: str, failure: str
) -> None:
    """A value is never hidden by another source's failure, and a missing answer still degrades."""
    record = combined(request(name), failed(failure), answered(RECORDS[CIVIL], as_of=NOW - 5))
    claim = record.attributes[name]
    assert (claim.status, claim.source, claim.as_of) == ("ok", CIVIL, NOW - 5)
    assert record.degraded == (failure in NO_ANSWER)


@pytest.mark.parametrize("failure", FAILURES)
def test_combine__one_source_failed__the_others_are_untouched(failure: str) -> None:
    """One source never nulls another's attributes."""
    record = combined(request("names", "marital"), failed(failure), answered({"marital": "married"}))
    assert record.attributes["names"].status == failure
    assert record.attributes["marital"] == Claim("ok", "married", CIVIL, NOW, NOW, "r-ok")
    assert record.unanswered == ((PERSON,) if failure in NO_ANSWER else ())


def test_combine__sources_disagree__all_values_and_the_rule_are_returned() -> None:
    """A conflict shows every value with its source, and no source as the winner."""
    claim = one(
        "birth_date", answered({"birth_date": "1980-02-03"}), answered({"born": "1980-03-02"}, as_of=NOW - 1)
    )
    assert (claim.status, claim.source, claim.receipt, claim.as_of) == ("conflict", None, None, None)
    common = {"fetched_at": NOW, "receipt": "r-ok"}
    assert claim.value == {
        "rule": "all_equal",
        "values": [
            {"value": "1980-02-03", "source": str(PERSON), "as_of": NOW, **common},
            {"value": "1980-03-02", "source": str(CIVIL), "as_of": NOW - 1, **common},
        ],
    }


@pytest.mark.parametrize(
    ("one_value", "other", "is_list", "status"),
    [
        ("a", "a", False, "ok"),
        (1, True, False, "conflict"),
        (["x", "y"], ["y", "x"], True, "ok"),
        (["x", "y"], ["y", "x"], False, "conflict"),
        (["x"], ["x", "x"], True, "conflict"),
        ({"a": 1, "b": 2}, {"b": 2, "a": 1}, False, "ok"),
        (None, "a", False, "ok"),
        (None, None, False, "ok"),
    ],
)
def test_combine__all_equal__compares_values_not_spellings(
    one_value: object, other: object, is_list: bool, status: str
) -> None:
    """Order counts only where it means something; holding no value contradicts nobody."""
    attribute = replace(VIEW.attributes["birth_date"], is_list=is_list)
    view = replace(VIEW, attributes={"birth_date": attribute})
    outcomes = {0: answered({"birth_date": one_value}), 1: answered({"born": other})}
    claim = combine(make_plan(view, request("birth_date")), outcomes, NOW).attributes["birth_date"]
    assert claim.status == status
    assert status == "conflict" or claim.value == (one_value or other)


@pytest.mark.parametrize(("age", "status"), [(0, "ok"), (3600, "ok"), (3601, "stale"), (-60, "ok")])
def test_combine__old_value__is_shown_as_stale(age: int, status: str) -> None:
    """Older than `max_age_s` is stale: the value is shown, and says so."""
    claim = one("marital", answered({"marital": "married"}, as_of=NOW - age))
    assert (claim.status, claim.value) == (status, "married")


def test_combine__age_unknown_where_it_matters__is_stale() -> None:
    """A value of unknown age is not fresh."""
    assert one("marital", replace(answered({"marital": "married"}), as_of=None)).status == "stale"


def test_combine__stale_value_and_fresh_value__fresh_one_counts() -> None:
    """A stale preferred source gives way to a fresh one, and beats a failure."""
    attribute = replace(VIEW.attributes["district"], max_age_s=60)
    plan = make_plan(replace(VIEW, attributes={"district": attribute}), request("district"))
    old = answered({"district": "LM-01"}, as_of=NOW - 61)
    fresh = combine(plan, {0: old, 1: answered({"residence": "LM-02"})}, NOW).attributes["district"]
    alone = combine(plan, {0: old, 1: failed("source_down")}, NOW).attributes["district"]
    assert (fresh.status, fresh.value) == ("ok", "LM-02")
    assert (alone.status, alone.value) == ("stale", "LM-01")


def test_combine__both_values_stale__the_preferred_source_counts() -> None:
    """Priority decides among equals."""
    attribute = replace(VIEW.attributes["district"], max_age_s=60)
    plan = make_plan(replace(VIEW, attributes={"district": attribute}), request("district"))
    old = [answered({"district": "LM-01", "residence": "LM-02"}, as_of=NOW - 61)] * 2
    claim = combine(plan, dict(enumerate(old)), NOW).attributes["district"]
    assert (claim.status, claim.value, claim.source) == ("stale", "LM-01", PERSON)


def test_combine__stale_value_differs_from_a_fresh_one__is_no_conflict() -> None:
    """An old value does not dispute a fresh one; two old ones may dispute each other."""
    attribute = replace(VIEW.attributes["birth_date"], max_age_s=60)
    plan = make_plan(replace(VIEW, attributes={"birth_date": attribute}), request("birth_date"))
    old, other = (answered({"birth_date": day, "born": day}, as_of=NOW - 61) for day in ("1980", "1981"))
    fresh = answered({"born": "1990"})
    assert combine(plan, {0: old, 1: fresh}, NOW).attributes["birth_date"].value == "1990"
    assert combine(plan, {0: old, 1: other}, NOW).attributes["birth_date"].status == "conflict"


def test_combine__nobody_to_ask_about__is_not_asked() -> None:
    """A hop without a starting point asks nobody, which is not the same as finding nobody."""
    claim = one("relatives", failed("not_found"), None)
    assert claim == Claim("not_asked")


VERDICTS = [
    ("yes", "yes", "yes"),
    ("no", "no", "no"),
    ("yes", "no", "unknown"),
    ("no", "yes", "unknown"),
    ("no", "unknown", "no"),
    ("unknown", "yes", "yes"),
    ("unknown", "unknown", "unknown"),
]


@pytest.mark.parametrize(("first", "second", "verdict"), VERDICTS)
def test_combine__predicate__owners_must_not_contradict_each_other(
    first: str, second: str, verdict: str
) -> None:
    """Under `all_equal` a contradiction is unknown."""
    record = combined(request(**SENIOR), answered({}, senior=first), answered({}, senior=second))
    assert record.predicates == {"senior": verdict}


@pytest.mark.parametrize("failure", FAILURES)
def test_combine__predicate_without_an_answer__is_unknown_never_no(failure: str) -> None:
    """Whatever went wrong, even with a `no` attached: a missing answer is never no."""
    outcome = replace(failed(failure), predicates={"senior": "no"})
    record = combined(request(**SENIOR), outcome, outcome)
    assert record.predicates == {"senior": "unknown"}
    assert record.degraded == (failure in NO_ANSWER)


def test_combine__predicate_answered_from_stale_data__is_unknown() -> None:
    """A predicate carries no as-of, so an old answer may not pass for a new one."""
    asked = {"married": Predicate("marital", "eq", "married")}
    record = combined(request(**asked), answered({}, as_of=NOW - 3601, married="no"))
    assert record.predicates == {"married": "unknown"}


def test_combine__not_asked_steps__leave_no_trace() -> None:
    """An idle fallback is neither a receipt nor an unanswered source."""
    record = combined(request("district"), answered({"district": "LM-01"}), None)
    assert (record.receipts, record.unanswered) == (("r-ok",), ())


def test_repr__record__shows_no_value() -> None:
    """A record in a log line shows statuses only."""
    assert "Ana" not in repr(combined(request("names"), answered({"given_names": "Ana"})))


def test_to_json__shape__is_the_doors_contract() -> None:
    """Exactly the members of DESIGN section 5."""
    record = combined(
        request("names", **SENIOR), answered({"given_names": "Ana"}, senior="no"), failed("timeout")
    )
    assert record.to_json(id="i", cid="c") == {
        "view": "small",
        "id": "i",
        "cid": "c",
        "attributes": {
            "names": {
                "value": "Ana",
                "status": "ok",
                "source": "LM/GOV/NIA/identity/person",
                "as_of": NOW,
                "fetched_at": NOW,
                "receipt": "r-ok",
            }
        },
        "predicates": {"senior": "no"},
    }


outcomes_of = st.builds(
    lambda status, granted, age, verdict: (
        replace(
            answered({name: f"{name}-{age % 2}" for name in granted}, as_of=NOW - age),
            predicates={"senior": verdict},
        )
        if status == "ok"
        else failed(status)
    ),
    st.sampled_from(("ok", *FAILURES)),
    st.frozensets(st.sampled_from(sorted({name for record in RECORDS.values() for name in record}))),
    st.integers(0, 7200),
    st.sampled_from(["yes", "no", "unknown"]),
)
subsets = st.lists(st.sampled_from(list(VIEW.attributes)), min_size=1, unique=True)


@given(st.data(), subsets)
def test_combine__any_outcomes__every_attribute_once_and_never_falsely_absent(
    data: st.DataObject, names: list[str]
) -> None:
    """All and only what was requested; `not_found` needs every asked source to say so."""
    plan = make_plan(VIEW, request(*names, **SENIOR))
    outcomes = {
        step.number: outcome
        for step in plan.steps
        if (outcome := data.draw(st.none() | outcomes_of)) is not None
    }
    record = combine(plan, outcomes, NOW)
    assert list(record.attributes) == [name for name in VIEW.attributes if name in names]
    for name, claim in record.attributes.items():
        asked = [outcomes[number].status for number in plan.routes[name] if number in outcomes]
        assert (claim.status == "not_asked") == (not asked)
        assert claim.status != "not_found" or set(asked) == {"not_found"}
        assert (claim.source is None) == (claim.status in ("not_asked", "conflict"))
        assert claim.value is None or claim.status in ("ok", "stale", "conflict")
    spoken = {v for n in plan.routes["birth_date"] if n in outcomes for v in outcomes[n].predicates.values()}
    assert record.predicates["senior"] in {*spoken, "unknown"}
    assert record.degraded == any(outcome.status in NO_ANSWER for outcome in outcomes.values())


@given(st.data())
def test_combine__order_of_arrival__does_not_matter(data: st.DataObject) -> None:
    """Outcomes in any order of arrival give the same record."""
    plan = make_plan(VIEW, request(*VIEW.attributes, **SENIOR))
    outcomes = {step.number: data.draw(outcomes_of) for step in plan.steps}
    shuffled = dict(data.draw(st.permutations(list(outcomes.items()))))
    assert combine(plan, outcomes, NOW) == combine(plan, shuffled, NOW)
