"""The canonical target: one reading, whatever the client wrote."""

from __future__ import annotations

from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.exchange.target import canonical_path, canonical_query, check_canonical
from schemas.errors import MalformedRequest

SEGMENTS = st.text("abcXYZ0189-_~!$&'()*+,=:@äß€ ", min_size=1, max_size=12)


@given(st.lists(SEGMENTS, min_size=1, max_size=5), st.booleans())
def test_path__canonical__stays_as_it_is(segments, slash):
    """Canonicalising twice is canonicalising once, and a peer may send exactly that form."""
    raw = "/" + "/".join(quote(segment, safe="") for segment in segments) + ("/" if slash else "")
    path = canonical_path(raw)
    assert canonical_path(path) == path
    check_canonical(path, "")
    assert path.count("/") == raw.count("/")


@given(st.text(max_size=30) | st.text("/.%25eEfF\\;2c0a", max_size=20))
def test_path__any_text__nothing_that_climbs_or_breaks_a_line(raw):
    """Whatever comes out has no dot segment, no empty one, no control, no backslash, in any layer."""
    try:
        path = canonical_path(raw)
    except MalformedRequest:
        return
    from urllib.parse import unquote

    assert path.startswith("/")
    for segment in path[1:].split("/")[:-1]:
        assert segment
    for layer in (path, unquote(path), unquote(unquote(path))):
        assert not set(layer) & set("\\\r\n\0")
        assert not any(part.split(";")[0] in (".", "..") for part in layer.split("/"))
    assert unquote(path).count("/") == path.count("/")


@pytest.mark.parametrize(
    "raw",
    [
        "//a", "/a//b", "/a/./b", "/a/../b", "/%2e/a", "/%2E%2e/a", "/.%2e/a", "/a%2fb", "/a%5Cb", "/a\\b",
        "/%252e%252e/a", "/%25%32%65/a", "/a%00", "/a%0d%0ab", "/a\nb", "/a b", "/a?b", "/a#b", "/ä", "/%", "/%a",
        "/%zz", "/%ff", "/%c0%ae%c0%ae/a", "/%ed%a0%80", "/%e0%80%af", "/a%7f", "/..;/a", "/..%3bx/a", "/.;a",
        "/" + "a" * 4096, "/%5c..",
    ],
)  # fmt: skip
def test_path__readable_in_two_ways__refused(raw):
    """Traversal, double and overlong encoding, hidden slashes, controls, path parameters behind dots."""
    with pytest.raises(MalformedRequest):
        canonical_path(raw)


@pytest.mark.parametrize(
    ("raw", "canonical"),
    [("", "/"), ("/", "/"), ("/a/", "/a/"), ("/%41", "/A"), ("/a%20b", "/a%20b"), ("/100%25", "/100%25"),
     ("/%c3%a4", "/%C3%A4"), ("/a...b", "/a...b"), ("/...", "/..."), ("/a:b@c", "/a:b@c")],
)  # fmt: skip
def test_path__plain__canonical_form(raw, canonical):
    """Needless encoding goes, needed encoding stays, in upper case."""
    assert canonical_path(raw) == canonical


@pytest.mark.parametrize("raw", ["a=%0d%0a", "a=%00", "a=\n", "a b", "a=%", "a=%ff", "ä", "a#b", "a" * 5000])
def test_query__not_plainly_encoded__refused(raw):
    """A query is passed on unchanged, so it must be harmless as it stands."""
    with pytest.raises(MalformedRequest):
        canonical_query(raw)


def test_query__plain__unchanged():
    """Order, repetition and encoding are the source's business."""
    assert canonical_query("b=2&a=1&a=%20?/") == "b=2&a=1&a=%20?/"


@pytest.mark.parametrize(
    ("path", "query"), [("/%41", ""), ("", ""), ("/a", "x y"), ("/a\r\nX: 1", ""), ("a", "")]
)
def test_check__peers_target_not_canonical__refused(path, query):
    """A peer's head is believed no more than a client's line."""
    with pytest.raises(MalformedRequest):
        check_canonical(path, query)
