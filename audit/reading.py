"""Reading the log: entries, proofs, receipts, tiles, heads and, for those who may, cases.

Proofs are computed from tiles: at most one stored tile or 255 single hashes per level, whatever the size.
Nothing here checks a permission; the doors do.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable
from dataclasses import dataclass
from typing import Any

import orjson

from audit.case import Case, CaseSealer, SealedCase
from audit.entry import Entry, Kind, Side
from audit.errors import AuditUnavailable, CaseErased, LogDamaged, NotLogged
from audit.merkle import (
    Tree,
    complete_subtrees,
    consistency_ranges,
    fold_edge,
    inclusion_ranges,
    leaf_hash,
    subtree_root,
)
from audit.note import Signer
from audit.pending import Head
from audit.proof import Proof
from audit.store import ENDS, LEAF_HASHES, NEWEST_STATE, TILE_ROOTS, Store, split_hashes, tree_of
from audit.tiles import TILE_WIDTH, Tile, format_bundle, tile_of_subtree, tile_width

BATCH = 500  # entries read at once while scanning

_RECORD = "SELECT record FROM log_entry WHERE idx = $1"
_EXCHANGE = "SELECT idx, record FROM log_entry WHERE exchange = $1 ORDER BY idx"
_BACKWARDS = "SELECT idx, record FROM log_entry WHERE idx < $1 AND ts >= $2 ORDER BY idx DESC LIMIT $3"
_UNFINISHED = (
    "SELECT begun.idx, begun.record FROM log_entry AS begun "
    "WHERE begun.kind = $1 AND begun.ts >= $2 AND begun.ts < $3 AND NOT EXISTS ("
    "SELECT 1 FROM log_entry AS ended WHERE ended.exchange = begun.exchange AND ended.side = begun.side "
    "AND ended.kind = 'outcome') ORDER BY begun.idx"
)
_CASE = (
    "SELECT log_entry.record, log_entry.ciphertext, log_case_key.wrapped_key, log_case_key.salt "
    "FROM log_entry LEFT JOIN log_case_key ON log_case_key.idx = log_entry.idx WHERE log_entry.idx = $1"
)


@dataclass(frozen=True, slots=True)
class Logged:
    """An entry with its place, and the exact bytes that are the leaf."""

    index: int
    entry: Entry
    record: bytes


@dataclass(frozen=True, slots=True)
class Opening:
    """A case as its exact bytes, with the salt: what opens an entry's commitment."""

    case: bytes
    salt: bytes


