"""Write a system's data for another implementation of its protocol: a database, GIS or FHIR server.

SQL scripts are made of the tables' own schema: what differs between databases is the type of a key, and how a
text is quoted.
"""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any, Final

import orjson

from examples.lumeria.country import data_of

FORMATS: Final = {
    "postgresql": ("cash-transfer", "disability", "pension", "response", "vehicles"),
    "mysql": ("cash-transfer", "disability", "pension", "response", "vehicles"),
    "geojson": ("cadastre",),
    "fhir": ("insurance",),
}
"""Which systems can be written in which form."""

_SCHEMAS: Final = Path(__file__).with_name("registries")
_ROWS_PER_INSERT: Final = 200


class UnsuitedFormatError(ValueError):
    """A system's data have no such form."""


def export(system: str, form: str, data: Path, out: Path) -> None:
    """Write a system's data in a form of `FORMATS`. Raises UnsuitedFormatError, FileNotFoundError."""
    if system not in FORMATS[form]:
        raise UnsuitedFormatError(f"{form} is for {', '.join(FORMATS[form])}")
    path = data_of(system, data)
    if not path.is_file():
        raise FileNotFoundError(f"no data at {path}: run `generate` first")
    with closing(sqlite3.connect(path)) as database:
        database.row_factory = sqlite3.Row
        out.write_bytes(_document(system, form, database))


def _document(system: str, form: str, database: sqlite3.Connection) -> bytes:
    if form == "geojson":
        return orjson.dumps(_features(database))
    if form == "fhir":
        entries = [{"resource": resource} for resource in fhir_resources(database)]
        return orjson.dumps({"resourceType": "Bundle", "type": "collection", "entry": entries})
    schema = (_SCHEMAS / f"{system.replace('-', '_')}.sql").read_text(encoding="utf-8")
    return "\n".join(_script(schema, form, database)).encode()


def fhir_resources(database: sqlite3.Connection) -> list[dict[str, Any]]:
    """Every Patient, Coverage, Group and the Organization of the social security fund."""
    from examples.lumeria.servers.fhir_resources import organization
    from examples.lumeria.servers.fhir_search import Fund

    fund = Fund(database)
    kinds = ("Patient", "Coverage", "Group")
    return [organization(), *(resource for kind in kinds for resource in fund.everything(kind))]


def _features(database: sqlite3.Connection) -> dict[str, Any]:
    """The cadastre's rights, with the outlines of their parcels."""
    from examples.lumeria.servers.features import Features, Items

    features, _ = Features(database).find("rights", Items((), (), 1_000_000, 0))
    return {"type": "FeatureCollection", "features": features}


def _script(schema: str, form: str, database: sqlite3.Connection) -> Iterator[str]:
    """Tables, rows, then views; indexes of long texts are left out with the comments."""
    statements = [part.strip() for part in re.sub(r"--.*", "", schema).split(";") if part.strip()]
    tables = [part for part in statements if part.startswith("CREATE TABLE")]
    yield from (f"{_table(part, form)};" for part in tables)
    for part in tables:
        name = part.split()[2]
        rows = database.execute(f"SELECT * FROM {name}").fetchall()  # noqa: S608 our own names
        for start in range(0, len(rows), _ROWS_PER_INSERT):
            values = ",\n".join(
                f"({', '.join(map(_literal, row))})" for row in rows[start : start + _ROWS_PER_INSERT]
            )
            yield f"INSERT INTO {name} VALUES {values};"  # noqa: S608 quoted literals of our own data
    yield from (f"{part};" for part in statements if part.startswith("CREATE VIEW"))


def _table(statement: str, form: str) -> str:
    statement = statement.replace(" WITHOUT ROWID", "")
    if form == "mysql":  # a key needs a length, and names and numbers compare by their bytes
        return f"{statement.replace(' TEXT', ' VARCHAR(255)')} CHARACTER SET utf8mb4 COLLATE utf8mb4_bin"
    return statement


def _literal(value: str | float | None) -> str:
    if value is None:
        return "NULL"
    return "'" + value.replace("'", "''") + "'" if isinstance(value, str) else str(value)
