"""A small country, and the address that serves its federation."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.unit.gateway.trust.federation_world import World


@pytest.fixture
def world(tmp_path: Path) -> World:
    """A registrar with nobody admitted yet."""
    return World(tmp_path)


@pytest.fixture
def url(world: World) -> Iterator[str]:
    """Where the world's federation is served."""
    with world.serve() as address:
        yield address
