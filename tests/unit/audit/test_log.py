"""Appending: group commit, replay, acts, reading meanwhile. Every store passes the same suite."""

from __future__ import annotations

import asyncio
import sqlite3
from pathlib import Path

import pytest

from audit import AuditLog, AuditUnavailable, Committed, LogDamaged, Replayed, SqliteStore, Store
from audit.checkpoint import verify_checkpoint
from audit.errors import AuditError, Malformed
from audit.fsck import verify_log
from audit.merkle import leaf_hash
from audit.proof import Proof
from tests.unit.audit.conftest import (
    KEK,
    SIGNER,
    VKEY,
    StoreMaker,
    an_entry,
    make_sqlite,
    pending,
    replay_row,
    verified,
)


async def test_append__one_entry__is_at_index_0_under_a_signed_head(log: AuditLog) -> None:
    """What comes back says where the entry stands, and a signed head that includes it."""
    committed = await log.append(pending())
    assert committed.index == 0
    head = verify_checkpoint(committed.head.note, SIGNER.verifier)
    assert (head.size, head.root) == (1, committed.head.root) == (1, committed.leaf_hash)


async def test_append__64_at_once__all_durable_in_order_each_with_a_proof(
    log: AuditLog, store: Store
) -> None:
    """Order is fixed in the event loop; every entry of every group is provable."""
    committed = await asyncio.gather(*(log.append(pending(f"x{i}")) for i in range(64)))
    assert [c.index for c in committed] == list(range(64))
    for i in (0, 31, 63):
        proof = Proof.parse(await log.reader.receipt(f"x{i}"))
        proof.verify((await log.reader.entry(i)).record, SIGNER.verifier)
    assert await verified(store) == 64


async def test_append__across_tile_borders__tiles_and_tree_agree(log: AuditLog, store: Store) -> None:
    """Complete tiles are stored when they become complete, whatever the groups."""
    for count in (255, 2, 300, 211):
        await asyncio.gather(*(log.append(pending()) for _ in range(count)))
    assert await verified(store) == 768
    assert [row[0] for row in await store.rows("SELECT idx FROM log_tile ORDER BY idx")] == [0, 1, 2]
    await log.reader.check_state()


async def test_append__again_after_reopening__continues_the_tree(new_store: StoreMaker, store: Store) -> None:
    """A restart forgets nothing."""
    for _ in range(3):
        log = AuditLog(new_store(), SIGNER, KEK)
        await log.open()
        await log.append(pending())
        await log.close()
    assert await verified(store) == 3


async def test_append__before_open_or_after_close__is_refused(new_store: StoreMaker) -> None:
    """A log that is not open takes nothing."""
    log = AuditLog(new_store(), SIGNER, KEK)
    with pytest.raises(AuditUnavailable):
        await log.append(pending())
    await log.open()
    await log.close()
    with pytest.raises(AuditUnavailable):
        await log.append(pending())


async def test_append__entry_too_long__is_malformed_and_harms_nobody(log: AuditLog) -> None:
    """An entry bundle has 16 bits for the length of an entry."""
    results = await asyncio.gather(
        log.append(pending(purpose="p" * 70_000)), log.append(pending()), return_exceptions=True
    )
    assert isinstance(results[0], Malformed)
    assert isinstance(results[1], Committed)
    assert results[1].index == 0


async def test_append__caller_gives_up__the_entry_is_logged_all_the_same(log: AuditLog, store: Store) -> None:
    """A cancelled caller neither loses its entry nor breaks its group."""
    task = asyncio.create_task(log.append(pending("gone")))
    await asyncio.sleep(0)
    task.cancel()
    other = await log.append(pending("stays"))
    assert other.index == 1
    assert await verified(store) == 2


