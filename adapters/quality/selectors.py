"""Counts of one way to name a subject: who cannot be found by it, who is found together with others."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from decimal import Decimal
from typing import Any

from adapters.quality.keys import Digests, Keys
from adapters.quality.report import SelectorQuality
from adapters.selector import Part, Selector


class SelectorTally:
    """Counts of one selector; `columns` are compared with its parts, in their order."""

    def __init__(self, selector: Selector, columns: Sequence[str], digests: Digests) -> None:
        self._selector = selector
        self._columns = tuple(zip(selector.parts, columns, strict=True))
        self._digests = digests
        self._empty = 0
        self._malformed = 0
        self._keys = Keys()

    def add(self, record: Mapping[str, Any], group: int | None) -> int | None:
        """Count one record; the digest of its value, or None without one. Records of one `group` are
        about one subject; None where that is not known."""
        texts = [text_of(record.get(column)) for _, column in self._columns]
        if not all(texts):
            self._empty += 1
            return None
        if not all(_fits(part, text) for (part, _), text in zip(self._columns, texts, strict=True)):
            self._malformed += 1
        key = self._digests.of(*texts)
        self._keys.add(key, group or 0)
        return key

    def quality(self, *, tells_ambiguous: bool) -> SelectorQuality:
        """What was counted."""
        found = self._keys.repeated()
        ambiguous = (found.repeated, found.members) if tells_ambiguous else (None, None)
        return SelectorQuality(self._selector.type, self._empty, self._malformed, found.keys, *ambiguous)


def text_of(value: Any) -> str:
    """A column's value as it is compared; empty text of nothing."""
    if value is None:
        return ""
    if isinstance(value, date):
        return value.isoformat()
    return format(value, "f") if isinstance(value, Decimal) else str(value).strip()


def _fits(part: Part, text: str) -> bool:
    """Whether somebody can ask for it. A date is asked for in another form than it is kept in."""
    return part.to == "date" or part.pattern.fullmatch(text) is not None
