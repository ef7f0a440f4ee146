r"""What is wrong with a pattern of a selector, though it is a regular expression.

Patterns come from the owner's file, values from whoever asks. Python tries a pattern in every way before
it says no: `([A-Z]+ ?)+` takes longer than a life for a text of forty letters, and one such question
stops the gateway. And `\d` takes the digits of every script, so one number would have many texts.
Left out: patterns that only take long for texts longer than a subject's value can be (256 characters).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from re import _constants as sre  # type: ignore[attr-defined]  # the only parser of what `re` reads
from re import _parser  # type: ignore[attr-defined]
from typing import Any, Final

from adapters.kinds import Complaint
from adapters.yaml_lines import Place

_MANY: Final = 16
"""Repeated so often, what is tried twice each time is tried for ever."""
_REPEATS: Final = (sre.MAX_REPEAT, sre.MIN_REPEAT)
_GROUPS: Final = (sre.SUBPATTERN, sre.ATOMIC_GROUP)
_CATEGORIES: Final = {
    sre.CATEGORY_DIGIT: r"\d",
    sre.CATEGORY_NOT_DIGIT: r"\D",
    sre.CATEGORY_SPACE: r"\s",
    sre.CATEGORY_NOT_SPACE: r"\S",
    sre.CATEGORY_WORD: r"\w",
    sre.CATEGORY_NOT_WORD: r"\W",
}
_SAMPLE: Final = frozenset(map(chr, range(256))) | frozenset("Ωяبم中１٣")

Item = tuple[Any, Any]


def pattern_complaints(pattern: str, place: Place) -> Iterator[Complaint]:
    """What must be written otherwise in a pattern that `re` can compile."""
    items = list(_parser.parse(pattern))
    if any(argument is sre.CATEGORY_DIGIT for argument in _arguments(items)):
        yield place, "`\\d` takes the digits of every script", "write [0-9] in its place"
    if any(_is_endless(item) for item in _all(items)):
        cure = "let each repetition begin with what the rest of it cannot hold, such as [A-Z]+( [A-Z]+)*"
        yield place, "a repetition inside a repetition: some texts would be tried for ever", cure


def _is_endless(item: Item) -> bool:
    """Whether an item can take one text in exponentially many ways."""
    kind, argument = item
    if kind not in _REPEATS or argument[1] <= _MANY:
        return False
    body = list(argument[2])
    if any(one[0] is sre.BRANCH and _overlap(list(map(_first, one[1][1]))) for one in _all(body)):
        return True
    varying = [_signs(one) for one in _all(body) if one[0] in _REPEATS and one[1][0] != one[1][1]]
    if not varying:
        return False
    # A sign that must stand in every repetition, and in no varying part, shows where the next one begins.
    held = frozenset().union(*varying)
    return _overlap(varying) or not any(_is_one(one) and not _signs(one) & held for one in _flat(body))


def _overlap(sets: Sequence[frozenset[str]]) -> bool:
    return any(one & other for index, one in enumerate(sets) for other in sets[:index])


def _first(items: Sequence[Item]) -> frozenset[str]:
    """The signs a sequence can begin with."""
    found: frozenset[str] = frozenset()
    for item in items:
        found |= _signs(item) if item[0] is not sre.BRANCH else frozenset().union(*map(_first, item[1][1]))
        if not (item[0] in _REPEATS and item[1][0] == 0) and item[0] is not sre.AT:
            break
    return found


def _flat(items: Sequence[Item]) -> Iterator[Item]:
    """The items of a sequence that must stand there, groups opened."""
    for item in items:
        kind, argument = item
        if kind in _GROUPS:
            yield from _flat(list(argument[-1] if kind is sre.SUBPATTERN else argument))
        elif kind in _REPEATS and argument[0] > 0 and argument[0] == argument[1]:
            yield from _flat(list(argument[2]))
        else:
            yield item


def _is_one(item: Item) -> bool:
    return item[0] in (sre.LITERAL, sre.NOT_LITERAL, sre.IN, sre.ANY)


def _all(items: Sequence[Item]) -> Iterator[Item]:
    """Every item, also inside others."""
    for item in items:
        yield item
        for inner in _inside(item):
            yield from _all(inner)


def _inside(item: Item) -> list[list[Item]]:
    kind, argument = item
    if kind in _REPEATS or kind is sre.POSSESSIVE_REPEAT:
        return [list(argument[2])]
    if kind is sre.SUBPATTERN:
        return [list(argument[-1])]
    if kind is sre.ATOMIC_GROUP:
        return [list(argument)]
    if kind is sre.BRANCH:
        return [list(branch) for branch in argument[1]]
    if kind in (sre.ASSERT, sre.ASSERT_NOT):
        return [list(argument[1])]
    return []


def _arguments(items: Sequence[Item]) -> Iterator[Any]:
    for kind, argument in _all(items):
        if kind is sre.IN:
            yield from (inner for _, inner in argument)


def _signs(item: Item) -> frozenset[str]:
    """The signs of a sample that an item takes somewhere."""
    kind, argument = item
    if kind is sre.LITERAL:
        return frozenset(chr(argument))
    if kind is sre.NOT_LITERAL:
        return _SAMPLE - {chr(argument)}
    if kind is sre.ANY:
        return _SAMPLE
    if kind is sre.IN:
        negated = argument[0][0] is sre.NEGATE
        found = frozenset().union(*map(_member, argument[1:] if negated else argument))
        return _SAMPLE - found if negated else found
    return frozenset().union(*(_signs(one) for inner in _inside(item) for one in inner))


def _member(member: Item) -> frozenset[str]:
    kind, argument = member
    if kind is sre.RANGE:
        low, high = argument
        return frozenset(sign for sign in _SAMPLE | {chr(low), chr(high)} if low <= ord(sign) <= high)
    if kind is sre.CATEGORY:
        return frozenset(sign for sign in _SAMPLE if re.match(_CATEGORIES[argument], sign))
    return frozenset(chr(argument)) if kind is sre.LITERAL else frozenset()
