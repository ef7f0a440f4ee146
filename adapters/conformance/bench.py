"""The bench a source is put on: its stand-in, its fixture cases, and everything that was heard of it.

Checks put questions through `ask`, to an adapter made as the gateway makes it (`compose`). Causes and
log lines are kept, so that a value which must not be told is found wherever it was told.
"""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field, replace
from typing import Any

from adapters.conformance.faults import HONEST, Fault
from adapters.conformance.stand_in import StandIn
from adapters.conformance.verdict import Exempt, Failed
from adapters.contract import Adapter, Query
from adapters.fixtures import outcome_name
from adapters.opening import open_source
from adapters.source import Limits, RecordService, Source
from schemas.outcome import Outcome
from schemas.record import Subject

Case = Mapping[str, Any]


@dataclass
class Bench:
    """One source under test. `limits` replace those of its file, so that the kit is quick."""

    stand_in: StandIn
    cases: Sequence[Case]
    complaints: Sequence[str] = ()
    limits: Limits = field(default_factory=lambda: Limits(timeout_ms=5000, max_bytes=256 * 1024, retries=0))
    heard: list[str] = field(default_factory=list, repr=False)

    @property
    def source(self) -> Source:
        """The source, pointing at the stand-in, with the bench's limits but its own row limit."""
        source = self.stand_in.source
        return replace(source, limits=replace(self.limits, max_rows=source.limits.max_rows))

    @property
    def services(self) -> Sequence[RecordService]:
        """The record services; pass-through services have no adapter."""
        return [one for one in self.source.services.values() if isinstance(one, RecordService)]

    def expecting(self, *outcomes: str, service: str | None = None) -> list[Case]:
        """The cases that expect one of these outcomes."""
        return [
            case
            for case in self.cases
            if case["expect"]["outcome"] in outcomes and service in (None, case["service"])
        ]

    def match(self) -> Case:
        """The first case that must match. Raises Failed when there is none."""
        found = self.expecting("match")
        if not found:
            raise Failed("no fixture case expects a match")
        return found[0]

    def matches(self) -> list[Case]:
        """The first case that must match, of every service that has one. Raises Failed as `match`."""
        self.match()
        return [found[0] for one in self.services if (found := self.expecting("match", service=one.name))]

    def can(self, fault: Fault) -> None:
        """Raise Exempt when the stand-in cannot show a fault."""
        if fault in self.stand_in.cannot:
            raise Exempt(self.stand_in.cannot[fault])

    @asynccontextmanager
    async def adapter(self, source: Source | None = None, **limits: int) -> AsyncIterator[Adapter]:
        """An open adapter; `limits` change those of the bench."""
        source = source or self.source
        adapter = open_source(replace(source, limits=replace(source.limits, **limits)))
        await adapter.open()
        try:
            yield adapter
        finally:
            await adapter.close()

    async def ask(self, case: Case, adapter: Adapter | None = None, **limits: int) -> Outcome:
        """Put a case's question, about all fields."""
        if adapter is None:
            async with self.adapter(None, **limits) as opened:
                return await self.ask(case, opened)
        return self.note(await adapter.fetch(self.query(case)))

    def query(self, case: Case) -> Query:
        """The question of a case."""
        service = self.source.record_service(case["service"])
        (kind, value), *_ = case["given"].items()
        return Query(service.name, Subject(kind, value), service.fields)

    def note(self, outcome: Outcome) -> Outcome:
        """Keep an outcome's cause."""
        self.heard.append(getattr(outcome, "cause", ""))
        return outcome

    async def under(self, fault: Fault, case: Case, **limits: int) -> Outcome:
        """What a case gives while the system misbehaves; counts begin anew."""
        await self.stand_in.play(case)
        await self.stand_in.behave(fault)
        self.stand_in.forget()
        return await self.ask(case, None, **limits)

    async def must_be_honest(self, fault: Fault, case: Case, **limits: int) -> Outcome:
        """As `under`; raise Failed when the outcome confuses one thing with another."""
        outcome = await self.under(fault, case, **limits)
        if not isinstance(outcome, HONEST[fault]):
            allowed = " or ".join(one.__name__ for one in HONEST[fault])
            raise Failed(f"a system that {fault.value}: {outcome_name(outcome)}, not {allowed}")
        return outcome

    @contextmanager
    def listening(self) -> Iterator[None]:
        """Keep what is logged meanwhile: all of the program, and what libraries tell an operator."""
        handler = _Ear(self.heard)
        root = logging.getLogger()
        level = root.level
        root.addHandler(handler)
        root.setLevel(logging.INFO)  # as an operator may set it
        try:
            yield
        finally:
            root.setLevel(level)
            root.removeHandler(handler)


class _Ear(logging.Handler):
    """Keeps log lines with their traces."""

    def __init__(self, heard: list[str]) -> None:
        super().__init__(logging.NOTSET)
        self._heard = heard
        self.setFormatter(logging.Formatter("%(name)s %(message)s"))

    def emit(self, record: logging.LogRecord) -> None:
        """Keep one line."""
        self._heard.append(self.format(record))
