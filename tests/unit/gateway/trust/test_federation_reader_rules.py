"""What a member's pin and record must hold to be believed, whoever has stolen the registrar's online keys."""

from __future__ import annotations

from dataclasses import replace

import pytest
from cryptography.hazmat.primitives.asymmetric import ec

from gateway.trust.federation.admission import sign_pin, sign_record
from gateway.trust.federation.documents import GatewayCertificates
from gateway.trust.federation.signed import format_key
from schemas.identifiers import MemberId
from tests.unit.gateway.trust.federation_world import ONLINE, World, codes, reading


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
