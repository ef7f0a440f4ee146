"""Which values of an answer are words of the file, not of a person: they stay when it is redacted.

A source file tells of a system, not of anybody in it, so every text in it may stay: codes, what rules
compare with, the constants of a request. Only its `tests` name people.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

_OF_PEOPLE = frozenset({"tests", "title", "owner"})
_PIECE = re.compile(r"\{[^{}]*\}|[\s|?&]+")


def words_of(document: Any) -> frozenset[str]:
    """Every text and code of a source file, and the pieces between its placeholders."""
    given = {name: part for name, part in dict(document).items() if name not in _OF_PEOPLE}
    return frozenset(piece for text in _leaves(given) for piece in (text, *_PIECE.split(text)) if piece)


def formats_of(document: Any) -> frozenset[str]:
    """The date formats of a source file."""
    return frozenset(_formats(document))


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
