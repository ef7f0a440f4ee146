"""Looking a gateway over before it serves: every file it needs, and its database, part by part.

Nothing is written and nobody is called but the database. One part that is wrong does not keep the
others from being looked at.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from cryptography import x509

from gateway.app.agreements import files_of
from gateway.app.hosting import load_sources
from gateway.app.policy import places_of
from gateway.consent.notices.catalogue import SHIPPED as NOTICES
from gateway.consent.notices.catalogue import load_catalogues
from gateway.settings import Settings, load
from gateway.storage import migrate
from gateway.trust.failures import describe
from gateway.trust.keys import load_case_key, load_certificate, load_log_key, load_signer
from gateway.trust.tls import server_context
from policies.keeper import PolicyKeeper
from registry_virtual.view_file import SHIPPED, load_views
from schemas.errors import ConfigurationError, ExchangeError


@dataclass(frozen=True, slots=True)
class Part:
    """One part: its name, whether it is in order, and what was found."""

    name: str
    ok: bool
    found: str


def inspect_gateway(path: Path) -> list[Part]:
    """Look at everything a settings file names. When the file itself is wrong, that is the only part."""
    try:
        settings = load(path)
    except ConfigurationError as error:
        return [Part("settings", False, error.detail)]
    return [
        Part("settings", True, f"gateway {settings.gateway}"),
        *(_part(*look) for look in _looks(settings)),
    ]


_Look = tuple[str, Callable[[], str]]


def _looks(settings: Settings) -> Iterator[_Look]:
    yield "case key", lambda: _found("32 bytes", load_case_key(settings.case_key))
    yield "log key", lambda: _found("Ed25519", load_log_key(settings.log_key))
    yield "TLS certificate", lambda: _tls(settings)
    for member in settings.members:
        yield f"member {member.id}", lambda member=member: _signer(member.key, member.certificate)  # type: ignore[misc]
    for client in settings.clients:
        name = ", ".join(client.subsystems)
        yield f"client {name}", lambda client=client: _valid(client.certificate)  # type: ignore[misc]
    yield "federation root", lambda: _root(settings.federation.root)
    yield "database", lambda: _database(settings)
    yield "sources", lambda: _names(source.id for source in load_sources(settings))
    yield "agreements", lambda: _names(one.id for one in files_of(settings) or ())
    yield "views", lambda: _names(load_views(settings.views or SHIPPED))
    yield "notices", lambda: _names(load_catalogues(settings.consent.notices or NOTICES).languages())
    yield "policy", lambda: _policy(settings)


def _part(name: str, look: Callable[[], str]) -> Part:
    try:
        return Part(name, True, look())
    except ExchangeError as error:
        return Part(name, False, error.detail)
    except Exception as error:  # noqa: BLE001  a part that cannot be read is a finding
        return Part(name, False, describe(error))


def _found(what: str, _value: object) -> str:
    return what


def _names(names: Iterable[str]) -> str:
    return ", ".join(names) or "none"


def _tls(settings: Settings) -> str:
    server_context(settings.tls.certificate, settings.tls.key, ())
    return _valid(settings.tls.certificate)


def _signer(key: Path, certificate: Path) -> str:
    load_signer(key, certificate)
    return _valid(certificate)


def _valid(path: Path) -> str:
    """Until when a certificate is valid; ConfigurationError when it is not valid now."""
    certificate = x509.load_der_x509_certificate(load_certificate(path))
    begin, end = certificate.not_valid_before_utc, certificate.not_valid_after_utc
    if not begin.timestamp() <= time.time() < end.timestamp():
        raise ConfigurationError(f"{path}: is valid from {begin:%Y-%m-%d} until {end:%Y-%m-%d}; renew it")
    return f"valid until {end:%Y-%m-%d}"


def _root(path: Path) -> str:
    from tuf.api.exceptions import RepositoryError
    from tuf.api.metadata import Metadata, Root  # type: ignore[attr-defined]  # re-exported there
    from tuf.api.serialization import DeserializationError

    try:
        root = Metadata[Root].from_bytes(path.read_bytes())
        root.verify_delegate("root", root)
    except OSError as error:
        raise ConfigurationError(f"{path}: cannot be read ({error.strerror})") from None
    except (DeserializationError, RepositoryError, ValueError):
        raise ConfigurationError(f"{path}: is not a federation's root; ask the registrar for it") from None
    return f"version {root.signed.version}"


def _database(settings: Settings) -> str:
    url = settings.database.get_secret_value()
    if url.startswith("sqlite:///") and not Path(url.removeprefix("sqlite:///")).is_file():
        raise ConfigurationError("there is no database yet: run `isthmus gateway migrate SETTINGS`")
    asyncio.run(migrate.check(url))
    return f"schema {migrate.HEAD}"


def _policy(settings: Settings) -> str:
    """The policy of files and settings; what the federation adds is known only while serving."""
    keeper = PolicyKeeper(places_of(settings))
    asyncio.run(keeper.check())
    return f"version {keeper.sources.version}"
