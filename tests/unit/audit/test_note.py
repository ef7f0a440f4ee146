"""Signed notes against the vector of C2SP signed-note, round trips and refusals."""

from __future__ import annotations

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st

from audit.errors import Malformed, VerificationFailed
from audit.note import Note, Signature, Signer, Verifier, decode64, encode64, verify_note

VKEY = "example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k"
ALICE, MALLORY = (
    Signer(name, Ed25519PrivateKey.from_private_bytes(bytes([n]) * 32))
    for n, name in ((1, "alice"), (2, "mallory"))
)
TEXT = "This is an example message.\n"


def test_vkey__of_the_specification__round_trips() -> None:
    """The key id is that of name and key."""
    verifier = Verifier.parse(VKEY)
    assert verifier.name == "example.com/foo"
    assert verifier.key_id.hex() == "530d903a"
    assert verifier.format() == VKEY


@pytest.mark.parametrize(
    "vkey",
    ["", "a+b", VKEY.replace("530d903a", "530d903b"), VKEY.replace("foo", "bar"), VKEY + "A", VKEY[:-4],
     VKEY.replace("+Aeky", "+"), "example.com/foo+530d903a+AukyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k",
     VKEY.replace("example.com", "example com")],
)  # fmt: skip
def test_vkey__altered__is_malformed(vkey: str) -> None:
    """Name, id, type and key belong together."""
    with pytest.raises(Malformed):
        Verifier.parse(vkey)


names = st.text(
    st.characters(codec="utf-8", exclude_categories=["Cc", "Cs", "Zs", "Zl", "Zp"], exclude_characters="+"),
    min_size=1,
    max_size=20,
).filter(lambda name: not any(c.isspace() for c in name))
texts = st.text(
    st.characters(codec="utf-8", exclude_categories=["Cc", "Cs"], include_characters="\n"), max_size=80
).map(lambda t: t + "\n")
signatures = st.builds(
    Signature, names, st.binary(min_size=4, max_size=4), st.binary(min_size=1, max_size=90)
)


@given(texts, st.lists(signatures, min_size=1, max_size=20))
def test_note__round_trip(text: str, lines: list[Signature]) -> None:
    """Parse undoes format, whatever the text holds, empty lines included."""
    note = Note(text, tuple(lines))
    assert Note.parse(note.format()) == note


@given(texts, names)
def test_sign__any_text__verifies(text: str, name: str) -> None:
    """What a key signs, its vkey verifies."""
    signer = Signer(name, Ed25519PrivateKey.from_private_bytes(bytes(32)))
    assert verify_note(signer.sign(text), [Verifier.parse(signer.verifier.format())]).text == text


def test_sign__twice__same_note() -> None:
    """Deterministic: any worker may sign the same head again."""
    assert ALICE.sign(TEXT) == ALICE.sign(TEXT)


def test_verify__unknown_keys__are_ignored_but_one_known_is_needed() -> None:
    """Witness lines may stand beside the log's own."""
    note = ALICE.sign(TEXT) + Note.parse(MALLORY.sign(TEXT)).signatures[0].format()
    assert verify_note(note, [ALICE.verifier]).text == TEXT
    with pytest.raises(VerificationFailed):
        verify_note(MALLORY.sign(TEXT), [ALICE.verifier])
    with pytest.raises(VerificationFailed):
        verify_note(note, [])


def test_verify__known_key_with_a_bad_signature__rejects_the_whole_note() -> None:
    """Even when another known key has signed."""
    bad = Note.parse(MALLORY.sign("Another message.\n")).signatures[0]
    with pytest.raises(VerificationFailed):
        verify_note(ALICE.sign(TEXT) + bad.format(), [ALICE.verifier, MALLORY.verifier])


def test_verify__text_altered__fails() -> None:
    """The signature is over the text."""
    with pytest.raises(VerificationFailed):
        verify_note(ALICE.sign(TEXT).replace("example", "Example"), [ALICE.verifier])


@pytest.mark.parametrize(
    "note",
    ["", "text\n", "text\n\n", "text\n\n— a\n", "text\n\n— a AAAA\n", "text\n\n- a AAAAAAA=\n", "text\n\n— a+b AAAAAAA=\n",
     "text\n\n— a AAAAAAA=", "te\0xt\n\n— a AAAAAAA=\n", "te\rxt\n\n— a AAAAAAA=\n", "text\n\n— a AAAAAAB=\n",
     "text\n\n— a AAAA AAA=\n", "x" * 70_000 + "\n\n— a AAAAAAA=\n", "text\n\n" + "— a AAAAAAA=\n" * 65],
)  # fmt: skip
def test_parse__not_a_note__is_malformed(note: str) -> None:
    """Bounded, and strict about every line."""
    with pytest.raises(Malformed):
        Note.parse(note)


@given(st.binary(max_size=40))
def test_base64__round_trip(raw: bytes) -> None:
    """Padded, standard alphabet."""
    assert decode64(encode64(raw)) == raw
