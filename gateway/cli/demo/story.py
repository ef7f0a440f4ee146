"""`isthmus demo`: start the country, tell the story, print what to try next.

Each step says in plain words what happens and then does it: every exchange is a real one between
separate processes. The numbers of the report come from the gateways' logs, not from this script.
"""

from __future__ import annotations

import json
import logging
import shlex
import signal
import subprocess
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import httpx

from audit.fsck import LogReport
from audit.verify import verify_bundle
from gateway.app.evidence import write_evidence
from gateway.cli.demo import auditor
from gateway.cli.demo.country import (
    PREFERRED_PORTS,
    RELIEF,
    ROOT,
    WELFARE,
    Country,
    build_country,
    demo_ports,
)
from gateway.cli.demo.decisions import a_disaster_is_declared, the_person_decides
from gateway.cli.demo.home import demo_home
from gateway.cli.demo.processes import Processes, interrupted_afterwards
from gateway.cli.demo.screen import Screen
from gateway.settings import load
from gateway.storage.migrate import migrate_now
from schemas.errors import ConfigurationError

SEED: Final = 7
VIEW: Final = "social-record"
INCOME: Final = "/r1/LM/GOV/TAX/income/income-band"
CARD: Final = "/r1/LM/GOV/NIA/identity/card/persons/{national_id}/card"
RELIEF_FIELDS: Final = (
    "given_names",
    "family_name",
    "district",
    "household_size",
    "household_members",
    "disability_severity",
    "income_band",
    "benefits_received",
)
MSW_GATEWAY: Final = "LM/GOV/MSW/gw1"


@dataclass(slots=True)
class _Told:
    """What the story has shown so far."""

    first_answer_s: float
    view: Mapping[str, Any]
    degraded: int = 0
    refused_exchange: str = ""
    logs_verified: int = 0
    tamper_detected: bool = False
    evidence: Path | None = None
    evidence_holds: bool = False

    def holds(self, logs: int) -> bool:
        """Whether everything was proved that the story says: each log, the evidence, the tampering."""
        return self.logs_verified == logs and self.evidence_holds and self.tamper_detected


def run_demo(
    *, exit_after: bool = False, report: Path | None = None, folder: Path | None = None, people: int = 2000
) -> int:
    """Start Lumeria, tell the story, and run until Ctrl-C. Returns the exit code: 1 if a proof did not hold.

    Raises:
        ConfigurationError: a process did not start, or the folder or the report cannot be used.
    """
    began = time.monotonic()
    screen = Screen()
    if report is not None and not report.resolve().parent.is_dir():
        raise ConfigurationError(f"the report's folder {report.resolve().parent} does not exist")
    # Also where a script put us in the background, ignoring Ctrl-C: our programs would end without us.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    # The desks of the story are opened in this process; what a gateway tells its operator is in its own log.
    logging.getLogger("gateway").setLevel(logging.ERROR)
    code = 0
    with demo_home(folder) as home:
        try:
            with Processes(home / "logs") as processes:
                country, story = _start(screen, processes, home, people)
                told = _tell(screen, processes, country, story, began, home)
                code = 0 if told.holds(len(country.gateways)) else 1
                document = _report(processes, country, told)
                if report is not None:
                    report.write_text(json.dumps(document, indent=2) + "\n", encoding="utf-8")
                _sum_up(screen, document)
                if not exit_after:
                    _print_lines(screen, country, story, told)
                    _wait(screen)
        except KeyboardInterrupt:
            screen.say("\nStopped.")
        screen.say(f"The demo's files stay in {home}; delete them when you no longer need them.")
    return code


