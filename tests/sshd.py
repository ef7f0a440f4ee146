"""A real OpenSSH server on a loopback port, thrown away afterwards: SFTP below one folder.

    with sshd(tmp_path) as server:
        server.port, server.host_key, server.client_key, server.folder

Debian's package openssh-server has it; `./run test --system` installs it.
"""

from __future__ import annotations

import getpass
import os
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

import asyncssh

SSHD = Path("/usr/sbin/sshd")


@dataclass(frozen=True)
class Sshd:
    """Where it listens, its public key, a private key that it takes, and the folder it shows."""

    port: int
    user: str
    host_key: str
    client_key: str
    folder: Path


@contextmanager
def sshd(folder: Path) -> Iterator[Sshd]:
    """Start a server of this user's; only the generated key gets in, only to SFTP."""
    home, shown = folder / "sshd", folder / "shown"
    home.mkdir(mode=0o700)
    shown.mkdir()
    host, client = asyncssh.generate_private_key("ssh-ed25519"), asyncssh.generate_private_key("ssh-ed25519")
    (home / "host_key").write_bytes(host.export_private_key())
    (home / "host_key").chmod(0o600)
    (home / "authorized").write_bytes(client.export_public_key())
    with closing(socket.socket()) as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    (home / "config").write_text(
        f"""Port {port}
ListenAddress 127.0.0.1
HostKey {home}/host_key
AuthorizedKeysFile {home}/authorized
PidFile none
StrictModes no
UsePAM no
PasswordAuthentication no
KbdInteractiveAuthentication no
Subsystem sftp internal-sftp
"""
    )
    if os.geteuid() == 0:
        Path("/run/sshd").mkdir(exist_ok=True)
    command = [str(SSHD), "-D", "-e", "-f", str(home / "config")]
    with (home / "log").open("wb") as log, subprocess.Popen(command, stderr=log) as process:
        try:
            _wait(port, process)
            yield Sshd(
                port,
                getpass.getuser(),
                host.export_public_key().decode().strip().rsplit(" ", 0)[0],
                client.export_private_key().decode(),
                shown,
            )
        finally:
            process.terminate()


def _wait(port: int, process: subprocess.Popen[bytes]) -> None:
    for _ in range(200):
        if process.poll() is not None:
            raise AssertionError("sshd did not start")
        with closing(socket.socket()) as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.05)
    raise AssertionError("sshd does not listen")
