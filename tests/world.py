"""A small country for tests: a registrar and two gateways that run, and a third one that is hostile.

Everything is real and built by `gateway.app.sandbox`; it runs in one thread with one event loop, so that
a test can reach into a part and break it. The third gateway, the revenue authority's, is registered like
the others but run by the tests: its keys are those of the hostile peer and the hostile provider.

    LM/GOV/NIA/gw1   answers: `person` (a database view) and `card` (a pass-through source)
    LM/GOV/MSW/gw1   asks: `cash-transfer` (absence disclosed), `response` of the NGO (hidden),
                     `pension` (agreement expired), `grievance` (no agreement at all),
                     `school-meals` (what the tests of signed agreements agree on)
    LM/GOV/TAX/gw1   hostile: asks `person` under an agreement, offers `band`
"""

from __future__ import annotations

import asyncio
import logging
import os
import shutil
import sqlite3
import ssl
import threading
from collections.abc import Callable, Coroutine, Mapping
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

import uvicorn

from audit.entry import Entry
from audit.errors import NotLogged
from gateway.app.node import Node, open_node
from gateway.app.ports import listeners
from gateway.app.sandbox import Plan, PlannedGateway, Ports, Sandbox, build
from gateway.app.upkeep import WORK
from gateway.cli.demo.country import free_ports
from gateway.settings import load
from gateway.storage.migrate import migrate
from gateway.trust.federation.national import Purpose
from gateway.trust.federation.server import RegistrarApp
from gateway.trust.tls import client_context
from schemas.identifiers import GatewayId, MemberId, SubsystemId
from tests.upstream import Upstream

T = TypeVar("T")

PROVIDER, CONSUMER, HOSTILE = "LM/GOV/NIA/gw1", "LM/GOV/MSW/gw1", "LM/GOV/TAX/gw1"
WELFARE, PENSION = "LM/GOV/MSW/cash-transfer", "LM/GOV/MSW/pension"
MEALS = "LM/GOV/MSW/school-meals"
GRIEVANCE, RELIEF = "LM/GOV/MSW/grievance", "LM/NGO/RELIEF/response"
INCOME, IDENTITY = "LM/GOV/TAX/income", "LM/GOV/NIA/identity"
PERSON, CARD, BAND = f"{IDENTITY}/person", f"{IDENTITY}/card", f"{INCOME}/band"
PURPOSE, BASIS = "social-assistance.eligibility", "public_task"

CONSENT = "consent"
CONSENT_ISSUERS = ("LM/GOV/NIA", "LM/GOV/MSW", "LM/GOV/TAX")
"""At the provider's own gateway, at another one, and at one where nobody answers."""

PRESENT, RESTRICTED, ABSENT = "7310000001", "7310000002", "7310000003"
NAME = "Canary Ofsubject"
"""Canaries: nothing that a gateway keeps may hold them in clear."""

MAX_BODY_BYTES = 256 * 1024
REQUEST_TIMEOUT_S = 1.0
EXCHANGE_TIMEOUT_S = 3.0

_MEMBERS = {
    "LM/GOV/NIA": "National Identity Authority",
    "LM/GOV/MSW": "Ministry of Social Welfare",
    "LM/NGO/RELIEF": "Lumeria Relief",
    "LM/GOV/TAX": "Revenue Authority",
}
_PURPOSES = (
    Purpose("social-assistance", "Social assistance", None, None),
    Purpose(PURPOSE, "Deciding on an application", "social-assistance", None),
    Purpose("taxation", "Taxation", None, None),
)
_HEAD = "owner: {ministry: Ministry, contact: exchange@ministry.example}"
_PEOPLE = f"""
id: people
title: People
kind: sql
{_HEAD}
subsystem: {IDENTITY}
connection: {{dsn: "${{env:PEOPLE_DSN}}"}}
limits: {{timeout_ms: 600, retries: 0}}
services:
  person:
    title: Identity attributes of one person
    canonical: person/1
    subject: {{national_id: {{pattern: "[0-9]{{10}}"}}}}
    from: v_person
    where: {{national_id: $national_id}}
    as_of: now
    restricted: restricted
    area: district
    map:
      full_name: full_name
      birth_date: {{from: birth_date, to: date}}
      sex: {{from: sex, codes: {{f: female, m: male}}, else: error}}
      district: district
    empty: not_found
"""
_CARDS = f"""
id: cards
title: Cards
kind: rest
{_HEAD}
subsystem: {IDENTITY}
connection:
  base_url: "${{env:CARDS_URL}}"
  auth: {{kind: bearer, token: "${{secret:CARDS_TOKEN}}"}}
limits: {{timeout_ms: 600, max_bytes: 65536}}
services:
  card:
    title: Identity card of one person
    form: pass_through
    methods: [GET, HEAD, POST]
    paths: ["/persons/{{national_id}}/card"]
    subject: {{type: national_id, place: path, name: national_id}}
    base_path: /api
    openapi: card.openapi.json
"""
_BANDS = f"""
id: bands
title: Bands
kind: sql
{_HEAD}
subsystem: {INCOME}
connection: {{dsn: "${{env:PEOPLE_DSN}}"}}
services:
  band:
    title: Band of the yearly income
    canonical: tax_status/1
    subject: {{national_id: {{pattern: "[0-9]{{10}}"}}}}
    from: v_person
    where: {{national_id: $national_id}}
    as_of: now
    map:
      income_band: {{from: sex, codes: {{f: low, m: low}}, else: error}}
    empty: not_found
"""
_VIEW = f"""
name: applicant
version: 1
title: Applicant
description: What a caseworker may know.
purposes: [{PURPOSE}]
subject_types: [national_id]
definitions: {{}}
deadline_ms: 2500
attributes:
  name: {{title: Name, from: [{{service: {PERSON}, field: full_name}}]}}
  birth_date: {{title: Day of birth, from: [{{service: {PERSON}, field: birth_date}}]}}
  sex: {{title: Sex, from: [{{service: {PERSON}, field: sex}}]}}
  income_band: {{title: Band, from: [{{service: {BAND}, field: income_band}}]}}
"""


