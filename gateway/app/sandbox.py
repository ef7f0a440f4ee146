"""A sandbox instance on one machine: authority, registrar, gateways, client certificates.

For demonstrations and tests. It writes exactly what a real deployment has (a settings file and keys
per gateway, a registrar's folder), made by one hand instead of many; the authority's name says so.
Starting the processes is the caller's work.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import yaml
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from gateway.app.enrolment import pin_for, signed_record
from gateway.app.hosting import load_sources
from gateway.settings import Settings, load
from gateway.trust.federation.national import Policy, Purpose
from gateway.trust.federation.registrar import Registrar
from gateway.trust.pki import Credential, SandboxAuthority, save_secret
from schemas.encoding import b64url
from schemas.identifiers import GatewayId, MemberId, SubsystemId

SETTINGS: Final = "gateway.yaml"


@dataclass(frozen=True, slots=True)
class Ports:
    """The ports of one gateway; `development` maps a subsystem to its loopback port."""

    client: int
    peer: int
    admin: int
    development: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class PlannedGateway:
    """One gateway: who runs it, whom it hosts (member to subsystems), and its source files.

    `secrets` and `variables` are for the source files, `clients` the subsystems that get a client
    certificate, `settings` further members of the settings file."""

    id: GatewayId
    hosts: Mapping[MemberId, Sequence[SubsystemId]]
    ports: Ports
    sources: Sequence[Path] = ()
    secrets: Mapping[str, str] = field(default_factory=dict)
    variables: Mapping[str, str] = field(default_factory=dict)
    clients: Sequence[SubsystemId] = ()
    settings: Mapping[str, Any] = field(default_factory=dict)
    database: str = "sqlite:///gateway.db"


@dataclass(frozen=True, slots=True)
class Plan:
    """A whole instance. `names` are the members' names, `agreements` a folder of agreement files
    that every gateway gets a copy of."""

    instance: str
    names: Mapping[MemberId, str]
    purposes: Sequence[Purpose]
    registrar_url: str
    gateways: Sequence[PlannedGateway]
    agreements: Path
    poll_s: int = 20
    consent_issuers: Sequence[MemberId] = ()


@dataclass(frozen=True, slots=True)
class Sandbox:
    """What was built: the registrar's folder, and each gateway's settings by gateway id."""

    folder: Path
    registrar: Path
    authority: Path
    settings: Mapping[str, Path]

    def client(self, subsystem: SubsystemId) -> tuple[Path, Path]:
        """Certificate and key of a client system."""
        name = _file_name(subsystem)
        return self.folder / "clients" / f"{name}.crt", self.folder / "clients" / f"{name}.key"


def build(folder: Path, plan: Plan) -> Sandbox:
    """Make an instance in an empty folder; publishes the federation with every member's record."""
    folder.mkdir(parents=True, exist_ok=True)
    authority = SandboxAuthority.create()
    authority_file = folder / "authority.crt"
    authority_file.write_bytes(authority.credential.certificate_pem)
    policy = Policy(
        instance=plan.instance,
        cas=(authority.credential.certificate_pem.decode("ascii"),),
        purposes=tuple(plan.purposes),
        officers=(),
        poll_s=plan.poll_s,
        consent_issuers=tuple(plan.consent_issuers),
    )
    with Registrar.create(folder / "registrar", policy) as registrar:
        root = registrar.first_root()
        settings = {
            str(planned.id): _write_gateway(folder, plan, planned, authority, authority_file, root)
            for planned in plan.gateways
        }
        for planned in plan.gateways:
            _enrol(registrar, plan, planned, load(settings[str(planned.id)]))
        registrar.publish()
    return Sandbox(folder, folder / "registrar", authority_file, settings)


def _enrol(registrar: Registrar, plan: Plan, planned: PlannedGateway, settings: Settings) -> None:
    """Admit the gateway's members, and take their records. The member that runs it comes first."""
    sources = load_sources(settings)
    url = f"https://127.0.0.1:{planned.ports.peer}"
    for member in sorted(planned.hosts, key=lambda hosted: hosted != planned.id.member):
        registrar.admit(registrar.sign_pin(pin_for(settings, member, plan.names[member], url)))
        registrar.accept_record(signed_record(settings, member, sources))


