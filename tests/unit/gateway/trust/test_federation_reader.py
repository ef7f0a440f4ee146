"""The reader believes only what the rules allow, remembers it, and fails closed."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import ec

from gateway.trust.federation.admission import sign_pin, sign_record
from gateway.trust.federation.documents import GatewayCertificates, HostedSubsystem
from gateway.trust.federation.national import Revocations
from gateway.trust.federation.reader import FederationReader
from gateway.trust.federation.signed import format_key
from gateway.trust.federation.tree import digest
from gateway.trust.pki import key_thumbprint
from schemas.errors import ConfigurationError, FederationUnavailable
from schemas.identifiers import MemberId
from tests.unit.gateway.trust.federation_world import ONLINE, World

HOUR = 3600


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(tmp_path)


@pytest.fixture
def url(world: World) -> Iterator[str]:
    with world.serve() as address:
        yield address


@asynccontextmanager
async def reading(world: World, url: str, name: str = "gateway") -> AsyncIterator[FederationReader]:
    reader = world.reader(url, name)
    await reader.start(poll=False)
    try:
        yield reader
    finally:
        await reader.stop()


def codes(reader: FederationReader) -> dict[str, str]:
    return {alarm.about: alarm.code for alarm in reader.state().alarms}


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


# Revocation


async def test_refresh__revoked_member__nothing_of_it_is_found(world: World, url: str) -> None:
    """A revoked member has no gateway, key, service or subsystem, and still has its log keys."""
    tax, msw = world.admit("TAX", "MSW")
    async with reading(world, url) as reader:
        with world.registrar() as registrar:
            registrar.revoke(members=[tax.id])
        await reader.refresh()
        copy = reader.current()
        assert not copy.member_active(tax.id)
        assert copy.gateway(tax.gateway) is None
        assert copy.signing_certificate(tax.x5t) is None
        assert copy.service(tax.service) is None
        assert copy.gateways_of(tax.subsystem) == ()
        assert tax.gateway in copy.log_keys()
        assert copy.member_active(msw.id)


async def test_refresh__revoked_key__record_and_certificates_fall(world: World, url: str) -> None:
    """What only a revoked key signed counts no more."""
    (tax,) = world.admit("TAX")
    async with reading(world, url) as reader:
        with world.registrar() as registrar:
            registrar.revoke(key_thumbprints=[key_thumbprint(tax.signing.key.public_key())])
        await reader.refresh()
        assert reader.current().signing_certificate(tax.x5t) is None
        assert reader.current().service(tax.service) is None


async def test_refresh__revoked_certificates__only_they_fall(world: World, url: str) -> None:
    """A signing or TLS certificate is revoked by itself; a gateway without any left is gone."""
    (tax,) = world.admit("TAX")
    async with reading(world, url) as reader:
        with world.registrar() as registrar:
            registrar.revoke(certificates=[tax.x5t, "tls-of-TAX"])
        await reader.refresh()
        copy = reader.current()
        assert copy.signing_certificate(tax.x5t) is None
        assert copy.gateway(tax.gateway) is None
        assert copy.certificate_revoked("tls-of-TAX")
        assert copy.service(tax.service) is not None


async def test_refresh__barred_record_versions__the_record_falls_until_a_newer_one(
    world: World, url: str
) -> None:
    """`min_record_ver` makes a bad record void at once."""
    (tax,) = world.admit("TAX")
    async with reading(world, url) as reader:
        with world.registrar() as registrar:
            registrar.revoke(min_record_ver={tax.id: 2})
        await reader.refresh()
        assert reader.current().service(tax.service) is None
        world.update(tax)
        await reader.refresh()
        assert reader.current().service(tax.service) is not None


async def test_refresh__directory_cannot_be_fetched__revocations_apply_all_the_same(
    world: World, url: str
) -> None:
    """revoked.json comes first: a broken tree never delays it."""
    tax, msw = world.admit("TAX", "MSW")
    async with reading(world, url) as reader:
        world.update(msw)
        with world.registrar() as registrar:
            registrar.revoke(members=[tax.id])
        for path in (world.folder / "registrar/public/targets").glob("*.index.json"):
            path.unlink()
        assert not await reader.refresh()
        assert not reader.current().member_active(tax.id)
        assert reader.current().member_active(msw.id)


async def test_refresh__revocation_dropped_without_officers__stays_with_an_alarm(
    world: World, url: str
) -> None:
    """One duty officer's key adds revocations; it cannot take one back."""
    (tax,) = world.admit("TAX")
    async with reading(world, url) as reader:
        with world.registrar() as registrar:
            registrar.revoke(members=[tax.id])
        await reader.refresh()
        world.stolen("revocation", "snapshot", "timestamp").commit({"revoked.json": Revocations(2).format()})
        await reader.refresh()
        assert not reader.current().member_active(tax.id)
        assert codes(reader) == {"revoked.json": "federation.revocation_dropped"}
    async with reading(world, url) as reader:
        assert not reader.current().member_active(tax.id)


