"""A store that fails, a disk that is full, processes that die or share: no acknowledged entry is lost."""

from __future__ import annotations

import asyncio
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

from audit import AuditLog, AuditUnavailable, LogDamaged, SqliteStore, Store
from audit.pending import Group, Row
from tests.postgres import PostgresServer
from tests.unit.audit.conftest import (
    KEK,
    SIGNER,
    StoreMaker,
    fresh_postgres,
    make_sqlite,
    pending,
    verified,
)


class Faulty:
    """A store that breaks at one step of some groups, as a machine would."""

    def __init__(self, store: Store, faults: Sequence[BaseException | None]) -> None:
        self._store, self._faults = store, list(faults)

    def __getattr__(self, name: str) -> object:
        return getattr(self._store, name)

    async def append(self, rows: Sequence[Row]) -> Group:
        """Fail, or append."""
        fault = self._faults.pop(0) if self._faults else None
        if fault is not None:
            raise fault
        return await self._store.append(rows)


@pytest.mark.parametrize(
    "fault", [AuditUnavailable("down"), OSError("disk"), sqlite3.OperationalError("full"), LogDamaged("edge")]
)
async def test_append__store_fails__every_waiting_answer_is_withheld_and_the_log_recovers(
    new_store: StoreMaker, store: Store, fault: Exception
) -> None:
    """A writer that fails fails everyone who waits for it; the next append tries the store anew."""
    log = AuditLog(Faulty(new_store(), [fault]), SIGNER, KEK)  # type: ignore[arg-type]
    await log.open()
    results = await asyncio.gather(*(log.append(pending()) for _ in range(8)), return_exceptions=True)
    assert all(isinstance(result, AuditUnavailable) for result in results)
    assert (await log.append(pending())).index == 0
    assert await verified(store) == 1
    await log.close()


async def test_append__disk_full__withheld_then_recovers(tmp_path: Path) -> None:
    """SQLite itself reports a full disk in the middle of a group: nothing of it stays."""
    path = make_sqlite(tmp_path / "log.db")
    store = SqliteStore(path)
    log = AuditLog(store, SIGNER, KEK)
    await log.open()
    await log.append(pending())
    writer = store._writer
    assert writer is not None
    writer.execute("PRAGMA max_page_count=1").fetchall()  # no page more than the file has
    results = await asyncio.gather(
        *(log.append(pending(basis="b" * 8_000)) for _ in range(16)), return_exceptions=True
    )
    assert all(isinstance(result, AuditUnavailable) for result in results)
    assert (await log.append(pending())).index == 1  # on a new connection, where the disk has room
    assert await verified(store) == 2
    await log.close()


async def test_append__database_locked_by_a_stranger__withheld_then_recovers(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever ignores the side file and holds SQLite's own lock costs answers, not entries."""
    monkeypatch.setattr("audit.store_sqlite.BUSY_TIMEOUT_S", 0.05)
    path = make_sqlite(tmp_path / "log.db")
    log = AuditLog(SqliteStore(path), SIGNER, KEK)
    await log.open()
    stranger = sqlite3.connect(path, isolation_level=None)
    stranger.execute("BEGIN IMMEDIATE")
    with pytest.raises(AuditUnavailable):
        await log.append(pending())
    stranger.close()
    assert (await log.append(pending())).index == 0
    await log.close()


@pytest.mark.system
async def test_append__postgres_crashes_and_returns__withheld_then_recovers(
    postgres_server: PostgresServer,
) -> None:
    """No answer leaves while the database is down; afterwards the log goes on where it was."""
    new_store = await fresh_postgres(postgres_server.dsn)
    log = AuditLog(new_store(), SIGNER, KEK)
    await log.open()
    await log.append(pending())
    postgres_server.stop("immediate")
    try:
        results = await asyncio.gather(*(log.append(pending()) for _ in range(8)), return_exceptions=True)
    finally:
        postgres_server.start()
    assert all(isinstance(result, AuditUnavailable) for result in results)
    assert (await log.append(pending())).index == 1
    assert await verified(log.reader._store) == 2
    await log.close()


CHILD = """
import asyncio, sys
from pathlib import Path
from audit import AuditLog, SqliteStore
from tests.unit.audit.conftest import KEK, SIGNER, pending

async def main():
    log = AuditLog(SqliteStore(Path(sys.argv[1])), SIGNER, KEK)
    await log.open()
    async def ask(worker):
        for i in range(int(sys.argv[3])):
            committed = await log.append(pending(f"{sys.argv[2]}-{worker}-{i}"))
            print(committed.index, f"{sys.argv[2]}-{worker}-{i}", flush=True)
    await asyncio.gather(*(ask(worker) for worker in range(16)))
    await log.close()

asyncio.run(main())
"""


def child(path: Path, name: str, count: int) -> subprocess.Popen[str]:
    """Start a process that appends to the log and prints what was acknowledged."""
    command = [sys.executable, "-c", CHILD, str(path), name, str(count)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=Path(__file__).parents[3])


def acknowledged(lines: Sequence[str]) -> dict[int, str]:
    """Return index to exchange, refusing an index that was given twice."""
    pairs = [line.split() for line in lines if line.endswith("\n")]
    indexes = {int(index): exchange for index, exchange in pairs}
    assert len(indexes) == len(pairs)
    return indexes


async def test_two_processes__one_log__no_index_twice(tmp_path: Path) -> None:
    """Any number of processes append to one database, which alone decides the order."""
    path = make_sqlite(tmp_path / "log.db")
    children = [child(path, name, 20) for name in ("one", "two")]
    outputs = [process.communicate(timeout=60)[0] for process in children]
    assert [process.returncode for process in children] == [0, 0]
    indexes = acknowledged("".join(outputs).splitlines(keepends=True))
    assert sorted(indexes) == list(range(640))
    store = SqliteStore(path)
    await store.open()
    assert await verified(store) == 640
    await store.close()


@pytest.mark.parametrize("after", [1, 40, 150])
async def test_kill__in_the_middle__no_acknowledged_entry_is_lost(tmp_path: Path, after: int) -> None:
    """SIGKILL at any time: what was acknowledged is in the log, at its index, and the log goes on."""
    path = make_sqlite(tmp_path / "log.db")
    process = child(path, "k", 10_000)
    assert process.stdout is not None
    lines = [process.stdout.readline() for _ in range(after)]
    process.send_signal(signal.SIGKILL)
    lines += process.stdout.readlines()
    process.wait()
    process.stdout.close()
    log = AuditLog(SqliteStore(path), SIGNER, KEK)
    await log.open()
    size = (await log.reader.tree()).size
    for index, exchange in acknowledged(lines).items():
        assert (await log.reader.entry(index)).entry.id == exchange
    assert (await log.append(pending())).index == size
    assert await verified(log.reader._store) == size + 1
    await log.close()
