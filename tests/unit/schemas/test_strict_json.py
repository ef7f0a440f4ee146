"""JSON from strangers: one value or an error, within bounds, and no error quotes what a stranger wrote."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.errors import ExchangeError, MalformedRequest, TooLarge
from schemas.strict_json import MAX_DEPTH, MAX_INTEGER, canonical, dump, parse, parse_object

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-MAX_INTEGER, MAX_INTEGER) | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(exclude_categories=["Cs"])),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(st.characters(exclude_categories=["Cs"])), inner, max_size=4),
    max_leaves=12,
)  # fmt: skip


@given(VALUES)
def test_parse__of_what_dump_wrote__the_same_value(value):
    """Dumping and parsing are inverse; the canonical form is one for equal values."""
    assert parse(dump(value), max_bytes=1 << 20) == value
    assert canonical(parse(canonical(value), max_bytes=1 << 20)) == canonical(value)


@given(st.binary(max_size=60) | st.text('{}[]":,0123456789eE+-.tfn\\u', max_size=30).map(str.encode))
def test_parse__any_bytes__what_json_reads_too_or_an_error(data):
    """Nothing is read that Python's own parser reads differently."""
    try:
        value = parse(data, max_bytes=60)
    except ExchangeError:
        return
    assert value == json.loads(data)


@pytest.mark.parametrize(
    "data",
    [
        b"", b" ", b"{", b'{"a":1,}', b'{"a":1,"a":2}', b'{"a":{"b":1,"b":1}}', b'{"a":1,"\\u0061":2}', b"NaN",
        b"Infinity", b"-Infinity", b"1e400", b"[1e999]", b"9007199254740993", b"-9007199254740993",
        b"1" * 5000, b"'a'", b"\xff", b'"\xff"', b"\xef\xbb\xbf{}", b'"\\ud800"', b"{}{}", b"01", b"//a\n1", b"\x00",
        b"[" * (MAX_DEPTH + 1) + b"]" * (MAX_DEPTH + 1), b'{"a":' * 40 + b"1" + b"}" * 40, b"[" * 100_000,
    ],
)  # fmt: skip
def test_parse__not_acceptable__refused(data):
    """Duplicate keys, infinities, integers other parsers change, depth, foreign encodings."""
    with pytest.raises(MalformedRequest):
        parse(data, max_bytes=1 << 20)


def test_parse__at_the_bounds__accepted():
    """The bounds themselves are inside."""
    assert parse(b"9007199254740992", max_bytes=16) == MAX_INTEGER
    parse(b"[" * MAX_DEPTH + b"]" * MAX_DEPTH, max_bytes=64)
    with pytest.raises(TooLarge):
        parse(b"[1]", max_bytes=2)


@pytest.mark.parametrize("data", [b'{"canary":1,"canary":2}', b'{"a":canary}', b'"canary'])
def test_parse__refused__the_error_quotes_nothing(data):
    """A key may be a name."""
    with pytest.raises(MalformedRequest) as caught:
        parse(data, max_bytes=100)
    assert "canary" not in caught.value.detail


@pytest.mark.parametrize("data", [b"[]", b"1", b'"a"', b"null"])
def test_parse_object__another_value__refused(data):
    """Where an object is wanted, nothing else will do."""
    with pytest.raises(MalformedRequest):
        parse_object(data, max_bytes=100)
