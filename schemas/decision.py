"""What policy is asked, and what it answers (DESIGN section 7, a contract).

`DecisionInput` is built by the answering gateway from verified facts only; nothing in it is taken
from the asker's word without a signature. The engines turn it into a `Decision`. Anything that is
not a well-formed decision is a refusal: see `policies.engine`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

KNOWN_OBLIGATIONS: Final = frozenset({"mask", "max_records", "retention", "notify_subject", "double_audit"})
"""Duties this gateway can carry out; an unknown one denies. `gateway/exchange/obligations.py` reads them."""


@dataclass(frozen=True, slots=True)
class Predicate:
    """One yes/no question about one field: `{field, op, value}`."""

    field: str
    op: str
    value: Any

    def as_json(self) -> dict[str, Any]:
        """The form that policy, agreements and the wire use."""
        return {"field": self.field, "op": self.op, "value": self.value}


@dataclass(frozen=True, slots=True)
class DecisionInput:
    """The facts of one exchange, in the shape of DESIGN section 7.

    `time` is epoch seconds. `document` is every other member, ready for the engine:
    `exchange {id, cid, unsafe, retry}`, `client`, `represents`, `user`, `service`, `purpose`,
    `legal_basis`, `agreement`, `consent`, `subject`, `fields`, `predicates`, `usage`, `emergency`.
    """

    time: int
    document: Mapping[str, Any]

    def as_json(self) -> dict[str, Any]:
        """The whole input document."""
        return {"time": self.time, **self.document}


@dataclass(frozen=True, slots=True)
class Decision:
    """Policy's answer: allowed or not, and what exactly.

    `fields` are the names that may leave; `predicates` the names of predicates that may be
    answered; `reasons` are stable codes, sorted; `obligations` are duties attached to an allow.
    """

    allow: bool
    reasons: tuple[str, ...]
    fields: tuple[str, ...]
    predicates: tuple[Predicate, ...]
    obligations: Mapping[str, Any] = field(default_factory=dict)
    policy_version: str = ""

    @classmethod
    def refuse(cls, *reasons: str, policy_version: str = "") -> Decision:
        """A refusal with its reasons."""
        return cls(False, tuple(sorted(reasons)), (), (), {}, policy_version)
