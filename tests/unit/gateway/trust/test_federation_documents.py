"""Documents: what is formatted is parsed back, and what no one should sign is refused."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.trust.federation.documents import (
    GatewayCertificates,
    HostedSubsystem,
    Pin,
    PinnedGateway,
    Record,
)
from gateway.trust.federation.errors import MalformedDocument
from gateway.trust.federation.national import Policy, Purpose, Revocations
from schemas.identifiers import GatewayId, MemberId, SubsystemId
from schemas.strict_json import canonical, parse_object
from tests.unit.gateway.trust.federation_world import PURPOSES, Member, World

_parts = st.text("ABCabc019'()+,-.=?", min_size=1, max_size=12).filter(lambda part: part.strip(".") != "")
_members = st.builds(MemberId, st.just("LM"), _parts, _parts)
_texts = st.text(min_size=1, max_size=20).filter(lambda text: text.isprintable())
_whole = st.integers(0, 2**40)


@pytest.fixture(scope="module")
def tax(tmp_path_factory: pytest.TempPathFactory) -> Member:
    return World(tmp_path_factory.mktemp("country")).member("TAX")


@given(
    st.builds(
        Revocations,
        _whole,
        st.frozensets(_members),
        st.frozensets(_texts),
        st.frozensets(_texts),
        st.dictionaries(_members, _whole),
        st.lists(_texts).map(tuple),
    )
)
def test_revocations__formatted__parse_to_the_same(revocations: Revocations) -> None:
    """Round trip."""
    assert Revocations.parse(revocations.format()) == revocations


@given(
    st.builds(
        Policy,
        _texts,
        st.lists(_texts).map(tuple),
        st.just(PURPOSES),
        st.lists(_texts, min_size=1, unique=True).map(tuple),
        st.just(1),
        _whole,
        _whole,
        _whole,
        st.lists(_texts).map(tuple),
        st.lists(_members).map(tuple),
    )
)
def test_policy__formatted__parses_to_the_same(policy: Policy) -> None:
    """Round trip."""
    assert Policy.parse(policy.format()) == policy


@given(st.data())
def test_pin_and_record__formatted__parse_to_the_same(data: st.DataObject) -> None:
    """Round trip, for any member's name."""
    member = data.draw(_members)
    names = data.draw(st.lists(_parts, min_size=3, max_size=3, unique=True))
    gateway = GatewayId(*member.parts, names[0])
    subsystem = SubsystemId(*member.parts, names[1])
    pinned = PinnedGateway(gateway, "https://gateway.example:5500", ())
    pin = Pin(member, data.draw(_texts), data.draw(st.integers(1, 9)), ("key",), (pinned,), "suspended")
    assert Pin.parse(pin.format()) == pin
    record = Record(
        member, 1, data.draw(_whole), data.draw(_whole), ("pem",),
        (GatewayCertificates(gateway, ("a", "b")),), (HostedSubsystem(subsystem, (gateway,)),),
    )  # fmt: skip
    assert Record.parse(record.format()) == record


def test_record__both_forms_of_service__parse_to_the_same(tax: Member) -> None:
    """A record service and a pass-through service keep every member."""
    assert Record.parse(tax.record.format()) == tax.record


def test_parse__unknown_members__are_ignored_and_another_v_is_refused(tax: Member) -> None:
    """A registrar may add members; a change that must not be overlooked raises `v`."""
    content = parse_object(tax.pin.format(), max_bytes=10_000)
    assert Pin.parse(canonical({**content, "remark": 1})) == tax.pin
    for version in (2, 0, "1", None):
        with pytest.raises(MalformedDocument):
            Pin.parse(canonical({**content, "v": version}))


@pytest.mark.parametrize(
    "change",
    [
        {"version": 0},
        {"version": True},
        {"version": -1},
        {"status": "gone"},
        {"member": "LM/GOV"},
        {"member": "LM/GOV/%54AX"},
        {"member": None},
        {"keys": "text"},
        {"keys": [""]},
        {"gateways": [{"id": "LM/GOV/TAX/gw1"}]},
        {"gateways": None},
        {"name": ""},
    ],
)
def test_parse__pin_with_a_wrong_member__is_refused(tax: Member, change: dict[str, object]) -> None:
    """Every member has one type and one form."""
    with pytest.raises(MalformedDocument):
        Pin.parse(canonical({**parse_object(tax.pin.format(), max_bytes=10_000), **change}))


