"""The reader polls, remembers, refuses what TUF refuses, and answers every look-up from one snapshot."""

from __future__ import annotations

import asyncio
import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from gateway.trust.federation.documents import HostedSubsystem
from gateway.trust.federation.tree import digest
from schemas.errors import ConfigurationError, FederationUnavailable
from tests.unit.gateway.trust.federation_world import HOUR, World, reading


async def test_start__published_country__every_look_up_answers(world: World, url: str) -> None:
    """One poll gives gateways, keys, services, members and purposes."""
    (tax, msw) = world.admit("TAX", "MSW")
    async with reading(world, url) as reader:
        copy = reader.current()
        entry = copy.gateway(tax.gateway)
        assert entry is not None
        assert (entry.url, entry.tls_certificates, entry.member) == (
            "https://127.0.0.1:8443",
            frozenset({"tls-of-TAX"}),
            tax.id,
        )
        key = copy.signing_certificate(tax.x5t)
        assert key is not None
        assert key.member == tax.id
        assert key.valid_at(world.clock.now)
        assert not key.valid_at(world.clock.now + 91 * 24 * HOUR)
        assert copy.gateways_of(msw.subsystem)[0].id == msw.gateway
        assert copy.service(tax.service) == tax.record.services[0]
        assert copy.schema_sha256(tax.service) == "0" * 64
        assert {member.id for member in copy.members()} == {tax.id, msw.id}
        assert copy.member_active(tax.id)
        assert copy.purpose_line("sp-eligibility") == ("sp-eligibility", "sp")
        assert copy.purpose_line("unknown") == ()
        assert set(copy.log_keys()) == {tax.gateway, msw.gateway}
        assert len(copy.services()) == 4
        assert reader.state().freshness == "fresh"
        with world.registrar() as registrar:
            assert copy.version == registrar.snapshot_version


async def test_refresh__subsystem_hosted_by_another_member__is_found_there(world: World, url: str) -> None:
    """A small member may be reached at another member's gateway, and signs with its own key."""
    msw, relief = world.admit("MSW", "RELIEF")
    world.update(relief, gateways=(), subsystems=(HostedSubsystem(relief.subsystem, (msw.gateway,)),))
    async with reading(world, url) as reader:
        assert [gateway.id for gateway in reader.current().gateways_of(relief.subsystem)] == [msw.gateway]
        assert reader.current().signing_certificate(relief.x5t) is not None


async def test_refresh__nothing_changed__two_requests_and_the_same_snapshot(world: World, url: str) -> None:
    """An idle poll asks for the next root and the timestamp, whatever the size of the country."""
    world.admit("TAX")
    async with reading(world, url) as reader:
        before = reader.current()
        world.requests.clear()
        world.heartbeat()
        assert await reader.refresh()
        assert world.requests == ["/metadata/2.root.json", "/metadata/timestamp.json"]
        assert reader.current() is before


async def test_refresh__one_of_many_changed__only_its_path_is_fetched(world: World, url: str) -> None:
    """A thousand members: the first start fetches each blob once, one change one path."""
    members = world.admit(*(f"M{number}" for number in range(1000)))
    async with reading(world, url) as reader:
        assert len(reader.current().members()) == 1000
        assert 2000 <= len([path for path in world.requests if path.startswith("/b/")]) <= 2600
        world.requests.clear()
        world.update(members[500])
        assert await reader.refresh()
        assert len([path for path in world.requests if path.startswith("/b/")]) <= 3
        assert len(world.requests) <= 8


async def test_current__exchange_keeps_its_reference__sees_one_state(world: World, url: str) -> None:
    """A refresh swaps the snapshot whole; who holds the old one keeps the old one."""
    (tax,) = world.admit("TAX")
    async with reading(world, url) as reader:
        held = reader.current()
        world.update(tax, services=())
        await reader.refresh()
        assert held.service(tax.service) is not None
        assert reader.current().service(tax.service) is None
        assert reader.current().version > held.version


async def test_refresh__many_at_once__polls_take_turns(world: World, url: str) -> None:
    """Concurrent callers never work in the folder together, and each sees a whole snapshot."""
    world.admit("TAX")
    async with reading(world, url) as reader:
        results = await asyncio.gather(*(reader.refresh() for _ in range(8)))
        assert all(results)
        assert reader.current().members()


