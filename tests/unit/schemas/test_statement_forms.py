"""The patterns of nonces and digests in a statement accept exactly what `schemas.encoding` would decode."""

from __future__ import annotations

import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.encoding import b64url, unb64url
from schemas.errors import MalformedRequest
from schemas.statement import _DIGEST_FORM, _NONCE_FORM, NONCE_BYTES

FORMS = pytest.mark.parametrize(
    ("form", "size"), [(_NONCE_FORM, NONCE_BYTES), (_DIGEST_FORM, 32)], ids=["nonce", "digest"]
)
_ALPHABET = string.ascii_letters + string.digits + "-_"
_NEAR = st.text(st.sampled_from(_ALPHABET + "=+/.\n é٣"), max_size=50) | st.text(
    st.sampled_from(_ALPHABET), min_size=20, max_size=45
)


def _decodes(text: str, size: int) -> bool:
    try:
        unb64url(text, length=size)
    except MalformedRequest:
        return False
    return True


@FORMS
def test_form__every_last_character__as_the_decoder_decides(form, size):
    """The last character may carry no stray bits; so one value has one text."""
    head = b64url(bytes(range(size)))[:-1]
    endings = [chr(code) for code in range(256)] + ["", "==", "A\n"]
    accepted = [end for end in endings if form.fullmatch(head + end)]
    assert accepted == [end for end in endings if _decodes(head + end, size)]
    assert len(accepted) == (4 if size % 3 == 1 else 16)


@FORMS
@given(data=st.data())
def test_form__what_was_encoded__fits(form, size, data):
    """Every nonce and digest that a gateway writes, another one reads."""
    value = data.draw(st.binary(min_size=size, max_size=size))
    assert form.fullmatch(b64url(value))


@FORMS
@given(text=_NEAR)
def test_form__any_text__as_the_decoder_decides(form, size, text):
    """Pattern and decoder never differ, whatever is written."""
    assert bool(form.fullmatch(text)) == _decodes(text, size)
