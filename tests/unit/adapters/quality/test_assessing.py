"""What is counted of a register, part by part; and that nothing else of it is told."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from adapters.kinds.sql import scan as scanner
from adapters.quality.assessing import assess
from adapters.quality.page import page
from adapters.quality.report import ServiceQuality
from adapters.quality.wording import sections
from adapters.source import Source
from schemas.errors import ConfigurationError, RequestMismatch, SourceUnavailable, UnknownService
from schemas.record import Subject
from tests.unit.adapters.quality.register import people, register


async def one(source: Source, **choices: Any) -> ServiceQuality:
    """The report of the only service."""
    [report] = await assess(source, **choices)
    return report


def field(report: ServiceQuality, path: str) -> Any:
    """One field of a report."""
    return next(found for found in report.fields if found.field == path)


async def test_fields__empty_unfit_and_filled__are_told_apart(tmp_path: Path):
    """Nothing there, something broken and a value are three things."""
    rows = people([{}, {"born": None}, {"born": "14.03.1987"}, {"born": ""}, {"given": "x" * 300}])
    report = await one(register(tmp_path, rows))

    born, given = field(report, "birth_date"), field(report, "given_names")
    assert (born.records, born.filled, born.empty, born.unfit_records) == (5, 2, 2, 1)
    assert (given.filled, dict(given.unfit)) == (4, {"not what the canonical schema allows": 1})
    assert (report.records, report.unfit_records, report.method) == (5, 2, "scan")


async def test_codes__unknown__counted_and_shown_only_when_many_carry_them(tmp_path: Path):
    """What few carry may be somebody's name in the wrong column."""
    rows = people([{"sex": "X"}] * 12 + [{"sex": "CANARY"}] * 3 + [{"sex": "Ilva Toss of Ost"}] * 20 + [{}])
    source = register(tmp_path, rows)

    sex = field(await one(source, show_codes=True), "sex")
    assert (sex.unknown_codes, dict(sex.codes)) == (35, {"X": 12})
    assert sex.unfit == {"a code that is not in the code list": 35}
    assert not field(await one(source), "sex").codes


async def test_codes__else_takes_them__counted_all_the_same(tmp_path: Path):
    """A list with a rest still has gaps."""
    source = register(tmp_path, people([{"sex": "X"}, {}]), ("else: error", "else: null"))

    sex = field(await one(source), "sex")
    assert (sex.unknown_codes, sex.unfit_records, sex.empty) == (1, 0, 1)


async def test_selectors__empty_malformed_and_shared__each_counted(tmp_path: Path):
    """Who cannot be found, and who is found together with somebody else."""
    rows = people([{}, {"nid": None}, {"nid": " "}, {"nid": "12"}, {"nid": "7" * 10}, {"nid": "7" * 10}])
    report = await one(register(tmp_path, rows))

    [selector] = report.selectors
    assert (selector.empty, selector.malformed, selector.subjects) == (2, 1, 3)
    assert (selector.ambiguous, selector.ambiguous_records) == (1, 2)


async def test_duplicates__same_name_and_birth_date__under_other_numbers(tmp_path: Path):
    """Letters and spaces do not make two people of one; one number does."""
    twin = {"given": "Bran", "family": "Vell", "born": "1990-05-06"}
    rows = [
        {**twin},
        {**twin, "given": " BRAN "},
        {**twin, "nid": "7" * 10, "family": "Oss"},
        {**twin, "nid": "7" * 10, "family": "Oss"},
        {**twin, "born": "1990-06-05"},
        {**twin, "born": "1990-05-07"},
    ]
    found = (await one(register(tmp_path, people(rows)))).duplicates

    assert (found.same_person, found.same_person_records) == (1, 2)
    assert found.mirrored == 1
    assert found.identical is None


