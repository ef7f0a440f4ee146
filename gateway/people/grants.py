"""Role grants: who holds which role for which hosted member. Every change is an entry of the log.

A role that gives a second pair of eyes (`NEEDS_TWO`) is itself granted by two people, else one could make
oneself the second. Nobody grants a role to themselves. The local operator at the machine may do both, since
shell access comes first; the entry says so. Grants are read at each use, so a revoked one ends at once.
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from audit.log import AuditLog
from audit.store import Store, Write
from gateway.people.acts import Act
from gateway.people.entries import act
from gateway.people.four_eyes import FourEyes, Proposal
from gateway.people.person import Person, Role
from schemas.errors import Conflict, NotPermitted, UnknownService
from schemas.identifiers import MemberId

NEEDS_TWO: Final = frozenset({Role.operator, Role.key_custodian, Role.agreement_officer})
"""Roles whose holders approve other people's acts."""
GRANT_ACT: Final = "role.grant"

_OF_PERSON: Final = "SELECT member, role FROM people_grant WHERE person = $1"
_OF_MEMBER: Final = (
    "SELECT person, role, granted_at FROM people_grant WHERE member = $1 ORDER BY role, person LIMIT 10000"
)
_GRANT: Final = (
    "INSERT INTO people_grant (person, member, role, granted_at) VALUES ($1, $2, $3, $4)"
    " ON CONFLICT DO NOTHING"
)
_REVOKE: Final = "DELETE FROM people_grant WHERE person = $1 AND member = $2 AND role = $3"


@dataclass(frozen=True, slots=True)
class Grant:
    """One role of one person for one member, since `granted_at` (epoch seconds)."""

    person: str
    member: MemberId
    role: Role
    granted_at: int


class Grants:
    """The grants of the hosted members."""

    def __init__(
        self, store: Store, log: AuditLog, four_eyes: FourEyes, members: frozenset[MemberId]
    ) -> None:
        self._store = store
        self._log = log
        self._four_eyes = four_eyes
        self._members = members

    async def roles(self, person: str) -> Mapping[MemberId, frozenset[Role]]:
        """The person's roles now, for the members hosted here."""
        found: dict[MemberId, set[Role]] = {}
        for member, role in await self._store.rows(_OF_PERSON, person):
            identifier = MemberId.parse(member)
            if identifier in self._members:
                found.setdefault(identifier, set()).add(Role(role))
        return {member: frozenset(roles) for member, roles in found.items()}

    async def list(self, member: MemberId) -> list[Grant]:
        """The grants of one member. Raises UnknownService for one that is not hosted here."""
        self._check_hosted(member)
        rows = await self._store.rows(_OF_MEMBER, str(member))
        return [Grant(person, member, Role(role), at) for person, role, at in rows]

    async def ask(self, person: str, role: Role, member: MemberId, by: Person) -> str | None:
        """Grant a role, asked by an operator of the member; return the id of the proposal if it needs two.

        Raises:
            NotPermitted: `by` is no operator of the member, or asks for themselves.
            Conflict: granted already.
        """
        by.must(Role.operator, member)
        if person == by.id:
            raise NotPermitted("nobody grants a role to themselves", reasons=("four_eyes.same_person",))
        if role in NEEDS_TWO:
            await self._check_new(person, role, member)
            document = {"person": person, "role": role.value}
            return await self._four_eyes.propose(GRANT_ACT, member, document, by.id)
        await self.grant(person, role, member, by.id)
        return None

    async def grant(self, person: str, role: Role, member: MemberId, by: str) -> None:
        """Grant a role at once: the local operator's way. Raises Conflict, UnknownService."""
        await self._check_new(person, role, member)
        await act(
            self._log, "role.granted", by, _particulars(person, role, member), [_grant(person, role, member)]
        )

    async def revoke(self, person: str, role: Role, member: MemberId, by: str) -> None:
        """Take a role back; it ends at once, also for sessions and API tokens. Raises Conflict."""
        if role not in (await self.roles(person)).get(member, frozenset()):
            raise Conflict("this person does not hold the role", reasons=("role.not_held",))
        write = (_REVOKE, (person, str(member), role.value))
        await act(self._log, "role.revoked", by, _particulars(person, role, member), [write])

    def act(self) -> Act:
        """Granting a role that needs two, as an act to be approved by another operator."""
        return Act(GRANT_ACT, Role.operator, self._granting)

    async def _granting(self, proposal: Proposal) -> Sequence[Write]:
        person, role = str(proposal.document["person"]), Role(proposal.document["role"])
        await self._check_new(person, role, proposal.member)
        return [_grant(person, role, proposal.member)]

    async def _check_new(self, person: str, role: Role, member: MemberId) -> None:
        self._check_hosted(member)
        if role in (await self.roles(person)).get(member, frozenset()):
            raise Conflict("this person holds the role already", reasons=("role.held",))

    def _check_hosted(self, member: MemberId) -> None:
        if member not in self._members:
            raise UnknownService("this gateway does not host the member", reasons=("member.unknown",))


def _grant(person: str, role: Role, member: MemberId) -> Write:
    return _GRANT, (person, str(member), role.value, int(time.time()))


def _particulars(person: str, role: Role, member: MemberId) -> dict[str, str]:
    return {"person": person, "role": role.value, "member": str(member)}
