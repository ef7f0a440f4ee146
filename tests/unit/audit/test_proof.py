"""Receipts: tlog-proof@v1 text."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from audit.checkpoint import Checkpoint, origin_of
from audit.errors import AuditError, Malformed, VerificationFailed
from audit.merkle import Tree, leaf_hash, node_hash
from audit.proof import Proof
from tests.unit.audit.conftest import GATEWAY, SIGNER

LEAVES = [leaf_hash(b"zero"), leaf_hash(b"one")]
NOTE = Checkpoint(origin_of(GATEWAY), 2, Tree().append(LEAVES).root).sign(SIGNER)
PROOF = Proof(1, (LEAVES[0],), NOTE)
hashes = st.lists(st.binary(min_size=32, max_size=32), max_size=63).map(tuple)


@given(st.builds(Proof, st.integers(0, 10**17), hashes, st.just(NOTE), st.none() | st.binary(max_size=20)))
def test_proof__round_trip(proof: Proof) -> None:
    """Parse undoes format."""
    assert Proof.parse(proof.format()) == proof


def test_verify__entry_under_the_signed_head__holds() -> None:
    """Text, entry and vkey are all that is needed."""
    checkpoint = Proof.parse(PROOF.format()).verify(b"one", SIGNER.verifier)
    assert (checkpoint.size, checkpoint.root) == (2, node_hash(*LEAVES))


def test_verify__another_entry__fails() -> None:
    """The proof is of one entry."""
    with pytest.raises(VerificationFailed):
        PROOF.verify(b"two", SIGNER.verifier)


@pytest.mark.parametrize(
    ("old", "new"),
    [("@v1", "@v2"), ("index 1", "index 01"), ("index 1", "index -1"), ("index 1\n", ""), ("index 1", "index 1" + "0" * 30),
     ("\n\n", "\n"), ("index 1\n", "index 1\nAAAA\n"), ("index 1\n", "extra !\nindex 1\n"), (f"{GATEWAY}\n2\n", f"{GATEWAY}\n02\n")],
)  # fmt: skip
def test_parse__altered__is_malformed(old: str, new: str) -> None:
    """Strict line by line."""
    text = PROOF.format()
    assert old in text
    with pytest.raises(Malformed):
        Proof.parse(text.replace(old, new, 1))


def test_altered__any_byte__never_verifies() -> None:
    """Flip any one character of a receipt: it is malformed or fails, or it is an ignored signature line."""
    text = PROOF.format()
    for at in range(len(text)):
        altered = text[:at] + chr(ord(text[at]) ^ 1) + text[at + 1 :]
        with pytest.raises(AuditError):
            Proof.parse(altered).verify(b"one", SIGNER.verifier)
