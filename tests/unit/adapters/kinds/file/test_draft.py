"""A draft from a file: names and types, guesses that say so, and no value of anybody."""

from __future__ import annotations

from pathlib import Path

import pytest

from adapters.kinds.file.draft import draft
from schemas.errors import ConfigurationError
from tests.unit.adapters.kinds.file.test_xlsx import book
from tests.unit.adapters.small_source import Secrets


async def test_draft__csv__delimiter_encoding_types_and_name(tmp_path: Path):
    """What was guessed stands in the draft, and a remark says that it was guessed."""
    path = tmp_path / "attendance_20260101.csv"
    path.write_bytes("LEARNER_NID;NAME;SINCE;DAYS\n0000000017;CANARÝ;2026-01-01;19\n".encode("windows-1252"))
    found = await draft(str(path), Secrets())
    (service,) = found.services

    assert found.connection == {
        "drop": {"folder": str(tmp_path)},
        "every_s": 60,
        "files": {
            "attendance": {
                "name": "attendance_{date:%Y%m%d}.csv",
                "format": {"kind": "csv", "encoding": "windows-1252", "delimiter": ";"},
                "finished": "renamed",
                "as_of": "name",
            }
        },
    }
    assert {column.place: column.type for column in service.columns} == {
        "LEARNER_NID": "text",
        "NAME": "text",
        "SINCE": "date",
        "DAYS": "integer",
    }
    assert service.own == {"from": "attendance", "where": {"LEARNER_NID": "$selector"}}
    assert "guessed" in found.remarks[0]
    assert "CANAR" not in repr(found)
    assert "0000000017" not in repr(found)


async def test_draft__workbook_with_numbers__asks_for_zero_pad(tmp_path: Path):
    """A spreadsheet's number has lost its zeros; somebody has to say how many."""
    path = tmp_path / "people.xlsx"
    path.write_bytes(book(["National ID", "Status"], [17, "A"]))
    found = await draft(str(path), Secrets())

    assert found.connection["files"]["people"]["columns"] == {"National ID": {"zero_pad": 10}}
    assert found.connection["files"]["people"]["as_of"] == "modified"
    assert "zero_pad" in found.remarks[0]


async def test_draft__json_lines__members_of_the_first_records(tmp_path: Path):
    """A member may be missing from some records."""
    path = tmp_path / "people.jsonl"
    path.write_text('{"nid": "0017", "alive": true}\n{"nid": "0025", "area": 1.5}\n')
    (service,) = (await draft(str(path), Secrets())).services

    assert {column.place: column.type for column in service.columns} == {
        "nid": "text",
        "alive": "boolean",
        "area": "decimal",
    }


@pytest.mark.parametrize("content", [b"", b"1000000017 A\n", b"PK"])
async def test_draft__nothing_to_tell_columns_by__refused(tmp_path: Path, content: bytes):
    """Lines of fixed width are described by hand."""
    path = tmp_path / "people.txt"
    path.write_bytes(content)

    with pytest.raises(ConfigurationError, match="fixed width"):
        await draft(str(path), Secrets())


async def test_draft__dates_and_codes_of_many_rows__told_where_they_are_sure(tmp_path: Path):
    """One format that fits every day, and values that many rows share; a rare value is never told."""
    path = tmp_path / "people.csv"
    rows = [
        f"{1000000000 + n};{1 + n % 28:02d}/0{1 + n % 9}/2020;{'AB'[n % 2]};{'rare' if n == 7 else 'x'}"
        for n in range(60)
    ]
    path.write_text("nid;born;state;remark\n" + "\n".join(rows) + "\n")
    (service,) = (await draft(str(path), Secrets())).services
    found = {column.place: column for column in service.columns}
    assert (found["born"].type, found["born"].format) == ("date", "%d/%m/%Y")
    assert found["state"].codes == ("A", "B")
    assert found["remark"].codes == ()
    assert found["nid"].pattern == "[0-9]{10}"
    assert "1000000007" not in repr(service)


async def test_draft__days_that_could_be_months__no_format_is_guessed(tmp_path: Path):
    """03/04/2020 fits two countries."""
    path = tmp_path / "people.csv"
    path.write_text("nid;born\n1000000017;03/04/2020\n1000000025;05/06/2020\n")
    (service,) = (await draft(str(path), Secrets())).services
    assert [column.format for column in service.columns] == [None, None]
