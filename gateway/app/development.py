"""Serving the development identity provider until a signal; with its fictional persons' roles, if asked."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import suppress
from urllib.parse import urlsplit

from gateway.app.development_provider import (
    DevelopmentProvider,
    Fictional,
    check_development,
    development_api,
    fictional_persons,
)
from gateway.app.listeners import Listener, serve
from gateway.app.people import opened_people
from gateway.people.pseudonym import pseudonym
from gateway.settings import Settings
from schemas.errors import Conflict


async def run_development_provider(
    settings: Settings,
    host: str,
    port: int | None,
    citizens: Sequence[str],
    *,
    grant_roles: bool,
    ready: Callable[[str, int], None],
) -> None:
    """Serve until SIGINT or SIGTERM; `ready` is told the issuer and how many persons there are.

    Raises:
        ConfigurationError: not on loopback, or not meant for this gateway.
    """
    client = check_development(settings, host)
    persons = fictional_persons(settings, citizens)
    if grant_roles:
        await _grant(settings, client.issuer, persons)
    listener = Listener(
        "the development provider",
        development_api(DevelopmentProvider(client, persons)),
        host,
        port if port is not None else urlsplit(client.issuer).port or 0,
    )
    limits = settings.limits
    await serve(
        [listener],
        request_timeout_s=limits.request_timeout_s,
        max_connections=limits.max_connections,
        ready=lambda: ready(client.issuer, len(persons)),
    )


async def _grant(settings: Settings, issuer: str, persons: Sequence[Fictional]) -> None:
    async with opened_people(settings) as (people, by):
        for person in persons:
            if person.role is None or person.member is None:
                continue
            with suppress(Conflict):  # held since an earlier start
                who = pseudonym(people.key, issuer, person.subject)
                await people.grants.grant(who, person.role, person.member, by)
