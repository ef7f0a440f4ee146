"""Verifying a whole log: everything is read again, and what was altered is named.

For each tile of 256 entries: the leaf of every entry is computed from its bytes and compared with the stored
tile, columns with what the entry says, cases with their commitments. The tree that grows on the way is
compared with the stored state and with every signed head there is: those published in the log's own
database, and those that others kept (receipts, witnesses), which is what a thorough forger cannot reach.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from audit.case import CaseSealer, SealedCase
from audit.checkpoint import Checkpoint, verify_checkpoint
from audit.entry import Entry
from audit.errors import LogDamaged, Malformed, VerificationFailed
from audit.merkle import Tree, leaf_hash, subtree_root
from audit.note import Verifier
from audit.store import ENDS, NEWEST_STATE, Store, split_hashes, tree_of
from audit.tiles import TILE_WIDTH

_ENTRIES = (
    "SELECT e.idx, e.ts, e.kind, e.side, e.exchange, e.leaf_hash, e.record, "
    "e.ciphertext, k.wrapped_key, k.salt "
    "FROM log_entry AS e LEFT JOIN log_case_key AS k ON k.idx = e.idx "
    "WHERE e.idx >= $1 AND e.idx < $2 ORDER BY e.idx"
)
_TILE = "SELECT root, hashes FROM log_tile WHERE level = $1 AND idx = $2"
_NOTES = "SELECT note FROM log_checkpoint ORDER BY size"


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is wrong: a stable code, the entry and exchange where they are known, a sentence."""

    code: str
    text: str
    index: int | None = None
    exchange: str | None = None


@dataclass(frozen=True, slots=True)
class LogReport:
    """What a verification found. `heads` counts signed heads that were checked and hold."""

    origin: str
    size: int
    root: bytes
    heads: int
    cases_opened: int
    cases_erased: int
    findings: tuple[Finding, ...]

    @property
    def ok(self) -> bool:
        """Whether nothing is wrong."""
        return not self.findings


async def verify_log(
    store: Store, vkey: str, *, kek: bytes | None = None, heads: Sequence[str] = ()
) -> LogReport:
    """Read the whole log again and report every contradiction. Nothing is written; appending may go on.

    `vkey` is the log's key from the federation, `heads` signed notes kept elsewhere, each of which must be a
    prefix of this log. With `kek`, cases are decrypted and compared with their commitments.
    """
    inspection = _Inspection(store, Verifier.parse(vkey), None if kek is None else CaseSealer(kek))
    return await inspection.run(heads)


