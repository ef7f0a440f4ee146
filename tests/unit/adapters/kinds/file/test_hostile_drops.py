"""What strangers, full disks and unlucky clocks do to a drop: the watcher goes on, no row of another is given."""

from __future__ import annotations

import asyncio
import os
import sqlite3
import sys
from pathlib import Path
from typing import Any

import pytest

from adapters.kinds.file import watching
from adapters.kinds.file.names import pattern
from schemas.outcome import Match, Misbehaving, NotFound
from tests.unit.adapters.kinds.file.conftest import Opening
from tests.unit.adapters.kinds.file.dropping import CSV, DAY, DELTAS, GOOD, NAME
from tests.unit.adapters.kinds.file.test_xlsx import HEADER, XLSX, book, part, repacked

JSONL = (CSV, "format: {kind: jsonl}"), ('"people_{date:%Y%m%d}.csv"', '"people_{date:%Y%m%d}.jsonl"')


async def test_look__state_cannot_be_written__the_watcher_goes_on(
    dropped: Opening, monkeypatch: pytest.MonkeyPatch
):
    """A full disk ends one look, not the thread that looks: the next file is taken once there is room."""
    source = await dropped(("every_s: 3600", "every_s: 1"))
    real = watching.write_state
    failures = iter([OSError(28, "No space left on device")] * 3)

    def full(*arguments: Any) -> None:
        error = next(failures, None)
        if error is not None:
            raise error
        real(*arguments)

    monkeypatch.setattr(watching, "write_state", full)
    source.drop(GOOD + "x\n")  # a bad file is news for the state
    for _ in range(500):
        if source.reasons:
            break
        await asyncio.sleep(0.02)

    assert isinstance(await source.ask("1000000017"), Misbehaving)


async def test_look__name_that_is_no_text__is_passed_over(dropped: Opening):
    """A name of bytes that are no UTF-8 cannot be told to anybody; the files beside it are read."""
    source = await dropped(('"people_{date:%Y%m%d}.csv"', '"people_*{date:%Y%m%d}.csv"'), **{NAME: GOOD})
    path = os.fsencode(source.folder) + b"/people_\xff20260301.csv"
    with open(path, "wb") as file:  # noqa: ASYNC230, PTH123
        file.write(GOOD.replace(",A,", ",P,").encode())
    source.drop(GOOD.replace(",A,", ",P,"), "people_20260201.csv")
    await source.look()

    assert source.state.unreachable is None
    assert await source.ask("1000000017") == Match({"status": "pending"}, 1769904000)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (b'<row r="2"', '<row r="²"'.encode()),
        (b'<row r="2"', b'<row r="' + b"9" * 5000 + b'"'),
        (b'<c r="A2" t="inlineStr">', b'<c r="A2" t="s"><v>-1</v></c><c r="C2" t="inlineStr">'),
        (b'<c r="A2" t="inlineStr">', '<c r="A2" s="²"><v>1</v></c><c r="C2" t="inlineStr">'.encode()),
    ],
)
async def test_xlsx__numbers_that_are_none__bad_file_and_no_end_of_looking(
    dropped: Opening, old: bytes, new: bytes
):
    """A row or a style that is no number is against the format: quarantined, not tried for ever."""
    content = book(HEADER, ["0000000017", "A"])
    sheet = part(content, "xl/worksheets/sheet1.xml")
    assert old in sheet
    changed = repacked(content, sheet=sheet.replace(old, new))
    source = await dropped(*XLSX, **{"people_20260101.xlsx": changed})

    assert source.state.unreachable is None
    assert list(source.reasons) == ["people_20260101.xlsx"]
    assert isinstance(await source.ask("0000000017"), Misbehaving)


@pytest.mark.parametrize("digits", [20, 400, 5000])
async def test_jsonl__very_long_numbers__never_end_looking(dropped: Opening, digits: int):
    """An integer of any length, at the top or inside, is text or a bad file, never an error of ours."""
    number = "9" * digits
    line = f'{{"NID": "1", "STATUS": "A", "X": {number}}}\n'
    nested = f'{{"NID": "2", "STATUS": {{"a": [{number}]}}}}\n{{"NID": "3", "STATUS": {number}}}\n'
    source = await dropped(*JSONL, **{"people_20260101.jsonl": line + nested})

    assert source.state.unreachable is None
    assert isinstance(await source.ask("2"), Misbehaving)


