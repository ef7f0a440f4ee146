"""`python -m benchmarks.decision [--quick]`: what deciding costs: facts, decision, projection plan.

CPU time of one process, medians over rounds: gathering the facts of one record request, asking policy
(embedded engine; uncached, and remembered by `CachingEngine`), reading its obligations. Beside them, in
the same rounds, a plain Python function that decides the same by hand. Latency is of 32 tasks that all
want to decide at once, each waiting for its turn. No network, no log, no database.
"""

from __future__ import annotations

import argparse
import asyncio
import math
import statistics
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any, Final

from gateway.exchange.facts import decision_id, gather
from gateway.exchange.masks import MaskKeys
from gateway.exchange.obligations import plan
from gateway.exchange.ports import HostedService
from policies.cache import CachingEngine
from policies.engine import PolicyEngine
from policies.national import ListedPurpose
from policies.national_file import read_national
from policies.provider import read_provider
from policies.regorus_engine import RegorusEngine
from policies.sources import load_sources
from schemas.agreement import AgreedService, Agreement
from schemas.catalogue import RecordForm, ServiceDescription
from schemas.decision import DecisionInput, Predicate
from schemas.exchange_id import new_exchange_id
from schemas.identifiers import ServiceId, SubsystemId
from schemas.record import RecordRequest, Subject
from schemas.statement import BodyDigest, HeadDigest, RequestStatement
from schemas.wire import RequestHead

CONCURRENCY: Final = 32
TARGETS_MS: Final = {
    "uncached": (0.35, math.inf),
    "uncached, with rules of the owner": (0.35, math.inf),
    "cached": (0.05, 5.0),
}
"""CPU median, and p99 of the latency at 32. Uncached, 32 decisions stand in one line."""

_CLIENT: Final = SubsystemId.parse("LM/GOV/MSW/cash-transfer")
_SERVICE: Final = ServiceId.parse("LM/GOV/NIA/identity/person")
_PURPOSE, _BASIS = "social-assistance.eligibility", "public_task"
_FIELDS: Final = tuple(f"field_{number}" for number in range(19))
_RULES: Final = f"""
member: LM/GOV/NIA
services:
  {_SERVICE}:
    masks: [{{fields: [birth_date], how: year_only}}]
    retention_days: 90
    officer_area: true
"""
Once = Callable[[], Awaitable[object]]


class Case:
    """One request, gathered anew each time, and the engines that decide it."""

    def __init__(self) -> None:
        broader = ListedPurpose("social-assistance", "Social assistance")
        purposes = [broader, ListedPurpose(_PURPOSE, "Eligibility", broader.code)]
        national = read_national().with_purposes(purposes)
        with tempfile.TemporaryDirectory() as folder:
            rules = Path(folder) / "rules.yaml"
            rules.write_text(_RULES, encoding="utf-8")
            provider = read_provider(rules, national)
        self.country = RegorusEngine(load_sources(national=national))
        self.owner = RegorusEngine(load_sources(national=national, provider=provider))
        self.cached = CachingEngine(self.owner)
        self.keys = MaskKeys(b"k" * 32)
        self.question = RecordRequest(
            Subject("national_id", "7310000001"),
            ("birth_date", *_FIELDS),
            {"adult": Predicate("birth_date", "age_ge", 18)},
        )
        terms = AgreedService(
            _SERVICE,
            (_PURPOSE,),
            (_BASIS,),
            ("birth_date", *_FIELDS),
            (Predicate("birth_date", "age_ge", 18),),
        )
        self.agreement = Agreement("a", 1, _CLIENT, _SERVICE.provider, "active", 0, 2**40, (terms,))
        form = RecordForm("person/1", ("birth_date", *_FIELDS), ("national_id",))
        self.service = HostedService(ServiceDescription(_SERVICE, "Person", form), "person")
        self.head = RequestHead("POST", "/", "", (), None)
        self.statement = self._statement()

    def _statement(self) -> RequestStatement:
        now, identifier = int(time.time()), new_exchange_id()
        return RequestStatement(
            id=identifier, cid=identifier, retry_of=None, iss=str(_CLIENT), gw="LM/GOV/MSW/gw1",
            aud=str(_SERVICE), to="LM/GOV/NIA/gw1", purpose=_PURPOSE, purpose_source="client",
            basis=_BASIS, consent=None,
            user={"pseudonym": "p" * 43, "role": "caseworker", "area": "north", "assurance": "high"},
            represents=None, issue=None, head=HeadDigest.of(b""), body=BodyDigest.of(b"", ""), iat=now,
            exp=now + 60, snapshot=1,
        )  # fmt: skip

    def facts(self) -> DecisionInput:
        """As the answering side gathers them."""
        return gather(
            self.statement, self.head, self.service, self.agreement, self.question.subject, self.question,
            None, int(time.time()),
        )  # fmt: skip

    def by(self, engine: PolicyEngine) -> Once:
        """Facts, decision with its name, projection plan."""

        async def once() -> object:
            facts = self.facts()
            decision = await engine.decide(facts)
            decision_id(facts, decision.policy_version)
            return plan(decision, facts, self.keys)

        return once

    async def by_hand(self) -> object:
        """The same questions as plain Python asks them."""
        facts = self.facts()
        return _decide(facts.time, facts.document)


