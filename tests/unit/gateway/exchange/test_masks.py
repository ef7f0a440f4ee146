"""Masks: a masked value never contains more than allowed, whatever the value is."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from gateway.exchange.masks import MAX_CHARACTER, MaskKeys, UnknownMask, apply, mask_of

KEY = MaskKeys(b"k" * 32).key("LM/GOV/NIA", "LM/GOV/MSW/cash-transfer", "p")
RULES = (
    {"how": "redact"},
    {"how": "truncate", "keep": 2},
    {"how": "band", "edges": [0, 1000, 5000]},
    {"how": "band", "width": 1000},
    {"how": "hash"},
    {"how": "year_only"},
)
HUGE = st.sampled_from([2**63, -(2**64), 10**400])
NUMBERS = st.integers() | HUGE | st.floats(allow_nan=False, allow_infinity=False)
LEAVES = st.none() | st.booleans() | NUMBERS | st.text()
VALUES = st.recursive(
    LEAVES,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=4), inner, max_size=4),
)


def masked(rule: dict[str, Any], value: Any) -> Any:
    return apply(mask_of(rule, KEY), value)


@given(st.sampled_from(RULES), VALUES)
def test_mask__any_json_value__is_total_and_keeps_the_shape(rule, value) -> None:
    """Lists stay lists, objects keep their members, every leaf becomes null or a text; nothing raises."""

    def same_shape(before: Any, after: Any) -> bool:
        if isinstance(before, dict):
            return before.keys() == after.keys() and all(same_shape(before[n], after[n]) for n in before)
        if isinstance(before, list):
            return len(before) == len(after) and all(map(same_shape, before, after))
        return after is None or isinstance(after, str)

    assert same_shape(value, masked(rule, value))


@given(VALUES)
def test_redact__any_value__nothing_stays(value) -> None:
    """No leaf survives."""

    def leaves(node: Any) -> list[Any]:
        if isinstance(node, dict):
            return [leaf for item in node.values() for leaf in leaves(item)]
        return [leaf for item in node for leaf in leaves(item)] if isinstance(node, list) else [node]

    assert set(leaves(masked({"how": "redact"}, value))) <= {None}


@given(st.text(), st.integers(1, 20))
def test_truncate__text__a_bounded_beginning_and_nothing_else(text, keep) -> None:
    """What stays does not depend on what comes after it, and is bounded in code points too."""
    kept = masked({"how": "truncate", "keep": keep}, text)
    assert len(kept) <= keep * MAX_CHARACTER
    assert set(kept) <= set(text)
    assert text.startswith(kept[:1])
    if len(text) <= keep:
        assert kept == text


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("Ana", "A"), ("A\u0301na", "A\u0301"), ("👩\u200d👩\u200d👧x", "👩\u200d👩\u200d👧"), ("👍🏽x", "👍🏽"),
        ("🇱🇺x", "🇱🇺"), ("नी", "नी"), ("", ""), ("a" + "\u0301" * 99, "a" + "\u0301" * (MAX_CHARACTER - 1)),
    ],
)  # fmt: skip
def test_truncate__composed_characters__are_never_cut(text, kept) -> None:
    """An accent belongs to its letter, a family of emoji is one character, and no letter hides a text."""
    assert masked({"how": "truncate", "keep": 1}, text) == kept


@given(
    st.lists(st.integers(-(10**6), 10**6), min_size=1, max_size=8, unique=True), st.integers(-(10**7), 10**7)
)
def test_band__number__only_the_band_is_told(edges, number) -> None:
    """The value lies in the band, and every value of the band gives the same text."""
    rule = {"how": "band", "edges": sorted(edges)}
    text = masked(rule, number)
    low, high = text.split("..")
    assert not low or Decimal(low) <= number
    assert not high or number < Decimal(high)
    if low:
        assert masked(rule, int(low)) == text
    if high:
        assert masked(rule, int(high) - 1) == text


@given(st.decimals(-(10**9), 10**9, places=2), st.integers(1, 10**6))
def test_band__equal_width__as_text_or_number(number, width) -> None:
    """Amounts that a source sends as text are banded like numbers."""
    low, high = (Decimal(edge) for edge in masked({"how": "band", "width": width}, str(number)).split(".."))
    assert low <= number < high == low + width


@pytest.mark.parametrize("value", [True, "lots", "NaN", "Infinity", "1e999999", "9" * 40, "0x10"])
def test_band__what_is_no_number__null(value) -> None:
    """What cannot be banded does not leave."""
    assert masked({"how": "band", "edges": [10]}, value) is None
    assert masked({"how": "band", "width": 10}, value) is None


@pytest.mark.parametrize(
    ("value", "kept"),
    [
        ("1980-05-17", "1980"), ("1980-05-17T10:00:00Z", "1980"), ("1980-05", "1980"), ("1980", "1980"),
        ("17.05.1980", None), ("1980-13-01", None), ("1980-05-17 and more", None), (1980, None), ("", None),
    ],
)  # fmt: skip
def test_year_only__dates__their_year(value, kept) -> None:
    """A date that cannot be read becomes null."""
    assert masked({"how": "year_only"}, value) == kept


@given(st.text(), st.text())
def test_hash__values__equal_ones_only_under_one_key(left, right) -> None:
    """One client can follow a value for one purpose; another client, purpose or provider cannot link it."""
    keys = MaskKeys(b"k" * 32)
    here = keys.key("M", "C1", "p")
    others = [keys.key("M", "C2", "p"), keys.key("M", "C1", "q"), keys.key("N", "C1", "p")]
    digest = apply(mask_of({"how": "hash"}, here), left)
    assert (digest == apply(mask_of({"how": "hash"}, here), right)) == (left == right)
    assert all(digest != apply(mask_of({"how": "hash"}, other), left) for other in others)
    assume(len(left) > 2)
    assert left not in digest


@pytest.mark.parametrize(
    "rule",
    [
        None, [], {}, {"how": "shred"}, {"how": ["redact"]}, {"how": "redact", "keep": 1}, {"how": "truncate"},
        {"how": "truncate", "keep": 0}, {"how": "truncate", "keep": True}, {"how": "truncate", "keep": "2"},
        {"how": "band"}, {"how": "band", "edges": []}, {"how": "band", "edges": [2, 1]},
        {"how": "band", "edges": [1, 1]}, {"how": "band", "edges": ["1"]}, {"how": "band", "edges": [True]},
        {"how": "band", "width": 0}, {"how": "band", "width": -1}, {"how": "band", "width": True},
        {"how": "band", "edges": [1], "width": 1}, {"how": "hash", "salt": "x"}, {"how": "year_only", "x": 1},
    ],
)  # fmt: skip
def test_mask_of__not_a_mask__is_refused(rule) -> None:
    """Unknown masks, missing, foreign and ill-typed parameters."""
    with pytest.raises(UnknownMask):
        mask_of(rule, KEY)


@pytest.mark.parametrize("rule", RULES, ids=str)
def test_mask__number_that_python_does_not_write__is_masked_all_the_same(rule) -> None:
    """An integer of five thousand digits has a pseudonym and no band."""
    found = masked(rule, 10**5000)
    assert (found is not None) == (rule["how"] == "hash")
