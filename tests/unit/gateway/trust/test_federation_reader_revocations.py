"""Whatever is revoked counts no more, at once and for good; only officers take a revocation back."""

from __future__ import annotations

import pytest

from gateway.trust.federation.national import Revocations
from gateway.trust.pki import key_thumbprint
from tests.unit.gateway.trust.federation_world import World, codes, reading


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
