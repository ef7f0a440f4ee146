"""Certificates: the sandbox authority's are good everywhere, and a chain proves exactly one name."""

from __future__ import annotations

import ssl
import stat
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding

from gateway.trust.pki import (
    SANDBOX_NAME,
    CertificateRejected,
    Credential,
    SandboxAuthority,
    certificate_thumbprint,
    identity_uri,
    key_thumbprint,
    verify_chain,
)

GATEWAY = "isthmus://LM/GOV/MSW/gw1"
MEMBER = "isthmus://LM/GOV/MSW"
SYSTEM = "isthmus://LM/GOV/MSW/cash-transfer"


@pytest.fixture(scope="module")
def authority() -> SandboxAuthority:
    return SandboxAuthority.create()


def _context(
    purpose: int, credential: Credential, authority: SandboxAuthority, folder: Path
) -> ssl.SSLContext:
    credential.save(folder, "own")
    context = ssl.SSLContext(purpose)
    context.minimum_version = ssl.TLSVersion.TLSv1_3
    context.verify_mode = ssl.CERT_REQUIRED
    context.verify_flags |= ssl.VERIFY_X509_STRICT
    context.load_verify_locations(cadata=authority.credential.certificate_pem.decode())
    context.load_cert_chain(folder / "own.crt", folder / "own.key")
    return context


def _handshake(server: ssl.SSLContext, client: ssl.SSLContext, host: str) -> tuple[bytes, bytes]:
    """Both sides' view of the other's certificate after a handshake in memory."""
    to_server, to_client = ssl.MemoryBIO(), ssl.MemoryBIO()
    here = client.wrap_bio(to_client, to_server, server_hostname=host)
    there = server.wrap_bio(to_server, to_client, server_side=True)
    waiting = {here, there}
    for _ in range(10):
        for side in tuple(waiting):
            try:
                side.do_handshake()
                waiting.discard(side)
            except ssl.SSLWantReadError:
                continue
    assert not waiting
    return here.getpeercert(binary_form=True) or b"", there.getpeercert(binary_form=True) or b""


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1"])
def test_issue_tls__strict_mutual_handshake__both_sides_accept(
    authority: SandboxAuthority, tmp_path: Path, host: str
) -> None:
    """Both certificates pass OpenSSL's strict checks, as Python 3.13 demands by default."""
    server, client = authority.issue_tls(GATEWAY), authority.issue_client(SYSTEM)
    seen = _handshake(
        _context(ssl.PROTOCOL_TLS_SERVER, server, authority, tmp_path / "s"),
        _context(ssl.PROTOCOL_TLS_CLIENT, client, authority, tmp_path / "c"),
        host,
    )
    assert [identity_uri(x509.load_der_x509_certificate(der)) for der in seen] == [GATEWAY, SYSTEM]


def test_handshake__certificate_of_a_foreign_authority__is_refused(
    authority: SandboxAuthority, tmp_path: Path
) -> None:
    """Another authority of the same name vouches for nobody."""
    foreign = SandboxAuthority.create().issue_tls(GATEWAY)
    with pytest.raises(ssl.SSLCertVerificationError):
        _handshake(
            _context(ssl.PROTOCOL_TLS_SERVER, foreign, authority, tmp_path / "s"),
            _context(ssl.PROTOCOL_TLS_CLIENT, authority.issue_client(SYSTEM), authority, tmp_path / "c"),
            "localhost",
        )


def test_sandbox_authority__name__says_that_it_is_a_sandbox(authority: SandboxAuthority) -> None:
    """Nobody can mistake the sandbox root for a country's."""
    assert authority.certificate.subject.rfc4514_string() == f"CN={SANDBOX_NAME}"
    assert "not for production" in SANDBOX_NAME


def test_verify_chain__each_kind__is_accepted(authority: SandboxAuthority) -> None:
    """TLS, signing and client certificates all verify, each under its own name."""
    for credential, uri in (
        (authority.issue_tls(GATEWAY), GATEWAY),
        (authority.issue_signing(MEMBER), MEMBER),
        (authority.issue_client(SYSTEM), SYSTEM),
    ):
        verify_chain(credential.certificate, [authority.certificate], datetime.now(UTC), uri)