async def test_start__second_process_in_the_folder__is_refused(world: World, url: str) -> None:
    """Two readers in one folder would corrupt TUF's files: each needs its own."""
    async with reading(world, url):
        with pytest.raises(ConfigurationError):
            await world.reader(url).start(poll=False)


# TUF's own refusals


def _keep(world: World) -> Path:
    kept = world.folder / "kept"
    shutil.copytree(world.folder / "registrar/public", kept)
    return kept


async def test_refresh__older_repository_replayed__is_refused(world: World, url: str) -> None:
    """Rollback: a mirror that shows yesterday's metadata changes nothing."""
    (tax,) = world.admit("TAX")
    kept = _keep(world)
    async with reading(world, url) as reader:
        world.update(tax, services=())
        await reader.refresh()
        public = world.folder / "registrar/public"
        shutil.copy(kept / "metadata/timestamp.json", public / "metadata/timestamp.json")
        assert not await reader.refresh()
        assert reader.current().service(tax.service) is None


async def test_refresh__files_of_two_states_mixed__are_refused(world: World, url: str) -> None:
    """Mix and match: a role that the snapshot does not name by its hash is not taken."""
    (tax,) = world.admit("TAX")
    async with reading(world, url) as reader:
        world.update(tax, services=())
        metadata = world.folder / "registrar/public/metadata"
        shutil.copy(metadata / "2.directory.json", metadata / "3.directory.json")
        assert not await reader.refresh()
        assert reader.current().service(tax.service) is not None
        assert reader.state().failure is not None


async def test_start__root_of_another_country__is_refused(world: World, url: str, tmp_path: Path) -> None:
    """The pinned root decides whose federation this is."""
    (tmp_path / "other").mkdir()
    other = World(tmp_path / "other")
    async with reading(other, url) as reader:
        with pytest.raises(FederationUnavailable):
            reader.current()
        assert reader.state().freshness == "expired"


async def test_refresh__root_renewed_meanwhile__is_followed_from_the_pinned_one(
    world: World, url: str
) -> None:
    """A gateway that slept through a root renewal walks the chain."""
    world.admit("TAX")
    world.clock.turn(271 * 24 * HOUR)
    with world.registrar() as registrar:
        registrar.heartbeat()
    async with reading(world, url) as reader:
        assert reader.state().freshness == "fresh"
        assert "/metadata/3.root.json" in world.requests


async def test_refresh__first_address_down__the_mirror_answers(world: World, url: str) -> None:
    """Metadata authenticates itself, so any mirror will do."""
    world.admit("TAX")
    reader = world.reader("http://127.0.0.1:9", "gateway", url)
    await reader.start(poll=False)
    try:
        assert reader.current().members()
    finally:
        await reader.stop()


async def test_start__background_poll__brings_news_by_itself(world: World, url: str) -> None:
    """The task polls as often as the policy says."""
    (tax,) = world.admit("TAX")
    with world.registrar() as registrar:
        registrar.change_policy(replace(registrar.policy, poll_s=0))
    reader = world.reader(url)
    await reader.start()
    try:
        world.update(tax, services=())
        async with asyncio.timeout(10):
            while reader.current().service(tax.service) is not None:  # noqa: ASYNC110
                await asyncio.sleep(0.01)
    finally:
        await reader.stop()


async def test_metadata_files__for_a_member__prove_its_pin_and_record(world: World, url: str) -> None:
    """An evidence bundle carries every signed file from the root to the member's record."""
    tax, *_ = world.admit("TAX", *(f"M{number}" for number in range(40)))
    async with reading(world, url) as reader:
        files = await reader.metadata_files([tax.id])
        assert {
            "1.root.json", "root.json", "timestamp.json", "snapshot.json", "targets.json",
            "revocation.json", "directory.json", "policy.json", "revoked.json", "index.json",
        } <= files.keys()  # fmt: skip
        blobs = {name: content for name, content in files.items() if name.startswith("b/")}
        assert all(name == f"b/{digest(content)}" for name, content in blobs.items())
        with world.registrar() as registrar:
            listing = registrar.listing(tax.id)
        assert listing is not None
        assert {f"b/{listing.pin_sha256}", f"b/{listing.rec_sha256}"} < blobs.keys()
        assert len(blobs) == 4
