"""A copy that grows old: the grace, the freeze, and failing closed."""

from __future__ import annotations

import pytest

from schemas.errors import FederationUnavailable
from tests.unit.gateway.trust.federation_world import HOUR, ONLINE, World, reading


async def test_current__record_runs_out__its_member_is_silent(world: World, url: str) -> None:
    """`not_after` ends a record without anybody's doing, also offline."""
    (tax,) = world.admit("TAX")
    world.update(tax, not_after=int(world.clock.now) + HOUR)
    async with reading(world, url) as reader:
        world.offline = True
        world.clock.turn(HOUR)
        await reader.refresh()
        assert reader.current().service(tax.service) is None


async def test_start__no_network__serves_the_last_copy_within_the_grace_then_refuses(
    world: World, url: str
) -> None:
    """Absence: 72 hours from the timestamp's expiry, then fail closed."""
    (tax,) = world.admit("TAX")
    async with reading(world, url):
        pass
    world.offline = True
    world.clock.turn(72 * HOUR)
    async with reading(world, url) as reader:
        assert reader.current().service(tax.service) is not None
        state = reader.state()
        assert (state.freshness, state.serving, state.age_s) == ("stale", True, 72 * HOUR)
        assert state.failure is not None
        world.clock.turn(299)
        reader.current()
        world.clock.turn(1)
        assert reader.state().freshness == "expired"
        with pytest.raises(FederationUnavailable):
            reader.current()
    async with reading(world, url) as reader:
        with pytest.raises(FederationUnavailable):
            reader.current()
        world.offline = False
        world.heartbeat()
        assert await reader.refresh()
        assert reader.current().service(tax.service) is not None


async def test_start__no_network_and_no_copy__refuses_and_recovers(world: World, url: str) -> None:
    """A new gateway knows nobody; it says so and keeps trying."""
    world.admit("TAX")
    world.offline = True
    async with reading(world, url) as reader:
        with pytest.raises(FederationUnavailable):
            reader.current()
        assert reader.state().serving is False
        world.offline = False
        assert await reader.refresh()
        assert reader.current().members()


async def test_start__new_gateway_at_an_expired_mirror__learns_nothing(world: World, url: str) -> None:
    """From an expired copy nothing new is learned: a new peer's grace is none."""
    world.admit("TAX")
    world.clock.turn(301)
    async with reading(world, url) as reader:
        with pytest.raises(FederationUnavailable):
            reader.current()


async def test_refresh__revocations_withheld_under_fresh_timestamps__all_is_refused_for_good(
    world: World, url: str
) -> None:
    """Freeze: stolen online keys cannot hold revocations back for longer than they live, and cutting
    the line afterwards does not win the grace."""
    world.admit("TAX")
    async with reading(world, url) as reader:
        world.clock.turn(36 * HOUR)
        world.stolen(*ONLINE).heartbeat()
        assert not await reader.refresh()
        assert reader.state().freshness == "frozen"
        with pytest.raises(FederationUnavailable, match="frozen"):
            reader.current()
        world.offline = True
        world.clock.turn(HOUR)
        await reader.refresh()
        assert reader.state().freshness == "frozen"
    async with reading(world, url) as reader:
        assert reader.state().freshness == "frozen"
        world.offline = False
        world.heartbeat()
        assert await reader.refresh()
        assert reader.state().freshness == "fresh"


async def test_state__timestamp_does_not_rise__is_stale_before_it_expires(world: World, url: str) -> None:
    """A server that shows the same timestamp for two minutes is an alarm."""
    world.admit("TAX")
    async with reading(world, url) as reader:
        world.clock.turn(121)
        assert await reader.refresh()
        assert reader.state().freshness == "stale"
        assert reader.state().serving
