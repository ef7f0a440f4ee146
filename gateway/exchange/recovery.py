"""After a crash: exchanges that began and have no outcome become `outcome_unknown`.

An unsafe exchange is never repeated by us: whether the source acted is not known, and both sides'
logs say so. Only exchanges older than any that could still be running are looked at, so that a node
which starts does not disturb the others.
"""

from __future__ import annotations

import time
from dataclasses import replace
from typing import Final

from audit.entry import Kind
from audit.log import AuditLog
from audit.pending import PendingEntry
from schemas.statement import LIFETIME_S, SKEW_S

LOOK_BACK_S: Final = 30 * 24 * 3600
_STILL_RUNNING_S: Final = 2 * (LIFETIME_S + SKEW_S)
_BEGINNINGS: Final[tuple[Kind, ...]] = ("sent", "accepted")


async def close_unfinished(log: AuditLog) -> int:
    """Append an `outcome_unknown` for every exchange without an outcome; returns how many."""
    now = int(time.time())
    count = 0
    for kind in _BEGINNINGS:
        for logged in await log.reader.unfinished(kind, now - LOOK_BACK_S, now - _STILL_RUNNING_S):
            outcome = replace(
                logged.entry, kind="outcome", ts=now, result="outcome_unknown",
                reasons=("gateway.restarted",), case=None,
            )  # fmt: skip
            await log.append(PendingEntry(outcome))
            count += 1
    return count
