"""The store contract: where a log lives. One suite of tests holds for every implementation.

A store does one thing that matters: `append` commits a whole group of rows in one transaction, under the
log's lock, and says where each one went. Everything that reads uses plain SQL through `rows`, with `$1`, `$2`
as parameters, so that both databases share one text.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol

from audit.errors import LogDamaged
from audit.merkle import HASH_SIZE, Tree
from audit.pending import Group, ReplayRow, Row

NEWEST_STATE = "SELECT size, root, edge FROM log_state ORDER BY size DESC LIMIT 1"
ENDS = "SELECT (SELECT max(idx) FROM log_entry), (SELECT max(size) FROM log_state)"  # one snapshot
LEAF_HASHES = "SELECT leaf_hash FROM log_entry WHERE idx >= $1 AND idx < $2 ORDER BY idx"
TILE_ROOTS = "SELECT root FROM log_tile WHERE level = $3 AND idx >= $1 AND idx < $2 ORDER BY idx"
INSERT_TILE = "INSERT INTO log_tile (level, idx, root, hashes) VALUES ($1, $2, $3, $4)"
INSERT_STATE = "INSERT INTO log_state (size, root, edge) VALUES ($1, $2, $3)"
COMPLETE_REPLAY = (
    "INSERT INTO replay_guard (iss, id, digest, answer, expires) VALUES ($1, $2, $3, $4, $5) "
    "ON CONFLICT (iss, id) DO UPDATE SET answer = excluded.answer, expires = excluded.expires "
    "WHERE replay_guard.digest = excluded.digest AND replay_guard.answer = ''"
)
FIND_REPLAY = "SELECT digest, answer, expires FROM replay_guard WHERE iss = $1 AND id = $2"
PURGE_REPLAYS = "DELETE FROM replay_guard WHERE expires < $1"
FORGET_CASE_KEY = "DELETE FROM log_case_key WHERE idx = $1"
FORGET_OLD_STATES = "DELETE FROM log_state WHERE size < (SELECT max(size) FROM log_state)"

Write = tuple[str, tuple[Any, ...]]
"""One statement (`$1`, `$2` are parameters) with its parameters."""
State = tuple[int, bytes, bytes]
"""A row of `log_state`: size, root, joined edge."""


class Store(Protocol):
    """Where entries, tiles, states, case keys and replay rows are kept. Failures are `AuditUnavailable`."""

    async def open(self) -> None:
        """Connect. The tables exist already (`tables.py`)."""

    async def close(self) -> None:
        """Finish what is under way and disconnect."""

    async def append(self, rows: Sequence[Row], writes: Sequence[Write] = ()) -> Group:
        """Commit the rows in order, durably, in one transaction; a replayed row drops out alone.

        `writes` belong to the same transaction, after the rows; one that fails takes all with it.
        """

    async def rows(self, sql: str, *parameters: Any) -> list[tuple[Any, ...]]:
        """Read committed data."""

    async def execute(self, sql: str, *parameters: Any) -> int:
        """Run one statement in a transaction of its own; return how many rows it touched."""

    async def scrub(self) -> None:
        """Make what was deleted unreadable in the database's own files, as far as the database can."""


def tree_of(state: Sequence[Any] | None) -> Tree:
    """Return the tree of a row of `log_state`, or the empty tree; a root its edge denies is `LogDamaged`."""
    if state is None:
        return Tree()
    size, root, edge = state
    tree = Tree(size, split_hashes(edge))
    if tree.root != root:
        raise LogDamaged("the stored root does not follow from the stored edge")
    return tree


def state_of(tree: Tree) -> State:
    """Return the row of `log_state` that stands for a tree."""
    return tree.size, tree.root, b"".join(tree.edge)


class LastState:
    """The tree that this process committed last: it need not be worked out again from the very same row."""

    def __init__(self) -> None:
        self._row: State | None = None
        self._tree = Tree()

    def keep(self, tree: Tree) -> None:
        """Remember a tree that is committed."""
        self._row, self._tree = state_of(tree), tree

    def tree(self, row: Sequence[Any] | None) -> Tree:
        """As `tree_of`."""
        return self._tree if row is not None and row == self._row else tree_of(row)


def split_hashes(joined: bytes) -> tuple[bytes, ...]:
    """Cut joined hashes into single ones."""
    return tuple(joined[at : at + HASH_SIZE] for at in range(0, len(joined), HASH_SIZE))


def replay_row(row: ReplayRow, found: Sequence[Any]) -> ReplayRow:
    """Return what was logged before under the identifier of `row`."""
    digest, answer, expires = found
    return ReplayRow(row.iss, row.id, bytes(digest), answer, expires)
