"""What is told of a service's data: counts, names of the source file, and areas; values never."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Literal

Method = Literal["scan", "first records", "sample"]
"""`sample`: answers about chosen subjects; `first records`: a scan that was told to stop."""


@dataclass(frozen=True, slots=True)
class FieldQuality:
    """One canonical value: in how many objects it was looked for, filled, empty, or against its rule
    (`unfit`, by reason). `unknown_codes` counts codes that no list of the file knows, whatever `else`
    makes of them; `codes` are those of them that may be shown."""

    field: str
    records: int
    filled: int
    empty: int
    unfit: Mapping[str, int]
    unknown_codes: int
    codes: Mapping[str, int]

    @property
    def unfit_records(self) -> int:
        """How many are against their rule, for whatever reason."""
        return sum(self.unfit.values())

    @property
    def completeness(self) -> float | None:
        """The share of filled ones; None of nothing."""
        return self.filled / self.records if self.records else None


@dataclass(frozen=True, slots=True)
class SelectorQuality:
    """One way to name a subject: records without it, records whose value nobody can ask for because it
    has not the declared form, different values, and those that stand for several subjects (`None`
    where a service cannot tell: a list without `group`)."""

    selector: str
    empty: int
    malformed: int
    subjects: int
    ambiguous: int | None
    ambiguous_records: int | None


@dataclass(frozen=True, slots=True)
class Duplicates:
    """`identical` counts records that repeat another one in every column that is read (lists only).
    `same_person` counts names and birth dates that stand under several identifiers, `mirrored` names
    whose birth dates differ by day and month exchanged; None where the service has no name or birth
    date."""

    identical: int | None
    same_person: int | None
    same_person_records: int | None
    mirrored: int | None


@dataclass(frozen=True, slots=True)
class FirstOfJanuary:
    """How many birth dates there are, how many on 1 January, and how many chance would put there."""

    births: int
    on_first: int
    expected: int

    @property
    def is_suspicious(self) -> bool:
        """Whether far more stand there than chance would put."""
        return self.on_first > 2 * self.expected + 10


@dataclass(frozen=True, slots=True)
class Staleness:
    """How old the records are by their own word: counts by age, and the oldest and newest moment,
    epoch seconds. `live` when the source is asked live and says nothing."""

    live: bool
    ages: Mapping[str, int]
    oldest: int | None
    newest: int | None


@dataclass(frozen=True, slots=True)
class AreaQuality:
    """One area; None instead of a count that could point to few people."""

    area: str
    records: int | None
    unnamed: int | None
    unfit: int | None
    impossible: int | None
    unknown_codes: int | None
    empty: Mapping[str, int | None]


@dataclass(frozen=True, slots=True)
class Sample:
    """How subjects were answered, by outcome, and who chose them."""

    asked: int
    outcomes: Mapping[str, int]
    chosen: str


@dataclass(frozen=True, slots=True)
class ServiceQuality:
    """Everything about one service. `unfit_records` are records against any rule, so that the gateway
    answers `misbehaving` about them."""

    source: str
    service: str
    title: str
    canonical: str
    kind: str
    method: Method
    records: int
    unfit_records: int
    selectors: tuple[SelectorQuality, ...]
    fields: tuple[FieldQuality, ...]
    duplicates: Duplicates
    impossible_dates: Mapping[str, int]
    first_of_january: FirstOfJanuary | None
    staleness: Staleness
    areas: tuple[AreaQuality, ...] | None
    area_note: str | None
    sample: Sample | None
    made_at: int

    def document(self) -> dict[str, Any]:
        """The report as JSON."""
        return asdict(self)
