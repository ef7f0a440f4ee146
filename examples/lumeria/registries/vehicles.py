"""Vehicle Licensing's records: one row per registered vehicle, the holder's name as at registration."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from examples.lumeria.country import REFERENCE_DATE
from examples.lumeria.inconsistencies import Shown
from examples.lumeria.population.truth import Country
from examples.lumeria.registries.database import write_database

_CATEGORIES: Final = {"car": "M1", "motorcycle": "L3", "van": "N1"}


def write(path: Path, seed: str, country: Country, records: list[Shown]) -> None:  # noqa: ARG001 one shape for all
    """Write `vehicles.db`."""
    shown = {record.truth: record for record in records}
    rows = [
        (
            vehicle.plate,
            _CATEGORIES[vehicle.category],
            shown[vehicle.owner].national_id,
            shown[vehicle.owner].full_name,
            int(shown[vehicle.owner].died_on is not None),
            vehicle.first_registered_on.isoformat(),
        )
        for vehicle in country.sectors.vehicles
    ]
    refreshed = [(f"{REFERENCE_DATE.isoformat()}T00:00:00Z",)]
    write_database(path, Path(__file__).with_suffix(".sql"), {"vehicles": rows, "refresh": refreshed})
