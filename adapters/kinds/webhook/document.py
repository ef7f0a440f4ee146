"""An event as it is read: its JSON, and the texts and moments in it. Pure; errors quote nothing."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from adapters.convert import Unfit, moment
from adapters.pointer import ABSENT, find
from schemas.strict_json import parse


class UnfitEvent(Exception):
    """An event that cannot be used; the text says why and quotes nothing."""


@dataclass(frozen=True, slots=True)
class Happening:
    """One thing that happened: what names it, when it was (epoch seconds, None where nobody says), its
    type, and the JSON in which services find their record."""

    name: bytes = field(repr=False)
    at: int | None
    type: str | None
    document: Any = field(repr=False)


def read_event(body: bytes, max_bytes: int) -> Any:
    """The JSON of an event, decimals exact. Raises ExchangeError: it is no acceptable JSON."""
    return parse(body, max_bytes=max_bytes, what="the event", decimals=True)


def text_at(document: Any, place: tuple[str, ...], what: str) -> str:
    """The text at a place. Raises UnfitEvent: there is none; `what` says what is missing."""
    found = find(document, place)
    if found is ABSENT or found is None or isinstance(found, (bool, Decimal, Mapping, list)) or found == "":
        raise UnfitEvent(f"the event does not say {what}")
    return str(found)


def moment_at(document: Any, place: tuple[str, ...]) -> int:
    """The moment at a place, in epoch seconds. Raises UnfitEvent: there is none."""
    try:
        found = moment(text_at(document, place, "when it happened"))
    except Unfit:
        found = None
    if found is None:
        raise UnfitEvent("the event does not say when it happened")
    return found
