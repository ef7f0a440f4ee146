"""What a gateway loads: the libraries of a kind are loaded by a gateway that opens one of it, and no other.

An idle gateway has 120 MiB. Each case runs in a process of its own, since nothing unloads a module.
"""

from __future__ import annotations

import subprocess
import sys

import pytest

HEAVY = (
    "adapters.conformance",
    "adapters.custom",
    "adapters.drafting",
    "adapters.quality",
    "aiomysql",
    "asyncpg",
    "asyncssh",
    "hijridate",
    "joserfc",
    "lxml",
    "openpyxl",
    "oracledb",
    "pydantic",
    "pymysql",
    "pyodbc",
    "signxml",
    "sqlalchemy.engine",
    "zeep",
)
LOADING = """
import asyncio, sys
from pathlib import Path

import adapters
import gateway.app
from adapters.fixtures import load_offline
from adapters.opening import open_source

async def opened(names):
    for name in names:
        adapter = open_source(load_offline(Path(adapters.__file__).parent / name))
        try:
            await asyncio.wait_for(adapter.open(), 5)
        except Exception:
            pass  # nothing is there to be asked: what it loads for that is what counts
        await adapter.close()

asyncio.run(opened(sys.argv[2:]))
print(*(name for name in sys.argv[1].split(",") if name in sys.modules))
"""


def loaded(*sources: str) -> set[str]:
    """Which heavy modules a process has after it opened these sources."""
    done = subprocess.run(
        [sys.executable, "-c", LOADING, ",".join(HEAVY), *sources], capture_output=True, text=True, check=True
    )
    return set(done.stdout.split())


ALLOWED = [
    ((), set()),
    (("national_id/generic_rest.yaml",), set()),
    (("programme_mis/lumeria.yaml",), set()),
    (("health/generic_fhir.yaml",), set()),
    (("civil_registry/opencrvs_dci.yaml",), set()),
    (("education/lumeria.yaml",), set()),
    (("education/attendance_files.yaml",), {"asyncssh"}),
    (("national_id/generic_postgresql.yaml",), {"asyncpg"}),
    (("tax/generic_soap.yaml",), {"lxml"}),
]


@pytest.mark.parametrize(("sources", "allowed"), ALLOWED, ids=lambda value: " ".join(sorted(value)) or "none")
def test_gateway__sources_of_one_kind__load_nothing_of_the_others(
    sources: tuple[str, ...], allowed: set[str]
):
    """A ministry with one small source does not pay for thirteen kinds."""
    assert loaded(*sources) <= allowed