async def test_look__two_deltas_of_one_day__both_are_taken(dropped: Opening):
    """Names that say a day cannot tell which of two came first: by name, and none is left out."""
    dates = DELTAS[1].replace("{sequence}_", "").replace('"delta_{date:%Y%m%d}', '"delta_{date:%Y%m%d}*')
    source = await dropped(
        (DELTAS[0], dates),
        **{
            "full_20260101.csv": "NID,STATUS,ACTION\n1,A,\n2,A,\n",
            "delta_20260102_1.csv": "NID,STATUS,ACTION\n1,P,U\n",
            "delta_20260102_2.csv": "NID,STATUS,ACTION\n2,P,U\n",
        },
    )

    assert await source.ask("1") == Match({"status": "pending"}, 1767312000)
    assert await source.ask("2") == Match({"status": "pending"}, 1767312000)


async def test_look__corrected_file_of_the_same_day__is_taken(dropped: Opening):
    """What counts among files of one day does not depend on whether they were seen together."""
    source = await dropped(('_{date:%Y%m%d}.csv"', '_{date:%Y%m%d}*.csv"'), **{"people_20260101_1.csv": GOOD})
    source.drop(GOOD.replace(",A,", ",P,"), "people_20260101_2.csv")
    await source.look()
    assert await source.ask("1000000017") == Match({"status": "pending"}, DAY)

    source.drop(GOOD, "people_20260101_0.csv")
    await source.look()
    assert await source.ask("1000000017") == Match({"status": "pending"}, DAY)


async def test_find__rows_exchanged_on_disk__misbehaving_and_no_row_of_another(dropped: Opening):
    """Who can write to the disk but has no key cannot give one person the row of another."""
    source = await dropped(**{NAME: GOOD})
    staged = source.room.folder / source.source.id / "people.staged"
    with sqlite3.connect(staged) as database:
        rows = database.execute("SELECT id, sealed FROM rows ORDER BY id").fetchall()
        for (number, _), (_, sealed) in zip(rows, reversed(rows), strict=True):
            database.execute("UPDATE rows SET sealed = ? WHERE id = ?", (sealed, number))
    database.close()

    outcome = await source.ask("1000000017")

    assert isinstance(outcome, Misbehaving)


async def test_fetch__digits_of_another_script__are_not_the_number(dropped: Opening):
    """A number in full-width or Arabic digits is another text: nobody is found by it."""
    source = await dropped(**{NAME: GOOD})

    assert isinstance(await source.ask("１０００００００１７"), NotFound)
    assert isinstance(await source.ask("١٠٠٠٠٠٠٠١٧"), NotFound)


def test_pattern__very_long_line__is_not_of_the_form():
    """A pattern with stars is not tried on a line of a million characters."""
    read = pattern("*a*b*c*{date:%Y}").read

    assert read("abc" * 300_000) is None
    assert read("abc2026") is not None


async def test_column__year_day_month__is_not_read_as_iso(dropped: Opening):
    """A declared format that looks like ISO and is not is taken at its word."""
    source = await dropped(
        ("finished: renamed", 'finished: renamed\n      columns: {BORN: {date: "%Y-%d-%m"}}'),
        ("map:\n", "map:\n      certified_on: {from: BORN, to: date}\n"),
        **{NAME: "NID,STATUS,BORN\n1,A,2020-04-03\n"},
    )

    assert await source.ask("1", "certified_on") == Match({"certified_on": "2020-03-04"}, DAY)


KILLED = """
import asyncio, os, sys, time
from pathlib import Path
from adapters.kinds.file import cells
from tests.unit.adapters.kinds.file.dropping import Dropped

cells._EVERY = 1
def die(self, word, rows):
    if rows == 2:
        os.kill(os.getpid(), 9)
from adapters.kinds.file.watching import Watcher
Watcher._tell = die
asyncio.run(Dropped(Path(sys.argv[1])).open())
"""


async def test_look__process_killed_in_the_middle_of_a_file__old_rows_stay_and_new_ones_come(
    dropped: Opening, tmp_path: Path
):
    """Half a file never counts: the next worker finds the lock free, cleans up and imports all of it."""
    source = await dropped(**{NAME: GOOD})
    await source.close()
    source.drop(GOOD.replace(",A,", ",P,"), "people_20260201.csv")
    killed = await asyncio.create_subprocess_exec(sys.executable, "-c", KILLED, str(tmp_path))
    assert await killed.wait() == -9
    folder = source.room.folder / source.source.id
    assert (folder / "people.building").exists()

    again = await dropped()

    assert await again.ask("1000000017") == Match({"status": "pending"}, 1769904000)
    assert not (folder / "people.building").exists()
