"""The Ministry of Education's drops: pupils and attendance as CSV files, complete with their manifest.

Files are semicolon-separated UTF-8 with a byte order mark, as the ministry's spreadsheets write them. A drop
is one full list of pupils and one file of attendance per month; `manifest.sha256` names every file with its
checksum, in the form that `sha256sum -c` checks, and is written last.
"""

from __future__ import annotations

import csv
import hashlib
import io
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Final

from examples.lumeria.country import ATTENDANCE_MONTHS, REFERENCE_DATE
from examples.lumeria.inconsistencies import Shown
from examples.lumeria.population.truth import Country

MANIFEST: Final = "manifest.sha256"
PUPILS: Final = f"pupils_{REFERENCE_DATE:%Y%m%d}.csv"
_PUPIL_COLUMNS: Final = (
    "pupil_no", "national_id", "surname", "given_names", "born", "sex", "school_code", "grade", "status",
)  # fmt: skip
_ATTENDANCE_COLUMNS: Final = (
    "pupil_no",
    "national_id",
    "school_code",
    "month",
    "days_open",
    "days_present",
    "rate",
)
_SEXES: Final = {"female": "G", "male": "B"}  # girl, boy


def write(path: Path, seed: str, country: Country, records: list[Shown]) -> None:  # noqa: ARG001 one shape for all
    """Write the folder `education/`."""
    path.mkdir(parents=True, exist_ok=True)
    for old in path.glob("*.csv"):
        old.unlink()
    numbered = [(f"{serial:06d}", record) for serial, record in enumerate(records, start=412)]
    files = {PUPILS: _csv(_PUPIL_COLUMNS, _pupils(country, numbered))}
    for month, days in ATTENDANCE_MONTHS.items():
        name = f"attendance_{month.replace('-', '')}.csv"
        files[name] = _csv(_ATTENDANCE_COLUMNS, _attendance(country, numbered, month, days))
    for name, content in files.items():
        (path / name).write_bytes(content)
    lines = (f"{hashlib.sha256(content).hexdigest()}  {name}\n" for name, content in sorted(files.items()))
    (path / MANIFEST).write_text("".join(lines), encoding="ascii")


def _pupils(country: Country, numbered: list[tuple[str, Shown]]) -> Iterable[Sequence[object]]:
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
    country: Country, numbered: list[tuple[str, Shown]], month: str, days: int
) -> Iterable[Sequence[object]]:
    schooling = {pupil.national_id: pupil for pupil in country.sectors.schooling}
    last = max(ATTENDANCE_MONTHS)
    for number, record in numbered:
        pupil = schooling[record.truth]
        if month == last and "attendance_not_reported" in record.flaws:
            continue
        present = pupil.present[month]
        rate = f"{100 * present / days:.1f}".replace(".", ",")  # a decimal comma, as schools write it
        yield number, record.national_id or "", _school(pupil.school, record), month, days, present, rate


def _school(code: str, record: Shown) -> str:
    return code.lstrip("0") if "leading_zeros_lost" in record.flaws else code


def _csv(columns: Sequence[str], rows: Iterable[Sequence[object]]) -> bytes:
    text = io.StringIO(newline="")
    writer = csv.writer(text, delimiter=";", lineterminator="\r\n")
    writer.writerow(columns)
    writer.writerows(rows)
    return text.getvalue().encode("utf-8-sig")
