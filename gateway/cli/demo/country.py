"""Who is in the demonstration: registrar, fifteen systems of ministries and an NGO, four gateways.

Members and subsystems are those of Lumeria (`examples/lumeria/README.md`). Most have no gateway of their
own: home affairs hosts civil registration, early warning, oversight, social insurance and health, the
disability council education and land, social welfare the relief organisation.
"""

from __future__ import annotations

import secrets
import socket
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from gateway.app.sandbox import Plan, PlannedGateway, Ports, Sandbox, build
from gateway.cli.demo.ministries import GATEWAYS, NAMES, SYSTEMS
from gateway.trust.federation.national import Purpose
from schemas.errors import ConfigurationError
from schemas.identifiers import GatewayId, MemberId, SubsystemId

ROOT: Final = Path(__file__).resolve().parents[3]
LUMERIA: Final = ROOT / "examples" / "lumeria"

WELFARE: Final = SubsystemId.parse("LM/GOV/MSW/cash-transfer")
RELIEF: Final = SubsystemId.parse("LM/NGO/RELIEF/response")
ISSUER: Final = MemberId.parse("LM/GOV/MSW")
"""Who records what people consent to."""

PURPOSES: Final = (
    Purpose("social-assistance", "Social assistance", None, "dpv:PublicBenefit"),
    Purpose("social-assistance.eligibility", "Deciding on an application", "social-assistance", None),
    Purpose("social-assistance.review", "Reviewing a benefit", "social-assistance", None),
    Purpose("humanitarian-response", "Helping people in need", None, "dpv:ServiceProvision"),
    Purpose("disaster-response", "Helping people in a declared disaster", None, "dpv:ServiceProvision"),
    Purpose("family-tracing", "Helping people to find their families", None, "dpv:ServiceProvision"),
)


@dataclass(frozen=True, slots=True)
class Program:
    """One process to start: its name, module arguments, environment, and where its health is."""

    name: str
    arguments: Sequence[str]
    environment: Mapping[str, str]
    health: str


@dataclass(frozen=True, slots=True)
class Country:
    """A built country: its sandbox, its programs in starting order, and its doors."""

    sandbox: Sandbox
    systems: Sequence[Program]
    registrar: Program
    gateways: Sequence[Program]
    ports: Mapping[str, Ports]

    def door(self, subsystem: SubsystemId) -> str:
        """The development door of a subsystem."""
        for ports in self.ports.values():
            if str(subsystem) in ports.development:
                return f"http://127.0.0.1:{ports.development[str(subsystem)]}"
        raise ConfigurationError(f"{subsystem} has no development door")


def build_country(
    folder: Path,
    data: Path,
    *,
    ports: Sequence[int] | None = None,
    settings: Mapping[str, Any] | None = None,
    databases: Mapping[str, str] | None = None,
) -> Country:
    """Plan and write the country into an empty folder; `data` holds Lumeria's generated data.

    `settings` are further members of every gateway's settings, `databases` the database URL by
    gateway id where it is not SQLite.
    """
    if not LUMERIA.is_dir():
        raise ConfigurationError("examples/lumeria is missing; run the demo from a clone of the repository")
    numbers = iter(ports or free_ports(len(PREFERRED_PORTS)))
    registrar_url = f"http://127.0.0.1:{next(numbers)}"
    secret_of = {name: secrets.token_urlsafe(24) for system in SYSTEMS for name in system.secrets}
    places = {system.word: next(numbers) for system in SYSTEMS}
    variables = {system.variable: system.address(places[system.word], data) for system in SYSTEMS}
    planned = [
        _plan_gateway(name, numbers, secret_of, variables, settings or {}, (databases or {}).get(name))
        for name in GATEWAYS
    ]
    plan = Plan(
        instance="LM",
        names={MemberId.parse(member): name for member, name in NAMES.items()},
        purposes=PURPOSES,
        registrar_url=registrar_url,
        gateways=planned,
        agreements=LUMERIA / "agreements",
        consent_issuers=(ISSUER,),
    )
    sandbox = build(folder, plan)
    return Country(
        sandbox=sandbox,
        systems=_system_programs(places, data, secret_of),
        registrar=Program(
            "registrar",
            ["gateway.cli", "federation", "serve", str(sandbox.registrar), "--port", registrar_url[17:]],
            {},
            f"{registrar_url}/health",
        ),
        gateways=[
            Program(
                f"gateway {gateway.id}",
                ["gateway.cli", "gateway", "run", str(sandbox.settings[str(gateway.id)])],
                {},
                f"http://127.0.0.1:{gateway.ports.admin}/health/ready",
            )
            for gateway in planned
        ],
        ports={str(gateway.id): gateway.ports for gateway in planned},
    )


