"""The traps of CSV, JSON Lines and fixed width: each is refused by line, or read as declared."""

from __future__ import annotations

import codecs

import pytest

from schemas.outcome import Match, NotFound
from tests.unit.adapters.kinds.file.conftest import Opening
from tests.unit.adapters.kinds.file.dropping import CSV, DAY, GOOD, NAME

APPROVED = Match({"status": "approved"}, DAY)
ARABIC = "NID,STATUS,NAME\n1000000017,A,\u0625\u0644\u0641\u0627\n"


def csv_of(encoding: str, delimiter: str = ",", more: str = "") -> tuple[str, str]:
    """Another CSV format."""
    return CSV, f'format: {{kind: csv, encoding: {encoding}, delimiter: "{delimiter}"{more}}}'


@pytest.mark.parametrize(
    ("encoding", "content"),
    [
        ("utf-8", ARABIC.encode()),
        ("utf-8", codecs.BOM_UTF8 + ARABIC.encode()),
        ("utf-16", codecs.BOM_UTF16_LE + ARABIC.encode("utf-16-le")),
        ("utf-16", codecs.BOM_UTF16_BE + ARABIC.encode("utf-16-be")),
        ("windows-1256", ARABIC.encode("windows-1256")),
        ("latin-1", "NID,STATUS,NAME\n1000000017,A,Élodie\n".encode("latin-1")),
    ],
)
async def test_csv__declared_encoding__names_come_out_whole(dropped: Opening, encoding: str, content: bytes):
    """Each encoding gives the same text; a byte order mark is no part of the first name."""
    source = await dropped(csv_of(encoding), ("STATUS, codes", "STATUS, codes"), **{NAME: content})

    assert await source.ask("1000000017") == APPROVED


@pytest.mark.parametrize(
    ("encoding", "content", "reason"),
    [
        ("utf-8", GOOD.encode() + "1,A,Él\n".encode("latin-1"), "line 4: not utf-8"),
        ("utf-8", ARABIC.encode("windows-1256"), "line 2: not utf-8"),
        ("utf-8", GOOD.encode("utf-16"), "line 1: begins with the mark of utf-16, declared is utf-8"),
        (
            "latin-1",
            codecs.BOM_UTF8 + GOOD.encode(),
            "line 1: begins with the mark of utf-8, declared is latin-1",
        ),
        ("utf-16", GOOD.encode("utf-16-le"), "line 1: utf-16 without a byte order mark"),
        ("utf-8", GOOD.encode() + b"1,A,\0\n", "line 4: a NUL character"),
        ("windows-1252", GOOD.encode() + b"1,A,\x81\n", "line 4: not windows-1252"),
    ],
)
async def test_csv__not_the_declared_encoding__refused_by_line(
    dropped: Opening, encoding: str, content: bytes, reason: str
):
    """An encoding is never guessed."""
    source = await dropped(csv_of(encoding), **{NAME: content})

    assert source.reasons == {NAME: reason}


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (GOOD + "1,A\n", "line 4: 2 fields where the header has 3"),
        (GOOD + "1,A,b,c\n", "line 4: 4 fields where the header has 3"),
        ("NID,STATUS,NID\n1,A,2\n", "line 1: 1 names stand twice in the header"),
        ("nid,status\n1,A\n", "line 1: the header has no column NID, STATUS"),
        ("NID;STATUS\n1;A\n", "line 1: the header has no column NID, STATUS"),
        ('NID,STATUS\n"1"x,A\n', "line 2: not CSV: a quote or a field's length"),
        ('NID,STATUS\n1,"A\n2,A\n', "line 3: not CSV: a quote or a field's length"),
        ("", "the file has no header"),
        (GOOD + "1,A," + "x" * 1_100_000 + "\n", "line 4: longer than 1048576 characters"),
        (GOOD + "1,A," + "x" * 200_000 + "\n", "line 4: not CSV: a quote or a field's length"),
    ],
)
async def test_csv__not_as_declared__refused_by_line(dropped: Opening, content: str, reason: str):
    """Ragged rows, doubled names, open quotes and endless lines are no rows."""
    source = await dropped(**{NAME: content})

    assert source.reasons == {NAME: reason}


async def test_csv__delimiter_quotes_and_line_ends_in_fields__read(dropped: Opening):
    """RFC 4180: a quoted field may hold everything."""
    content = 'NID;STATUS;NOTE\r\n"1000000017";A;"a;b\r\n""c"""\r\n\r\n1000000025;P;\r\n'
    source = await dropped(csv_of("utf-8", ";"), **{NAME: content})

    assert await source.ask("1000000017") == APPROVED
    assert await source.ask("1000000025") == Match({"status": "pending"}, DAY)


async def test_csv__case_of_names_declared_open__read(dropped: Opening):
    """`ignore_case` takes nid for NID; two names that then are one are refused."""
    change = csv_of("utf-8", ",", ", ignore_case: true")
    source = await dropped(change, **{NAME: "nid,Status\n1000000017,A\n"})
    assert await source.ask("1000000017") == APPROVED
    source.drop("nid,NID,Status\n1,2,A\n", "people_20260102.csv")
    await source.look()

    assert source.reasons == {"people_20260102.csv": "line 1: 1 names stand twice in the header"}


