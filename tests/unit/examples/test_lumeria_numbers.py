"""National IDs: valid, unique, and their check digit catches what clerks get wrong."""

from __future__ import annotations

from random import Random

from hypothesis import given
from hypothesis import strategies as st

from examples.lumeria.numbers import NationalIds, check_digit, is_national_id


@given(st.integers(100_000_000, 999_999_999), st.integers(0, 9), st.integers(1, 9))
def test_is_national_id__one_digit_is_wrong__number_is_refused(first_nine: int, at: int, by: int) -> None:
    """MOD 11,10 detects every single-digit error."""
    number = f"{first_nine}{check_digit(str(first_nine))}"
    wrong = number[:at] + str((int(number[at]) + by) % 10) + number[at + 1 :]
    assert is_national_id(number)
    assert not is_national_id(wrong)


def test_is_national_id__published_vector__agrees() -> None:
    """ISO 7064 MOD 11,10 gives 5 for 0794 (the standard's example)."""
    assert check_digit("0794") == "5"


def test_is_national_id__other_texts__are_refused() -> None:
    """Only ten ASCII digits qualify."""
    for text in ("", "123", "12345678901", "١٢٣٤٥٦٧٨٩٠", "12345 7890", "abcdefghij"):
        assert not is_national_id(text)


def test_issue__many_numbers__are_valid_and_different() -> None:
    """A number is issued once."""
    ids = NationalIds(Random(1))
    numbers = [ids.issue() for _ in range(2000)]
    assert len(set(numbers)) == 2000
    assert all(map(is_national_id, numbers))
