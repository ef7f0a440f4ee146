"""Sessions: what a browser holds after signing in. Kept as SHA-256 of 256 random bits, for eight hours.

A session names the person; roles are read anew at each use. A citizen's subject is sealed under a key that
only the cookie's own text gives, so that the database alone tells nobody who a citizen is. Opening a session
uses up the sign-in's `state` in the same transaction: a replayed one fails there, whatever came before.
"""

from __future__ import annotations

import hmac
import os
import secrets
import time
from dataclasses import dataclass
from hashlib import sha256
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from audit.log import AuditLog
from audit.store import Store
from gateway.people.entries import act
from gateway.people.grants import Grants
from gateway.people.person import Person
from schemas.encoding import b64url
from schemas.errors import AuditUnavailable, Unauthenticated
from schemas.record import Subject, parse_subject
from schemas.strict_json import dump, parse_object

LIFETIME_S: Final = 8 * 3600
_NONCE: Final = 12
_LENGTH: Final = 43
_CITIZEN_LABEL: Final = b"isthmus/session-citizen/v1"
_CSRF_LABEL: Final = b"isthmus/session-csrf/v1"

_KEEP: Final = "INSERT INTO people_session (digest, person, citizen, expires) VALUES ($1, $2, $3, $4)"
_USE_STATE: Final = "INSERT INTO people_sign_in (state, expires) VALUES ($1, $2)"
_STATE_USED: Final = "SELECT 1 FROM people_sign_in WHERE state = $1"
_FIND: Final = "SELECT person, citizen, expires FROM people_session WHERE digest = $1"
_END: Final = "DELETE FROM people_session WHERE digest = $1"
_PURGE: Final = (
    "DELETE FROM people_session WHERE expires <= $1",
    "DELETE FROM people_sign_in WHERE expires <= $1",
)


@dataclass(frozen=True, slots=True)
class Opened:
    """A new session: the cookie's text."""

    text: str
    expires: int


class Sessions:
    """The sessions of this gateway."""

    def __init__(self, store: Store, log: AuditLog, grants: Grants) -> None:
        self._store = store
        self._log = log
        self._grants = grants

    async def state_used(self, state: str) -> bool:
        """Whether a sign-in with this `state` has been completed before."""
        return bool(await self._store.rows(_STATE_USED, _digest(state)))

    async def open(self, person: str, citizen: Subject | None, state: str, state_expires: int) -> Opened:
        """Open a session at the end of a sign-in.

        Raises:
            Unauthenticated: its `state` was used before.
            AuditUnavailable: it could not be kept, and was not.
        """
        text, expires = b64url(secrets.token_bytes(32)), int(time.time()) + LIFETIME_S
        sealed = None if citizen is None else _seal(text, citizen)
        writes = [
            (_USE_STATE, (_digest(state), state_expires)),
            (_KEEP, (_digest(text), person, sealed, expires)),
        ]
        try:
            await act(self._log, "person.signed_in", person, {}, writes)
        except AuditUnavailable:
            if await self.state_used(state):
                raise Unauthenticated(
                    "this sign-in was completed before", reasons=("sign_in.replayed",)
                ) from None
            raise
        return Opened(text, expires)

    async def person(self, text: str) -> Person:
        """Whose session this is, with their present roles. Raises Unauthenticated."""
        found = await self._store.rows(_FIND, _digest(text)) if len(text) == _LENGTH else []
        if not found or found[0][2] <= time.time():
            raise Unauthenticated("sign in: this session is unknown or over", reasons=("session.invalid",))
        identifier, sealed, _ = found[0]
        citizen = None if sealed is None else _unseal(text, bytes(sealed))
        return Person(identifier, await self._grants.roles(identifier), citizen)

    async def close(self, text: str, person: Person) -> None:
        """Sign out. Raises AuditUnavailable."""
        await act(self._log, "person.signed_out", person.id, {}, [(_END, (_digest(text),))])

    async def purge(self, now: int) -> int:
        """Forget what is over; return how many rows."""
        return sum([await self._store.execute(sql, now) for sql in _PURGE])


def csrf_token(text: str) -> str:
    """What unsafe requests of a session carry in the header `Isthmus-CSRF`: derived from its cookie, which
    another site can send but not read."""
    return b64url(hmac.digest(text.encode(), _CSRF_LABEL, sha256))


def _digest(text: str) -> bytes:
    return sha256(text.encode()).digest()


def _key(text: str) -> AESGCM:
    return AESGCM(hmac.digest(text.encode(), _CITIZEN_LABEL, sha256))


def _seal(text: str, citizen: Subject) -> bytes:
    nonce = os.urandom(_NONCE)
    return nonce + _key(text).encrypt(nonce, dump(citizen.as_json()), _digest(text))


def _unseal(text: str, sealed: bytes) -> Subject:
    try:
        opened = _key(text).decrypt(sealed[:_NONCE], sealed[_NONCE:], _digest(text))
    except (InvalidTag, ValueError):
        raise Unauthenticated("sign in again: this session is damaged") from None
    return parse_subject(parse_object(opened, max_bytes=4096, what="a session"))