@pytest.mark.parametrize(
    "url",
    [
        "http://gateway.example",
        "https://",
        "https://user@gateway.example",
        "https://gateway.example/path",
        "https://gateway.example?query",
        "https://gateway.example:0",
        "https://gateway.example:99999",
        "https://[::1",
        "file:///etc/passwd",
    ],
)
def test_check__gateway_url_that_is_not_an_origin__is_refused(tax: Member, url: str) -> None:
    """Officers pin `https://host:port`, nothing that could lead elsewhere."""
    gateway = replace(tax.pin.gateways[0], url=url)
    with pytest.raises(MalformedDocument):
        replace(tax.pin, gateways=(gateway,)).check()


def test_check__pin_for_somebody_elses_gateway_or_log__is_refused(tax: Member) -> None:
    """A pin speaks for its member's own gateways, and their own logs and witnesses."""
    own = tax.pin.gateways[0]
    for gateways in (
        (replace(own, id=GatewayId("LM", "GOV", "MSW", "gw1")),),
        (replace(own, log_vkeys=("isthmus/LM/GOV/MSW/gw1+0+A",)),),
        (replace(own, log_vkeys=("isthmus/LM/GOV/TAX/gw10+0+A",)),),
        (replace(own, witness_vkey="witness/LM/GOV/MSW/gw1+0+A"),),
        (own, own),
    ):
        with pytest.raises(MalformedDocument):
            replace(tax.pin, gateways=gateways).check()
    replace(tax.pin, gateways=(replace(own, log_vkeys=("isthmus/LM/GOV/TAX/gw1/2+0+A",)),)).check()


def test_check__record_that_claims_what_is_not_its_own__is_refused(tax: Member) -> None:
    """No foreign names, no name twice, and no subsystem that would share a gateway's certificate URI."""
    record = tax.record
    like_gateway = HostedSubsystem(SubsystemId(*tax.gateway.parts), ())
    for changes in (
        {"subsystems": (HostedSubsystem(SubsystemId("LM", "GOV", "MSW", "x"), ()),)},
        {"gateways": (GatewayCertificates(GatewayId("LM", "GOV", "MSW", "gw1"), ("x",)),)},
        {"subsystems": record.subsystems * 2},
        {"services": record.services * 2},
        {"subsystems": (*record.subsystems, like_gateway)},
        {"subsystems": ()},
        {"version": 0},
    ):
        with pytest.raises(MalformedDocument):
            replace(record, **changes).check()  # type: ignore[arg-type]


def test_policy__older_than_consent_issuers__names_none() -> None:
    """A copy from before the list existed is read, and nobody's consent counts in it."""
    document = parse_object(Policy("LM", (), PURPOSES, ("key",)).format(), max_bytes=10_000)
    del document["consent_issuers"]
    assert Policy.parse(canonical(document)).consent_issuers == ()


def test_parse__policy_that_cannot_work__is_refused() -> None:
    """Officers must reach their threshold, and purposes form a tree."""
    policy = Policy("LM", (), PURPOSES, ("key",))
    loop = (Purpose("a", "A", "b"), Purpose("b", "B", "a"))
    for changes in (
        {"officer_threshold": 2},
        {"officer_threshold": 0},
        {"officers": ("key", "key"), "officer_threshold": 2},
        {"purposes": loop},
        {"purposes": PURPOSES * 2},
    ):
        with pytest.raises(MalformedDocument):
            Policy.parse(replace(policy, **changes).format())  # type: ignore[arg-type]


@pytest.mark.parametrize("data", [b"", b"[]", b"{", b'{"v":1,"v":1}', b"\xff"])
@pytest.mark.parametrize("kind", [Pin, Record, Policy, Revocations])
def test_parse__not_a_document__is_refused(
    kind: type[Pin | Record | Policy | Revocations], data: bytes
) -> None:
    """Broken JSON, duplicate keys and other encodings never get further."""
    with pytest.raises(MalformedDocument):
        kind.parse(data)
