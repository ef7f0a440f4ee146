"""Verification of a whole log names what was altered. One row per kind of tampering."""

from __future__ import annotations

import asyncio

import pytest

from audit import AuditLog, Store
from audit.checkpoint import Checkpoint
from audit.errors import AuditError, Malformed
from audit.fsck import verify_log
from audit.merkle import Tree, leaf_hash
from audit.store_sqlite import SqliteStore
from tests.unit.audit.conftest import GATEWAY, KEK, SIGNER, an_entry, pending

VKEY = SIGNER.verifier.format()
FORGED = an_entry("x3", result="refused").encode()


@pytest.fixture
async def filled(log: AuditLog) -> AuditLog:
    """A log of 300 entries with checkpoints published at 3, 4 and 300."""
    for i in range(4):
        await log.append(pending(f"x{i}"))
        if i >= 2:
            await log.publish(1_790_000_000 + i)
    await asyncio.gather(*(log.append(pending(f"x{i}")) for i in range(4, 300)))
    await log.publish(1_790_000_300)
    return log


async def test_verify__untouched__is_ok(filled: AuditLog, store: Store) -> None:
    """Nothing found, everything counted."""
    report = await verify_log(store, VKEY, kek=KEK, heads=[(await filled.reader.head()).note])
    assert report.ok
    assert (report.size, report.heads, report.cases_opened) == (300, 4, 300)


async def test_verify__empty_log__is_ok(log: AuditLog, store: Store) -> None:
    """There is nothing to contradict."""
    assert (await verify_log(store, VKEY, heads=[(await log.reader.head()).note])).ok


@pytest.mark.parametrize(
    ("sql", "values", "code", "index", "exchange"),
    [
        ("UPDATE log_entry SET record = $1 WHERE idx = 3", [FORGED], "entry.altered", 3, "x3"),
        ("UPDATE log_entry SET record = $1 WHERE idx = 299", [FORGED], "entry.altered", 299, "x299"),
        ("UPDATE log_entry SET record = $1, leaf_hash = $2 WHERE idx = 3", [FORGED, leaf_hash(FORGED)], "entry.altered", 3, "x3"),
        ("UPDATE log_entry SET leaf_hash = $1 WHERE idx = 3", [bytes(32)], "entry.altered", 3, "x3"),
        ("UPDATE log_entry SET exchange = $1 WHERE idx = 3", ["x9"], "entry.columns", 3, "x3"),
        ("UPDATE log_entry SET ts = $1 WHERE idx = 299", [1], "entry.columns", 299, "x299"),
        ("DELETE FROM log_entry WHERE idx = $1", [3], "entry.missing", 3, None),
        ("DELETE FROM log_entry WHERE idx >= $1", [290], "entries.lost", None, None),
        ("UPDATE log_entry SET ciphertext = $1 WHERE idx = 3", [bytes(60)], "case.altered", 3, "x3"),
        ("UPDATE log_entry SET ciphertext = NULL WHERE idx = $1", [3], "case.missing", 3, "x3"),
        ("DELETE FROM log_case_key WHERE idx = $1", [3], "case.key_missing", 3, "x3"),
        ("UPDATE log_case_key SET salt = $1 WHERE idx = 3", [bytes(32)], "case.altered", 3, "x3"),
        ("UPDATE log_tile SET hashes = $1", [bytes(32 * 256)], "tile.damaged", None, None),
        ("DELETE FROM log_tile WHERE level = $1", [0], "tile.damaged", None, None),
        ("UPDATE log_state SET root = $1", [bytes(32)], "state.damaged", None, None),
        ("UPDATE log_state SET edge = $1", [bytes(128)], "state.damaged", None, None),
        ("UPDATE log_checkpoint SET note = replace(note, $1, 'B') WHERE size = 4", ["A"], "head.signature", None, None),
    ],
)  # fmt: skip
async def test_verify__tampered__names_it(
    filled: AuditLog,
    store: Store,
    sql: str,
    values: list[object],
    code: str,
    index: int | None,
    exchange: str | None,
) -> None:
    """Each kind of tampering has a finding, with the entry's index and exchange where there is one."""
    await store.execute(sql, *values)
    report = await verify_log(store, VKEY, kek=KEK)
    found = {(f.code, f.index, f.exchange) for f in report.findings}
    assert (code, index, exchange) in found
    assert {f.index for f in report.findings} <= {index, None}, "nothing else may be accused"


