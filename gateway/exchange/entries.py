"""From statements to log entries: which particulars are clear, and which belong to the case.

Clear are times, members, service, purpose, decision and statement digests. The case holds whatever
could point to a person: subject tag, user pseudonym, target, statements and heads. Bodies are in
neither (`docs/what-is-kept.md`).
"""

from __future__ import annotations

from typing import Final

from audit.entry import Entry, Kind, Result, Side
from audit.pending import ReplayRow
from schemas.encoding import unb64url
from schemas.statement import REPLAY_KEPT_S, AnswerStatement, RequestStatement, jws_digest, signing_digest

FUTURE_KEPT_S: Final = 24 * 3600
"""How long a refused statement that is dated far in the future may hold a row of the replay guard."""


def entry(
    kind: Kind,
    side: Side,
    now: int,
    request: RequestStatement,
    request_jws: str,
    *,
    answer: AnswerStatement | None = None,
    answer_jws: str | None = None,
    result: Result | None = None,
    reasons: tuple[str, ...] = (),
    policy_version: str | None = None,
) -> Entry:
    """The clear entry of one step of an exchange."""
    return Entry(
        kind=kind,
        side=side,
        id=request.id,
        ts=now,
        cid=request.cid,
        retry_of=request.retry_of,
        client=request.iss,
        service=request.aud,
        purpose=request.purpose,
        basis=request.basis,
        decision=answer.decision if answer else None,
        status=answer.status if answer else None,
        result=result,
        reasons=reasons,
        req=jws_digest(request_jws),
        ans=jws_digest(answer_jws) if answer_jws else None,
        policy_version=policy_version,
        fed=request.snapshot,
    )


def emergency_used(side: Side, request: RequestStatement, now: int) -> Entry:
    """The second entry of an exchange that a declared emergency allowed, at either gateway."""
    return Entry(
        kind="admin",
        action="emergency.used",
        side=side,
        id=request.id,
        ts=now,
        cid=request.cid,
        client=request.iss,
        service=request.aud,
        purpose=request.purpose,
        basis=request.basis,
    )


def result_of(answer: AnswerStatement) -> Result:
    """How an exchange ended, by its answer's statement."""
    if answer.typ == "answer":
        return "answered"
    return "refused" if answer.status < 500 else "failed"


def replay_row(
    request: RequestStatement, request_jws: str, answer_jws: str, now: int, *, claimed: bool = False
) -> ReplayRow:
    """The row that makes a statement's id unusable until well after its expiry."""
    digest = statement_digest(request_jws)
    expires = min(request.exp, now + FUTURE_KEPT_S) + REPLAY_KEPT_S
    return ReplayRow(request.iss, request.id, digest, answer_jws, expires, claimed)


def statement_digest(jws: str) -> bytes:
    """A statement's identity, as 32 bytes: see `schemas.statement.signing_digest`."""
    return unb64url(signing_digest(jws))