async def test_replay__same_identifier__second_is_told_what_was_logged(log: AuditLog, store: Store) -> None:
    """A duplicate drops out alone and gets the first's digest and answer."""
    await log.append(pending("a", replay=replay_row("a", answer="first")))
    with pytest.raises(Replayed) as replayed:
        await log.append(pending("a", replay=replay_row("a", digest=b"e" * 32)))
    assert (replayed.value.digest, replayed.value.answer) == (b"d" * 32, "first")
    assert await verified(store) == 1


async def test_replay__race_in_one_group__exactly_one_wins(log: AuditLog, store: Store) -> None:
    """Twenty copies at once: one entry; strangers in the same group are untouched."""
    copies = [log.append(pending("a", replay=replay_row("a"))) for _ in range(20)]
    strangers = [log.append(pending(f"s{i}", replay=replay_row(f"s{i}"))) for i in range(5)]
    results = await asyncio.gather(*copies, *strangers, return_exceptions=True)
    assert [type(result) for result in results[:20]].count(Committed) == 1
    assert all(isinstance(result, Committed) for result in results[20:])
    assert await verified(store) == 6


async def test_replay__race_between_two_logs__exactly_one_wins(new_store: StoreMaker, store: Store) -> None:
    """The database decides, not the process."""
    logs = [AuditLog(new_store(), SIGNER, KEK) for _ in range(2)]
    for log in logs:
        await log.open()
    results = await asyncio.gather(
        *(log.append(pending(f"r{i}", replay=replay_row(f"r{i}"))) for i in range(20) for log in logs),
        return_exceptions=True,
    )
    assert sum(isinstance(result, Committed) for result in results) == 20
    assert sum(isinstance(result, Replayed) for result in results) == 20
    assert await verified(store) == 20
    for log in logs:
        await log.close()


async def test_replay__claimed_by_accepted__outcome_completes_the_row_once(log: AuditLog) -> None:
    """An unsafe exchange claims its identifier before acting and adds the answer afterwards."""
    await log.append(pending("u", kind="accepted", replay=replay_row("u", answer="")))
    await log.append(pending("u", replay=replay_row("u", answer="done", claimed=True)))
    seen = await log.replay_seen("LM/GOV/MSW/cash-transfer", "u")
    assert seen is not None
    assert seen.answer == "done"
    with pytest.raises(Replayed):
        await log.append(pending("u", replay=replay_row("u", answer="again", claimed=True)))


async def test_purge_replays__only_expired_rows_go(log: AuditLog) -> None:
    """A row is kept to its last second."""
    await log.append(pending("a", replay=replay_row("a")))
    assert await log.purge_replays(1_790_000_400) == 0
    assert await log.purge_replays(1_790_000_401) == 1
    assert await log.replay_seen("LM/GOV/MSW/cash-transfer", "a") is None


async def test_erase__case_is_gone_and_every_proof_still_holds(log: AuditLog, store: Store) -> None:
    """Key and salt are destroyed with the entry that says so; the verification knows the difference."""
    await log.append(pending("a"))
    committed = await log.erase(0, pending("e", kind="erased", side=None))
    assert (await log.reader.entry(committed.index)).entry.about == 0
    with pytest.raises(AuditError, match="erased"):
        await log.reader.case(0)
    report = await verify_log(store, VKEY, kek=KEK)
    assert (report.ok, report.cases_erased, report.cases_opened) == (True, 1, 1)


class Growing:
    """A store that others append to between any two of our reads."""

    def __init__(self, store: Store, other: AuditLog) -> None:
        self._store, self._other = store, other

    def __getattr__(self, name: str) -> object:
        return getattr(self._store, name)

    async def rows(self, sql: str, *parameters: object) -> list[tuple[object, ...]]:
        """Read; then the log has grown."""
        rows = await self._store.rows(sql, *parameters)
        await self._other.append(pending())
        return rows


