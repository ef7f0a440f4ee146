"""Exact sums of ISO 20022 files: decimals as they are written, never floats."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final

from adapters.kinds.file.bad import BadFile

_DECIMAL: Final = re.compile(r"-?[0-9]{1,18}(\.[0-9]{1,17})?")
_COUNT: Final = re.compile(r"[0-9]{1,15}")


@dataclass(frozen=True, slots=True)
class Money:
    """An amount in a currency."""

    amount: Decimal
    currency: str


def agree(
    holder: Mapping[str, Any],
    number: int,
    amounts: Sequence[Decimal] | None,
    what: str,
    count: str = "NbOfTxs",
    total: str = "CtrlSum",
) -> None:
    """Check a number and a control sum where they are written; `amounts` None: not all are known.

    Raises:
        BadFile: they are not those of the entries.
    """
    if count_of(holder, count) not in (None, number):
        raise BadFile(f"the number in the {what} is not the one of its entries")
    said = decimal_of(holder, total)
    if said is not None and amounts is not None and said != sum(amounts, Decimal(0)):
        raise BadFile(f"the control sum in the {what} is not the one of its entries")


def decimal_of(holder: Any, name: str) -> Decimal | None:
    """A decimal; None when it is not written. Raises BadFile."""
    text = text_at(holder, name)
    if not text:
        return None
    if _DECIMAL.fullmatch(text) is None:
        raise BadFile(f"{name.strip('#')} is no decimal")
    return Decimal(text)


def count_of(holder: Any, name: str) -> int | None:
    """A number of entries; None when it is not written. Raises BadFile."""
    text = text_at(holder, name)
    if not text:
        return None
    if _COUNT.fullmatch(text) is None:
        raise BadFile(f"{name} is no number")
    return int(text)


def listed(value: Any) -> list[Mapping[str, Any]]:
    """What may stand once or several times. Raises BadFile."""
    found = value if isinstance(value, list) else [] if value in (None, "") else [value]
    if not all(isinstance(one, Mapping) for one in found):
        raise BadFile("an element holds text where others are expected")
    return found


def text_at(holder: Any, *names: str) -> str:
    """The text at the end of these names, empty when there is none."""
    found: Any = holder
    for name in names:
        found = found.get(name) if isinstance(found, Mapping) else None
    return found.strip() if isinstance(found, str) else ""
