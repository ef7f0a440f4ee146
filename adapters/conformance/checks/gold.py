"""Checks 16 to 20: the source stays right for years."""

from __future__ import annotations

import asyncio
import time
from typing import Final

from adapters.conformance.bench import Bench
from adapters.conformance.faults import HONEST, Fault
from adapters.conformance.questions import steady
from adapters.conformance.verdict import Exempt, Failed
from adapters.fixtures import outcome_name
from schemas.errors import ConfigurationError
from schemas.outcome import Ambiguous, Match, Misbehaving, NotFound

_PLACES: Final = 2
_MORE: Final = 4
_HOLD_MS: Final = 250
_MOST_PAGES: Final = 1000
_AHEAD_S: Final = 60


async def paging(bench: Bench) -> None:
    """A page that comes again and a total that changes end in an error, not in a loop or a gap."""
    faults = (Fault.REPEATED_CURSOR, Fault.CHANGED_TOTAL)
    shown = [fault for fault in faults if fault not in bench.stand_in.cannot]
    if not shown:
        raise Exempt(bench.stand_in.cannot[Fault.REPEATED_CURSOR])
    paged = [
        case for case in bench.expecting("match", "ambiguous", "not_found") if bench.stand_in.pages(case)
    ]
    for fault in shown:
        if not paged:
            raise Failed("no fixture case has several pages: record one with `answers`")
        await bench.must_be_honest(fault, paged[0])
        if len(bench.stand_in.asked) > _MOST_PAGES:
            raise Failed(f"it fetched {len(bench.stand_in.asked)} pages")


async def concurrency(bench: Bench) -> None:
    """Never more questions at the same time than the file allows."""
    bench.can(Fault.SLOW)
    case = bench.match()
    await bench.stand_in.play(case)
    await bench.stand_in.behave(Fault.SLOW)
    async with bench.adapter(concurrency=_PLACES, timeout_ms=_HOLD_MS) as adapter:
        bench.stand_in.forget()
        await asyncio.gather(*(bench.ask(case, adapter) for _ in range(_PLACES + _MORE)))
    if not bench.stand_in.asked:
        raise Failed("no question reached the system")
    if bench.stand_in.most_at_once > _PLACES:
        raise Failed(f"{bench.stand_in.most_at_once} questions at once, where {_PLACES} are allowed")


async def reading_twice(bench: Bench) -> None:
    """Asking twice puts the same question and gives the same answer."""
    for case in bench.matches():
        await bench.stand_in.play(case)
        async with bench.adapter() as adapter:
            bench.stand_in.forget()
            first = await bench.ask(case, adapter)
            asked = list(bench.stand_in.asked)
            await bench.stand_in.play(case)
            bench.stand_in.forget()
            second = await bench.ask(case, adapter)
        if not (isinstance(first, Match) and isinstance(second, Match) and first.record == second.record):
            raise Failed("two answers to one question differ")
        if not steady(asked, bench.stand_in.asked):
            raise Failed("the second question is put otherwise than the first")


async def drift(bench: Bench) -> None:
    """A system that no longer has what the file maps is refused: no record with holes in it."""
    bench.can(Fault.REMOVED_FIELD)
    for case in bench.expecting("match"):
        try:
            outcome = await bench.under(Fault.REMOVED_FIELD, case)
        except ConfigurationError as error:
            bench.heard.append(error.detail)
            continue
        if not isinstance(outcome, HONEST[Fault.REMOVED_FIELD]):
            raise Failed(f"the mapped columns are gone, and the outcome is {outcome_name(outcome)}")


async def as_of(bench: Bench) -> None:
    """Every answer says the moment the source vouches for: not in the future, not before 1970."""
    for case in bench.expecting("match", "not_found", "ambiguous"):
        await bench.stand_in.play(case)
        outcome = await bench.ask(case)
        if isinstance(outcome, Misbehaving):
            raise Failed(f"case `{case['name']}`: {outcome.cause}")
        if (
            isinstance(outcome, (Match, NotFound, Ambiguous))
            and not 0 < outcome.as_of < time.time() + _AHEAD_S
        ):
            raise Failed(f"case `{case['name']}`: `as_of` is not a moment of the past")