def _write_gateway(
    folder: Path,
    plan: Plan,
    planned: PlannedGateway,
    authority: SandboxAuthority,
    authority_file: Path,
    root: bytes,
) -> Path:
    """Write one gateway's folder, and return its settings file."""
    home = folder / "gateways" / _file_name(planned.id)
    keys = home / "keys"
    authority.issue_tls(planned.id.uri).save(keys, "tls")
    _save_log_and_case_keys(keys)
    (home / "root.json").write_bytes(root)
    shutil.copytree(plan.agreements, home / "agreements")
    _copy_sources(home, planned)
    members = [_write_member(keys, member, planned, authority) for member in planned.hosts]
    document = {
        "gateway": str(planned.id),
        "members": members,
        "database": planned.database,
        "case_key": "keys/case.key",
        "log_key": "keys/log.key",
        "tls": {"certificate": "keys/tls.crt", "key": "keys/tls.key"},
        "federation": {"root": "root.json", "urls": [plan.registrar_url], "store": "federation"},
        "client": {"port": planned.ports.client},
        "peer": {"port": planned.ports.peer},
        "admin": {"port": planned.ports.admin},
        "client_cas": [str(authority_file.resolve())],
        "clients": [_write_client(folder, subsystem, authority) for subsystem in planned.clients],
        "development": [
            {"subsystem": subsystem, "port": port} for subsystem, port in planned.ports.development.items()
        ],
        "sources": "sources",
        "staging": "staging",
        "agreements": "agreements",
        "unsigned_agreements": "allow",
        "secrets": "secrets",
        "variables": dict(planned.variables),
        "allowed_networks": ["127.0.0.0/8"],
        **planned.settings,
    }
    path = home / SETTINGS
    path.write_text(yaml.safe_dump(document, sort_keys=False), encoding="utf-8")
    return path


def _write_member(
    keys: Path, member: MemberId, planned: PlannedGateway, authority: SandboxAuthority
) -> dict[str, Any]:
    name = _file_name(member)
    authority.issue_signing(f"isthmus://{member}").save(keys, name)
    return {
        "id": str(member),
        "key": f"keys/{name}.key",
        "certificate": f"keys/{name}.crt",
        "subsystems": [str(subsystem) for subsystem in planned.hosts[member]],
    }


def _write_client(folder: Path, subsystem: SubsystemId, authority: SandboxAuthority) -> dict[str, Any]:
    credential: Credential = authority.issue_client(f"isthmus://{subsystem}")
    name = _file_name(subsystem)
    credential.save(folder / "clients", name)
    return {
        "certificate": str((folder / "clients" / f"{name}.crt").resolve()),
        "subsystems": [str(subsystem)],
    }


def _source_name(path: Path) -> str:
    """The system's folder, and a word where it has several: of `tax/lumeria_x.yaml`, tax_x."""
    _, _, word = path.stem.partition("lumeria_")
    return f"{path.parent.name}_{word}" if word else path.parent.name


def _copy_sources(home: Path, planned: PlannedGateway) -> None:
    """Copy source files with what stands beside them, and write their secrets."""
    (home / "sources").mkdir()
    for path in planned.sources:
        shutil.copy(path, home / "sources" / f"{_source_name(path)}.yaml")
        for pattern in ("*.openapi.json", f"{path.stem}.wsdl"):
            for beside in path.parent.glob(pattern):
                shutil.copy(beside, home / "sources" / beside.name)
    secrets = home / "secrets"
    secrets.mkdir(mode=0o700)
    for name, value in planned.secrets.items():
        save_secret(secrets / name, value.encode())


def _save_log_and_case_keys(keys: Path) -> None:
    log_key = Ed25519PrivateKey.generate()
    save_secret(keys / "log.key", log_key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    save_secret(keys / "case.key", b64url(os.urandom(32)).encode())


def _file_name(identifier: GatewayId | MemberId | SubsystemId) -> str:
    """`LM/GOV/NIA` as `lm-gov-nia`."""
    return "-".join(identifier.parts).lower()
