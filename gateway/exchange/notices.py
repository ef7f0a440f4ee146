"""Notices: what a person finds about the use of their data (the obligation `notify_subject`).

The row is written in the transaction of the exchange's outcome: no answer without its notice. It holds
the subject tag, no number; whoever shows notices to a citizen makes the tags from the citizen's own sign-in.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from audit.store import Store, Write
from gateway.exchange.under_way import Exchange
from schemas.identifiers import ServiceId

KEPT_S: Final = 400 * 24 * 3600
"""How long a notice waits to be read: thirteen months."""
MAX_LISTED: Final = 500

_KEEP: Final = (
    "INSERT INTO subject_notice (exchange, member, subject_tag, client, service, purpose, at, expires) "
    "VALUES ($1, $2, $3, $4, $5, $6, $7, $8) ON CONFLICT (exchange) DO NOTHING"
)
_FIND: Final = (
    "SELECT exchange, member, client, service, purpose, at FROM subject_notice "
    "WHERE member = $1 AND subject_tag = $2 ORDER BY at DESC, exchange LIMIT $3"
)
_PURGE: Final = "DELETE FROM subject_notice WHERE expires < $1"


@dataclass(frozen=True, slots=True)
class Notice:
    """Somebody used a person's data: which exchange, whose data, who, what and why; `at` epoch seconds."""

    exchange: str
    member: str
    client: str
    service: str
    purpose: str
    at: int


def notice_of(exchange: Exchange, now: int) -> Write:
    """The row that an exchange leaves for its subject."""
    statement = exchange.statement
    member = str(ServiceId.parse(statement.aud).member)
    row = (
        statement.id, member, exchange.subject_tag, statement.iss, statement.aud, statement.purpose, now,
        now + KEPT_S,
    )  # fmt: skip
    return _KEEP, row


class Notices:
    """Reads what has been kept."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def of(self, member: str, tags: Iterable[str]) -> list[Notice]:
        """The notices of a person, by the tags they have had in the member's log; the newest first."""
        found = [
            Notice(*row)
            for tag in dict.fromkeys(tags)
            for row in await self._store.rows(_FIND, member, tag, MAX_LISTED)
        ]
        return sorted(found, key=lambda notice: (-notice.at, notice.exchange))[:MAX_LISTED]

    async def purge(self, now: int) -> int:
        """Forget notices whose time is over; return how many."""
        return await self._store.execute(_PURGE, now)
