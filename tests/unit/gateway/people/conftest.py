"""The people of a gateway that hosts two members, over a real log, and browsers that visit its admin port."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import uuid4

import asyncpg
import httpx
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from audit.log import AuditLog
from audit.note import Signer
from audit.store import Store
from gateway.doors.admin import admin_api
from gateway.doors.bounded import Bounded
from gateway.doors.cookies import Cookies
from gateway.doors.people_admin import people_routes, proposal_routes, token_routes
from gateway.doors.sign_in import recognise, sign_in_routes
from gateway.people.oidc.provider import Registration
from gateway.people.oidc.sign_in import CitizenClaim
from gateway.people.people import People, open_people
from gateway.people.person import Person, Role
from gateway.people.pseudonym import pseudonym
from gateway.storage.migrate import migrate
from gateway.storage.stores import store_of
from gateway.trust.meters import Meters
from schemas.identifiers import MemberId
from tests.unit.gateway.people.signing_provider import CLIENT, ISSUER, SigningProvider

MEMBER, OTHER = MemberId.parse("LM/GOV/MSW"), MemberId.parse("LM/GOV/NIA")
ORIGIN = "http://127.0.0.1:8084"
KEK = bytes(32)


@dataclass
class House:
    """An opened gateway's people, and what they are kept in."""

    store: Store
    log: AuditLog
    people: People

    def id(self, subject: str) -> str:
        """The pseudonym of the provider's subject."""
        return pseudonym(self.people.key, ISSUER, subject)

    async def grant(self, subject: str, role: Role, member: MemberId = MEMBER) -> None:
        """As the local operator does."""
        await self.people.grants.grant(self.id(subject), role, member, "operator at the machine")

    async def person(self, subject: str) -> Person:
        """A person as their present roles make them."""
        return Person(self.id(subject), await self.people.grants.roles(self.id(subject)))

    async def actions(self) -> list[str | None]:
        """The log's administrative acts, oldest first."""
        found = await self.log.reader.entries(kind="admin", limit=1000)
        return [one.entry.action for one in reversed(found)]


@pytest.fixture
def provider() -> SigningProvider:
    """The identity provider."""
    return SigningProvider()


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.system)])
async def house(
    request: pytest.FixtureRequest, tmp_path: Path, provider: SigningProvider
) -> AsyncIterator[House]:
    """The people, on both databases."""
    url = f"sqlite:///{tmp_path / 'gateway.db'}"
    if request.param == "postgresql":
        server, schema = request.getfixturevalue("postgres_dsn"), f"people_{uuid4().hex}"
        connection = await asyncpg.connect(server)
        await connection.execute(f"CREATE SCHEMA {schema}")
        await connection.close()
        url = f"{server}&search_path={schema}"
    await migrate(url)
    store = store_of(url)
    log = AuditLog(store, Signer("isthmus/LM/GOV/MSW/gw1", Ed25519PrivateKey.generate()), KEK)
    await log.open()
    registration = Registration(
        ISSUER, CLIENT, "secret", f"{ORIGIN}/v1/admin/sign-in/callback", development=True
    )
    members = frozenset({MEMBER, OTHER})
    people = await open_people(store, log, KEK, members, registration, CitizenClaim("national_id"))
    assert people.sign_in is not None
    people.sign_in.provider._transport = httpx.ASGITransport(provider)
    yield House(store, log, people)
    await people.close()
    await log.close()


@dataclass
class Browser:
    """A browser at the admin port; it follows no redirect by itself."""

    client: httpx.AsyncClient
    provider: SigningProvider
    csrf: str | None = None

    async def begin(self, **parameters: str) -> httpx.Response:
        """Ask to sign in."""
        return await self.client.get("/v1/admin/sign-in", params=parameters)

    async def finish(self, **answer: str) -> httpx.Response:
        """Come back from the provider."""
        return await self.client.get("/v1/admin/sign-in/callback", params=answer)

    async def sign_in(self, subject: str) -> httpx.Response:
        """The whole way; keeps the token against CSRF if it succeeds."""
        self.provider.subject = subject
        begun = await self.begin()
        answer = self.provider.authorize(begun.headers["location"])
        finished = await self.finish(**answer)
        if finished.status_code == 303:
            self.csrf = (await self.client.get("/v1/admin/me")).json().get("csrf")
        return finished

    async def post(self, path: str, document: Any = None, **headers: str) -> httpx.Response:
        """An unsafe request as the console would make it."""
        return await self.client.post(
            path, json=document, headers={"isthmus-csrf": self.csrf or "", **headers}
        )


NewBrowser = Callable[[], Browser]


@pytest.fixture
async def browser(house: House, provider: SigningProvider) -> AsyncIterator[NewBrowser]:
    """Makes browsers at the admin port."""
    cookies = Cookies(ORIGIN)
    routers = (
        sign_in_routes(house.people, cookies),
        people_routes(house.people),
        token_routes(house.people),
        proposal_routes(house.people),
    )

    async def no_parts() -> dict[str, Any]:
        return {}

    api = admin_api("LM/GOV/MSW/gw1", no_parts, Meters(), recognise(house.people, cookies), routers)
    opened: list[httpx.AsyncClient] = []

    def make() -> Browser:
        client = httpx.AsyncClient(transport=httpx.ASGITransport(Bounded(api)), base_url=ORIGIN)
        opened.append(client)
        return Browser(client, provider)

    yield make
    for client in opened:
        await client.aclose()


async def signed_in(browser: NewBrowser, subject: str) -> Browser:
    """A browser with a session."""
    one = browser()
    assert (await one.sign_in(subject)).status_code == 303
    return one


def role_of(house: House, subject: str, role: Role, member: MemberId = MEMBER) -> dict[str, str]:
    """The body of a grant or a revocation."""
    return {"person": house.id(subject), "role": role.value, "member": str(member)}


async def refused(browser: Browser, house: House, reason: str | None = None) -> dict[str, Any]:
    """Sign in, be refused, and have no session."""
    finished = await browser.sign_in("first")
    assert finished.status_code == 401
    assert "isthmus-session" not in browser.client.cookies
    assert await house.store.rows("SELECT * FROM people_session") == []
    problem: dict[str, Any] = finished.json()
    if reason is not None:
        assert problem["detail"].endswith(reason)
    return problem
