"""A fetched file while it is read: on disk without a name, encrypted under a key that only memory knows.

Fetching first and reading then means that what is checked (checksum, size) is what is imported, for
every kind of drop; and that no file of the owner's lies in clear at a place of the gateway's.
"""

from __future__ import annotations

import hashlib
import io
import os
from pathlib import Path
from tempfile import TemporaryFile
from typing import Any, Final

from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.algorithms import AES
from cryptography.hazmat.primitives.ciphers.modes import CTR

from adapters.kinds.file.bad import BadFile

_BLOCK: Final = 16
_BUFFER: Final = 256 * 1024
_COUNTERS: Final = 1 << 128


class Spool(io.RawIOBase):
    """Bytes that are written once, in order, and then read at any place (AES-256-CTR)."""

    def __init__(self, folder: Path, max_bytes: int) -> None:
        super().__init__()
        self._file = TemporaryFile(dir=folder, buffering=0)  # noqa: SIM115  closed by `close`
        self._key, self._start = AES(os.urandom(32)), int.from_bytes(os.urandom(_BLOCK), "big")
        self._encryptor = Cipher(self._key, CTR(self._counter(0))).encryptor()
        self._digest = hashlib.sha256()
        self._max_bytes = max_bytes
        self._at = 0
        self.size = 0

    def append(self, data: bytes) -> None:
        """Write the next bytes. Raises BadFile beyond the size allowed."""
        self.size += len(data)
        if self.size > self._max_bytes:
            raise BadFile(f"the file is longer than {self._max_bytes} bytes")
        self._digest.update(data)
        sealed = memoryview(self._encryptor.update(data))
        while sealed:
            sealed = sealed[self._file.write(sealed) or 0 :]

    @property
    def sha256(self) -> str:
        """The digest of all bytes, in hex."""
        return self._digest.hexdigest()

    def reader(self) -> io.BufferedReader:
        """The bytes from the beginning. One reader at a time: they share the place."""
        self._at = 0
        return _Reader(self, _BUFFER)

    def readable(self) -> bool:
        """As `io.RawIOBase`."""
        return True

    def seekable(self) -> bool:
        """As `io.RawIOBase`."""
        return True

    def seek(self, offset: int, whence: int = os.SEEK_SET, /) -> int:
        """As `io.RawIOBase`."""
        base = {os.SEEK_SET: 0, os.SEEK_CUR: self._at, os.SEEK_END: self.size}[whence]
        self._at = max(0, base + offset)
        return self._at

    def tell(self) -> int:
        """As `io.RawIOBase`."""
        return self._at

    def readinto(self, buffer: Any, /) -> int:
        """As `io.RawIOBase`."""
        block, inside = divmod(self._at, _BLOCK)
        sealed = os.pread(self._file.fileno(), len(buffer) + inside, block * _BLOCK)
        clear = Cipher(self._key, CTR(self._counter(block))).decryptor().update(sealed)[inside:]
        buffer[: len(clear)] = clear
        self._at += len(clear)
        return len(clear)

    def close(self) -> None:
        """Give the disk back."""
        self._file.close()
        super().close()

    def _counter(self, block: int) -> bytes:
        return ((self._start + block) % _COUNTERS).to_bytes(_BLOCK, "big")


class _Reader(io.BufferedReader):
    """A reader that leaves its spool open, so that the file can be read once more."""

    def close(self) -> None:
        """Nothing: the spool is closed by who made it."""
