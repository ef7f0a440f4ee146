"""The audit log from outside a running gateway: its database and keys, by the gateway's settings.

Listing, verifying and receipts only read. Whoever opens a case is logged first, in the same log: a
look-up is an entry (DESIGN section 8), and who looked stands in its encrypted case. Any number of
processes may work on the log at once; its database puts them in order.
"""

from __future__ import annotations

import asyncio
import getpass
import os
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from audit.case import Case
from audit.entry import Entry, Kind, Side
from audit.errors import CaseErased, NotLogged
from audit.fsck import LogReport, verify_log
from audit.log import AuditLog
from audit.note import Signer
from audit.pending import PendingEntry
from audit.reading import Logged, LogReader
from audit.store import Store
from gateway.app.enrolment import log_vkey
from gateway.settings import Settings
from gateway.storage.stores import store_of
from gateway.trust.keys import load_case_key, load_log_key
from schemas.exchange_id import check_exchange_id, new_exchange_id


@dataclass(frozen=True, slots=True)
class Filter:
    """Which entries to list; `since` in epoch seconds, newest first."""

    side: Side | None = None
    kind: Kind | None = None
    client: str | None = None
    service: str | None = None
    since: int = 0
    limit: int = 100


@dataclass(frozen=True, slots=True)
class Shown:
    """One entry, and its case if it was opened; `erased` when there was one."""

    logged: Logged
    case: Case | None = None
    erased: bool = False


def list_entries(settings: Settings, wanted: Filter) -> list[Logged]:
    """The newest entries that fit. Raises AuditError."""

    async def work() -> list[Logged]:
        async with opened_store(settings) as store:
            return await LogReader(store).entries(
                side=wanted.side,
                kind=wanted.kind,
                client=wanted.client,
                service=wanted.service,
                since=wanted.since,
                limit=wanted.limit,
            )

    return asyncio.run(work())


def show_exchange(settings: Settings, exchange: str, *, open_case: bool = False) -> list[Shown]:
    """The entries of one exchange; with `open_case` their cases too, after an entry that says so.

    Raises:
        MalformedRequest: not an exchange's id.
        AuditError: no such exchange, or the look-up could not be logged: nothing is opened then.
    """
    check_exchange_id(exchange)

    async def work() -> list[Shown]:
        if not open_case:
            async with opened_store(settings) as store:
                return [Shown(logged) for logged in await LogReader(store).exchange(exchange)]
        async with opened_log(settings) as opened:
            reader = opened.log.reader
            await log_look_up(opened.log, exchange, "case.opened")
            return [await _opened(reader, logged) for logged in await reader.exchange(exchange)]

    return asyncio.run(work())


def verify(settings: Settings, *, with_cases: bool = False, heads: Sequence[str] = ()) -> LogReport:
    """Verify the whole log; `heads` are signed heads that others kept. Raises AuditUnavailable."""

    async def work() -> LogReport:
        kek = load_case_key(settings.case_key) if with_cases else None
        async with opened_store(settings) as store:
            return await verify_log(store, log_vkey(settings), kek=kek, heads=heads)

    return asyncio.run(work())


def receipt(settings: Settings, exchange: str, side: Side | None = None) -> str:
    """The receipt of an exchange, a C2SP tlog-proof.

    Raises:
        MalformedRequest: not an exchange's id.
        NotLogged: the log has no such exchange.
    """
    check_exchange_id(exchange)

    async def work() -> str:
        async with opened_store(settings) as store:
            return await LogReader(store, signer_of(settings)).receipt(exchange, side)

    return asyncio.run(work())


@asynccontextmanager
async def opened_store(settings: Settings) -> AsyncIterator[Store]:
    """The log's database, for reading."""
    store = store_of(settings.database.get_secret_value())
    try:
        await store.open()
        yield store
    finally:
        await store.close()


@dataclass(frozen=True, slots=True)
class OpenLog:
    """An open log, its database, and the key of its cases."""

    log: AuditLog
    store: Store
    case_key: bytes = field(repr=False)


@asynccontextmanager
async def opened_log(settings: Settings) -> AsyncIterator[OpenLog]:
    """The log with its keys, for acts from outside a running gateway.

    Raises:
        ConfigurationError: a key cannot be read. LogDamaged, AuditUnavailable: the log cannot be used.
    """
    store, case_key = store_of(settings.database.get_secret_value()), load_case_key(settings.case_key)
    log = AuditLog(store, signer_of(settings), case_key)
    try:
        await log.open()
        yield OpenLog(log, store, case_key)
    finally:
        await log.close()


async def log_look_up(log: AuditLog, exchange: str, action: str) -> None:
    """Log, durably, that somebody at this machine opens the cases of an exchange.

    Raises:
        NotLogged: there is no such exchange.
        AuditUnavailable: it could not be logged, so nothing may be opened.
    """
    about = (await log.reader.exchange(exchange))[0].index
    entry = Entry(kind="lookup", id=new_exchange_id(), ts=int(time.time()), action=action, about=about)
    await log.append(PendingEntry(entry, Case(user=operator_name(), acts={"exchange": exchange})))


async def _opened(reader: LogReader, logged: Logged) -> Shown:
    try:
        return Shown(logged, await reader.case(logged.index))
    except NotLogged:
        return Shown(logged)
    except CaseErased:
        return Shown(logged, erased=True)


def signer_of(settings: Settings) -> Signer:
    """The signer of the log's heads."""
    return Signer(settings.gateway_id.log_origin, load_log_key(settings.log_key))


def operator_name() -> str:
    """Who runs this command, as the machine knows them."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return f"uid {os.getuid()}"
