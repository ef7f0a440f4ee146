"""The cadastre's rows as GeoJSON features, and the parameters by which items are asked for."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any, Final

import orjson

from examples.lumeria.country import DISTRICTS
from examples.lumeria.geography import bounds, outline

_LIMIT: Final = 10
_LARGEST_LIMIT: Final = 1000
_CRS84: Final = "http://www.opengis.net/def/crs/OGC/1.3/CRS84"
_PARCEL: Final = "p.parcel_no, p.district, p.land_use, p.area_ha, p.surveyed_on, p.ring"


class InvalidItemsError(ValueError):
    """A parameter of an items request is unknown or not understood."""


@dataclass(frozen=True, slots=True)
class Collection:
    """A collection: where its rows come from, their key and day, and the properties it can be filtered by."""

    title: str
    select: str
    key: str
    day: str
    filters: Mapping[str, str]
    feature: Callable[[sqlite3.Row], dict[str, Any]]


@dataclass(frozen=True, slots=True)
class Items:
    """What is asked for: SQL conditions with values, and the page."""

    conditions: tuple[str, ...]
    values: tuple[str | float, ...]
    limit: int
    offset: int


def parse_items(name: str, parameters: Iterable[tuple[str, str]]) -> Items:
    """Read the query of an items request. Raises InvalidItemsError."""
    collection = COLLECTIONS[name]
    conditions: list[str] = []
    values: list[str | float] = []
    limit, offset = _LIMIT, 0
    for key, value in parameters:
        if key == "limit":
            limit = min(_whole(key, value, 1), _LARGEST_LIMIT)
        elif key == "offset":
            offset = _whole(key, value, 0)
        elif key == "bbox":
            west, south, east, north = _box(value)
            conditions.append("west <= ? AND east >= ? AND south <= ? AND north >= ?")
            values += [east, west, north, south]
        elif key == "datetime":
            first, last = _interval(value)
            conditions.append(f"{collection.day} BETWEEN ? AND ?")
            values += [first, last]
        elif key in collection.filters:
            conditions.append(f"{collection.filters[key]} = ?")
            values.append(value)
        elif (key, value) not in {("f", "json"), ("bbox-crs", _CRS84), ("crs", _CRS84)}:
            raise InvalidItemsError(f"The parameter {key[:40]} is not known here.")
    return Items(tuple(conditions), tuple(values), limit, offset)


class Features:
    """The cadastre's features."""

    def __init__(self, database: sqlite3.Connection) -> None:
        self._database = database
        database.execute(
            "CREATE TEMP TABLE districts (code TEXT, name TEXT, west REAL, south REAL, east REAL, north REAL)"
        )
        rows = [(district.code, district.name, *bounds(district.code)) for district in DISTRICTS]
        database.executemany("INSERT INTO districts VALUES (?, ?, ?, ?, ?, ?)", rows)

    def check(self) -> None:
        """Touch the register. Raises sqlite3.Error where it cannot be read."""
        self._database.execute("SELECT 1 FROM parcels LIMIT 1")

    @staticmethod
    def now() -> str:
        """The time of an answer."""
        return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")

    def find(self, name: str, asked: Items) -> tuple[list[dict[str, Any]], int]:
        """A page of features, and how many there are in all."""
        collection = COLLECTIONS[name]
        where = " AND ".join(asked.conditions) or "1"
        count = f"SELECT COUNT(*) FROM ({collection.select} WHERE {where})"  # noqa: S608 our own words
        (matched,) = self._database.execute(count, asked.values).fetchone()
        query = f"{collection.select} WHERE {where} ORDER BY {collection.key} LIMIT ? OFFSET ?"
        rows = self._database.execute(query, (*asked.values, asked.limit, asked.offset)).fetchall()
        return [collection.feature(row) for row in rows], int(matched)

    def read(self, name: str, key: str) -> dict[str, Any] | None:
        """One feature by its identifier."""
        asked = Items((f"{COLLECTIONS[name].key} = ?",), (key,), 1, 0)
        features, _ = self.find(name, asked)
        return features[0] if features else None


def _parcel(row: sqlite3.Row) -> dict[str, Any]:
    names = ("parcel_no", "district", "land_use", "area_ha", "surveyed_on")
    return _feature(row["parcel_no"], orjson.loads(row["ring"]), {name: row[name] for name in names})


def _right(row: sqlite3.Row) -> dict[str, Any]:
    names = (
        "right_id", "parcel_no", "party_nid", "party_name", "rrr_type", "share", "registered_on", "area_ha",
        "land_use", "district",
    )  # fmt: skip
    return _feature(row["right_id"], orjson.loads(row["ring"]), {name: row[name] for name in names})


def _district(row: sqlite3.Row) -> dict[str, Any]:
    return _feature(row["code"], outline(row["code"]), {"code": row["code"], "name": row["name"]})


def _feature(key: str, ring: Sequence[Sequence[float]], properties: Mapping[str, Any]) -> dict[str, Any]:
    geometry = {"type": "Polygon", "coordinates": [ring]}
    return {"type": "Feature", "id": key, "geometry": geometry, "properties": dict(properties)}


COLLECTIONS: Final = {
    "parcels": Collection(
        "Parcels",
        f"SELECT {_PARCEL} FROM parcels p",  # noqa: S608 our own words
        "p.parcel_no",
        "p.surveyed_on",
        {"parcel_no": "p.parcel_no", "district": "p.district", "land_use": "p.land_use"},
        _parcel,
    ),
    "rights": Collection(
        "Rights in land, with their holders",
        f"SELECT r.*, {_PARCEL} FROM rights r JOIN parcels p ON p.parcel_no = r.parcel_no",  # noqa: S608 our own words
        "r.right_id",
        "r.registered_on",
        {
            "party_nid": "r.party_nid",
            "parcel_no": "r.parcel_no",
            "rrr_type": "r.rrr_type",
            "right_id": "r.right_id",
        },
        _right,
    ),
    "districts": Collection(
        "Districts",
        "SELECT code, name FROM districts d",
        "d.code",
        "'2000-01-01'",
        {"code": "d.code"},
        _district,
    ),
}


def _whole(name: str, text: str, least: int) -> int:
    if not text.isascii() or not text.isdigit() or len(text) > 9 or int(text) < least:
        raise InvalidItemsError(f"{name} is a whole number from {least} on.")
    return int(text)


def _box(text: str) -> tuple[float, float, float, float]:
    try:
        west, south, east, north = (float(part) for part in text.split(","))
    except ValueError as error:
        raise InvalidItemsError("bbox is west,south,east,north in degrees.") from error
    return west, south, east, north


def _interval(text: str) -> tuple[str, str]:
    """A day, or `first/last` with `..` for an open end."""
    first, slash, last = text.partition("/")
    days = (first, last) if slash else (first, first)
    try:
        for day in days:
            if day not in ("", ".."):
                date.fromisoformat(day[:10])
    except ValueError as error:
        raise InvalidItemsError("datetime is a day or an interval of days.") from error
    start, end = ("" if day in ("", "..") else day[:10] for day in days)
    return start or "0001-01-01", end or "9999-12-31"
