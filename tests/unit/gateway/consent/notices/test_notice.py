"""The notice that is shown, and the slip that is printed."""

from __future__ import annotations

import re
from dataclasses import replace
from html.parser import HTMLParser

import pytest

from gateway.consent.notices.catalogue import load_catalogues, without_isolates
from gateway.consent.notices.notice import Asked, as_lines, compose
from gateway.consent.notices.slip import Slip, render, short_code
from gateway.consent.record import (
    Capacity,
    ConsentRecord,
    Frequency,
    Method,
    Often,
    Representative,
    State,
)
from schemas.errors import RequestMismatch
from tests.unit.gateway.consent.desks import MOTHER, Directory
from tests.unit.gateway.consent.wishes import DAY, ISSUER, NOW, PERSON, a_wish

LANGUAGES = load_catalogues().languages()
EVIL = '"><script>alert(1)</script><img src=x onerror=alert(1)>\u202e'
ID = "0198c0de-1234-7abc-8def-0123456789ab"


def asked(**members) -> Asked:
    wish = a_wish(**members)
    return Asked(wish.issuer, wish.scope, wish.valid_from, wish.valid_until, wish.representative)


def notice(
    language: str = "en", directory: Directory | None = None, contact: str = "telephone 100", **members
):
    words = load_catalogues().find(language)
    return compose(asked(**members), words, directory or Directory(), {ISSUER: contact})


def slip(language: str = "en", directory: Directory | None = None, now: int = NOW, **members) -> str:
    wish = a_wish(**members)
    record = ConsentRecord(ID, 2, wish, "tag", members.pop("state", State.GRANTED), NOW)
    words = load_catalogues().find(language)
    shown = notice(language, directory, **members)
    return render(Slip(replace(record, wish=replace(wish, notice=shown.reference)), shown, words), now)


class Page(HTMLParser):
    """What a browser would make of a page: its elements, its attributes, its text."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags, self.attributes, self.text = [], [], ""
        self.feed(page)

    def handle_starttag(self, tag, attrs):
        """Remember an element."""
        self.tags.append(tag)
        self.attributes += attrs

    def handle_data(self, data):
        """Remember text."""
        self.text += data


@pytest.mark.parametrize("language", LANGUAGES)
def test_notice__says_all_that_a_person_must_know(language: str):
    """Who, from whom, why, what, how often, how long, the right to refuse and to withdraw, whom to ask."""
    words = load_catalogues().find(language)
    lines = "\n".join(as_lines(notice(language)))
    for part in ("who", "why", "what", "how_often", "until", "free", "withdraw", "ask"):
        assert words.texts[part] in lines
    assert "Lumeria Relief (LM/NGO/RELIEF/response)" in lines
    assert words.fields["person.full_name"] in lines
    assert words.purposes["social-assistance.eligibility"] in lines
    assert words.day(NOW + 30 * DAY) in lines
    assert "telephone 100" in lines
    assert "{" not in lines


def test_notice__digest__depends_on_what_it_says_and_not_on_names():
    """The id is a digest of the words and of what is asked; renaming a member changes no record."""
    one = notice().reference
    assert notice(directory=Directory({"LM/NGO/RELIEF": "Renamed"}), contact="elsewhere").reference == one
    others = [
        notice("fr"),
        notice(fields=("full_name",)),
        notice(purpose="taxation"),
        notice(valid_until=NOW + 31 * DAY),
        notice(frequency=Frequency(Often.ONCE)),
        notice(representative=Representative(MOTHER, Capacity.LEGAL, NOW + DAY)),
    ]
    assert len({one.id, *(other.reference.id for other in others)}) == 7


@pytest.mark.parametrize(
    ("members", "reason"),
    [({"fields": ("blood_group",)}, "notice.no_words"), ({"purpose": "war"}, "notice.no_words")],
)
def test_notice__without_plain_words__nobody_can_be_asked(members, reason):
    """A code is not an explanation."""
    with pytest.raises(RequestMismatch) as caught:
        notice(**members)
    assert caught.value.reasons == (reason,)


@pytest.mark.parametrize(
    ("period", "text"),
    [
        (30 * DAY, "3 time(s) in 30 day(s)"),
        (7200, "3 time(s) in 2 hour(s)"),
        (90, "3 time(s) in 2 minute(s)"),
    ],
)
def test_notice__how_often__in_whole_units(period: int, text: str):
    """A limit is said in the largest unit that fits."""
    lines = as_lines(notice(frequency=Frequency(Often.PER_PERIOD, 3, period)))
    assert any(text in line for line in lines)


@pytest.mark.parametrize("language", LANGUAGES)
def test_notice__of_a_representative__ends_with_the_representation(language: str):
    """The period that is shown is the one that will count, not a longer one."""
    other = Representative(MOTHER, Capacity.GUARDIAN, NOW + 5 * DAY)
    lines = "\n".join(as_lines(notice(language, representative=other)))
    words = load_catalogues().find(language)
    assert words.day(NOW + 5 * DAY) in lines
    assert words.day(NOW + 30 * DAY) not in lines
    assert lines.index(words.texts["represented"]) < lines.index(words.texts["who"])


def test_slip__arabic__is_written_from_right_to_left():
    """The page says its language and direction; codes stay from left to right."""
    page = slip("ar")
    assert '<html lang="ar" dir="rtl">' in page
    assert f'<bdi dir="ltr">{ID}.2</bdi>' in page


@pytest.mark.parametrize("language", LANGUAGES)
def test_slip__is_self_contained__and_escapes_everything(language: str):
    """HTML injection: a name, a contact or an officer that is HTML stays text, and nothing is fetched."""
    directory = Directory({"LM/NGO/RELIEF": EVIL, "LM/GOV/MSW": EVIL, "LM/GOV/NIA": EVIL})
    page = slip(
        language, directory, method=Method.ASSISTED, officer=EVIL[:-1],
        representative=Representative(MOTHER, Capacity.GUARDIAN, NOW + DAY),
    )  # fmt: skip
    read = Page(page)
    assert "<script>alert(1)</script>" in read.text
    assert not {"script", "img", "link", "iframe", "object", "form", "a"} & set(read.tags)
    assert not any(name.startswith("on") or name in {"src", "href"} for name, _ in read.attributes)
    assert not re.search(r"url\(|@import|https?:", page)
    assert "\u202e" not in page
    assert ("content", "default-src 'none'; style-src 'unsafe-inline'") in read.attributes


def test_slip__names_no_person():
    """Whom it is about is known to who holds the paper."""
    page = slip(representative=Representative(MOTHER, Capacity.GUARDIAN, NOW + DAY))
    assert PERSON.value not in page
    assert MOTHER.value not in page


@pytest.mark.parametrize(
    ("now", "state"), [(NOW - 1, "not_yet"), (NOW, "granted"), (NOW + 30 * DAY, "expired")]
)
def test_slip__says_how_it_stands_today(now: int, state: str):
    """A slip printed later does not claim what is over."""
    assert load_catalogues().find("en").states[state] in slip(now=now)


def test_slip__assisted_and_represented__says_so():
    """The paper says who agreed, until when they may, and who helped."""
    page = without_isolates(
        slip(
            method=Method.ASSISTED,
            officer="officer-7",
            representative=Representative(MOTHER, Capacity.GUARDIAN, NOW + DAY),
        )
    )
    assert "number is officer-7" in page
    assert "guardian agreed for the person" in page


def test_short_code__is_the_end_of_the_id():
    """A person at a telephone can compare it with the id."""
    assert short_code(ID) == "4567-89AB"
