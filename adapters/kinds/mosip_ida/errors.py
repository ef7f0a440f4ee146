"""IDA's error codes, which arrive in an HTTP 200, and what they mean here.

Made from `IdAuthenticationErrorConstants` of mosip/id-authentication (release 1.2). Texts of errors
are never read. An unknown code is Misbehaving. Where several stand together, the first meaning of
`_ORDER` that occurs is the answer's.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Final, Literal

Meaning = Literal["denied", "unavailable", "not_found", "inactive", "not_held", "mismatch"]

_ORDER: Final[tuple[Meaning, ...]] = (
    "denied",
    "unavailable",
    "not_found",
    "inactive",
    "not_held",
    "mismatch",
)

_CODES: Final[Mapping[Meaning, str]] = {
    # The number was never issued: wrong check digit, wrong length, or in no database.
    "not_found": "MLC-002 MLC-004 MLC-018 MLC-026 MLC-027 MLC-028 MLC-029",
    # The number is known, and may not be relied on.
    "inactive": "MLC-003 MLC-005 MLC-010 MLC-022 MLC-023",
    # IDA compared, and says no.
    "mismatch": "DEA-001 OTA-004",
    # IDA has nothing to compare with: neither yes nor no.
    "not_held": "DEA-003",
    # Credentials, policy, consent, clock, a password that is over, a factor that is locked.
    "denied": "MLC-001 MLC-012 MLC-015 MLC-019 MLC-025 OTA-003 OTA-005 OTA-007 OTA-010 OTA-011 MPA-001 "
    "MPA-002 MPA-003 MPA-004 MPA-005 MPA-006 MPA-007 MPA-008 MPA-009 MPA-010 MPA-012 MPA-013 MPA-014 "
    "MPA-015 MPA-016 MPA-017 MPA-018 MPA-019 MPA-020 MPA-021 MPA-022 MPA-023",
    "unavailable": "MLC-007 MLC-020 MLC-021 RST-005 RST-007 RST-008 EKA-001",
}

MEANINGS: Final[Mapping[str, Meaning]] = {
    f"IDA-{code}": meaning for meaning, codes in _CODES.items() for code in codes.split()
}
"""The meaning of each code that is known; all others say that our question is not as IDA wants it."""


def meaning_of(errors: Iterable[Any]) -> Meaning | None:
    """What the errors of an answer say together; None when one of them is not known."""
    codes = [error.get("errorCode") if isinstance(error, Mapping) else None for error in errors]
    found = {MEANINGS.get(code) if isinstance(code, str) else None for code in codes}
    if None in found:
        return None
    return next((meaning for meaning in _ORDER if meaning in found), None)
