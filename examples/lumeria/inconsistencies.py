"""Show the truth as registries hold it: misspelt, half-dated, without numbers, unaware of deaths, twice.

Every deviation is labelled, so that matching and quality checks can be measured against the truth. A person
gets at most one deviation per registry, a missed death aside; the people of the story get none but their
own.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import date
from random import Random

from examples.lumeria.country import HOUSEHOLD_SURVEY_DATE, REGISTRIES
from examples.lumeria.defect_rates import DEATHS_NOTICED, RATES
from examples.lumeria.listing import listed, programme_members
from examples.lumeria.names import respell
from examples.lumeria.numbers import NationalIds
from examples.lumeria.population.cast import Cast
from examples.lumeria.population.truth import Country, Person

Values = Mapping[str, str | int | bool | None]  # attribute to value, dates as ISO 8601


@dataclass(frozen=True, slots=True)
class Shown:
    """A person's identity as one record of one registry shows it; `truth` is the real national ID."""

    truth: str
    national_id: str | None
    given_names: str
    family_name: str
    born_on: date
    died_on: date | None
    flaws: frozenset[str] = frozenset()  # deviations that are not about the identity

    @property
    def full_name(self) -> str:
        """Given names, then family name."""
        return f"{self.given_names} {self.family_name}"


@dataclass(frozen=True, slots=True)
class Label:
    """One deliberate deviation: what is true and what the registry shows, attribute by attribute."""

    kind: str
    registry: str
    national_id: str
    truth: Values
    shown: Values


@dataclass(frozen=True, slots=True)
class Projection:
    """What the registries show, and every label about it."""

    records: dict[str, list[Shown]]
    labels: tuple[Label, ...]


def project(seed: str, ids: NationalIds, country: Country, cast: Cast) -> Projection:
    """Project the truth into each registry and deform it there."""
    home = country.population.homes()[cast.applicant]
    spared = cast.people() | {member.national_id for member in home.members}
    paid = frozenset(enrolment.national_id for enrolment in country.enrolments)
    records: dict[str, list[Shown]] = {}
    labels: list[Label] = []
    for registry in REGISTRIES:
        deformation = _Deformation(
            Random(f"{seed}/{registry}"), ids, registry, spared, cast.deceased_unpropagated, paid
        )
        records[registry] = deformation.deform(listed(registry, country))
        labels += deformation.labels
    labels += _outdated_households(country)
    return Projection(records, tuple(labels))


def _outdated_households(country: Country) -> list[Label]:
    """Children born after the last household survey are missing from the programme's households."""
    return [
        Label(
            "household_outdated",
            "cash-transfer",
            person.national_id,
            {"household_member": True},
            {"household_member": False},
        )
        for person in programme_members(country)
        if person.born_on > HOUSEHOLD_SURVEY_DATE
    ]


