"""Keys from files: refused when others can read them, or when they are not what they should be."""

from __future__ import annotations

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import BestAvailableEncryption, Encoding, PrivateFormat

from gateway.trust.keys import load_case_key, load_certificate, load_log_key, load_signer, load_signing_key
from gateway.trust.pki import SandboxAuthority, save_secret
from schemas.errors import ConfigurationError

AUTHORITY = SandboxAuthority.create()


def test_signer__key_and_certificate_that_fit__loaded(tmp_path):
    """And with another's certificate, refused."""
    AUTHORITY.issue_signing("isthmus://LM/GOV/TAX").save(tmp_path, "a")
    AUTHORITY.issue_signing("isthmus://LM/GOV/TAX").save(tmp_path, "b")
    assert load_signer(tmp_path / "a.key", tmp_path / "a.crt").thumbprint
    with pytest.raises(ConfigurationError):
        load_signer(tmp_path / "a.key", tmp_path / "b.crt")


def test_secret__others_can_read_it__refused_with_the_cure(tmp_path):
    """The error is the command that helps."""
    AUTHORITY.issue_signing("isthmus://LM/GOV/TAX").save(tmp_path, "a")
    (tmp_path / "a.key").chmod(0o640)
    with pytest.raises(ConfigurationError, match="chmod 600"):
        load_signing_key(tmp_path / "a.key")


def _encrypted() -> bytes:
    return Ed25519PrivateKey.generate().private_bytes(
        Encoding.PEM, PrivateFormat.PKCS8, BestAvailableEncryption(b"secret")
    )


@pytest.mark.parametrize("content", [b"", b"nonsense", b"-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n", _encrypted()],
                         ids=["empty", "nonsense", "broken", "encrypted"])  # fmt: skip
def test_key__not_one__configuration_error_that_names_the_file(tmp_path, content):
    """A broken file is the operator's to mend, and says so without its content."""
    path = tmp_path / "some.key"
    save_secret(path, content)
    for load in (load_signing_key, load_log_key, load_case_key):
        with pytest.raises(ConfigurationError, match=r"some\.key"):
            load(path)
    with pytest.raises(ConfigurationError):
        load_certificate(path)


def test_key__missing__configuration_error(tmp_path):
    """No file, no start."""
    for load in (load_signing_key, load_log_key, load_case_key, load_certificate):
        with pytest.raises(ConfigurationError):
            load(tmp_path / "none")


def test_key__of_another_kind__refused(tmp_path):
    """A log key does not sign statements, nor the other way round."""
    AUTHORITY.issue_signing("isthmus://LM/GOV/TAX").save(tmp_path, "a")
    with pytest.raises(ConfigurationError):
        load_log_key(tmp_path / "a.key")
