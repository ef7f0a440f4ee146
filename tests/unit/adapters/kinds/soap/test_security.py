"""WS-Security in answers: only what the pinned certificate signed, and only of this moment, is used."""

from __future__ import annotations

from copy import deepcopy
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from lxml import etree

from adapters.kinds.soap.envelope import Message, envelope
from adapters.kinds.soap.names import DS, ENVELOPE, WSSE, WSU
from adapters.kinds.soap.security import Seal, Security, Signing, Username
from adapters.xml import Element, parse_xml, serialise
from schemas.errors import ConfigurationError
from schemas.outcome import Misbehaving
from tests.soap import Keys, make_keys

URI = ENVELOPE["1.1"]
NOW = datetime.now(UTC)


@pytest.fixture(scope="module")
def keys(tmp_path_factory: pytest.TempPathFactory) -> Keys:
    """Keys of both sides."""
    return make_keys(tmp_path_factory.mktemp("keys"))


def signed(keys: Keys, at: datetime = NOW) -> Element:
    """An answer as the pinned server signs it."""
    seal = Seal("1.1", Security(signing=Signing(keys.server_key, keys.folder / "server.pem")))
    header = seal.header(at)
    assert header is not None
    message = envelope("1.1", [header], parse_xml(b"<answer><band>low</band></answer>", max_bytes=1024))
    seal.sign(message)
    return parse_xml(serialise(message), max_bytes=64 * 1024)


def opened(keys: Keys, root: Element, at: datetime = NOW) -> Message | Misbehaving:
    """What is left of an answer where the server's signature is demanded."""
    seal = Seal("1.1", Security(verify=keys.folder / "server.pem"))
    bodies = root.findall(f"{{{URI}}}Body")
    return seal.opened(Message("1.1", root, bodies[0]), at)


def test_opened__signed_by_the_pinned_certificate__its_body(keys: Keys) -> None:
    """The way it should be."""
    message = opened(keys, signed(keys))
    assert isinstance(message, Message)
    assert message.body.findtext("answer/band") == "low"


def test_opened__altered_body__misbehaving(keys: Keys) -> None:
    """One changed word breaks the signature."""
    root = signed(keys)
    root.find(f"{{{URI}}}Body/answer/band").text = "high"
    assert isinstance(opened(keys, root), Misbehaving)


def test_opened__signature_wrapping__the_false_body_is_never_used(keys: Keys) -> None:
    """The signed Body is moved aside under a header and a false one put in its place."""
    root = signed(keys)
    true = root.find(f"{{{URI}}}Body")
    false = deepcopy(true)
    false.find("answer/band").text = "none"
    false.attrib.clear()
    root.replace(true, false)
    etree.SubElement(root.find(f"{{{URI}}}Header"), "aside").append(true)
    message = opened(keys, root)
    if isinstance(message, Message):
        assert message.body.findtext("answer/band") == "low"


def test_opened__false_body_with_the_same_id__misbehaving(keys: Keys) -> None:
    """Two elements of one Id could be read differently by verifier and reader."""
    root = signed(keys)
    true = root.find(f"{{{URI}}}Body")
    false = deepcopy(true)
    false.find("answer/band").text = "none"
    root.replace(true, false)
    etree.SubElement(root.find(f"{{{URI}}}Header"), "aside").append(true)
    assert isinstance(opened(keys, root), Misbehaving)


def test_opened__only_the_timestamp_is_signed__misbehaving(keys: Keys) -> None:
    """A signature that does not cover the Body vouches for nothing in it."""
    root = signed(keys)
    body = root.find(f"{{{URI}}}Body")
    stray = etree.SubElement(root.find(f"{{{URI}}}Header"), "aside")
    stray.set(f"{{{WSU}}}Id", body.get(f"{{{WSU}}}Id"))
    body.attrib.clear()
    assert isinstance(opened(keys, root), Misbehaving)


def test_opened__two_signatures_or_two_signed_infos__misbehaving(keys: Keys) -> None:
    """Nothing is chosen among several."""
    root = signed(keys)
    signature = root.find(f"{{{URI}}}Header/{{{WSSE}}}Security/{{{DS}}}Signature")
    signature.getparent().append(deepcopy(signature))
    assert isinstance(opened(keys, root), Misbehaving)
    root = signed(keys)
    signature = root.find(f"{{{URI}}}Header/{{{WSSE}}}Security/{{{DS}}}Signature")
    signature.append(deepcopy(signature.find(f"{{{DS}}}SignedInfo")))
    assert isinstance(opened(keys, root), Misbehaving)


def test_opened__no_signature__misbehaving(keys: Keys) -> None:
    """Where one is demanded, its absence is an answer of somebody else."""
    root = envelope("1.1", [], parse_xml(b"<answer/>", max_bytes=1024))
    assert isinstance(opened(keys, root), Misbehaving)


@pytest.mark.parametrize("minutes", [-30, 30])
def test_opened__stale_or_future_timestamp__misbehaving(keys: Keys, minutes: int) -> None:
    """A recorded answer cannot be sent again later."""
    assert isinstance(opened(keys, signed(keys, NOW + timedelta(minutes=minutes))), Misbehaving)


def test_opened__stale_timestamp_without_signature__misbehaving(keys: Keys) -> None:
    """A timestamp counts also where no signature is demanded."""
    root = signed(keys, NOW - timedelta(minutes=30))
    seal = Seal("1.1", Security())
    assert isinstance(seal.opened(Message("1.1", root, root[-1]), NOW), Misbehaving)


def test_seal__a_key_that_is_none__names_no_value(keys: Keys, tmp_path: Path) -> None:
    """An unreadable key is the file's error, found at opening, and is not repeated."""
    with pytest.raises(ConfigurationError) as caught:
        Seal("1.1", Security(signing=Signing("SECRET-KEY", keys.folder / "server.pem")))
    assert "SECRET-KEY" not in str(caught.value.detail)
    with pytest.raises(ConfigurationError):
        Seal("1.1", Security(verify=tmp_path / "absent.pem"))


def test_security__texts__show_no_secret(keys: Keys) -> None:
    """Values that hold secrets do not print them."""
    shown = repr(Security(Username("isthmus", "SECRET-WORD"), 300, Signing("SECRET-KEY", keys.folder)))
    assert "SECRET" not in shown
