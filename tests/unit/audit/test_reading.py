"""Reading: proofs of every entry at every size, tiles, bundles, filters, cases."""

from __future__ import annotations

import asyncio

import pytest

from audit import AuditLog, AuditUnavailable, LogReader, NotLogged, Store
from audit.checkpoint import verify_checkpoint
from audit.entry import Entry
from audit.merkle import Tree, leaf_hash, verify_consistency, verify_inclusion
from audit.pending import PendingEntry
from audit.proof import Proof
from audit.tiles import parse_bundle
from tests.unit.audit.conftest import SIGNER, an_entry, pending


async def fill(log: AuditLog, count: int) -> list[bytes]:
    """Append entries and return their leaf hashes."""
    return [
        c.leaf_hash
        for c in await asyncio.gather(*(log.append(PendingEntry(an_entry())) for _ in range(count)))
    ]


async def test_proofs__across_tiles_and_levels__all_verify(log: AuditLog) -> None:
    """Proofs under any size are computed from tiles, stored and partial."""
    leaves = await fill(log, 520)
    for size in (1, 2, 255, 256, 257, 512, 513, 520):
        root = Tree().append(leaves[:size]).root
        for index in {0, size // 2, size - 1, min(255, size - 1), min(256, size - 1)}:
            verify_inclusion(leaves[index], index, size, root, await log.reader.inclusion(index, size))
        for old in {1, (size + 1) // 2, size}:
            proof = await log.reader.consistency(old, size)
            verify_consistency(old, Tree().append(leaves[:old]).root, size, root, proof)


async def test_tile__full_partial_and_beyond(log: AuditLog) -> None:
    """Any width up to what the log has; nothing beyond."""
    leaves = await fill(log, 300)
    assert await log.reader.tile(0, 0) == b"".join(leaves[:256])
    assert await log.reader.tile(0, 0, 7) == b"".join(leaves[:7])
    assert await log.reader.tile(0, 1, 44) == b"".join(leaves[256:])
    assert await log.reader.tile(1, 0, 1) == Tree().append(leaves[:256]).root
    for level, n, width in ((0, 1, 45), (0, 1, 256), (0, 2, 1), (1, 0, 2), (0, 0, 0), (0, 0, 257)):
        with pytest.raises(NotLogged):
            await log.reader.tile(level, n, width)


async def test_bundle__entries_hash_to_the_tile(log: AuditLog) -> None:
    """An entry bundle is the entries behind a level-0 tile."""
    leaves = await fill(log, 260)
    assert [leaf_hash(e) for e in parse_bundle(await log.reader.bundle(1, 4))] == leaves[256:]
    with pytest.raises(NotLogged):
        await log.reader.bundle(1, 5)


async def test_entries__filters__newest_first(log: AuditLog) -> None:
    """All filters have to fit; `limit` counts what fits."""
    for i in range(6):
        await log.append(pending(f"x{i}", side="asking" if i % 2 else "answering", ts=1_790_000_000 + i))
    await log.append(pending("other", client="LM/NGO/RELIEF/response", ts=1_790_000_009))

    async def ids(**filters: object) -> list[str]:
        return [logged.entry.id for logged in await log.reader.entries(**filters)]  # type: ignore[arg-type]

    assert await ids(side="asking") == ["x5", "x3", "x1"]
    assert await ids(side="asking", limit=2) == ["x5", "x3"]
    assert await ids(client="LM/NGO/RELIEF/response") == ["other"]
    assert await ids(since=1_790_000_005) == ["other", "x5"]
    assert await ids(kind="alarm") == []


async def test_receipt__is_of_the_outcome_and_of_the_side(log: AuditLog) -> None:
    """Members on the same gateway go through both halves: each side has its own receipt."""
    await log.append(pending("x", kind="sent", side="asking"))
    await log.append(pending("x", kind="accepted"))
    await log.append(pending("x"))
    await log.append(pending("x", side="asking"))
    await log.append(pending("x", kind="alarm"))
    for side, index in (("answering", 2), ("asking", 3), (None, 3)):
        proof = Proof.parse(await log.reader.receipt("x", side))  # type: ignore[arg-type]
        assert proof.index == index
        assert proof.verify((await log.reader.entry(index)).record, SIGNER.verifier).size == 5


async def test_head__of_the_empty_log__is_signed_and_proves_nothing(log: AuditLog) -> None:
    """There is a head before there is an entry."""
    head = verify_checkpoint((await log.reader.head()).note, SIGNER.verifier)
    assert (head.size, head.root) == (0, Tree().root)
    for question in (
        log.reader.proof(0),
        log.reader.entry(0),
        log.reader.receipt("x"),
        log.reader.checkpoint(),
    ):
        with pytest.raises(NotLogged):
            await question


async def test_case__is_read_back__and_only_with_the_key(log: AuditLog, store: Store) -> None:
    """A reader without keys lists entries but opens nothing and signs nothing."""
    await log.append(pending("x"))
    await log.append(PendingEntry(an_entry("bare")))
    case = await log.reader.case(0)
    assert (case.user, case.request) == ("officer", "jws")
    with pytest.raises(NotLogged):
        await log.reader.case(1)
    blind = LogReader(store)
    assert [logged.entry.id for logged in await blind.entries()] == ["bare", "x"]
    for question in (blind.case(0), blind.head()):
        with pytest.raises(AuditUnavailable):
            await question


async def test_stored__entries_hold_nothing_of_the_case(log: AuditLog, store: Store) -> None:
    """Neither record nor ciphertext shows what the case says."""
    await log.append(pending("x"))
    record, ciphertext = (await store.rows("SELECT record, ciphertext FROM log_entry"))[0]
    assert b"officer" not in record + ciphertext
    assert Entry.decode(record).case is not None
