"""Reserved services: gateways ask each other for their members, by exchanges like any others."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from typing import Any

import pytest

from gateway.exchange.request import ExchangeAnswer, OutgoingRequest
from gateway.exchange.reserved import ReservedQuestion, ask_reserved
from schemas.errors import MethodNotAllowed, Refused, UnknownService
from schemas.identifiers import MemberId, ServiceId, SubsystemId
from schemas.reserved import reserved_service, reserved_subsystem
from tests.world import BASIS, CONSUMER, PROVIDER, PURPOSE, WELFARE, World

ASKER, ANSWERER = MemberId.parse("LM/GOV/MSW"), MemberId.parse("LM/GOV/NIA")


class _Echo:
    """Answers with what it was asked, or refuses."""

    def __init__(self, *, unsafe: bool = False) -> None:
        self.unsafe = unsafe
        self.asked: list[ReservedQuestion] = []

    async def answer(self, question: ReservedQuestion) -> Mapping[str, Any]:
        self.asked.append(question)
        if question.document.get("refuse"):
            raise Refused("as was asked for")
        return {"echo": dict(question.document), "asker": str(question.asker)}


@pytest.fixture
def echo(world: World) -> Iterator[_Echo]:
    """A reserved service `echo` at the provider."""
    services: Any = world.node(PROVIDER).answering.hosted.reserved
    services["echo"] = _Echo()
    yield services["echo"]
    del services["echo"]


def _ask(world: World, document: Mapping[str, Any], code: str = "echo") -> dict[str, Any]:
    deadline = time.monotonic() + 3
    ask = world.node(CONSUMER).asking.ask
    return world.run(ask_reserved(ask, ASKER, ANSWERER, code, document, deadline=deadline))


def test_reserved__is_answered_by_membership_alone(world: World, echo: _Echo) -> None:
    """No agreement names it; the answer names the member that signed the question."""
    assert _ask(world, {"n": 1}) == {"echo": {"n": 1}, "asker": str(ASKER)}
    assert echo.asked[0].provider == ANSWERER


def test_reserved__is_logged_on_both_sides(world: World, echo: _Echo) -> None:
    """Signed and logged like any exchange, and the decision says on which ground."""
    _ask(world, {})
    identifier = echo.asked[0].exchange
    asked = [entry.kind for entry in world.entries(CONSUMER, identifier, "asking")]
    (answered,) = world.entries(PROVIDER, identifier, "answering")
    assert asked == ["sent", "outcome"]
    assert (answered.result, answered.decision, answered.policy_version) == ("answered", "membership", None)


def test_reserved__unsafe__is_logged_before_it_acts(world: World, echo: _Echo) -> None:
    """What changes something is accepted before, so that a crash leaves a trace."""
    echo.unsafe = True
    _ask(world, {})
    kinds = [entry.kind for entry in world.entries(PROVIDER, echo.asked[0].exchange, "answering")]
    assert kinds == ["accepted", "outcome"]


def test_reserved__refuses__the_asker_gets_the_refusal(world: World, echo: _Echo) -> None:
    """A service's refusal is signed, and comes back as an error."""
    with pytest.raises(Refused):
        _ask(world, {"refuse": True})


def test_reserved__no_such_service__unknown(world: World) -> None:
    """Only what the protocol names is there."""
    with pytest.raises(UnknownService):
        _ask(world, {}, "no-such-service")


def _request(world: World, client: SubsystemId, service: ServiceId, **members: Any) -> ExchangeAnswer:
    request = {
        "client": client, "service": service, "method": "POST", "path": "/", "query": "", "headers": (),
        "body": b"{}", "deadline": time.monotonic() + 3, "purpose": PURPOSE, "basis": BASIS,
    }  # fmt: skip
    return world.run(world.node(CONSUMER).asking.ask(OutgoingRequest(**{**request, **members})))


def test_reserved__client_subsystem_asks__unknown(world: World, echo: _Echo) -> None:
    """Clients do not speak to other members' gateways."""
    answer = _request(world, SubsystemId.parse(WELFARE), reserved_service(ANSWERER, "echo"))
    assert isinstance(answer.problem, UnknownService)
    assert echo.asked == []


def test_reserved__gateway_asks_an_ordinary_service__no_agreement(world: World, echo: _Echo) -> None:
    """Membership opens reserved services only: the reserved subsystem has no agreements."""
    service = ServiceId.parse("LM/GOV/NIA/identity/card")
    path = "/persons/7310000001/card"
    answer = _request(world, reserved_subsystem(ASKER), service, method="GET", path=path, body=b"")
    assert isinstance(answer.problem, Refused)
    assert "agreement.missing" in answer.problem.reasons


@pytest.mark.parametrize("members", [{"method": "GET", "body": b""}, {"path": "/more"}, {"query": "a=b"}])
def test_reserved__other_form__refused(world: World, echo: _Echo, members: dict[str, Any]) -> None:
    """`POST /` is the only form."""
    service = reserved_service(ANSWERER, "echo")
    answer = _request(world, reserved_subsystem(ASKER), service, **members)
    assert isinstance(answer.problem, MethodNotAllowed)
    assert echo.asked == []
