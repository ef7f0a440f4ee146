"""How a `file` source is written: where files are dropped, what they are called, what they hold."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, Literal, Protocol

from adapters.http import form as http
from adapters.http.form import HttpConnection
from adapters.kinds import Complaint
from adapters.kinds.file import names
from adapters.kinds.file.cells import Column
from adapters.kinds.file.formats.csv import Csv
from adapters.kinds.file.formats.fixed import Fixed
from adapters.kinds.file.formats.jsonl import JsonLines
from adapters.kinds.file.names import Pattern
from adapters.selector import part_names
from adapters.yaml_lines import Document, Place
from schemas.errors import ConfigurationError

PLACEHOLDER: Final = "/nowhere"
EXEMPTIONS: Final[Mapping[int, str]] = {
    14: "no question reaches the owner: a value is only compared, as a keyed digest, with those of staged "
    "rows (tests/unit/adapters/kinds/file/test_reader.py)"
}
_HOUR: Final = 3600
_GIB: Final = 1024**3

Finished = Literal["stable", "renamed", "done", "manifest"]


class Format(Protocol):
    """How a file's content is written: one class for each word of `format.kind`."""

    def head(self, stream: Any) -> list[str]:
        """The lines before the header. Raises BadFile."""

    def rows(self, stream: Any, wanted: Any) -> Iterator[tuple[int, list[Any]]]:
        """Line numbers and wanted cells. Raises BadFile."""


@dataclass(frozen=True, slots=True)
class FolderDrop:
    """A folder of this machine."""

    folder: Path


@dataclass(frozen=True, slots=True)
class SftpDrop:
    """A folder of an SFTP server, whose key is `host_key` (as a line of `known_hosts` has it)."""

    host: str
    port: int
    user: str
    host_key: str
    folder: str
    password: str | None = field(default=None, repr=False)
    key: str | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class HttpsDrop:
    """Files below the base URL of an HTTPS server."""

    connection: HttpConnection


@dataclass(frozen=True, slots=True)
class AsOf:
    """Where the day that a file vouches for stands: in its name, its manifest, a line before the
    header, or the time of its last change."""

    place: Literal["name", "manifest", "line", "modified"]
    line: int = 0
    pattern: Pattern | None = None


@dataclass(frozen=True, slots=True)
class DroppedFile:
    """One kind of file that is dropped. `finished` says how the owner tells that a file is whole;
    `deleted` is the column and the value that mark a deleted row of a delta. Where every file `adds` to
    those before it (statements of an account), there are no full files, and the oldest is read first."""

    name: Pattern
    delta: Pattern | None
    format: Format
    columns: Mapping[str, Column]
    key: tuple[str, ...]
    deleted: tuple[str, str] | None
    finished: Finished
    stable_s: float
    as_of: AsOf
    max_age_s: int | None
    max_bytes: int
    max_rows: int
    adds: bool = False

    @property
    def is_sequenced(self) -> bool:
        """Whether names number the files, so that a missing one is noticed."""
        return self.name.has_sequence


@dataclass(frozen=True, slots=True)
class FileConnection:
    """Where files are dropped, how often to look, and what is dropped there."""

    drop: FolderDrop | SftpDrop | HttpsDrop
    every_s: float
    files: Mapping[str, DroppedFile]


@dataclass(frozen=True, slots=True)
class FileAsk:
    """A dropped file, and which column each selector or part of one is compared with."""

    file: str
    where: Mapping[str, str]


def connection(settings: Mapping[str, Any], folder: Path) -> FileConnection:
    """As `Form.connection`; a relative folder is relative to the source file."""
    try:
        files = {word: _file(given) for word, given in settings["files"].items()}
    except ValueError as error:
        raise ConfigurationError(f"files: {error}") from None
    return FileConnection(_drop(settings["drop"], folder), settings.get("every_s", 60), files)


def ask(service: Mapping[str, Any]) -> FileAsk:
    """As `Form.ask`."""
    where = {name.removeprefix("$"): column for column, name in service["where"].items()}
    return FileAsk(service["from"], where)


def connection_warnings(settings: Mapping[str, Any]) -> Iterator[Complaint]:
    """As `Form.connection_warnings`."""
    for word, given in settings["files"].items():
        if "max_age_h" not in given:
            place = ("connection", "files", word)
            yield place, "old data is answered for ever", "write `max_age_h`: how old a file may become"
    https = settings["drop"].get("https")
    if https is not None:
        for inner, what, cure in http.connection_warnings(https):
            yield ("connection", "drop", "https", *inner[1:]), what, cure


def connection_complaints(settings: Mapping[str, Any]) -> Iterator[Complaint]:
    """What is wrong with a connection, secrets not resolved."""
    for word, given in settings["files"].items():
        for place, what, cure in _file_complaints(given, https="https" in settings["drop"]):
            yield ("connection", "files", word, *place), what, cure


def service_complaints(service: Mapping[str, Any], place: Place) -> Iterator[Complaint]:
    """As `Form.service_complaints`: selectors and columns name each other, and compare as text."""
    parts = [part for names_ in part_names(service["subject"]).values() for part in names_]
    used = {name.removeprefix("$") for name in service["where"].values()}
    for column, name in service["where"].items():
        if name.removeprefix("$") not in parts:
            cure = "write one of " + ", ".join(f"${part}" for part in parts)
            yield (*place, "where", column), "no such selector under `subject`", cure
    for part in sorted(set(parts) - used):
        yield (*place, "where"), f"nothing compares with `{part}`", f"write a column: ${part}"
    for name, given in service["subject"].items():
        for form in given.get("parts", {name: given}).values():
            if form.get("to") == "integer":
                cure = "remove `to: integer`; `zero_pad` at the column keeps leading zeros"
                yield (*place, "subject", name), "files are compared as text", cure