def _agreement(name: str, client: str, services: dict[str, str], **members: str) -> str:
    terms = "\n".join(
        f"  - service: {service}\n    purposes: [{PURPOSE}]\n    legal_bases: [{BASIS}, {CONSENT}]\n"
        f"    default_purpose: {PURPOSE}\n    default_legal_basis: {BASIS}\n    {more}"
        for service, more in services.items()
    )
    provider = next(iter(services)).rpartition("/")[0]
    given = {"status": "active", "valid_from": "2020-01-01", "valid_until": "2100-01-01", **members}
    head = "\n".join(f"{member}: {value}" for member, value in given.items())
    return f"id: {name}\nversion: 1\nclient: {client}\nprovider: {provider}\n{head}\nservices:\n{terms}\n"


_FIELDS = "fields: [full_name, birth_date]\n    predicates: [{field: birth_date, op: age_ge, value: 18}]"
_PATHS = 'methods: [GET, POST]\n    paths: ["/persons/{national_id}/card"]'
_AGREEMENTS = {
    "welfare-identity": _agreement(
        "welfare-identity", WELFARE, {PERSON: _FIELDS, CARD: _PATHS}, absence="disclosed"
    ),
    "welfare-income": _agreement("welfare-income", WELFARE, {BAND: "fields: [income_band]"}),
    "relief-identity": _agreement("relief-identity", RELIEF, {PERSON: _FIELDS}, absence="hidden"),
    "pension-identity": _agreement("pension-identity", PENSION, {PERSON: _FIELDS}, valid_until="2021-01-01"),
    "income-identity": _agreement("income-identity", INCOME, {PERSON: _FIELDS, CARD: _PATHS}),
}


@dataclass(slots=True)
class Running:
    """One gateway under way."""

    node: Node
    stack: AsyncExitStack
    servers: list[uvicorn.Server]
    serving: list[asyncio.Task[None]]
    upkeep: list[asyncio.Task[None]]