async def test_duplicates__list__rows_alike_in_every_column(tmp_path: Path):
    """The same number with another name is another row; without a number nobody can tell."""
    rows = (
        [{"nid": "7" * 10, "family": "Oss"}] * 3 + [{"nid": "7" * 10}] + [{"nid": None, "family": "Vell"}] * 2
    )
    cut = ("    as_of: changed\n", "    as_of: changed\n    shape: list\n    empty: not_found\n")
    report = await one(register(tmp_path, people(rows), cut))

    assert report.duplicates.identical == 2
    assert report.selectors[0].ambiguous is None


async def test_dates__impossible__named_by_what_is_wrong(tmp_path: Path):
    """Born tomorrow, dead before birth, older than anybody; a dead person may have been born long ago."""
    rows = [
        {"born": "2990-01-02"},
        {"born": "1950-01-02", "died": "1949-12-31"},
        {"born": "1880-01-02"},
        {"born": "1880-01-02", "died": "1960-01-02"},
        {"born": "1987-01-01"},
    ]
    report = await one(register(tmp_path, people(rows)))

    assert report.impossible_dates == {
        "birth_date lies in the future": 1,
        "death_date lies before birth_date": 1,
        "birth_date makes its holder older than 120 years": 1,
    }
    assert report.first_of_january is not None
    assert (report.first_of_january.births, report.first_of_january.on_first) == (5, 1)


async def test_dates__far_too_many_on_the_first_of_january__said(tmp_path: Path):
    """A day that stands for "not known"."""
    report = await one(register(tmp_path, people([{"born": f"{1950 + n}-01-01"} for n in range(40)])))

    assert report.first_of_january is not None
    assert report.first_of_january.is_suspicious
    assert any("unknown day" in text for section in sections(report) for text in section.sentences)


async def test_age__from_the_records_own_word(tmp_path: Path):
    """A record that says no moment counts as unfit: the gateway could not answer either."""
    rows = people([{"changed": "2001-01-01"}, {"changed": "2990-01-01"}, {"changed": "soon"}])
    report = await one(register(tmp_path, rows))

    assert report.staleness.ages == {"in the future": 1, "older": 1, "not told": 1}
    assert report.unfit_records == 1


async def test_area__few_people__never_a_cell_of_them(tmp_path: Path):
    """Small areas stand together, small counts are hidden, and the total does not tell them."""
    rows = (
        [{"district": "LM-01"}] * 40
        + [{"district": "LM-01", "nid": None}] * 12
        + [{"district": "LM-02"}] * 30
        + [{"district": "LM-02", "nid": None}] * 3
        + [{"district": "LM-03"}] * 20
        + [{"district": "CANARY"}] * 4
        + [{"district": None}] * 11
    )
    report = await one(register(tmp_path, people(rows)), by_area=True)

    assert report.areas is not None
    told = {area.area: (area.records, area.unnamed) for area in report.areas}
    assert told == {
        "LM-01": (52, None),
        "LM-02": (33, None),
        "LM-03": (20, 0),
        "other areas": (None, 0),
        "no area": (None, 0),
    }


async def test_area__none_in_the_file__said(tmp_path: Path):
    """Nothing is made up."""
    report = await one(register(tmp_path, people([{}]), ("    area: district\n", "")), by_area=True)

    assert report.areas is None
    assert report.area_note == "the file says of no column that it is an area"


async def test_area__a_column_of_names__shows_none(tmp_path: Path):
    """More areas than a country has: the mapping names the wrong column."""
    rows = people([{"district": f"CANARY {n % 1200}"} for n in range(1200)] * 10)
    report = await one(register(tmp_path, rows), by_area=True)

    assert not report.areas
    assert "more than 1000" in (report.area_note or "")


async def test_report__every_form__holds_no_value(tmp_path: Path):
    """A canary in every column, in broken values and in whole ones."""
    canary = dict.fromkeys(
        ("nid", "given", "family", "sex", "born", "died", "district", "changed"), "CANARY7"
    )
    rows = [canary, canary, *people([{"given": "CANARY7", "family": "<b>CANARY7"}] * 30)]
    report = await one(register(tmp_path, rows), by_area=True, show_codes=True)

    words = "".join(f"{section.title}{section.sentences}{section.rows}" for section in sections(report))
    for text in (words, page([report]), str(report.document()), repr(report)):
        assert "CANARY7" not in text
        assert "Toss" not in text


