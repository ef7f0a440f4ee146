"""Summaries of batches: checked, and said in one word of ours."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from adapters.kinds.payments.profiles import Counts
from schemas.outcome import Misbehaving, Unavailable


def summed(
    counts: Counts, told: Mapping[str, Any], by: Mapping[str, str]
) -> Mapping[str, Any] | Misbehaving | Unavailable:
    """A summary with `progress`, made of its numbers: the platforms' own words mean different things.

    A batch without a payment is none that can be told from one just accepted, so nothing is said.
    """
    if _first(told, counts.batch) not in by.values():
        return Misbehaving("the platform told of another batch than the one that was asked for")
    numbers = [_first(told, names) for names in (counts.total, counts.pending, counts.settled, counts.failed)]
    if not all(isinstance(one, int) and not isinstance(one, bool) and one >= 0 for one in numbers):
        return Misbehaving("the summary does not count its payments")
    total, pending, settled, failed = numbers
    if total == 0:
        return Unavailable("the platform has no payment of this batch yet, or does not know it")
    if total != pending + settled + failed:
        return Misbehaving("the numbers of the summary do not add up")
    if not _amounts_agree(counts, told):
        return Misbehaving("the amounts of the summary do not add up")
    return {**told, "progress": progress(pending, settled, failed)}


def progress(pending: int, settled: int, failed: int) -> str:
    """How far a batch is."""
    if pending:
        return "pending"
    if not failed:
        return "settled"
    return "partly_settled" if settled else "rejected"


def _amounts_agree(counts: Counts, told: Mapping[str, Any]) -> bool:
    """Whether the parts make the whole, where all are told; amounts are exact decimals."""
    whole = _first(told, counts.amount)
    parts = [_first(told, names) for names in counts.amounts]
    if whole is None or None in parts:
        return True
    if not all(isinstance(one, (int, Decimal)) and not isinstance(one, bool) for one in (whole, *parts)):
        return False
    return sum(map(Decimal, parts), Decimal(0)) == Decimal(whole)


def _first(told: Mapping[str, Any], names: tuple[str, ...]) -> Any:
    return next((told[name] for name in names if name in told), None)
