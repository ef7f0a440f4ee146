"""How a consent stands, as its issuer says it, and the reserved service by which others ask.

    question  {"want": "status", "consent": "ID.VERSION"}
    answer    {"consent": "ID.VERSION", "state": "granted", "service": null, "frequency": {"often", "times",
               "period_s"}, "valid_from": …, "valid_until": …}
    question  {"want": "key"}
    answer    {"key": "32 bytes, base64url"}      of this issuer and the asking provider

A member learns only about consents that name it as the provider; any other, and one that never was, is
`unknown`. The database is read for every question: what was committed on any node counts at the next one.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final, Literal, Protocol

from audit.store import Store
from gateway.consent.errors import UnfitConsent
from gateway.consent.issuing import TokenIssuer
from gateway.consent.record import Frequency, Often, State
from gateway.consent.token import MAX_KEY_LENGTH
from schemas.encoding import b64url, unb64url
from schemas.errors import BadAnswer, MalformedRequest, Refused
from schemas.identifiers import MemberId

CODE: Final = "consent-status"
UNKNOWN: Final = "unknown"
KEY_BYTES: Final = 32

_STATUS: Final = (
    "SELECT provider, state, service, often, times, period_s, valid_from, ends_at FROM consent "
    "WHERE id = $1 AND version = $2 AND issuer = $3"
)
_STATES: Final = frozenset({UNKNOWN, *(state.value for state in State)})
_WORDS: Final = frozenset(word.value for word in Often)
_STATUS_MEMBERS: Final = frozenset({"consent", "state", "service", "frequency", "valid_from", "valid_until"})


@dataclass(frozen=True, slots=True)
class Status:
    """How one version of a consent stands. `state` is a `State`'s value, or `unknown`."""

    consent: str
    state: str
    service: str | None = None
    frequency: Frequency = field(default_factory=Frequency)
    valid_from: int = 0
    valid_until: int = 0

    def as_json(self) -> dict[str, Any]:
        """The answer of the reserved service."""
        frequency = self.frequency
        return {
            "consent": self.consent,
            "state": self.state,
            "service": self.service,
            "frequency": {
                "often": frequency.often.value, "times": frequency.times, "period_s": frequency.period_s
            },
            "valid_from": self.valid_from,
            "valid_until": self.valid_until,
        }  # fmt: skip

    @classmethod
    def of_json(cls, document: Mapping[str, Any], consent: str) -> Status:
        """Read an answer about that consent.

        Raises:
            BadAnswer: it is about another one, or not an answer.
        """
        if document.keys() != _STATUS_MEMBERS or document["consent"] != consent:
            raise BadAnswer("the issuer answered about another consent, or not at all")
        state, service = document["state"], document["service"]
        times = (document["valid_from"], document["valid_until"])
        if state not in _STATES or not (service is None or isinstance(service, str)):
            raise BadAnswer("the issuer's answer has a state or service that is none")
        if not all(type(moment) is int for moment in times):
            raise BadAnswer("the issuer's answer has a period that is none")
        return cls(consent, state, service, _frequency(document["frequency"]), *times)


class AskStatus(Protocol):
    """Asks an issuer; each method raises ExchangeError or AuditError when there is no answer in time."""

    async def status(self, issuer: MemberId, provider: MemberId, consent: str, *, deadline: float) -> Status:
        """How a consent stands for that provider."""

    async def key(self, issuer: MemberId, provider: MemberId, *, deadline: float) -> bytes:
        """The 32 bytes behind the tags in the issuer's tokens for that provider."""


@dataclass(frozen=True, slots=True)
class OwnStatus:
    """An `AskStatus` for issuers hosted here, and the reserved service for everybody else's gateways."""

    store: Store
    tokens: TokenIssuer

    @property
    def unsafe(self) -> bool:
        """Nothing changes by asking."""
        return False

    async def status(
        self, issuer: MemberId, provider: MemberId, consent: str, *, deadline: float = 0.0
    ) -> Status:
        """Read the database: nothing is remembered here, so that no node can be late."""
        del deadline
        id_, _, version = consent.rpartition(".")
        if not (version.isascii() and version.isdecimal() and len(version) < 10):
            return Status(consent, UNKNOWN)
        found = await self.store.rows(_STATUS, id_, int(version), str(issuer))
        if not found or found[0][0].rpartition("/")[0] != str(provider):
            return Status(consent, UNKNOWN)
        _, state, service, often, times, period_s, valid_from, ends_at = found[0]
        if state == State.GRANTED and time.time() >= ends_at:
            state = State.EXPIRED.value
        return Status(consent, state, service, Frequency(Often(often), times, period_s), valid_from, ends_at)

    async def key(self, issuer: MemberId, provider: MemberId, *, deadline: float = 0.0) -> bytes:
        """The key from this gateway's own database."""
        del deadline
        return await self.tokens.pair_key(issuer, provider)

    async def answer(self, question: StatusQuestion) -> Mapping[str, Any]:
        """As `ReservedService.answer`: the asker is taken for the provider that it is.

        Raises:
            Refused: the member asked signs no consents here.
            MalformedRequest: it is none of the two questions.
        """
        document, issuer, asker = question.document, question.provider, question.asker
        if str(issuer) not in self.tokens.signers:
            raise Refused("this member issues no consents here")
        match want_of(document):
            case "key":
                return {"key": b64url(await self.key(issuer, asker))}
            case "status":
                return (await self.status(issuer, asker, document["consent"])).as_json()


class StatusQuestion(Protocol):
    """What is used of `ReservedQuestion`."""

    @property
    def asker(self) -> MemberId:
        """Who signed the question."""

    @property
    def provider(self) -> MemberId:
        """Who is asked."""

    @property
    def document(self) -> Mapping[str, Any]:
        """The question."""


def want_of(document: Mapping[str, Any]) -> Literal["status", "key"]:
    """Which question it is; MalformedRequest unless it is one of the two, with nothing else in it."""
    if document == {"want": "key"}:
        return "key"
    consent = document.get("consent")
    if document.keys() != {"want", "consent"} or document["want"] != "status":
        raise MalformedRequest('ask {"want": "status", "consent": …} or {"want": "key"}')
    if not isinstance(consent, str) or not 0 < len(consent) <= MAX_KEY_LENGTH:
        raise MalformedRequest("the consent asked for is not the jti of a token")
    return "status"


def key_of(document: Mapping[str, Any]) -> bytes:
    """Read the answer to `{"want": "key"}`; BadAnswer if it is none."""
    text = document.get("key")
    if document.keys() != {"key"} or not isinstance(text, str):
        raise BadAnswer("the issuer answered without a key")
    try:
        return unb64url(text, length=KEY_BYTES)
    except MalformedRequest as error:
        raise BadAnswer(error.detail) from None


def _frequency(document: Any) -> Frequency:
    """Read a frequency; BadAnswer unless it is one, since a limit must not get lost on the way."""
    if not isinstance(document, dict) or document.keys() != {"often", "times", "period_s"}:
        raise BadAnswer("the issuer's answer has a frequency that is none")
    often, times, period_s = document["often"], document["times"], document["period_s"]
    if often not in _WORDS or not all(number is None or type(number) is int for number in (times, period_s)):
        raise BadAnswer("the issuer's answer has a frequency that is none")
    frequency = Frequency(Often(often), times, period_s)
    try:
        frequency.check()
    except UnfitConsent as error:
        raise BadAnswer(str(error)) from None
    return frequency
