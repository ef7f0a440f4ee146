"""Workbooks: written by openpyxl and by hand, read by a reader that refuses what it cannot know."""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Callable
from datetime import date, datetime
from decimal import Decimal
from typing import Any

import openpyxl
import pytest
from openpyxl.utils.datetime import CALENDAR_MAC_1904

from adapters.kinds.file.formats.excel import day_or_moment
from schemas.outcome import Match, Misbehaving
from tests.unit.adapters.kinds.file.conftest import Opening
from tests.unit.adapters.kinds.file.dropping import CSV, DAY

NAME = "people_20260101.xlsx"
XLSX = (CSV, "format: {kind: xlsx}"), ('"people_{date:%Y%m%d}.csv"', '"people_{date:%Y%m%d}.xlsx"')
PAD = ("finished: renamed", "finished: renamed\n      columns: {NID: {zero_pad: 10}}")
HEADER = ["NID", "STATUS"]
NUMBER = "column NID is a number where text is declared: leading zeros are lost"


def book(*rows: list[Any], change: Callable[[Any], None] = lambda _book: None) -> bytes:
    """A workbook of these rows, as openpyxl writes it."""
    made = openpyxl.Workbook()
    for row in rows:
        made.active.append(row)
    change(made)
    stream = io.BytesIO()
    made.save(stream)
    return stream.getvalue()


def repacked(content: bytes, **parts: bytes) -> bytes:
    """The package with some parts exchanged: sheet, texts, more."""
    names = {"sheet": "xl/worksheets/sheet1.xml", "texts": "xl/sharedStrings.xml"}
    stream = io.BytesIO()
    with (
        zipfile.ZipFile(io.BytesIO(content)) as old,
        zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as new,
    ):
        changed = {names.get(name, name): data for name, data in parts.items()}
        for entry in old.infolist():
            new.writestr(entry.filename, changed.pop(entry.filename, None) or old.read(entry))
        for name, data in changed.items():
            new.writestr(name, data)
    return stream.getvalue()


def part(content: bytes, name: str) -> bytes:
    """One part of a package."""
    with zipfile.ZipFile(io.BytesIO(content)) as package:
        return package.read(name)


async def test_xlsx__text_cells__read(dropped: Opening):
    """Shared texts, empty cells and empty rows."""
    content = book([*HEADER, None, "X"], ["0000000017", "A"], [], ["0000000025", None, "x"])
    source = await dropped(*XLSX, **{NAME: content})

    assert await source.ask("0000000017") == Match({"status": "approved"}, DAY)
    assert await source.ask("0000000025") == Match({"status": None}, DAY)


async def test_xlsx__shared_texts_as_excel_writes_them__read(dropped: Opening):
    """Excel keeps texts in a table of their own, in runs, with phonetic guides that are no text."""
    content = book(HEADER, [1, 0])
    sheet = (
        part(content, "xl/worksheets/sheet1.xml")
        .replace(b'<c r="A2" t="n">', b'<c r="A2" t="s">')
        .replace(b'<c r="B2" t="n">', b'<c r="B2" t="s">')
    )
    space = b'xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"'
    texts = (
        b"<sst "
        + space
        + b"><si><t>A</t></si><si><r><t>00</t></r><r><t>17</t></r><rPh><t>no</t></rPh></si></sst>"
    )
    source = await dropped(*XLSX, **{NAME: repacked(content, sheet=sheet, texts=texts)})

    assert await source.ask("0017") == Match({"status": "approved"}, DAY)


@pytest.mark.parametrize(("cell", "reason"), [(17, NUMBER), (17.0, NUMBER), (1.7e9, NUMBER), (17.5, NUMBER)])
async def test_xlsx__identifier_became_a_number__refused(dropped: Opening, cell: Any, reason: str):
    """Excel drops leading zeros; without `zero_pad` nobody knows how many there were."""
    source = await dropped(*XLSX, **{NAME: book(HEADER, [cell, "A"])})

    assert source.reasons == {NAME: f"line 2: {reason}"}


async def test_xlsx__zero_pad_declared__digits_are_put_back(dropped: Opening):
    """Ten digits were declared: 17 was 0000000017; a fraction was never an identifier."""
    source = await dropped(*XLSX, PAD, **{NAME: book(HEADER, [17, "A"], ["25", "P"])})
    assert await source.ask("0000000017", "national_id") == Match({"national_id": "0000000017"}, DAY)
    assert await source.ask("0000000025", "national_id") == Match({"national_id": "0000000025"}, DAY)
    source.drop(book(HEADER, [17.5, "A"]), "people_20260102.xlsx")
    await source.look()

    assert source.reasons == {"people_20260102.xlsx": f"line 2: {NUMBER}"}


@pytest.mark.parametrize("epoch", [None, CALENDAR_MAC_1904])
async def test_xlsx__dates__are_days_in_both_systems(dropped: Opening, epoch: Any):
    """A date is a number that only its format tells from others; Apple counts from 1904."""

    def change(made: Any) -> None:
        if epoch is not None:
            made.epoch = epoch

    content = book(
        [*HEADER, "SINCE"],
        ["1", "A", date(1987, 3, 14)],
        ["2", "A", datetime.fromisoformat("2024-02-29T13:45:00")],
        change=change,
    )
    mapped = ("    map:\n", "    map:\n      certified_on: {from: SINCE, to: date}\n")
    source = await dropped(*XLSX, mapped, **{NAME: content})

    assert await source.ask("1", "certified_on") == Match({"certified_on": "1987-03-14"}, DAY)
    assert await source.ask("2", "certified_on") == Match({"certified_on": "2024-02-29"}, DAY)


