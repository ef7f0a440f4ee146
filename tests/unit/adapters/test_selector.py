"""Selectors: plain and composite, and that one text splits in one way only."""

from __future__ import annotations

import re
from datetime import date
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.selector import Part, Selector, fits, part_names, read_selector, selector_complaints
from schemas.errors import RequestMismatch

NAME_AND_BIRTH: dict[str, Any] = {
    "parts": {
        "name": {"pattern": "[^;]{1,100}"},
        "birth_date": {"pattern": "[0-9-]{10}", "to": "date"},
        "number": {"pattern": "[0-9]{1,6}", "to": "integer"},
    }
}
COMPOSITE = read_selector("name_and_birth", NAME_AND_BIRTH)
PLAIN = Selector("national_id", (Part("national_id", re.compile("[0-9;]{3,10}")),))

texts = st.text(st.characters(exclude_characters=";", exclude_categories=["C"]), min_size=1, max_size=100)


def test_values__plain_selector__one_value_under_its_own_name():
    """A plain value is never split, and keeps its leading zeros."""
    assert PLAIN.values("00;7") == {"national_id": "00;7"}


@given(texts, st.dates(), st.integers(0, 999_999))
def test_values__joined_parts__come_apart_as_they_were(name: str, day: date, number: int):
    """Joining and splitting are each other's inverse."""
    joined = COMPOSITE.join({"name": name, "birth_date": day.isoformat(), "number": str(number)})

    assert COMPOSITE.values(joined) == {"name": name, "birth_date": day.isoformat(), "number": number}


@given(st.text(max_size=256))
def test_values__any_text__parts_or_a_mismatch(text: str):
    """Whatever an asker sends, the source gets values of the declared form or nothing."""
    try:
        values = COMPOSITE.values(text)
    except RequestMismatch:
        assert not fits("name_and_birth", NAME_AND_BIRTH, text)
    else:
        assert COMPOSITE.join(dict(zip(values, text.split(";"), strict=True))) == text
        assert not any(";" in str(value) for value in values.values())


REFUSED = [
    "Ilva Toss",
    "Ilva Toss;1987-03-14",
    "Ilva Toss;1987-02-30;1",
    "Ilva Toss;1987-W11-6;1",
    "Ilva;Toss;1987-03-14;1",
    ";1987-03-14;1",
    "Ilva Toss;1987-03-14;+1",
    "Ilva Toss;1987-03-14;\u0661",
    "Ilva Toss;\u0661987-03-14;1",
    "",
]


@pytest.mark.parametrize("text", REFUSED)
def test_values__not_of_the_form__is_refused(text: str):
    """Missing and surplus parts, days that do not exist, digits of other scripts."""
    with pytest.raises(RequestMismatch) as caught:
        COMPOSITE.values(text)
    assert "Ilva" not in str(caught.value)
    assert not fits("name_and_birth", NAME_AND_BIRTH, text)


def test_values__wide_pattern_with_integer__takes_plain_digits_only():
    """The type holds even where the pattern would let other digits pass."""
    selector = read_selector("n", {"pattern": r"\d+", "to": "integer"})

    assert selector.values("007") == {"n": 7}
    for text in ("\u0661", "1" * 19):
        with pytest.raises(RequestMismatch):
            selector.values(text)


def test_values__date_of_a_source_calendar__is_written_as_the_source_has_it():
    """The asker writes a Gregorian day; the source compares with its own."""
    form = {"pattern": "[0-9-]{10}", "to": "date", "format": "%d/%m/%Y", "calendar": "ethiopian"}
    selector = read_selector("born", form)

    assert selector.values("2007-09-12") == {"born": "01/01/2000"}
    with pytest.raises(RequestMismatch):
        selector.values("0001-01-01")


@pytest.mark.parametrize("parts", [{}, {"name": "a"}, {"name": "a", "birth_date": "x", "number": "1"}])
def test_join__parts_missing_or_of_another_form__is_refused(parts: dict[str, str]):
    """Nobody joins half a subject."""
    with pytest.raises(RequestMismatch):
        COMPOSITE.join(parts)


@pytest.mark.parametrize("name", ["a;b", "a;1987-03-14"])
def test_join__separator_inside_a_part__is_refused(name: str):
    """A part cannot bring a further part with it."""
    with pytest.raises(RequestMismatch):
        COMPOSITE.join({"name": name, "birth_date": "1987-03-14", "number": "1"})


def test_part_names__plain_and_composite__what_a_request_may_use():
    """A kind checks its request against these names."""
    assert part_names({"nid": {"pattern": "x"}, "both": NAME_AND_BIRTH}) == {
        "nid": ("nid",),
        "both": ("name", "birth_date", "number"),
    }


@pytest.mark.parametrize(
    ("given", "where"),
    [
        ({"pattern": "("}, ("at", "pattern")),
        ({"parts": {"a": {"pattern": "("}, "b": {"pattern": "x"}}}, ("at", "parts", "a", "pattern")),
        ({"parts": {"a": {"pattern": ".*"}, "b": {"pattern": "x"}}}, ("at", "parts", "a", "pattern")),
        ({"pattern": "x", "format": "%d/%m/%Y"}, ("at",)),
        ({"pattern": "x", "to": "date", "format": "%m/%Y"}, ("at",)),
    ],
)
def test_selector_complaints__cannot_work__place_and_cure(given: dict[str, Any], where: tuple[str, ...]):
    """A broken pattern, and one that lets the separator in, are found before anything is asked."""
    [(place, what, cure)] = selector_complaints("s", given, ("at",))

    assert place == where
    assert what
    assert cure
