"""Redacted values keep their form and tell nobody."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from adapters.capture.keeping import formats_of, words_of
from adapters.capture.redaction import Redactor

KEEP = frozenset({"F", "active"})


@given(st.text(min_size=1, max_size=30))
def test_text__any__same_length_and_the_same_every_time(text):
    """A value that stands twice in an answer stays one value."""
    redactor = Redactor(KEEP)
    assert len(redactor.text(text)) == len(text)
    assert redactor.text(text) == redactor.text(text)


@given(st.from_regex(r"0{0,3}[1-9][0-9]{6,12}", fullmatch=True))
def test_text__number__digits_of_the_same_length_with_its_leading_zeros(number):
    """What was ten digits with a leading zero still is."""
    other = Redactor(KEEP).text(number)
    assert other != number
    assert other.isdecimal()
    assert len(other) - len(other.lstrip("0")) == len(number) - len(number.lstrip("0"))


def test_text__code_of_the_file__stays():
    """Without its codes an answer would not map any more."""
    assert [Redactor(KEEP).text(word) for word in ("F", "active")] == ["F", "active"]


def test_text__other_script__letters_of_that_script():
    """An Arabic name becomes Arabic letters, upper case stays upper case."""
    other = Redactor(KEEP).text("أمينة Bello")
    assert all("\u0600" <= letter <= "\u06ff" for letter in other[:5])
    assert other[6].isupper()
    assert other[7:].islower()


@given(st.dates(date(1905, 1, 1), date(2026, 1, 1)))
def test_text__date__is_another_date_in_the_same_writing(day):
    """ISO and declared formats give valid days, order kept within one capture."""
    redactor = Redactor(KEEP, ["%d.%m.%Y"])
    assert date.fromisoformat(redactor.text(day.isoformat())) < day
    written = redactor.text(day.strftime("%d.%m.%Y"))
    assert redactor.text(written)  # still a date of the format, or this would not be one either
    assert written != day.strftime("%d.%m.%Y")


def test_value__structure__stays():
    """Names, nulls, booleans and types are the system's; leaves are replaced."""
    given_value = {
        "id": 48213,
        "amount": Decimal("1200.50"),
        "flag": True,
        "none": None,
        "list": [{"name": "Amina"}],
    }
    other = Redactor(KEEP).value(given_value)
    assert other.keys() == given_value.keys()
    assert (other["flag"], other["none"]) == (True, None)
    assert isinstance(other["id"], int)
    assert isinstance(other["amount"], Decimal)
    assert other["list"][0]["name"] != "Amina"


def test_left_in__original_in_another_text__is_seen():
    """A number that also stands inside a link does not get through."""
    redactor = Redactor(KEEP)
    other = redactor.text("4821334455")
    assert redactor.left_in("/persons/4821334455")
    assert not redactor.left_in(redactor.inside("/persons/4821334455"))
    assert redactor.inside("/persons/4821334455") == f"/persons/{other}"


def test_words_of__source_file__codes_constants_and_conditions():
    """The words come from the file itself."""
    document = {
        "services": {
            "s": {
                "map": {
                    "sex": {"from": "s", "codes": {"M": "male", "F": "female"}, "else": "error"},
                    "id": {"find": "ids", "key": "type", "equals": "NID", "take": "value"},
                    "born": {"from": "b", "to": "date", "format": "%d/%m/%Y"},
                },
                "errors": [{"when": {"json": "/status", "equals": "ERROR"}, "as": "unavailable"}],
            }
        }
    }
    assert {"M", "F", "NID", "ERROR"} <= words_of(document)
    assert formats_of(document) == {"%d/%m/%Y"}
