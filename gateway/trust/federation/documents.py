"""What is said about a member: its pin, by officers, and its record, by itself.

| document | says | signed by |
|---|---|---|
| pin | a member's standing, its keys, its gateways' addresses and log keys | k officers |
| record | its certificates, subsystems and services | the member's own key |

An address or a log key therefore never changes without an officer, a service never needs one. Each
class is one form with `parse` and `format`; what signatures and versions prove is `admission`'s. The
instance's own documents are in `national`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final, Literal
from urllib.parse import urlsplit

from gateway.trust.federation.errors import MalformedDocument
from gateway.trust.federation.forms import VERSION, Form
from schemas.catalogue import PassThroughForm, RecordForm, ServiceDescription, SubjectPlace
from schemas.identifiers import GatewayId, MemberId, ServiceId, SubsystemId
from schemas.strict_json import canonical

MAX_PIN_BYTES: Final = 32 * 1024
MAX_RECORD_BYTES: Final = 256 * 1024
MAX_OPENAPI_LENGTH: Final = 32 * 1024
"""Characters of one service's OpenAPI document; it travels in the record, signed by its member."""

Status = Literal["active", "suspended", "left"]
_STATUSES: Final[Mapping[str, Status]] = {"active": "active", "suspended": "suspended", "left": "left"}


@dataclass(frozen=True, slots=True)
class PinnedGateway:
    """What officers vouch for about one gateway: its peer URL, its log's and witness's verifier keys
    (C2SP note form, `name+hash+key`). More than one log key stands for logs that were retired."""

    id: GatewayId
    url: str
    log_vkeys: tuple[str, ...]
    witness_vkey: str | None = None


@dataclass(frozen=True, slots=True)
class Pin:
    """A member's standing. `keys` are PEM public keys, P-256: the member signs its record, and its
    statements, with one of them; two during a rollover."""

    member: MemberId
    name: str
    version: int
    keys: tuple[str, ...]
    gateways: tuple[PinnedGateway, ...] = ()
    status: Status = "active"

    @classmethod
    def parse(cls, payload: bytes) -> Pin:
        """Read a pin's payload; raises `MalformedDocument`."""
        form = Form.document(payload, "a pin", max_bytes=MAX_PIN_BYTES)
        status = _STATUSES.get(form.text("status"))
        if status is None:
            raise MalformedDocument("a pin: status is not known")
        pin = cls(
            member=form.id("member", MemberId.parse),
            name=form.text("name"),
            version=form.whole("version"),
            keys=form.texts("keys"),
            gateways=tuple(_read_pinned(item) for item in form.forms("gateways")),
            status=status,
        )
        pin.check()
        return pin

    def check(self) -> None:
        """Refuse what no officer should sign; raises `MalformedDocument`."""
        if self.version < 1:
            raise MalformedDocument("a pin: versions begin at 1")
        if len({gateway.id for gateway in self.gateways}) != len(self.gateways):
            raise MalformedDocument("a pin: a gateway stands twice")
        for gateway in self.gateways:
            if gateway.id.member != self.member:
                raise MalformedDocument("a pin: a gateway of another member")
            _check_url(gateway.url)
            _check_names(gateway)

    def format(self) -> bytes:
        """The canonical bytes of the payload."""
        return canonical(
            {
                "v": VERSION,
                "member": str(self.member),
                "name": self.name,
                "version": self.version,
                "status": self.status,
                "keys": list(self.keys),
                "gateways": [
                    {
                        "id": str(item.id),
                        "url": item.url,
                        "log_vkeys": list(item.log_vkeys),
                        "witness_vkey": item.witness_vkey,
                    }
                    for item in self.gateways
                ],
            }
        )


@dataclass(frozen=True, slots=True)
class GatewayCertificates:
    """The TLS certificates one of the member's gateways may show, by thumbprint."""

    id: GatewayId
    tls_certificates: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class HostedSubsystem:
    """A subsystem and the gateways it is reached at, which may be another member's, best first."""

    id: SubsystemId
    gateways: tuple[GatewayId, ...]


