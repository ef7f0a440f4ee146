"""Makes `exchange.json`, the byte-level example of `docs/protocol.md`, with the product's own code.

    python -m tests.vectors.make > tests/vectors/exchange.json

Nothing in it is random: the nonces are counted up, the key is the public test key of RFC 7515
appendix A.3, and signatures are made by RFC 6979. So `tests/test_docs.py` can make it again and
compare every byte.
"""

from __future__ import annotations

import json
import sys
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256
from typing import Any, Final

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID

from gateway.trust.jws import StatementSigner, thumbprint
from schemas.encoding import b64url, unb64url
from schemas.record import RecordAnswer, RecordRequest, Subject
from schemas.statement import (
    AnswerStatement,
    BodyDigest,
    HeadDigest,
    RequestStatement,
    jws_digest,
    signing_digest,
)
from schemas.wire import AnswerHead, RequestHead, frame

PRIVATE_KEY: Final = "jpsQnnGQmL-YBIffH1136cspYG6-0iY7X1fCE9-E9LI"
"""`d` of the key in RFC 7515 appendix A.3. Everybody knows it: never use it outside tests."""
MOMENT: Final = 1_795_300_000
JSON_TYPE: Final = "application/json"


@dataclass(frozen=True, slots=True)
class _DeterministicKey:
    """A private key whose signatures are those of RFC 6979."""

    key: ec.EllipticCurvePrivateKey

    @property
    def curve(self) -> ec.EllipticCurve:
        return self.key.curve

    def sign(self, data: bytes, _: ec.EllipticCurveSignatureAlgorithm) -> bytes:
        return self.key.sign(data, ec.ECDSA(SHA256(), deterministic_signing=True))


def private_key() -> ec.EllipticCurvePrivateKey:
    """The example's signing key."""
    return ec.derive_private_key(int.from_bytes(unb64url(PRIVATE_KEY), "big"), ec.SECP256R1())


def certificate() -> bytes:
    """A DER certificate of the key for both members of the example; made anew, always the same bytes."""
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Isthmus protocol example, not for use")])
    builder = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(private_key().public_key())
        .serial_number(1)
        .not_valid_before(datetime(2026, 1, 1, tzinfo=UTC))
        .not_valid_after(datetime(2036, 1, 1, tzinfo=UTC))
    )
    signed = builder.sign(private_key(), SHA256(), ecdsa_deterministic=True)
    return signed.public_bytes(Encoding.DER)


def make() -> dict[str, Any]:
    """The vectors: one request and its answer, from the parts to the bytes on the wire."""
    signer = StatementSigner(_DeterministicKey(private_key()), certificate())  # type: ignore[arg-type]
    request, request_head, request_body = _request()
    request_jws = signer.sign(request.to_payload(), MOMENT)
    answer, answer_head, answer_body = _answer(request, request_jws)
    answer_jws = signer.sign(answer.to_payload(), MOMENT)
    return {
        "about": "docs/protocol.md section 9; made by tests/vectors/make.py; the key is public",
        "key": {
            "private": PRIVATE_KEY,
            "certificate": b64url(certificate()),
            "x5t#S256": thumbprint(certificate()),
        },
        "request": _wire(request, request_jws, request_head, request_body),
        "answer": _wire(answer, answer_jws, answer_head, answer_body),
    }


def _wire(
    statement: RequestStatement | AnswerStatement, jws: str, head: bytes, body: bytes
) -> dict[str, Any]:
    header, payload, signature = jws.split(".")
    return {
        "head": head.decode(),
        "body": body.decode(),
        "head_nonce": unb64url(statement.head.nonce).hex(),
        "body_nonce": unb64url(statement.body.nonce).hex(),
        "header": unb64url(header).decode(),
        "payload": unb64url(payload).decode(),
        "signature": signature,
        "jws": jws,
        "jws_digest": jws_digest(jws),
        "identity": signing_digest(jws),
        "content": frame(head, body).hex(),
    }


def _request() -> tuple[RequestStatement, bytes, bytes]:
    body = RecordRequest(Subject("national_id", "3127297534"), ("given_names", "district"), {}).to_bytes()
    head = RequestHead("POST", "/", "", (("content-type", JSON_TYPE),), None).to_bytes()
    statement = RequestStatement(
        id="019f0000-0000-7000-8000-000000000001",
        cid="019f0000-0000-7000-8000-000000000001",
        retry_of=None,
        iss="LM/GOV/MSW/cash-transfer",
        gw="LM/GOV/MSW/gw1",
        aud="LM/GOV/NIA/identity/person",
        to="LM/GOV/NIA/gw1",
        purpose="social-assistance.eligibility",
        purpose_source="agreement",
        basis="public_task",
        consent=None,
        user=None,
        represents=None,
        issue=None,
        head=_head_digest(head, 0x00),
        body=_body_digest(body, 0x10),
        iat=MOMENT,
        exp=MOMENT + 60,
        snapshot=7,
    )
    return statement, head, body


def _answer(request: RequestStatement, request_jws: str) -> tuple[AnswerStatement, bytes, bytes]:
    body = RecordAnswer("ok", {"given_names": "Velisse", "district": "LM-05"}, {}, MOMENT).to_bytes()
    head = AnswerHead(200, (("content-type", JSON_TYPE),)).to_bytes()
    statement = AnswerStatement(
        typ="answer",
        id=request.id,
        cid=request.cid,
        iss=request.aud,
        gw=request.to,
        aud=request.iss,
        to=request.gw,
        purpose=request.purpose,
        purpose_source=request.purpose_source,
        basis=request.basis,
        head=_head_digest(head, 0x20),
        body=_body_digest(body, 0x30),
        req=jws_digest(request_jws),
        status=200,
        decision="ZXhhbXBsZS1kZWNpc2lvbi1p",
        fields=("given_names", "district"),
        iat=MOMENT,
        exp=MOMENT + 60,
        snapshot=7,
    )
    return statement, head, body


def _nonce(first: int) -> bytes:
    return bytes(range(first, first + 16))


def _head_digest(head: bytes, first: int) -> HeadDigest:
    nonce = _nonce(first)
    return HeadDigest(b64url(nonce), b64url(sha256(nonce + head).digest()))


def _body_digest(body: bytes, first: int) -> BodyDigest:
    nonce = _nonce(first)
    return BodyDigest(b64url(nonce), b64url(sha256(nonce + body).digest()), len(body), JSON_TYPE)


def as_text() -> str:
    """The file's text."""
    return json.dumps(make(), indent=2, ensure_ascii=False) + "\n"


if __name__ == "__main__":
    sys.stdout.write(as_text())
