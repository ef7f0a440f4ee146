"""API tokens: a person's own key for programs, never with more than the person's present roles.

A token is 256 random bits, shown once and kept as SHA-256: what is random needs no slow hash. At each use its
roles are intersected with what its owner holds at that moment, so a token never exceeds its owner and ends
with them. It expires, and can be revoked. A token makes no tokens, and is never a citizen.
"""

from __future__ import annotations

import secrets
import time
from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256
from typing import Final

from audit.log import AuditLog
from audit.store import Store
from gateway.people.entries import act
from gateway.people.grants import Grants
from gateway.people.person import Person, Role
from schemas.encoding import b64url
from schemas.errors import Conflict, NotPermitted, RequestMismatch, Unauthenticated, UnknownService
from schemas.exchange_id import check_exchange_id, new_exchange_id
from schemas.identifiers import MemberId
from schemas.strict_json import canonical, parse_object

PREFIX: Final = "isthmus_"
MAX_DAYS: Final = 365
MAX_TOKENS: Final = 50
"""Living tokens of one person."""
_LENGTH: Final = len(PREFIX) + 43
_DAY_S: Final = 24 * 3600
_MAX_LABEL: Final = 64

_KEEP: Final = (
    "INSERT INTO people_token (id, digest, owner, label, roles, created_at, expires)"
    " VALUES ($1, $2, $3, $4, $5, $6, $7)"
)
_FIND: Final = "SELECT id, owner, roles, expires FROM people_token WHERE digest = $1"
_LIST: Final = (
    "SELECT id, label, roles, created_at, expires FROM people_token WHERE owner = $1 ORDER BY created_at, id"
)
_OWNER: Final = "SELECT owner FROM people_token WHERE id = $1"
_REVOKE: Final = "DELETE FROM people_token WHERE id = $1 AND owner = $2"
_PURGE: Final = "DELETE FROM people_token WHERE expires <= $1"

Roles = Mapping[MemberId, frozenset[Role]]


@dataclass(frozen=True, slots=True)
class Token:
    """A token as it is kept: its roles are those it was made with; times in epoch seconds."""

    id: str
    label: str
    roles: Roles
    created_at: int
    expires: int


class Tokens:
    """The API tokens of this gateway's people."""

    def __init__(self, store: Store, log: AuditLog, grants: Grants) -> None:
        self._store = store
        self._log = log
        self._grants = grants

    async def create(self, owner: str, label: str, roles: Roles, days: int, by: str) -> tuple[str, str]:
        """Make a token; return its id and its text, which is shown this once.

        Raises:
            NotPermitted: more roles than the owner holds.
            RequestMismatch: no roles, no printable label, or not 1 to 365 days.
            Conflict: the owner has 50 tokens already.
        """
        _check_form(label, roles, days)
        held = await self._grants.roles(owner)
        if any(not wanted <= held.get(member, frozenset()) for member, wanted in roles.items()):
            raise NotPermitted("a token has no more roles than its owner", reasons=("token.exceeds_owner",))
        if len(await self.list(owner)) >= MAX_TOKENS:
            raise Conflict(f"a person has at most {MAX_TOKENS} tokens", reasons=("token.too_many",))
        text = PREFIX + b64url(secrets.token_bytes(32))
        identifier, now = new_exchange_id(), int(time.time())
        row = (identifier, _digest(text), owner, label, _as_text(roles), now, now + days * _DAY_S)
        particulars = {"token": identifier, "owner": owner, "roles": _as_text(roles)}
        await act(self._log, "token.created", by, particulars, [(_KEEP, row)])
        return identifier, text

    async def person(self, text: str) -> Person:
        """Whom a token stands for, with the roles that both of them have now. Raises Unauthenticated."""
        found = await self._store.rows(_FIND, _digest(text)) if _has_form(text) else []
        if not found or found[0][3] <= time.time():
            raise Unauthenticated("this API token is unknown, revoked or expired", reasons=("token.invalid",))
        _, owner, roles, _ = found[0]
        held = await self._grants.roles(owner)
        left = {
            member: wanted & held.get(member, frozenset()) for member, wanted in _from_text(roles).items()
        }
        left = {member: both for member, both in left.items() if both}
        if not left:
            raise Unauthenticated("the token's owner no longer holds its roles", reasons=("token.invalid",))
        return Person(owner, left, by_token=True)

    async def list(self, owner: str) -> list[Token]:
        """The owner's tokens, without their texts, which nobody has."""
        return [
            Token(identifier, label, _from_text(roles), created, expires)
            for identifier, label, roles, created, expires in await self._store.rows(_LIST, owner)
        ]

    async def revoke(self, identifier: str, by: str, *, owner: str | None = None) -> None:
        """End a token now; with `owner`, only one of theirs. Raises UnknownService."""
        found = await self._store.rows(_OWNER, check_exchange_id(identifier))
        if not found or owner not in (None, found[0][0]):
            raise UnknownService("there is no such token", reasons=("token.unknown",))
        particulars = {"token": identifier, "owner": str(found[0][0])}
        await act(self._log, "token.revoked", by, particulars, [(_REVOKE, (identifier, found[0][0]))])

    async def purge(self, now: int) -> int:
        """Forget expired tokens; return how many."""
        return await self._store.execute(_PURGE, now)


def _check_form(label: str, roles: Roles, days: int) -> None:
    if not 0 < len(label) <= _MAX_LABEL or not label.isprintable():
        raise RequestMismatch("a token's label is 1 to 64 printable characters")
    if not roles or not all(roles.values()):
        raise RequestMismatch("a token has at least one role of one member")
    if not 1 <= days <= MAX_DAYS:
        raise RequestMismatch(f"a token is valid for 1 to {MAX_DAYS} days")


def _has_form(text: str) -> bool:
    return len(text) == _LENGTH and text.startswith(PREFIX) and text.isascii()


def _digest(text: str) -> bytes:
    return sha256(text.encode()).digest()


def _as_text(roles: Roles) -> str:
    return canonical({str(member): sorted(held) for member, held in roles.items()}).decode()


def _from_text(text: str) -> Roles:
    document = parse_object(text.encode(), max_bytes=1 << 20, what="a token's roles")
    return {MemberId.parse(member): frozenset(map(Role, roles)) for member, roles in document.items()}