@dataclass
class World:
    """The country. `run` carries a coroutine into its event loop."""

    folder: Path
    upstream: Upstream = field(default_factory=Upstream)
    databases: Mapping[str, str] = field(default_factory=dict)
    """By gateway, where it is not a SQLite file of its own."""
    ports: dict[str, Ports] = field(default_factory=dict)
    _loop: asyncio.AbstractEventLoop = field(default_factory=asyncio.new_event_loop)
    _thread: threading.Thread = None  # type: ignore[assignment]
    _running: dict[str, Running] = field(default_factory=dict)
    _registrar: tuple[uvicorn.Server, asyncio.Task[None]] | None = None
    _handler: logging.Handler = field(default_factory=logging.NullHandler)
    sandbox: Sandbox = None  # type: ignore[assignment]

    def start(self) -> None:
        """Build everything and run it."""
        self._thread = threading.Thread(target=self._loop.run_forever, name="world", daemon=True)
        self._log_to_a_file()
        self.upstream.start()
        self._build()
        self._thread.start()
        self.run(self._start_registrar())
        for gateway in (PROVIDER, CONSUMER):
            self.run(migrate(load(self.sandbox.settings[gateway]).database.get_secret_value()))
        self.run(self._start_gateways())

    def stop(self) -> None:
        """Stop everything."""
        for gateway in list(self._running):
            self.run(self._stop_gateway(gateway))
        if self._registrar is not None:
            self._registrar[0].should_exit = True
            self.run(_ended(self._registrar[1]))
        self.run(self._loop.shutdown_default_executor())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()
        self.upstream.stop()
        self._handler.close()
        logging.getLogger().removeHandler(self._handler)

    def restart(self, gateway: str) -> None:
        """Stop a gateway and start it again from its files alone."""
        self.run(self._stop_gateway(gateway))
        self.run(self._start_gateway(gateway))

    def run(self, work: Coroutine[Any, Any, T], timeout: float = 30) -> T:
        """Carry out a coroutine in the world's event loop."""
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(timeout)

    def node(self, gateway: str) -> Node:
        """The parts of a running gateway."""
        return self._running[gateway].node

    def home(self, gateway: str) -> Path:
        """A gateway's folder."""
        return self.sandbox.settings[gateway].parent

    def entries(self, gateway: str, exchange: str, side: str | None = None) -> list[Entry]:
        """What a gateway's log holds of one exchange, in order."""
        try:
            found = self.run(self.node(gateway).log.reader.exchange(exchange))
        except NotLogged:
            return []
        return [logged.entry for logged in found if side in (None, logged.entry.side)]

    def log_size(self, gateway: str) -> int:
        """How many entries a gateway's log has."""
        return self.run(self.node(gateway).log.reader.head()).size

    def exchanges_logged(self, gateway: str) -> int:
        """How many entries a gateway's log has about exchanges of its clients: without what members ask
        one another in the background, and without acts."""
        entries = self.run(self.node(gateway).log.reader.entries(limit=1_000_000))
        return sum(
            logged.entry.service is not None and "/isthmus/" not in logged.entry.service for logged in entries
        )

    def metrics(self, gateway: str) -> str:
        """A gateway's exposition."""
        return self.node(gateway).meters.text().decode()

    def tls(self, gateway: str) -> ssl.SSLContext:
        """A client's TLS settings with a gateway's own certificate."""
        keys = self.home(gateway) / "keys"
        return client_context(keys / "tls.crt", keys / "tls.key", [self.sandbox.authority.read_text()])

    def client_tls(self, subsystem: str) -> ssl.SSLContext:
        """A client system's TLS settings."""
        certificate, key = self.sandbox.client(SubsystemId.parse(subsystem))
        return client_context(certificate, key, [self.sandbox.authority.read_text()])

    @property
    def people(self) -> Path:
        """The identity authority's database."""
        return self.folder / "people.db"

    @property
    def log_file(self) -> Path:
        """What all gateways wrote into their logs for operators."""
        return self.folder / "operators.log"

    def _build(self) -> None:
        numbers = iter(free_ports(12))
        registrar_port = next(numbers)
        variables = {"PEOPLE_DSN": f"sqlite:///{self.people}", "CARDS_URL": self.upstream.url}
        _make_people(self.people)
        agreements = self.folder / "agreements"
        views = self.folder / "views"
        for folder in (agreements, views):
            folder.mkdir()
        for name, text in _AGREEMENTS.items():
            (agreements / f"{name}.yaml").write_text(text)
        (views / "applicant.view.yaml").write_text(_VIEW)
        for gateway in (PROVIDER, CONSUMER, HOSTILE):
            self.ports[gateway] = Ports(next(numbers), next(numbers), next(numbers))
        self.ports[CONSUMER] = Ports(
            self.ports[CONSUMER].client, self.ports[CONSUMER].peer, self.ports[CONSUMER].admin,
            {WELFARE: next(numbers)},
        )  # fmt: skip
        settings = {
            "limits": {
                "max_body_bytes": MAX_BODY_BYTES,
                "request_timeout_s": REQUEST_TIMEOUT_S,
                "exchange_timeout_s": EXCHANGE_TIMEOUT_S,
            },
            "views": str(views),
        }
        secrets = {"CARDS_TOKEN": "the-token-of-the-source"}
        hosts = {
            PROVIDER: {"LM/GOV/NIA": [IDENTITY]},
            CONSUMER: {"LM/GOV/MSW": [WELFARE, PENSION, GRIEVANCE, MEALS], "LM/NGO/RELIEF": [RELIEF]},
            HOSTILE: {"LM/GOV/TAX": [INCOME]},
        }
        sources = {
            PROVIDER: [self._source("people", _PEOPLE), self._source("cards", _CARDS)],
            CONSUMER: [],
            HOSTILE: [self._source("bands", _BANDS)],
        }
        gateways = [
            PlannedGateway(
                id=GatewayId.parse(name),
                hosts={
                    MemberId.parse(member): [SubsystemId.parse(subsystem) for subsystem in subsystems]
                    for member, subsystems in hosts[name].items()
                },
                ports=self.ports[name],
                database=self.databases.get(name, "sqlite:///gateway.db"),
                sources=sources[name],
                secrets=secrets if name == PROVIDER else {},
                variables=variables,
                clients=[SubsystemId.parse(s) for s in (WELFARE, PENSION, GRIEVANCE, MEALS, RELIEF)]
                if name == CONSUMER
                else [],
                settings=settings,
            )
            for name in hosts
        ]
        self.sandbox = build(
            self.folder / "country",
            Plan(
                instance="LM",
                names={MemberId.parse(member): name for member, name in _MEMBERS.items()},
                purposes=_PURPOSES,
                registrar_url=f"http://127.0.0.1:{registrar_port}",
                gateways=gateways,
                agreements=agreements,
                consent_issuers=[MemberId.parse(member) for member in CONSENT_ISSUERS],
            ),
        )
        self._registrar_port = registrar_port

    def _source(self, name: str, text: str) -> Path:
        path = self.folder / "sources" / name / "source.yaml"
        path.parent.mkdir(parents=True)
        path.write_text(text)
        (path.parent / f"{name[:-1]}.openapi.json").write_text('{"openapi": "3.1.0", "paths": {}}')
        return path

    async def _start_registrar(self) -> None:
        config = uvicorn.Config(
            RegistrarApp(self.sandbox.registrar), host="127.0.0.1", port=self._registrar_port,
            ws="none", access_log=False, log_config=None,
        )  # fmt: skip
        self._registrar = await _serving(uvicorn.Server(config))

    async def _start_gateways(self) -> None:
        await asyncio.gather(*(self._start_gateway(gateway) for gateway in (PROVIDER, CONSUMER)))

    async def _start_gateway(self, gateway: str) -> None:
        stack = AsyncExitStack()
        node = await open_node(load(self.sandbox.settings[gateway]), stack)
        upkeep: list[asyncio.Task[None]] = [asyncio.create_task(work(node)) for work in WORK]
        servers, serving = [], []
        for listener in listeners(node):
            limits = node.settings.limits
            server, task = await _serving(listener.server(limits.request_timeout_s, limits.max_connections))
            servers.append(server)
            serving.append(task)
        self._running[gateway] = Running(node, stack, servers, serving, upkeep)

    async def _stop_gateway(self, gateway: str) -> None:
        running = self._running.pop(gateway)
        for task in running.upkeep:
            task.cancel()
        for server in running.servers:
            server.should_exit = True
        await asyncio.gather(*running.upkeep, *running.serving, return_exceptions=True)
        await running.stack.aclose()

    def _log_to_a_file(self) -> None:
        """As `gateway.cli.serving` sets it up, into a file that the kept-data test reads."""
        self._handler = logging.FileHandler(self.log_file)
        logging.getLogger().addHandler(self._handler)
        logging.getLogger().setLevel(logging.INFO)
        for chatty in ("httpx", "httpcore"):
            logging.getLogger(chatty).setLevel(logging.WARNING)


