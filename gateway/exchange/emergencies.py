"""Declared emergencies, as facts for policy (DESIGN section 7, `emergency`).

A disaster opens named purposes, perhaps in named areas, for a limited time. Whether it opens anything at
all is the policy's to say; here it is only known that it was declared, by two people of the provider
(`gateway.app.emergency`). It ends by itself. Every node looks at most a second later.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from audit.errors import AuditError
from audit.store import Store
from schemas.strict_json import parse

FRESH_S: Final = 1.0
_MAX_BYTES: Final = 64 * 1024
_COLUMNS: Final = (
    "SELECT id, member, purposes, areas, reason, valid_from, valid_until, ended_at FROM emergency"
)
_OPEN: Final = f"{_COLUMNS} WHERE ended_at IS NULL AND valid_until > $1 ORDER BY valid_until DESC, id"
_OF_MEMBER: Final = f"{_COLUMNS} WHERE member = $1 ORDER BY valid_from DESC, id"


@dataclass(frozen=True, slots=True)
class Emergency:
    """One declared emergency of one provider; times in epoch seconds. Empty `areas` means everywhere.
    Who declared and who approved it stands in the proposal of the same id."""

    id: str
    member: str
    purposes: tuple[str, ...]
    areas: tuple[str, ...]
    reason: str
    valid_from: int
    valid_until: int
    ended_at: int | None = None

    def state(self, now: int) -> str:
        """`coming`, `open`, `over` or `ended` (by a person)."""
        if self.ended_at is not None:
            return "ended"
        if now < self.valid_from:
            return "coming"
        return "open" if now < self.valid_until else "over"

    def as_fact(self) -> dict[str, Any]:
        """What policy sees."""
        return {
            "id": self.id,
            "purposes": list(self.purposes),
            "areas": list(self.areas),
            "valid_from": self.valid_from,
            "valid_until": self.valid_until,
        }


class Emergencies:
    """The emergencies in the database, remembered for a second."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._open: tuple[Emergency, ...] = ()
        self._until = 0.0

    async def fact(self, member: str, purpose: str, now: int) -> dict[str, Any] | None:
        """The provider's open emergency: one that names the purpose, else any (it may name a broader one);
        None without one. If the database cannot be read there is none: an emergency only ever opens."""
        if time.monotonic() >= self._until:
            await self._look(now)
        if not self._open:
            return None
        mine = [one for one in self._open if one.member == member and one.state(now) == "open"]
        named = next((one for one in mine if purpose in one.purposes), mine[0] if mine else None)
        return named.as_fact() if named else None

    async def of(self, member: str) -> list[Emergency]:
        """Every emergency of a member, the latest first. Raises AuditUnavailable."""
        return [_emergency(row) for row in await self._store.rows(_OF_MEMBER, member)]

    async def _look(self, now: int) -> None:
        self._until = time.monotonic() + FRESH_S
        try:
            rows = await self._store.rows(_OPEN, now)
        except AuditError:
            rows = []
        self._open = tuple(_emergency(row) for row in rows)


def _emergency(row: Sequence[Any]) -> Emergency:
    identifier, member, purposes, areas, *rest = row
    return Emergency(identifier, member, _codes(purposes), _codes(areas), *rest)


def _codes(text: str) -> tuple[str, ...]:
    return tuple(parse(text.encode(), max_bytes=_MAX_BYTES, what="an emergency"))