def _start(
    screen: Screen, processes: Processes, home: Path, people: int
) -> tuple[Country, Mapping[str, Any]]:
    data = home / "data"
    with screen.working(f"Lumeria's {people} people are born, married and registered, by fifteen systems"):
        _generate(data, people)
    ports = demo_ports()
    with screen.working("keys, certificates, agreements and the signed directory of the federation"):
        country = build_country(home / "country", data, ports=ports)
        for program in (*country.systems, country.registrar):
            processes.start(program)
        with interrupted_afterwards():
            for path in country.sandbox.settings.values():
                migrate_now(load(path).database.get_secret_value())
        processes.wait_healthy([*country.systems, country.registrar])  # a gateway looks twice, seconds apart
    with screen.working("registrar, twelve members' systems and four gateways, in processes of their own"):
        for program in country.gateways:
            processes.start(program)
        processes.wait_healthy(country.gateways)
    if ports != PREFERRED_PORTS:
        screen.say("[yellow]The usual ports are taken; this run uses others.[/]")
    story: Mapping[str, Any] = json.loads((data / "story.json").read_text(encoding="utf-8"))
    return country, story


def _generate(data: Path, people: int) -> None:
    arguments = ["generate", "--people", str(people), "--seed", str(SEED), "--out", str(data)]
    done = subprocess.run(  # noqa: S603  our own module
        [sys.executable, "-m", "examples.lumeria", *arguments],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode != 0:
        raise ConfigurationError(f"Lumeria could not be generated: {done.stderr.strip()[-200:]}")


def _tell(
    screen: Screen,
    processes: Processes,
    country: Country,
    story: Mapping[str, Any],
    began: float,
    home: Path,
) -> _Told:
    applicant = story["applicant"]["national_id"]
    with httpx.Client(trust_env=False, timeout=30) as http:
        told = _caseworker_asks(screen, http, country, applicant, began)
        _card_passes_through(screen, http, country, applicant)
        told.refused_exchange = _no_agreement(screen, http, country, applicant)
        _relief_sees_less(screen, http, country, applicant)
        _tax_is_down(screen, processes, http, country, applicant, told)
        the_person_decides(screen, http, country, applicant)
        a_disaster_is_declared(screen, http, country, applicant)
    _auditor_verifies(screen, country, told)
    _evidence(screen, country, told, home)
    _somebody_tampers(screen, country, told)
    return told


def _caseworker_asks(
    screen: Screen, http: httpx.Client, country: Country, applicant: str, began: float
) -> _Told:
    screen.step(
        "A caseworker asks",
        "Somebody applies for a benefit. The caseworker's system asks its own gateway for the applicant's "
        "social record. Five ministries answer, each for itself; nobody keeps a copy.",
    )
    document = _ask_view(http, country.door(WELFARE), applicant)
    told = _Told(time.monotonic() - began, document)
    screen.view(document)
    screen.say(f"\nFirst answer {told.first_answer_s:.1f} s after the start of everything.")
    return told


def _card_passes_through(screen: Screen, http: httpx.Client, country: Country, applicant: str) -> None:
    screen.step(
        "An X-Road client works unchanged",
        "The same system asks for the identity card as an X-Road client would. The request is forwarded to "
        "the identity authority exactly as its policy saw it.",
    )
    answer = http.get(
        country.door(WELFARE) + CARD.format(national_id=applicant), headers={"X-Road-Client": str(WELFARE)}
    )
    screen.say(f"HTTP {answer.status_code}, receipt {answer.headers.get('Isthmus-Receipt')}")


def _no_agreement(screen: Screen, http: httpx.Client, country: Country, applicant: str) -> str:
    screen.step(
        "A request without an agreement",
        "The relief organisation asks the revenue authority for the applicant's income band. "
        "Nobody has agreed to that, so the owner refuses, says why, and logs it.",
    )
    answer = http.post(
        country.door(RELIEF) + INCOME,
        json={"subject": {"type": "national_id", "value": applicant}, "fields": ["income_band"]},
        headers={
            "X-Road-Client": str(RELIEF),
            "Isthmus-Purpose": "humanitarian-response",
            "Isthmus-Legal-Basis": "vital_interest",
        },
    )
    problem = answer.json()["problem"]
    screen.say(f"[yellow]{problem['title']}[/]: {problem['detail']}")
    screen.say(f"reasons: {', '.join(problem['reasons'])}")
    return answer.headers["Isthmus-Receipt"]


def _relief_sees_less(screen: Screen, http: httpx.Client, country: Country, applicant: str) -> None:
    screen.step(
        "A narrower purpose sees less",
        "For helping people in a disaster, the relief organisation asks for the same view. Its agreements "
        "cover a name, a district, difficulties in an evacuation and the size of a household: no more.",
    )
    document = _ask_view(
        http,
        country.door(RELIEF),
        applicant,
        purpose="humanitarian-response",
        fields=RELIEF_FIELDS,
    )
    screen.view(document)


def _tax_is_down(
    screen: Screen,
    processes: Processes,
    http: httpx.Client,
    country: Country,
    applicant: str,
    told: _Told,
) -> None:
    screen.step(
        "A ministry's system is down",
        "The revenue authority's system is stopped. The record still comes, and says openly what is missing: "
        "source_down is never shown as “not found”.",
    )
    processes.stop("system tax")
    document = _ask_view(http, country.door(WELFARE), applicant)
    processes.restart("system tax")
    down = [name for name, claim in document["attributes"].items() if claim["status"] in _NO_ANSWER]
    told.degraded += bool(down)
    screen.view(document, ["given_names", "income_band", "income_year", "disability_status"])


_NO_ANSWER: Final = frozenset({"source_down", "timeout", "misbehaving"})


def _auditor_verifies(screen: Screen, country: Country, told: _Told) -> None:
    screen.step(
        "The auditor verifies",
        "Every gateway logs every exchange in a Merkle log. The auditor reads each log again from the first "
        "entry to the last, and checks entries, tree, cases and signatures.",
    )
    with screen.working("waiting until every gateway has signed a head of its log; each does every 10 s"):
        reports = {gateway: auditor.verify_signed(path) for gateway, path in country.sandbox.settings.items()}
    for gateway, found in reports.items():
        told.logs_verified += found.ok and found.heads > 0
        screen.say(
            f"{_mark(found)} {gateway}: {found.size} entries, {found.cases_opened} cases opened, "
            f"{found.heads} signed heads hold"
        )


def _evidence(screen: Screen, country: Country, told: _Told, home: Path) -> None:
    screen.step(
        "Evidence for a court",
        "One exchange of the applicant's record is written as a bundle that anybody can check offline, with "
        "this program or with stock tools.",
    )
    receipt = told.view["attributes"]["given_names"]["receipt"]
    told.evidence = home / "evidence.zip"
    settings = load(country.sandbox.settings[MSW_GATEWAY])
    write_evidence(settings, [receipt], told.evidence)
    checked = verify_bundle(told.evidence)
    told.evidence_holds = checked.ok
    passed = sum(check.status == "pass" for check in checked.checks)
    screen.say(f"{'[green]✓[/]' if checked.ok else '[red]✗[/]'} {told.evidence}: {passed} checks passed")


def _somebody_tampers(screen: Screen, country: Country, told: _Told) -> None:
    screen.step(
        "Somebody tampers",
        "Somebody with the database's password turns the refusal of step 3 into an answer, in the welfare "
        "gateway's own log. The auditor verifies again.",
    )
    path = country.sandbox.settings[MSW_GATEWAY]
    with auditor.altered_entry(path, told.refused_exchange) as index:
        found = auditor.verify(path)
    told.tamper_detected = any(finding.index == index for finding in found.findings)
    for finding in found.findings:
        screen.say(f"[red]✗[/] entry {finding.index}, exchange {finding.exchange}: {finding.text}")
    screen.say(f"{_mark(auditor.verify(path))} The entry is put back, and the log verifies again.")


def _mark(found: LogReport) -> str:
    return "[green]✓[/]" if found.ok else "[red]✗[/]"


def _ask_view(http: httpx.Client, door: str, national_id: str, **more: Any) -> dict[str, Any]:
    question = {"subject": {"type": "national_id", "value": national_id}, **more}
    answer = http.post(f"{door}/v1/views/{VIEW}", json=question)
    document: dict[str, Any] = answer.raise_for_status().json()
    return document


def _report(processes: Processes, country: Country, told: _Told) -> dict[str, Any]:
    counts = auditor.count(list(country.sandbox.settings.values()))
    return {
        "exchanges": counts.exchanges,
        "answered": counts.answered,
        "refused": counts.refused,
        "failed": counts.failed,
        "degraded": told.degraded,
        "entries": counts.entries,
        "logs_verified": told.logs_verified,
        "tamper_detected": told.tamper_detected,
        "evidence": str(told.evidence),
        "first_answer_s": round(told.first_answer_s, 2),
        "view": told.view,
        "rss_mib": processes.resident_mib(),
    }


def _sum_up(screen: Screen, document: Mapping[str, Any]) -> None:
    found = "detected" if document["tamper_detected"] else "NOT detected"
    screen.say(
        f"\n{document['exchanges']} exchanges: {document['answered']} answered, "
        f"{document['refused']} refused, {document['failed']} failed. "
        f"{document['entries']} log entries, {document['logs_verified']} logs verified, tampering {found}."
    )


def _print_lines(screen: Screen, country: Country, story: Mapping[str, Any], told: _Told) -> None:
    """URLs and commands to copy."""
    applicant = story["applicant"]["national_id"]
    welfare, relief = country.door(WELFARE), country.door(RELIEF)
    settings = country.sandbox.settings[MSW_GATEWAY]
    certificate, key = country.sandbox.client(WELFARE)
    ports = country.ports[MSW_GATEWAY]
    root, registrar = country.sandbox.registrar / "public/metadata/1.root.json", country.registrar.health[:-7]
    subject = {"subject": {"type": "national_id", "value": applicant}}
    card = CARD.format(national_id=applicant)
    receipt = told.view["attributes"]["given_names"]["receipt"]
    as_welfare, as_relief = f"-H 'X-Road-Client: {WELFARE}'", f"-H 'X-Road-Client: {RELIEF}'"
    why = "-H 'Isthmus-Purpose: humanitarian-response' -H 'Isthmus-Legal-Basis: vital_interest'"
    tls = f"--cert {_quoted(certificate)} --key {_quoted(key)} --cacert {_quoted(country.sandbox.authority)}"
    lines = {
        "the applicant's social record:": f"curl -s {welfare}/v1/views/{VIEW} {_json(subject)}",
        "the identity card, as an X-Road client:": f"curl -si {welfare}{card} {as_welfare}",
        "the same over mutual TLS, as in production:": (
            f"curl -si https://127.0.0.1:{ports.client}{card} {as_welfare} {tls}"
        ),
        "a refusal, with its reasons:": (
            f"curl -s {relief}{INCOME} {as_relief} {why} {_json({**subject, 'fields': ['income_band']})}"
        ),
        "what this client may use:": f"curl -s {welfare}/v1/catalogue",
        "the receipt of an exchange:": f"curl -s {welfare}/v1/receipts/{receipt}",
        "health of a gateway:": f"curl -s http://127.0.0.1:{ports.admin}/health/ready",
        "the log's entries:": f"./run isthmus audit list {_quoted(settings)}",
        "one exchange in the log:": f"./run isthmus audit show {_quoted(settings)} {receipt}",
        "verify the whole log:": f"./run isthmus audit verify {_quoted(settings)}",
        "verify the evidence, offline:": f"./run isthmus verify {_quoted(told.evidence)}",
        "the federation, from its registrar:": (
            f"./run isthmus federation show --url {registrar} --root {_quoted(root)}"
        ),
    }
    screen.lines("Try it yourself, in another terminal:", list(lines.items()))


def _json(document: Mapping[str, Any]) -> str:
    """A JSON body for curl."""
    return f"-H 'Content-Type: application/json' -d '{json.dumps(document)}'"


def _quoted(path: object) -> str:
    """A path for a shell; it may have spaces."""
    return shlex.quote(str(path))


def _wait(screen: Screen) -> None:
    screen.say("\nLumeria runs until you press Ctrl-C.")
    while True:
        time.sleep(1)
