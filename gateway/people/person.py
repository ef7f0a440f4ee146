"""A person as the gateway knows one: a pseudonym, roles per hosted member, perhaps a citizen's subject.

Follows DESIGN section 5 (people) and 6 ("a member's people see and change only their own"). A name or an
e-mail address is never kept: what the identity provider calls the person becomes an issuer-bound pseudonym
(`gateway.people.pseudonym`). What the roles may do is decided where the act is done, not here.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from types import MappingProxyType

from schemas.errors import NotPermitted
from schemas.identifiers import MemberId
from schemas.record import Subject


class Role(StrEnum):
    """What a person may do for one hosted member."""

    operator = "operator"
    """Runs the gateway: its people's roles, its emergencies."""
    integrator = "integrator"
    """Registers sources and services."""
    agreement_officer = "agreement_officer"
    """Proposes, accepts and revokes agreements."""
    consent_clerk = "consent_clerk"
    """Records what a citizen allows, at a desk."""
    auditor = "auditor"
    """Reads the audit log and proves what was exchanged."""
    key_custodian = "key_custodian"
    """Approves what concerns keys, erasure and the release of identities."""


@dataclass(frozen=True, slots=True)
class Person:
    """A person who has signed in, or whose API token was shown.

    `id` is the issuer-bound pseudonym; `citizen` is whom a citizen's own token names, never a parameter.
    """

    id: str
    roles: Mapping[MemberId, frozenset[Role]] = field(default_factory=lambda: MappingProxyType({}))
    citizen: Subject | None = None
    by_token: bool = False
    """Whether an API token speaks for the person, not the person."""

    def may(self, role: Role, member: MemberId) -> bool:
        """Whether the person holds the role for the member."""
        return role in self.roles.get(member, frozenset())

    def must(self, role: Role, member: MemberId) -> None:
        """Raise NotPermitted unless the person holds the role for the member."""
        if not self.may(role, member):
            raise NotPermitted(f"this needs the role {role} for {member}", reasons=("role.missing",))

    def members(self, role: Role) -> frozenset[MemberId]:
        """The members for which the person holds the role."""
        return frozenset(member for member, roles in self.roles.items() if role in roles)
