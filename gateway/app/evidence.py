"""Writing an evidence bundle: the log's part, the certificates, and the federation of the day.

`audit.evidence` knows the bundle's form; here its parts are brought together from one gateway. Taking
evidence opens cases, so each exchange's look-up is logged before (DESIGN section 8). Certificates that
neither the federation nor this gateway holds any more are left out, and `isthmus verify` says so.
"""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import orjson

from audit.entry import Entry
from audit.errors import Malformed
from audit.evidence import LOG_KEYS, ExchangeEvidence, collect, write_bundle
from gateway.app.enrolment import log_vkey
from gateway.app.federation_copy import federation_of, snapshot_of
from gateway.app.log_access import log_look_up, opened_log
from gateway.settings import Settings
from gateway.trust.federation.snapshot import FederationSnapshot
from gateway.trust.keys import load_certificate
from gateway.trust.tls import certificate_digest
from schemas.encoding import unb64url
from schemas.errors import ConfigurationError, MalformedRequest
from schemas.exchange_id import check_exchange_id
from schemas.identifiers import MemberId, ServiceId, SubsystemId


def write_evidence(settings: Settings, exchanges: Sequence[str], out: Path) -> None:
    """Write the evidence of these exchanges, as this gateway logged them, into a zip file.

    Raises:
        MalformedRequest: not an exchange's id.
        AuditError: no such exchange, or the look-up could not be logged: nothing is written then.
        ConfigurationError, FederationError: the federation does not know this log, or cannot be read.
    """
    for exchange in exchanges:
        check_exchange_id(exchange)
    gathered = asyncio.run(_collect(settings, exchanges))
    with federation_of(settings) as refresher:
        snapshot = snapshot_of(refresher)
        files = refresher.metadata_files(_members(settings, gathered))
    certificates = _certificates(settings, snapshot, gathered)
    log_keys = orjson.dumps(_log_keys(settings, snapshot))
    out.touch(mode=0o600)  # opened cases are for whoever asked for them
    write_bundle(out, gathered, certificates=certificates, federation={**files, LOG_KEYS: log_keys})


async def _collect(settings: Settings, exchanges: Sequence[str]) -> list[ExchangeEvidence]:
    async with opened_log(settings) as opened:
        for exchange in exchanges:
            await log_look_up(opened.log, exchange, "evidence.taken")
        return [await collect(opened.log.reader, exchange) for exchange in exchanges]


def _members(settings: Settings, gathered: Iterable[ExchangeEvidence]) -> set[MemberId]:
    """Both sides of each exchange, and the member that runs this gateway."""
    members = {settings.gateway_id.member}
    for evidence in gathered:
        entry = Entry.decode(evidence.files["entry.bin"])
        if entry.client is not None and entry.service is not None:
            members |= {SubsystemId.parse(entry.client).member, ServiceId.parse(entry.service).member}
    return members


def _log_keys(settings: Settings, snapshot: FederationSnapshot) -> Mapping[str, str]:
    """The key that signed the receipts; a stranger compares it with what officers pinned."""
    vkey = log_vkey(settings)
    if vkey not in snapshot.log_keys().get(settings.gateway_id, ()):
        raise ConfigurationError(
            f"{settings.log_key}: no officer pinned this log key; have it pinned before taking evidence"
        )
    return {settings.gateway: vkey}


def _certificates(
    settings: Settings, snapshot: FederationSnapshot, gathered: Iterable[ExchangeEvidence]
) -> dict[str, bytes]:
    """The authorities, and the certificates behind the statements, as PEM files by name."""
    pems = {f"ca-{number}.pem": pem.encode() for number, pem in enumerate(snapshot.cas, 1)}
    own = {certificate_digest(der): der for der in _own_certificates(settings)}
    for thumbprint in sorted(set(_signers(gathered))):
        known = snapshot.signing_certificate(thumbprint)
        der = known.certificate if known is not None else own.get(thumbprint)
        if der is not None:
            pems[f"signer-{len(pems)}.pem"] = ssl.DER_cert_to_PEM_cert(der).encode()
    return pems


def _own_certificates(settings: Settings) -> Iterator[bytes]:
    return (load_certificate(member.certificate) for member in settings.members)


def _signers(gathered: Iterable[ExchangeEvidence]) -> Iterator[str]:
    """The thumbprints that the statements name."""
    for evidence in gathered:
        for name in ("request.jws", "answer.jws"):
            if name in evidence.files:
                yield str(_header(evidence.files[name]).get("x5t#S256"))


def _header(jws: bytes) -> dict[str, Any]:
    try:
        header: dict[str, Any] = orjson.loads(unb64url(jws.partition(b".")[0]))
    except (MalformedRequest, orjson.JSONDecodeError):
        raise Malformed("a logged statement is not a JWS") from None
    return header
