"""Who asked whom for what, and how often: counted from the clear entries of the log.

Entries name no field, and cases stay closed. So the fields of a flow are those that policy lets leave today
for its client, service, purpose and basis (`matrix`); a flow that is not in the matrix has none.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable
from dataclasses import dataclass, replace
from typing import Any, Final

from audit.entry import Entry
from audit.store import Store
from gateway.app.insight.matrix import Row

_BATCH: Final = 500
_OUTCOMES: Final = (
    "SELECT idx, record FROM log_entry WHERE kind = 'outcome' AND idx < $1 AND ts >= $2"
    " ORDER BY idx DESC LIMIT $3"
)


@dataclass(frozen=True, slots=True)
class Flow:
    """One line from a client to a service, for one purpose on one legal basis. `side` is this gateway's.

    Counts of exchanges; `first` and `last` are epoch seconds, 0 where there was none.
    """

    client: str
    service: str
    purpose: str
    basis: str
    side: str
    answered: int = 0
    refused: int = 0
    failed: int = 0
    first: int = 0
    last: int = 0
    fields: tuple[str, ...] = ()

    @property
    def volume(self) -> int:
        """All exchanges."""
        return self.answered + self.refused + self.failed

    def as_json(self) -> dict[str, Any]:
        """Every member."""
        return {
            "client": self.client,
            "service": self.service,
            "purpose": self.purpose,
            "basis": self.basis,
            "side": self.side,
            "answered": self.answered,
            "refused": self.refused,
            "failed": self.failed,
            "first": self.first,
            "last": self.last,
            "fields": list(self.fields),
        }


_Key = tuple[str, str, str, str, str]


async def flows(store: Store, since: int, rows: Iterable[Row] = ()) -> list[Flow]:
    """All flows since a moment (epoch seconds), largest first; raises AuditError."""
    leaves = {(row.client, row.service, row.purpose, row.basis): _leaving(row) for row in rows}
    found: dict[_Key, Flow] = {}
    async for entry in _outcomes(store, since):
        key = (
            entry.client or "",
            entry.service or "",
            entry.purpose or "",
            entry.basis or "",
            entry.side or "",
        )
        flow = found.get(key) or Flow(*key, fields=leaves.get(key[:4], ()))
        found[key] = _counted(flow, entry)
    return sorted(found.values(), key=lambda flow: (-flow.volume, flow.client, flow.service, flow.purpose))


def _leaving(row: Row) -> tuple[str, ...]:
    return ("the whole answer",) if row.whole else row.leaves


def _counted(flow: Flow, entry: Entry) -> Flow:
    """The flow with one more exchange. A crash (`outcome_unknown`) counts as failed."""
    name = entry.result if entry.result in ("answered", "refused") else "failed"
    first = min(flow.first or entry.ts, entry.ts)
    more: dict[str, Any] = {name: getattr(flow, name) + 1}
    return replace(flow, first=first, last=max(flow.last, entry.ts), **more)


async def _outcomes(store: Store, since: int) -> AsyncIterator[Entry]:
    """The outcomes since a moment, newest first, some at a time."""
    below = 1 << 62
    while rows := await store.rows(_OUTCOMES, below, since, _BATCH):
        for _, record in rows:
            yield Entry.decode(bytes(record))
        below = rows[-1][0]
