"""A small country for the federation's tests: a registrar, members with keys, real HTTP, a clock to turn."""

from __future__ import annotations

import threading
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from cryptography.hazmat.primitives.serialization import Encoding
from securesystemslib.signer import CryptoSigner

from gateway.trust.federation.admission import sign_record
from gateway.trust.federation.documents import (
    GatewayCertificates,
    HostedSubsystem,
    Pin,
    PinnedGateway,
    Record,
)
from gateway.trust.federation.national import Policy, Purpose
from gateway.trust.federation.publication import Publication
from gateway.trust.federation.reader import FederationReader
from gateway.trust.federation.registrar import Registrar, _load_keys
from gateway.trust.federation.signed import format_key
from gateway.trust.federation.tree import Listing, build, tree_key, walk
from gateway.trust.pki import Credential, SandboxAuthority, certificate_thumbprint
from schemas.catalogue import PassThroughForm, RecordForm, ServiceDescription, SubjectPlace
from schemas.identifiers import GatewayId, MemberId, ServiceId, SubsystemId

START = datetime(2030, 6, 1, 12, tzinfo=UTC)
PURPOSES = (Purpose("sp", "Social protection"), Purpose("sp-eligibility", "Eligibility", "sp", "dpv:Assess"))
ONLINE = ("timestamp", "snapshot", "directory")
HOUR = 3600


class Clock:
    """A clock that stands until it is turned."""

    def __init__(self) -> None:
        self.now = START.timestamp()

    def __call__(self) -> datetime:
        """As the registrar reads it."""
        return datetime.fromtimestamp(self.now, UTC)

    def turn(self, seconds: float) -> None:
        """Let time pass."""
        self.now += seconds


@dataclass
class Member:
    """A member's own side: its key, its latest pin and record."""

    id: MemberId
    signing: Credential
    pin: Pin
    record: Record

    @property
    def gateway(self) -> GatewayId:
        """Its one gateway."""
        return self.pin.gateways[0].id

    @property
    def subsystem(self) -> SubsystemId:
        """Its one subsystem."""
        return SubsystemId("LM", "GOV", self.id.code, "income")

    @property
    def service(self) -> ServiceId:
        """Its record service."""
        return ServiceId("LM", "GOV", self.id.code, "income", "band")

    @property
    def x5t(self) -> str:
        """How its statements name its certificate."""
        return certificate_thumbprint(self.signing.certificate.public_bytes(Encoding.DER))


