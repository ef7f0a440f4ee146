"""One gateway's settings: one frozen object from one YAML file, built once at the start.

Every limit has its unit in its name. Secrets have no defaults and are files, or environment
variables with the prefix `ISTHMUS_` (`ISTHMUS_DATABASE`, nested with `__`), which win over the file.
Unknown members are errors. Relative paths are relative to the settings file. Nothing else reads the
environment afterwards. Every member is explained in `docs/settings.md`.
"""

from __future__ import annotations

from ipaddress import ip_network
from pathlib import Path
from typing import Annotated, Any, Literal
from urllib.parse import urlsplit

import yaml
from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    SecretStr,
    ValidationError,
    field_validator,
    model_validator,
)
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict, SettingsError

from schemas.addresses import is_loopback
from schemas.errors import ConfigurationError, MalformedIdentifier
from schemas.identifiers import GatewayId, MemberId, SubsystemId
from schemas.reserved import RESERVED, is_reserved

_STRICT = ConfigDict(frozen=True, extra="forbid")


def _in_form_of(kind: type[GatewayId | MemberId | SubsystemId]) -> AfterValidator:
    def canonical(text: str) -> str:
        try:
            return str(kind.parse(text))
        except MalformedIdentifier as error:
            raise ValueError(error.detail) from None

    return AfterValidator(canonical)


_Gateway = Annotated[str, _in_form_of(GatewayId)]
_Member = Annotated[str, _in_form_of(MemberId)]


def _not_reserved(text: str) -> str:
    if is_reserved(SubsystemId.parse(text)):
        raise ValueError(f"the subsystem {RESERVED} is the gateway's own; it is hosted without being listed")
    return text


_Subsystem = Annotated[str, _in_form_of(SubsystemId), AfterValidator(_not_reserved)]


class Member(BaseModel):
    """A member hosted here: its signing key and certificate, and its subsystems."""

    model_config = _STRICT

    id: _Member
    key: Path
    certificate: Path
    subsystems: list[_Subsystem]


class Listener(BaseModel):
    """Where to listen; with `certificate` and `key`, over mutual TLS."""

    model_config = _STRICT

    host: str = "127.0.0.1"
    port: int = Field(ge=0, le=65535)


class Development(BaseModel):
    """A plain listener bound to one subsystem, on loopback or a Unix socket: for development only."""

    model_config = _STRICT

    subsystem: _Subsystem
    port: int | None = Field(default=None, ge=0, le=65535)
    socket: Path | None = None


class Client(BaseModel):
    """A client system: its certificate, and the subsystems it may speak for."""

    model_config = _STRICT

    certificate: Path
    subsystems: list[_Subsystem]


class Tls(BaseModel):
    """The gateway's certificate and key for TLS, as server and as client."""

    model_config = _STRICT

    certificate: Path
    key: Path


class Federation(BaseModel):
    """Where the federation is published, and the root that this gateway trusts from the start."""

    model_config = _STRICT

    root: Path
    urls: list[str] = Field(min_length=1)
    store: Path


class Policy(BaseModel):
    """Which engine decides, embedded regorus or an OPA server, and by which rules."""

    model_config = _STRICT

    engine: Literal["regorus", "opa"] = "regorus"
    url: str | None = None
    ca: Path | None = None
    deadline_ms: int = Field(default=300, gt=0)
    cached_decisions: int = Field(default=10_000, ge=0)
    rules: Path | None = None
    """A folder of `.rego` files with their tests, in place of the shipped ones."""
    national: Path | None = None
    """The country's policy data, until the federation publishes some."""
    provider: Path | None = None
    """Rules of our own members that narrow: a file, or a folder with one file for each member."""
    bundle_key: Path | None = None
    """P-256, PEM: signs the bundle that an OPA fetches from the admin port."""


class Limits(BaseModel):
    """Bounds of one exchange."""

    model_config = _STRICT

    max_body_bytes: int = Field(default=16 * 1024 * 1024, gt=0)
    exchange_timeout_s: float = Field(default=30.0, gt=0)
    request_timeout_s: float = Field(default=15.0, gt=0)
    """How long a client may take to send one whole request."""
    max_connections: int = Field(default=2_000, gt=0)


class SignIn(BaseModel):
    """The identity provider at which people sign in (OpenID Connect), and how it knows this gateway."""

    model_config = _STRICT

    issuer: str
    client_id: str = Field(min_length=1)
    client_secret: Path | None = None
    """A file; without it the gateway is a public client, which PKCE alone protects."""
    ca: Path | None = None
    """PEM: the authorities of the provider's TLS certificate, in place of the system's."""
    url: str | None = None
    """Where browsers reach the admin port, such as `https://gateway.example`; default: its host and port."""
    citizen_claim: str | None = Field(default=None, min_length=1)
    """The claim of a citizen's token that holds their identifier, such as `national_id`."""
    citizen_type: str = "national_id"
    """The identifier type of that claim's value."""
    development: bool = False
    """The embedded provider, which asks nobody for a password: on loopback only."""


class Consent(BaseModel):
    """What people are told before they consent."""

    model_config = _STRICT

    notices: Path | None = None
    """A folder of notices in the country's own words and languages; the shipped ones without it."""
    contacts: dict[_Member, str] = Field(default_factory=dict)
    """Whom to ask about a consent, in plain words, by the member that issues it."""


