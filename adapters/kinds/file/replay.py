"""Recorded files: a fixture's `drop` holds them by name, as text or as the rows of a workbook.

    drop:
      attendance_20261001.csv: |
        NID;STATUS
        0000000017;A

They are dropped into a folder and imported as in a gateway. How old a file may be and how a whole one
is told do not matter here.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

from adapters.kinds import Kind
from adapters.kinds.file.form import DroppedFile, FileAsk, FileConnection, FolderDrop, kept_columns
from adapters.kinds.file.reader import File
from adapters.kinds.file.writing import content
from adapters.source import RecordService, Source
from schemas.errors import ConfigurationError

MODIFIED: Final = 1767225600
"""When recorded files were last changed: the first second of 2026."""


def replaying(source: Source, case: Mapping[str, Any], folder: Path) -> tuple[Source, Kind]:
    """As `Replaying`; the source then reads the folder `drop` in `folder`."""
    dropping = folder / "drop"
    dropping.mkdir()
    staged = pointed_at(source, dropping)
    drop(staged, case, dropping)
    return staged, File(staged)


def recorded(source: Source, service: RecordService, rows: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """A case's own members for staged rows, already redacted: one file in its own format."""
    connection, ask = source.connection, service.ask
    if not isinstance(connection, FileConnection) or not isinstance(ask, FileAsk):
        raise ConfigurationError(f"service {service.name} does not read a file")
    dropped = connection.files[ask.file]
    where = frozenset(ask.where.values())
    columns = kept_columns(dropped, service.rules.all_columns, where)
    return {"drop": {dropped.name.example(): content(dropped.format, _head(dropped), columns, rows)}}


def _head(dropped: DroppedFile) -> list[str]:
    """The lines before the header; one of them may say the file's day."""
    head = [""] * int(getattr(dropped.format, "skip", 0))
    if dropped.as_of.pattern is not None:
        head[dropped.as_of.line - 1] = dropped.as_of.pattern.example()
    return head


def pointed_at(source: Source, folder: Path) -> Source:
    """The source over another folder, where every file counts as whole and as new."""
    connection = source.connection
    if not isinstance(connection, FileConnection):
        raise ConfigurationError(f"source {source.id} has no files")
    files = {
        word: replace(
            dropped,
            max_age_s=None,
            finished="manifest" if dropped.as_of.place == "manifest" else "renamed",
        )
        for word, dropped in connection.files.items()
    }
    return replace(source, connection=FileConnection(FolderDrop(folder), connection.every_s, files))


def drop(source: Source, case: Mapping[str, Any], folder: Path) -> None:
    """Write a case's files, each with its manifest."""
    connection = source.connection
    files = connection.files.values() if isinstance(connection, FileConnection) else ()
    for name, given in case.get("drop", {}).items():
        encoding = next((encoding_of(dropped) for dropped in files if _is_one(dropped, name)), "utf-8")
        write(folder / name, written(given, encoding), as_of=case.get("as_of", "2026-01-01"))


def write(path: Path, data: bytes, *, as_of: str = "2026-01-01", modified: int = MODIFIED) -> None:
    """Drop a file as an owner should: under another name first, its manifest before it."""
    digest = hashlib.sha256(data).hexdigest()
    path.with_name(path.name + ".sha256").write_text(f"# as_of: {as_of}\n{digest}  {path.name}\n")
    fresh = path.with_name("." + path.name)
    fresh.write_bytes(data)
    os.utime(fresh, (modified, modified))
    fresh.replace(path)


def encoding_of(dropped: DroppedFile) -> str:
    """The declared encoding of a file."""
    return getattr(dropped.format, "encoding", "utf-8")


def written(given: Any, encoding: str) -> bytes:
    """A recorded file's bytes; a list of rows is written as a workbook of one sheet."""
    if isinstance(given, str):
        return given.encode(encoding)
    import io

    import openpyxl

    book = openpyxl.Workbook()
    sheet: Any = book.active
    for row in given["rows"]:
        sheet.append(row)
    sheet.title = given.get("sheet", "Sheet")
    stream = io.BytesIO()
    book.save(stream)
    return stream.getvalue()


def _is_one(dropped: DroppedFile, name: str) -> bool:
    delta = dropped.delta is not None and dropped.delta.read(name) is not None
    return delta or dropped.name.read(name) is not None
