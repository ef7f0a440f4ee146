"""A report in words and tables, for a terminal and for paper alike."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from adapters.quality.areas import FEWEST
from adapters.quality.report import AreaQuality, FieldQuality, Sample, ServiceQuality

_CONFIDENT: Final = 1.96  # of a normal distribution, 95 %


@dataclass(frozen=True, slots=True)
class Section:
    """One part of a report: sentences, then a table. `shares` are the filled parts of its rows' bars,
    0 to 1, or None."""

    title: str
    sentences: tuple[str, ...]
    columns: tuple[str, ...] = ()
    rows: tuple[tuple[str, ...], ...] = ()
    shares: tuple[float | None, ...] = ()


def sections(report: ServiceQuality) -> list[Section]:
    """A report, part by part; what it has nothing to say about is left out."""
    parts = [
        _about(report),
        _fields(report),
        _unfit(report),
        _codes(report),
        _selectors(report),
        _duplicates(report),
        _dates(report),
        _staleness(report),
        _areas(report),
    ]
    return [part for part in parts if part is not None]


def percent(share: float | None) -> str:
    """A share for people; never rounded up to all or down to none."""
    if share is None:
        return ""
    shown = round(100 * share, 1)
    if shown in (0.0, 100.0) and 0 < share < 1:
        return "under 0.1 %" if shown == 0 else "over 99.9 %"
    return f"{shown:.1f} %"


def interval(filled: int, records: int) -> str:
    """Between which shares the truth lies in 95 of 100 random samples (Wilson's interval)."""
    if not records:
        return ""
    share, z2 = filled / records, _CONFIDENT**2
    middle = (share + z2 / (2 * records)) / (1 + z2 / records)
    half = _CONFIDENT / (1 + z2 / records)
    half *= math.sqrt(share * (1 - share) / records + z2 / (4 * records**2))
    return f"{100 * max(0.0, middle - half):.0f} to {100 * min(1.0, middle + half):.0f} %"


def _about(report: ServiceQuality) -> Section:
    made = f"{datetime.fromtimestamp(report.made_at, UTC):%Y-%m-%d %H:%M} UTC"
    sentences = [f"{report.title}: {report.canonical}, made {made}."]
    match report.method:
        case "scan":
            sentences.append(f"All {report.records} records were read.")
        case "first records":
            sentences.append(
                f"Only the first {report.records} records were read, in the source's own order. "
                "They need not be like the others."
            )
        case "sample":
            sentences += _sampled(report.sample, report.records)
    fit = report.records - report.unfit_records
    if report.records:
        share = percent(fit / report.records)
        sentences.append(
            f"{fit} records ({share}) fit the source file; about the others the gateway answers nothing."
        )
    return Section(f"{report.source}, {report.service}", tuple(sentences))


def _sampled(sample: Sample | None, records: int) -> Iterator[str]:
    if sample is None:
        return
    outcomes = ", ".join(f"{count} {word}" for word, count in sample.outcomes.items())
    yield f"A sample: {sample.asked} subjects of {sample.chosen} were asked about ({outcomes})."
    yield f"The answers hold {records} records."
    yield (
        "It says how these were answered. Of the whole register it says something only if they were drawn "
        "from it at random; the ranges below are then right in 95 of 100 samples. "
        "Duplicates and subjects without an identifier cannot be seen in a sample."
    )


def _fields(report: ServiceQuality) -> Section:
    sampled = report.method == "sample"
    rows, shares = [], []
    for field in report.fields:
        row = [
            field.field,
            str(field.records),
            percent(field.completeness),
            str(field.empty),
            str(field.unfit_records),
        ]
        rows.append((*row, interval(field.filled, field.records)) if sampled else tuple(row))
        shares.append(field.completeness)
    columns = ("field", "records", "filled", "empty", "unfit")
    return Section(
        "Completeness",
        ("An empty field is not always wrong: who lives has no date of death.",),
        (*columns, "range") if sampled else columns,
        tuple(rows),
        tuple(shares),
    )


def _unfit(report: ServiceQuality) -> Section | None:
    rows = [
        (field.field, reason, str(count)) for field in report.fields for reason, count in field.unfit.items()
    ]
    return _table("Values that do not fit", ("field", "why", "records"), rows)


def _codes(report: ServiceQuality) -> Section | None:
    rows = [
        (field.field, str(field.unknown_codes), _shown_codes(field))
        for field in report.fields
        if field.unknown_codes
    ]
    return _table("Codes that no list of the file knows", ("field", "records", "codes"), rows)


def _shown_codes(field: FieldQuality) -> str:
    return ", ".join(f"{code} ({count})" for code, count in field.codes.items()) or "not shown"


def _selectors(report: ServiceQuality) -> Section | None:
    rows = [
        (
            one.selector,
            str(one.subjects),
            str(one.empty),
            str(one.malformed),
            *_ambiguous(one.ambiguous, one.ambiguous_records),
        )
        for one in report.selectors
    ]
    columns = ("selector", "different", "empty", "other form", "stand for several", "their records")
    return _table("Who can be found", columns, rows)


def _ambiguous(count: int | None, records: int | None) -> tuple[str, str]:
    return ("cannot be told", "") if count is None or records is None else (str(count), str(records))


def _duplicates(report: ServiceQuality) -> Section | None:
    found = report.duplicates
    rows = [
        ("records like another one in every column read", found.identical),
        ("names with the same birth date under several identifiers", found.same_person),
        ("their records", found.same_person_records),
        ("names with two birth dates that differ by day and month exchanged", found.mirrored),
    ]
    return _table(
        "Duplicates", ("what", "count"), [(what, str(count)) for what, count in rows if count is not None]
    )


def _dates(report: ServiceQuality) -> Section | None:
    rows = [(what, str(count)) for what, count in report.impossible_dates.items()]
    sentences: list[str] = []
    first = report.first_of_january
    if first is not None:
        sentences.append(
            f"{first.on_first} of {first.births} birth dates are a 1 January; "
            f"chance would make it {first.expected}."
        )
        if first.is_suspicious:
            sentences.append("Most of these stand for an unknown day: `birth_date_partial` says so honestly.")
    if not rows and not sentences:
        return None
    return Section("Dates", tuple(sentences), ("impossible", "records") if rows else (), tuple(rows))


def _staleness(report: ServiceQuality) -> Section:
    found = report.staleness
    if found.live:
        return Section("Age", ("The source is asked live, and does not say when a record was last changed.",))
    ends = [
        f"{datetime.fromtimestamp(end, UTC):%Y-%m-%d}"
        for end in (found.oldest, found.newest)
        if end is not None
    ]
    sentences = (f"From {ends[0]} to {ends[1]}.",) if len(ends) == 2 else ()
    return Section(
        "Age", sentences, ("age", "records"), tuple((age, str(count)) for age, count in found.ages.items())
    )


def _areas(report: ServiceQuality) -> Section | None:
    if report.area_note is not None:
        return Section("By area", (f"Not told: {report.area_note}.",))
    if report.areas is None:
        return None
    rows = [
        (
            one.area,
            _cell(one.records),
            _cell(one.unnamed),
            _cell(one.unfit),
            _cell(one.impossible),
            _cell(one.unknown_codes),
            _least_filled(one),
        )
        for one in report.areas
    ]
    columns = (
        "area",
        "records",
        "without identifier",
        "unfit",
        "impossible dates",
        "unknown codes",
        "emptiest field",
    )
    hidden = f"A dot hides a count from 1 to {FEWEST - 1}, and what else the total would tell it by."
    return Section("By area", (hidden,), columns, tuple(rows))


def _least_filled(area: AreaQuality) -> str:
    known = [(count, path) for path, count in area.empty.items() if count and area.records]
    if not known or not area.records:
        return ""
    count, path = max(known)
    return f"{path}: {percent(count / area.records)} empty"


def _cell(count: int | None) -> str:
    return "·" if count is None else str(count)


def _table(title: str, columns: tuple[str, ...], rows: Sequence[tuple[str, ...]]) -> Section | None:
    return Section(title, (), columns, tuple(rows)) if rows else None