def test_verify_chain__wrong_name_authority_or_time__is_rejected(authority: SandboxAuthority) -> None:
    """A certificate proves one name, by one authority, within its validity."""
    certificate = authority.issue_signing(MEMBER).certificate
    trusted = [authority.certificate]
    for cas, at, uri in (
        (trusted, datetime.now(UTC), "isthmus://LM/GOV/TAX"),
        (trusted, datetime.now(UTC) + timedelta(days=91), MEMBER),
        (trusted, datetime.now(UTC) - timedelta(days=1), MEMBER),
        ([SandboxAuthority.create().certificate], datetime.now(UTC), MEMBER),
        ([], datetime.now(UTC), MEMBER),
    ):
        with pytest.raises(CertificateRejected):
            verify_chain(certificate, cas, at, uri)


def test_verify_chain__certificate_signed_by_a_leaf__is_rejected(authority: SandboxAuthority) -> None:
    """A member's certificate cannot issue another one."""
    member = authority.issue_signing(MEMBER)
    forged = SandboxAuthority(member).issue_signing("isthmus://LM/GOV/TAX").certificate
    with pytest.raises(CertificateRejected):
        verify_chain(forged, [authority.certificate], datetime.now(UTC), "isthmus://LM/GOV/TAX")


def test_verify_chain__key_of_another_curve__is_rejected(authority: SandboxAuthority) -> None:
    """ES256 needs P-256; nothing else may slip in by certificate."""
    key = ec.generate_private_key(ec.SECP384R1())
    certificate = authority.issue_signing(MEMBER, key=key).certificate
    with pytest.raises(CertificateRejected, match="P-256"):
        verify_chain(certificate, [authority.certificate], datetime.now(UTC), MEMBER)


@pytest.mark.parametrize("uris", [[], [GATEWAY, MEMBER], ["https://example.org"]])
def test_identity_uri__none_or_two_identities__is_rejected(uris: list[str]) -> None:
    """Exactly one Isthmus name, or none counts."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([])
    builder = x509.CertificateBuilder(
        name, name, key.public_key(), 1, datetime.now(UTC), datetime.now(UTC) + timedelta(days=1)
    )
    names = [x509.UniformResourceIdentifier(uri) for uri in uris] or [x509.DNSName("localhost")]
    builder = builder.add_extension(x509.SubjectAlternativeName(names), critical=False)
    with pytest.raises(CertificateRejected):
        identity_uri(builder.sign(key, hashes.SHA256()))


def test_save__key_file__only_its_owner_can_read_it_and_it_loads_again(
    authority: SandboxAuthority, tmp_path: Path
) -> None:
    """Private keys rest with mode 0600; also when an older file had wider rights."""
    (tmp_path / "own.key").write_text("older")
    credential = authority.issue_signing(MEMBER)
    credential.save(tmp_path, "own")
    assert stat.S_IMODE((tmp_path / "own.key").stat().st_mode) == 0o600
    assert Credential.load(tmp_path, "own").certificate == credential.certificate
    assert "PRIVATE" not in repr(credential)


def test_load__key_of_another_certificate__is_rejected(authority: SandboxAuthority, tmp_path: Path) -> None:
    """A swapped key file is found at start, not at the first exchange."""
    authority.issue_signing(MEMBER).save(tmp_path, "own")
    authority.issue_signing(MEMBER).save(tmp_path, "other")
    (tmp_path / "other.key").replace(tmp_path / "own.key")
    with pytest.raises(CertificateRejected):
        Credential.load(tmp_path, "own")


def test_thumbprint__renewed_certificate__key_stays_certificate_changes(authority: SandboxAuthority) -> None:
    """A renewal keeps the key's thumbprint; 43 characters of unpadded base64url."""
    first = authority.issue_signing(MEMBER)
    second = authority.issue_signing(MEMBER, key=first.key)
    prints = {certificate_thumbprint(c.certificate.public_bytes(Encoding.DER)) for c in (first, second)}
    assert len(prints) == 2
    assert {len(text) for text in prints} == {43}
    assert key_thumbprint(first.key.public_key()) == key_thumbprint(second.certificate.public_key())
