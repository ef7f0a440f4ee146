"""Recorded IDA answers (`adapters.http.replay`): a fixture holds them in clear.

Keys are made here, of this process: an answer is given the question's transaction, and a recorded
`identity` is sealed for us as IDA does it.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from pathlib import Path
from typing import Any

import httpx
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, generate_private_key
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

from adapters.http.replay import replaying_network, without_login
from adapters.kinds import Kind
from adapters.kinds.mosip_ida.form import IdaConnection
from adapters.kinds.mosip_ida.reader import MosipIda
from adapters.kinds.mosip_ida.sealing import seal, unseal
from adapters.source import Source
from schemas.errors import ConfigurationError


@dataclass(frozen=True)
class Party:
    """A key and its certificate."""

    key: RSAPrivateKey
    certificate: x509.Certificate

    @property
    def pem(self) -> str:
        """The private key."""
        return self.key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()


@lru_cache(maxsize=4)
def party(name: str) -> Party:
    """A party of this process."""
    key = generate_private_key(public_exponent=65537, key_size=2048)
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + timedelta(days=1))
        .sign(key, SHA256())
    )
    return Party(key, certificate)


def replaying(source: Source, case: Mapping[str, Any], folder: Path) -> tuple[Source, Kind]:
    """As `Replaying`."""
    connection = with_keys(source, folder)
    source = replace(source, connection=replace(connection, http=without_login(connection.http)))

    def fill(request: httpx.Request, text: str) -> str:
        return as_told(request.content, text)

    return source, MosipIda(source, replaying_network(case, fill))


def with_keys(source: Source, folder: Path) -> IdaConnection:
    """The source's connection with keys of this process, their certificates in a folder.

    Raises:
        ConfigurationError: it is none of IDA.
    """
    if not isinstance(source.connection, IdaConnection):
        raise ConfigurationError(f"source {source.id} has no IDA connection")
    for name in ("partner", "ida"):
        (folder / f"{name}.pem").write_bytes(party(name).certificate.public_bytes(Encoding.PEM))
    pem = party("partner").pem
    return replace(
        source.connection,
        signing_key=pem,
        decryption_key=pem,
        certificate=folder / "partner.pem",
        ida_certificate=folder / "ida.pem",
    )


def as_told(question: bytes, text: str) -> str:
    """A recorded answer with the question's transaction, a clear identity sealed. Others stay."""
    try:
        asked, answer = json.loads(question or b"{}"), json.loads(text)
    except ValueError:
        return text
    if not isinstance(answer, dict) or "response" not in answer:
        return text
    answer.setdefault("transactionID", asked.get("transactionID"))
    response = answer["response"]
    if isinstance(response, dict) and isinstance(response.get("identity"), dict):
        sealed = seal(json.dumps(response["identity"]).encode(), party("partner").certificate)
        answer["response"] = {**response, "identity": sealed.text, "sessionKey": sealed.session_key}
    return json.dumps(answer)


def opened(question: bytes) -> Any:
    """A question as IDA reads it, what the person told in clear."""
    asked = json.loads(question)
    told = unseal(asked.pop("request"), asked.pop("requestSessionKey"), party("ida").key)
    del asked["requestHMAC"]
    return {**asked, "request": json.loads(told)}
