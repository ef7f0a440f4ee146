"""A SOAP service guarded by Apache WSS4J, the reference implementation of WS-Security, for the system tests.

The jars come from Maven Central at the versions and SHA-256 of `jars.lock` (18 MB), into
`~/.cache/isthmus/soap-<lock>/`; `SoapServer.java` is compiled beside them once. WSS4J checks our
UsernameToken or signature with its own rules (Basic Security Profile) and signs the answers.

    with soap_server(keys, demand="signature") as base_url: ...
"""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Literal

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
    pkcs12,
)

from tests.installing import from_maven

HERE = Path(__file__).parent
LOCK = HERE / "jars.lock"
SERVER = HERE / "SoapServer.java"
USER, PASSWORD = "isthmus", "for tests only"


@dataclass(frozen=True)
class Keys:
    """Keys of both sides in one folder: `client.pem`, `server.pem` (certificates), PKCS #12 for Java."""

    folder: Path
    client_key: str
    server_key: str


def make_keys(folder: Path) -> Keys:
    """Fresh keys and certificates."""
    made = {}
    for name in ("client", "server"):
        key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        subject = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)])
        now = datetime.now(UTC)
        certificate = (
            x509.CertificateBuilder(subject, subject, key.public_key(), x509.random_serial_number())
            .not_valid_before(now - timedelta(days=1))
            .not_valid_after(now + timedelta(days=1))
            .sign(key, hashes.SHA256())
        )
        (folder / f"{name}.pem").write_bytes(certificate.public_bytes(Encoding.PEM))
        made[name] = (key, certificate)
    lock = BestAvailableEncryption(PASSWORD.encode())
    server_key, server = made["server"]
    (folder / "server.p12").write_bytes(
        pkcs12.serialize_key_and_certificates(b"server", server_key, server, None, lock)
    )
    trusted = pkcs12.PKCS12Certificate(made["client"][1], b"client")
    (folder / "clients.p12").write_bytes(pkcs12.serialize_java_truststore([trusted], lock))
    pem = {
        name: key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
        for name, (key, _) in made.items()
    }
    return Keys(folder, pem["client"], pem["server"])


def home() -> Path:
    """The folder with the jars and the compiled server; made on first use."""
    return from_maven("soap", LOCK, SERVER)


@contextmanager
def soap_server(
    keys: Keys, demand: Literal["username", "signature"], version: Literal["1.1", "1.2"] = "1.1"
) -> Iterator[str]:
    """A running service; gives its base URL."""
    folder = home()
    command = ["java", "-Xmx128m", "-XX:TieredStopAtLevel=1", "-cp", f"{folder}/*:{folder}", "SoapServer"]
    command += ["0", str(keys.folder), demand, USER, PASSWORD, version]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    ) as process:
        assert process.stdout is not None
        try:
            words = process.stdout.readline().split()
            if words[:1] != ["ready"]:
                pytest.fail("the SOAP server did not start")
            yield f"http://127.0.0.1:{words[1]}"
        finally:
            process.terminate()
