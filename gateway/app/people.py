"""A gateway's people, opened from its settings; and the loud word about a provider that asks for no proof."""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from audit.log import AuditLog
from audit.store import Store
from gateway.app.log_access import opened_log, operator_name
from gateway.people.oidc.provider import Registration
from gateway.people.oidc.sign_in import CitizenClaim
from gateway.people.people import People, open_people
from gateway.people.pseudonym import LOCAL_ISSUER, pseudonym
from gateway.settings import Settings
from gateway.trust.keys import read_secret
from schemas.errors import ConfigurationError

CALLBACK = "/v1/admin/sign-in/callback"

_logger = logging.getLogger(__name__)


async def people_of(settings: Settings, store: Store, log: AuditLog, case_key: bytes) -> People:
    """The people of a gateway over its opened log. Raises ConfigurationError."""
    chosen = settings.sign_in
    citizen = None
    if chosen is not None and chosen.citizen_claim is not None:
        citizen = CitizenClaim(chosen.citizen_claim, chosen.citizen_type)
    members = frozenset(settings.member_ids())
    return await open_people(store, log, case_key, members, registration_of(settings), citizen)


def registration_of(settings: Settings) -> Registration | None:
    """How this gateway is known to its identity provider; None without one."""
    chosen = settings.sign_in
    if chosen is None:
        return None
    if chosen.development:
        _logger.warning(
            "INSECURE: people sign in at the development provider %s: whoever reaches it is whom they choose",
            chosen.issuer,
        )
    secret = None
    if chosen.client_secret is not None:
        secret = read_secret(chosen.client_secret).decode("utf-8", "replace").strip()
        if not secret:
            raise ConfigurationError(f"{chosen.client_secret}: is empty")
    return Registration(
        chosen.issuer,
        chosen.client_id,
        secret,
        settings.sign_in_url() + CALLBACK,
        chosen.ca,
        chosen.development,
    )


@asynccontextmanager
async def opened_people(settings: Settings) -> AsyncIterator[tuple[People, str]]:
    """The people of a gateway from outside it, and the pseudonym of whoever runs this command.

    Raises:
        ConfigurationError: the settings are wrong. LogDamaged, AuditUnavailable: the log cannot be used.
    """
    members = frozenset(settings.member_ids())
    async with opened_log(settings) as opened:
        people = await open_people(opened.store, opened.log, opened.case_key, members)
        yield people, pseudonym(people.key, LOCAL_ISSUER, operator_name())
