"""Agreements that end soon: said in time, so that nobody finds out by a refusal."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from schemas.agreement import Agreement

WARN_BEFORE_S: Final = 30 * 86_400


def ends_soon(agreement: Agreement, now: int) -> bool:
    """Whether an active agreement ends within thirty days; `now` in epoch seconds."""
    return agreement.status == "active" and now < agreement.valid_until <= now + WARN_BEFORE_S


def ending_soon(agreements: Iterable[Agreement], now: int) -> list[str]:
    """The ids of those that end soon, the first to end first."""
    ending = [one for one in agreements if ends_soon(one, now)]
    return [one.id for one in sorted(ending, key=lambda one: (one.valid_until, one.id))]
