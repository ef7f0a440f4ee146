"""The relief organisation's response MIS: a database with the view `v_sp_assistance`."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from starlette.applications import Starlette

from examples.lumeria.servers.refreshed import build_refreshed


def build(path: Path, _: Mapping[str, str]) -> Starlette:
    """Build the application over `response.db`; no credential: the file's owner grants reading."""
    return build_refreshed("response", "Response MIS of Lumeria Relief", ("v_sp_assistance",), path)
