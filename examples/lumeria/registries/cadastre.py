"""Land Administration's records: parcels with their outlines, rights with their holders.

A right stays with somebody who died until the heirs come, and the register seldom hears of a death.
"""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any, Final

import orjson

from examples.lumeria.geography import plot
from examples.lumeria.inconsistencies import Shown
from examples.lumeria.population.truth import Country
from examples.lumeria.registries.database import write_database

_TENURES: Final = {"ownership": "own", "lease": "lse", "customary": "cus", "usufruct": "usu"}


def write(path: Path, seed: str, country: Country, records: list[Shown]) -> None:  # noqa: ARG001 one shape for all
    """Write `cadastre.db`."""
    tables = {"parcels": _parcels(country), "rights": _rights(country, records)}
    write_database(path, Path(__file__).with_suffix(".sql"), tables)


def _parcels(country: Country) -> Iterator[tuple[Any, ...]]:
    for parcel in country.sectors.parcels:
        ring = plot(parcel.district, parcel.slot)
        (west, south), (east, north) = ring[0], ring[2]
        yield (
            parcel.number,
            parcel.district,
            parcel.use,
            str(Decimal(parcel.area_m2) / 10_000),
            parcel.registered_on.isoformat(),
            orjson.dumps(ring).decode(),
            west,
            south,
            east,
            north,
        )


def _rights(country: Country, records: list[Shown]) -> Iterator[tuple[Any, ...]]:
    shown = {record.truth: record for record in records}
    for parcel in country.sectors.parcels:
        for at, owner in enumerate(parcel.owners, start=1):
            party = shown[owner]
            yield (
                f"{parcel.number}/{at}",
                parcel.number,
                party.national_id,
                f"{party.family_name.upper()} {party.given_names}",
                int(party.died_on is not None),
                _TENURES[parcel.tenure],
                f"1/{len(parcel.owners)}",
                parcel.registered_on.isoformat(),
            )
