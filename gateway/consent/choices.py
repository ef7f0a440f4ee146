"""What somebody wants to allow, and whether an offer has room for it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Final

from audit.subject_tag import normalise
from gateway.consent.offers import Offer
from gateway.consent.record import Frequency, Method, Scope
from schemas.errors import RequestMismatch, UnknownService
from schemas.identifiers import MemberId
from schemas.record import Subject

MAX_AHEAD_S: Final = 366 * 24 * 3600
"""How far ahead a consent may begin."""
MAX_PAST_S: Final = 3600
"""How long ago the notice may have been shown: a consent begins no earlier."""


@dataclass(frozen=True, slots=True)
class Actor:
    """Who acts. A citizen acts for `person`, themselves; an officer for the `person` at the desk, and
    `officer` is the officer's pseudonym."""

    person: Subject
    officer: str | None = None

    @property
    def method(self) -> Method:
        """How the consent is given."""
        return Method.SELF if self.officer is None else Method.ASSISTED


@dataclass(frozen=True, slots=True)
class Choice:
    """What somebody wants to allow: an offer, perhaps fewer fields, a period, a language; and for whom,
    by the id of a representation, when it is not for themselves. Times in epoch seconds."""

    issuer: MemberId
    offer: str
    valid_from: int
    valid_until: int
    language: str
    fields: tuple[str, ...] | None = None
    frequency: Frequency = field(default_factory=Frequency)
    representation: str | None = None


def scope_of(choice: Choice, offered: Iterable[Offer], now: int) -> Scope:
    """The scope of a choice.

    Raises:
        UnknownService: there is no such offer now.
        RequestMismatch: the choice goes beyond it.
    """
    offer = next((one for one in offered if one.id == choice.offer), None)
    if offer is None:
        raise UnknownService("there is no such offer", reasons=("offer.unknown",))
    fields = choice.fields if choice.fields is not None else offer.fields
    if not set(fields) <= set(offer.fields):
        raise _exceeded("the offer does not cover these fields")
    if not now - MAX_PAST_S <= choice.valid_from <= now + MAX_AHEAD_S:
        raise _exceeded("a consent begins now, or within a year")
    if choice.valid_until > offer.valid_until:
        raise _exceeded("the offer ends before the consent")
    return Scope(offer.client, offer.service.provider, offer.service, offer.purpose, fields, choice.frequency)


def covers(offer: Offer, scope: Scope, until: int) -> bool:
    """Whether an offer has room for a consent that there is already, until a moment."""
    return (
        (offer.client, offer.purpose) == (scope.client, scope.purpose)
        and offer.service.provider == scope.provider
        and scope.service in {None, offer.service}
        and set(scope.fields) <= set(offer.fields)
        and until <= offer.valid_until
    )


def alike(one: Scope, other: Scope) -> bool:
    """Whether two consents are about the same thing, whatever their fields."""
    return (one.client, one.provider, one.purpose) == (other.client, other.provider, other.purpose)


def same(one: Subject, other: Subject) -> bool:
    """Whether two identifiers name the same person, as tags see it."""
    return (one.type, normalise(one.value)) == (other.type, normalise(other.value))


def _exceeded(detail: str) -> RequestMismatch:
    return RequestMismatch(detail, reasons=("offer.exceeded",))