def make_world(folder: Path, databases: Mapping[str, str] | None = None) -> World:
    """Build and start a world in an empty folder."""
    os.environ.pop("PEOPLE_DSN", None)
    world = World(folder, databases=databases or {})
    world.start()
    return world


def keep(path: Path, into: Path) -> Callable[[], None]:
    """Copy a file away; what is returned brings it back."""
    shutil.copy(path, into)
    return lambda: shutil.copy(into, path)  # type: ignore[return-value]


async def _serving(server: uvicorn.Server) -> tuple[uvicorn.Server, asyncio.Task[None]]:
    task = asyncio.create_task(server.serve())
    while not server.started:
        if task.done():
            task.result()
        await asyncio.sleep(0.005)
    return server, task


async def _ended(task: asyncio.Task[None]) -> None:
    await task


def _make_people(path: Path) -> None:
    connection = sqlite3.connect(path)
    connection.execute(
        "CREATE TABLE person (national_id TEXT PRIMARY KEY, full_name TEXT, birth_date TEXT, sex TEXT, "
        "district TEXT, restricted INTEGER)"
    )
    connection.executemany(
        "INSERT INTO person VALUES (?, ?, ?, ?, ?, ?)",
        [
            (PRESENT, NAME, "1980-05-17", "f", "canarydistrict", 0),
            (RESTRICTED, NAME, "1981-05-17", "m", "canarydistrict", 1),
        ],
    )
    connection.execute("CREATE VIEW v_person AS SELECT * FROM person")
    connection.commit()
    connection.close()
