"""What a hostile database sends never comes together in memory: measured in a process of its own.

The most that a process ever held (`VmHWM`) is compared with what it held before the question; one
gigabyte is offered, and a few tens of megabytes are allowed. Answers over HTTP are
measured in `http/gigabyte.py`; SQLite is told never to make such a text (`kinds/sql/test_exactness.py`).
"""

from __future__ import annotations

import asyncio
import subprocess
import sys
from pathlib import Path

import asyncpg
import pytest

from tests.postgres import postgres_dsn, postgres_server  # noqa: F401  fixtures
from tests.unit.adapters.small_source import SQL, write

_ALLOWED_MIB = 48
_CHILD = """
import asyncio, sys
from pathlib import Path
from adapters.contract import Query
from adapters.opening import open_source
from adapters.source_file import load_source
from schemas.record import Subject

def peak():
    lines = Path("/proc/self/status").read_text().splitlines()
    return int(next(line.split()[1] for line in lines if line.startswith("VmHWM")))

async def main():
    source = load_source(Path(sys.argv[1]), environment={"DSN": sys.argv[2]})
    service, *fields = sys.argv[3:]
    adapter = open_source(source)
    await adapter.open()
    before = peak()
    outcome = await adapter.fetch(Query(service, Subject("national_id", "1000000017"), tuple(fields)))
    await adapter.close()
    print(type(outcome).__name__, (peak() - before) // 1024)

asyncio.run(main())
"""


def asked(file: Path, url: str, *question: str) -> tuple[str, int]:
    """The outcome's name, and by how many MiB the process grew."""
    done = subprocess.run(
        [sys.executable, "-c", _CHILD, str(file), url, *question],
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    outcome, grown = done.stdout.split()
    return outcome, int(grown)


@pytest.mark.system
def test_postgresql__gigabyte_of_text__misbehaving_in_bounded_memory(
    tmp_path: Path,
    postgres_dsn: str,  # noqa: F811
) -> None:
    """Long texts are measured at the database, over all rows, and never sent."""

    async def prepare() -> None:
        connection = await asyncpg.connect(postgres_dsn)
        await connection.execute(
            "DROP SCHEMA IF EXISTS big CASCADE; CREATE SCHEMA big;"
            "CREATE VIEW big.v AS SELECT '1000000017'::text AS nid, repeat('A', 250000000) AS status,"
            "date '2022-02-01' AS since, false AS protected, timestamptz '2026-01-01' AS refreshed"
            " FROM generate_series(1, 4)"
        )
        await connection.close()

    asyncio.run(prepare())
    changes = (
        ("dsn: sqlite:///register.db", 'dsn: "${env:DSN}"'),
        ("from: v_status", "from: big.v"),
        ("timeout_ms: 1000", "timeout_ms: 20000"),
    )
    outcome, grown = asked(write(tmp_path, SQL, *changes), postgres_dsn, "status", "status")

    assert outcome == "Misbehaving"
    assert grown < _ALLOWED_MIB
