"""Decisions of the past, read out of the encrypted cases of this gateway's own answers.

Opening cases is logged before (DESIGN section 8): a replay as a look-up of its exchange, a simulation as
one entry that says how many.
"""

from __future__ import annotations

import time
from collections.abc import AsyncIterator
from dataclasses import dataclass

from audit.case import Case
from audit.entry import Entry
from audit.errors import CaseErased, NotLogged
from audit.log import AuditLog
from audit.pending import PendingEntry
from audit.reading import Logged, LogReader
from gateway.app.log_access import operator_name
from gateway.exchange.decided import Decided
from schemas.errors import MalformedRequest
from schemas.exchange_id import new_exchange_id


@dataclass(frozen=True, slots=True)
class Past:
    """One answering outcome. `decided` is None where `missing` says in a word why nothing can be read:
    `erased`, `undecided` (policy was not asked), `unreadable`."""

    logged: Logged
    decided: Decided | None
    missing: str | None = None


async def read_past(reader: LogReader, logged: Logged) -> Past:
    """Open the case of one outcome. The caller has logged that it does."""
    try:
        case = await reader.case(logged.index)
    except CaseErased:
        return Past(logged, None, "erased")
    except NotLogged:
        return Past(logged, None, "undecided")
    if not case.decided:
        return Past(logged, None, "undecided")
    try:
        return Past(logged, Decided.from_case(case.decided))
    except MalformedRequest:
        return Past(logged, None, "unreadable")


async def outcome_of(reader: LogReader, exchange: str) -> Logged:
    """The answering outcome of an exchange; NotLogged where this gateway did not answer it."""
    for logged in await reader.exchange(exchange):
        if logged.entry.kind == "outcome" and logged.entry.side == "answering":
            return logged
    raise NotLogged("this gateway did not answer that exchange, so it decided nothing about it")


async def last_past(log: AuditLog, last: int) -> AsyncIterator[Past]:
    """The last answering outcomes, newest first, after an entry that says that they are read."""
    found = await log.reader.entries(side="answering", kind="outcome", limit=last)
    entry = Entry(kind="admin", id=new_exchange_id(), ts=int(time.time()), action="policy.simulated")
    await log.append(PendingEntry(entry, Case(user=operator_name(), acts={"cases": str(len(found))})))
    for logged in found:
        yield await read_past(log.reader, logged)