@pytest.mark.parametrize(
    ("stored", "epoch_1904", "day"),
    [
        ("1", False, "1900-01-01"),
        ("59", False, "1900-02-28"),
        ("61", False, "1900-03-01"),
        ("0", True, "1904-01-01"),
        ("45351.5", False, "2024-02-29T12:00:00"),
    ],
)
def test_day__known_numbers(stored: str, epoch_1904: bool, day: str):
    """The days of Excel, the missing leap day of 1900 included."""
    assert day_or_moment(Decimal(stored), epoch_1904=epoch_1904) == day


@pytest.mark.parametrize("stored", ["60", "60.5", "-1"])
def test_day__that_never_was__refused(stored: str):
    """There was no 29 February 1900."""
    with pytest.raises(ValueError, match=r"^$"):
        day_or_moment(Decimal(stored), epoch_1904=False)


async def test_xlsx__formula_without_a_result__refused(dropped: Opening):
    """Formulas are never computed here: a result that was not stored is not known."""
    source = await dropped(*XLSX, **{NAME: book(HEADER, ["1", '=IF(1,"A","P")'])})

    assert source.reasons == {NAME: "line 2: a formula without a stored result"}


async def test_xlsx__formula_with_a_result__the_result_is_read(dropped: Opening):
    """The stored result is what the owner saw."""
    content = book(HEADER, ["1", "=X"])
    sheet = re.sub(rb"<v ?/>|<v></v>", b"<v>A</v>", part(content, "xl/worksheets/sheet1.xml"))
    sheet = sheet.replace(b'<c r="B2">', b'<c r="B2" t="str">')
    source = await dropped(*XLSX, **{NAME: repacked(content, sheet=sheet)})

    assert await source.ask("1") == Match({"status": "approved"}, DAY)


async def test_xlsx__error_cell__refused(dropped: Opening):
    """`#REF!` is no value."""
    source = await dropped(*XLSX, **{NAME: book(HEADER, ["1", "#REF!"])})

    assert source.reasons == {NAME: "line 2: a cell holds an error"}


async def test_xlsx__document_type_in_a_part__refused(dropped: Opening):
    """Entities that unfold a million times, or read a file, stand in a document type."""
    content = book(HEADER, ["1", "A"])
    bomb = b'<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;">]>'
    for name in ("xl/worksheets/sheet1.xml", "xl/styles.xml", "xl/workbook.xml"):
        text = part(content, name)
        head, _, rest = text.partition(b"?>") if text.startswith(b"<?xml") else (b"", b"", text)
        source = await dropped(
            *XLSX, **{NAME: repacked(content, **{name: (head + b"?>" if head else b"") + bomb + rest})}
        )
        assert source.reasons == {NAME: "the workbook holds XML with a document type"}
        assert isinstance(await source.ask("1"), Misbehaving)
        await source.close()


async def test_xlsx__zip_bomb__refused(dropped: Opening):
    """A part that unfolds to much more than real sheets do is not unfolded to its end."""
    content = book(HEADER, ["1", "A"])
    sheet = part(content, "xl/worksheets/sheet1.xml").replace(
        b"</sheetData>", b"<row/>" * 4_000_000 + b"</sheetData>"
    )
    source = await dropped(*XLSX, **{NAME: repacked(content, sheet=sheet)})

    assert source.reasons == {NAME: "a part of the workbook unfolds too far"}


async def test_xlsx__too_many_parts__refused(dropped: Opening):
    """A package of a thousand parts is no workbook."""
    content = repacked(book(HEADER, ["1", "A"]), **{f"xl/x{number}": b"x" for number in range(1001)})
    source = await dropped(*XLSX, **{NAME: content})

    assert source.reasons == {NAME: "the workbook has more than 1000 parts"}


@pytest.mark.parametrize("content", [b"", b"PK\3\4 no zip", b"\xd0\xcf\x11\xe0" + b"\0" * 600])
async def test_xlsx__no_workbook__refused(dropped: Opening, content: bytes):
    """An old `.xls`, an encrypted workbook or anything else is not read."""
    source = await dropped(*XLSX, **{NAME: content})

    assert source.reasons == {NAME: "not an XLSX workbook"}


async def test_xlsx__another_sheet__only_the_named_one_is_read(dropped: Opening):
    """`sheet` names the sheet; one that is not there is an error."""

    def change(made: Any) -> None:
        made.create_sheet("People").append(HEADER)
        made["People"].append(["2", "P"])

    named = (CSV, "format: {kind: xlsx, sheet: People}")
    source = await dropped(named, XLSX[1], **{NAME: book(HEADER, ["1", "A"], change=change)})
    assert await source.ask("2") == Match({"status": "pending"}, DAY)
    source.drop(book(HEADER, ["1", "A"]), "people_20260102.xlsx")
    await source.look()

    assert source.reasons == {"people_20260102.xlsx": "the workbook has no such sheet"}
