"""The Lumerian national identification number: nine digits and an ISO 7064 MOD 11,10 check digit."""

from __future__ import annotations

from random import Random


def check_digit(first_nine: str) -> str:
    """Compute the tenth digit; every single-digit error and nearly every transposition changes it."""
    product = 10
    for digit in first_nine:
        total = (product + int(digit)) % 10 or 10
        product = (2 * total) % 11
    return str((11 - product) % 10)


def is_national_id(text: str) -> bool:
    """Say whether a text has the form of a national ID: ten digits, the last one checking the others."""
    return len(text) == 10 and text.isascii() and text.isdigit() and check_digit(text[:9]) == text[9]


class NationalIds:
    """Issues numbers that are random, valid and never issued twice."""

    def __init__(self, rng: Random) -> None:
        self._rng = rng
        self._issued: set[str] = set()

    def issue(self) -> str:
        """Issue the next number."""
        while True:
            first_nine = str(self._rng.randrange(100_000_000, 1_000_000_000))
            number = first_nine + check_digit(first_nine)
            if number not in self._issued:
                self._issued.add(number)
                return number