PREFERRED_PORTS: Final = (
    8100,
    *range(8131, 8136),
    *range(8171, 8181),
    *(8141, 8142, 8143),
    *(8151, 8152, 8153),
    *(8161, 8162, 8163),
    *(8110, 8112, 8111, 8101, 8102),
)
"""Registrar; the systems of `ministries.SYSTEMS`; the ports of each gateway, with its development doors."""


def demo_ports() -> tuple[int, ...]:
    """The preferred ports where they are free, so that printed commands stay the same; else others."""
    held: list[socket.socket] = []
    try:
        held.extend(socket.create_server(("127.0.0.1", port)) for port in PREFERRED_PORTS)
    except OSError:
        return tuple(free_ports(len(PREFERRED_PORTS)))
    finally:
        for one in held:
            one.close()
    return PREFERRED_PORTS


def free_ports(count: int) -> list[int]:
    """Loopback ports that are free now."""
    held = [socket.socket() for _ in range(count)]
    try:
        for one in held:
            one.bind(("127.0.0.1", 0))
        return [one.getsockname()[1] for one in held]
    finally:
        for one in held:
            one.close()


def _plan_gateway(
    name: str,
    numbers: Any,
    secret_of: Mapping[str, str],
    variables: Mapping[str, str],
    settings: Mapping[str, Any],
    database: str | None,
) -> PlannedGateway:
    hosting = GATEWAYS[name]
    subsystems = [SubsystemId.parse(item) for items in hosting.subsystems.values() for item in items]
    systems = [system for system in SYSTEMS if system.word in hosting.systems]
    clients = [subsystem for subsystem in subsystems if subsystem in (WELFARE, RELIEF)]
    ports = Ports(next(numbers), next(numbers), next(numbers), {str(item): next(numbers) for item in clients})
    return PlannedGateway(
        id=GatewayId.parse(name),
        hosts={
            MemberId.parse(member): [SubsystemId.parse(item) for item in items]
            for member, items in hosting.subsystems.items()
        },
        ports=ports,
        sources=[ROOT / "adapters" / source for system in systems for source in system.sources],
        secrets={name: secret_of[name] for system in systems for name in system.secrets},
        variables={system.variable: variables[system.variable] for system in systems if system.sources},
        clients=clients,
        settings=settings,
        database=database or "sqlite:///gateway.db",
    )


def _system_programs(places: Mapping[str, int], data: Path, secret_of: Mapping[str, str]) -> list[Program]:
    """A process for each system that stands alone, and one for all others."""
    programs, shared = [], []
    for system in SYSTEMS:
        port = places[system.word]
        if not system.is_alone:
            shared.append(system)
            continue
        environment = {name: secret_of[name] for name in system.secrets}
        arguments = ["examples.lumeria", "serve", system.word, "--data", str(data), "--port", str(port)]
        health = f"http://127.0.0.1:{port}/health"
        programs.append(Program(f"system {system.word}", arguments, environment, health))
    environment = {name: secret_of[name] for system in shared for name in system.secrets}
    pairs = [f"{system.word}={places[system.word]}" for system in shared]
    arguments = ["examples.lumeria", "serve-together", "--data", str(data), *pairs]
    # The last one starts last, when all others listen.
    health = f"http://127.0.0.1:{places[shared[-1].word]}/health"
    return [*programs, Program("small systems", arguments, environment, health)]
