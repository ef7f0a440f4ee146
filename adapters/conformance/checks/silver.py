"""Checks 9 to 15: the source survives a bad day and a bad asker."""

from __future__ import annotations

import asyncio
from typing import Final

from adapters.conformance.bench import Bench
from adapters.conformance.canaries import canaries
from adapters.conformance.faults import HONEST, RETRY_AFTER_S, Fault
from adapters.conformance.injections import check_injections
from adapters.conformance.verdict import Exempt, Failed
from adapters.fixtures import outcome_name
from schemas.outcome import Match, Outcome, Unavailable

_SHORT_MS: Final = 300
_ALLOWED: Final = 1.1
_BROKEN: Final = (
    Fault.SERVER_ERROR,
    Fault.TRUNCATED,
    Fault.WRONG_TYPE,
    Fault.OVERSIZE,
    Fault.REDIRECT,
    Fault.BAD_TLS,
    Fault.UNREACHABLE,
    Fault.BAD_CREDENTIAL,
)
_ERRORS_IN_TURN: Final = 3


async def deadline(bench: Bench) -> None:
    """A slow system costs at most a tenth more than the deadline, and its work is given up."""
    bench.can(Fault.SLOW)
    for attempt in range(3):
        # A busy machine is late with everything: what counts is the lateness against a plain pause.
        outcome, took, pause = await _timed(bench)
        if not isinstance(outcome, Unavailable) or not outcome.timeout:
            raise Failed(f"a system that never ends its answer: {outcome_name(outcome)}, not a timeout")
        if took <= max(pause, _SHORT_MS / 1000) * _ALLOWED:
            break
        if attempt == 2:
            raise Failed(f"it took {took * 1000:.0f} ms where {_SHORT_MS} ms are allowed")
    for _ in range(100):
        if bench.stand_in.broken_off or not bench.stand_in.asked:
            return
        await asyncio.sleep(0.02)
    raise Failed("the work at the system goes on after the deadline")


async def retries(bench: Bench) -> None:
    """A pause the system asks for is passed on, a failure is tried again only as often as the file
    allows, and a refusal is not tried again."""
    case = bench.match()
    if Fault.TOO_MANY not in bench.stand_in.cannot:
        outcome = await bench.must_be_honest(Fault.TOO_MANY, case, retries=2)
        if not isinstance(outcome, Unavailable) or outcome.retry_after_s != RETRY_AFTER_S:
            raise Failed("the pause that the system asked for is lost")
        _asked_at_most(bench, 1, "was told to come back later")
    for fault, attempts in ((Fault.SERVER_ERROR, 3), (Fault.BAD_CREDENTIAL, 2), (Fault.WRONG_TYPE, 1)):
        if fault not in bench.stand_in.cannot:
            await bench.must_be_honest(fault, case, retries=2)
            _asked_at_most(bench, attempts, f"met a system that {fault.value}")


async def broken_systems(bench: Bench) -> None:
    """Whatever breaks at the system gives the outcome that says so, and never a record."""
    shown = [fault for fault in _BROKEN if fault not in bench.stand_in.cannot]
    if not shown:
        raise Exempt("; ".join(dict.fromkeys(bench.stand_in.cannot.values())))
    for case in bench.matches():
        for fault in shown:
            await bench.must_be_honest(fault, case, timeout_ms=2000)


async def error_in_success(bench: Bench) -> None:
    """An error inside a success is an error: not a record, and not "not found"."""
    bench.can(Fault.ERROR_IN_SUCCESS)
    for case in bench.matches():
        await bench.stand_in.play(case)
        await bench.stand_in.behave(Fault.ERROR_IN_SUCCESS)
        async with bench.adapter() as adapter:
            for turn in range(_ERRORS_IN_TURN):
                outcome = await bench.ask(case, adapter)
                if not isinstance(outcome, HONEST[Fault.ERROR_IN_SUCCESS]):
                    raise Failed(
                        f"service {case['service']}: error form {turn + 1} in a success is "
                        f"{outcome_name(outcome)}"
                    )


async def renewal(bench: Bench) -> None:
    """A token that expires is renewed once, within the question that met it."""
    bench.can(Fault.EXPIRED_TOKEN)
    case = bench.match()
    await bench.stand_in.play(case)
    async with bench.adapter() as adapter:
        await bench.ask(case, adapter)
        await bench.stand_in.behave(Fault.EXPIRED_TOKEN)
        bench.stand_in.forget()
        outcome = await bench.ask(case, adapter)
    if not isinstance(outcome, Match):
        raise Failed(f"after its token expired: {outcome_name(outcome)}")
    if bench.stand_in.sign_ins != 1:
        raise Failed(f"it signed in {bench.stand_in.sign_ins} times for one expired token")


async def injection(bench: Bench) -> None:
    """Whatever a subject's value holds, it arrives as that value and changes nothing else."""
    await check_injections(bench)


async def silence(bench: Bench) -> None:
    """No personal value and no secret stands in a cause, an error or a log line."""
    case = bench.match()
    for fault in (Fault.ECHO, Fault.SERVER_ERROR, Fault.WRONG_TYPE, Fault.UNREACHABLE):
        if fault not in bench.stand_in.cannot:
            await bench.under(fault, case)
    bench.heard.append(repr(bench.source.connection))
    for line in bench.heard:
        for what, value in canaries(bench):
            if value in line:
                raise Failed(f"{what} was told, in a line that begins: {_beginning(line, value)}")


async def _timed(bench: Bench) -> tuple[Outcome, float, float]:
    """One question to a slow system: its outcome, its seconds, and those of a plain pause as long."""
    clock = asyncio.get_running_loop().time
    case = bench.match()
    await bench.stand_in.play(case)
    async with bench.adapter(None, timeout_ms=_SHORT_MS) as adapter:
        await bench.stand_in.behave(Fault.SLOW)
        bench.stand_in.forget()
        started = clock()
        pause = asyncio.create_task(_pause())
        outcome = await bench.ask(case, adapter)
        took = clock() - started
        return outcome, took, await pause


async def _pause() -> float:
    clock = asyncio.get_running_loop().time
    started = clock()
    await asyncio.sleep(_SHORT_MS / 1000)
    return clock() - started


def _asked_at_most(bench: Bench, attempts: int, when: str) -> None:
    asked = len(bench.stand_in.asked)
    if asked > attempts:
        raise Failed(f"it asked {asked} times after it {when}")


def _beginning(line: str, value: str) -> str:
    return line.partition(value)[0][:40]
