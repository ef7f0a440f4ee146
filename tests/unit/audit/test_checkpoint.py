"""Checkpoints and proof files: round trips, refusals, and whose log they are of."""

from __future__ import annotations

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st

from audit.checkpoint import Checkpoint, origin_of, verify_checkpoint
from audit.errors import Malformed, VerificationFailed
from audit.note import Signer
from tests.unit.audit.conftest import GATEWAY, SIGNER

ROOT = "CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I="
lines = st.text(st.characters(codec="utf-8", exclude_categories=["Cc", "Cs"]), min_size=1, max_size=30)


@given(
    st.builds(
        Checkpoint,
        lines,
        st.integers(0, 10**17),
        st.binary(min_size=32, max_size=32),
        st.lists(lines, max_size=3).map(tuple),
    )
)
def test_checkpoint__round_trip(checkpoint: Checkpoint) -> None:
    """Parse undoes format."""
    assert Checkpoint.parse(checkpoint.format()) == checkpoint


@pytest.mark.parametrize(
    "text",
    ["", "o\n1\n", f"o\n1\n{ROOT}", f"o\n01\n{ROOT}\n", f"o\n-1\n{ROOT}\n", f"o\n{'9' * 30}\n{ROOT}\n", f"o\n1\n{ROOT[:-4]}\n",
     f"\n1\n{ROOT}\n", f"o\n1\n{ROOT}\n\n", f"o\n١\n{ROOT}\n", "o\n1\nnot base64\n"],
)  # fmt: skip
def test_parse__not_a_checkpoint__is_malformed(text: str) -> None:
    """Sizes without leading zeros, one whole hash, no empty line."""
    with pytest.raises(Malformed):
        Checkpoint.parse(text)


def test_verify__of_another_log__fails() -> None:
    """A log key signs for its own origin only."""
    checkpoint = Checkpoint(origin_of("LM/GOV/TAX/gw1"), 1, bytes(32))
    with pytest.raises(VerificationFailed):
        verify_checkpoint(checkpoint.sign(SIGNER), SIGNER.verifier)


def test_verify__signed_by_a_stranger_of_the_same_name__fails() -> None:
    """A name is not a key."""
    stranger = Signer(origin_of(GATEWAY), Ed25519PrivateKey.generate())
    with pytest.raises(VerificationFailed):
        verify_checkpoint(Checkpoint(origin_of(GATEWAY), 1, bytes(32)).sign(stranger), SIGNER.verifier)
