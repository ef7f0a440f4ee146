"""Declaring an emergency: two agreement officers of the provider open it, one of them ends it.

A declaration is a proposal of `gateway.people.four_eyes`; the approval writes the row that
`gateway.exchange.emergencies` reads, in one transaction with its entry. It ends by itself, after ninety
days at most; what it opens, and for how long at most, is the country's policy. Ending early needs one
person only: closing is always safe.
"""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any, Final

from audit.log import AuditLog
from audit.store import Store, Write
from gateway.app.log_access import opened_log
from gateway.exchange.emergencies import Emergencies, Emergency
from gateway.people.acts import Act, Acts
from gateway.people.entries import act
from gateway.people.four_eyes import FourEyes, Proposal
from gateway.people.people import open_people
from gateway.people.person import Role
from gateway.people.pseudonym import LOCAL_ISSUER, pseudonym
from gateway.settings import Settings
from schemas.errors import Conflict, RequestMismatch, UnknownService
from schemas.identifiers import MemberId
from schemas.statement import check_code
from schemas.strict_json import dump

DECLARE: Final = "emergency.declare"
END: Final = "emergency.end"
MAX_S: Final = 90 * 24 * 3600
MAX_CODES: Final = 64
MAX_REASON: Final = 500

_KEEP: Final = (
    "INSERT INTO emergency (id, member, purposes, areas, reason, valid_from, valid_until) "
    "VALUES ($1, $2, $3, $4, $5, $6, $7)"
)
_END: Final = "UPDATE emergency SET ended_at = $2 WHERE id = $1 AND ended_at IS NULL"


@dataclass(frozen=True, slots=True)
class Declaration:
    """What is declared, for `valid_s` seconds from the approval on. Without areas it holds everywhere."""

    purposes: tuple[str, ...]
    areas: tuple[str, ...]
    reason: str
    valid_s: int

    def check(self) -> None:
        """Raise RequestMismatch unless it is bounded and readable."""
        for code in (*self.purposes, *self.areas):
            check_code(code)
        fits = (
            0 < len(self.purposes) <= MAX_CODES
            and len(self.areas) <= MAX_CODES
            and 0 < self.valid_s <= MAX_S
            and 0 < len(self.reason) <= MAX_REASON
            and self.reason.isprintable()
        )
        if not fits:
            raise RequestMismatch(
                f"declare 1 to {MAX_CODES} purposes, at most {MAX_CODES} areas, for at most 90 days, "
                f"with a reason of at most {MAX_REASON} characters"
            )


@dataclass(frozen=True, slots=True)
class EmergencyOffice:
    """Emergencies of the members hosted here. People are pseudonyms."""

    store: Store
    log: AuditLog
    four_eyes: FourEyes
    members: frozenset[MemberId]

    async def declare(self, member: MemberId, declaration: Declaration, by: str) -> str:
        """Propose an emergency and return the proposal's id; it opens when a second officer approves.

        Raises:
            RequestMismatch: not a member hosted here, or not a declaration.
        """
        if member not in self.members:
            raise RequestMismatch(f"{member} is not hosted on this gateway")
        declaration.check()
        document = {
            "purposes": list(declaration.purposes),
            "areas": list(declaration.areas),
            "reason": declaration.reason,
            "valid_s": declaration.valid_s,
        }
        return await self.four_eyes.propose(DECLARE, member, document, by)

    async def approve(self, proposal: str, by: str) -> Proposal:
        """Open a proposed emergency, now. Raises as `FourEyes.approve`."""
        found = await self.four_eyes.find(proposal)
        if found.act != DECLARE:
            raise Conflict("this proposal declares no emergency", reasons=("proposal.another_act",))
        return await self.four_eyes.approve(proposal, by, await _writes(found))

    async def end(self, emergency: str, by: str) -> None:
        """End an emergency before its time; every node follows within a second.

        Raises:
            UnknownService: there is none by this id that has not been ended.
            AuditUnavailable: nothing was done.
        """
        known = [one for member in self.members for one in await self.list(member)]
        if not any(one.id == emergency and one.ended_at is None for one in known):
            raise UnknownService("there is no such open emergency", reasons=("emergency.unknown",))
        ended: Write = (_END, (emergency, int(time.time())))
        await act(self.log, END, by, {"emergency": emergency}, [ended])

    async def list(self, member: MemberId) -> list[Emergency]:
        """Every emergency of a member, the latest first."""
        return await Emergencies(self.store).of(str(member))


def register_acts(acts: Acts) -> None:
    """Let officers who signed in approve declarations."""
    acts.register(Act(DECLARE, Role.agreement_officer, _writes))


async def _writes(proposal: Proposal) -> Sequence[Write]:
    """The row of an approved declaration. It begins now."""
    document: Mapping[str, Any] = proposal.document
    now = int(time.time())
    purposes, areas = dump(document["purposes"]).decode(), dump(document["areas"]).decode()
    member, reason, until = str(proposal.member), document["reason"], now + document["valid_s"]
    return [(_KEEP, (proposal.id, member, purposes, areas, reason, now, until))]


@asynccontextmanager
async def opened_office(
    settings: Settings, by: str | None = None
) -> AsyncIterator[tuple[EmergencyOffice, str]]:
    """The office from outside a running gateway, and the pseudonym of the local name `by`.

    Raises:
        ConfigurationError: the settings are wrong. LogDamaged, AuditUnavailable: the log cannot be used.
    """
    members = frozenset(settings.member_ids())
    async with opened_log(settings) as opened:
        people = await open_people(opened.store, opened.log, opened.case_key, members)
        office = EmergencyOffice(opened.store, opened.log, people.four_eyes, members)
        yield office, "" if by is None else pseudonym(people.key, LOCAL_ISSUER, by)
