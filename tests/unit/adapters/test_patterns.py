"""Patterns that would stop a gateway, or give one number many texts, are refused before any question."""

from __future__ import annotations

import re

import pytest

from adapters.patterns import pattern_complaints

GOOD = [
    "[0-9]{10}",
    "[0-9A-Z]{6,16}",
    "(?s:.*)",
    "-?[0-9]{1,3}(\\.[0-9]{1,7})?",
    "^[0-9]{10}$",
    "[A-Z]+( [A-Z]+)*",
    "([A-Za-z]+[-' ])*[A-Za-z]+",
    "(?:[0-9]{4}-?)+",
    "([0-9]{3}-){2}[0-9]{4}",
    "(?:[A-Z]|[0-9])+",
    "(NID|BRN)-[0-9]{8}",
    "[\\w' -]{1,100}",
    "(?:(?:LM|NA)-)?[0-9]+",
]
ENDLESS = {
    "(a+)+": "a",
    "([A-Z]+ ?)+": "A",
    "(\\w+\\s?)*": "a",
    "([A-Z][A-Z]?)+": "A",
    "(a?){30}": "a",
    "(a*b*)*": "a",
    "(?:a+|b)+": "a",
    "((ab)+)+": "ab",
    "(?:ab|[a-z]{2}|[a-z])*": "ab",
    "(xa+a+)*": "xaaa",
}


@pytest.mark.parametrize("pattern", GOOD)
def test_complaints__pattern_of_a_register__none(pattern: str):
    """What registers use is taken, and is quick on the longest value there can be."""
    assert list(pattern_complaints(pattern, ())) == []
    assert not any(re.fullmatch(pattern, sign * 255 + "\x00") for sign in "A1a-'" if pattern != "(?s:.*)")


@pytest.mark.parametrize("pattern", sorted(ENDLESS))
def test_complaints__pattern_that_never_ends__refused(pattern: str):
    """Python tries these in more ways than a question may take; each more sign multiplies them."""
    [(place, what, cure)] = pattern_complaints(pattern, ("at",))

    assert place == ("at",)
    assert "repetition" in what
    assert cure


@pytest.mark.parametrize("pattern", ["\\d{10}", "[\\d-]+", "(?:\\d|[A-Z])+"])
def test_complaints__digits_of_every_script__refused(pattern: str):
    r"""`\d` takes Arabic and full-width digits: one number would have many texts."""
    assert re.fullmatch(pattern, "\uff11" * 10)
    assert [what for _, what, _ in pattern_complaints(pattern, ())] == [
        "`\\d` takes the digits of every script"
    ]
