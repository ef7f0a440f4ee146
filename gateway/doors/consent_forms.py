"""What consents look like at the doors: the bodies that are sent, and the documents that are answered.

A body has no place for a citizen's own identifier: theirs comes from their token. Times are epoch seconds.
"""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Mapping
from typing import Any, Literal

from fastapi import Request, Response
from fastapi.routing import APIRoute
from pydantic import BaseModel, ConfigDict, Field

from audit.errors import AuditError
from gateway.consent.choices import Choice
from gateway.consent.errors import ConsentError
from gateway.consent.notices.notice import ShownNotice
from gateway.consent.notices.slip import short_code
from gateway.consent.offers import Offer
from gateway.consent.problems import as_problem
from gateway.consent.record import Capacity, ConsentRecord, Frequency, Often
from gateway.consent.representation import Representation
from schemas.errors import AuditUnavailable
from schemas.identifiers import MemberId
from schemas.record import MAX_FIELDS, Subject, parse_subject

_STRICT = ConfigDict(extra="forbid")
_TEXT = 255
_LAST_SECOND = 2**40


class PersonForm(BaseModel):
    """A person at a clerk's desk, by an identifier."""

    model_config = _STRICT

    type: str = Field(max_length=64)
    value: str = Field(max_length=256)

    def subject(self) -> Subject:
        """As a subject. Raises MalformedRequest."""
        return parse_subject({"type": self.type, "value": self.value})


class FrequencyForm(BaseModel):
    """How often: `per_period` allows `times` in every `period_s` seconds."""

    model_config = _STRICT

    often: Often = Often.CONTINUOUS
    times: int | None = Field(default=None, ge=1)
    period_s: int | None = Field(default=None, ge=60, le=_LAST_SECOND)


class ChoiceForm(BaseModel):
    """What is to be allowed. Without `fields` all of the offer's; without `valid_from` from now on;
    `issuer` may be left out where there is one; `representation` says for whom, unless for oneself."""

    model_config = _STRICT

    issuer: str | None = Field(default=None, max_length=_TEXT)
    offer: str = Field(max_length=1024)
    fields: list[str] | None = Field(default=None, min_length=1, max_length=MAX_FIELDS)
    frequency: FrequencyForm = FrequencyForm()
    valid_from: int | None = Field(default=None, ge=0, le=_LAST_SECOND)
    valid_until: int = Field(ge=0, le=_LAST_SECOND)
    language: str = Field(max_length=16)
    representation: str | None = Field(default=None, max_length=64)

    def choice(self, issuer: MemberId, now: int) -> Choice:
        """As the desk takes it."""
        often = self.frequency
        return Choice(
            issuer, self.offer, now if self.valid_from is None else self.valid_from, self.valid_until,
            self.language, None if self.fields is None else tuple(self.fields),
            Frequency(often.often, often.times, often.period_s), self.representation,
        )  # fmt: skip


class GrantForm(ChoiceForm):
    """A choice, and the id of the notice that was shown for it."""

    notice: str = Field(max_length=_TEXT)


class RenewForm(BaseModel):
    """Until when a consent shall go on. Without `notice`, the answer is the notice to show."""

    model_config = _STRICT

    valid_until: int = Field(ge=0, le=_LAST_SECOND)
    language: str = Field(max_length=16)
    notice: str | None = Field(default=None, max_length=_TEXT)


class ParagraphDocument(BaseModel):
    """A heading with a text or with items."""

    heading: str
    text: str
    items: list[str]


class NoticeDocument(BaseModel):
    """A notice to be shown; its `id` is sent back with the grant."""

    id: str
    version: int
    language: str
    direction: Literal["ltr", "rtl"]
    title: str
    paragraphs: list[ParagraphDocument]


class ConsentDocument(BaseModel):
    """A consent. `representation` is set when it was given for somebody else by the reader."""

    id: str
    version: int
    code: str
    issuer: str
    state: str
    client: str
    provider: str
    service: str | None
    purpose: str
    fields: list[str]
    frequency: FrequencyForm
    valid_from: int
    ends_at: int
    granted_at: int
    ended_at: int | None
    notice: str
    notice_version: int
    language: str
    method: str
    officer: str | None
    capacity: Capacity | None
    representation: str | None


class OfferDocument(BaseModel):
    """What may be consented to."""

    id: str
    agreement: str
    version: int
    client: str
    service: str
    purpose: str
    fields: list[str]
    valid_until: int


def notice_document(shown: ShownNotice) -> NoticeDocument:
    """A notice as JSON. Texts keep their directional isolates: show them as they are."""
    return NoticeDocument(
        id=shown.reference.id,
        version=shown.reference.version,
        language=shown.reference.language,
        direction=shown.direction,
        title=shown.title,
        paragraphs=[
            ParagraphDocument(heading=part.heading, text=part.text, items=list(part.items))
            for part in shown.paragraphs
        ],
    )


def consent_document(record: ConsentRecord, now: int, representation: str | None = None) -> ConsentDocument:
    """A consent as JSON, without a person."""
    wish, scope, often = record.wish, record.wish.scope, record.wish.scope.frequency
    return ConsentDocument(
        id=record.id,
        version=record.version,
        code=short_code(record.id),
        issuer=str(wish.issuer),
        state=record.state_at(now),
        client=str(scope.client),
        provider=str(scope.provider),
        service=None if scope.service is None else str(scope.service),
        purpose=scope.purpose,
        fields=list(scope.fields),
        frequency=FrequencyForm(often=often.often, times=often.times, period_s=often.period_s),
        valid_from=wish.valid_from,
        ends_at=record.ends_at,
        granted_at=record.granted_at,
        ended_at=record.ended_at,
        notice=wish.notice.id,
        notice_version=wish.notice.version,
        language=wish.notice.language,
        method=wish.method,
        officer=wish.officer,
        capacity=None if wish.representative is None else wish.representative.capacity,
        representation=representation,
    )


def offer_document(offer: Offer) -> OfferDocument:
    """An offer as JSON."""
    return OfferDocument(
        id=offer.id,
        agreement=offer.agreement,
        version=offer.version,
        client=str(offer.client),
        service=str(offer.service),
        purpose=offer.purpose,
        fields=list(offer.fields),
        valid_until=offer.valid_until,
    )


def representation_document(one: Representation, *, of: Subject | None, now: int) -> Mapping[str, Any]:
    """A representation as JSON; `of` is the other person, for who may know them."""
    return {
        "id": one.id,
        "issuer": str(one.issuer),
        "capacity": one.representative.capacity.value,
        "until": one.representative.until,
        "in_force": one.holds_at(now),
        "person": None if of is None else {"type": of.type, "value": of.value},
    }


class ConsentRoute(APIRoute):
    """A route whose consent errors are problems."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """The handler, with the errors turned."""
        handle = super().get_route_handler()

        async def call(request: Request) -> Response:
            try:
                return await handle(request)
            except ConsentError as error:
                raise as_problem(error) from None
            except AuditError:
                raise AuditUnavailable from None

        return call
