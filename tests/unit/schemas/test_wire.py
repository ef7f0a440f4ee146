"""Heads and frames: inverse, bounded, and no header that injects another."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.errors import ExchangeError, MalformedRequest, TooLarge
from schemas.wire import (
    MAX_HEAD_BYTES,
    AnswerHead,
    RequestHead,
    check_headers,
    end_to_end,
    frame,
    travels,
    unframe,
)

NAMES = st.sampled_from(["accept", "content-type", "etag", "x-custom", "x-a!b"])
VALUES = st.text(
    st.characters(min_codepoint=0x20, max_codepoint=0x7E)
    | st.characters(min_codepoint=0x80, max_codepoint=0xFF),
    max_size=20,
)
HEADERS = st.lists(st.tuples(NAMES, VALUES), max_size=8).map(tuple)


@given(st.binary(max_size=50), st.binary(max_size=50))
def test_frame__taken_apart__the_same(head, body):
    """Framing and unframing are inverse."""
    assert unframe(frame(head, body)) == (head, body)


@given(st.binary(max_size=40))
def test_unframe__any_bytes__one_reading_or_an_error(content):
    """What comes apart goes together again."""
    try:
        parts = unframe(content)
    except ExchangeError:
        return
    assert frame(*parts) == content


def test_unframe__head_too_large__refused():
    """Before anything of it is read."""
    with pytest.raises(TooLarge):
        unframe((MAX_HEAD_BYTES + 1).to_bytes(4, "big"))


@given(
    st.sampled_from(["GET", "POST"]),
    st.text(st.characters(exclude_categories=["Cs"]), max_size=20),
    HEADERS,
    st.none() | st.text("aB.-_", max_size=9),
)
def test_request_head__of_what_was_written__the_same(method, path, headers, consent):
    """Writing and reading are inverse."""
    head = RequestHead(method, path, "a=1", headers, consent)
    assert RequestHead.from_bytes(head.to_bytes()) == head


@given(st.integers(100, 599), HEADERS)
def test_answer_head__of_what_was_written__the_same(status, headers):
    """Writing and reading are inverse."""
    assert AnswerHead.from_bytes(AnswerHead(status, headers).to_bytes()) == AnswerHead(status, headers)


@pytest.mark.parametrize(
    "pair",
    [
        ["content-type", "a\r\nx: y"], ["content-type", "a\nb"], ["content-type", "a\0b"], ["content-type", "a\x7fb"],
        ["content-type", "x" * 8193], ["content-type", "Ω"], ["content-type", 1], ["content-type"], ["a", "b", "c"],
        ["Content-Type", "a"], ["content-type ", "a"], ["x-a\r\n", "a"], ["x-a:b", "a"], ["", "a"], [1, "a"], "ab",
        ["transfer-encoding", "chunked"], ["content-length", "1"], ["host", "a"], ["connection", "close"],
        ["x-road-client", "LM/GOV/MSW/c"], ["x-forwarded-for", "1"], ["x-original-url", "/admin"], ["x-real-ip", "1"],
        ["x-http-method-override", "DELETE"], ["x-method-override", "DELETE"], ["cookie", "a"], ["set-cookie", "a"],
        ["isthmus-purpose", "a"], ["upgrade", "h2c"], ["te", "trailers"], ["proxy-authorization", "a"],
    ],
    ids=repr,
)  # fmt: skip
def test_headers__that_inject_or_do_not_travel__refused(pair):
    """Hop-by-hop, address-forging and control headers cannot be signed into a head."""
    with pytest.raises(MalformedRequest):
        check_headers([pair])


def test_headers__too_many__refused():
    """At most 64."""
    check_headers([["x-a", "1"]] * 64)
    with pytest.raises(MalformedRequest):
        check_headers([["x-a", "1"]] * 65)


def test_end_to_end__what_does_not_travel__dropped():
    """Names in lower case, order kept."""
    given_headers = [
        ("Accept", "a"),
        ("Host", "h"),
        ("X-Road-Client", "c"),
        ("X-Own", "1"),
        ("Cookie", "k"),
        ("ETag", "e"),
    ]
    assert end_to_end(given_headers) == (("accept", "a"), ("x-own", "1"), ("etag", "e"))
    assert not travels("x-road-id")


@pytest.mark.parametrize(
    "data",
    [b"", b"[]", b'{"status":200}', b'{"status":99,"headers":[]}', b'{"status":600,"headers":[]}',
     b'{"status":true,"headers":[]}', b'{"status":"200","headers":[]}', b'{"status":200,"headers":{}}',
     b'{"status":200,"headers":[],"x":1}', b'{"status":200,"status":201,"headers":[]}'],
)  # fmt: skip
def test_answer_head__not_one__refused(data):
    """Exact members, an HTTP status."""
    with pytest.raises(MalformedRequest):
        AnswerHead.from_bytes(data)


@pytest.mark.parametrize(
    "members",
    ['"method":"get","path":"/","query":""', '"method":"GET ","path":"/","query":""', '"method":1,"path":"/","query":""',
     '"method":"GET","path":1,"query":""', '"method":"GET","path":"/","query":null', '"method":"GETGETGETGETGETGET","path":"/","query":""'],
)  # fmt: skip
def test_request_head__not_one__refused(members):
    """A method of capital letters, path and query texts."""
    with pytest.raises(MalformedRequest):
        RequestHead.from_bytes(b'{%b,"headers":[],"consent":null}' % members.encode())
