"""One sheet of an XLSX workbook (ECMA-376), read as a stream.

Written here on lxml and `zipfile`, because a library that reads workbooks for people cannot be told
to refuse: a formula whose result was never stored, an identifier that Excel turned into a number, a
package that unfolds without end. Left out: `.xls`, encrypted workbooks, the strict variant.
"""

from __future__ import annotations

import io
import re
import zipfile
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final, Protocol

from lxml import etree

from adapters.kinds.file.bad import BadFile
from adapters.kinds.file.formats.excel import ExcelFormats, day_or_moment
from adapters.kinds.file.formats.number import Number, number
from adapters.kinds.file.formats.table import positions

_MAIN: Final = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"
_LINK: Final = "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}"
MAX_ENTRIES: Final = 1000
MAX_RATIO: Final = 200
"""How much larger than packed the content may be; real sheets have 5 to 40."""
_FREE: Final = 4 * 1024 * 1024  # small content may be packed as tightly as it likes
MAX_UNPACKED: Final = 2 * 1024 * 1024 * 1024
MAX_TEXTS: Final = 64 * 1024 * 1024
"""Bytes of the table of shared texts, which has to be held."""
_MAX_TEXT: Final = 32_767  # Excel's own bound of a cell


class _Readable(Protocol):
    def read(self, size: int = -1, /) -> bytes: ...


@dataclass(frozen=True, slots=True)
class Xlsx:
    """Which sheet holds the rows (None: the first one), and how many rows stand before the header."""

    sheet: str | None = None
    skip: int = 0
    ignore_case: bool = False

    def head(self, stream: io.BufferedReader) -> list[str]:
        """The rows before the header, their cells joined by a space."""
        head = []
        for line, cells in self._sheet_rows(stream):
            if line > self.skip:
                break
            head.append(" ".join(str(_plain(cells[at])) for at in sorted(cells)))
        return head

    def header(self, stream: io.BufferedReader) -> list[str]:
        """The names of the columns."""
        for line, cells in self._sheet_rows(stream):
            if line > self.skip and cells:
                return [str(_plain(cells[at])).strip() for at in sorted(cells)]
        return []

    def rows(self, stream: io.BufferedReader, wanted: Sequence[str]) -> Iterator[tuple[int, list[Any]]]:
        """Row number and the wanted cells of every row; rows without a cell are passed over."""
        places: list[int] | None = None
        for line, cells in self._sheet_rows(stream):
            if line <= self.skip or not cells:
                continue
            if places is None:
                width = max(cells) + 1
                header = [str(_plain(cells.get(at, ""))) for at in range(width)]
                places = positions(header, wanted, line, ignore_case=self.ignore_case)
                continue
            yield line, [_checked(cells.get(place), line) for place in places]
        if places is None:
            raise BadFile("the sheet has no header")

    def _sheet_rows(self, stream: io.BufferedReader) -> Iterator[tuple[int, dict[int, Any]]]:
        try:
            with zipfile.ZipFile(stream) as package:
                book = _Package(package)
                yield from _Sheet(book, self.sheet).rows()
        except (zipfile.BadZipFile, NotImplementedError, RuntimeError, EOFError, OSError, zlib.error):
            raise BadFile("not an XLSX workbook") from None
        except etree.XMLSyntaxError:
            raise BadFile("the workbook holds broken XML") from None


class _Formula:
    """A formula whose result is not stored: refused where it is wanted."""


_UNCOMPUTED: Final = _Formula()


def _plain(cell: Any) -> Any:
    return cell.digits if isinstance(cell, Number) else "" if cell is None else cell


def _checked(cell: Any, line: int) -> Any:
    if cell is _UNCOMPUTED:
        raise BadFile("a formula without a stored result", line)
    return cell


class _Package:
    """The zip of a workbook, bounded."""

    def __init__(self, package: zipfile.ZipFile) -> None:
        entries = package.infolist()
        if len(entries) > MAX_ENTRIES:
            raise BadFile(f"the workbook has more than {MAX_ENTRIES} parts")
        self._package = package
        self._names = {entry.filename.lower(): entry for entry in entries}
        if len(self._names) != len(entries):
            raise BadFile("a part of the workbook stands twice")

    def has(self, name: str) -> bool:
        return name.lower() in self._names

    def open(self, name: str, max_bytes: int = MAX_UNPACKED) -> _Bounded:
        entry = self._names.get(name.lower())
        if entry is None:
            raise BadFile("a part of the workbook is missing")
        allowed = min(max_bytes, max(_FREE, entry.compress_size * MAX_RATIO))
        return _Bounded(self._package.open(entry), allowed)

    def elements(self, name: str, tag: str, max_bytes: int = MAX_UNPACKED) -> Iterator[Any]:
        """Every element of a tag, one at a time; XML with a document type is refused."""
        context = etree.iterparse(
            self.open(name, max_bytes),
            events=("start", "end"),
            resolve_entities=False,
            no_network=True,
            load_dtd=False,
            huge_tree=False,
        )
        first = True
        for event, element in context:
            if first:
                first = False
                if element.getroottree().docinfo.internalDTD is not None:
                    raise BadFile("the workbook holds XML with a document type")
            if event == "end" and element.tag == tag:
                yield element
                element.clear()
                parent = element.getparent()
                while parent is not None and element.getprevious() is not None:
                    del parent[0]


