"""The consent record, after ISO/IEC TS 27560:2023: who allowed what to whom, until when, and how.

| here | in TS 27560 (names of the DPV group's guide) |
|---|---|
| `id`, `version` | `record_id`; a renewal is the next version of the same record |
| `subject`, `representative` | `pii_principal_id`; the party with the role of a guardian |
| `issuer`, `client`, `provider` | `party_identification`: who keeps the record, recipient, controller |
| `scope.purpose`, `scope.fields` | `purpose`, `pii_information` |
| `valid_from`, `valid_until` | `event.duration` |
| `notice` | `privacy_notice`, `language` |
| `method` | `collection_method` |
| `state`, `Event` | `event_state`, `event` |

All times are epoch seconds; every period includes its first second and excludes its last. Left out:
what the notice itself says (storage, rights, contact), which the notice's version names.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from gateway.consent.errors import UnfitConsent
from schemas.errors import MalformedRequest
from schemas.identifiers import MemberId, ServiceId, SubsystemId
from schemas.record import ACCESS_TOKEN, MAX_FIELDS, Subject, parse_fields
from schemas.statement import check_code

MAX_LIFETIME_S: Final = 10 * 366 * 24 * 3600
"""Longest period of one consent. Asking anew from time to time is part of asking."""
MAX_TIMES: Final = 1_000
MAX_TEXT: Final = 255
MAX_FIELDS_LENGTH: Final = 1_500
"""Characters of all fields' names together: a token has to hold them."""


class State(StrEnum):
    """How a consent stands. Only `granted` allows anything."""

    GRANTED = "granted"
    WITHDRAWN = "withdrawn"
    EXPIRED = "expired"
    SUPERSEDED = "superseded"
    """A renewal took its place: a later version of the same record."""


class Often(StrEnum):
    """How often the data may be asked for."""

    ONCE = "once"
    PER_PERIOD = "per_period"
    CONTINUOUS = "continuous"


class Method(StrEnum):
    """How the consent was given: by the person, or in the person's presence by an officer."""

    SELF = "self"
    ASSISTED = "assisted"


class Capacity(StrEnum):
    """In which capacity somebody gives consent for another."""

    GUARDIAN = "guardian"
    LEGAL = "legal"


@dataclass(frozen=True, slots=True)
class Frequency:
    """How often: `times` uses in every `period_s` seconds; both are set for `per_period` only.

    A use is one enquiry (a conversation), however many services and retries it needs.
    """

    often: Often = Often.CONTINUOUS
    times: int | None = None
    period_s: int | None = None

    def check(self) -> None:
        """Raise `UnfitConsent` unless the numbers fit the word."""
        limited = self.often is Often.PER_PERIOD
        if not limited and (self.times, self.period_s) != (None, None):
            raise UnfitConsent("only a consent per period has a number of times and a period")
        if limited and not (1 <= (self.times or 0) <= MAX_TIMES and (self.period_s or 0) >= 60):
            raise UnfitConsent(f"a consent per period allows 1 to {MAX_TIMES} uses in at least 60 seconds")


@dataclass(frozen=True, slots=True)
class Representative:
    """Who consents for the subject: a guardian or a legal representative, until `until` (None: open)."""

    subject: Subject
    capacity: Capacity
    until: int | None = None


@dataclass(frozen=True, slots=True)
class Notice:
    """The text that the person was shown: id, version, and language (BCP 47)."""

    id: str
    version: int
    language: str


@dataclass(frozen=True, slots=True)
class Scope:
    """What is allowed: which client may ask which provider (one service, or None for all of them) for
    which fields, for which purpose, how often."""

    client: SubsystemId
    provider: SubsystemId
    service: ServiceId | None
    purpose: str
    fields: tuple[str, ...]
    frequency: Frequency = Frequency()

    def check(self) -> None:
        """Raise `UnfitConsent` unless the parts fit together."""
        if self.service is not None and self.service.provider != self.provider:
            raise UnfitConsent("the service is not one of the provider's")
        if not self.fields or len(self.fields) > MAX_FIELDS:
            raise UnfitConsent(f"a consent names 1 to {MAX_FIELDS} fields")
        try:
            parse_fields(list(self.fields))
            check_code(self.purpose)
        except MalformedRequest:
            raise UnfitConsent("the fields are not distinct field names, or the purpose is no code") from None
        if sum(map(len, self.fields)) > MAX_FIELDS_LENGTH:
            raise UnfitConsent("the fields' names are too long for a token")
        self.frequency.check()


@dataclass(frozen=True, slots=True)
class Wish:
    """What somebody is about to allow: everything of a record but its id, version and state."""

    issuer: MemberId
    subject: Subject
    representative: Representative | None
    scope: Scope
    valid_from: int
    valid_until: int
    notice: Notice
    method: Method = Method.SELF
    officer: str | None = None
    """Pseudonym of the officer who assisted."""

    def check(self) -> None:
        """Raise `UnfitConsent` unless it can be granted as it stands."""
        self.scope.check()
        if self.subject.type == ACCESS_TOKEN:
            raise UnfitConsent("a consent is about a person, not about a token, which is kept nowhere")
        if not 0 < self.valid_until - self.valid_from <= MAX_LIFETIME_S:
            raise UnfitConsent("a consent ends after it begins, and within ten years")
        if (self.method is Method.ASSISTED) != (self.officer is not None):
            raise UnfitConsent("an assisted consent names the officer, another one names none")
        if self.representative is not None:
            until = self.representative.until
            if until is not None and until <= self.valid_from:
                raise UnfitConsent("the representation ends before the consent begins")
        for name, text in (("notice", self.notice.id), ("language", self.notice.language)):
            _check_text(name, text)
        if self.notice.version < 1:
            raise UnfitConsent("a notice's versions begin at 1")


@dataclass(frozen=True, slots=True)
class ConsentRecord:
    """One version of one consent, as its issuer keeps it. `state` is what was last recorded; ask
    `state_at`, which also knows the clock. `tag` is the subject's keyed pseudonym in the issuer's
    table of consents: it stays the same for as long as the issuer keeps consents."""

    id: str
    version: int
    wish: Wish
    tag: str
    state: State
    granted_at: int
    ended_at: int | None = None

    @property
    def key(self) -> str:
        """Names this version: the token's `jti`."""
        return f"{self.id}.{self.version}"

    @property
    def ends_at(self) -> int:
        """When it runs out: with its period, or with the representation."""
        return end_of(self.wish.valid_until, self.wish.representative)

    def state_at(self, now: int) -> State:
        """The state at a moment: a granted consent that ran out is expired, recorded or not."""
        if self.state is State.GRANTED and now >= self.ends_at:
            return State.EXPIRED
        return self.state


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happened to a consent: version `version` became `state`, by whom.

    `by` is a pseudonym: the subject's or the representative's tag, an officer's, or `clock`.
    """

    version: int
    at: int
    state: State
    before: State | None
    method: Method
    by: str


def end_of(valid_until: int, representative: Representative | None) -> int:
    """The earlier end of a consent and of the representation it was given in."""
    if representative is None or representative.until is None:
        return valid_until
    return min(valid_until, representative.until)


def _check_text(name: str, text: str) -> None:
    if not 0 < len(text) <= MAX_TEXT or not text.isprintable():
        raise UnfitConsent(f"the {name} is not 1 to {MAX_TEXT} printable characters")
