"""Fixtures for more than one suite."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.world import World


@pytest.fixture(scope="session")
def _country(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    from tests.world import make_world

    world = make_world(tmp_path_factory.mktemp("world"))
    yield world
    world.stop()


@pytest.fixture
def world(_country: World) -> World:
    """The small country of `tests.world`; its pass-through source behaves at the start of each test."""
    _country.upstream.reset()
    return _country
