"""What a source can answer: six outcomes that are never confused (DESIGN section 9).

`NotFound` means the source answered and knows nobody; a source that did not answer is
`Unavailable`, which says nothing about the person. `Ambiguous` carries only a count: choosing is a
person's work. `as_of` is epoch seconds: the moment the source vouches for, not the moment we asked.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal


@dataclass(frozen=True, slots=True)
class Match:
    """Exactly one record; `restricted` and `area` come from the source, None when it does not say."""

    record: Mapping[str, Any]
    as_of: int
    restricted: bool | None = None
    area: str | None = None


@dataclass(frozen=True, slots=True)
class NotFound:
    """The source answered: no record."""

    as_of: int


@dataclass(frozen=True, slots=True)
class Ambiguous:
    """The source answered with more than one candidate."""

    candidates: int
    as_of: int


@dataclass(frozen=True, slots=True)
class DeniedBySource:
    """The source refused our credentials or this query."""

    cause: str


@dataclass(frozen=True, slots=True)
class Unavailable:
    """The source gave no answer: unreachable, failing, overloaded or too slow."""

    cause: str
    timeout: bool = False
    retry_after_s: float | None = None


@dataclass(frozen=True, slots=True)
class Misbehaving:
    """The source answered against its own description. `cause` never quotes the answer."""

    cause: str


Answered = Match | NotFound | Ambiguous
Unanswered = DeniedBySource | Unavailable | Misbehaving
Outcome = Answered | Unanswered
Shape = Literal["record", "list"]
