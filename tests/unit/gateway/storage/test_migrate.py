"""Rules of `gateway.storage.migrate`: a gateway starts on the newest schema only, and migrates nothing itself."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

from gateway.storage.migrate import HEAD, check, migrate
from schemas.errors import ConfigurationError


async def test_check__newest_schema__passes(tmp_path: Path) -> None:
    """A migrated database is accepted, and migrating again changes nothing."""
    url = f"sqlite:///{tmp_path / 'log.db'}"
    await migrate(url)
    await migrate(url)
    await check(url)


async def test_check__no_database__names_the_cure_and_makes_no_file(tmp_path: Path) -> None:
    """Looking must not make an empty database that would then look broken."""
    file = tmp_path / "absent.db"
    with pytest.raises(ConfigurationError, match=r"schema none.*isthmus gateway migrate"):
        await check(f"sqlite:///{file}")
    assert not file.exists()


async def test_check__other_schema__is_refused(tmp_path: Path) -> None:
    """A database of an older or newer program is named with both revisions."""
    url = f"sqlite:///{tmp_path / 'log.db'}"
    await migrate(url)
    with sqlite3.connect(tmp_path / "log.db") as connection:
        connection.execute("UPDATE alembic_version SET version_num = '0000'")
    connection.close()
    with pytest.raises(ConfigurationError, match=f"schema 0000, this gateway needs {HEAD}"):
        await check(url)


async def test_check__not_a_database__is_refused(tmp_path: Path) -> None:
    """A file of another kind is no schema."""
    file = tmp_path / "log.db"
    file.write_bytes(b"this is no database" * 100)
    with pytest.raises(ConfigurationError, match="schema none"):
        await check(f"sqlite:///{file}")


async def test_check__unknown_scheme__is_refused() -> None:
    """Only the two databases that the tests run on are offered."""
    with pytest.raises(ConfigurationError, match="sqlite:/// or postgresql://"):
        await check("mysql://somewhere/log")


async def test_check__unreachable_postgresql__is_refused() -> None:
    """A server that does not answer has no schema; its address and password stay unsaid."""
    with pytest.raises(ConfigurationError, match="schema none") as caught:
        await check("postgresql://user:secret@127.0.0.1:1/log")
    assert "secret" not in caught.value.detail


def test_serving__the_modules_of_a_node__hold_no_sqlalchemy() -> None:
    """A gateway without `sql` sources does not carry SQLAlchemy: 17 of its 120 MiB."""
    code = "import gateway.app.gateway, sys; print([m for m in ('sqlalchemy', 'alembic', 'httpx') if m in sys.modules])"
    root = Path(__file__).resolve().parents[4]
    done = subprocess.run([sys.executable, "-c", code], cwd=root, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
