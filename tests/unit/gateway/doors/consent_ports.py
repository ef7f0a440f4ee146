"""The two ports with their consent doors, over a real desk; who is asking is a header of the test's."""

from __future__ import annotations

from types import MappingProxyType
from typing import Any

import httpx
from fastapi import FastAPI, Request

from gateway.consent.desk import ConsentDesk
from gateway.consent.parties import Parties
from gateway.doors.admin import admin_api
from gateway.doors.clients import DEVELOPMENT_CLIENT, Clients
from gateway.doors.consent_desk import clerk_consent_routes, representation_routes
from gateway.doors.consents import citizen_consent_routes, citizen_representation_routes
from gateway.doors.failures import answer_with_problems
from gateway.doors.govstack_consent import govstack_consent_routes
from gateway.people.person import Person, Role
from gateway.trust.meters import Meters
from schemas.errors import Unauthenticated
from schemas.identifiers import SubsystemId
from tests.unit.gateway.consent.desks import CHILD, CLERK, MOTHER, OTHER_ISSUER, STRANGER
from tests.unit.gateway.consent.wishes import ISSUER, NOW, PERSON

PEOPLE = {
    "person": Person("p-person", citizen=PERSON),
    "mother": Person("p-mother", citizen=MOTHER),
    "child": Person("p-child", citizen=CHILD),
    "stranger": Person("p-stranger", citizen=STRANGER),
    "clerk": Person(CLERK, MappingProxyType({ISSUER: frozenset({Role.consent_clerk})})),
    "foreign clerk": Person("other-clerk", MappingProxyType({OTHER_ISSUER: frozenset({Role.consent_clerk})})),
    "auditor": Person("an-auditor", MappingProxyType({ISSUER: frozenset({Role.auditor})})),
}


class Clock:
    """Epoch seconds that a test sets."""

    now = NOW

    def __call__(self) -> int:
        """The time."""
        return self.now


async def _identify(request: Request) -> Person:
    person = PEOPLE.get(request.headers.get("test-person", ""))
    if person is None:
        raise Unauthenticated
    return person


async def _no_parts() -> dict[str, Any]:
    return {}


def admin_port(desk: ConsentDesk, clock: Clock) -> httpx.AsyncClient:
    """The admin port with everything about consents."""
    routers = (
        citizen_consent_routes(desk, clock),
        citizen_representation_routes(desk, clock),
        clerk_consent_routes(desk, clock),
        representation_routes(desk, clock),
    )
    api = admin_api("LM/GOV/MSW/gw1", _no_parts, Meters(), _identify, routers)
    return _client(api)


def client_port(desk: ConsentDesk, clock: Clock) -> httpx.AsyncClient:
    """The client port's GovStack door; the header `test-client` stands for a client's certificate."""
    api = FastAPI()
    answer_with_problems(api, "LM/GOV/MSW/gw1")
    api.state.clients = Clients({}, None)  # type: ignore[arg-type]  # nobody's certificate is known
    api.include_router(govstack_consent_routes(desk, Parties(desk.consents, desk.hosted), clock))

    async def bound(scope: Any, receive: Any, send: Any) -> None:
        named = dict(scope["headers"]).get(b"test-client")
        if named is not None:
            scope = {**scope, "extensions": {DEVELOPMENT_CLIENT: SubsystemId.parse(named.decode())}}
        await api(scope, receive, send)

    return _client(bound)


def _client(app: Any) -> httpx.AsyncClient:
    transport = httpx.ASGITransport(app=app)
    return httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1")
