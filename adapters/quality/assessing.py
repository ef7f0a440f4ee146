"""Look at a service's data: all of them where its kind can read everything, else a sample of answers."""

from __future__ import annotations

import random
import time
from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import aclosing
from typing import Final

from adapters.fixtures import outcome_name
from adapters.kinds import Dated, Kind, Raw, new_kind
from adapters.mapped import outcome_of
from adapters.quality.report import Sample, ServiceQuality
from adapters.quality.scanning import Scanner, scanner_of
from adapters.quality.tally import Tally
from adapters.source import RecordService, Source
from adapters.wrappers.outcomes_only import outcome_of_error
from schemas.errors import RequestMismatch
from schemas.record import Subject

_TOLD_EVERY: Final = 10_000

Progress = Callable[[str, int], None]
"""Hears the service and how many records have been counted."""


def _quiet(_service: str, _records: int) -> None: ...


async def assess(
    source: Source,
    services: Sequence[str] = (),
    *,
    by_area: bool = False,
    most: int | None = None,
    subjects: Sequence[Subject] = (),
    show_codes: bool = False,
    progress: Progress = _quiet,
) -> list[ServiceQuality]:
    """The quality of some record services, or of all; `most` bounds the records read, or the subjects
    asked. `subjects` are asked where a kind cannot read everything; without any, those of `tests`.

    Raises:
        UnknownService: no record service of a name.
        RequestMismatch: nobody to ask about, or about nobody of this kind.
        ConfigurationError, SourceUnavailable: as `Scanner.scan`.
    """
    names = services or [
        name for name, service in source.services.items() if isinstance(service, RecordService)
    ]
    scanner = scanner_of(source.kind)
    found = []
    for name in names:
        service = source.record_service(name)
        compared = {} if scanner is None else scanner.compared(service)
        tally = Tally(source, service, compared, int(time.time()), by_area=by_area)
        if scanner is not None:
            cut = await _scan(scanner, source, service, tally, most, progress)
            found.append(tally.quality("first records" if cut else "scan", show_codes=show_codes))
        else:
            sample = await _ask(source, service, tally, _chosen(source, service, subjects), most, progress)
            found.append(tally.quality("sample", show_codes=show_codes, sample=sample))
    return found


async def _scan(
    scanner: Scanner,
    source: Source,
    service: RecordService,
    tally: Tally,
    most: int | None,
    progress: Progress,
) -> bool:
    """Count everything; whether it was cut at `most`."""
    async with aclosing(scanner.scan(source, service)) as batches:
        async for batch in batches:
            for record in batch.records:
                if most is not None and tally.records >= most:
                    return True
                tally.add(record, batch.as_of)
                if not tally.records % _TOLD_EVERY:
                    progress(service.name, tally.records)
    return False


def _chosen(
    source: Source, service: RecordService, subjects: Sequence[Subject]
) -> tuple[str, Sequence[Subject]]:
    """Who is asked about, and who chose them."""
    if subjects:
        return "the list given", [one for one in subjects if one.type in service.subjects]
    trials = [trial for trial in source.tests if trial.service == service.name]
    return "the file's tests", [Subject(trial.subject_type, trial.value) for trial in trials]


async def _ask(
    source: Source,
    service: RecordService,
    tally: Tally,
    chosen: tuple[str, Sequence[Subject]],
    most: int | None,
    progress: Progress,
) -> Sample:
    by, subjects = chosen
    if not subjects:
        raise RequestMismatch(
            f"a source of kind {source.kind} answers about one subject at a time: name some for "
            f"{service.name} with --subjects FILE, or under `tests` of the source file"
        )
    for subject in subjects:
        service.subject_values(subject)
    if most is not None and most < len(subjects):
        subjects = random.SystemRandom().sample(list(subjects), most)
    kind = new_kind(source)
    outcomes: Counter[str] = Counter()
    try:
        await kind.open()
        for asked, subject in enumerate(subjects, start=1):
            outcomes[await _answer(source, service, tally, kind, subject)] += 1
            progress(service.name, asked)
    finally:
        await kind.close()
    return Sample(len(subjects), dict(outcomes.most_common()), by)


async def _answer(source: Source, service: RecordService, tally: Tally, kind: Kind, subject: Subject) -> str:
    """Count one answer; its outcome in a word."""
    raw: Raw
    try:
        raw = await kind.read(service, subject, service.fields)
    except OSError as error:
        raw = outcome_of_error(error)
    as_of = raw.as_of if isinstance(raw, Dated) else None
    records = raw.records if isinstance(raw, Dated) else raw
    if isinstance(records, Sequence):
        for record in records:
            tally.add(record, as_of)
    return outcome_name(outcome_of(service, raw, service.fields, source.limits, int(time.time()))).replace(
        "_", " "
    )
