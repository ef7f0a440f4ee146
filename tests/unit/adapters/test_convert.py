"""Single values: exact, and never quoted in an error."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters import convert
from adapters.convert import Unfit

AMOUNTS = st.decimals(min_value=-(10**12), max_value=10**12, allow_nan=False, allow_infinity=False, places=4)


@given(AMOUNTS)
def test_to_decimal__any_amount__keeps_every_digit(amount: Decimal):
    """Decimal, text and back are the same number."""
    text = convert.to_decimal(amount)

    assert text is not None
    assert Decimal(text) == amount
    assert convert.to_decimal(text) == text


def test_to_decimal__float__is_read_as_it_was_written():
    """0.1 is a tenth."""
    assert convert.to_decimal(0.1) == "0.1"
    assert convert.to_decimal(0.00001) == "0.00001"
    assert convert.to_decimal(1e16) == "10000000000000000"


@pytest.mark.parametrize(
    "number", [float("nan"), float("inf"), -float("inf"), 1e300, 1e-300, "1e5", "NaN", "\uff11"]
)
def test_to_decimal__no_plain_number__unfit(number: object):
    """Not a number, endless, too long, with an exponent, of another script."""
    with pytest.raises(Unfit):
        convert.to_decimal(number)


@given(st.integers(min_value=-(10**14), max_value=10**14))
def test_to_integer__whole_numbers__in_every_form(number: int):
    """As number, text and decimal."""
    assert convert.to_integer(number) == number
    assert convert.to_integer(str(number)) == number
    assert convert.to_integer(Decimal(number)) == number


@given(st.datetimes(min_value=datetime(1971, 1, 1), max_value=datetime(2200, 1, 1)))  # noqa: DTZ001
def test_moment__without_offset__is_utc(at: datetime):
    """A naive moment is read as UTC."""
    assert convert.moment(at.isoformat()) == int(at.replace(tzinfo=UTC).timestamp())


@pytest.mark.parametrize(
    ("function", "value", "expected"),
    [
        (convert.to_text, "  padded  ", "padded"),
        (convert.to_text, "", None),
        (convert.to_text, 17, "17"),
        (convert.to_text, date(2020, 1, 2), "2020-01-02"),
        (convert.to_boolean, 1, True),
        (convert.to_boolean, "0", False),
        (convert.to_boolean, "TRUE", True),
        (convert.to_boolean, "", None),
        (convert.to_integer, "12", 12),
        (convert.to_integer, "", None),
        (convert.to_moment, "2026-01-01T01:00:00+01:00", "2026-01-01T01:00:00+01:00"),
        (convert.to_moment, datetime(2020, 1, 2, 3), "2020-01-02T03:00:00Z"),  # noqa: DTZ001
        (convert.to_moment, 1767225600, "2026-01-01T00:00:00Z"),
        (convert.to_moment, "", None),
        (convert.plain, "Toss      ", "Toss"),
        (convert.plain, "0017", "0017"),
        (convert.plain, "   ", None),
        (convert.moment, "2026-01-01", 1767225600),
        (convert.moment, "2026-01-01T01:00:00+01:00", 1767225600),
        (convert.moment, 1767225600, 1767225600),
    ],
)
def test_convert__known_spellings__become_their_value(function, value, expected):
    """The table of spellings."""
    assert function(value) == expected


@pytest.mark.parametrize(
    ("function", "value"),
    [
        (convert.to_decimal, "12,50"),
        (convert.to_decimal, "NaN"),
        (convert.to_decimal, "1e5"),
        (convert.to_decimal, True),
        (convert.to_integer, "12.5"),
        (convert.to_integer, True),
        (convert.to_integer, 2**60),
        (convert.to_boolean, "yes please"),
        (convert.to_boolean, 2),
        (convert.to_moment, "0000-00-00"),
        (convert.to_moment, True),
        (convert.to_text, {"a": 1}),
        (convert.to_text, True),
        (convert.moment, "yesterday"),
        (convert.moment, True),
        (convert.moment, 1_767_225_600_000),
        (convert.moment, float("inf")),
        (convert.to_moment, float("nan")),
        (convert.plain, b"bytes"),
    ],
)
def test_convert__anything_else__is_unfit_and_not_quoted(function, value):
    """A value that does not fit stops there; the error does not carry it."""
    with pytest.raises(Unfit) as caught:
        function(value)

    assert str(value) not in str(caught.value)