async def test_reading__while_others_append__starts_verifies_and_proves(
    new_store: StoreMaker, log: AuditLog
) -> None:
    """Several nodes share a log: nobody has to stand still for a start, a proof or a verification."""
    for _ in range(4):
        await asyncio.gather(*(log.append(pending("x")) for _ in range(127)))
        growing = Growing(new_store(), log)
        late = AuditLog(growing, SIGNER, KEK)  # type: ignore[arg-type]
        await late.open()
        report = await verify_log(growing, VKEY, kek=KEK)  # type: ignore[arg-type]
        assert report.findings == ()
        proof = Proof.parse(await late.reader.receipt("x"))
        proof.verify((await log.reader.entry(proof.index)).record, SIGNER.verifier)
        await late.close()


@pytest.mark.parametrize(
    "damage",
    [
        "UPDATE log_entry SET leaf_hash = zeroblob(32) WHERE idx = 299",
        "UPDATE log_entry SET record = zeroblob(32) WHERE idx = 299",
        "DELETE FROM log_entry WHERE idx = 299",
        "DELETE FROM log_tile",
        "UPDATE log_tile SET root = zeroblob(32)",
        "UPDATE log_state SET root = zeroblob(32)",
        "UPDATE log_state SET edge = zeroblob(length(edge))",
        "DELETE FROM log_state",
    ],
)
async def test_open__what_is_stored_contradicts_itself__refuses_to_start(tmp_path: Path, damage: str) -> None:
    """At start the root is derived again; a log that lies about itself is not continued."""
    path = make_sqlite(tmp_path / "log.db")
    log = AuditLog(SqliteStore(path), SIGNER, KEK)
    await log.open()
    await asyncio.gather(*(log.append(pending()) for _ in range(300)))
    await log.close()
    connection = sqlite3.connect(path)
    connection.execute(damage)
    connection.commit()
    connection.close()
    again = AuditLog(SqliteStore(path), SIGNER, KEK)
    with pytest.raises(LogDamaged):
        await again.open()
    await again.close()


async def test_publish__same_size_again__is_kept_once(log: AuditLog) -> None:
    """A published checkpoint is the newest committed head, signed and kept."""
    await log.append(pending())
    note = await log.publish(1_790_000_000)
    assert await log.publish(1_790_000_010) == note == await log.reader.checkpoint()
    assert verify_checkpoint(note, SIGNER.verifier).root == leaf_hash((await log.reader.entry(0)).record)


async def test_unfinished__accepted_without_outcome__is_found(log: AuditLog) -> None:
    """After a crash an accepted exchange without outcome has to be shown to both sides."""
    await log.append(pending("done", kind="accepted"))
    await log.append(pending("done"))
    await log.append(pending("open", kind="accepted"))
    found = await log.reader.unfinished("accepted", 0, 1_790_000_001)
    assert [logged.entry.id for logged in found] == ["open"]


def test_entry__nothing_personal_fits() -> None:
    """An entry has no member for a subject, a user or a target."""
    assert not {"subjects", "user", "path"} & set(an_entry().__slots__)


KEEP = "INSERT INTO subject_tag_key (member, epoch, wrapped_key) VALUES ($1, $2, $3)"


async def test_act__entry_and_write__both_are_there(log: AuditLog, store: Store) -> None:
    """What an act changes stands in the same transaction as the entry that says so."""
    committed = await log.act(pending(), [(KEEP, ("LM/GOV/NIA", "2026-11", b"key"))])
    assert committed.index == 0
    assert [tuple(row) for row in await store.rows("SELECT member, epoch FROM subject_tag_key")] == [
        ("LM/GOV/NIA", "2026-11")
    ]
    assert await verified(store) == 1


async def test_act__write_fails__no_entry_and_the_log_goes_on(log: AuditLog, store: Store) -> None:
    """An act that cannot be done was not done, and nobody else's entry suffers."""
    write = (KEEP, ("LM/GOV/NIA", "2026-11", b"key"))
    await log.act(pending(), [write])
    with pytest.raises(AuditUnavailable):
        await log.act(pending(), [write])
    assert (await log.append(pending())).index == 1
    assert await verified(store) == 2
