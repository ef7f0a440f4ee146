"""The Ministry of Education's drops: pupils and attendance as CSV files, complete with their manifest.

Files are semicolon-separated UTF-8 with a byte order mark, as the ministry's spreadsheets write them. A
drop is one full list of pupils, one full file of attendance until May, and the changes that June brought:
rows that are new (`U`) and rows that were withdrawn (`D`). `SHA256SUMS` names every file with its checksum,
as `sha256sum -c` checks it, says in a comment of which day the drop is, and is written last.
"""

from __future__ import annotations

import csv
import hashlib
import io
from calendar import monthrange
from collections.abc import Iterable, Iterator, Sequence
from datetime import date
from pathlib import Path
from typing import Final

from examples.lumeria.country import ATTENDANCE_MONTHS, REFERENCE_DATE
from examples.lumeria.inconsistencies import Shown
from examples.lumeria.population.truth import Country

MANIFEST: Final = "SHA256SUMS"
PUPILS: Final = "pupils_20260630.csv"
ATTENDANCE: Final = "attendance_20260531.csv"
CHANGES: Final = "attendance_changes_20260630.csv"
_PUPIL_COLUMNS: Final = (
    "pupil_no", "national_id", "surname", "given_names", "born", "sex", "school_code", "grade", "status",
)  # fmt: skip
_ATTENDANCE_COLUMNS: Final = (
    "action", "pupil_no", "national_id", "school_code", "from", "to", "days_open", "days_present", "rate",
)  # fmt: skip
_SEXES: Final = {"female": "G", "male": "B"}  # girl, boy
_Row = tuple[object, ...]


def write(path: Path, seed: str, country: Country, records: list[Shown]) -> None:  # noqa: ARG001 one shape for all
    """Write the folder `education/`."""
    path.mkdir(parents=True, exist_ok=True)
    for old in path.glob("*.csv"):
        old.unlink()
    numbered = [(f"{serial:06d}", record) for serial, record in enumerate(records, start=412)]
    *earlier, last = ATTENDANCE_MONTHS
    files = {
        PUPILS: _csv(_PUPIL_COLUMNS, _pupils(country, numbered)),
        ATTENDANCE: _csv(
            _ATTENDANCE_COLUMNS,
            (row for month in earlier for row in _attendance(country, numbered, month, "")),
        ),
        CHANGES: _csv(
            _ATTENDANCE_COLUMNS,
            [*_withdrawn(country, numbered, earlier[0]), *_attendance(country, numbered, last, "U")],
        ),
    }
    for name, content in files.items():
        (path / name).write_bytes(content)
    lines = (f"{hashlib.sha256(content).hexdigest()}  {name}\n" for name, content in sorted(files.items()))
    head = f"# as_of: {REFERENCE_DATE.isoformat()}\n"
    (path / MANIFEST).write_text(head + "".join(lines), encoding="ascii")


def _pupils(country: Country, numbered: list[tuple[str, Shown]]) -> Iterator[_Row]:
    schooling = {pupil.national_id: pupil for pupil in country.sectors.schooling}
    for number, record in numbered:
        pupil, person = schooling[record.truth], country.population.people[record.truth]
        yield (
            number,
            record.national_id or "",
            record.family_name,
            record.given_names,
            f"{record.born_on:%d/%m/%Y}",
            _SEXES[person.sex],
            _school(pupil.school, record),
            pupil.grade,
            "enrolled",
        )


def _attendance(
    country: Country, numbered: list[tuple[str, Shown]], month: str, action: str
) -> Iterator[_Row]:
    """A month's attendance, but for the pupils whose school did not report the last one."""
    schooling = {pupil.national_id: pupil for pupil in country.sectors.schooling}
    first = date.fromisoformat(f"{month}-01")
    last = first.replace(day=monthrange(first.year, first.month)[1])
    days = ATTENDANCE_MONTHS[month]
    for number, record in numbered:
        if month == max(ATTENDANCE_MONTHS) and "attendance_not_reported" in record.flaws:
            continue
        pupil = schooling[record.truth]
        present = pupil.present[month]
        rate = f"{100 * present / days:.1f}".replace(".", ",")  # a decimal comma, as schools write it
        yield (
            action,
            number,
            record.national_id or "",
            _school(pupil.school, record),
            f"{first:%d/%m/%Y}",
            f"{last:%d/%m/%Y}",
            days,
            present,
            rate,
        )


def _withdrawn(country: Country, numbered: list[tuple[str, Shown]], month: str) -> Iterator[_Row]:
    """Rows with a spoiled school code, taken back a month later."""
    spoiled = [(number, record) for number, record in numbered if "leading_zeros_lost" in record.flaws]
    yield from _attendance(country, spoiled, month, "D")


def _school(code: str, record: Shown) -> str:
    return code.lstrip("0") if "leading_zeros_lost" in record.flaws else code


def _csv(columns: Sequence[str], rows: Iterable[_Row]) -> bytes:
    text = io.StringIO(newline="")
    writer = csv.writer(text, delimiter=";", lineterminator="\r\n")
    writer.writerow(columns)
    writer.writerows(rows)
    return text.getvalue().encode("utf-8-sig")
