"""Who said it, to whom, about which request: binding statements to the federation.

The TLS certificate, the sending gateway `gw`, the member behind `iss`, the signing certificate
`x5t#S256` and the federation must agree; any one of them alone proves nothing.
"""

from __future__ import annotations

import time

from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePublicKey

from gateway.trust.federation.snapshot import FederationSnapshot, GatewayEntry
from gateway.trust.jws import Verified, verify
from gateway.trust.tls import certificate_digest
from schemas.errors import BadAnswer, MalformedRequest, Unauthenticated
from schemas.identifiers import GatewayId, MemberId, ServiceId, SubsystemId
from schemas.statement import AnswerStatement, RequestStatement, check_freshness, jws_digest


def verify_request(jws: str, tls_certificate: bytes, federation: FederationSnapshot) -> RequestStatement:
    """Read a request's statement, signed by a member whose gateway is the one that connected.

    Freshness, audience and content are the next questions, and are answered with a signed refusal.

    Raises:
        MalformedRequest, Unauthenticated: nobody the federation knows has said this.
    """
    verified = _verify(jws, federation)
    statement = RequestStatement.from_payload(verified.payload)
    client = SubsystemId.parse(statement.iss)
    _check_signer(verified, client.member, statement.iat, federation)
    sender = federation.gateway(GatewayId.parse(statement.gw))
    if sender is None or certificate_digest(tls_certificate) not in sender.tls_certificates:
        raise Unauthenticated("the TLS certificate is not the one of the statement's gateway")
    _check_hosts(federation, client, sender)
    return statement


def verify_answer(
    jws: str, request: RequestStatement, request_jws: str, federation: FederationSnapshot
) -> AnswerStatement:
    """Read the answer to this very request.

    Raises:
        ExchangeError: it is not, whatever else it may be; the caller hands nothing over.
    """
    verified = _verify(jws, federation)
    answer = AnswerStatement.from_payload(verified.payload)
    _check_signer(verified, ServiceId.parse(answer.iss).member, answer.iat, federation)
    bound = (
        answer.req == jws_digest(request_jws)
        and (answer.id, answer.cid) == (request.id, request.cid)
        and (answer.iss, answer.gw) == (request.aud, request.to)
        and (answer.aud, answer.to) == (request.iss, request.gw)
        and (answer.purpose, answer.purpose_source, answer.basis)
        == (request.purpose, request.purpose_source, request.basis)
    )
    if not bound:
        raise BadAnswer("the answer belongs to another request")
    try:
        check_freshness(answer.iat, answer.exp, int(time.time()))
    except MalformedRequest as error:
        raise BadAnswer(error.detail) from None
    return answer


def _verify(jws: str, federation: FederationSnapshot) -> Verified:
    """Verify under a certificate that the federation knows and that is valid now."""
    now = time.time()

    def find_key(thumbprint: str) -> EllipticCurvePublicKey | None:
        signing = federation.signing_certificate(thumbprint)
        return signing.public_key if signing is not None and signing.valid_at(now) else None

    return verify(jws, find_key)


def _check_signer(verified: Verified, member: MemberId, iat: int, federation: FederationSnapshot) -> None:
    """The certificate must be the issuing member's, and the statement must carry one date."""
    signing = federation.signing_certificate(verified.thumbprint)
    if signing is None or signing.member != member or not federation.member_active(member):
        raise Unauthenticated("the statement is not signed by the member that issued it")
    if verified.iat != iat:
        raise MalformedRequest("the statement's two dates differ")


def _check_hosts(federation: FederationSnapshot, client: SubsystemId, sender: GatewayEntry) -> None:
    """The sending gateway must be registered for the client subsystem."""
    if all(gateway.id != sender.id for gateway in federation.gateways_of(client)):
        raise Unauthenticated("the sending gateway does not host the client subsystem")
