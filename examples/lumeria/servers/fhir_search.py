"""Search the fund's rows with FHIR search parameters; an unknown parameter is an error, not ignored.

Pages are named by an opaque token that holds the search itself, so that the server remembers nothing.
"""

from __future__ import annotations

import sqlite3
from base64 import urlsafe_b64decode, urlsafe_b64encode
from binascii import Error as NotBase64Error
from collections.abc import Sequence
from typing import Any, Final

import orjson

from examples.lumeria.names import fold
from examples.lumeria.servers import fhir_resources
from examples.lumeria.servers.fhir_resources import INSURANCE_NUMBER, NATIONAL_ID

INTERNAL: Final = "http://fhir.ssf.internal:8080/fhir"  # what the server believes its own address to be
_COUNT: Final = 10
_LARGEST_COUNT: Final = 100
_COVERAGES: Final = "SELECT p.*, i.uuid AS head_uuid FROM policies p JOIN insurees i ON i.chf_id = p.head"
_Query = Sequence[tuple[str, str]]


class InvalidSearchError(ValueError):
    """A search or a read that cannot be answered: HTTP status and the code of its OperationOutcome."""

    def __init__(self, status: int, code: str, sentence: str) -> None:
        super().__init__(sentence)
        self.status = status
        self.code = code


class Fund:
    """The fund's registers as FHIR sees them."""

    def __init__(self, database: sqlite3.Connection) -> None:
        self._database = database

    def check(self) -> None:
        """Touch the register. Raises sqlite3.Error where it cannot be read."""
        self._database.execute("SELECT 1 FROM insurees LIMIT 1")

    def read(self, kind: str, key: str) -> dict[str, Any]:
        """One resource by its id. Raises InvalidSearchError."""
        if (kind, key) == ("Organization", "ssf"):
            return fhir_resources.organization()
        matches = self._matches(kind, [("_id", key)])
        if not matches:
            raise InvalidSearchError(404, "not-found", f"{kind} is not known")
        return matches[0]

    def everything(self, kind: str) -> list[dict[str, Any]]:
        """All resources of a type."""
        return self._matches(kind, [])

    def page(self, token: str) -> dict[str, Any]:
        """A further page of a search. Raises InvalidSearchError."""
        try:
            kind, query, offset = orjson.loads(urlsafe_b64decode(token))
        except (ValueError, NotBase64Error) as error:
            raise InvalidSearchError(410, "expired", "this page is no longer known") from error
        return self.search(kind, [(name, value) for name, value in query], offset)

    def search(self, kind: str, query: _Query, offset: int = 0) -> dict[str, Any]:
        """A Bundle of what fits. Raises InvalidSearchError."""
        count = _count([value for name, value in query if name == "_count"])
        includes = [value for name, value in query if name == "_include"]
        if any(include != "Coverage:beneficiary" for include in includes):
            raise InvalidSearchError(400, "not-supported", "_include is Coverage:beneficiary")
        found = self._matches(
            kind, [pair for pair in query if pair[0] not in ("_count", "_include", "_format")]
        )
        shown = found[offset : offset + count]
        links = [{"relation": "self", "url": f"{INTERNAL}/{kind}"}]
        if offset + count < len(found):
            token = urlsafe_b64encode(orjson.dumps([kind, query, offset + count])).decode()
            links.append({"relation": "next", "url": f"{INTERNAL}?_getpages={token}&_bundletype=searchset"})
        included = (
            [self.read("Patient", one["beneficiary"]["reference"][8:]) for one in shown] if includes else []
        )
        return fhir_resources.bundle(shown, included, len(found), links, INTERNAL)

    def _matches(self, kind: str, query: _Query) -> list[dict[str, Any]]:
        if kind == "Patient":
            rows = self._rows("SELECT * FROM insurees i", "i.chf_id", [_patients(*pair) for pair in query])
            return [fhir_resources.patient(row) for row in rows]
        if kind == "Coverage":
            rows = self._rows(_COVERAGES, "p.starts_on, p.uuid", [_coverages(*pair) for pair in query])
            return [fhir_resources.coverage(row) for row in rows]
        if kind == "Group":
            families = self._rows(
                "SELECT DISTINCT i.family FROM insurees i", "i.family", [_groups(*pair) for pair in query]
            )
            return [self._group(row["family"]) for row in families]
        raise InvalidSearchError(404, "not-supported", "resources are Patient, Coverage, Group, Organization")

    def _group(self, family: str) -> dict[str, Any]:
        query = "SELECT * FROM insurees WHERE family = ? ORDER BY chf_id"
        return fhir_resources.group(family, self._database.execute(query, (family,)).fetchall())

    def _rows(
        self, select: str, order: str, conditions: Sequence[tuple[str, tuple[str, ...]]]
    ) -> list[sqlite3.Row]:
        where = " AND ".join(sql for sql, _ in conditions) or "1"
        values = [value for _, bound in conditions for value in bound]
        return self._database.execute(f"{select} WHERE {where} ORDER BY {order}", values).fetchall()


def _patients(name: str, value: str) -> tuple[str, tuple[str, ...]]:
    match name:
        case "_id":
            return "i.uuid = ?", (value,)
        case "identifier":
            return _identifier(value)
        case "family":
            return "lower(i.family_name) LIKE ? || '%'", (fold(value).replace("%", "").replace("_", ""),)
        case "birthdate":
            return "i.birth_date = ?", (value,)
    raise InvalidSearchError(400, "not-supported", f"Patient has no search parameter {name[:40]}")


def _coverages(name: str, value: str) -> tuple[str, tuple[str, ...]]:
    match name:
        case "_id" | "identifier":
            return "p.uuid = ?", (value.rpartition("|")[2],)
        case "status":
            return "p.status = ?", (value,)
        case "beneficiary" | "policy-holder" | "subscriber":
            return "i.uuid = ?", (value.removeprefix("Patient/"),)
        case "beneficiary.identifier" | "beneficiary:Patient.identifier":
            return _identifier(value)
    raise InvalidSearchError(400, "not-supported", f"Coverage has no search parameter {name[:40]}")


def _groups(name: str, value: str) -> tuple[str, tuple[str, ...]]:
    match name:
        case "_id":
            return "i.family = ?", (value,)
        case "member":
            return "i.family = (SELECT family FROM insurees WHERE uuid = ?)", (
                value.removeprefix("Patient/"),
            )
        case "member.identifier" | "member:Patient.identifier":
            inner, bound = _identifier(value)
            return f"i.family IN (SELECT i.family FROM insurees i WHERE {inner})", bound  # noqa: S608 our own words
    raise InvalidSearchError(400, "not-supported", f"Group has no search parameter {name[:40]}")


def _identifier(value: str) -> tuple[str, tuple[str, ...]]:
    """`system|value`, or a value of any system; a comma between two of them is not offered here."""
    system, bar, number = value.rpartition("|")
    if not bar:
        return "(i.national_id = ? OR i.chf_id = ?)", (number, number)
    columns = {NATIONAL_ID: "i.national_id", INSURANCE_NUMBER: "i.chf_id"}
    return (f"{columns[system]} = ?", (number,)) if system in columns else ("0", ())


def _count(values: Sequence[str]) -> int:
    if not values:
        return _COUNT
    if not values[0].isascii() or not values[0].isdigit():
        raise InvalidSearchError(400, "value", "_count is a whole number")
    return min(max(int(values[0]), 1), _LARGEST_COUNT)
