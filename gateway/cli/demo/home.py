"""The folder of a demonstration: what a demo made is made anew, everything beside it stays."""

from __future__ import annotations

import fcntl
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from schemas.errors import ConfigurationError

_MADE: Final = ("country", "data", "logs", "evidence.zip")
_MARK: Final = ".isthmus-demo"


@contextmanager
def demo_home(folder: Path | None) -> Iterator[Path]:
    """A fresh place for a country, ours alone while it is open: `folder`, or a temporary one.

    Raises:
        ConfigurationError: the folder holds something else, or another demo runs in it.
    """
    home = Path(tempfile.mkdtemp(prefix="isthmus-demo-")) if folder is None else folder.resolve()
    if home.exists() and any(home.iterdir()) and not (home / _MARK).exists():
        raise ConfigurationError(f"{folder} is not empty and not a demo's folder; choose another one")
    home.mkdir(parents=True, exist_ok=True)
    with (home / _MARK).open("w", encoding="utf-8") as mark:
        try:
            fcntl.flock(mark, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise ConfigurationError(f"another demo runs in {folder}; choose another folder") from None
        _clear(home)
        yield home


def _clear(home: Path) -> None:
    for name in _MADE:
        path = home / name
        if path.is_dir():
            shutil.rmtree(path)
        else:
            path.unlink(missing_ok=True)