class LogReader:
    """Reads one log. Signing heads and receipts needs the `signer`, opening cases the `sealer`."""

    def __init__(self, store: Store, signer: Signer | None = None, sealer: CaseSealer | None = None) -> None:
        self._store = store
        self._signer = signer
        self._sealer = sealer

    async def tree(self) -> Tree:
        """Return the newest committed size and edge."""
        states = await self._store.rows(NEWEST_STATE)
        return tree_of(states[0] if states else None)

    async def head(self) -> Head:
        """Return the newest committed head, ready to be signed."""
        if self._signer is None:
            raise AuditUnavailable("this reader holds no log key")
        tree = await self.tree()
        return Head(tree.size, tree.root, self._signer)

    async def checkpoint(self) -> str:
        """Return the newest published checkpoint as a signed note, or raise `NotLogged`."""
        notes = await self._store.rows("SELECT note FROM log_checkpoint ORDER BY size DESC LIMIT 1")
        if not notes:
            raise NotLogged("no checkpoint has been published yet")
        return str(notes[0][0])

    async def entry(self, index: int) -> Logged:
        """Return one entry, or raise `NotLogged`."""
        rows = await self._store.rows(_RECORD, index)
        if not rows:
            raise NotLogged("the log has no entry with this index")
        return _logged(index, rows[0][0])

    async def exchange(self, exchange: str) -> list[Logged]:
        """Return all entries of one exchange, in the order of the log; none is `NotLogged`."""
        rows = await self._store.rows(_EXCHANGE, exchange)
        if not rows:
            raise NotLogged("the log has no such exchange")
        return [_logged(index, record) for index, record in rows]

    async def entries(
        self,
        *,
        side: Side | None = None,
        kind: Kind | None = None,
        client: str | None = None,
        service: str | None = None,
        since: int = 0,
        limit: int = 100,
    ) -> list[Logged]:
        """Return the newest entries that fit all filters, newest first; `since` in epoch seconds."""
        wanted = {"side": side, "kind": kind, "client": client, "service": service}
        filters = {name: value for name, value in wanted.items() if value is not None}
        found: list[Logged] = []
        async for index, record in self._backwards(since):
            members = orjson.loads(record)
            if all(members.get(name) == value for name, value in filters.items()):
                found.append(_logged(index, record))
                if len(found) >= limit:
                    break
        return found

    async def unfinished(self, kind: Kind, since: int, before: int) -> list[Logged]:
        """Return `sent` or `accepted` entries of that time without an outcome on their side (a crash)."""
        return [
            _logged(index, record)
            for index, record in await self._store.rows(_UNFINISHED, kind, since, before)
        ]

    async def opening(self, index: int) -> Opening:
        """Decrypt the case of an entry; raise `NotLogged` when it has none, `CaseErased` when it had one."""
        rows = await self._store.rows(_CASE, index)
        if not rows:
            raise NotLogged("the log has no entry with this index")
        record, ciphertext, wrapped_key, salt = rows[0]
        commitment = Entry.decode(bytes(record)).case
        if commitment is None:
            raise NotLogged("the entry has no case")
        if wrapped_key is None or ciphertext is None:
            raise CaseErased("the case has been erased")
        if self._sealer is None:
            raise AuditUnavailable("this reader holds no key for cases")
        return Opening(self._sealer.open(SealedCase(commitment, ciphertext, wrapped_key, salt)), salt)

    async def case(self, index: int) -> Case:
        """Decrypt and read the case of an entry; errors as for `opening`."""
        return Case.decode((await self.opening(index)).case)

    async def inclusion(self, index: int, size: int) -> list[bytes]:
        """Return the inclusion proof of entry `index` under the tree of `size` entries."""
        return await self._subtrees(inclusion_ranges(index, size), size)

    async def consistency(self, old: int, new: int) -> list[bytes]:
        """Return the proof that the tree of `old` entries is a prefix of the tree of `new` entries."""
        return await self._subtrees(consistency_ranges(old, new), new)

    async def proof(self, index: int) -> Proof:
        """Return the proof of entry `index` under the newest committed head."""
        head = await self.head()
        if not 0 <= index < head.size:
            raise NotLogged("the log has no entry with this index")
        return Proof(index, tuple(await self.inclusion(index, head.size)), head.note)

    async def receipt(self, exchange: str, side: Side | None = None) -> str:
        """Return the receipt (tlog-proof text) of an exchange's last entry: its outcome, when it has one."""
        entries = [
            logged for logged in await self.exchange(exchange) if side is None or logged.entry.side == side
        ]
        if not entries:
            raise NotLogged("the log has no such exchange on this side")
        last = max(entries, key=lambda logged: (logged.entry.kind == "outcome", logged.index))
        return (await self.proof(last.index)).format()

    async def tile(self, level: int, n: int, width: int = TILE_WIDTH) -> bytes:
        """Return the hashes of a tile, joined; a tile wider than the log is `NotLogged`."""
        size = (await self.tree()).size
        if not 0 < width <= tile_width(level, n, size):
            raise NotLogged("the log has no such tile yet")
        return b"".join((await self._tile(Tile(level, n, width)))[:width])

    async def bundle(self, n: int, width: int = TILE_WIDTH) -> bytes:
        """Return the first `width` entries of level-0 tile `n` as an entry bundle (auditors only)."""
        size = (await self.tree()).size
        if not 0 < width <= tile_width(0, n, size):
            raise NotLogged("the log has no such entries yet")
        start = n * TILE_WIDTH
        sql = "SELECT record FROM log_entry WHERE idx >= $1 AND idx < $2 ORDER BY idx"
        return format_bundle(bytes(record) for (record,) in await self._store.rows(sql, start, start + width))

    async def check_state(self) -> None:
        """Derive the edge from what is stored and compare it with the newest state, or raise `LogDamaged`.

        Bounded: at most 255 entries are re-hashed and 255 hashes read per tile level. `fsck.py` re-reads all.
        Others may be appending: what is read is what stood below the state read first.
        """
        tree = await self.tree()
        last, newest = (await self._store.rows(ENDS))[0]
        if (last if last is not None else -1) + 1 != (newest or 0):
            raise LogDamaged("the stored entries do not end where the stored head says")
        await self._check_last_entries(tree.size)
        subtrees = [
            (index << level, (index + 1) << level) for level, index in complete_subtrees(0, tree.size)
        ]
        if tuple(await self._subtrees(subtrees, tree.size)) != tree.edge:
            raise LogDamaged("the stored entries do not lead to the stored head")

    async def _check_last_entries(self, size: int) -> None:
        """Check that the entries after the last complete tile are there and hash to their leaves."""
        start = size - size % TILE_WIDTH
        rows = await self._store.rows(
            "SELECT idx, leaf_hash, record FROM log_entry WHERE idx >= $1 AND idx < $2 ORDER BY idx",
            start,
            size,
        )
        if [index for index, _, _ in rows] != list(range(start, size)):
            raise LogDamaged("entries are missing from the log")
        for index, hashed, record in rows:
            if leaf_hash(record) != hashed:
                raise LogDamaged(f"entry {index} has been altered")

    async def _backwards(self, since: int) -> AsyncIterator[tuple[int, bytes]]:
        """Yield entries from the newest back to `since`."""
        below = 1 << 62
        while rows := await self._store.rows(_BACKWARDS, below, since, BATCH):
            for index, record in rows:
                yield index, record
            below = rows[-1][0]

    async def _subtrees(self, ranges: Iterable[tuple[int, int]], size: int) -> list[bytes]:
        """Return the hash of each range of leaves, reading each tile once."""
        tiles: dict[Tile, list[bytes]] = {}
        hashes = []
        for start, end in ranges:
            roots = []
            for level, index in complete_subtrees(start, end):
                address, first, last = tile_of_subtree(level, index)
                tile = Tile(address.level, address.n, tile_width(address.level, address.n, size))
                if tile not in tiles:
                    tiles[tile] = await self._tile(tile)
                if len(tiles[tile]) < last:
                    raise LogDamaged("hashes are missing from the log")
                roots.append(subtree_root(tiles[tile][first:last]))
            hashes.append(fold_edge(roots))
        return hashes

    async def _tile(self, tile: Tile) -> list[bytes]:
        """Read a tile: stored when it is complete, else gathered from the level below."""
        if tile.width == TILE_WIDTH:
            rows = await self._store.rows(
                "SELECT hashes FROM log_tile WHERE level = $1 AND idx = $2", tile.level, tile.n
            )
            return list(split_hashes(rows[0][0])) if rows else []
        start = tile.n * TILE_WIDTH
        values: tuple[Any, ...] = (start, start + tile.width)
        if tile.level:
            return [root for (root,) in await self._store.rows(TILE_ROOTS, *values, tile.level - 1)]
        return [hashed for (hashed,) in await self._store.rows(LEAF_HASHES, *values)]


def _logged(index: int, record: bytes) -> Logged:
    """Decode a stored record."""
    return Logged(index, Entry.decode(record), record)
