"""The entry: one leaf of the log. Clear, non-personal particulars of one act, as canonical JSON.

An entry says who asked whom for which service and why, what was decided, and which statements carried it. It
never holds a subject, a person, a target or a body: those stand in the encrypted case (`case.py`), to which
the member `case` is a salted commitment. The leaf is exactly `Entry.encode()`: keys sorted, no blanks, UTF-8,
absent members left out (RFC 8785 for the values used here).
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from operator import attrgetter
from typing import Any, Literal, get_args

import orjson

from audit.errors import Malformed
from audit.tiles import MAX_ENTRY_SIZE

Kind = Literal["sent", "accepted", "outcome", "alarm", "admin", "lookup", "erased"]
Side = Literal["asking", "answering"]
Result = Literal["answered", "refused", "failed", "outcome_unknown"]

VERSION = 1
_MAX_INT = 2**53 - 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One act. `req`, `ans` (SHA-256 of the statements' JWS) and `case` (commitment): unpadded base64url.

    `side` is None for acts outside an exchange (`admin`, `lookup`, `erased`), whose `action` is a code and
    whose `about` is the index of the entry they concern. A refusal is an `outcome` with result `refused`.
    """

    kind: Kind
    id: str
    ts: int
    side: Side | None = None
    cid: str | None = None
    retry_of: str | None = None
    client: str | None = None
    service: str | None = None
    purpose: str | None = None
    basis: str | None = None
    decision: str | None = None
    status: int | None = None
    result: Result | None = None
    reasons: tuple[str, ...] = ()
    req: str | None = None
    ans: str | None = None
    policy_version: str | None = None
    fed: int | None = None
    case: str | None = None
    action: str | None = None
    about: int | None = None
    v: int = VERSION

    def encode(self, commitment: str | None = None) -> bytes:
        """Return the leaf's bytes, committed to a case if a commitment is given.

        `Malformed` when a value has no place in JSON or the entry is too long.
        """
        members = {
            name: value for name, value in zip(_NAMES, _VALUES(self), strict=True) if value is not None
        }
        if not self.reasons:
            del members["reasons"]
        if commitment is not None:
            members["case"] = commitment
        try:
            encoded = orjson.dumps(members, option=orjson.OPT_SORT_KEYS)
        except orjson.JSONEncodeError as error:
            raise Malformed("the entry has no JSON form") from error
        if len(encoded) > MAX_ENTRY_SIZE:
            raise Malformed("the entry is longer than 65,535 bytes")
        return encoded

    @classmethod
    def decode(cls, encoded: bytes) -> Entry:
        """Read a leaf's bytes; anything `encode` would not have written is `Malformed`."""
        if len(encoded) > MAX_ENTRY_SIZE:
            raise Malformed("the entry is longer than 65,535 bytes")
        try:
            members = orjson.loads(encoded)
        except orjson.JSONDecodeError as error:
            raise Malformed("the entry is not JSON") from error
        if not isinstance(members, dict) or not _fits(members):
            raise Malformed("the entry has members it should not have")
        entry = cls(**{**members, "reasons": tuple(members.get("reasons", ()))})
        if entry.encode() != encoded:
            raise Malformed("the entry is not in canonical form")
        return entry


_NAMES = tuple(field.name for field in fields(Entry))
_VALUES = attrgetter(*_NAMES)
_INTEGERS = frozenset({"v", "ts", "status", "fed", "about"})
_WORDS = {"kind": get_args(Kind), "side": get_args(Side), "result": get_args(Result)}
_REQUIRED = frozenset({"v", "kind", "id", "ts"})


def _fits(members: dict[str, Any]) -> bool:
    """Tell whether the members are known, complete, and of the right types."""
    return (
        members.keys() <= set(_NAMES)
        and members.keys() >= _REQUIRED
        and members["v"] == VERSION
        and all(_fits_member(name, value) for name, value in members.items())
    )


def _fits_member(name: str, value: Any) -> bool:
    """Tell whether one member's value has its type."""
    if name in _INTEGERS:
        return type(value) is int and 0 <= value <= _MAX_INT
    if name == "reasons":
        return isinstance(value, list) and all(isinstance(reason, str) for reason in value)
    return isinstance(value, str) and value in _WORDS.get(name, (value,))
