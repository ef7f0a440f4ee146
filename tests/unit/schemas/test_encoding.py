"""base64url: one text for one value."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.encoding import b64url, unb64url
from schemas.errors import MalformedRequest


@given(st.binary(max_size=80))
def test_decode__of_what_encode_wrote__the_same_bytes(data):
    """Encoding and decoding are inverse."""
    assert unb64url(b64url(data)) == data
    assert unb64url(b64url(data), length=len(data)) == data


@given(st.text(max_size=12) | st.text("AQgw-_=+/", max_size=8))
def test_decode__any_text__only_the_one_form_is_taken(text):
    """If it decodes, it is exactly what encoding would have written."""
    try:
        data = unb64url(text)
    except MalformedRequest:
        return
    assert b64url(data) == text


@pytest.mark.parametrize(
    "text", ["AA==", "AA=", "A", "A A", "AA\n", "AA+/", "AB", "AAB", "A?", "ÄÄ", "AAAA~", " AAAA", "AAAAA"]
)
def test_decode__padding_junk_or_stray_bits__refused(text):
    """Python's own decoder takes most of these."""
    with pytest.raises(MalformedRequest):
        unb64url(text)


@pytest.mark.parametrize("size", [63, 65, 0])
def test_decode__another_length__refused(size):
    """A signature has 64 bytes, neither 63 nor 65."""
    with pytest.raises(MalformedRequest):
        unb64url(b64url(b"x" * size), length=64)
