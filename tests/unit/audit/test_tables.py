"""Tables: one declaration for both databases, and the raw drivers name only columns that it has."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import audit
from audit.tables import ddl, metadata


@pytest.mark.parametrize("url", ["sqlite://", "postgresql+asyncpg://"])
def test_ddl__creates_every_table(url: str) -> None:
    """Each dialect gets all of them."""
    statements = "\n".join(ddl(url))
    for table in metadata.tables:
        assert f"CREATE TABLE {table} " in statements


def test_raw_sql__names_only_declared_columns() -> None:
    """Every INSERT of the package fits its table."""
    sources = "".join(
        path.read_text("utf-8").replace('"\n', "").replace('    "', "")
        for path in Path(audit.__file__).parent.glob("*.py")
    )
    inserts = re.findall(r"INSERT INTO (\w+) \(([\w, ]+)\)", sources)
    assert {table for table, _ in inserts} == set(metadata.tables)
    for table, columns in inserts:
        assert set(columns.split(", ")) <= set(metadata.tables[table].columns.keys())