class _Deformation:
    """Deforms one registry's records, in place and in a fixed order, and keeps the labels."""

    def __init__(
        self,
        rng: Random,
        ids: NationalIds,
        registry: str,
        spared: frozenset[str],
        unnoticed_death: str,
        paid: frozenset[str],
    ) -> None:
        self._rng = rng
        self._ids = ids
        self._registry = registry
        self._spared = spared
        self._unnoticed_death = unnoticed_death
        self._paid = paid
        self.labels: list[Label] = []

    def deform(self, people: list[Person]) -> list[Shown]:
        """Show people as this registry does; duplicates come last."""
        records = [self._with_known_death(person) for person in people]
        untouched = [at for at, record in enumerate(records) if record.truth not in self._spared]
        self._rng.shuffle(untouched)
        for kind, rate in RATES[self._registry].items():
            deform = self._deformers()[kind]
            due, done = max(1, round(rate * len(people))), 0
            passed_over = []
            while untouched and done < due:
                at = untouched.pop()
                if deform(records, at):
                    done += 1
                else:
                    passed_over.append(at)
            untouched += passed_over
        return records

    def _deformers(self) -> dict[str, Callable[[list[Shown], int], bool]]:
        """By kind: deform the record at an index, or say that it does not lend itself to it."""
        return {
            "spelling_variant": self._misspell,
            "birthday_first_january": self._forget_birthday,
            "day_month_swapped": self._swap_day_and_month,
            "national_id_missing": self._lose_number,
            "duplicate_record": self._duplicate,
            "leading_zeros_lost": self._lose_zeros,
            "attendance_not_reported": self._report_nothing,
            "payment_undelivered": self._deliver_nothing,
        }

    def _with_known_death(self, person: Person) -> Shown:
        noticed = DEATHS_NOTICED.get(self._registry, 1.0)
        known = person.died_on
        unnoticed = person.national_id == self._unnoticed_death or self._rng.random() >= noticed
        if person.died_on and self._registry in DEATHS_NOTICED and unnoticed:
            known = None
            truth = {"died_on": person.died_on.isoformat()}
            self._label("death_not_propagated", person.national_id, truth, {"died_on": None})
        return Shown(
            person.national_id,
            person.national_id,
            person.given_names,
            person.family_name,
            person.born_on,
            known,
        )

    def _misspell(self, records: list[Shown], at: int) -> bool:
        record = records[at]
        given_names, family_name = respell(self._rng, record.given_names, record.family_name)
        records[at] = replace(record, given_names=given_names, family_name=family_name)
        truth = {"given_names": record.given_names, "family_name": record.family_name}
        shown = {"given_names": given_names, "family_name": family_name}
        self._label("spelling_variant", record.truth, truth, shown)
        return True

    def _forget_birthday(self, records: list[Shown], at: int) -> bool:
        return self._redate(
            records, at, "birthday_first_january", records[at].born_on.replace(month=1, day=1)
        )

    def _swap_day_and_month(self, records: list[Shown], at: int) -> bool:
        born_on = records[at].born_on
        if born_on.day > 12:
            return False
        return self._redate(
            records, at, "day_month_swapped", born_on.replace(month=born_on.day, day=born_on.month)
        )

    def _redate(self, records: list[Shown], at: int, kind: str, born_on: date) -> bool:
        """Put another birth date, unless it is the same one or lies after the household survey."""
        record = records[at]
        if born_on == record.born_on or born_on > HOUSEHOLD_SURVEY_DATE:
            return False
        records[at] = replace(record, born_on=born_on)
        truth = {"birth_date": record.born_on.isoformat()}
        self._label(kind, record.truth, truth, {"birth_date": born_on.isoformat()})
        return True

    def _lose_number(self, records: list[Shown], at: int) -> bool:
        record = records[at]
        records[at] = replace(record, national_id=None)
        self._label("national_id_missing", record.truth, {"national_id": record.truth}, {"national_id": None})
        return True

    def _duplicate(self, records: list[Shown], at: int) -> bool:
        """Hold a second record; the identity authority, keyed by number, issues a second number with it."""
        record = records[at]
        second = self._ids.issue() if self._registry == "national-id" else record.national_id
        records.append(replace(record, national_id=second))
        self._label(
            "duplicate_record",
            record.truth,
            {"records": 1, "second_national_id": None},
            {"records": 2, "second_national_id": second},
        )
        return True

    def _lose_zeros(self, records: list[Shown], at: int) -> bool:
        """A spreadsheet took the school's code for a number."""
        return self._flaw(records, at, "leading_zeros_lost", "leading_zeros")

    def _report_nothing(self, records: list[Shown], at: int) -> bool:
        return self._flaw(records, at, "attendance_not_reported", "last_month_reported")

    def _deliver_nothing(self, records: list[Shown], at: int) -> bool:
        """The programme books a payment as made that the payments platform could not deliver."""
        paid = records[at].truth in self._paid
        return paid and self._flaw(records, at, "payment_undelivered", "last_payment_failed")

    def _flaw(self, records: list[Shown], at: int, kind: str, attribute: str) -> bool:
        record = records[at]
        records[at] = replace(record, flaws=record.flaws | {kind})
        self._label(kind, record.truth, {attribute: True}, {attribute: False})
        return True

    def _label(self, kind: str, national_id: str, truth: Values, shown: Values) -> None:
        self.labels.append(Label(kind, self._registry, national_id, truth, shown))
