"""Evidence of a small exchange, made without the product's own signer: authority, members, statements, log."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

import jwt
import orjson
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID

from audit import AuditLog, Case, Entry, PendingEntry
from schemas.encoding import b64url
from tests.unit.audit.conftest import GATEWAY

NOW = 1_790_000_000
ASKED, GAVE = "LM/GOV/MSW/cash-transfer", "LM/GOV/CRO/crvs/person"
PROVIDER = "LM/GOV/CRO/gw1"
EXCHANGE = "01929b2e-7c00-7000-8000-0000000000aa"
BODY = b'{"name":"Mara"}'
REQUEST_HEAD = b'{"method":"POST","path":"/person","query":"","headers":[],"consent":null}'
ANSWER_HEAD = b'{"status":200,"headers":[["content-type","application/json"]]}'


@dataclass(frozen=True)
class Holder:
    """A key and its certificate."""

    key: ec.EllipticCurvePrivateKey
    certificate: x509.Certificate

    @property
    def pem(self) -> bytes:
        """The certificate as PEM."""
        return self.certificate.public_bytes(Encoding.PEM)


def issue(uri: str, issuer: Holder | None = None, *, days: int = 365) -> Holder:
    """Issue a certificate; without an issuer, an authority of its own."""
    key = ec.generate_private_key(ec.SECP256R1())
    signer = issuer or Holder(key, None)  # type: ignore[arg-type]
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, uri)])
    begin = dt.datetime.fromtimestamp(NOW, dt.UTC) - dt.timedelta(days=10)
    usage = dict.fromkeys(
        (
            "content_commitment",
            "key_encipherment",
            "data_encipherment",
            "key_agreement",
            "encipher_only",
            "decipher_only",
        ),
        False,
    )
    builder = (
        x509.CertificateBuilder(
            issuer.certificate.subject if issuer else subject,
            subject,
            key.public_key(),
            x509.random_serial_number(),
            begin,
            begin + dt.timedelta(days=days),
        )
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .add_extension(
            x509.AuthorityKeyIdentifier.from_issuer_public_key(signer.key.public_key()), critical=False
        )
        .add_extension(
            x509.BasicConstraints(ca=issuer is None, path_length=0 if issuer is None else None), critical=True
        )
        .add_extension(
            x509.KeyUsage(
                digital_signature=issuer is not None,
                key_cert_sign=issuer is None,
                crl_sign=issuer is None,
                **usage,
            ),
            critical=True,
        )
    )
    if issuer:
        builder = builder.add_extension(
            x509.SubjectAlternativeName([x509.UniformResourceIdentifier(uri)]), critical=False
        )
    return Holder(key, builder.sign(signer.key, hashes.SHA256()))


def digest(content: bytes, nonce: bytes = bytes(16)) -> dict[str, Any]:
    """Return `{nonce, digest}`."""
    return {"nonce": b64url(nonce), "digest": b64url(sha256(nonce + content).digest())}


def sign(holder: Holder, claims: dict[str, Any]) -> str:
    """Sign claims as a JWS in the project's form."""
    thumbprint = b64url(sha256(holder.certificate.public_bytes(Encoding.DER)).digest())
    headers = {"iat": claims["iat"], "x5t#S256": thumbprint, "typ": "JOSE", "cty": "isthmus-statement+json"}
    return jwt.PyJWS().encode(orjson.dumps(claims), holder.key, "ES256", headers)


def request_claims(**changes: Any) -> dict[str, Any]:
    """Return the claims of the request."""
    return {
        "v": 1, "typ": "request", "id": EXCHANGE, "cid": EXCHANGE, "iss": ASKED, "gw": GATEWAY, "aud": GAVE, "to": PROVIDER,
        "purpose": "eligibility", "basis": "law", "head": digest(REQUEST_HEAD), "body": digest(b"{}"), "iat": NOW, "exp": NOW + 60,
    } | changes  # fmt: skip


def answer_claims(request: str, **changes: Any) -> dict[str, Any]:
    """Return the claims of the answer."""
    return {
        "v": 1, "typ": "answer", "id": EXCHANGE, "cid": EXCHANGE, "iss": GAVE, "gw": PROVIDER, "aud": ASKED, "to": GATEWAY,
        "purpose": "eligibility", "basis": "law", "head": digest(ANSWER_HEAD), "body": digest(BODY), "iat": NOW, "exp": NOW + 60,
        "req": b64url(sha256(request.encode()).digest()), "status": 200, "decision": "d", "fields": [],
    } | changes  # fmt: skip


async def log_exchange(log: AuditLog, request: str, answer: str | None, **changes: Any) -> int:
    """Append `sent` and `outcome` of the asking side; return the outcome's index."""
    common = {"id": EXCHANGE, "ts": NOW, "side": "asking", "cid": EXCHANGE, "client": ASKED, "service": GAVE, "purpose": "eligibility",
              "basis": "law", "req": b64url(sha256(request.encode()).digest())}  # fmt: skip
    sent = Case(subjects=("tag",), request=request, request_head=REQUEST_HEAD.decode())
    await log.append(PendingEntry(Entry(**{**common, "kind": "sent"}), sent))
    ans = answer and b64url(sha256(answer.encode()).digest())
    outcome = Entry(
        **{**common, "kind": "outcome", "result": "answered" if answer else "failed", "ans": ans, **changes}
    )
    case = Case(
        subjects=("tag",),
        request=request,
        request_head=REQUEST_HEAD.decode(),
        answer=answer,
        answer_head=answer and ANSWER_HEAD.decode(),
    )
    return (await log.append(PendingEntry(outcome, case))).index
