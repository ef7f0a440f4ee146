"""What the answering side writes into the log: steps 5 and 9, and alarms.

If an entry cannot be written, nothing leaves: no receipt, no data.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Sequence
from dataclasses import dataclass

from audit.case import Case
from audit.entry import Entry, Kind, Result
from audit.errors import AuditError
from audit.errors import Replayed as ReplayedInLog
from audit.log import AuditLog
from audit.pending import PendingEntry
from audit.store import Write
from gateway.exchange.entries import emergency_used, entry, replay_row, result_of, statement_digest
from gateway.exchange.notices import notice_of
from gateway.exchange.signing import Signed
from gateway.exchange.under_way import Exchange
from schemas.errors import AuditUnavailable, ExchangeError, Replayed
from schemas.identifiers import GatewayId
from schemas.statement import RequestStatement

_logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Journal:
    """The answering side's entries. Every method raises AuditUnavailable when nothing was written."""

    gateway: GatewayId
    log: AuditLog

    async def alarm(self, exchange: Exchange) -> None:
        """Somebody used a statement's id for another content: that is no retry."""
        _logger.warning("exchange %s: its id came again with other content", exchange.statement.id)
        alarm = _entry("alarm", exchange, reasons=("statement.id_reused",))
        await self._append(exchange, PendingEntry(alarm, _case(exchange)))

    async def accepted(self, exchange: Exchange) -> None:
        """An unsafe exchange is about to act. Raises Replayed when its id was used before."""
        row = replay_row(exchange.statement, exchange.jws, "", int(time.time()))
        await self._append(exchange, PendingEntry(_entry("accepted", exchange), _case(exchange), row))
        exchange.accepted = True

    async def outcome(
        self, exchange: Exchange, answer: Signed, error: ExchangeError | None, writes: Sequence[Write] = ()
    ) -> None:
        """How the exchange ended; `writes` are in the same transaction. Raises Replayed as `accepted`."""
        outcome = _entry(
            "outcome", exchange, answer, result_of(answer.statement), error.reasons if error else ()
        )
        row = replay_row(
            exchange.statement, exchange.jws, answer.jws, answer.statement.iat, claimed=exchange.accepted
        )
        await self._append(exchange, PendingEntry(outcome, _case(exchange, answer), row), writes)

    async def answered(self, exchange: Exchange, answer: Signed) -> None:
        """An answer may leave, and everything that policy wants written about it is. Raises as `outcome`."""
        duties, now = exchange.duties, int(time.time())
        if duties.double_audit:
            used = emergency_used("answering", exchange.statement, now)
            await self._append(exchange, PendingEntry(used, _case(exchange)))
        writes = (notice_of(exchange, now),) if duties.notify_subject else ()
        await self.outcome(exchange, answer, None, writes)

    async def first_answer(self, statement: RequestStatement) -> str | None:
        """The statement that answered this id before, None while there is none or it cannot be read."""
        try:
            row = await self.log.replay_seen(statement.iss, statement.id)
        except AuditError:
            return None
        return (row.answer or None) if row else None

    async def _append(self, exchange: Exchange, pending: PendingEntry, writes: Sequence[Write] = ()) -> None:
        try:
            await (self.log.act(pending, writes) if writes else self.log.append(pending))
        except ReplayedInLog as replayed:
            raise Replayed(
                "the statement's id was used before",
                differs=replayed.digest != statement_digest(exchange.jws),
            ) from None
        except AuditError:
            _logger.exception("the log refused an entry; nothing was disclosed")
            raise AuditUnavailable(hop=str(self.gateway)) from None


def _entry(
    kind: Kind,
    exchange: Exchange,
    answer: Signed | None = None,
    result: Result | None = None,
    reasons: tuple[str, ...] = (),
) -> Entry:
    return entry(
        kind,
        "answering",
        int(time.time()),
        exchange.statement,
        exchange.jws,
        answer=answer.statement if answer else None,
        answer_jws=answer.jws if answer else None,
        result=result,
        reasons=reasons,
        policy_version=exchange.decision.policy_version if exchange.decision else None,
    )


def _case(exchange: Exchange, answer: Signed | None = None) -> Case:
    user = exchange.statement.user
    return Case(
        subjects=(exchange.subject_tag,) if exchange.subject_tag else (),
        user=user["pseudonym"] if user else None,
        method=exchange.head.method if exchange.head else None,
        path=exchange.head.path if exchange.head else None,
        request=exchange.jws,
        request_head=exchange.head_bytes.decode() if exchange.head else None,
        answer=answer.jws if answer else None,
        answer_head=answer.head.decode() if answer else None,
        decided=exchange.decided.as_case() if answer and exchange.decided else {},
    )