async def test_verify__thorough_forger__is_caught_by_published_heads(filled: AuditLog, store: Store) -> None:
    """Entry, leaf hash and tile rewritten: the signed heads still say between which entries."""
    leaf = leaf_hash(FORGED)
    hashes = (await store.rows("SELECT hashes FROM log_tile"))[0][0]
    hashes = hashes[: 3 * 32] + leaf + hashes[4 * 32 :]
    await store.execute("UPDATE log_entry SET record = $1, leaf_hash = $2 WHERE idx = 3", FORGED, leaf)
    await store.execute("UPDATE log_tile SET hashes = $1", hashes)
    report = await verify_log(store, VKEY)
    assert any(
        f.text == "the entries do not lead to the head of size 4: entry 3 differs" for f in report.findings
    )


async def test_verify__log_cut_back__is_caught_by_a_head_kept_elsewhere(
    filled: AuditLog, store: Store
) -> None:
    """A receipt or a witness remembers what the database was made to forget."""
    kept = (await filled.reader.head()).note
    small = await verify_log(store, VKEY, heads=[kept])
    assert small.ok
    await store.execute("DELETE FROM log_checkpoint")
    await store.execute("DELETE FROM log_entry WHERE idx >= $1", 2)
    await store.execute("DELETE FROM log_case_key WHERE idx >= $1", 2)
    await store.execute("DELETE FROM log_tile")
    tree = Tree().append([leaf_hash((await filled.reader.entry(i)).record) for i in range(2)])
    await store.execute("DELETE FROM log_state")
    await store.execute("INSERT INTO log_state VALUES ($1, $2, $3)", 2, tree.root, b"".join(tree.edge))
    assert (await verify_log(store, VKEY)).ok, "alone, the database is consistent again"
    report = await verify_log(store, VKEY, heads=[kept])
    assert [f.code for f in report.findings] == ["entries.lost"]


async def test_verify__fork__is_caught_by_an_earlier_head(filled: AuditLog, store: Store) -> None:
    """A head signed for another history at the same size does not fit."""
    forked = Checkpoint(f"isthmus/{GATEWAY}", 200, bytes(32)).sign(SIGNER)
    report = await verify_log(store, VKEY, heads=[forked])
    assert [f.code for f in report.findings] == ["root.differs"]


async def test_verify__entries_behind_the_state__are_found(filled: AuditLog, store: Store) -> None:
    """What no head accounts for is no part of the log."""
    await store.execute(
        "INSERT INTO log_entry (idx, ts, kind, exchange, leaf_hash, record) VALUES (300, 1, 'sent', 'y', $1, $1)",
        bytes(32),
    )
    assert "entries.unaccounted" in {f.code for f in (await verify_log(store, VKEY)).findings}


async def test_verify__not_a_vkey__is_malformed(log: AuditLog, store: Store) -> None:
    """Without a key nothing is verified."""
    with pytest.raises(Malformed):
        await verify_log(store, "key")


async def test_verify__text_where_bytes_belong__names_the_entry(filled: AuditLog, store: Store) -> None:
    """SQLite takes any type in any column; PostgreSQL refuses it itself."""
    if not isinstance(store, SqliteStore):
        with pytest.raises(AuditError):
            await store.execute("UPDATE log_entry SET record = $1 WHERE idx = 3", "a text")
        return
    await store.execute("UPDATE log_entry SET record = $1 WHERE idx = 3", "a text")
    report = await verify_log(store, VKEY)
    assert [(finding.code, finding.index) for finding in report.findings] == [("entry.altered", 3)]