async def test_page__hostile_names_in_the_file__stay_text(tmp_path: Path):
    """A printed report runs nothing, whatever a title or an area says."""
    evil = '<script>alert(1)</script>&"'
    source = register(tmp_path, people([{"district": evil}] * 20), ("title: Person\n", f"title: '{evil}'\n"))
    text = page([await one(source, by_area=True)])

    assert "<script" not in text
    assert "&lt;script&gt;" in text
    assert 'http-equiv="Content-Security-Policy" content="default-src \'none\'' in text
    assert "<svg" in text


async def test_scan__told_to_stop__says_that_it_saw_the_first_ones(tmp_path: Path):
    """The first records are no random sample."""
    report = await one(register(tmp_path, people([{}] * 7)), most=3)

    assert (report.records, report.method) == (3, "first records")
    assert "need not be like the others" in "".join(sections(report)[0].sentences)


async def test_scan__view_that_drifted__refused(tmp_path: Path):
    """A report about other columns than the file's would lie."""
    source = register(tmp_path, people([{}]), ("family_name: family", "family_name: surname"))

    with pytest.raises(ConfigurationError, match="no column surname"):
        await assess(source)


async def test_scan__database_away__unavailable_without_details(tmp_path: Path):
    """An empty report would look like a perfect one."""
    source = register(tmp_path, people([{}]))
    (tmp_path / "people.db").unlink()

    with pytest.raises(SourceUnavailable, match="cannot be reached"):
        await assess(source)


async def test_scan__text_longer_than_a_batch__is_bounded(tmp_path: Path):
    """A thousand megabytes in rows never come together in memory: a batch ends early."""
    source = register(tmp_path, people([{"given": "x" * 900_000}] * 60))
    batches = scanner.scan(source, source.record_service("person"))

    sizes = [len(batch.records) async for batch in batches]
    assert sum(sizes) == 60
    assert max(sizes) <= 10


async def test_scan__only_reads(tmp_path: Path):
    """A view that writes fails, and nothing is written."""
    source = register(tmp_path, people([{}]))
    before = (tmp_path / "people.db").read_bytes()
    await assess(source)

    assert (tmp_path / "people.db").read_bytes() == before


async def test_assess__no_such_service__refused(tmp_path: Path):
    """A name nobody declared."""
    with pytest.raises(UnknownService):
        await assess(register(tmp_path, people([{}])), ["nothing"])


async def test_assess__nobody_to_ask__says_how_to_name_some(tmp_path: Path):
    """A system that answers about one person cannot be read through."""
    source = register(tmp_path, people([{}]))
    source = _asked(source)

    with pytest.raises(RequestMismatch, match="--subjects FILE"):
        await assess(source)
    with pytest.raises(RequestMismatch, match="form of a national_id"):
        await assess(source, subjects=[Subject("national_id", "x")])


def _asked(source: Source) -> Source:
    """The same source as one that cannot be scanned; only refusals before any question are tested."""
    return replace(source, kind="rest", tests=())


async def test_report__sqlite_grows_while_it_is_read__is_of_one_moment(tmp_path: Path):
    """A record written during the scan is in it or not, and nothing is counted twice."""
    source = register(tmp_path, people([{}] * 1200))

    counted = 0
    async for batch in scanner.scan(source, source.record_service("person")):
        if not counted:
            assert not _written(tmp_path / "people.db")
        counted += len(batch.records)
    assert counted == 1200
    assert _written(tmp_path / "people.db")


def _written(file: Path) -> bool:
    """Whether somebody else could double the register now."""
    with closing(sqlite3.connect(file, timeout=0.1)) as other:
        try:
            other.execute("INSERT INTO people SELECT * FROM people")
            other.commit()
        except sqlite3.OperationalError:
            return False
    return True
