"""Read CRVSPerson records (DCI extension `crvs`) out of the registers of births, deaths and marriages.

Beyond the schema's properties a record names `children` and, while the marriage lasts, `spouse_identifier`,
so that a household can be followed from one person. What is unknown is left out.
"""

from __future__ import annotations

import sqlite3
from typing import Any, Final

from examples.lumeria.country import DISTRICT_BY_CODE
from examples.lumeria.servers.dci_query import Condition

_FROM: Final = "FROM births b LEFT JOIN deaths d ON d.brn = b.brn"


class CivilRegisters:
    """The registers as DCI sees them: persons, found by a condition, a page at a time."""

    def __init__(self, database: sqlite3.Connection) -> None:
        self._database = database

    def check(self) -> None:
        """Touch the registers. Raises sqlite3.Error where they cannot be read."""
        self._database.execute("SELECT 1 FROM births LIMIT 1")

    def count(self, condition: Condition) -> int:
        """Count the persons that meet a condition."""
        query = f"SELECT COUNT(*) {_FROM} WHERE {condition.sql}"
        (number,) = self._database.execute(query, condition.values).fetchone()
        return int(number)

    def find(self, condition: Condition, order: str, limit: int, offset: int) -> list[dict[str, Any]]:
        """Read one page of the persons that meet a condition; `order` is SQL made from known columns."""
        query = (
            f"SELECT b.*, d.drn, d.death_date, d.death_place {_FROM} "
            f"WHERE {condition.sql} ORDER BY {order}b.brn LIMIT ? OFFSET ?"
        )
        rows = self._database.execute(query, (*condition.values, limit, offset)).fetchall()
        return [self._person(row) for row in rows]

    def _person(self, row: sqlite3.Row) -> dict[str, Any]:
        marriages = self._marriages(row["uin"])
        record: dict[str, Any] = {
            "@type": "CRVSPerson",
            "identifier": _identifiers(UIN=row["uin"], BRN=row["brn"], DRN=row["drn"]),
            "name": {"given_name": row["given_name"], "surname": row["surname"]},
            "sex": row["sex"],
            "birth_date": row["birth_date"],
            "birth_place": _place(row["birth_place"]),
            "marital_status": self._marital_status(marriages),
            "marriage_date": [marriage["marriage_date"] for marriage in marriages],
            "children": self._children(row["uin"]),
            "registration_date": row["registered_on"],
        }
        if row["death_date"]:
            record |= {"death_date": row["death_date"], "death_place": _place(row["death_place"])}
        for name, column in (("parent1_identifier", "parent1_uin"), ("parent2_identifier", "parent2_uin")):
            if row[column]:
                record[name] = _identifier("UIN", row[column])
        if record["marital_status"] == "M":
            record["spouse_identifier"] = _identifier("UIN", marriages[-1]["spouse"])
        return record

    def _marriages(self, uin: str | None) -> list[sqlite3.Row]:
        """List a person's marriages, oldest first, with the day each was ended by the spouse's death."""
        return self._database.execute(
            """
            SELECT m.spouse, m.marriage_date, (
                SELECT MIN(d.death_date) FROM births b JOIN deaths d ON d.brn = b.brn WHERE b.uin = m.spouse
            ) AS spouse_died_on
            FROM (
                SELECT spouse2_uin AS spouse, marriage_date FROM marriages WHERE spouse1_uin = :uin
                UNION ALL
                SELECT spouse1_uin, marriage_date FROM marriages WHERE spouse2_uin = :uin
            ) m
            ORDER BY m.marriage_date
            """,
            {"uin": uin},
        ).fetchall()

    @staticmethod
    def _marital_status(marriages: list[sqlite3.Row]) -> str:
        if not marriages:
            return "S"
        return "W" if marriages[-1]["spouse_died_on"] else "M"

    def _children(self, uin: str | None) -> list[dict[str, str]]:
        """Identify a person's children, oldest first; by birth record where a child has no national ID."""
        rows = self._database.execute(
            "SELECT DISTINCT COALESCE(uin, brn) AS number, uin IS NOT NULL AS has_uin, birth_date "
            "FROM births WHERE parent1_uin = :uin OR parent2_uin = :uin ORDER BY birth_date, number",
            {"uin": uin},
        )
        return [_identifier("UIN" if row["has_uin"] else "BRN", row["number"]) for row in rows]


def _identifier(kind: str, value: str) -> dict[str, str]:
    return {"identifier_type": kind, "identifier_value": value}


def _identifiers(**values: str | None) -> list[dict[str, str]]:
    return [_identifier(kind, value) for kind, value in values.items() if value]


def _place(district: str) -> dict[str, str]:
    return {"name": DISTRICT_BY_CODE[district].name, "address_line": district}
