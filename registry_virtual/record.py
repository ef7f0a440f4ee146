"""The assembled record: what is known, from whom, and how surely (DESIGN section 10).

A status never says more than its source did: `not_found` means that every source which was asked
answered and knows nobody; a source that gave no answer says nothing about the person. A record is
handed over and forgotten, never stored.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, Literal

from schemas.identifiers import ServiceId
from schemas.record import Verdict

Status = Literal[
    "ok",
    "stale",
    "conflict",
    "source_down",
    "timeout",
    "misbehaving",
    "ambiguous",
    "denied",
    "not_found",
    "not_asked",
]

NO_ANSWER: Final[frozenset[str]] = frozenset({"source_down", "timeout", "misbehaving"})
"""Statuses that say nothing about the person."""


@dataclass(frozen=True, slots=True)
class Claim:
    """One attribute, as one source states it or as the sources together do.

    `as_of` is the moment the source vouches for, `fetched_at` when we asked, both in epoch seconds;
    `receipt` is the exchange's id. A conflict has no one source: its value is `{rule, values: [{value,
    source, as_of, fetched_at, receipt}]}`. `reasons` are the owner's codes; they stay off the wire.
    """

    status: Status
    value: Any = None
    source: ServiceId | None = None
    as_of: int | None = None
    fetched_at: int | None = None
    receipt: str | None = None
    reasons: tuple[str, ...] = ()

    def __repr__(self) -> str:
        return f"Claim(status={self.status!r}, value=<withheld>, source={self.source!s})"

    def as_json(self) -> dict[str, Any]:
        """The attribute as the Views door answers it."""
        return {
            "value": self.value,
            "status": self.status,
            "source": None if self.source is None else str(self.source),
            "as_of": self.as_of,
            "fetched_at": self.fetched_at,
            "receipt": self.receipt,
        }


@dataclass(frozen=True, slots=True)
class AssembledRecord:
    """One view's answer about one subject. `unanswered` are the services that were asked and gave no
    answer, `receipts` the ids of all exchanges that took place, in the order of the plan."""

    view: str
    attributes: Mapping[str, Claim]
    predicates: Mapping[str, Verdict]
    unanswered: tuple[ServiceId, ...]
    receipts: tuple[str, ...]

    @property
    def degraded(self) -> bool:
        """Whether any source gave no answer, even if another one stood in for it."""
        return bool(self.unanswered)

    def to_json(self, *, id: str, cid: str) -> dict[str, Any]:  # noqa: A002 - the contract's own word
        """The answer of `POST /v1/views/{view}`; `id` and `cid` are the enquiry's, made by the gateway."""
        return {
            "view": self.view,
            "id": id,
            "cid": cid,
            "attributes": {name: claim.as_json() for name, claim in self.attributes.items()},
            "predicates": dict(self.predicates),
        }
