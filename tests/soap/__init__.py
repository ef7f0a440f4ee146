"""A SOAP service guarded by Apache WSS4J, the reference implementation of WS-Security, for the system tests.

The jars come from Maven Central at the versions and SHA-256 of `jars.lock` (18 MB), into
`~/.cache/isthmus/soap-<lock>/`; `SoapServer.java` is compiled beside them once. WSS4J checks our
UsernameToken or signature with its own rules (Basic Security Profile) and signs the answers.

    with soap_server(keys, demand="signature") as base_url: ...
"""

from __future__ import annotations

import os
import shutil
import subprocess
import urllib.request
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from hashlib import sha256
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

HERE = Path(__file__).parent
LOCK = HERE / "jars.lock"
SERVER = HERE / "SoapServer.java"
CENTRAL = "https://repo1.maven.org/maven2/"
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
    pinned = sha256(LOCK.read_bytes() + SERVER.read_bytes()).hexdigest()[:12]
    folder = Path.home() / ".cache" / "isthmus" / f"soap-{pinned}"
    if (folder / "installed").exists():
        return folder
    javac = shutil.which("javac")
    if javac is None:
        pytest.fail("javac is missing; install it with: sudo apt-get install openjdk-17-jdk-headless")
    folder.mkdir(parents=True, exist_ok=True)
    lines = [line.split() for line in LOCK.read_text(encoding="utf-8").splitlines()]
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda line: _fetch(folder, *line), lines))
    command = [javac, "-cp", f"{folder}/*", "-d", str(folder), str(SERVER)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        pytest.fail(f"compiling the SOAP server failed\n{done.stderr[-2000:]}")
    (folder / "installed").touch()
    return folder


def _fetch(folder: Path, digest: str, path: str) -> None:
    place = folder / Path(path).name
    if place.exists():
        return
    with urllib.request.urlopen(CENTRAL + path, timeout=60) as answer:
        data: bytes = answer.read()
    if sha256(data).hexdigest() != digest:
        pytest.fail(f"{path} is not the pinned one")
    part = place.with_suffix(f".{os.getpid()}")
    part.write_bytes(data)
    part.replace(place)


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
