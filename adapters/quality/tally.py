"""One service's records, counted as they come: nothing of a record stays but counts and digests."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any, Final
from unicodedata import normalize

from adapters.pointer import find
from adapters.quality import areas
from adapters.quality.areas import Areas
from adapters.quality.dates import Calendar, mirrored
from adapters.quality.fields import FieldTally
from adapters.quality.forms import Form, Values, form_of
from adapters.quality.keys import Digests, Keys
from adapters.quality.report import (
    AreaQuality,
    Duplicates,
    FieldQuality,
    FirstOfJanuary,
    Method,
    Sample,
    ServiceQuality,
)
from adapters.quality.selectors import SelectorTally
from adapters.quality.staleness import Ages
from adapters.rules import Records, Unmappable, through
from adapters.source import RecordService, Source

_YEAR_DAYS: Final = 365.25
_NAMES: Final = (("full_name",), ("given_names", "family_name"))
_AREA_FIELDS: Final = ("district", "address/district", "area")


class Tally:
    """Counts the records of one service. `compared` names the column of each selector part, where the
    kind compares columns; `now` is epoch seconds."""

    def __init__(
        self, source: Source, service: RecordService, compared: Mapping[str, str], now: int, *, by_area: bool
    ) -> None:
        self._source = source
        self._service = service
        self._now = now
        self._form = form_of(service.canonical, service.rules.fields)
        self._digests = Digests()
        self._calendar = Calendar(datetime.fromtimestamp(now, UTC).date())
        self._fields = {leaf.path: FieldTally() for leaf in self._form.every_leaf()}
        self._selectors = [
            SelectorTally(selector, [compared[part.name] for part in selector.parts], self._digests)
            for selector in service.subjects.values()
            if all(part.name in compared for part in selector.parts)
        ]
        self._ages = Ages(service.rules.as_of, now)
        self._impossible: Counter[str] = Counter()
        self._same_person, self._mirrored, self._identical = Keys(), Keys(), Keys()
        self._columns = sorted(service.rules.all_columns | set(compared.values()))
        self._births = self._on_first = self._records = self._unfit = 0
        self._by_area = by_area
        self._areas = Areas() if by_area and self._has_area() else None

    @property
    def records(self) -> int:
        """How many have been counted."""
        return self._records

    def add(self, record: Mapping[str, Any], as_of: int | None = None) -> None:
        """Count one record; `as_of` is the moment a source vouches for that is not asked live."""
        self._records += 1
        serial = self._records
        records = [record]
        found = _Found(self._fields)
        top = found.read(self._form, records, self._calendar, self._impossible)
        fits = self._ages.add(records, as_of) and found.fits and self._flags_fit(records)
        self._unfit += not fits
        identifier = self._identify(record, serial)
        self._compare(top, identifier or serial)
        if self._service.shape == "list" and identifier is not None:
            columns = (str(record.get(column)) for column in self._columns)
            self._identical.add(self._digests.of(*columns, ""), serial)
        if self._areas is not None:
            marks = [
                *(["unnamed"] if self._selectors and identifier is None else ()),
                *([] if fits else ["unfit"]),
                *(["impossible"] if found.impossible else ()),
                *(["unknown_codes"] if found.unknown_codes else ()),
            ]
            self._areas.add(self._area(records, top), ["records", *marks], found.empty)

    def _identify(self, record: Mapping[str, Any], serial: int) -> int | None:
        """Note whom the record is about; a digest of that, or None when nobody can be told."""
        identifier = None
        group: int | None = serial
        if self._service.shape == "list":
            place = self._service.rules.group
            group = None if place is None else self._digests.of(str(through(find(record, place), ())))
        for selector in self._selectors:
            key = selector.add(record, group)
            identifier = key if identifier is None else identifier
        return identifier

    def _compare(self, values: Values, person: int) -> None:
        born = values.get("birth_date")
        if not isinstance(born, str):
            return
        self._births += 1
        self._on_first += born.endswith("-01-01")
        name = _name(values)
        if name is None:
            return
        self._same_person.add(self._digests.of(name, born), person)
        either = mirrored(born)
        if either is not None:
            self._mirrored.add(self._digests.of(name, either), self._digests.of(born))

    def _flags_fit(self, records: Records) -> bool:
        rule = self._service.rules.restricted
        if rule is None:
            return True
        with suppress(Unmappable):
            return isinstance(rule.value(records), bool)
        return False

    def _has_area(self) -> bool:
        return self._service.rules.area is not None or any(path in self._fields for path in _AREA_FIELDS)

    def _area(self, records: Records, values: Values) -> str | None:
        rule = self._service.rules.area
        if rule is None:
            inner = values.get("address") or {}
            return areas.named(values.get("district") or values.get("area") or inner.get("district"))
        with suppress(Unmappable):
            return areas.named(rule.value(records))
        return None

    def quality(
        self, method: Method, *, show_codes: bool = False, sample: Sample | None = None
    ) -> ServiceQuality:
        """What was counted."""
        service = self._service
        ambiguous = service.shape == "record" or service.rules.group is not None
        told, note = self._told_areas()
        return ServiceQuality(
            self._source.id,
            service.name,
            service.title,
            service.canonical,
            self._source.kind,
            method,
            self._records,
            self._unfit,
            tuple(selector.quality(tells_ambiguous=ambiguous) for selector in self._selectors),
            tuple(self._told_fields(show_codes=show_codes)),
            self._duplicates(),
            dict(self._impossible.most_common()),
            FirstOfJanuary(self._births, self._on_first, round(self._births / _YEAR_DAYS))
            if self._births
            else None,
            self._ages.told(),
            told,
            note,
            sample,
            self._now,
        )

    def _told_fields(self, *, show_codes: bool) -> Iterator[FieldQuality]:
        for path, tally in self._fields.items():
            yield tally.told(path, show_codes=show_codes)

    def _told_areas(self) -> tuple[tuple[AreaQuality, ...] | None, str | None]:
        if not self._by_area:
            return None, None
        if self._areas is None:
            return None, "the file says of no column that it is an area"
        if self._areas.too_many:
            return None, f"more than {areas.MOST_AREAS} different areas: the column holds something else"
        return self._areas.told([leaf.path for leaf in self._form.leaves]), None

    def _duplicates(self) -> Duplicates:
        names = self._form.leaves
        known = {leaf.path for leaf in names}
        has_person = "birth_date" in known and any(known.issuperset(name) for name in _NAMES)
        identical = self._identical.repeated()
        person = self._same_person.repeated()
        is_list = self._service.shape == "list" and bool(self._selectors)
        return Duplicates(
            identical.members - identical.repeated if is_list else None,
            person.repeated if has_person else None,
            person.members if has_person else None,
            self._mirrored.repeated().repeated if has_person else None,
        )


class _Found:
    """What one record gave: whether it fits, and what is empty or wrong in it."""

    def __init__(self, fields: Mapping[str, FieldTally]) -> None:
        self._fields = fields
        self.fits = True
        self.impossible = False
        self.unknown_codes = False
        self.empty: list[str] = []

    def read(self, form: Form, records: Records, calendar: Calendar, impossible: Counter[str]) -> Values:
        """Count an object's values and those of the objects in it; the object's own values."""
        values: dict[str, Any] = {}
        for leaf in form.leaves:
            tally = self._fields[leaf.path]
            if leaf.coded and tally.look_at_codes(leaf.coded, records):
                self.unknown_codes = True
            try:
                value = leaf.read(records)
            except Unmappable as error:
                tally.unfit[str(error)] += 1
                self.fits = False
                continue
            if value is None or value in ("", []):
                tally.empty += 1
                self.empty.append(leaf.path)
            else:
                tally.filled += 1
                values[leaf.name] = value
        for wrong in calendar.impossible(form.path, values):
            impossible[wrong] += 1
            self.impossible = True
        for inner in form.inner:
            self._read_inner(inner, records, calendar, impossible, values)
        return values

    def _read_inner(
        self,
        form: Form,
        records: Records,
        calendar: Calendar,
        impossible: Counter[str],
        values: dict[str, Any],
    ) -> None:
        try:
            for entry in form.entries(records):
                values[form.path.rstrip("/")] = self.read(form, entry, calendar, impossible)
        except Unmappable:
            self.fits = False


def _name(values: Values) -> str | None:
    """A person's name as it is compared: letters folded, spaces one."""
    for parts in _NAMES:
        texts = [values[part] for part in parts if isinstance(values.get(part), str)]
        if len(texts) == len(parts):
            return " ".join(normalize("NFKC", " ".join(texts)).casefold().split())
    return None