def _decide(now: int, facts: Any) -> tuple[bool, list[str]]:
    agreement, service = facts["agreement"], facts["service"]["id"]
    allowed = (
        agreement["status"] == "active"
        and agreement["client"] == facts["client"]["id"]
        and agreement["service"] == service
        and agreement["valid_from"] <= now < agreement["valid_until"]
        and facts["purpose"] in agreement["purposes"]
        and facts["legal_basis"] in agreement["legal_bases"]
        and all(asked in agreement["predicates"] for asked in facts["predicates"])
        and facts["subject"]["restricted"] is not True
        and facts["subject"]["area"] in (None, facts["user"]["area"])
        and all(facts["usage"].values())
    )
    agreed = set(agreement["fields"])
    return allowed, [name for name in facts["fields"] if name in agreed]


async def cpu_ms(once: Once, seconds: float) -> float:
    """CPU milliseconds of one decision."""
    await once()
    done, started, until = 0, time.process_time(), time.perf_counter() + seconds
    while time.perf_counter() < until:
        for _ in range(20):
            await once()
        done += 20
    return (time.process_time() - started) / done * 1e3


async def latencies_ms(once: Once, seconds: float) -> list[float]:
    """What each of 32 tasks waits, all of them deciding one after another without a pause."""
    taken: list[float] = []
    until = time.perf_counter() + seconds

    async def one() -> None:
        while time.perf_counter() < until:
            began = time.perf_counter()
            await asyncio.sleep(0)  # its turn in the event loop
            await once()
            taken.append((time.perf_counter() - began) * 1e3)

    await asyncio.gather(*(one() for _ in range(CONCURRENCY)))
    return taken


async def measure(rounds: int, seconds: float) -> bool:
    """Measure, print, and say whether every target was reached."""
    case = Case()
    arms: dict[str, Once] = {
        "plain Python, by hand": case.by_hand,
        "uncached": case.by(case.country),
        "uncached, with rules of the owner": case.by(case.owner),
        "cached": case.by(case.cached),
    }
    granted = await case.owner.decide(case.facts())
    if not granted.allow or "mask" not in granted.obligations:
        print(f"the case is not the one to be measured: {granted.reasons}", file=sys.stderr)
        return False
    cpu: dict[str, list[float]] = {name: [] for name in arms}
    waits: dict[str, list[float]] = {name: [] for name in arms}
    for _ in range(rounds):
        for name, once in arms.items():
            cpu[name].append(await cpu_ms(once, seconds))
            waits[name] += await latencies_ms(once, seconds)
    return _report(cpu, waits)


def _report(cpu: dict[str, list[float]], waits: dict[str, list[float]]) -> bool:
    reference = statistics.median(cpu["plain Python, by hand"])
    print("| facts + decision + plan | CPU ms (min–max) | × plain Python | p50 / p99 ms at 32 | target |")
    print("| --- | --- | --- | --- | --- |")
    all_reached = True
    for name, rounds in cpu.items():
        middle, cuts = statistics.median(rounds), statistics.quantiles(waits[name], n=100)
        target = TARGETS_MS.get(name)
        reached = target is None or (middle <= target[0] and cuts[98] <= target[1])
        all_reached &= reached
        bound = "" if target is None or math.isinf(target[1]) else f" / {target[1]}"
        said = "–" if target is None else f"{target[0]}{bound} {'reached' if reached else 'MISSED'}"
        spread = f"{middle:.3f} ({min(rounds):.3f}–{max(rounds):.3f})"
        print(f"| {name} | {spread} | {middle / reference:.1f} | {cuts[49]:.2f} / {cuts[98]:.2f} | {said} |")
    return all_reached


def main() -> int:
    """Run; 0 when every target was reached, else 1."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.decision", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="2 short rounds: a look, not a result")
    quick = parser.parse_args().quick
    return 0 if asyncio.run(measure(2 if quick else 5, 0.3 if quick else 1.0)) else 1


if __name__ == "__main__":
    sys.exit(main())
