"""Comparing questions as a system saw them: two are alike when only their passing parts differ."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any


def leaves(question: Any, place: tuple[str | int, ...] = ()) -> Iterator[tuple[tuple[str | int, ...], Any]]:
    """Every scalar of a question, with its place. An empty list or mapping is a leaf too."""
    if isinstance(question, Mapping) and question:
        for name, value in question.items():
            yield from leaves(value, (*place, name))
    elif isinstance(question, (list, tuple)) and question:
        for index, value in enumerate(question):
            yield from leaves(value, (*place, index))
    else:
        yield place, question


def passing(first: Sequence[Any], second: Sequence[Any]) -> set[tuple[str | int, ...]]:
    """The places where two runs of the same questions differ: message numbers, moments."""
    one, other = dict(leaves(list(first))), dict(leaves(list(second)))
    return {place for place in one.keys() & other.keys() if one[place] != other[place]}


def steady(first: Sequence[Any], second: Sequence[Any]) -> bool:
    """Whether two runs put questions of the same form."""
    return dict(leaves(list(first))).keys() == dict(leaves(list(second))).keys()
