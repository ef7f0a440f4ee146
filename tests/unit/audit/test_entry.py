"""Entries are canonical JSON, read back strictly."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from audit.entry import Entry
from audit.errors import Malformed
from tests.unit.audit.conftest import an_entry

words = st.text(st.characters(codec="utf-8"), max_size=30)
maybe = st.none() | words
entries = st.builds(
    Entry,
    kind=st.sampled_from(["sent", "accepted", "outcome", "alarm", "admin", "lookup", "erased"]),
    id=words,
    ts=st.integers(0, 2**53 - 1),
    side=st.sampled_from([None, "asking", "answering"]),
    cid=maybe,
    client=maybe,
    service=maybe,
    purpose=maybe,
    status=st.none() | st.integers(100, 599),
    result=st.sampled_from([None, "answered", "refused", "failed", "outcome_unknown"]),
    reasons=st.lists(words, max_size=3).map(tuple),
    fed=st.none() | st.integers(0, 2**53 - 1),
    case=maybe,
    about=st.none() | st.integers(0, 2**53 - 1),
)


@given(entries)
def test_entry__round_trip(entry: Entry) -> None:
    """Decode undoes encode."""
    assert Entry.decode(entry.encode()) == entry


@given(entries)
def test_encode__is_sorted_compact_json(entry: Entry) -> None:
    """Python's own JSON writer gives the same bytes: a stranger can make the leaf again."""
    encoded = entry.encode()
    again = json.dumps(json.loads(encoded), sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    assert again.encode() == encoded


def test_encode__commitment__stands_in_the_entry() -> None:
    """The case's commitment is the only thing that joins them."""
    assert Entry.decode(an_entry("x").encode("C")).case == "C"


@pytest.mark.parametrize(
    "encoded",
    [b"", b"[]", b"{}", b"null", b'{"id":"x"}', b'{"id":"x","kind":"sent","ts":1,"v":2}', b'{"id":"x","kind":"gone","ts":1,"v":1}',
     b'{"id":"x","kind":"sent","ts":-1,"v":1}', b'{"id":"x","kind":"sent","ts":true,"v":1}', b'{"id":"x","kind":"sent","ts":1.0,"v":1}',
     b'{"id":1,"kind":"sent","ts":1,"v":1}', b'{"kind":"sent","id":"x","ts":1,"v":1}', b'{"id":"x","kind":"sent", "ts":1,"v":1}',
     b'{"id":"x","kind":"sent","subject":"y","ts":1,"v":1}', b'{"id":"x","kind":"sent","reasons":[],"ts":1,"v":1}',
     b'{"id":"x","kind":"sent","reasons":[1],"ts":1,"v":1}', b'{"id":"x","id":"y","kind":"sent","ts":1,"v":1}',
     b'{"case":null,"id":"x","kind":"sent","ts":1,"v":1}', b'"' * 70_000],
)  # fmt: skip
def test_decode__not_what_encode_writes__is_malformed(encoded: bytes) -> None:
    """One entry has one encoding; unknown members, duplicates and other types are refused."""
    with pytest.raises(Malformed):
        Entry.decode(encoded)


@pytest.mark.parametrize("members", [{"purpose": "\ud800"}, {"purpose": "p" * 65_536}, {"ts": 2**70}])
def test_encode__no_json_form_or_too_long__is_malformed(members: dict[str, object]) -> None:
    """Nothing is cut or replaced on the way into the log."""
    with pytest.raises(Malformed):
        an_entry(**members).encode()
