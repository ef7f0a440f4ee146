"""The staged rows of a dropped file: one SQLite file for each version, which never changes.

Of a row only the columns that services read are kept, sealed with AES-256-GCM. A row is found by a
tag: HMAC-SHA256 of a selector's value, cut to 16 bytes. So without the room's key the file tells how
many rows there are, and nothing of any. A new version is built beside the old one and takes its
place in one rename; who reads the old one goes on reading it.
"""

from __future__ import annotations

import hmac
import os
import shutil
import sqlite3
import threading
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import closing, suppress
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, Final

import orjson
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from adapters.kinds.file.bad import BadFile
from adapters.room import Room
from schemas.strict_json import parse

_NONCE: Final = 12
_TAG: Final = 16
_MAX_ROW: Final = 64 * 1024 * 1024
_CACHE: Final = "PRAGMA cache_size = -16384"  # 16 MiB
Row = tuple[int, list[Any]]
"""A line number, and the values in the order of the columns."""


@dataclass(frozen=True, slots=True)
class About:
    """Which files a version was made of. `order` puts files into their order, `as_of` is epoch seconds,
    `digests` are those of the full file and of the deltas applied to it."""

    name: str
    version: str | None
    order: int
    as_of: int
    rows: int
    digests: tuple[str, ...]
    is_delta: bool = False


@dataclass(frozen=True, slots=True)
class Layout:
    """What is staged: the columns kept, those that rows are found by, and the key of deltas."""

    columns: tuple[str, ...]
    tagged: tuple[str, ...]
    key: tuple[str, ...] = ()


class Exchanged(Exception):
    """A staged row stands in the place of another."""


class Seal:
    """Seals rows and makes tags, with keys of the room."""

    def __init__(self, room: Room) -> None:
        self._cipher = AESGCM(room.key_for("rows"))
        self._tag_key = room.key_for("tags")

    def close(self, value: Any) -> bytes:
        """Seal a JSON value."""
        nonce = os.urandom(_NONCE)
        return nonce + self._cipher.encrypt(nonce, orjson.dumps(value), None)

    def open(self, sealed: bytes) -> Any:
        """Open it. Raises InvalidTag when it was sealed with another key."""
        clear = self._cipher.decrypt(sealed[:_NONCE], sealed[_NONCE:], None)
        return parse(clear, max_bytes=_MAX_ROW, bound_numbers=False)

    def tag(self, place: str, *values: Any) -> bytes | None:
        """The tag of values at a place; None when one of them is empty."""
        texts = ["" if value is None else str(value).strip() for value in values]
        if not all(texts):
            return None
        return hmac.digest(self._tag_key, "\0".join((place, *texts)).encode(), "sha256")[:_TAG]


