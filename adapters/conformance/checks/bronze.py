"""Checks 1 to 8: the source is what its file says, and its outcomes are never confused."""

from __future__ import annotations

from adapters.canonical import breach
from adapters.conformance.bench import Bench, Case
from adapters.conformance.bending import strict_code_places
from adapters.conformance.faults import Fault
from adapters.conformance.verdict import Exempt, Failed
from adapters.contract import Query
from adapters.fixtures import OFFLINE_SECRET, difference, outcome_name
from adapters.source import RecordService
from schemas.outcome import Ambiguous, DeniedBySource, Match, Misbehaving


async def form(bench: Bench) -> None:
    """The file has the form of its schema, secrets are references, and nothing prints them."""
    if bench.complaints:
        raise Failed("; ".join(bench.complaints))
    if OFFLINE_SECRET in repr(bench.source):
        raise Failed("a secret shows in the text form of the connection")


async def health(bench: Bench) -> None:
    """`health` is true for a system that answers, false when it is down or refuses our credentials."""
    await bench.stand_in.play(bench.match())
    if (found := await _health(bench)) is not None:
        raise Failed(f"the system answers, and health says: {found}")
    for fault in (Fault.UNREACHABLE, Fault.BAD_CREDENTIAL):
        if fault in bench.stand_in.cannot:
            continue
        await bench.stand_in.behave(fault)
        if await _health(bench) is None:
            raise Failed(f"health is true for a system that {fault.value}")


async def discovery(bench: Bench) -> None:
    """`discover` lists the services of the file, the same ones each time."""
    await bench.stand_in.play(bench.match())
    async with bench.adapter() as adapter:
        first, second = await adapter.discover(), await adapter.discover()
    if first != second:
        raise Failed("two discoveries differ")
    if sorted(map(repr, first)) != sorted(map(repr, bench.source.descriptions())):
        raise Failed("the discovered services are not those of the file")


async def match(bench: Bench) -> None:
    """Every service has a recorded match, and gives the expected record for it."""
    for service in bench.services:
        cases = bench.expecting("match", service=service.name)
        if not cases:
            raise Failed(f"service {service.name}: no fixture case expects a match")
        if not any("record" in case["expect"] for case in cases):
            raise Failed(f"service {service.name}: no fixture case says which record it expects")
    await _as_expected(bench, bench.expecting("match"))


async def not_found(bench: Bench) -> None:
    """An unknown subject is not found; an error is not, and silence is not."""
    cases = bench.expecting("not_found")
    for service in bench.services:
        if service.empty == "not_found" and service.name not in {case["service"] for case in cases}:
            raise Failed(f"service {service.name}: no fixture case expects not_found")
    await _as_expected(bench, cases)
    for fault in (Fault.SERVER_ERROR, Fault.UNREACHABLE):
        if cases and fault not in bench.stand_in.cannot:
            await bench.must_be_honest(fault, cases[0])


async def ambiguous(bench: Bench) -> None:
    """More than one candidate is ambiguous; the first one is never chosen."""
    services = [one for one in bench.services if one.shape == "record" or one.rules.group is not None]
    if not services:
        raise Exempt("every service answers with a list")
    for service in services:
        cases = bench.expecting("ambiguous", service=service.name)
        await _as_expected(bench, cases)
        if not cases:
            await _second_candidate(bench, service)


async def canonical_records(bench: Bench) -> None:
    """Every record fits its canonical schema, an unknown code is an error, and so is every other
    answer that a case records."""
    for case in bench.expecting("match"):
        await bench.stand_in.play(case)
        outcome = await bench.ask(case)
        if isinstance(outcome, Match):
            service = bench.source.record_service(case["service"])
            broken = breach(service.canonical, service.fields, outcome.record)
            if broken is not None:
                raise Failed(broken)
    await _as_expected(bench, bench.expecting("misbehaving", "unavailable", "denied_by_source"))
    for service in bench.services:
        cases = bench.expecting("match", service=service.name)
        if cases and any(strict_code_places(service.rules)) and _can(bench, Fault.UNKNOWN_CODE):
            await bench.must_be_honest(Fault.UNKNOWN_CODE, cases[0])


async def asked_fields_only(bench: Bench) -> None:
    """Only the asked fields leave; a field the file does not offer is refused before the system is
    asked."""
    for case in bench.matches():
        await _asked_fields_only(bench, case)


async def _asked_fields_only(bench: Bench, case: Case) -> None:
    whole = bench.query(case)
    await bench.stand_in.play(case)
    async with bench.adapter() as adapter:
        for field in whole.fields:
            outcome = bench.note(await adapter.fetch(Query(whole.service, whole.subject, (field,))))
            if isinstance(outcome, Match) and set(outcome.record) != {field}:
                raise Failed(f"asked for {field} alone, more came out")
            if not isinstance(outcome, Match):
                raise Failed(f"asked for {field} alone: {outcome_name(outcome)}")
        bench.stand_in.forget()
        foreign = await adapter.fetch(Query(whole.service, whole.subject, ("no-such-field",)))
    if not isinstance(bench.note(foreign), DeniedBySource) or bench.stand_in.asked:
        raise Failed("a field that the file does not offer reached the system")


async def _health(bench: Bench) -> str | None:
    async with bench.adapter(timeout_ms=1000) as adapter:
        found = await adapter.health()
    if found is not None:
        bench.note(found)
    return None if found is None else found.cause


async def _as_expected(bench: Bench, cases: list[Case]) -> None:
    for case in cases:
        await bench.stand_in.play(case)
        differs = difference(case["expect"], await bench.ask(case))
        if differs:
            raise Failed(f"case `{case['name']}`: {differs}")


async def _second_candidate(bench: Bench, service: RecordService) -> None:
    cases = bench.expecting("match", service=service.name)
    if not cases or not _can(bench, Fault.SECOND_CANDIDATE):
        raise Failed(f"service {service.name}: no fixture case expects ambiguous")
    outcome = await bench.under(Fault.SECOND_CANDIDATE, cases[0])
    if not isinstance(outcome, (Ambiguous, Misbehaving)):
        raise Failed(f"service {service.name}: two candidates are {outcome_name(outcome)}")


def _can(bench: Bench, fault: Fault) -> bool:
    return fault not in bench.stand_in.cannot
