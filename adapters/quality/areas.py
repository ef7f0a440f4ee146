"""Counts by area, cut so that no cell can point to few people.

A count from 1 to 9 is not told. Since the total of a column is known, further counts are hidden, the
smallest above zero first, until what is hidden is at least 10 records together. Areas with fewer than
10 records stand together.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Final

from adapters.quality.report import AreaQuality

FEWEST: Final = 10
MOST_AREAS: Final = 1000
"""More different areas than a country has: the column holds something else."""

REST: Final = "other areas"
UNKNOWN: Final = "no area"
_LONGEST: Final = 64
_COUNTED: Final = ("records", "unnamed", "unfit", "impossible", "unknown_codes")


class Areas:
    """Counts by area, of a column or of an empty field."""

    def __init__(self) -> None:
        self._counts: dict[str, Counter[str]] = {}
        self.too_many = False

    def add(self, area: str | None, counted: Iterable[str], empty: Iterable[str]) -> None:
        """Add one record: what is counted of it, and the fields it leaves empty."""
        name = area.strip()[:_LONGEST] if area and area.strip() else UNKNOWN
        counts = self._counts.get(name)
        if counts is None:
            if len(self._counts) >= MOST_AREAS:
                self.too_many = True
                return
            counts = self._counts[name] = Counter()
        counts.update(counted)
        counts.update(f"empty {path}" for path in empty)

    def told(self, fields: Sequence[str]) -> tuple[AreaQuality, ...]:
        """What may be told, the largest area first."""
        if self.too_many:
            return ()
        large = {name: counts for name, counts in self._counts.items() if counts["records"] >= FEWEST}
        small = [counts for name, counts in self._counts.items() if counts["records"] < FEWEST]
        if small:
            large[REST] = sum(small, Counter())
        names = sorted(large, key=lambda name: (name in (REST, UNKNOWN), -large[name]["records"], name))
        counted = {what: guarded([large[name][what] for name in names]) for what in _COUNTED}
        empty = {
            path: guarded(
                [large[name][f"empty {path}"] for name in names], [large[name]["records"] for name in names]
            )
            for path in fields
        }
        return tuple(
            AreaQuality(
                name,
                **{what: counts[at] for what, counts in counted.items()},
                empty={path: counts[at] for path, counts in empty.items()},
            )
            for at, name in enumerate(names)
        )


def guarded(counts: Sequence[int], of: Sequence[int] | None = None) -> list[int | None]:
    """Counts of one column with what could point to few people left out; with `of`, also where all
    but few are counted."""
    wholes = of or [0] * len(counts)
    hidden = {
        at
        for at, (count, whole) in enumerate(zip(counts, wholes, strict=True))
        if 0 < count < FEWEST or 0 < whole - count < FEWEST
    }
    shown = sorted(set(range(len(counts))) - hidden, key=lambda at: (counts[at] > 0, -counts[at], at))
    # Whoever knows the total of the column learns the sum of what is hidden: no small one either.
    while hidden and shown and _tells(hidden, counts, of):
        hidden.add(shown.pop())
    return [None if at in hidden else count for at, count in enumerate(counts)]


def _tells(hidden: set[int], counts: Sequence[int], of: Sequence[int] | None) -> bool:
    """Whether the total of a column tells too much about what is hidden in it, or about its rest."""
    together = sum(counts[at] for at in hidden)
    rest = FEWEST if of is None else sum(of[at] for at in hidden) - together
    return together < FEWEST or rest < FEWEST


def named(area: Mapping[str, object] | object) -> str | None:
    """An area's code as text; None of what is no code."""
    return str(area) if isinstance(area, (str, int)) and not isinstance(area, bool) else None
