"""A drop folder that behaves badly, for the conformance kit: cut, foreign, endless and changed files."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

from adapters.conformance.bending import bent
from adapters.conformance.faults import CANARY, Fault
from adapters.conformance.stand_in import Asked, StandIn
from adapters.kinds.file.form import DroppedFile, FileAsk, FileConnection, Format, kept_columns
from adapters.kinds.file.formats.fixed import Fixed
from adapters.kinds.file.formats.number import Number
from adapters.kinds.file.replay import drop, pointed_at, write, written
from adapters.kinds.file.spool import Spool
from adapters.kinds.file.writing import content
from adapters.source import RecordService, Source
from schemas.errors import ConfigurationError

_MAX_BYTES: Final = 4 * 1024 * 1024
_NOT_ASKED: Final = "files are read before anybody asks: no question reaches their owner"
_FOLDER: Final = (
    "a folder has neither accounts nor certificates; SFTP and HTTPS drops have tests of their own"
)
_PAGE: Final = f"<!doctype html><html><body>{CANARY}</body></html>\n"
_ERROR: Final = f"ERROR: export failed {CANARY}\n"


def stand_in(source: Source, folder: Path) -> StandIn:
    """As `NewStandIn`."""
    return FileStandIn(source, folder)


class FileStandIn(StandIn):
    """A folder of dropped files. Obligations: see `StandIn`."""

    def __init__(self, source: Source, folder: Path) -> None:
        self._folder = folder / "drop"
        self._source = _bounded(pointed_at(source, self._folder))
        self._case: Mapping[str, Any] = {}
        self.cannot = dict(_CANNOT)
        if not _has_manifests(source):
            self.cannot[Fault.TRUNCATED] = "without a manifest nobody can tell that a file was cut off"
        if any(isinstance(dropped.format, Fixed) for dropped in _files(source).values()):
            self.cannot[Fault.REMOVED_FIELD] = "lines of fixed width have no names that could change"
        self.forget()

    @property
    def source(self) -> Source:
        """As `StandIn.source`."""
        return self._source

    async def start(self) -> None:
        """As `StandIn.start`."""
        self._folder.mkdir(exist_ok=True)

    async def stop(self) -> None:
        """As `StandIn.stop`."""

    async def play(self, case: Mapping[str, Any]) -> None:
        """As `StandIn.play`."""
        self._case = case
        self._empty()
        drop(self._source, case, self._folder)
        self._drop_the_others()

    async def behave(self, fault: Fault | None) -> None:
        """As `StandIn.behave`."""
        self._empty()
        if fault is Fault.UNREACHABLE:
            self._folder.rmdir()
            return
        drop(self._source, self._case, self._folder)
        for path in [path for path in self._folder.iterdir() if path.suffix != ".sha256"]:
            self._spoil(path, fault)

    def forget(self) -> None:
        """As `StandIn.forget`."""
        self.asked: list[Asked] = []
        self.most_at_once = self.broken_off = self.sign_ins = 0

    def written_as(self, value: str) -> frozenset[str]:
        """As `StandIn.written_as`."""
        return frozenset({value})

    def _empty(self) -> None:
        self._folder.mkdir(exist_ok=True)
        for path in self._folder.iterdir():
            path.unlink()

    def _drop_the_others(self) -> None:
        """A case records the file it asks; of every other kind an empty one lies there too."""
        there = [path.name for path in self._folder.iterdir()]
        for service in self._source.services.values():
            ask = getattr(service, "ask", None)
            if not isinstance(ask, FileAsk) or not isinstance(service, RecordService):
                continue
            dropped = _files(self._source)[ask.file]
            if any(dropped.name.read(name) for name in there):
                continue
            columns = kept_columns(dropped, service.rules.all_columns, frozenset(ask.where.values()))
            path = self._folder / dropped.name.example()
            path.touch()
            write(path, _written(dropped.format, [dict.fromkeys(columns)], path))

    def _spoil(self, path: Path, fault: Fault | None) -> None:
        match fault:
            case Fault.TRUNCATED:
                os.truncate(path, path.stat().st_size // 2)
            case Fault.WRONG_TYPE:
                write(path, _PAGE.encode())
            case Fault.ERROR_IN_SUCCESS:
                write(path, _ERROR.encode())
            case Fault.OVERSIZE:
                os.truncate(path, _MAX_BYTES + 1)
            case Fault.REMOVED_FIELD | Fault.SECOND_CANDIDATE | Fault.UNKNOWN_CODE:
                self._bend(path, fault)

    def _bend(self, path: Path, fault: Fault) -> None:
        service = self._source.record_service(self._case["service"])
        ask = service.ask
        if not isinstance(ask, FileAsk):
            raise ConfigurationError(f"service {service.name} does not read a file")
        dropped = _files(self._source)[ask.file]
        records = read(dropped, path, sorted(service.rules.all_columns | set(ask.where.values())))
        write(path, _written(dropped.format, bent(fault, records, service.rules), path))


def read(dropped: DroppedFile, path: Path, columns: Sequence[str]) -> list[dict[str, Any]]:
    """The records of a file."""
    with Spool(path.parent, _MAX_BYTES) as spool:
        spool.append(path.read_bytes())
        rows = list(dropped.format.rows(spool.reader(), columns))
    values = ([cell.digits if isinstance(cell, Number) else cell for cell in row] for _, row in rows)
    return [dict(zip(columns, row, strict=True)) for row in values]


def _written(form: Format, records: list[dict[str, Any]], path: Path) -> bytes:
    with path.open("rb") as opened:
        head = form.head(opened) if not path.name.endswith(".xlsx") else []
    made = content(form, head, list(records[0]) if records else [], records)
    return written(made, getattr(form, "encoding", "utf-8"))


def _files(source: Source) -> Mapping[str, DroppedFile]:
    connection = source.connection
    return connection.files if isinstance(connection, FileConnection) else {}


def _has_manifests(source: Source) -> bool:
    return all(dropped.finished == "manifest" for dropped in _files(source).values())


def _bounded(source: Source) -> Source:
    """The source with manifests looked at, and a bound that a test can pass."""
    connection = source.connection
    if not isinstance(connection, FileConnection):
        raise ConfigurationError(f"source {source.id} has no files")
    files = {
        word: replace(dropped, finished="manifest", max_bytes=_MAX_BYTES)
        for word, dropped in connection.files.items()
    }
    return replace(source, connection=replace(connection, files=files))


_CANNOT: Final[Mapping[Fault, str]] = {
    Fault.BAD_CREDENTIAL: _FOLDER,
    Fault.EXPIRED_TOKEN: _FOLDER,
    Fault.BAD_TLS: _FOLDER,
    Fault.SLOW: _NOT_ASKED,
    Fault.TOO_MANY: _NOT_ASKED,
    Fault.SERVER_ERROR: "a folder that fails cannot be read: that is shown as unreachable",
    Fault.REDIRECT: "links are never looked at, so nobody can be sent elsewhere",
    Fault.REPEATED_CURSOR: "a file has no pages",
    Fault.CHANGED_TOTAL: "a file has no pages",
    Fault.ECHO: _NOT_ASKED,
}
