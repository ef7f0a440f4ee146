"""The registrar takes what the right hands signed, and publishes all of it or nothing."""

from __future__ import annotations

import stat
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from tuf.api.metadata import Metadata

from gateway.trust.federation.admission import sign_record
from gateway.trust.federation.documents import GatewayCertificates, Record
from gateway.trust.federation.errors import (
    Contradiction,
    FederationError,
    MalformedDocument,
    RegistrarBusy,
    RolledBack,
    SignatureRejected,
)
from gateway.trust.federation.national import Policy
from gateway.trust.federation.publication import Publication
from gateway.trust.federation.registrar import Registrar
from gateway.trust.federation.roles import COUNTRY
from gateway.trust.pki import SandboxAuthority, key_thumbprint
from schemas.identifiers import GatewayId, MemberId
from tests.unit.gateway.trust.federation_world import PURPOSES, START, Clock, Member, World


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(tmp_path)


def _public(world: World) -> Path:
    return world.folder / "registrar/public"


def _expiry_hours(world: World, name: str) -> float:
    signed = Metadata.from_bytes((_public(world) / "metadata" / name).read_bytes()).signed
    return (signed.expires - world.clock()).total_seconds() / 3600


def test_create__roles__expire_as_the_layout_says(world: World) -> None:
    """Six roles, whatever the number of members, each with its own lifetime."""
    hours = {
        "1.root.json": 365 * 24,
        "1.targets.json": 180 * 24,
        "1.revocation.json": 36,
        "1.directory.json": 7 * 24,
        "1.snapshot.json": 7 * 24,
        "timestamp.json": 5 / 60,
    }
    assert {name: _expiry_hours(world, name) for name in hours} == pytest.approx(hours)
    assert {path.name for path in (_public(world) / "metadata").iterdir()} == set(hours)


def test_create__keys__lie_beside_what_is_published_and_only_their_owner_reads_them(world: World) -> None:
    """No private key is ever under `public/`."""
    keys = list((world.folder / "registrar/keys").iterdir())
    assert len(keys) == 7
    assert {stat.S_IMODE(path.stat().st_mode) for path in keys} == {0o600}
    assert not list(_public(world).rglob("*.pem"))


def test_create__quorums_of_a_country__need_as_many_signatures(tmp_path: Path) -> None:
    """3 of 5 for the root, 2 of 3 for targets and pins."""
    with Registrar.create(
        tmp_path, Policy("LM", (), PURPOSES, ()), quorums=COUNTRY, clock=Clock()
    ) as registrar:
        root = Metadata.from_bytes(registrar.first_root())
        assert (root.signed.roles["root"].threshold, len(root.signed.roles["root"].keyids)) == (3, 5)
        assert len(root.signatures) == 5
        assert registrar.policy.officer_threshold == 2


def test_create__twice__is_refused(world: World) -> None:
    """An instance is never overwritten."""
    with pytest.raises(FileExistsError):
        Registrar.create(world.folder / "registrar", Policy("LM", (), PURPOSES, ()), clock=world.clock)


def test_open__while_another_has_it__is_busy(world: World) -> None:
    """One writer at a time; the lock is given back at the end."""
    with world.registrar(), pytest.raises(RegistrarBusy):
        Registrar.open(world.folder / "registrar", patience_s=0.05)
    with world.registrar():
        pass


def test_admit__pin_signed_by_nobody_of_weight__is_refused(world: World) -> None:
    """Only officers admit."""
    from gateway.trust.federation.admission import sign_pin

    document = sign_pin(world.member().pin, [ec.generate_private_key(ec.SECP256R1())])
    with world.registrar() as registrar, pytest.raises(SignatureRejected):
        registrar.admit(document)


@pytest.mark.parametrize("version", [1, 3])
def test_admit__version_that_does_not_follow__is_refused(world: World, version: int) -> None:
    """Pins are numbered without gaps."""
    (tax,) = world.admit("TAX")
    with world.registrar() as registrar, pytest.raises(RolledBack):
        registrar.admit(registrar.sign_pin(replace(tax.pin, version=version)))


def test_admit__member_of_another_instance__is_refused(world: World) -> None:
    """A country admits its own."""
    pin = replace(world.member().pin, member=MemberId("XX", "GOV", "TAX"), gateways=())
    with world.registrar() as registrar, pytest.raises(Contradiction):
        registrar.admit(registrar.sign_pin(pin))


def _stranger(member: Member) -> bytes:
    return sign_record(replace(member.record, version=2), ec.generate_private_key(ec.SECP256R1()))


def _signed(**changes: object) -> Callable[[Member], bytes]:
    def make(member: Member) -> bytes:
        record = replace(member.record, **{"version": 2, **changes})  # type: ignore[arg-type]
        return sign_record(record, member.signing.key)

    return make


def _foreign_gateway(member: Member) -> bytes:
    gateway = GatewayCertificates(GatewayId("LM", "GOV", "TAX", "gw2"), ("x",))
    return _signed(gateways=(gateway,))(member)


NOW = int(START.timestamp())


@pytest.mark.parametrize(
    ("make", "error"),
    [
        (_stranger, SignatureRejected),
        (_signed(version=1), RolledBack),
        (_signed(version=3), RolledBack),
        (_signed(signed_at=NOW + 3600), Contradiction),
        (_signed(not_after=NOW), Contradiction),
        (_foreign_gateway, Contradiction),
        (lambda member: _signed()(member)[:-2], MalformedDocument),
        (lambda _: b'{"payload":"' + b"A" * 400_000 + b'","signatures":[]}', MalformedDocument),
    ],
)
def test_accept_record__not_as_it_must_be__is_refused_and_nothing_changes(
    world: World, make: Callable[[Member], bytes], error: type[FederationError]
) -> None:
    """Signature, version, time, size and fit are checked before anything is listed."""
    (tax,) = world.admit("TAX")
    with world.registrar() as registrar:
        before = registrar.listing(tax.id)
        with pytest.raises(error):
            registrar.accept_record(make(tax))
        assert registrar.listing(tax.id) == before


