"""The verified copy on disk: one SQLite file, each change one transaction.

It holds the public documents of the federation and the highest versions seen of each member, so that
a gateway that restarts without the registrar serves the last verified copy, and an older directory is
refused also after a restart. TUF's own metadata lies beside it as files, since its client keeps them
so; where a crash leaves the two apart, the next poll finds the difference and catches up. Everything
here authenticates itself again when it is loaded. Nothing is personal.
"""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Collection, Iterable, Mapping
from contextlib import closing
from pathlib import Path

from gateway.trust.federation.tree import Listing

_SCHEMA = """
CREATE TABLE IF NOT EXISTS document (name TEXT PRIMARY KEY, content BLOB NOT NULL);
CREATE TABLE IF NOT EXISTS blob (sha256 TEXT PRIMARY KEY, content BLOB NOT NULL);
CREATE TABLE IF NOT EXISTS listing (
    member TEXT PRIMARY KEY, pin_ver INTEGER NOT NULL, pin_sha256 TEXT NOT NULL,
    rec_ver INTEGER NOT NULL, rec_sha256 TEXT NOT NULL, rec_len INTEGER NOT NULL
);
"""


class CopyStore:
    """One gateway's copy. Threads may share it."""

    def __init__(self, path: Path) -> None:
        self._connection = sqlite3.connect(path, check_same_thread=False, isolation_level=None)
        self._lock = threading.Lock()
        self._connection.execute("PRAGMA journal_mode=WAL")
        self._connection.execute("PRAGMA synchronous=FULL")
        self._connection.executescript(_SCHEMA)

    def close(self) -> None:
        """Close the file."""
        with self._lock:
            self._connection.close()

    def document(self, name: str) -> bytes | None:
        """A named document, or None."""
        return self._content("SELECT content FROM document WHERE name = ?", name)

    def documents(self, prefix: str) -> dict[str, bytes]:
        """All documents whose names begin so, by the rest of their names."""
        query = "SELECT name, content FROM document WHERE substr(name, 1, ?) = ?"
        with self._lock, closing(self._connection.execute(query, (len(prefix), prefix))) as rows:
            return {name[len(prefix) :]: bytes(content) for name, content in rows}

    def blob(self, sha256: str) -> bytes | None:
        """A blob by its digest, or None."""
        return self._content("SELECT content FROM blob WHERE sha256 = ?", sha256)

    def listings(self) -> dict[str, Listing]:
        """The highest listing accepted of every member ever seen."""
        query = "SELECT member, pin_ver, pin_sha256, rec_ver, rec_sha256, rec_len FROM listing"
        with self._lock, closing(self._connection.execute(query)) as rows:
            return {row[0]: Listing(*row[1:]) for row in rows}

    def add_blobs(self, blobs: Mapping[str, bytes]) -> None:
        """Keep fetched blobs at once: a first start that is cut off goes on where it stopped."""
        with self._lock, self._connection:
            self._connection.execute("BEGIN IMMEDIATE")
            self._connection.executemany("INSERT OR IGNORE INTO blob VALUES (?, ?)", blobs.items())

    def save(
        self,
        documents: Mapping[str, bytes],
        listings: Mapping[str, Listing] | None = None,
        blobs_in_use: Collection[str] | None = None,
    ) -> None:
        """Write documents and listings, and drop blobs no longer in use, in one transaction."""
        with self._lock, self._connection:
            self._connection.execute("BEGIN IMMEDIATE")
            self._connection.executemany("INSERT OR REPLACE INTO document VALUES (?, ?)", documents.items())
            if listings is not None:
                self._connection.executemany(
                    "INSERT OR REPLACE INTO listing VALUES (?, ?, ?, ?, ?, ?)", _rows(listings)
                )
            if blobs_in_use is not None:
                self._drop_blobs_except(blobs_in_use)

    def _drop_blobs_except(self, names: Collection[str]) -> None:
        with closing(self._connection.execute("SELECT sha256 FROM blob")) as rows:
            unused = [(name,) for (name,) in rows if name not in names]
        self._connection.executemany("DELETE FROM blob WHERE sha256 = ?", unused)

    def _content(self, query: str, name: str) -> bytes | None:
        with self._lock, closing(self._connection.execute(query, (name,))) as rows:
            row = rows.fetchone()
        return None if row is None else bytes(row[0])


def _rows(listings: Mapping[str, Listing]) -> Iterable[tuple[str | int, ...]]:
    for member, listing in listings.items():
        yield (
            member,
            listing.pin_ver,
            listing.pin_sha256,
            listing.rec_ver,
            listing.rec_sha256,
            listing.rec_len,
        )
