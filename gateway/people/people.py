"""Everything about a gateway's people in one value, for the doors, the commands and the other parts."""

from __future__ import annotations

from dataclasses import dataclass

from audit.log import AuditLog
from audit.store import Store
from gateway.people.acts import Acts
from gateway.people.four_eyes import FourEyes
from gateway.people.grants import Grants
from gateway.people.oidc.provider import Provider, Registration
from gateway.people.oidc.sign_in import CitizenClaim, SignIn
from gateway.people.pseudonym import people_key
from gateway.people.sessions import Sessions
from gateway.people.tokens import Tokens
from schemas.identifiers import MemberId


@dataclass(frozen=True, slots=True)
class People:
    """The people of one gateway. Other parts register what needs four eyes with `acts`."""

    key: bytes
    members: frozenset[MemberId]
    four_eyes: FourEyes
    acts: Acts
    grants: Grants
    tokens: Tokens
    sessions: Sessions
    sign_in: SignIn | None

    async def purge(self, now: int) -> int:
        """Forget sessions, sign-ins and tokens that are over; `now` in epoch seconds."""
        return await self.sessions.purge(now) + await self.tokens.purge(now)

    async def close(self) -> None:
        """Close connections to the identity provider."""
        if self.sign_in is not None:
            await self.sign_in.provider.close()


async def open_people(
    store: Store,
    log: AuditLog,
    kek: bytes,
    members: frozenset[MemberId],
    registration: Registration | None = None,
    citizen: CitizenClaim | None = None,
) -> People:
    """Put the parts together over an opened store; `kek` is the key that wraps (the case key)."""
    key = await people_key(store, kek)
    four_eyes = FourEyes(store, log)
    acts = Acts(four_eyes)
    grants = Grants(store, log, four_eyes, members)
    acts.register(grants.act())
    sessions = Sessions(store, log, grants)
    tokens = Tokens(store, log, grants)
    sign_in = None if registration is None else SignIn(Provider(registration), sessions, key, citizen)
    return People(key, members, four_eyes, acts, grants, tokens, sessions, sign_in)
