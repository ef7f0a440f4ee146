"""Places: plain names with dots, and JSON Pointers."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.pointer import ABSENT, find, parse


def test_parse__rfc_6901_examples__find_their_values():
    """The examples of RFC 6901, section 5."""
    document = {"foo": ["bar", "baz"], "": 0, "a/b": 1, "c%d": 2, "m~n": 8, " ": 7}

    for pointer, value in [("/foo/0", "bar"), ("/", 0), ("/a~1b", 1), ("/c%d", 2), ("/m~0n", 8), ("/ ", 7)]:
        assert find(document, parse(pointer)) == value


@given(st.lists(st.text(), min_size=1, max_size=5))
def test_parse__any_escaped_steps__give_the_steps_back(steps: list[str]):
    """Escape and parse are inverse."""
    pointer = "".join("/" + step.replace("~", "~0").replace("/", "~1") for step in steps)

    assert parse(pointer) == tuple(steps)


def test_parse__plain_name_with_dots__is_one_name():
    """OpenCRVS writes `child.nid` as one member."""
    assert find({"child.nid": "1"}, parse("child.nid")) == "1"
    assert find({"child": {"nid": "1"}}, parse("child.nid")) is ABSENT


def test_find__nothing_there__is_absent_and_null_is_not():
    """Absent and null are two things."""
    assert find({"a": None}, ("a",)) is None
    assert find({"a": 1}, ("a", "b")) is ABSENT
    assert find([1], ("1",)) is ABSENT
    assert find([1], ("-1",)) is ABSENT


def test_parse__foreign_escape__refused():
    """`~2` is no escape."""
    with pytest.raises(ValueError, match="~0"):
        parse("/a~2")
