"""The audit log: appending by group commit (DESIGN §8, reference/log-append.md).

`append` fixes the order in the event loop and puts the row and a future into a buffer. One writer takes
whatever waits and commits it as one transaction; what comes meanwhile is the next group. No clock is waited
for: the writer lets the event loop go round as long as that brings more entries, a few times at most, so that
an idle log commits at once and a busy one makes groups worth their transaction. Only after the commit are the
futures resolved, each with the committed head, which is signed when it is read. If the store fails, every
future of the group fails, and the next group tries anew.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import replace

from audit.case import CaseSealer
from audit.errors import AuditError, AuditUnavailable, Replayed
from audit.note import Signer
from audit.pending import Committed, Group, Head, PendingEntry, ReplayRow, Row
from audit.reading import LogReader
from audit.store import FIND_REPLAY, FORGET_OLD_STATES, PURGE_REPLAYS, Store, Write

MAX_WAITING = 10_000  # entries; beyond it the log refuses rather than hoards
MAX_GROUP = 512  # entries in one transaction
QUIET_TURNS = 3  # of the event loop without a new entry: nobody else is about to append
MAX_TURNS = 32  # of the event loop that a group may wait for others

Waiting = tuple[Row, "asyncio.Future[Committed]"]


class AuditLog:
    """A gateway's log: append, and a `reader` for everything else.

    `signer` carries the origin as its name; `kek` is the 32-byte key that wraps case keys.
    """

    def __init__(self, store: Store, signer: Signer, kek: bytes) -> None:
        self._store = store
        self._signer = signer
        self._sealer = CaseSealer(kek)
        self._waiting: list[Waiting] = []
        self._writing: asyncio.Task[None] | None = None
        self._opened = False
        self.reader = LogReader(store, signer, self._sealer)

    async def open(self) -> None:
        """Connect, re-derive the root from what is stored; refuse to start (`LogDamaged`) when it differs."""
        await self._store.open()
        await self.reader.check_state()
        self._opened = True

    async def close(self) -> None:
        """Refuse new entries, commit what waits, disconnect."""
        self._opened = False
        if self._writing is not None:
            await self._writing
        await self._store.close()

    async def append(self, pending: PendingEntry) -> Committed:
        """Log one entry durably and return where it stands.

        Raises `Replayed` when its message identifier was used before (nothing is logged then), `Malformed`
        for an entry that cannot be encoded, `AuditUnavailable` when it is not known to be durable: the answer
        has to be withheld.
        """
        if not self._opened or len(self._waiting) >= MAX_WAITING:
            raise AuditUnavailable("the log takes no entries now")
        future: asyncio.Future[Committed] = asyncio.get_running_loop().create_future()
        self._waiting.append((Row.of(pending, self._sealer), future))
        if self._writing is None:
            self._writing = asyncio.create_task(self._write())
        return await future

    async def act(self, pending: PendingEntry, writes: Sequence[Write]) -> Committed:
        """Log an act and do it, in one transaction of its own: neither is there without the other.

        Raises `AuditUnavailable` when it is not known to be done, also when a write is not possible.
        """
        if not self._opened:
            raise AuditUnavailable("the log takes no entries now")
        row = Row.of(pending, self._sealer)
        group = await self._store.append([row], writes)
        place = group.places[0]
        if isinstance(place, ReplayRow):
            raise Replayed(place.digest, place.answer)
        return Committed(place, row.leaf_hash, Head(group.tree.size, group.tree.root, self._signer))

    async def replay_seen(self, iss: str, id: str) -> ReplayRow | None:  # noqa: A002 - a statement's member
        """Return what was logged for this message identifier, or None. `append` decides; this spares work."""
        found = await self._store.rows(FIND_REPLAY, iss, id)
        if not found:
            return None
        digest, answer, expires = found[0]
        return ReplayRow(iss, id, digest, answer, expires)

    async def purge_replays(self, now: int) -> int:
        """Forget identifiers whose time is over, and superseded states; return how many identifiers went."""
        await self._store.execute(FORGET_OLD_STATES)
        return await self._store.execute(PURGE_REPLAYS, now)

    async def erase(self, index: int, pending: PendingEntry) -> Committed:
        """Destroy the case key and salt of entry `index`, in the same transaction as the entry that says so.

        `pending` holds an entry of kind `erased` (who and why in its own case). Permission, minimum retention
        and legal hold are the caller's to check.
        """
        await self.reader.entry(index)
        erased = replace(pending, entry=replace(pending.entry, about=index), erases=index)
        committed = await self.append(erased)
        await self._store.scrub()
        return committed

    async def publish(self, now: int) -> str:
        """Sign the newest committed head as a published checkpoint, keep it, and return the note."""
        head = await self.reader.head()
        sql = "INSERT INTO log_checkpoint (size, ts, note) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING"
        await self._store.execute(sql, head.size, now, head.note)
        return head.note

    async def _write(self) -> None:
        """Commit group after group until nothing waits."""
        try:
            while self._waiting:
                await self._fill()
                group, self._waiting = self._waiting[:MAX_GROUP], self._waiting[MAX_GROUP:]
                await self._commit(group)
        finally:
            self._writing = None

    async def _fill(self) -> None:
        """Let those append who are about to: a transaction costs as much as several entries."""
        quiet = 0
        for _ in range(MAX_TURNS):
            before = len(self._waiting)
            await asyncio.sleep(0)
            quiet = quiet + 1 if len(self._waiting) == before else 0
            if quiet == QUIET_TURNS:
                return

    async def _commit(self, group: Sequence[Waiting]) -> None:
        """Commit one group and tell each of its callers what became of the entry."""
        try:
            committed = await self._store.append([row for row, _ in group])
            head = Head(committed.tree.size, committed.tree.root, self._signer)
        except BaseException as error:
            for _, future in group:
                if not future.done():
                    future.set_exception(_unavailable(error))
            if not isinstance(error, Exception):
                raise
            return
        _resolve(group, committed, head)


def _resolve(group: Sequence[Waiting], committed: Group, head: Head) -> None:
    """Hand each caller its place, or what had been logged before. A caller that gave up is passed over."""
    for (row, future), place in zip(group, committed.places, strict=True):
        if future.done():
            continue
        if isinstance(place, ReplayRow):
            future.set_exception(Replayed(place.digest, place.answer))
        else:
            future.set_result(Committed(place, row.leaf_hash, head))


def _unavailable(error: BaseException) -> AuditError:
    """Give every waiting caller an error of its own, with the cause attached."""
    failed = AuditUnavailable("the log could not be written")
    failed.__cause__ = error
    return failed