class _Bounded:
    """A part of the package, read up to a bound."""

    def __init__(self, part: _Readable, allowed: int) -> None:
        self._part = part
        self._left = allowed

    def read(self, size: int = -1) -> bytes:
        data = self._part.read(size if 0 <= size <= _FREE else _FREE)
        self._left -= len(data)
        if self._left < 0:
            raise BadFile("a part of the workbook unfolds too far")
        return data


class _Sheet:
    """The cells of one sheet."""

    def __init__(self, book: _Package, name: str | None) -> None:
        self._book = book
        self._part, self._epoch_1904 = _find_sheet(book, name)
        self._formats = _formats(book)
        self._texts = _texts(book)

    def rows(self) -> Iterator[tuple[int, dict[int, Any]]]:
        """Row number, and the cells that hold something by column (from 0)."""
        line = 0
        for row in self._book.elements(self._part, _MAIN + "row"):
            said = row.get("r")
            line = line + 1 if said is None else _whole(said, "a row has no number", line + 1)
            cells: dict[int, Any] = {}
            at = -1
            for cell in row.iterfind(_MAIN + "c"):
                at = _column(cell.get("r")) if cell.get("r") else at + 1
                value = self._value(cell, line)
                if value is not None:
                    cells[at] = value
            yield line, cells

    def _value(self, cell: Any, line: int) -> Any:
        kind = cell.get("t", "n")
        if kind == "inlineStr":
            return _text(cell.find(_MAIN + "is")) or None
        stored = cell.findtext(_MAIN + "v")
        if not stored:
            return None if cell.find(_MAIN + "f") is None else _UNCOMPUTED
        if kind == "s":
            missing = "a cell names a text that is not there"
            number = _whole(stored, missing, line)
            if number >= len(self._texts):
                raise BadFile(missing, line)
            return self._texts[number] or None
        if kind == "b":
            return stored == "1"
        if kind == "e":
            raise BadFile("a cell holds an error", line)
        if kind in {"str", "d"}:
            return stored
        return self._number(cell, stored, line)

    def _number(self, cell: Any, stored: str, line: int) -> Any:
        value = number(stored, line)
        if not self._formats.is_date(cell.get("s")):
            return value
        try:
            return day_or_moment(value.value, epoch_1904=self._epoch_1904)
        except (OverflowError, ValueError):
            raise BadFile("a cell is not a day", line) from None


def _find_sheet(book: _Package, name: str | None) -> tuple[str, bool]:
    """The part of a sheet, and whether days are counted from 1904."""
    workbook = "xl/workbook.xml"
    epoch_1904 = any(
        element.get("date1904") in {"1", "true"} for element in book.elements(workbook, _MAIN + "workbookPr")
    )
    sheets = [(e.get("name"), e.get(_LINK + "id")) for e in book.elements(workbook, _MAIN + "sheet")]
    chosen = next((link for title, link in sheets if name in (None, title)), None)
    if chosen is None:
        raise BadFile("the workbook has no such sheet")
    links = "{http://schemas.openxmlformats.org/package/2006/relationships}Relationship"
    for link in book.elements("xl/_rels/workbook.xml.rels", links):
        if link.get("Id") == chosen:
            target = link.get("Target", "")
            return (target.lstrip("/") if target.startswith("/") else "xl/" + target), epoch_1904
    raise BadFile("the workbook has no such sheet")


def _formats(book: _Package) -> ExcelFormats:
    if not book.has("xl/styles.xml"):
        return ExcelFormats({}, [])
    own = {
        e.get("numFmtId"): e.get("formatCode", "") for e in book.elements("xl/styles.xml", _MAIN + "numFmt")
    }
    used = [
        cell.get("numFmtId", "0")
        for styles in book.elements("xl/styles.xml", _MAIN + "cellXfs")
        for cell in styles.iterfind(_MAIN + "xf")
    ]
    return ExcelFormats(own, used)


def _texts(book: _Package) -> list[str]:
    if not book.has("xl/sharedStrings.xml"):
        return []
    return [_text(entry) for entry in book.elements("xl/sharedStrings.xml", _MAIN + "si", MAX_TEXTS)]


def _text(entry: Any) -> str:
    """The text of a cell: its runs, without the phonetic guide of East Asian names."""
    if entry is None:
        return ""
    parts = [
        part.text or ""
        for part in entry.iter(_MAIN + "t")
        if part.getparent() is None or part.getparent().tag != _MAIN + "rPh"
    ]
    text = "".join(parts)
    if len(text) > _MAX_TEXT:
        raise BadFile("a text is longer than a cell can hold")
    return text


def _whole(text: str, otherwise: str, line: int) -> int:
    if re.fullmatch(r"[0-9]{1,9}", text) is None:
        raise BadFile(otherwise, line)
    return int(text)


def _column(reference: str) -> int:
    """`A` is 0, `AA` is 26."""
    match = re.fullmatch(r"([A-Z]{1,3})[0-9]{1,7}", reference)
    if match is None:
        raise BadFile("a cell stands nowhere")
    number = 0
    for letter in match[1]:
        number = number * 26 + ord(letter) - 64
    return number - 1
