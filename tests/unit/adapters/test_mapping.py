"""Mapping: every form of rule, and that nothing is guessed."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.mapping import BadRule, compile_rule, compile_rules
from adapters.rules import Unmappable
from schemas.outcome import Ambiguous, Match, Misbehaving

NOW = 1_767_225_600


def value(rule: Any, *records: dict[str, Any]) -> Any:
    """The value a rule makes of records."""
    return compile_rule(rule, ()).value(list(records))


RULES = [
    ("name", {"name": "x"}, "x"),
    ("child.nid", {"child.nid": "1"}, "1"),
    ("/a/b", {"a": {"b": 1}}, 1),
    ("name", {}, None),
    ("amount", {"amount": Decimal("1.50")}, "1.50"),
    ({"from": "sex", "codes": {"M": "male"}, "else": "error"}, {"sex": "M"}, "male"),
    ({"from": "sex", "codes": {"1": "male"}, "else": "error"}, {"sex": 1}, "male"),
    ({"from": "sex", "codes": {"M": "male"}, "else": "unknown"}, {"sex": "X"}, "unknown"),
    ({"from": "sex", "codes": {"M": "male"}, "else": None}, {"sex": "X"}, None),
    ({"from": "sex", "codes": {"M": "male"}, "else": "error"}, {"sex": None}, None),
    ({"from": "ok", "codes": {"true": "a", "false": "b"}, "else": "error"}, {"ok": False}, "b"),
    ({"find": "/attributes", "key": "k", "equals": "P", "take": "v"},
     {"attributes": [{"k": "Q", "v": 1}, {"k": "P", "v": 2}]}, 2),
    ({"find": "/attributes", "key": "k", "equals": "P", "take": "v"}, {"attributes": []}, None),
    ({"object": {"a": "x", "b": {"constant": 1}}}, {"x": 2}, {"a": 2, "b": 1}),
    ({"object": {"a": "x", "b": {"constant": 1}}}, {"x": None}, None),
    ({"list": [{"object": {"a": "x"}}, {"object": {"a": "y"}}]}, {"x": 1}, [{"a": 1}]),
    ({"each": {"a": "x"}, "from": "/people"}, {"people": [{"x": 1}, {"x": 2}]}, [{"a": 1}, {"a": 2}]),
    ({"each": {"a": "x"}, "from": "/people/person"}, {"people": {"person": {"x": 1}}}, [{"a": 1}]),
    ({"each": {"a": "x"}, "from": "/people"}, {}, []),
    ({"find": "/ids/id", "key": "k", "equals": "P", "take": "v"}, {"ids": {"id": {"k": "P", "v": 2}}}, 2),
    ({"each": {"day": {"from": "", "to": "date"}}, "from": "days"}, {"days": ["2020-01-02"]},
     [{"day": "2020-01-02"}]),
    ({"from": "v", "when": {"t": "UIN"}}, {"v": 1, "t": "UIN"}, 1),
    ({"from": "v", "when": {"t": "UIN"}}, {"v": 1, "t": "BRN"}, None),
    ({"missing": "died"}, {"died": None}, True),
    ({"missing": "died"}, {"died": "2020-01-02"}, False),
    ({"missing": "died"}, {"died": "          "}, True),
    ({"from": "v", "when": {"t": "UIN"}}, {"v": 1, "t": "UIN   "}, 1),
    ({"constant": "LMD"}, {}, "LMD"),
]  # fmt: skip


@pytest.mark.parametrize(("rule", "record", "expected"), RULES)
def test_rule__one_record__gives_its_value(rule: Any, record: dict[str, Any], expected: Any):
    """Every form of rule."""
    assert value(rule, record) == expected


MISFITS = [
    ({"from": "sex", "codes": {"M": "male"}, "else": "error"}, {"sex": "CANARY"}),
    ({"from": "n", "to": "integer"}, {"n": "CANARY"}),
    ({"from": "n", "to": "decimal", "multiply": "10000", "round": 2}, {"n": "9" * 28 + ".127"}),
    ({"find": "/a", "key": "k", "equals": 1, "take": "v"}, {"a": [{"k": 1, "v": "CANARY"}, {"k": 1}]}),
    ({"find": "/a", "key": "k", "equals": 1, "take": "v"}, {"a": "CANARY"}),
    ({"each": {"x": "y"}, "from": "/a"}, {"a": "CANARY"}),
    ({"each": {"x": {"from": "y", "to": "date"}}, "from": "/a"}, {"a": [{"y": "CANARY"}]}),
    ({"from": "n", "bands": [{"below": "1", "is": "low"}, {"is": "high"}]}, {"n": "CANARY"}),
]


@pytest.mark.parametrize(("rule", "record"), MISFITS)
def test_rule__record_does_not_fit__says_so_without_the_value(rule: Any, record: dict[str, Any]):
    """A misfit is reported, never guessed, and never quoted."""
    with pytest.raises(Unmappable) as caught:
        value(rule, record)

    assert "CANARY" not in str(caught.value)


BAD = [
    {"from": "a", "codes": {"x": "y"}},
    {"from": "a", "else": "error"},
    {"from": "a", "to": "text", "format": "%d"},
    {"find": "a", "key": "b"},
    {"to": "text"},
    {"constant": 1, "to": "text"},
    {"each": {"a": "b"}, "codes": {}},
    {"from": "/a~5"},
    {"from": "a", "bands": [{"below": "5", "is": "x"}, {"below": "6", "is": "y"}]},
    {"from": "a", "bands": [{"is": "x"}, {"is": "y"}]},
    {"from": "a", "bands": [{"below": "5", "is": "x"}, {"below": "5", "is": "y"}, {"is": "z"}]},
    {"from": "a", "bands": [{"below": "many", "is": "x"}, {"is": "y"}]},
]


@pytest.mark.parametrize("rule", BAD)
def test_compile_rule__cannot_work__refused_before_any_question(rule: Any):
    """A wrong rule is found when the file is read."""
    with pytest.raises(BadRule):
        compile_rule(rule, ())


LIMITS = [Decimal("0.01"), Decimal(2000), Decimal(6000)]
BANDS = {
    "from": "income",
    "bands": [
        {"below": "0.01", "is": "none"},
        {"below": "2000", "is": "low"},
        {"below": "6000", "is": "middle"},
        {"is": "high"},
    ],
}


@given(st.decimals(min_value=0, max_value=10**6, places=2))
def test_bands__any_amount__falls_into_the_one_band_that_holds_it(amount: Decimal):
    """Bands have no gap and no overlap; a limit belongs to the next band."""
    expected = ["none", "low", "middle", "high"][sum(amount >= limit for limit in LIMITS)]

    assert value(BANDS, {"income": str(amount)}) == expected
    assert value(BANDS, {"income": amount}) == expected


@given(st.lists(st.sampled_from(["1", "2"]), min_size=1, max_size=6))
def test_from__several_records__all_agree_or_none_is_taken(values: list[str]):
    """A plain column of a list service never takes the first of several."""
    records = [{"a": item} for item in values]
    if len(set(values)) == 1:
        assert value("a", *records) == values[0]
    else:
        with pytest.raises(Unmappable):
            value("a", *records)


SERVICE: dict[str, Any] = {
    "map": {"household_id": "h", "members": {"each": {"national_id": "n"}}},
    "shape": "list",
    "group": "h",
    "as_of": "at",
    "restricted": "p",
    "area": "d",
}


def row(**changes: Any) -> dict[str, Any]:
    """One member of a household."""
    return {"h": "H1", "n": "1", "at": "2026-01-01", "p": 0, "d": "LM-01", **changes}


def test_outcome__list__collects_rows_and_takes_the_oldest_moment():
    """Rows become a list; the answer is as old as its oldest row."""
    rules = compile_rules(SERVICE, ())
    rows = [row(), row(n="2", at="2025-12-31")]

    assert rules.outcome(rows, ("household_id", "members"), NOW) == Match(
        {"household_id": "H1", "members": [{"national_id": "1"}, {"national_id": "2"}]},
        NOW - 86_400,
        restricted=False,
        area="LM-01",
    )


def test_outcome__two_groups__ambiguous():
    """A person in two households is for a human to decide."""
    outcome = compile_rules(SERVICE, ()).outcome([row(), row(h="H2")], ("household_id",), NOW)

    assert outcome == Ambiguous(2, NOW)


def test_outcome__one_row_restricted__all_are():
    """Protection of one covers the record; areas that differ are no area."""
    outcome = compile_rules(SERVICE, ()).outcome([row(), row(p=1, d="LM-02")], ("household_id",), NOW)

    assert isinstance(outcome, Match)
    assert (outcome.restricted, outcome.area) == (True, None)


@pytest.mark.parametrize("change", [{"p": None}, {"p": "perhaps"}, {"at": None}, {"at": "CANARY"}])
def test_outcome__flag_or_age_not_told__misbehaving(change: dict[str, Any]):
    """What a source announced it must tell: protection fails closed."""
    outcome = compile_rules(SERVICE, ()).outcome([row(**change)], ("household_id",), NOW)

    assert isinstance(outcome, Misbehaving)
    assert "CANARY" not in outcome.cause


@pytest.mark.parametrize(("ahead", "expected"), [(3600, Match), (2 * 86_400, Misbehaving)])
def test_outcome__record_of_a_day_to_come__misbehaving(ahead: int, expected: type):
    """A wrong year would keep a record fresh for ever; a clock that is a little ahead does no harm."""
    rules = compile_rules({"map": {"a": "a"}, "as_of": "t"}, ("s",))

    assert isinstance(rules.outcome([{"a": 1, "t": NOW + ahead}], ("a",), NOW), expected)


def test_columns__fields_asked__only_what_they_need():
    """What nobody asked for is not read."""
    rules = compile_rules(SERVICE, ())

    assert rules.columns(("household_id",)) == {"h", "at", "p", "d"}
    assert rules.columns(("members",)) == {"h", "n", "at", "p", "d"}


@given(
    st.decimals(min_value=-(10**12), max_value=10**12, allow_nan=False, allow_infinity=False, places=6),
    st.sampled_from(["8", "100", "0.125", "10000", "-4", "0.09290304"]),
)
def test_scale__multiply_and_divide__are_exact_inverses(amount: Decimal, factor: str):
    """No digit is lost on the way there and back."""
    larger = value({"from": "a", "to": "decimal", "multiply": factor}, {"a": amount})
    assert Decimal(larger) == amount * Decimal(factor)
    if factor != "0.09290304":
        back = value({"from": "a", "to": "decimal", "divide": factor}, {"a": larger})
        assert Decimal(back) == amount


HOSTILE = [
    {"from": "v", "to": "date", "calendar": "hijri"},
    {"from": "v", "to": "partial_date"},
    {"from": "v", "script": "Latn"},
    {"from": "v", "to": "script"},
    {"from": "v", "normalise": "nfc"},
    {"from": "v", "split": {"by": " ", "part": -2}},
    {"from": "v", "pad_to": 4},
    {"from": "v", "multiply": "2", "round": 1},
    {"from": "v", "empty_values": ["x"]},
    {"from": "v", "to": "moment"},
    {"join": ["v", "v"]},
    {"first_of": ["v"], "to": "integer"},
    {"date_parts": {"year": "v", "month": "v", "day": "v"}, "to": "date", "calendar": "nepali"},
]

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=True) | st.text(max_size=30),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=4,
)


@pytest.mark.parametrize("rule", HOSTILE, ids=str)
@given(JSON)
def test_rule__whatever_a_source_sends__is_a_value_or_unmappable(rule: Any, sent: Any):
    """A hostile value breaks no rule in another way than the announced one, and is never quoted."""
    try:
        value(rule, {"v": sent})
    except Unmappable as error:
        assert len(str(sent)) < 4 or str(sent) not in str(error)  # noqa: PT017


WRONG = [
    {"from": "a", "to": "date", "format": "%d/%m/%y"},
    {"from": "a", "to": "date", "calendar": "hijri", "format": "%d %B %Y"},
    {"from": "a", "to": "partial_date", "format": "%b %Y"},
    {"from": "a", "calendar": "hijri"},
    {"from": "a", "multiply": "many"},
    {"from": "a", "multiply": "0"},
    {"from": "a", "divide": "7"},
    {"from": "a", "multiply": "2", "to": "boolean"},
    {"date_parts": {"year": "y"}},
    {"date_parts": {"year": "y"}, "to": "text"},
    {"join": ["a"], "when": {"b": 1}},
    {"constant": 1, "default": 2},
]


@pytest.mark.parametrize("rule", WRONG, ids=str)
def test_compile_rule__steps_that_cannot_work__are_refused_with_a_cure(rule: Any):
    """Found when the file is read; the complaint says what to write."""
    with pytest.raises(BadRule) as caught:
        compile_rule(rule, ())
    assert ";" in caught.value.what


def test_as_of__other_calendar__is_the_moment_the_source_vouches_for():
    """A register that dates its extracts in Hijri."""
    service = {"map": {"a": "a"}, "as_of": {"from": "at", "calendar": "hijri", "format": "%Y/%m/%d"}}
    rules = compile_rules(service, ())

    outcome = rules.outcome([{"a": 1, "at": "1445/09/01"}], ("a",), NOW)
    assert isinstance(outcome, Match)
    assert outcome.as_of == 1_710_115_200
    assert isinstance(rules.outcome([{"a": 1, "at": "1445/13/01"}], ("a",), NOW), Misbehaving)
