"""A folder of this machine. Links are not followed, also when one appears in the last moment."""

from __future__ import annotations

import os
import stat
from collections.abc import Mapping
from pathlib import Path

from adapters.kinds.file.bad import NotYet, Unreachable
from adapters.kinds.file.drops.drop import CHUNK, MAX_ENTRIES, Drop, Entry
from adapters.kinds.file.spool import Spool

_FLAGS = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC


class LocalDrop(Drop):
    """As `Drop`."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    async def open(self) -> None:
        """As `Drop.open`."""

    async def close(self) -> None:
        """As `Drop.close`."""

    async def entries(self) -> Mapping[str, Entry]:
        """As `Drop.entries`."""
        found: dict[str, Entry] = {}
        try:
            with os.scandir(self._folder) as listing:
                for item in listing:
                    if len(found) >= MAX_ENTRIES:
                        raise Unreachable("the folder holds too many files")
                    try:
                        state = item.stat(follow_symlinks=False)
                    except FileNotFoundError:
                        continue  # renamed between two looks
                    # A name that is no UTF-8 can be told to nobody, not even to say that it is bad.
                    if stat.S_ISREG(state.st_mode) and _is_text(item.name):
                        found[item.name] = _entry(item.name, state)
        except OSError:
            raise Unreachable("the folder cannot be read") from None
        return found

    async def fetch(self, name: str, into: Spool, known: str | None) -> Entry:
        """As `Drop.fetch`."""
        del known
        try:
            folder = os.open(self._folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
            try:
                file = os.open(name, _FLAGS, dir_fd=folder)
            finally:
                os.close(folder)
        except OSError:
            raise NotYet from None
        with os.fdopen(file, "rb", buffering=0) as opened:
            before = os.fstat(file)
            if not stat.S_ISREG(before.st_mode):
                raise NotYet
            while chunk := opened.read(CHUNK):
                into.append(chunk)
            after = os.fstat(file)
        entry = _entry(name, after)
        if entry != _entry(name, before):
            raise NotYet
        return entry


def _is_text(name: str) -> bool:
    return not any("\ud800" <= sign <= "\udfff" for sign in name)


def _entry(name: str, state: os.stat_result) -> Entry:
    return Entry(name, f"{state.st_ino}-{state.st_size}-{state.st_mtime_ns}", int(state.st_mtime))