async def test_refresh__reinstated_by_officers__counts_again(world: World, url: str) -> None:
    """With the officers' signed word a revocation ends."""
    (tax,) = world.admit("TAX")
    async with reading(world, url) as reader:
        with world.registrar() as registrar:
            registrar.revoke(members=[tax.id])
        await reader.refresh()
        with world.registrar() as registrar:
            registrar.reinstate(members=[tax.id])
        await reader.refresh()
        assert reader.current().member_active(tax.id)
        assert codes(reader) == {}


@pytest.mark.parametrize("seq", [0, 1])
async def test_refresh__revocations_with_a_lower_or_reused_seq__are_refused(
    world: World, url: str, seq: int
) -> None:
    """The number must rise with every change, whoever signed."""
    tax, msw = world.admit("TAX", "MSW")
    async with reading(world, url) as reader:
        with world.registrar() as registrar:
            registrar.revoke(members=[tax.id])
        await reader.refresh()
        forged = Revocations(seq, members=frozenset({msw.id}))
        world.stolen("revocation", "snapshot", "timestamp").commit({"revoked.json": forged.format()})
        assert not await reader.refresh()
        assert reader.state().failure == "federation.rolled_back"
        assert reader.current().member_active(msw.id)
        assert not reader.current().member_active(tax.id)


# Members' rules, with stolen online keys


async def test_refresh__old_record_listed_again__is_refused_also_after_a_restart(
    world: World, url: str
) -> None:
    """Rule 1: a member's versions never fall."""
    (tax,) = world.admit("TAX")
    with world.registrar() as registrar:
        old = registrar.listing(tax.id)
    world.update(tax, services=())
    async with reading(world, url) as reader:
        world.relist(world.stolen(*ONLINE), tax.id, old)
        await reader.refresh()
        assert codes(reader) == {"GOV/TAX": "federation.rolled_back"}
        assert reader.current().service(tax.service) is None
    async with reading(world, url) as reader:
        assert reader.current().service(tax.service) is None
        await reader.refresh()
        assert codes(reader) == {"GOV/TAX": "federation.rolled_back"}


async def test_refresh__same_version_with_other_content__is_refused(world: World, url: str) -> None:
    """Rule 1: even the member's own key cannot sign two contents under one version."""
    (tax,) = world.admit("TAX")
    async with reading(world, url) as reader:
        other = sign_record(replace(tax.record, services=()), tax.signing.key)
        thief = world.stolen(*ONLINE)
        name = thief.write_blob(other)
        with world.registrar() as registrar:
            listing = registrar.listing(tax.id)
        assert listing is not None
        world.relist(thief, tax.id, replace(listing, rec_sha256=name, rec_len=len(other)))
        await reader.refresh()
        assert codes(reader) == {"GOV/TAX": "federation.rolled_back"}
        assert reader.current().service(tax.service) is not None


