"""Cases: sealed, committed to, opened, and gone when their key is."""

from __future__ import annotations

import os
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from audit.case import Case, CaseSealer
from audit.errors import Malformed, VerificationFailed

words = st.text(st.characters(codec="utf-8"), min_size=1, max_size=30)
cases = st.builds(
    Case,
    subjects=st.lists(words, max_size=3).map(tuple),
    user=st.none() | words,
    method=st.none() | words,
    path=st.none() | words,
    request=st.none() | words,
    answer=st.none() | words,
    request_head=st.none() | words,
    answer_head=st.none() | words,
    acts=st.dictionaries(words, words, max_size=3),
    decided=st.dictionaries(words, st.recursive(words | st.booleans() | st.none(), st.lists), max_size=3),
)
SEALER = CaseSealer(bytes(32))


@given(cases)
def test_case__round_trip(case: Case) -> None:
    """Decode undoes encode."""
    assert Case.decode(case.encode()) == case


@given(cases)
def test_seal__then_open__gives_the_exact_bytes(case: Case) -> None:
    """What was committed to is what comes back."""
    assert SEALER.open(SEALER.seal(case)) == case.encode()


def test_seal__twice__nothing_in_common() -> None:
    """Equal cases cannot be told from their commitments, ciphertexts, keys or salts."""
    one, two = SEALER.seal(Case(user="u")), SEALER.seal(Case(user="u"))
    for name in ("commitment", "ciphertext", "wrapped_key", "salt"):
        assert getattr(one, name) != getattr(two, name)


def test_seal__hides_the_case() -> None:
    """Nothing of the case is readable in what is stored."""
    sealed = SEALER.seal(Case(subjects=("2841-MARA",), path="/persons/2841-MARA"))
    assert b"MARA" not in sealed.ciphertext + sealed.wrapped_key + sealed.salt + sealed.commitment.encode()


@pytest.mark.parametrize("part", ["ciphertext", "wrapped_key", "salt", "commitment"])
def test_open__any_part_altered__fails(part: str) -> None:
    """Ciphertext and key are authenticated, salt and commitment compared."""
    sealed = SEALER.seal(Case(user="u"))
    value = getattr(sealed, part)
    altered = value[:-1] + "." if isinstance(value, str) else value[:-1] + bytes([value[-1] ^ 1])
    with pytest.raises(VerificationFailed):
        SEALER.open(replace(sealed, **{part: altered}))


def test_open__under_another_kek__fails() -> None:
    """Without the gateway's KEK the case stays closed."""
    with pytest.raises(VerificationFailed):
        CaseSealer(os.urandom(32)).open(SEALER.seal(Case(user="u")))


def test_sealer__short_kek__is_malformed() -> None:
    """A KEK has 256 bits."""
    with pytest.raises(Malformed):
        CaseSealer(bytes(16))


@pytest.mark.parametrize("encoded", [b"", b"[]", b"1", b'{"body":"x"}', b'{"user":"u" }', b'{"user":null}'])
def test_decode__not_a_case__is_malformed(encoded: bytes) -> None:
    """A case has no body and one encoding."""
    with pytest.raises(Malformed):
        Case.decode(encoded)
