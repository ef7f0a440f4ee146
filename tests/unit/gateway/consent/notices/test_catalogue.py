"""Message catalogues: a language is one file, and a file that lacks something does not load."""

from __future__ import annotations

import re
import shutil
import unicodedata
from pathlib import Path

import pytest
import yaml

from adapters.canonical import canonicals
from gateway.consent.notices.catalogue import SHIPPED, isolate, load_catalogues
from gateway.consent.record import Capacity, State
from schemas.errors import ConfigurationError


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A copy of the shipped notices."""
    shutil.copytree(SHIPPED / "v1", tmp_path / "v1")
    return tmp_path


def change(path: Path, into: Path, **members) -> None:
    """Write a catalogue with other members; None takes one out."""
    document = yaml.safe_load(path.read_text("utf-8"))
    for name, value in members.items():
        place, key = document, name
        for part in name.split("__")[:-1]:
            place = place[part]
        key = name.split("__")[-1]
        place.pop(key, None) if value is None else place.update({key: value})
    into.write_text(yaml.safe_dump(document, allow_unicode=True), "utf-8")


def test_shipped__english_french_and_arabic__arabic_from_right_to_left():
    """Three languages come along, one of them written from right to left."""
    found = load_catalogues()
    assert found.languages() == ("ar", "en", "fr")
    assert {language: found.find(language).direction for language in found.languages()} == {
        "ar": "rtl", "en": "ltr", "fr": "ltr"
    }  # fmt: skip


def canonical_fields(*, of_areas: bool) -> set[str]:
    """The fields of all shipped canonical schemas: those of areas, whose key is an area's code, or the rest."""
    return {
        f"{one.name.split('/')[0]}.{field}"
        for one in canonicals().values()
        for field in one.fields
        if (one.document["required"] == ["area"]) is of_areas
    }


def test_shipped__every_canonical_field_about_a_person__has_words_and_nothing_else_has():
    """Whatever a source can tell of a person can be asked for in plain words; no word is for nothing.

    What is told of an area (`area`, `alert`) is about nobody, so nobody can consent to it, and without
    words nobody can be asked to.
    """
    words = load_catalogues().find("en").fields
    assert words.keys() == canonical_fields(of_areas=False)
    assert {"area.population", "alert.has_alert"} <= canonical_fields(of_areas=True)


@pytest.mark.parametrize("language", load_catalogues().languages())
def test_shipped__words_for_fields__are_plain_text_without_codes(language: str):
    """Right-to-left words are stored in reading order, without marks that print nothing; no code is shown."""
    words = load_catalogues().find(language)
    for field, text in words.fields.items():
        assert text.isprintable(), field
        assert text == unicodedata.normalize("NFC", text).strip(), field
        assert re.search(r"[_{}<>]|[A-Z]{2}", text) is None, field
        assert not text.endswith("."), field


def test_shipped__every_state_and_capacity_has_words():
    """The code's own words are all said."""
    words = load_catalogues().find("ar")
    assert words.states.keys() == {*State, "not_yet"}
    assert words.relations.keys() == set(Capacity)


def test_new_language__is_one_file(folder: Path):
    """Adding a language is one file beside the others."""
    change(folder / "v1" / "en.yaml", folder / "v1" / "sw.yaml", language="sw", name="Kiswahili")
    assert load_catalogues(folder).languages() == ("ar", "en", "fr", "sw")


def test_new_version__the_old_words_stay(folder: Path):
    """New words are a new version; what was shown before can still be found."""
    (folder / "v2").mkdir()
    change(folder / "v1" / "en.yaml", folder / "v2" / "en.yaml", texts__title="Your permission")
    found = load_catalogues(folder)
    assert (found.newest, found.languages()) == (2, ("en",))
    assert found.find("en", 1).texts["title"] != found.find("en").texts["title"]
    assert found.find("ar") is None


@pytest.mark.parametrize(
    ("members", "word"),
    [
        ({"texts__withdraw_text": None}, "withdraw_text"),
        ({"texts__more": "words"}, "more"),
        ({"texts__title": "   "}, "texts"),
        ({"texts__until_text": "until {end}"}, "until_text"),
        ({"texts__title": "{client}"}, "title"),
        ({"texts__title": "{client.__class__}"}, "title"),
        ({"texts__until_text": "{begin!r} {end:>99999999}"}, "until_text"),
        ({"texts__title": "a { brace"}, "title"),
        ({"purposes__taxation": None}, "taxation"),
        ({"fields__person": {"full_name": "name"}}, "person.sex"),
        ({"fields": ["person"]}, "fields"),
        ({"units__days": None}, "days"),
        ({"states__granted": None}, "granted"),
        ({"months": ["January"]}, "months"),
        ({"direction": "up"}, "direction"),
        ({"language": "en"}, "language"),
        ({"date": "{day}"}, "date"),
        ({"extra": 1}, "extra"),
        ({"name": None}, "name"),
    ],
)
def test_load__a_string_that_is_missing_or_wrong__names_file_and_string(folder: Path, members, word):
    """A hole in a language is found at the start, not in front of a person."""
    path = folder / "v1" / "fr.yaml"
    change(path, path, **members)
    with pytest.raises(ConfigurationError) as caught:
        load_catalogues(folder)
    assert "fr.yaml" in caught.value.detail
    assert word in caught.value.detail


@pytest.mark.parametrize("content", [b"[1, 2]", b"\xff\xfe", b"a: [", b"x" * 300_000])
def test_load__not_a_catalogue__refused(folder: Path, content: bytes):
    """A file that is no catalogue keeps the gateway from starting, whatever it is."""
    (folder / "v1" / "de.yaml").write_bytes(content)
    with pytest.raises(ConfigurationError):
        load_catalogues(folder)


def test_load__no_notices_at_all__refused(tmp_path: Path):
    """Without words nobody can be asked."""
    with pytest.raises(ConfigurationError):
        load_catalogues(tmp_path)


def test_isolate__a_value_cannot_turn_the_line_around():
    """Directional overrides and other characters that print nothing are taken out of values."""
    assert isolate("a\u202eb\u2069c\n") == "\u2068a b c \u2069"