async def test_refresh__record_forged_with_stolen_online_keys__is_refused(world: World, url: str) -> None:
    """Rule 2: the directory's keys cannot speak for a member."""
    tax, msw = world.admit("TAX", "MSW")
    async with reading(world, url) as reader:
        forged = replace(tax.record, version=2, gateways=(GatewayCertificates(tax.gateway, ("thief",)),))
        thief = world.stolen(*ONLINE)
        name = thief.write_blob(sign_record(forged, ec.generate_private_key(ec.SECP256R1())))
        with world.registrar() as registrar:
            listing = registrar.listing(tax.id)
        assert listing is not None
        world.relist(thief, tax.id, replace(listing, rec_ver=2, rec_sha256=name))
        await reader.refresh()
        assert codes(reader) == {"GOV/TAX": "federation.forged"}
        entry = reader.current().gateway(tax.gateway)
        assert entry is not None
        assert entry.tls_certificates == {"tls-of-TAX"}
        assert reader.current().member_active(msw.id)


async def test_refresh__pin_forged_with_stolen_online_keys__is_refused(world: World, url: str) -> None:
    """Rule 2: nor can they pin other keys or another address."""
    (tax,) = world.admit("TAX")
    async with reading(world, url) as reader:
        thief, key = world.stolen(*ONLINE), ec.generate_private_key(ec.SECP256R1())
        pin = replace(tax.pin, version=2, keys=(format_key(key.public_key()),))
        name = thief.write_blob(sign_pin(pin, [key]))
        with world.registrar() as registrar:
            listing = registrar.listing(tax.id)
        assert listing is not None
        world.relist(thief, tax.id, replace(listing, pin_ver=2, pin_sha256=name))
        await reader.refresh()
        assert codes(reader) == {"GOV/TAX": "federation.forged"}
        assert reader.current().signing_certificate(tax.x5t) is not None


async def test_refresh__member_left_out_of_the_tree__keeps_its_state_with_an_alarm(
    world: World, url: str
) -> None:
    """Rule 3: online keys cannot make a member vanish."""
    tax, _ = world.admit("TAX", "MSW")
    async with reading(world, url) as reader:
        world.relist(world.stolen(*ONLINE), tax.id, None)
        await reader.refresh()
        assert codes(reader) == {"GOV/TAX": "federation.member_missing"}
        assert reader.current().gateway(tax.gateway) is not None


async def test_refresh__member_left__is_listed_as_former(world: World, url: str) -> None:
    """Leaving takes an officer's pin: then the member is silent, and no alarm."""
    (tax,) = world.admit("TAX")
    async with reading(world, url) as reader:
        world.repin(tax, status="left")
        await reader.refresh()
        assert not reader.current().member_active(tax.id)
        world.relist(world.stolen(*ONLINE), tax.id, None)
        await reader.refresh()
        assert codes(reader) == {}


async def test_refresh__pin_with_other_keys__judges_the_unchanged_record_anew(world: World, url: str) -> None:
    """Rule 4: after an emergency pin the old key's record counts no more."""
    (tax,) = world.admit("TAX")
    async with reading(world, url) as reader:
        key = ec.generate_private_key(ec.SECP256R1())
        world.repin(tax, keys=(format_key(key.public_key()),))
        await reader.refresh()
        assert codes(reader) == {"GOV/TAX": "federation.forged"}
        assert reader.current().service(tax.service) is None
        assert reader.current().signing_certificate(tax.x5t) is None
        assert reader.current().member_active(tax.id)


async def test_refresh__another_members_documents_under_its_name__are_refused(world: World, url: str) -> None:
    """Rule 5: tree, pin and record name the same member."""
    tax, msw = world.admit("TAX", "MSW")
    async with reading(world, url) as reader:
        with world.registrar() as registrar:
            own, foreign = registrar.listing(tax.id), registrar.listing(msw.id)
        assert own is not None
        assert foreign is not None
        mixed = replace(foreign, pin_ver=2, rec_ver=2)
        world.relist(world.stolen(*ONLINE), tax.id, mixed)
        await reader.refresh()
        assert codes(reader) == {"GOV/TAX": "federation.contradiction"}
        world.relist(world.stolen(*ONLINE), MemberId("LM", "GOV", "NEW"), foreign)
        await reader.refresh()
        assert codes(reader)["GOV/NEW"] == "federation.contradiction"
        assert not reader.current().member_active(MemberId("LM", "GOV", "NEW"))


