"""A folder whose files change under who reads them."""

from __future__ import annotations

from pathlib import Path

import pytest

from adapters.kinds.file.bad import BadFile, NotYet, Unreachable
from adapters.kinds.file.drops.local import LocalDrop
from adapters.kinds.file.spool import Spool

SIZE = 1 << 20


async def test_fetch__became_a_link_since_it_was_listed__is_not_followed(tmp_path: Path):
    """Between a look and the reading a file may be exchanged for a link."""
    (tmp_path / "outside").write_text("CANARY")
    (tmp_path / "drop").mkdir()
    (tmp_path / "drop" / "a.csv").symlink_to(tmp_path / "outside")

    with Spool(tmp_path, SIZE) as spool, pytest.raises(NotYet):
        await LocalDrop(tmp_path / "drop").fetch("a.csv", spool, None)


async def test_fetch__grows_while_it_is_read__looked_at_again_later(tmp_path: Path):
    """A file that changed in between is neither the old one nor the new one."""
    path = tmp_path / "a.csv"
    path.write_text("a" * 100)

    class Growing(Spool):
        """Somebody writes on while we read."""

        def append(self, data: bytes) -> None:
            super().append(data)
            if self.size < 150:
                with path.open("a") as opened:
                    opened.write("b" * 100)

    with Growing(tmp_path, SIZE) as spool, pytest.raises(NotYet):
        await LocalDrop(tmp_path).fetch("a.csv", spool, None)


async def test_entries__folder_away__unreachable(tmp_path: Path):
    """A folder that is not mounted is no empty folder."""
    with pytest.raises(Unreachable):
        await LocalDrop(tmp_path / "nowhere").entries()


@pytest.mark.parametrize("size", [0, 1, 15, 16, 17, 300_000])
def test_spool__read_at_any_place__what_was_written(tmp_path: Path, size: int):
    """What comes out is what went in; what lies on disk is not."""
    content = bytes(number % 251 for number in range(size))
    with Spool(tmp_path, SIZE) as spool:
        for at in range(0, size, 7919):
            spool.append(content[at : at + 7919])
        reader = spool.reader()
        assert reader.read() == content
        for at in (size // 3, size // 2, 0):
            reader.seek(at)
            assert reader.read(100) == content[at : at + 100]
        assert spool.reader().read() == content
        spool._file.seek(0)
        # One sealed byte is the clear one once in 256 times.
        assert size < 15 or spool._file.read() != content
    assert list(tmp_path.iterdir()) == []


def test_spool__too_long__refused(tmp_path: Path):
    """A file is never longer than allowed, also when it does not say how long it is."""
    with Spool(tmp_path, 10) as spool, pytest.raises(BadFile):
        spool.append(b"x" * 11)