@dataclass(frozen=True, slots=True)
class Record:
    """What a member says about itself. `signed_at` and `not_after` are epoch seconds;
    `signing_certificates` PEM texts; `schema_sha256` maps a service to its schema's digest."""

    member: MemberId
    version: int
    signed_at: int
    not_after: int
    signing_certificates: tuple[str, ...] = ()
    gateways: tuple[GatewayCertificates, ...] = ()
    subsystems: tuple[HostedSubsystem, ...] = ()
    services: tuple[ServiceDescription, ...] = ()
    schema_sha256: Mapping[ServiceId, str] = field(default_factory=dict)

    @classmethod
    def parse(cls, payload: bytes) -> Record:
        """Read a record's payload; raises `MalformedDocument`."""
        form = Form.document(payload, "a record", max_bytes=MAX_RECORD_BYTES)
        services = form.forms("services")
        digests = {item.id("id", ServiceId.parse): item.optional_text("schema_sha256") for item in services}
        record = cls(
            member=form.id("member", MemberId.parse),
            version=form.whole("version"),
            signed_at=form.whole("signed_at"),
            not_after=form.whole("not_after"),
            signing_certificates=form.texts("signing_certificates"),
            gateways=tuple(
                GatewayCertificates(item.id("id", GatewayId.parse), item.texts("tls_certificates"))
                for item in form.forms("gateways")
            ),
            subsystems=tuple(
                HostedSubsystem(item.id("id", SubsystemId.parse), item.ids("gateways", GatewayId.parse))
                for item in form.forms("subsystems")
            ),
            services=tuple(_read_service(item) for item in services),
            schema_sha256={service: digest for service, digest in digests.items() if digest is not None},
        )
        record.check()
        return record

    def check(self) -> None:
        """Refuse what belongs to somebody else or stands twice; raises `MalformedDocument`."""
        if self.version < 1:
            raise MalformedDocument("a record: versions begin at 1")
        subsystems = {subsystem.id for subsystem in self.subsystems}
        own = [gateway.id for gateway in self.gateways] + [subsystem.id for subsystem in self.subsystems]
        # Compared as texts: a subsystem named like a gateway would have the same certificates' URI.
        names = [str(item) for item in own] + [str(service.id) for service in self.services]
        if len(set(names)) != len(names):
            raise MalformedDocument("a record: a name stands twice")
        if any(item.member != self.member for item in own):
            raise MalformedDocument("a record: a gateway or subsystem of another member")
        if any(service.id.provider not in subsystems for service in self.services):
            raise MalformedDocument("a record: a service of no subsystem of it")

    def format(self) -> bytes:
        """The canonical bytes of the payload."""
        return canonical(
            {
                "v": VERSION,
                "member": str(self.member),
                "version": self.version,
                "signed_at": self.signed_at,
                "not_after": self.not_after,
                "signing_certificates": list(self.signing_certificates),
                "gateways": [
                    {"id": str(item.id), "tls_certificates": list(item.tls_certificates)}
                    for item in self.gateways
                ],
                "subsystems": [
                    {"id": str(item.id), "gateways": [str(gateway) for gateway in item.gateways]}
                    for item in self.subsystems
                ],
                "services": [self._format_service(item) for item in self.services],
            }
        )

    def _format_service(self, service: ServiceDescription) -> dict[str, Any]:
        form = service.form
        head: dict[str, Any] = {
            "id": str(service.id),
            "title": service.title,
            "form": service.form_name,
            "schema_sha256": self.schema_sha256.get(service.id),
        }
        if isinstance(form, RecordForm):
            types = list(form.subject_types)
            return {**head, "canonical": form.canonical, "fields": list(form.fields), "subject_types": types}
        place = form.subject
        subject = None if place is None else {"type": place.type, "place": place.place, "name": place.name}
        return {
            **head,
            "methods": list(form.methods),
            "paths": list(form.paths),
            "subject": subject,
            "openapi": service.openapi,
        }


def _read_pinned(form: Form) -> PinnedGateway:
    return PinnedGateway(
        id=form.id("id", GatewayId.parse),
        url=form.text("url"),
        log_vkeys=form.texts("log_vkeys"),
        witness_vkey=form.optional_text("witness_vkey"),
    )


def _read_service(form: Form) -> ServiceDescription:
    service, title, name = form.id("id", ServiceId.parse), form.text("title"), form.text("form")
    if name == "record":
        record = RecordForm(form.text("canonical"), form.texts("fields"), form.texts("subject_types"))
        return ServiceDescription(service, title, record)
    if name != "pass_through":
        raise MalformedDocument("a service has a form that this gateway does not know")
    subject = form.optional_form("subject")
    place = None if subject is None else _read_place(subject)
    openapi = form.optional_text("openapi")
    if openapi is not None and len(openapi) > MAX_OPENAPI_LENGTH:
        raise MalformedDocument("a service's OpenAPI document is too long")
    return ServiceDescription(
        service, title, PassThroughForm(form.texts("methods"), form.texts("paths"), place), openapi
    )


def _read_place(form: Form) -> SubjectPlace:
    place = form.text("place")
    if place == "path":
        return SubjectPlace(form.text("type"), "path", form.text("name"))
    if place == "query":
        return SubjectPlace(form.text("type"), "query", form.text("name"))
    raise MalformedDocument("a subject stands in the path or in the query")


def _check_url(url: str) -> None:
    """Only `https://host[:port]`: the peer's paths are the protocol's, not the directory's."""
    try:
        parts = urlsplit(url)
        plain = parts.hostname is not None and parts.username is None and parts.port != 0
    except ValueError:
        plain = False
        parts = urlsplit("")
    if not plain or parts.scheme != "https" or parts.path or parts.query or parts.fragment:
        raise MalformedDocument("a pin: a gateway's URL is not https://host:port")


def _check_names(gateway: PinnedGateway) -> None:
    """A log's keys carry its origin, or one under it where a log was retired."""
    for vkey in gateway.log_vkeys:
        name = vkey.split("+", 1)[0]
        if name != gateway.id.log_origin and not name.startswith(f"{gateway.id.log_origin}/"):
            raise MalformedDocument("a pin: a log key with another log's origin")
    if gateway.witness_vkey is not None and not gateway.witness_vkey.startswith(f"witness/{gateway.id}+"):
        raise MalformedDocument("a pin: a witness key with another witness's name")
