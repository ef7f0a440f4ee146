"""Files on a real OpenSSH server: the pinned key, the account, what lies in the folder."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import asyncssh
import pytest

from adapters.kinds.file.reader import File
from adapters.mapped import Mapped
from adapters.source_file import load_source
from schemas.outcome import DeniedBySource, Match, Misbehaving, Unavailable
from tests.sshd import Sshd, sshd
from tests.unit.adapters.kinds.file.dropping import DAY, FILE, GOOD, NAME
from tests.unit.adapters.small_source import Secrets, ask, write

pytestmark = pytest.mark.system


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Sshd]:
    """A server for one test."""
    with sshd(tmp_path) as started:
        (started.folder / NAME).write_text(GOOD)
        yield started


def sftp_file(folder: Path, server: Sshd, *, host_key: str | None = None, key: str | None = None) -> File:
    """A source on the server."""
    place = (
        f'{{sftp: {{host: 127.0.0.1, port: {server.port}, user: {server.user}, key: "${{secret:KEY}}", '
        f"host_key: {json.dumps(host_key or server.host_key)}, folder: {json.dumps(str(server.folder))}}}}}"
    )
    path = write(folder, FILE, ("{folder: drop}", place))
    return File(load_source(path, Secrets(KEY=key or server.client_key), {}))


async def answer(kind: File) -> object:
    """What a freshly opened source answers."""
    await kind.open()
    try:
        return await Mapped(kind._source, kind).fetch(ask("status", "1000000017", "status"))
    finally:
        await kind.close()


async def test_sftp__pinned_key_and_right_account__file_is_read(tmp_path: Path, server: Sshd):
    """The file comes from a server of another make."""
    assert await answer(sftp_file(tmp_path, server)) == Match({"status": "approved"}, DAY)


async def test_sftp__another_host_key__nothing_is_sent(tmp_path: Path, server: Sshd):
    """A server that cannot show the pinned key is not spoken to: no first use is trusted."""
    other = asyncssh.generate_private_key("ssh-ed25519").export_public_key().decode().strip()

    assert await answer(sftp_file(tmp_path, server, host_key=other)) == Unavailable(
        "the SFTP server shows another key than `host_key`"
    )


async def test_sftp__another_account__denied_and_no_key_is_told(tmp_path: Path, server: Sshd):
    """A refused key is named as such, without a word of it."""
    other = asyncssh.generate_private_key("ssh-ed25519").export_private_key().decode()

    assert await answer(sftp_file(tmp_path, server, key=other)) == DeniedBySource(
        "the SFTP server refused this account"
    )


async def test_sftp__link_on_the_server__is_not_followed(tmp_path: Path, server: Sshd):
    """A link could lead to a file that its owner never dropped."""
    (server.folder / NAME).rename(tmp_path / "outside.csv")
    (server.folder / NAME).symlink_to(tmp_path / "outside.csv")

    assert await answer(sftp_file(tmp_path, server)) == Unavailable("no file was imported yet")


async def test_sftp__bad_file__named_with_its_line(tmp_path: Path, server: Sshd):
    """What is wrong with a file is told, wherever it lies."""
    (server.folder / NAME).write_text(GOOD + "CANARY\n")
    outcome = await answer(sftp_file(tmp_path, server))

    assert isinstance(outcome, Misbehaving)
    assert "line 4: 1 fields where the header has 3" in outcome.cause


async def test_sftp__server_gone__unavailable(tmp_path: Path, server: Sshd):
    """Silence says nothing about a person."""
    gone = Sshd(1, server.user, server.host_key, server.client_key, server.folder)

    assert await answer(sftp_file(tmp_path, gone)) == Unavailable("the SFTP server cannot be reached")
