"""Which values of an answer are words of the file, not of a person: they stay when it is redacted."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

_WORDS = frozenset({"codes", "equals", "when"})


def words_of(document: Any) -> frozenset[str]:
    """All codes, constants that rules compare with, and error rules' values of a source file."""
    return frozenset(_words(document))


def formats_of(document: Any) -> frozenset[str]:
    """The date formats of a source file."""
    return frozenset(_formats(document))


def _words(value: Any) -> Iterator[str]:
    if isinstance(value, Mapping):
        for name, item in value.items():
            if name in _WORDS:
                yield from _leaves(item)
            yield from _words(item)
    elif isinstance(value, list):
        for item in value:
            yield from _words(item)


def _leaves(value: Any) -> Iterator[str]:
    if isinstance(value, Mapping):
        for name, item in value.items():
            yield str(name)
            yield from _leaves(item)
    elif isinstance(value, list):
        for item in value:
            yield from _leaves(item)
    elif value is not None:
        yield str(value)


def _formats(value: Any) -> Iterator[str]:
    if isinstance(value, Mapping):
        for name, item in value.items():
            if name == "format" and isinstance(item, str) and "%" in item:
                yield item
            yield from _formats(item)
    elif isinstance(value, list):
        for item in value:
            yield from _formats(item)
