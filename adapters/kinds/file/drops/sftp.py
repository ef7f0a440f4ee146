"""A folder of an SFTP server (asyncssh, extra `sftp`).

The server's key is written in the source file: no first use is trusted, and nothing of the user's
own (`known_hosts`, configuration, agent, keys) is looked at.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from contextlib import suppress
from typing import Any, Final

from adapters.kinds.file.bad import Denied, NotYet, Unreachable
from adapters.kinds.file.drops.drop import CHUNK, MAX_ENTRIES, Drop, Entry
from adapters.kinds.file.form import SftpDrop as Connection
from adapters.kinds.file.spool import Spool
from schemas.errors import ConfigurationError

_SECONDS: Final = 20.0
_STALLED_S: Final = 60.0
_REGULAR: Final = 1  # FILEXFER_TYPE_REGULAR


class SftpDrop(Drop):
    """As `Drop`."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._ssh: Any = None
        self._sftp: Any = None

    async def open(self) -> None:
        """As `Drop.open`."""
        try:
            import asyncssh
        except ImportError:
            raise ConfigurationError("SFTP needs the extra `sftp`: pip install isthmus[sftp]") from None
        to = self._connection
        try:
            known = asyncssh.import_known_hosts(f"* {to.host_key}\n")
            keys = [] if to.key is None else [asyncssh.import_private_key(to.key)]
        except (ValueError, asyncssh.Error):
            raise ConfigurationError("a key of the SFTP connection cannot be read") from None
        try:
            async with asyncio.timeout(_SECONDS):
                self._ssh = await asyncssh.connect(
                    to.host,
                    to.port,
                    username=to.user,
                    known_hosts=known,
                    client_keys=keys or None,
                    password=to.password,
                    preferred_auth="publickey" if keys else "password",
                    config=None,
                    agent_path=None,
                    keepalive_interval=10,
                )
                self._sftp = await self._ssh.start_sftp_client()
        except asyncssh.HostKeyNotVerifiable:
            raise Unreachable("the SFTP server shows another key than `host_key`") from None
        except asyncssh.PermissionDenied:
            raise Denied("the SFTP server refused this account") from None
        except (OSError, TimeoutError, asyncssh.Error):
            raise Unreachable("the SFTP server cannot be reached") from None

    async def close(self) -> None:
        """As `Drop.close`."""
        ssh, self._ssh, self._sftp = self._ssh, None, None
        if ssh is not None:
            ssh.abort()
            with suppress(Exception):
                async with asyncio.timeout(1):
                    await ssh.wait_closed()

    async def entries(self) -> Mapping[str, Entry]:
        """As `Drop.entries`."""
        import asyncssh

        found: dict[str, Entry] = {}
        try:
            async with asyncio.timeout(_SECONDS):
                async for item in self._sftp.scandir(self._connection.folder):
                    if len(found) >= MAX_ENTRIES:
                        raise Unreachable("the folder holds too many files")
                    name, attributes = item.filename, item.attrs
                    regular = attributes.type == _REGULAR
                    if regular and isinstance(name, str) and "/" not in name and name not in {".", ".."}:
                        found[name] = _entry(name, attributes)
        except (OSError, TimeoutError, asyncssh.Error, UnicodeDecodeError):
            raise Unreachable("the SFTP folder cannot be read") from None
        return found

    async def fetch(self, name: str, into: Spool, known: str | None) -> Entry:
        """As `Drop.fetch`."""
        import asyncssh

        del known
        path = f"{self._connection.folder}/{name}"
        try:
            before = await asyncio.wait_for(self._sftp.lstat(path), _SECONDS)
            if before.type != _REGULAR:
                raise NotYet
            async with self._sftp.open(path, "rb") as opened:
                while chunk := await asyncio.wait_for(opened.read(CHUNK), _STALLED_S):
                    into.append(chunk)
            after = _entry(name, await asyncio.wait_for(self._sftp.lstat(path), _SECONDS))
        except asyncssh.SFTPNoSuchFile:
            raise NotYet from None
        except (OSError, TimeoutError, asyncssh.Error):
            raise Unreachable("the SFTP server broke off") from None
        if after != _entry(name, before):
            raise NotYet
        return after


def _entry(name: str, attributes: Any) -> Entry:
    modified = int(attributes.mtime or 0)
    return Entry(name, f"{attributes.size}-{modified}-{attributes.mtime_ns or 0}", modified)
