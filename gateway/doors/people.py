"""Who is asking on the admin port: FastAPI dependencies for the routes of every door there.

    async def route(person: SignedIn) -> ...                                   # anybody who has signed in
    async def route(person: Annotated[Person, Depends(require(Role.auditor))]) # an auditor of some member

A role is held for a member, so a route that concerns one also calls `person.must(role, member)`. A citizen's
subject is `person.citizen`. How a person is recognised (session cookie, API token) is `gateway.app`'s to set
on `api.state.identify`; without it, nobody is.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Annotated

from fastapi import Depends, Request

from gateway.people.person import Person, Role
from schemas.errors import NotPermitted, Unauthenticated
from schemas.record import Subject

Identify = Callable[[Request], Awaitable[Person]]
"""Finds the person of a request. Raises Unauthenticated, and NotPermitted for a forged one (CSRF)."""


async def _signed_in(request: Request) -> Person:
    """The person of this request."""
    identify: Identify | None = getattr(request.app.state, "identify", None)
    if identify is None:
        raise Unauthenticated("sign-in is not configured: see `sign_in` in docs/settings.md")
    return await identify(request)


SignedIn = Annotated[Person, Depends(_signed_in)]
"""The person who has signed in; 401 otherwise."""


def require(role: Role) -> Callable[[Person], Awaitable[Person]]:
    """A dependency: the person, who holds the role for at least one hosted member; 403 otherwise."""

    async def holder(person: SignedIn) -> Person:
        if not person.members(role):
            raise NotPermitted(f"this needs the role {role}", reasons=("role.missing",))
        return person

    return holder


def citizen(person: SignedIn) -> Subject:
    """A dependency: the subject that the citizen's own token names; 403 for people who are none."""
    if person.citizen is None:
        raise NotPermitted("this is for citizens, about themselves", reasons=("citizen.required",))
    return person.citizen