async def test_csv__leading_zeros__stay(dropped: Opening):
    """An identifier is text; `zero_pad` puts back what a spreadsheet took, only when declared."""
    content = "NID,STATUS\n0000000017,A\n25,A\n"
    source = await dropped(**{NAME: content})
    assert await source.ask("0000000017") == APPROVED
    assert await source.ask("17") == NotFound(DAY)
    assert await source.ask("0000000025") == NotFound(DAY)


async def test_csv__zero_pad_declared__pads_numbers_only(dropped: Opening):
    """A number with too many digits is none of the declared width."""
    pad = ("finished: renamed", "finished: renamed\n      columns: {NID: {zero_pad: 10}}")
    source = await dropped(pad, **{NAME: "NID,STATUS\n25,A\n"})
    assert await source.ask("0000000025") == APPROVED
    source.drop("NID,STATUS\n12345678901,A\n", "people_20260102.csv")
    await source.look()

    assert source.reasons == {"people_20260102.csv": "line 2: column NID has more than 10 digits"}


async def test_csv__cells_that_look_like_formulas__stay_text(dropped: Opening):
    """Nothing is ever computed: a cell that begins with = + - @ is its own text."""
    source = await dropped(**{NAME: "NID,STATUS\n=1+1,A\n@SUM(A1),A\n-1,A\n+1,P\n"})

    for value in ("=1+1", "@SUM(A1)", "-1"):
        assert await source.ask(value, "national_id") == Match({"national_id": value}, DAY)


async def test_csv__date_line_before_the_header__as_of(dropped: Opening):
    """The day may stand in a line before the header."""
    line = (
        "as_of: name",
        'skip: 2\n      as_of: {line: 1, text: "Attendance register, as of {date:%d.%m.%Y}*"}',
    )
    name = ("people_{date:%Y%m%d}.csv", "people.csv")
    content = "Attendance register, as of 01.01.2026 (final)\n\nNID,STATUS\n1000000017,A\n"
    source = await dropped(line, name, **{"people.csv": content})
    assert await source.ask("1000000017") == APPROVED
    source.drop(content.replace("01.01.2026", "31.02.2026"), "people.csv")
    await source.look()

    assert source.reasons == {"people.csv": "it does not say of which day it is"}
    assert await source.ask("1000000017") == APPROVED


JSONL = (CSV, "format: {kind: jsonl}"), ('"people_{date:%Y%m%d}.csv"', '"people_{date:%Y%m%d}.jsonl"')


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        ('{"NID": "1", "STATUS": "A"}\n[1]\n', "line 2: not a JSON object"),
        ('{"NID": "1", "STATUS": "A", "NID": "2"}\n', "line 1: not a JSON object"),
        (
            '{"NID": 17, "STATUS": "A"}\n',
            "line 1: column NID is a number where text is declared: leading zeros are lost",
        ),
        (
            '{"NID": 1e9, "STATUS": "A"}\n',
            "line 1: column NID is a number where text is declared: leading zeros are lost",
        ),
        ('{"NID": 1e999999999, "STATUS": "A"}\n', "line 1: a cell is not a number of reasonable length"),
        ('{"NID": ["1"], "STATUS": "A"}\n', "line 1: column NID is not text"),
        ('{"NID": "1"}\n', "line 1: no record has the member STATUS"),
        ("[" * 100_000 + "\n", "line 1: not a JSON object"),
    ],
)
async def test_jsonl__not_as_declared__refused_by_line(dropped: Opening, content: str, reason: str):
    """Every line is one object, and identifiers are text."""
    source = await dropped(*JSONL, **{"people_20260101.jsonl": content})

    assert source.reasons == {"people_20260101.jsonl": reason}


async def test_jsonl__records__read(dropped: Opening):
    """Blank lines are passed over; an absent member is unknown."""
    content = '{"NID": "0017", "STATUS": "A", "N": {"a": 1.10}}\n\n{"NID": "0025"}'
    source = await dropped(*JSONL, **{"people_20260101.jsonl": content})

    assert await source.ask("0017") == APPROVED
    assert await source.ask("0025") == Match({"status": None}, DAY)


FIXED = (
    CSV,
    "format: {kind: fixed, encoding: latin-1, width: 12, fields: {NID: [1, 10], STATUS: [12, 12]}, trailer: T}",
)


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        ("1000000017 A\n100000002 A\nT2\n", "line 2: 11 characters where 12 are declared"),
        ("1000000017 A\nT2\n", "line 2: the trailer counts other rows than the file has"),
        ("1000000017 A\n", "the trailer is missing: the file was cut off"),
        ("1000000017 A\nT1\n1000000025 A\n", "line 3: a line after the trailer"),
    ],
)
async def test_fixed__not_as_declared__refused_by_line(dropped: Opening, content: str, reason: str):
    """A line of another width shifts every column behind it; a missing trailer is a cut file."""
    source = await dropped(FIXED, **{NAME: content})

    assert source.reasons == {NAME: reason}


async def test_fixed__padding__is_no_part_of_a_value(dropped: Opening):
    """Columns are padded with spaces."""
    source = await dropped(FIXED, **{NAME: "1000000017 A\r\n25         P\r\nT000002\r\n"})

    assert await source.ask("1000000017") == APPROVED
    assert await source.ask("25") == Match({"status": "pending"}, DAY)
