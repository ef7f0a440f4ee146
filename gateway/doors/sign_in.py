"""Signing in and out on the admin port, and who one is: the routes `/v1/admin/sign-in`, `sign-out`, `me`."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Query, Request
from fastapi.responses import JSONResponse, RedirectResponse, Response

from gateway.doors.cookies import Cookies
from gateway.doors.people import Identify, SignedIn
from gateway.people.oidc.sign_in import HOME, SignIn
from gateway.people.people import People
from gateway.people.person import Person
from gateway.people.sessions import csrf_token
from schemas.errors import MalformedRequest, Unauthenticated, UnknownService

_NOT_KEPT = {"cache-control": "no-store"}
_PARAMETERS = ("code", "state", "iss", "error")


def recognise(people: People, cookies: Cookies) -> Identify:
    """How the person of a request is found: an API token in `Authorization`, or else the session's cookie."""

    async def identify(request: Request) -> Person:
        authorization = request.headers.get("authorization")
        if authorization is not None:
            scheme, _, text = authorization.partition(" ")
            if scheme.lower() != "bearer":
                raise Unauthenticated("Authorization must be `Bearer` and an API token")
            return await people.tokens.person(text.strip())
        session = cookies.session(request)
        if session is None:
            raise Unauthenticated("sign in at /v1/admin/sign-in, or send an API token")
        person = await people.sessions.person(session)
        cookies.check_csrf(request, session)
        return person

    return identify


def sign_in_routes(people: People, cookies: Cookies) -> APIRouter:
    """The routes with which people come and go."""
    routes = APIRouter(prefix="/v1/admin", tags=["sign-in"])

    @routes.get("/sign-in", status_code=303, response_class=RedirectResponse)
    async def sign_in(return_to: Annotated[str, Query(max_length=512)] = HOME) -> Response:
        """Send the browser to the identity provider; it comes back to a path of this gateway."""
        begun = await _configured(people).begin(return_to)
        response = RedirectResponse(begun.location, 303, headers=_NOT_KEPT)
        cookies.set_sign_in(response, begun.cookie)
        return response

    @routes.get("/sign-in/callback", status_code=303, response_class=RedirectResponse)
    async def callback(request: Request) -> Response:
        """Where the identity provider sends the browser back to: `code`, `state` and perhaps `iss`."""
        given = request.query_params.multi_items()
        answer = {name: value for name, value in given if name in _PARAMETERS}
        if len(answer) != sum(name in _PARAMETERS for name, _ in given):
            raise MalformedRequest("a parameter of the identity provider's answer is repeated")
        finished = await _configured(people).finish(request.cookies.get(cookies.sign_in_name), answer)
        response = RedirectResponse(finished.path, 303, headers=_NOT_KEPT)
        cookies.set_session(response, finished.session.text)
        cookies.clear(response, cookies.sign_in_name)
        return response

    @routes.post("/sign-out", status_code=204)
    async def sign_out(request: Request, person: SignedIn) -> Response:
        """End this session. An API token is ended by revoking it."""
        response = Response(status_code=204, headers=_NOT_KEPT)
        session = cookies.session(request)
        if session is not None and not person.by_token:
            await people.sessions.close(session, person)
            cookies.clear(response, cookies.session_name)
        return response

    @routes.get("/me")
    async def me(request: Request, person: SignedIn) -> JSONResponse:
        """Who one is here: the pseudonym, the roles, and what unsafe requests carry in `Isthmus-CSRF`."""
        session = cookies.session(request)
        document: dict[str, Any] = {
            "id": person.id,
            "roles": {str(member): sorted(roles) for member, roles in person.roles.items()},
            "citizen": person.citizen is not None,
            "csrf": None if person.by_token or session is None else csrf_token(session),
        }
        return JSONResponse(document, headers=_NOT_KEPT)

    return routes


def _configured(people: People) -> SignIn:
    if people.sign_in is None:
        raise UnknownService("sign-in is not configured: see `sign_in` in docs/settings.md")
    return people.sign_in