class Settings(BaseSettings):
    """Everything one gateway node needs to know."""

    model_config = SettingsConfigDict(
        frozen=True, extra="forbid", env_prefix="ISTHMUS_", env_nested_delimiter="__"
    )

    gateway: _Gateway
    members: list[Member] = Field(min_length=1)
    database: SecretStr
    """A SQLAlchemy URL: `sqlite:///path` or `postgresql://…`."""
    case_key: Path
    """32 bytes, base64url: wraps the keys of the audit log's cases. Keep it apart from backups."""
    log_key: Path
    """Ed25519, PEM: signs the audit log's heads."""
    tls: Tls
    federation: Federation
    client: Listener
    peer: Listener
    admin: Listener
    client_cas: list[Path] = Field(default_factory=list)
    clients: list[Client] = Field(default_factory=list)
    development: list[Development] = Field(default_factory=list)
    sources: Path
    agreements: Path | None = None
    """A folder of agreement files that nobody signed; they count only where the next member allows it."""
    unsigned_agreements: Literal["refuse", "allow"] = "refuse"
    views: Path | None = None
    staging: Path | None = None
    """A folder for what owners drop as files, sealed (kind `file`)."""
    allow_python_files: bool = False
    """Whether source files of kind `python` may name a file beside them, which runs in the gateway."""
    secrets: Path | None = None
    """A folder with one file per secret that source files refer to."""
    variables: dict[str, str] = Field(default_factory=dict)
    """Values for the `${env:NAME}` of source files; the environment's own win."""
    policy: Policy = Policy()
    consent: Consent = Consent()
    limits: Limits = Limits()
    sign_in: SignIn | None = None
    allowed_networks: list[str] = Field(default_factory=list)
    """Private networks in which peers and sources may be called, such as `10.20.0.0/16`."""

    @field_validator("allowed_networks")
    @classmethod
    def _are_networks(cls, value: list[str]) -> list[str]:
        return [str(ip_network(network)) for network in value]

    @model_validator(mode="after")
    def _signs_in_safely(self) -> Settings:
        """A cookie that opens this gateway does not travel in the clear, and the development provider lets
        anybody in who reaches it."""
        if self.sign_in is None:
            return self
        parts = urlsplit(self.sign_in_url())
        if not parts.hostname or parts.path.strip("/") or parts.query or parts.fragment:
            raise ValueError("sign_in.url is scheme, host and port only")
        if self.sign_in.development:
            if not (is_loopback(self.admin.host) and is_loopback(parts.hostname)):
                raise ValueError("sign_in.development needs the admin port on loopback (127.0.0.1)")
        elif not self.sign_in.issuer.startswith("https://"):
            raise ValueError("sign_in.issuer must be https://…")
        if parts.scheme != "https" and not is_loopback(parts.hostname):
            raise ValueError("sign_in.url must be https://… where the admin port is not on loopback")
        return self

    def sign_in_url(self) -> str:
        """Where browsers reach the admin port, without a slash at the end."""
        named = self.sign_in.url if self.sign_in is not None else None
        host = f"[{self.admin.host}]" if ":" in self.admin.host else self.admin.host
        return (named or f"http://{host}:{self.admin.port}").rstrip("/")

    @property
    def gateway_id(self) -> GatewayId:
        """This gateway."""
        return GatewayId.parse(self.gateway)

    def member_ids(self) -> tuple[MemberId, ...]:
        """The hosted members."""
        return tuple(MemberId.parse(member.id) for member in self.members)

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """The environment wins over the file; nothing else is read."""
        return env_settings, init_settings


def load(path: Path) -> Settings:
    """Read a settings file.

    Raises:
        ConfigurationError: names the file, the member and the cure.
    """
    try:
        document = yaml.safe_load(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise ConfigurationError(f"{path}: cannot be read ({error.strerror}); see docs/settings.md") from None
    except UnicodeDecodeError:
        raise ConfigurationError(f"{path}: is not UTF-8; see docs/settings.md") from None
    except yaml.YAMLError as error:
        raise ConfigurationError(f"{path}: is not YAML{_line(error)}; see docs/settings.md") from None
    if not isinstance(document, dict) or not all(isinstance(name, str) for name in document):
        raise ConfigurationError(f"{path}: must hold members such as `gateway:`; see docs/settings.md")
    try:
        return Settings(**_placed(document, path.parent.resolve()))
    except ValidationError as error:
        raise ConfigurationError(_explain(path, error)) from None
    except SettingsError as error:  # its sentence names the variable's member, not the value
        raise ConfigurationError(f"{path}: {error}; see docs/settings.md") from None


_PATH_MEMBERS = frozenset(
    {"key", "certificate", "case_key", "log_key", "root", "store", "sources", "agreements", "views"}
    | {"notices", "secrets", "socket", "client_cas", "ca", "client_secret"}
    | {"rules", "national", "provider", "bundle_key", "staging"}
)


def _placed(value: Any, folder: Path, name: str = "") -> Any:
    """The document with its relative paths made relative to the settings file."""
    if name == "variables":  # their names are the sources' own
        return value
    if isinstance(value, dict):
        return {key: _placed(item, folder, key) for key, item in value.items()}
    if isinstance(value, list):
        return [_placed(item, folder, name) for item in value]
    if name in _PATH_MEMBERS and isinstance(value, str):
        return folder / value
    if name == "database" and isinstance(value, str) and value.startswith("sqlite:///"):
        return f"sqlite:///{folder / value.removeprefix('sqlite:///')}"
    return value


def _line(error: yaml.YAMLError) -> str:
    """Where the file is wrong; what stands there may be a secret."""
    mark = error.problem_mark if isinstance(error, yaml.MarkedYAMLError) else None
    return f" at line {mark.line + 1}" if mark is not None else ""


def _explain(path: Path, error: ValidationError) -> str:
    """Each complaint with its place; never the value, which may be a secret."""
    complaints = (
        f"{'.'.join(str(part) for part in complaint['loc']) or 'file'}: {complaint['msg']}"
        for complaint in error.errors(include_input=False, include_url=False)
    )
    return f"{path}: " + "; ".join(complaints) + "; see docs/settings.md"