def test_accept_record__of_a_member_not_admitted__is_refused(world: World) -> None:
    """No record without a pin."""
    tax = world.member()
    with world.registrar() as registrar, pytest.raises(Contradiction):
        registrar.accept_record(sign_record(tax.record, tax.signing.key))


def test_accept_record__certificate_for_a_key_that_is_not_pinned__is_refused(world: World) -> None:
    """The authority alone cannot give a member a signing key: officers pin it."""
    (tax,) = world.admit("TAX")
    other = world.authority.issue_signing(f"isthmus://{tax.id}", at=START)
    document = _signed(signing_certificates=(other.certificate_pem.decode(),))(tax)
    with world.registrar() as registrar, pytest.raises(Contradiction):
        registrar.accept_record(document)


def test_accept_record__certificate_of_a_foreign_authority__is_refused(world: World) -> None:
    """A pinned key is not enough either: a trusted authority vouches for the certificate."""
    (tax,) = world.admit("TAX")
    foreign = SandboxAuthority.create(at=START).issue_signing(
        f"isthmus://{tax.id}", at=START, key=tax.signing.key
    )
    document = _signed(signing_certificates=(foreign.certificate_pem.decode(),))(tax)
    with world.registrar() as registrar, pytest.raises(Contradiction):
        registrar.accept_record(document)


def test_accept_record__by_a_revoked_key__is_refused(world: World) -> None:
    """A revoked key speaks no more."""
    (tax,) = world.admit("TAX")
    with world.registrar() as registrar:
        registrar.revoke(key_thumbprints=[key_thumbprint(tax.signing.key.public_key())])
        with pytest.raises(SignatureRejected):
            registrar.accept_record(_signed()(tax))


def test_publish__nothing_published_before__and_all_after(world: World) -> None:
    """Admission waits for `publish`; closing without it forgets."""
    tax = world.member()
    with world.registrar() as registrar:
        registrar.admit(registrar.sign_pin(tax.pin))
        version = registrar.snapshot_version
    with world.registrar() as registrar:
        assert registrar.listing(tax.id) is None
        assert registrar.snapshot_version == version
        registrar.admit(registrar.sign_pin(tax.pin))
        registrar.publish()
        assert registrar.snapshot_version == version + 1
    with world.registrar() as registrar:
        assert registrar.listing(tax.id) is not None


def test_publish__crash_before_the_timestamp__old_state_stands_and_no_version_is_reused(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The rename of timestamp.json publishes; what a crash leaves behind is never overwritten."""
    (tax,) = world.admit("TAX")
    before = (_public(world) / "metadata/timestamp.json").read_bytes()

    def crash(_: Publication) -> None:
        raise OSError("disk full")

    with world.registrar() as registrar, monkeypatch.context() as patch:
        patch.setattr(Publication, "_make_durable", crash)
        registrar.accept_record(_signed()(tax))
        with pytest.raises(OSError, match="disk full"):
            registrar.publish()
    assert (_public(world) / "metadata/timestamp.json").read_bytes() == before
    left_behind = {path: path.read_bytes() for path in _public(world).rglob("*.json")}
    with world.registrar() as registrar:
        listing = registrar.listing(tax.id)
        assert listing is not None
        assert listing.rec_ver == 1
        registrar.accept_record(_signed(services=())(tax))
        registrar.publish()
    del left_behind[_public(world) / "metadata/timestamp.json"]
    left_behind.pop(_public(world) / "metadata/timestamp.json.new", None)
    assert all(path.read_bytes() == content for path, content in left_behind.items())


def test_heartbeat__every_minute__only_the_timestamp_is_new_until_a_role_is_due(world: World) -> None:
    """Roles are renewed in time, and kept in the archive."""
    world.clock.turn(60)
    world.heartbeat()
    names = {path.name for path in (_public(world) / "metadata").iterdir()}
    assert not any(name.startswith("2.") for name in names)
    assert _expiry_hours(world, "timestamp.json") == pytest.approx(5 / 60)
    world.clock.turn(12 * 3600)
    world.heartbeat()
    names = {path.name for path in (_public(world) / "metadata").iterdir()}
    assert {"2.revocation.json", "2.snapshot.json"} <= names
    assert "2.directory.json" not in names
    assert {path.name for path in (_public(world) / "archive/timestamp").iterdir()} == {
        "1.json",
        "2.json",
        "3.json",
    }


def test_heartbeat__offline_keys_not_in_the_folder__online_roles_go_on(world: World) -> None:
    """A country keeps root and targets keys with their custodians; the heartbeat does without."""
    for role in ("root", "targets", "revocation", "officer"):
        (world.folder / f"registrar/keys/{role}-1.pem").unlink()
    world.clock.turn(300 * 24 * 3600)
    world.heartbeat()
    assert not (_public(world) / "metadata/2.root.json").exists()
    assert (_public(world) / "metadata/2.directory.json").exists()
    with world.registrar() as registrar, pytest.raises(SignatureRejected):
        registrar.revoke(members=[MemberId("LM", "GOV", "TAX")])


def test_sign_record__that_contradicts_itself__is_refused_at_the_member(world: World) -> None:
    """A mistake is found before it is signed."""
    tax = world.member()
    with pytest.raises(MalformedDocument):
        sign_record(replace(tax.record, subsystems=()), tax.signing.key)
    assert Record.parse(tax.record.format()) == tax.record
