"""Redacted values keep their form and tell nobody."""

from __future__ import annotations

import re
from base64 import b64encode
from datetime import date, datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.capture.bodies import answer_of
from adapters.capture.keeping import formats_of, words_of
from adapters.capture.redaction import Redactor
from adapters.http.answers import HttpAnswer
from adapters.http.paging import linked

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
    """ISO and declared formats give valid days, and the same one."""
    redactor = Redactor(KEEP, ["%d.%m.%Y"])
    assert date.fromisoformat(redactor.text(day.isoformat())) < day
    written = redactor.text(day.strftime("%d.%m.%Y"))
    assert redactor.text(written)  # still a date of the format, or this would not be one either
    assert written != day.strftime("%d.%m.%Y")
    assert written == date.fromisoformat(redactor.text(day.isoformat())).strftime("%d.%m.%Y")


def test_text__a_date_that_everybody_knows__does_not_give_the_others_away():
    """Days are not all moved alike: the day of the capture would lead back to a day of birth."""
    days = [date(1987, 3, 14) + timedelta(days=number) for number in range(40)]
    redactor = Redactor(KEEP)
    assert len({day - date.fromisoformat(redactor.text(day.isoformat())) for day in days}) > 1
    years = {f"1{number}/04/19{number}" for number in range(30, 40)}
    assert len({int(year[-4:]) - int(redactor.text(year)[-4:]) for year in years}) > 1


@pytest.mark.parametrize(
    "moment",
    [
        "2024-03-11T09:14:27.123456Z",
        "2024-03-11 23:59:59+05:45",
        "2024-03-11T09:14",
        "2024-03-11T09:14:27,5Z",
    ],
)
def test_text__moment__its_time_is_another_one_and_valid(moment):
    """Moments to the microsecond find one record in a system's own log."""
    times = set()
    for _ in range(20):
        other = Redactor(KEEP).text(moment)
        datetime.fromisoformat(other)
        assert len(other) == len(moment)
        assert other[-6:] == "+05:45" or not moment.endswith("+05:45")
        times.add(other[11:16])
    assert len(times) > 1


def test_text__midnight__stays():
    """A day that a driver writes as a moment stays a day."""
    assert Redactor(KEEP).text("2024-03-11T00:00:00Z").endswith("T00:00:00Z")


@given(st.integers(1, 31), st.integers(1, 12))
def test_text__date_of_unknown_order__day_and_month_are_others_that_exist(day, month):
    """Neither the day nor the month of a birth stays, whatever the order."""
    others = {Redactor(KEEP).text(f"{day:02}/{month:02}/1987")[:5] for _ in range(30)}
    assert len(others) > 1
    assert all((int(other[:2]) <= 12) == (day <= 12) and 1 <= int(other[3:]) <= 12 for other in others)


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


def test_left_in_name__number_in_a_members_name__is_seen():
    """A member may be called by a number that is also a value."""
    redactor = Redactor(KEEP)
    redactor.text("A817")
    redactor.text("identifier")
    assert redactor.left_in_name("person-A817")
    assert not redactor.left_in_name("identifier")


def test_answer_of__link_to_the_next_page__says_only_that_there_is_one():
    """A cursor may hold a number in any writing, such as Base64."""
    cursor = b64encode(b'{"nid":"4821334455"}').decode()
    headers = {
        "link": f'<https://a.example/people?after={cursor}>; rel="next"',
        "content-type": "application/json",
    }
    recorded = answer_of(HttpAnswer(200, "application/json", b"{}", 0, None, headers), Redactor(KEEP))
    assert cursor not in str(recorded)
    assert linked(recorded["headers"]["link"]) is not None


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


@given(st.integers(0, 999))
def test_redaction__small_number__stays_within_its_bounds(number):
    """100 per cent never becomes 700, nor grade 4 grade 9."""
    other = Redactor(()).value(number)
    assert 0 <= other <= number
    assert len(str(other)) == len(str(number))


@given(st.uuids())
def test_redaction__hexadecimal__stays_hexadecimal(uuid):
    """A selector that wants a UUID still gets one, of another."""
    text = str(uuid)
    other = Redactor(()).text(text)
    assert re.fullmatch(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", other) or not re.search(r"\d", text)


@pytest.mark.parametrize(
    ("text", "form"),
    [
        ("2025", r"20[12]\d"),
        ("1987-03", r"198\d-03"),
        ("Patient/0044-ab", r"Patient/00\d\d-[a-z]{2}"),
        ("https://a.example/p?id=17", r"https://[a-z]\.[a-z]+/[a-z]\?[a-z]{2}=1\d"),
        ("true", "true"),
    ],
)
def test_redaction__forms_that_systems_check__are_kept(text, form):
    """Years stay years, months months, addresses addresses, and what file and protocol say stays."""
    assert re.fullmatch(form, Redactor({"Patient"}).text(text))


def test_redaction__reference_and_what_it_names__have_one_other_name():
    """`Patient/p1` still leads to `p1`."""
    redactor = Redactor({"Patient"})
    assert redactor.text("Patient/person-77") == "Patient/" + redactor.text("person-77")