class _Inspection:
    """One pass over a log."""

    def __init__(self, store: Store, verifier: Verifier, sealer: CaseSealer | None) -> None:
        self._store = store
        self._verifier = verifier
        self._sealer = sealer
        self._findings: list[Finding] = []
        self._heads: list[Checkpoint] = []
        self._tree = Tree()
        self._roots: dict[int, bytes] = {}
        self._upper: list[list[bytes]] = []
        self._keyless: dict[int, str] = {}
        self._erased: set[int] = set()
        self._opened = 0

    async def run(self, heads: Sequence[str]) -> LogReport:
        """Read state and heads, then tile after tile; compare."""
        states = await self._store.rows(NEWEST_STATE)
        state = self._state(states[0] if states else None)
        end = await self._end(state.size)
        self._read_heads([note for (note,) in await self._store.rows(_NOTES)] + list(heads))
        wanted = {head.size for head in self._heads} | {state.size}
        self._note_root(wanted)
        for n in range(-(-end // TILE_WIDTH)):
            await self._inspect_tile(n, min(TILE_WIDTH, end - n * TILE_WIDTH), wanted)
        self._compare_roots(state)
        self._compare_erasures()
        await self._look_beyond()
        return LogReport(
            self._verifier.name,
            state.size,
            state.root,
            sum(self._roots.get(head.size) == head.root for head in self._heads),
            self._opened,
            len(self._keyless.keys() & self._erased),
            tuple(self._findings),
        )

    def _find(self, code: str, text: str, index: int | None = None, exchange: str | None = None) -> None:
        """Note something that is wrong."""
        self._findings.append(Finding(code, text, index, exchange))

    def _state(self, row: Sequence[Any] | None) -> Tree:
        """Return the stored state; when it is damaged, its size at least, so that all entries are read."""
        try:
            return tree_of(row)
        except (LogDamaged, Malformed) as error:
            self._find("state.damaged", str(error))
            size = int(row[0]) if row else 0
            return Tree(size, (bytes(32),) * size.bit_count())

    async def _end(self, size: int) -> int:
        """Return where the entries end: at `size`, unless the last ones have been taken away."""
        last, _ = (await self._store.rows(ENDS))[0]
        end = min(size, 0 if last is None else last + 1)
        if end < size:
            self._find("entries.lost", f"the last entries, {end} to {size - 1}, are missing")
        return end

    def _read_heads(self, notes: Sequence[str]) -> None:
        """Check the signature of each head."""
        for note in notes:
            try:
                self._heads.append(verify_checkpoint(note, self._verifier))
            except (Malformed, VerificationFailed) as error:
                self._find("head.signature", f"a signed head does not hold: {error}")

    async def _inspect_tile(self, n: int, width: int, wanted: set[int]) -> None:
        """Inspect the entries of one level-0 tile and let the tree grow by them."""
        start = n * TILE_WIDTH
        stored = await self._stored_tile(0, n) if width == TILE_WIDTH else None
        rows = {row[0]: row for row in await self._store.rows(_ENTRIES, start, start + width)}
        leaves = []
        for index in range(start, start + width):
            committed = stored[index - start] if stored is not None else None
            if index in rows:
                leaves.append(self._inspect_entry(rows[index], committed))
            else:
                self._find("entry.missing", f"entry {index} is missing", index)
                leaves.append(committed or bytes(32))
            self._tree = self._tree.append(leaves[-1:])
            self._note_root(wanted)
        if width == TILE_WIDTH:
            await self._close_tile(1, subtree_root(leaves))

    async def _stored_tile(self, level: int, n: int) -> tuple[bytes, ...] | None:
        """Return a stored complete tile, or None when it is missing or wrong in itself."""
        rows = await self._store.rows(_TILE, level, n)
        hashes = split_hashes(rows[0][1]) if rows else ()
        if len(hashes) == TILE_WIDTH and subtree_root(hashes) == rows[0][0]:
            return hashes
        self._find("tile.damaged", f"tile {n} of level {level} is missing or damaged")
        return None

    async def _close_tile(self, level: int, root: bytes) -> None:
        """Hand the root of a complete tile to the level above, and compare that one once it is complete."""
        if len(self._upper) < level:
            self._upper.append([])
        roots = self._upper[level - 1]
        roots.append(root)
        if len(roots) % TILE_WIDTH == 0:
            n = len(roots) // TILE_WIDTH - 1
            expected = roots[-TILE_WIDTH:]
            stored = await self._stored_tile(level, n)
            if stored is not None and list(stored) != expected:
                self._find("tile.damaged", f"tile {n} of level {level} does not follow from the entries")
            await self._close_tile(level + 1, subtree_root(expected))

    def _inspect_entry(self, row: Sequence[Any], committed: bytes | None) -> bytes:
        """Compare one entry with its leaf, its columns and its case; return the leaf that was committed."""
        index, ts, kind, side, exchange, column, record, *case = row
        stored = (column, record, *(part for part in case if part is not None))
        if not all(isinstance(part, bytes) for part in stored):  # SQLite keeps any type in any column
            self._find("entry.altered", f"entry {index} has been altered: not bytes", index, exchange)
            return committed or bytes(32)
        actual = leaf_hash(record)
        leaf = committed or column
        if actual != leaf:
            self._find("entry.altered", f"entry {index} has been altered", index, exchange)
            return bytes(leaf)
        if column != leaf:
            text = f"the stored leaf hash of entry {index} has been altered"
            self._find("entry.altered", text, index, exchange)
        try:
            entry = Entry.decode(record)
        except Malformed as error:
            self._find("entry.malformed", f"entry {index}: {error}", index, exchange)
            return actual
        if (entry.ts, entry.kind, entry.side, entry.id) != (ts, kind, side, exchange):
            text = f"the columns of entry {index} do not say what the entry says"
            self._find("entry.columns", text, index, entry.id)
        if entry.kind == "erased" and entry.about is not None:
            self._erased.add(entry.about)
        self._inspect_case(index, entry, *case)
        return actual

    def _inspect_case(
        self, index: int, entry: Entry, ciphertext: bytes | None, wrapped: bytes | None, salt: bytes | None
    ) -> None:
        """Open the case, if there is a key for it, and compare it with the commitment."""
        if entry.case is None:
            if ciphertext is not None or wrapped is not None:
                text = f"entry {index} has a case it does not commit to"
                self._find("case.unaccounted", text, index, entry.id)
        elif ciphertext is None:
            self._find("case.missing", f"the case of entry {index} is missing", index, entry.id)
        elif wrapped is None or salt is None:
            self._keyless[index] = entry.id
        elif self._sealer is not None:
            try:
                self._sealer.open(SealedCase(entry.case, ciphertext, wrapped, salt))
                self._opened += 1
            except VerificationFailed as error:
                self._find("case.altered", f"the case of entry {index}: {error}", index, entry.id)

    def _note_root(self, wanted: set[int]) -> None:
        """Remember the root at the sizes that heads speak of."""
        if self._tree.size in wanted:
            self._roots[self._tree.size] = self._tree.root

    def _compare_roots(self, state: Tree) -> None:
        """Compare the tree with the stored state and all heads; name the entries among which it departs."""
        sound = 0
        for size, root in sorted(
            [(head.size, head.root) for head in self._heads] + [(state.size, state.root)]
        ):
            if size not in self._roots:
                text = f"a head speaks of {size} entries, the log has {self._tree.size}"
                self._find("entries.lost", text)
            elif self._roots[size] == root:
                sound = size
            else:
                text = f"the entries do not lead to the head of size {size}: {_span(sound, size)}"
                self._find("root.differs", text)

    def _compare_erasures(self) -> None:
        """A case without a key is in order only if an entry says that it was erased."""
        for index, exchange in self._keyless.items():
            if index not in self._erased:
                text = f"the case key of entry {index} is gone, and no entry says that it was erased"
                self._find("case.key_missing", text, index, exchange)

    async def _look_beyond(self) -> None:
        """Entries that no state accounts for."""
        last, size = (await self._store.rows(ENDS))[0]
        if (last if last is not None else -1) >= (size or 0):
            self._find("entries.unaccounted", f"entries {size or 0} to {last} stand in no committed head")


def _span(start: int, end: int) -> str:
    """Say between which entries something is wrong."""
    return (
        f"entry {start} differs" if end - start == 1 else f"one of the entries {start} to {end - 1} differs"
    )
