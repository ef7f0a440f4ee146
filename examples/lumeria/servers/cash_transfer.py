"""The cash-transfer MIS: a database with the views `v_sp_benefits` and `v_sp_households`."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from starlette.applications import Starlette

from examples.lumeria.servers.refreshed import build_refreshed


def build(path: Path, _: Mapping[str, str]) -> Starlette:
    """Build the application over `cash-transfer.db`; no credential: the file's owner grants reading."""
    views = ("v_sp_benefits", "v_sp_households")
    return build_refreshed(
        "cash-transfer", "Cash-transfer MIS of Lumeria's Ministry of Social Welfare", views, path
    )
