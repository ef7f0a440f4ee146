"""Vehicle Licensing: a database with the view `v_sp_vehicles`."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from starlette.applications import Starlette

from examples.lumeria.servers.refreshed import build_refreshed


def build(path: Path, _: Mapping[str, str]) -> Starlette:
    """Build the application over `vehicles.db`; no credential: the file's owner grants reading."""
    return build_refreshed(
        "vehicles", "Vehicle register of Lumeria's Revenue Authority", ("v_sp_vehicles",), path
    )
