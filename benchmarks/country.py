"""The smallest country with everything on: one asking gateway, one answering, one agreement.

Real settings, keys, federation, agreements, policy (embedded), audit log and mutual TLS, written by
the same `sandbox` that the demonstration uses. Nothing is switched off and nothing is tuned.
"""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from gateway.app.sandbox import Plan, PlannedGateway, Ports, Sandbox, build
from gateway.settings import load
from gateway.storage.migrate import migrate_now
from gateway.trust.federation.national import Purpose
from schemas.identifiers import GatewayId, MemberId, SubsystemId

ASKING: Final = "LM/GOV/MSW/gw1"
ANSWERING: Final = "LM/GOV/NIA/gw1"
CLIENT: Final = "LM/GOV/MSW/cash-transfer"
FORWARDED: Final = "LM/GOV/NIA/identity/card"
RECORDED: Final = "LM/GOV/NIA/identity/person"
PURPOSE: Final = "social-assistance"
BASIS: Final = "public_task"
PERSON: Final = "1234567890"

_SOURCES: Final = {
    "cards": """
id: cards
title: Cards, a constant kilobyte
kind: rest
owner: {ministry: National Identity Authority, contact: bench@example.org}
subsystem: LM/GOV/NIA/identity
connection: {base_url: "${env:SOURCE_URL}", auth: {kind: none}}
limits: {timeout_ms: 10000, concurrency: 64, max_bytes: 65536, retries: 0}
services:
  card:
    title: Card of one person
    form: pass_through
    methods: [GET, POST]
    paths: ["/persons/{national_id}/card"]
    subject: {type: national_id, place: path, name: national_id}
""",
    "people": """
id: people
title: People, one view of a SQLite database
kind: sql
owner: {ministry: National Identity Authority, contact: bench@example.org}
subsystem: LM/GOV/NIA/identity
connection: {dsn: "${env:PEOPLE_DSN}"}
limits: {timeout_ms: 10000, concurrency: 8, max_rows: 10, max_bytes: 65536, retries: 0}
services:
  person:
    title: Identity attributes of one person
    canonical: person/1
    subject:
      national_id: {pattern: "[0-9]{10}"}
    from: v_sp_people
    where: {national_id: $national_id}
    map:
      national_id: national_id
      full_name: full_name
      birth_date: {from: birth_date, to: date}
""",
}
_AGREEMENT: Final = f"""
id: bench
version: 1
client: {CLIENT}
provider: LM/GOV/NIA/identity
status: active
valid_from: 2020-01-01
valid_until: 2100-01-01
absence: disclosed
services:
  - service: {FORWARDED}
    purposes: [{PURPOSE}]
    legal_bases: [{BASIS}]
    default_purpose: {PURPOSE}
    default_legal_basis: {BASIS}
    methods: [GET, POST]
    paths: ["/persons/{{national_id}}/card"]
  - service: {RECORDED}
    purposes: [{PURPOSE}]
    legal_bases: [{BASIS}]
    default_purpose: {PURPOSE}
    default_legal_basis: {BASIS}
    fields: [full_name, birth_date]
    predicates: [{{field: birth_date, op: age_ge, value: 18}}]
"""


@dataclass(frozen=True, slots=True)
class Country:
    """What was written, and the ports by gateway."""

    sandbox: Sandbox
    registrar_port: int
    ports: dict[str, Ports]

    def home(self, gateway: str) -> Path:
        """The folder of one gateway."""
        return self.sandbox.settings[gateway].parent

    @property
    def door(self) -> int:
        """The port of the client's development listener."""
        return self.ports[ASKING].development[CLIENT]


def build_country(folder: Path, ports: list[int], source_port: int) -> Country:
    """Write the country into an empty folder, and bring both logs to the newest schema."""
    numbers = iter(ports)
    folder.mkdir(parents=True)
    agreements = folder / "agreements"
    agreements.mkdir()
    (agreements / "bench.yaml").write_text(_AGREEMENT)
    registrar_port = next(numbers)
    taken = {
        ASKING: Ports(next(numbers), next(numbers), next(numbers), {CLIENT: next(numbers)}),
        ANSWERING: Ports(next(numbers), next(numbers), next(numbers)),
    }
    variables = {
        "SOURCE_URL": f"http://127.0.0.1:{source_port}",
        "PEOPLE_DSN": f"sqlite:///{_make_people(folder / 'people.db')}",
    }
    sources = [_write_source(folder, name, text) for name, text in _SOURCES.items()]
    plan = Plan(
        instance="LM",
        names={MemberId.parse("LM/GOV/MSW"): "Welfare", MemberId.parse("LM/GOV/NIA"): "Identity"},
        purposes=(Purpose(PURPOSE, "Social assistance", None, None),),
        registrar_url=f"http://127.0.0.1:{registrar_port}",
        gateways=[
            _gateway(ASKING, "LM/GOV/MSW", CLIENT, taken, [], {}),
            _gateway(ANSWERING, "LM/GOV/NIA", "LM/GOV/NIA/identity", taken, sources, variables),
        ],
        agreements=agreements,
    )
    sandbox = build(folder / "country", plan)
    for path in sandbox.settings.values():
        migrate_now(load(path).database.get_secret_value())
    return Country(sandbox, registrar_port, taken)


def _gateway(
    name: str,
    member: str,
    subsystem: str,
    ports: dict[str, Ports],
    sources: list[Path],
    variables: dict[str, str],
) -> PlannedGateway:
    return PlannedGateway(
        id=GatewayId.parse(name),
        hosts={MemberId.parse(member): [SubsystemId.parse(subsystem)]},
        ports=ports[name],
        sources=sources,
        variables=variables,
        clients=[SubsystemId.parse(subsystem)] if subsystem == CLIENT else [],
    )


def _write_source(folder: Path, name: str, text: str) -> Path:
    path = folder / "sources" / name / f"{name}.yaml"
    path.parent.mkdir(parents=True)
    path.write_text(text)
    return path


def _make_people(path: Path) -> Path:
    with sqlite3.connect(path) as connection:
        connection.execute(
            "CREATE TABLE people (national_id TEXT PRIMARY KEY, full_name TEXT, birth_date TEXT)"
        )
        people = [(f"{number:010}", f"Person {number}", "1980-05-17") for number in range(10_000)]
        connection.executemany(
            "INSERT INTO people VALUES (?, ?, ?)", [*people, (PERSON, "Asked", "1990-01-31")]
        )
        connection.execute("CREATE VIEW v_sp_people AS SELECT * FROM people")
    connection.close()
    return path
