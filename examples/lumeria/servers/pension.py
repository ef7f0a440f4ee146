"""The pension MIS: a database with the view `V_SP_PENSIONS`."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from starlette.applications import Starlette

from examples.lumeria.servers.refreshed import build_refreshed


def build(path: Path, _: Mapping[str, str]) -> Starlette:
    """Build the application over `pension.db`; no credential: the file's owner grants reading."""
    return build_refreshed(
        "pension", "Pension MIS of Lumeria's Ministry of Social Welfare", ("V_SP_PENSIONS",), path
    )