@dataclass
class World:
    """Everything, in one folder."""

    folder: Path
    clock: Clock = field(default_factory=Clock)
    requests: list[str] = field(default_factory=list)
    offline: bool = False

    def __post_init__(self) -> None:
        self.authority = SandboxAuthority.create(at=START)
        policy = Policy("LM", (self.authority.credential.certificate_pem.decode(),), PURPOSES, ())
        with Registrar.create(self.folder / "registrar", policy, clock=self.clock) as registrar:
            self.root = registrar.first_root()

    def registrar(self) -> Registrar:
        """The registrar, opened."""
        return Registrar.open(self.folder / "registrar", clock=self.clock)

    def member(self, code: str = "TAX") -> Member:
        """A member that exists but is not admitted yet."""
        identity = MemberId("LM", "GOV", code)
        signing = self.authority.issue_signing(f"isthmus://{identity}", at=START)
        gateway = GatewayId("LM", "GOV", code, "gw1")
        subsystem = SubsystemId("LM", "GOV", code, "income")
        now = int(self.clock.now)
        log = f"{gateway.log_origin}+00000000+AAAA"
        pin = Pin(
            identity,
            f"Ministry {code}",
            1,
            (format_key(signing.key.public_key()),),
            (PinnedGateway(gateway, "https://127.0.0.1:8443", (log,), f"witness/{gateway}+00000000+AAAA"),),
        )
        record = Record(
            identity,
            1,
            now,
            now + 80 * 86400,
            (signing.certificate_pem.decode(),),
            (GatewayCertificates(gateway, (f"tls-of-{code}",)),),
            (HostedSubsystem(subsystem, (gateway,)),),
            (
                ServiceDescription(
                    ServiceId("LM", "GOV", code, "income", "band"),
                    "Income band",
                    RecordForm("income/1", ("band",), ("national_id",)),
                ),
                ServiceDescription(
                    ServiceId("LM", "GOV", code, "income", "card", "v1"),
                    "Card",
                    PassThroughForm(("GET",), ("/persons/{id}",), SubjectPlace("national_id", "path", "id")),
                ),
            ),
            {ServiceId("LM", "GOV", code, "income", "band"): "0" * 64},
        )
        return Member(identity, signing, pin, record)

    def admit(self, *codes: str) -> list[Member]:
        """Admit members with their records, and publish once."""
        members = [self.member(code) for code in codes]
        with self.registrar() as registrar:
            for member in members:
                registrar.admit(registrar.sign_pin(member.pin))
                registrar.accept_record(sign_record(member.record, member.signing.key))
            registrar.publish()
        return members

    def update(self, member: Member, **changes: object) -> None:
        """The member's next record, accepted and published."""
        member.record = replace(member.record, version=member.record.version + 1, **changes)  # type: ignore[arg-type]
        with self.registrar() as registrar:
            registrar.accept_record(sign_record(member.record, member.signing.key))
            registrar.publish()

    def repin(self, member: Member, **changes: object) -> None:
        """The officers' next pin for the member, published."""
        member.pin = replace(member.pin, version=member.pin.version + 1, **changes)  # type: ignore[arg-type]
        with self.registrar() as registrar:
            registrar.admit(registrar.sign_pin(member.pin))
            registrar.publish()

    def heartbeat(self) -> None:
        """One beat."""
        with self.registrar() as registrar:
            registrar.heartbeat()

    def stolen(self, *roles: str) -> Publication:
        """The repository in the hands of somebody who stole the keys of these roles."""
        keys = self.folder / "registrar"
        signers = {role: [CryptoSigner(key) for key in _load_keys(keys, role)] for role in roles}
        return Publication(keys / "public", signers, self.clock)

    def relist(self, publication: Publication, member: MemberId, listing: Listing | None) -> None:
        """Publish a tree with one listing changed or left out, as a thief of online keys could."""
        root = publication.target("index.json")
        listings = dict(walk(root, lambda names: {name: publication.blob(name) for name in names}))
        if listing is None:
            del listings[tree_key(member)]
        else:
            listings[tree_key(member)] = listing
        tree = build(listings)
        for node in tree.nodes.values():
            publication.write_blob(node)
        publication.commit({"index.json": tree.root})

    @contextmanager
    def serve(self) -> Iterator[str]:
        """Real HTTP on loopback; `requests` collects paths, `offline` makes it answer 503."""
        world = self

        class Static(SimpleHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            disable_nagle_algorithm = True
            wbufsize = -1

            def do_GET(self) -> None:
                world.requests.append(self.path)
                if world.offline:
                    self.send_error(503)
                else:
                    super().do_GET()

            def log_message(self, *_: object) -> None:
                """Quiet."""

        class Server(ThreadingHTTPServer):
            daemon_threads = True
            block_on_close = False

        handler = partial(Static, directory=str(self.folder / "registrar" / "public"))
        server = Server(("127.0.0.1", 0), handler)
        thread = threading.Thread(target=partial(server.serve_forever, poll_interval=0.01))
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()
            server.server_close()
            thread.join()

    def reader(self, url: str, name: str = "gateway", *mirrors: str) -> FederationReader:
        """A gateway's reader with a folder of its own."""
        return FederationReader(self.root, [url, *mirrors], self.folder / name, clock=lambda: self.clock.now)


@asynccontextmanager
async def reading(world: World, url: str, name: str = "gateway") -> AsyncIterator[FederationReader]:
    """A started reader of the country at `url`, stopped at the end."""
    reader = world.reader(url, name)
    await reader.start(poll=False)
    try:
        yield reader
    finally:
        await reader.stop()


def codes(reader: FederationReader) -> dict[str, str]:
    """The codes of a reader's alarms, by what they are about."""
    return {alarm.about: alarm.code for alarm in reader.state().alarms}
