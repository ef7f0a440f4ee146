"""Reserved services: what gateways ask each other about, by exchanges like any others (DESIGN section 5).

An agreement's proposal, a consent's status, a correction: `POST /` with a JSON object to a service of
the member's subsystem `isthmus`, from the asker's subsystem `isthmus`. Being an active member is the
permission, so there is no agreement and no policy; everything else is as always: signed, bound to the
federation, guarded against replay, logged on both sides. Who serves one implements `ReservedService`
and is listed in `Hosted.reserved`; who asks one calls `ask_reserved`.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final, Protocol

from gateway.exchange.request import ExchangeAnswer, OutgoingRequest
from schemas.errors import BadAnswer, ExchangeError, MethodNotAllowed, UnknownService
from schemas.identifiers import MemberId, ServiceId, SubsystemId
from schemas.reserved import is_reserved, reserved_service, reserved_subsystem
from schemas.statement import RequestStatement
from schemas.strict_json import dump, parse_object
from schemas.wire import RequestHead

MAX_DOCUMENT_BYTES: Final = 1024 * 1024
"""Of a question or an answer."""
PURPOSE: Final = "federation"
BASIS: Final = "membership"
MEMBERSHIP: Final = "membership"
"""The name of the decision in the answer's statement: no policy was asked."""
JSON: Final = "application/json"

Ask = Callable[[OutgoingRequest], Awaitable[ExchangeAnswer]]
"""`AskingSide.ask`."""


@dataclass(frozen=True, slots=True)
class ReservedQuestion:
    """What a reserved service is asked. `asker` has signed it; `provider` is hosted here; `now` is
    epoch seconds; `exchange` the exchange's id."""

    asker: MemberId
    provider: MemberId
    document: Mapping[str, Any]
    now: int
    exchange: str


class ReservedService(Protocol):
    """One of the protocol's own services, for all members hosted here."""

    @property
    def unsafe(self) -> bool:
        """Whether answering changes something: then the exchange is logged as accepted before."""

    async def answer(self, question: ReservedQuestion) -> Mapping[str, Any]:
        """The answer's JSON object.

        Raises:
            ExchangeError: what the asker gets as a signed refusal.
        """


def find_reserved(services: Mapping[str, ReservedService], service: ServiceId) -> ReservedService | None:
    """The reserved service of that name; None if the name is not a reserved one.

    Raises:
        UnknownService: it would be one, and there is none.
    """
    if not is_reserved(service.provider):
        return None
    found = services.get(service.service) if service.version is None else None
    if found is None:
        raise UnknownService("there is no such reserved service", reasons=("service.unknown",))
    return found


def read_reserved(statement: RequestStatement, head: RequestHead, body: bytes, now: int) -> ReservedQuestion:
    """Read a question to a reserved service.

    Raises:
        UnknownService: a client's subsystem asks, not a gateway for its member.
        MethodNotAllowed, MalformedRequest, TooLarge: it is not a `POST /` of a JSON object.
    """
    client, service = SubsystemId.parse(statement.iss), ServiceId.parse(statement.aud)
    if not is_reserved(client):
        raise UnknownService("only gateways may ask this, for their members", reasons=("service.unknown",))
    if head.method != "POST" or head.path != "/" or head.query:
        raise MethodNotAllowed("a reserved service is asked by POST, without a path below it")
    document = parse_object(body, max_bytes=MAX_DOCUMENT_BYTES, what="the question")
    return ReservedQuestion(client.member, service.member, document, now, statement.id)


async def ask_reserved(
    ask: Ask, asker: MemberId, provider: MemberId, code: str, document: Mapping[str, Any], *, deadline: float
) -> dict[str, Any]:
    """Ask a member's reserved service for a member hosted here; `deadline` as in `OutgoingRequest`.

    Raises:
        ExchangeError: there is no verified answer, it is a refusal, or not a JSON object.
    """
    answer = await ask(
        OutgoingRequest(
            client=reserved_subsystem(asker),
            service=reserved_service(provider, code),
            method="POST",
            path="/",
            query="",
            headers=(("content-type", JSON),),
            body=dump(dict(document)),
            deadline=deadline,
            media_type=JSON,
            purpose=PURPOSE,
            basis=BASIS,
        )
    )
    if answer.problem is not None:
        raise answer.problem
    try:
        return parse_object(answer.body, max_bytes=MAX_DOCUMENT_BYTES, what="the answer")
    except ExchangeError as error:
        raise BadAnswer(error.detail) from None
