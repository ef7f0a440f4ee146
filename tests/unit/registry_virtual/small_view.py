"""A small view and scripted sources: what every test of the virtual registry stands on."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from registry_virtual.plan import ViewRequest
from registry_virtual.view import Attribute, Origin, Via, View
from schemas.ask import Ask, AskOutcome
from schemas.decision import Predicate
from schemas.identifiers import ServiceId
from schemas.record import Subject

NOW = 1_700_000_000
PERSON = ServiceId.parse("LM/GOV/NIA/identity/person")
CIVIL = ServiceId.parse("LM/GOV/CRO/crvs/civil-status")
HOUSEHOLD = ServiceId.parse("LM/GOV/MSW/cash-transfer/household")
MEMBERS = ServiceId.parse("LM/GOV/MSW/cash-transfer/members")
SERVICES = (PERSON, CIVIL, HOUSEHOLD, MEMBERS)
APPLICANT = Subject("national_id", "LM-4711")
FAILURES = ("source_down", "timeout", "misbehaving", "ambiguous", "denied", "not_found")

VIEW = View(
    name="small",
    version=1,
    title="Small",
    description="Every construct once.",
    purposes=("assistance", "review"),
    subject_types=("national_id",),
    definitions={},
    attributes={
        attribute.name: attribute
        for attribute in (
            Attribute("names", "Names", (Origin(PERSON, "given_names"),)),
            Attribute("district", "District", (Origin(PERSON, "district"), Origin(CIVIL, "residence"))),
            Attribute(
                "birth_date", "Birth", (Origin(PERSON, "birth_date"), Origin(CIVIL, "born")), "all_equal"
            ),
            Attribute("marital", "Marital status", (Origin(CIVIL, "marital"),), max_age_s=3600),
            Attribute("household", "Household", (Origin(HOUSEHOLD, "id"),)),
            Attribute(
                "relatives",
                "Household members",
                (Origin(MEMBERS, "members", Via("household", "household_id", "household")),),
                is_list=True,
            ),
        )
    },
    deadline_ms=1000,
)


def answered(record: Mapping[str, Any], *, as_of: int = NOW, **verdicts: str) -> AskOutcome:
    """A source that found the person and may show all of `record`."""
    return AskOutcome("ok", record, frozenset(record), verdicts, as_of, NOW, "r-ok")  # type: ignore[arg-type]


def failed(status: str) -> AskOutcome:
    """A source without a record; only an answer or a refusal has a receipt."""
    said = status in ("ambiguous", "denied", "not_found")
    return AskOutcome(status, {}, frozenset(), {}, None, NOW, f"r-{status}" if said else None)  # type: ignore[arg-type]


RECORDS: Mapping[ServiceId, Mapping[str, Any]] = {
    PERSON: {"given_names": "Ana", "district": "LM-01", "birth_date": "1980-02-03"},
    CIVIL: {"residence": "LM-02", "born": "1980-02-03", "marital": "married"},
    HOUSEHOLD: {"id": "H-9"},
    MEMBERS: {"members": ["child", "spouse"]},
}


@dataclass
class Sources:
    """An `AskService` by script: what each service does, and a note of every ask."""

    behave: dict[ServiceId, Callable[[Ask, float], Any]] = field(default_factory=dict)
    asks: list[Ask] = field(default_factory=list)
    under_way: int = 0
    most_at_once: int = 0

    async def __call__(self, ask: Ask, *, deadline: float) -> AskOutcome:
        """Note the ask, then do what the script says."""
        self.asks.append(ask)
        self.under_way += 1
        self.most_at_once = max(self.most_at_once, self.under_way)
        try:
            await asyncio.sleep(0)
            result = self.behave.get(ask.service, as_recorded)(ask, deadline)
            return await result if asyncio.iscoroutine(result) else result
        finally:
            self.under_way -= 1

    def asked(self, service: ServiceId) -> list[Ask]:
        """The asks one service got, in order."""
        return [ask for ask in self.asks if ask.service == service]


def as_recorded(ask: Ask, _deadline: float) -> AskOutcome:
    """Everything asked is granted; every predicate is `yes`."""
    record = {name: RECORDS[ask.service][name] for name in ask.fields}
    return answered(record, **dict.fromkeys(ask.predicates, "yes"))


def request(*fields: str, **predicates: Predicate) -> ViewRequest:
    return ViewRequest(APPLICANT, fields or None, predicates)
