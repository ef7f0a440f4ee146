"""What an engineer asks of a source file: whether it is right, and what it gives for one subject.

`check_source` needs no network. `try_service` asks the live source and shows raw record, mapped
record and every rule that failed; values are masked unless the caller says otherwise.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from adapters.canonical import breach
from adapters.findings import Finding
from adapters.kinds import Dated, Kind, Raw, new_kind
from adapters.mapped import outcome_of
from adapters.rules import Unmappable, named
from adapters.source import RecordService, Source
from adapters.source_checks import check_document
from adapters.wrappers.outcomes_only import outcome_of_error
from adapters.yaml_lines import load
from schemas.errors import ConfigurationError
from schemas.outcome import Match, Outcome
from schemas.record import Subject


def check_source(path: Path) -> list[Finding]:
    """Everything wrong with a source file, errors and warnings; empty when it is right."""
    try:
        return check_document(load(path))
    except ConfigurationError as error:
        place, _, what = error.detail.partition(": ")
        line = place.rpartition(":")[2]
        number = int(line) if line.isdecimal() else 1
        return [Finding(path.name, number, "error", what, "correct the YAML")]


@dataclass(frozen=True, slots=True)
class Attempt:
    """What a source gave for one subject: raw records, canonical values, rules that failed."""

    outcome: Outcome
    raw: list[Any]
    mapped: Mapping[str, Any]
    failed: tuple[str, ...]


async def try_service(
    source: Source,
    service_name: str,
    subject: Subject,
    *,
    show_values: bool = False,
    kind: Kind | None = None,
) -> Attempt:
    """Ask a live source about one subject, without the wrappers in between.

    Raises:
        UnknownService, RequestMismatch: no such record service, or not its kind of subject.
        ConfigurationError: the source is not what its file declares.
    """
    service = source.record_service(service_name)
    service.subject_value(subject)
    reached = kind or new_kind(source)
    try:
        await reached.open()
        raw = await reached.read(service, subject, service.fields)
    except OSError as error:
        raw = outcome_of_error(error)
    finally:
        await reached.close()
    return _attempt(source, service, raw, show_values=show_values)


def _attempt(source: Source, service: RecordService, raw: Raw, *, show_values: bool) -> Attempt:
    outcome = outcome_of(service, raw, service.fields, source.limits, int(time.time()))
    found = raw.records if isinstance(raw, Dated) else raw
    records = [dict(record) for record in found] if isinstance(found, (list, tuple)) else []
    mapped: dict[str, Any] = {}
    failed: list[str] = []
    for name, rule in service.rules.fields.items() if records else ():
        try:
            mapped[name] = named(name, rule, records)
        except Unmappable as error:
            failed.append(str(error))
            continue
        broken = breach(service.canonical, (name,), {name: mapped[name]})
        failed += [broken] if broken else []
    if show_values:
        return Attempt(outcome, records, mapped, tuple(failed))
    shown = Match(masked(outcome.record), outcome.as_of) if isinstance(outcome, Match) else outcome
    return Attempt(shown, masked(records), masked(mapped), tuple(failed))


def masked(value: Any) -> Any:
    """The shape of a value without the value: `<text of 10>`, `<number>`; names stay."""
    if isinstance(value, Mapping):
        return {name: masked(item) for name, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [masked(item) for item in value]
    if value is None:
        return None
    return f"<text of {len(value)}>" if isinstance(value, str) else f"<{type(value).__name__}>"