def named_files(settings: Mapping[str, Any], _folder: Path) -> Iterator[str]:
    """As `adapters.kinds.named_files_of`: the authority of an HTTPS drop."""
    https = settings["drop"].get("https", {})
    if "ca_file" in https:
        yield https["ca_file"]


def document_complaints(document: Document) -> Iterator[Complaint]:
    """What is wrong between the parts of a file: services read files that it declares."""
    declared = document.value["connection"]["files"]
    for name, service in document.value["services"].items():
        if service["from"] not in declared:
            cure = "write one of " + ", ".join(declared)
            yield ("services", name, "from"), "no such file under connection, `files`", cure


def kept_columns(dropped: DroppedFile, read: frozenset[str], where: frozenset[str]) -> tuple[str, ...]:
    """The columns of a file that are staged: what services map and compare, and the key."""
    marked = {dropped.deleted[0]} if dropped.deleted else set()
    return tuple(sorted(read | where | set(dropped.key) | marked))


def _drop(given: Mapping[str, Any], folder: Path) -> FolderDrop | SftpDrop | HttpsDrop:
    if "folder" in given:
        return FolderDrop((folder / given["folder"]).absolute())
    if "https" in given:
        return HttpsDrop(http.connection(given["https"], folder))
    sftp = given["sftp"]
    return SftpDrop(
        sftp["host"],
        sftp.get("port", 22),
        sftp["user"],
        sftp["host_key"],
        sftp.get("folder", "."),
        sftp.get("password"),
        sftp.get("key"),
    )


def _file(given: Mapping[str, Any]) -> DroppedFile:
    delta, deleted = given.get("delta"), given.get("deleted")
    return DroppedFile(
        name=names.pattern(given["name"]),
        delta=None if delta is None else names.pattern(delta),
        format=_format(given["format"], given.get("skip", 0)),
        columns={name: Column(**form) for name, form in given.get("columns", {}).items()},
        key=tuple(given.get("key", ())),
        deleted=None if deleted is None else (deleted["column"], deleted["equals"]),
        finished=given["finished"],
        stable_s=given.get("stable_s", 10),
        as_of=_as_of(given["as_of"]),
        max_age_s=int(given["max_age_h"] * _HOUR) if "max_age_h" in given else None,
        max_bytes=given.get("max_bytes", 4 * _GIB),
        max_rows=given.get("max_rows", 20_000_000),
    )


def _as_of(given: Any) -> AsOf:
    if isinstance(given, str):
        return AsOf("manifest" if given == "manifest" else "name" if given == "name" else "modified")
    return AsOf("line", given["line"], names.pattern(given["text"]))


def _format(given: Mapping[str, Any], skip: int) -> Format:
    members = {name: value for name, value in given.items() if name != "kind"}
    match given["kind"]:
        case "csv":
            return Csv(**members, skip=skip)
        case "jsonl":
            return JsonLines(skip)
        case "fixed":
            fields = {name: (first, last) for name, (first, last) in members.pop("fields").items()}
            return Fixed(fields=fields, **members, skip=skip)
        case _:
            # lxml is only loaded where a workbook is read.
            from adapters.kinds.file.formats.xlsx import Xlsx

            return Xlsx(**members, skip=skip)


def _file_complaints(given: Mapping[str, Any], *, https: bool) -> Iterator[Complaint]:
    try:
        dropped = _file(given)
    except ValueError as error:
        yield ("name",), str(error), "see docs/adapters/file.md"
        return
    dates = dropped.name.format is not None and (dropped.delta is None or dropped.delta.format is not None)
    if dropped.as_of.place == "name" and not dates:
        yield ("as_of",), "the names hold no date", "write {date:%Y%m%d} into them, or another `as_of`"
    if dropped.as_of.place == "manifest" and dropped.finished != "manifest":
        yield ("as_of",), "there is no manifest", "write `finished: manifest`"
    if dropped.as_of.place == "line":
        if not 1 <= dropped.as_of.line <= given.get("skip", 0):
            yield ("as_of",), "the line is no line before the header", "write `skip`: how many there are"
        if dropped.as_of.pattern is None or dropped.as_of.pattern.format is None:
            yield ("as_of",), "the text holds no date", "write {date:%Y-%m-%d} into `text`"
    if dropped.delta is not None:
        yield from _delta_complaints(dropped, dropped.delta)
    if https and dropped.finished in {"stable", "done"}:
        yield ("finished",), "a web server shows whole files only", "write `manifest`, or `renamed`"
    if https and not dropped.name.is_one_name and dropped.finished != "manifest":
        yield ("name",), "a web server lists no names", "write one name, or `finished: manifest`"


def _delta_complaints(dropped: DroppedFile, delta: Pattern) -> Iterator[Complaint]:
    if not dropped.key:
        yield ("delta",), "deltas need a `key`", "name the columns that tell rows apart"
    if delta.has_sequence != dropped.name.has_sequence or (
        not delta.has_sequence and (delta.format is None or dropped.name.format is None)
    ):
        yield ("delta",), "the order of files is not known", "write {sequence}, or {date:…}, into both names"
