"""A gateway's view of the federation: start from a pinned root, keep up, fail closed.

    reader = FederationReader(root, ["https://registrar.example"], folder)
    await reader.start()            # the last verified copy first, then the network
    snapshot = reader.current()     # on the hot path: one comparison of clocks

A background task polls every `policy.poll_s` ± 20 %, in a thread. What is believed and why stands in
`verified_copy`, how age is judged in `ages`. The folder belongs to one process; TUF is imported only
when the reader starts.
"""

from __future__ import annotations

import asyncio
import fcntl
import logging
import time
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from random import SystemRandom
from typing import TYPE_CHECKING, Final, TextIO

from gateway.trust.federation.ages import Freshness
from gateway.trust.federation.errors import FederationError
from gateway.trust.federation.snapshot import FederationSnapshot
from gateway.trust.federation.verified_copy import Alarm
from schemas.errors import ConfigurationError, FederationUnavailable
from schemas.identifiers import MemberId

if TYPE_CHECKING:
    from gateway.trust.federation.refresh import Refresher

JITTER: Final = 0.2
_JITTER = SystemRandom()  # its own: the global one belongs to whoever seeds it, tests among them
DEFAULT_POLL_S: Final = 20.0
"""Until a policy says otherwise."""

_logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class CopyState:
    """For `/health/ready`. `age_s` counts from the last whole poll, None if there was none; `serving`
    says whether exchanges go on; `failure` is why the last poll failed, None if it did not."""

    freshness: Freshness
    serving: bool
    age_s: int | None
    snapshot: int | None
    timestamp: int | None
    alarms: tuple[Alarm, ...]
    failure: str | None


class FederationReader:
    """Holds the current snapshot. `clock` gives epoch seconds."""

    def __init__(
        self, root: bytes, urls: Sequence[str], folder: Path, *, clock: Callable[[], float] = time.time
    ) -> None:
        self._root = root
        self._urls = tuple(urls)
        self._folder = folder
        self._clock = clock
        self._refresher: Refresher | None = None
        self._polling = asyncio.Lock()
        self._task: asyncio.Task[None] | None = None
        self._snapshot: FederationSnapshot | None = None
        self._serve_until = 0.0
        self._failure: str | None = None
        self._stamp: tuple[int, int] = (0, 0)
        self._folder_lock: TextIO | None = None

    async def start(self, *, poll: bool = True) -> None:
        """Serve the copy on disk, try one poll, and keep polling in the background unless told not to.
        Without network and copy it starts too, and refuses until a poll succeeds.

        Raises:
            ConfigurationError: another process reads into the same folder.
        """
        self._lock_folder()
        try:
            self._refresher = await asyncio.to_thread(self._open)
        except BaseException:
            self._release_folder()
            raise
        await self.refresh()
        if poll:
            self._task = asyncio.create_task(self._poll_forever())

    async def stop(self) -> None:
        """End the background poll and close the folder."""
        if self._task is not None:
            self._task.cancel()
            with suppress(asyncio.CancelledError):
                await self._task
        async with self._polling:
            if self._refresher is not None:
                self._refresher.close()
                self._refresher = None
            self._release_folder()

    def current(self) -> FederationSnapshot:
        """The snapshot to carry out an exchange with.

        Raises:
            FederationUnavailable: there is no copy, it ran out, or it was frozen: fail closed.
        """
        snapshot = self._snapshot
        if snapshot is None or self._clock() >= self._serve_until:
            freshness = self.state().freshness
            raise FederationUnavailable(f"the federation's copy is {freshness}")
        return snapshot

    def state(self, now: float | None = None) -> CopyState:
        """The copy's age, and what it allows, at a moment in epoch seconds (default: now)."""
        now = self._clock() if now is None else now
        refresher, snapshot = self._refresher, self._snapshot
        ages = None if refresher is None else refresher.ages
        copy = None if refresher is None else refresher.copy
        alarms = () if copy is None else copy.alarms
        if snapshot is None or ages is None:
            return CopyState("expired", False, None, None, None, alarms, self._failure)
        freshness = ages.freshness(snapshot.policy, now)
        return CopyState(
            freshness=freshness,
            serving=freshness in {"fresh", "stale"},
            age_s=max(0, int(now) - ages.verified_at),
            snapshot=snapshot.version,
            timestamp=ages.timestamp_version,
            alarms=alarms,
            failure=self._failure,
        )

    async def refresh(self) -> bool:
        """Poll once, now; whether it succeeded. What was verified before a failure counts."""
        async with self._polling:
            # Shielded: a cancelled caller must not let a second poll into the folder beside this one.
            work = asyncio.ensure_future(asyncio.to_thread(self._poll_once))
            try:
                return await asyncio.shield(work)
            except asyncio.CancelledError:
                await work
                raise

    async def metadata_files(self, members: Iterable[MemberId]) -> dict[str, bytes]:
        """The signed files behind these members, by name, for an evidence bundle: TUF metadata,
        `policy.json`, `revoked.json`, `index.json`, and `b/<sha256>` (nodes, pins, records)."""
        async with self._polling:
            if self._refresher is None:
                return {}
            return await asyncio.to_thread(self._refresher.metadata_files, tuple(members))

    def _open(self) -> Refresher:
        from gateway.trust.federation.refresh import Refresher

        refresher = Refresher(self._root, self._folder)
        try:
            refresher.load(self._clock())
        except FederationError as error:
            _logger.exception("the copy on disk cannot be used: %s", error.code)
        self._publish(refresher)
        return refresher

    def _poll_once(self) -> bool:
        refresher = self._refresher
        if refresher is None:
            return False
        mirrors = () if refresher.copy is None else refresher.copy.policy.mirrors
        before = self._failure
        try:
            refresher.poll(tuple(dict.fromkeys((*self._urls, *mirrors))), self._clock())
        except FederationError as error:
            self._failure = error.code
            if before is None:
                _logger.warning("the federation could not be refreshed: %s", error)
        except Exception:
            self._failure = FederationError.code
            _logger.exception("the federation could not be refreshed")
        else:
            self._failure = None
        self._publish(refresher)
        return self._failure is None

    def _publish(self, refresher: Refresher) -> None:
        """Swap in a snapshot of what is verified by now."""
        copy, ages = refresher.copy, refresher.ages
        if copy is None or ages is None or not ages.snapshot_version:
            return
        now = self._clock()
        stamp = (ages.snapshot_version, copy.revision)
        old = self._snapshot
        if old is None or self._stamp != stamp or now >= old.recheck_at:
            self._snapshot = copy.snapshot(ages.snapshot_version, now)
            self._stamp = stamp
        self._serve_until = ages.serve_until(copy.policy)

    async def _poll_forever(self) -> None:
        while True:
            snapshot = self._snapshot
            period = DEFAULT_POLL_S if snapshot is None else float(snapshot.policy.poll_s)
            await asyncio.sleep(period * _JITTER.uniform(1 - JITTER, 1 + JITTER))
            await self.refresh()

    def _lock_folder(self) -> None:
        self._folder.mkdir(parents=True, exist_ok=True)
        file = (self._folder / "lock").open("w")
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            file.close()
            raise ConfigurationError(
                "another process keeps its copy of the federation in this folder; give each its own"
            ) from None
        self._folder_lock = file

    def _release_folder(self) -> None:
        if self._folder_lock is not None:
            self._folder_lock.close()
            self._folder_lock = None