class Staged:
    """One file's staging: written by one worker of a node at a time, read by all."""

    def __init__(self, room: Room, word: str, layout: Layout) -> None:
        self._path = room.folder / f"{word}.staged"
        self._building = room.folder / f"{word}.building"
        # Another layout is another key: what was staged for it cannot be taken for this one's.
        self._seal = Seal(_room_of(room, word, layout))
        self._layout = layout
        self._lock = threading.Lock()
        self._open: tuple[tuple[int, int, int], sqlite3.Connection, About] | None = None

    def about(self) -> About | None:
        """Which version is in use; None when there is none that this room's key opens."""
        with self._lock:
            current = self._current()
            return None if current is None else current[1]

    def find(self, values: Mapping[str, Any], limit: int) -> tuple[About, list[dict[str, Any]]] | None:
        """The rows whose columns have these values, at most `limit`; None when nothing is staged.

        Raises:
            Exchanged: a row is another's. InvalidTag: it is not as it was sealed.
        """
        with self._lock:
            current = self._current()
            if current is None:
                return None
            connection, about = current
            tags = [self._seal.tag(column, value) for column, value in values.items()]
            places = [f"t{self._layout.tagged.index(column)} = ?" for column in values]
            found = connection.execute(
                f"SELECT sealed FROM rows WHERE {' AND '.join(places)} LIMIT ?",  # noqa: S608  our names
                (*tags, limit),
            ).fetchall()
        records = [self._record(sealed) for (sealed,) in found]
        # A row says itself whose it is: rows that somebody exchanged on the disk are not believed.
        for column, tag in zip(values, tags, strict=True):
            if any(self._seal.tag(column, record[column]) != tag for record in records):
                raise Exchanged
        return about, records

    def batches(self, size: int) -> Iterator[tuple[About, list[dict[str, Any]]]]:
        """All rows of the version in use now, so many at a time; none when nothing is staged."""
        try:
            state = self._path.stat()
        except FileNotFoundError:
            return
        opened = self._read((state.st_ino, state.st_mtime_ns, state.st_size))
        if opened is None:
            return
        _, connection, about = opened
        with closing(connection):
            found = connection.execute("SELECT sealed FROM rows ORDER BY id")
            while rows := found.fetchmany(size):
                yield about, [self._record(sealed) for (sealed,) in rows]

    def _record(self, sealed: bytes) -> dict[str, Any]:
        return dict(zip(self._layout.columns, self._seal.open(sealed), strict=True))

    def put_full(self, about: About, rows: Iterable[Row]) -> About:
        """Build a version of these rows, and put it in place. BadFile of `rows` leaves the old one."""
        with closing(self._new()) as database:
            database.execute(f"CREATE TABLE rows (id INTEGER PRIMARY KEY, sealed BLOB, {self._tags()})")
            database.execute("CREATE TABLE about (sealed BLOB)")
            database.executemany(self._insert(), self._sealed(rows))
            for name in self._tag_names():
                database.execute(f"CREATE INDEX by_{name} ON rows ({name})")
            done = self._finish(database, about)
        self._swap()
        return done

    def put_delta(self, about: About, rows: Iterable[tuple[int, list[Any], bool]]) -> About:
        """As `put_full`: the rows in place, changed. The third part of a row says that it is deleted."""
        shutil.copyfile(self._path, self._fresh())
        with closing(self._connect(self._building)) as database:
            (last,) = database.execute("SELECT coalesce(max(id), 0) FROM rows").fetchone()
            seen: set[bytes] = set()
            for line, values, deleted in rows:
                key = self._key(values)
                if key is None:
                    raise BadFile("the key is empty", line)
                if key in seen:
                    raise BadFile("the key stands twice in one delta", line)
                seen.add(key)
                database.execute("DELETE FROM rows WHERE k = ? AND id <= ?", (key, last))
                if not deleted:
                    database.execute(self._insert(), self._sealed_row(values))
            done = self._finish(database, about)
        self._swap()
        return done

    def clean(self) -> None:
        """Remove what a crash left half-built."""
        self._building.unlink(missing_ok=True)

    def close(self) -> None:
        """Close the version in use."""
        with self._lock:
            if self._open is not None:
                self._open[1].close()
            self._open = None

    def _current(self) -> tuple[sqlite3.Connection, About] | None:
        try:
            state = self._path.stat()
        except FileNotFoundError:
            return None
        seen = (state.st_ino, state.st_mtime_ns, state.st_size)
        if self._open is None or self._open[0] != seen:
            opened = self._read(seen)
            if self._open is not None:
                self._open[1].close()
            self._open = opened
        return None if self._open is None else self._open[1:]

    def _read(
        self, seen: tuple[int, int, int]
    ) -> tuple[tuple[int, int, int], sqlite3.Connection, About] | None:
        address = f"{self._path.absolute().as_uri()}?mode=ro&immutable=1"
        connection = sqlite3.connect(address, uri=True, check_same_thread=False)
        try:
            (sealed,) = connection.execute("SELECT sealed FROM about").fetchone()
            told = self._seal.open(sealed)
        except (InvalidTag, sqlite3.Error, TypeError):
            connection.close()
            return None  # sealed with another key: imported again
        return seen, connection, About(**{**told, "digests": tuple(told["digests"])})

    def _fresh(self) -> Path:
        self.clean()
        os.close(os.open(self._building, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
        return self._building

    def _new(self) -> sqlite3.Connection:
        return self._connect(self._fresh())

    def _connect(self, path: Path) -> sqlite3.Connection:
        database = sqlite3.connect(path)
        # A half-built version is thrown away as a whole: it needs no journal.
        for setting in ("PRAGMA journal_mode = OFF", "PRAGMA synchronous = OFF", _CACHE):
            database.execute(setting)
        return database

    def _finish(self, database: sqlite3.Connection, about: About) -> About:
        (rows,) = database.execute("SELECT count(*) FROM rows").fetchone()
        done = replace(about, rows=rows)
        database.execute("DELETE FROM about")
        database.execute("INSERT INTO about VALUES (?)", (self._seal.close(asdict(done)),))
        database.commit()
        return done

    def _swap(self) -> None:
        with self._building.open("rb") as built:
            os.fsync(built.fileno())
        self._building.replace(self._path)
        folder = os.open(self._path.parent, os.O_RDONLY)
        with suppress(OSError):
            os.fsync(folder)
        os.close(folder)

    def _sealed(self, rows: Iterable[Row]) -> Iterator[Sequence[bytes | None]]:
        for _, values in rows:
            yield self._sealed_row(values)

    def _sealed_row(self, values: list[Any]) -> Sequence[bytes | None]:
        seal, position = self._seal, self._layout.columns.index
        tags = [seal.tag(column, values[position(column)]) for column in self._layout.tagged]
        return [seal.close(values), *tags, *([self._key(values)] if self._layout.key else [])]

    def _key(self, values: list[Any]) -> bytes | None:
        position = self._layout.columns.index
        return self._seal.tag("key", *(values[position(column)] for column in self._layout.key))

    def _tag_names(self) -> list[str]:
        return [f"t{number}" for number in range(len(self._layout.tagged))] + (
            ["k"] if self._layout.key else []
        )

    def _tags(self) -> str:
        return ", ".join(f"{name} BLOB" for name in self._tag_names())

    def _insert(self) -> str:
        names = self._tag_names()
        return f"INSERT INTO rows (sealed, {', '.join(names)}) VALUES (?{', ?' * len(names)})"  # noqa: S608


def _room_of(room: Room, word: str, layout: Layout) -> Room:
    return Room(room.folder, room.key_for(f"{word} {layout}"))
