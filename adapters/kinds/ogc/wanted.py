"""What a question wants of every feature: equal properties, an outline that holds a point.

The server is asked for just that, and every feature of its answer is held against it: a server that
ignores a filter it does not know answers with everybody.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from adapters.geometry import Position, UnfitGeometry, degrees
from adapters.kinds.ogc.form import OgcAsk
from schemas.errors import RequestMismatch


@dataclass(frozen=True, slots=True)
class Wanted:
    """The values of one question, by property, and its point."""

    equal: Mapping[str, str | int]
    point: Position | None = None

    def is_met_by(self, record: Mapping[str, Any]) -> bool:
        """Whether a record carries every value that was asked for; a prefix of a name does not count."""
        return all(
            str(record.get(name.rpartition(":")[2], record.get(name))) == str(value)
            for name, value in self.equal.items()
        )


def wanted(ask: OgcAsk, values: Mapping[str, str | int]) -> Wanted:
    """What a question wants. Raises RequestMismatch: its point is not on the globe."""
    equal = {name: values[text[1:]] if text.startswith("$") else text for name, text in ask.where.items()}
    if ask.at is None:
        return Wanted(equal)
    try:
        return Wanted(equal, degrees(*(values[name] for name in ask.at)))
    except UnfitGeometry:
        raise RequestMismatch("subject.value is not longitude and latitude in degrees") from None