async def test_refresh__record_about_another_member__is_refused(world: World, url: str) -> None:
    """Rule 5: a member cannot speak for another, even where its own key signed."""
    tax, msw = world.admit("TAX", "MSW")
    async with reading(world, url) as reader:
        thief = world.stolen(*ONLINE)
        name = thief.write_blob(sign_record(replace(msw.record, version=2), tax.signing.key))
        with world.registrar() as registrar:
            listing = registrar.listing(tax.id)
        assert listing is not None
        world.relist(thief, tax.id, replace(listing, rec_ver=2, rec_sha256=name))
        await reader.refresh()
        assert codes(reader) == {"GOV/TAX": "federation.contradiction"}
        assert reader.current().service(tax.service) is not None


@pytest.mark.parametrize("member", ["pin_ver", "rec_ver"])
async def test_refresh__listed_version_is_not_the_signed_one__is_refused(
    world: World, url: str, member: str
) -> None:
    """A tree that counts versions up on its own would lock the member out of its next ones."""
    (tax,) = world.admit("TAX")
    async with reading(world, url) as reader:
        thief = world.stolen(*ONLINE)
        pin, record = replace(tax.pin, version=2), replace(tax.record, version=2)
        with world.registrar() as registrar:
            listing = registrar.listing(tax.id)
            signed = registrar.sign_pin(pin)
        assert listing is not None
        if member == "pin_ver":
            listing = replace(listing, pin_ver=3, pin_sha256=thief.write_blob(signed))
        else:
            name = thief.write_blob(sign_record(record, tax.signing.key))
            listing = replace(listing, rec_ver=3, rec_sha256=name)
        world.relist(thief, tax.id, listing)
        await reader.refresh()
        assert codes(reader) == {"GOV/TAX": "federation.contradiction"}


async def test_refresh__blob_missing__is_fetched_again_at_the_next_poll(world: World, url: str) -> None:
    """A mirror that lacks a record for a moment costs that member's news, and only for a moment."""
    tax, msw = world.admit("TAX", "MSW")
    async with reading(world, url) as reader:
        world.update(tax, services=())
        with world.registrar() as registrar:
            listing = registrar.listing(tax.id)
        assert listing is not None
        blob = world.folder / "registrar/public/b" / listing.rec_sha256
        content = blob.read_bytes()
        blob.write_bytes(b"other content")
        assert await reader.refresh()
        assert codes(reader) == {"GOV/TAX": "federation.missing"}
        assert reader.current().service(tax.service) is not None
        blob.write_bytes(content)
        await reader.refresh()
        assert codes(reader) == {}
        assert reader.current().service(tax.service) is None
        assert reader.current().member_active(msw.id)


async def test_current__record_runs_out__its_member_is_silent(world: World, url: str) -> None:
    """`not_after` ends a record without anybody's doing, also offline."""
    (tax,) = world.admit("TAX")
    world.update(tax, not_after=int(world.clock.now) + HOUR)
    async with reading(world, url) as reader:
        world.offline = True
        world.clock.turn(HOUR)
        await reader.refresh()
        assert reader.current().service(tax.service) is None


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


# Age


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


async def test_refresh__policy_without_an_officer__members_only_they_pinned_fall(
    world: World, url: str
) -> None:
    """A pin counts as long as the policy trusts those who signed it; highest versions stay known."""
    (tax,) = world.admit("TAX")
    async with reading(world, url) as reader:
        key = ec.generate_private_key(ec.SECP256R1())
        with world.registrar() as registrar:
            before = registrar.policy
            registrar.change_policy(replace(before, officers=(format_key(key.public_key()),)))
        await reader.refresh()
        assert reader.current().gateway(tax.gateway) is None
        assert codes(reader) == {"GOV/TAX": "federation.forged"}
        with world.registrar() as registrar:
            registrar.change_policy(before)
        await reader.refresh()
        assert reader.current().gateway(tax.gateway) is not None


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
