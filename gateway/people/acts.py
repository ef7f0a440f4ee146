"""What may be proposed: each act with the role that proposes and approves it, and what doing it writes.

Parts of the gateway register their acts when they are opened; an act nobody registered cannot be approved.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

from audit.store import Write
from gateway.people.four_eyes import FourEyes, Proposal
from gateway.people.person import Person, Role
from schemas.errors import ConfigurationError, Conflict


@dataclass(frozen=True, slots=True)
class Act:
    """One kind of act. `writes` gives the SQL that carries out a proposal; it may refuse by an error.

    `done` is called after the transaction, for what memory has to learn.
    """

    name: str
    role: Role
    writes: Callable[[Proposal], Awaitable[Sequence[Write]]]
    done: Callable[[Proposal], Awaitable[None]] | None = None


class Acts:
    """The registered acts, decided by people who hold the act's role for the proposal's member."""

    def __init__(self, four_eyes: FourEyes) -> None:
        self._four_eyes = four_eyes
        self._known: dict[str, Act] = {}

    def register(self, act: Act) -> None:
        """Add an act. Raises ConfigurationError for a second one of the same name."""
        if act.name in self._known:
            raise ConfigurationError(f"the act {act.name} is registered twice")
        self._known[act.name] = act

    def visible(self, proposal: Proposal, person: Person) -> bool:
        """Whether the person may see a proposal: whoever may decide it, and auditors of its member."""
        act = self._known.get(proposal.act)
        decides = act is not None and person.may(act.role, proposal.member)
        return decides or person.may(Role.auditor, proposal.member)

    async def approve(self, identifier: str, person: Person) -> Proposal:
        """Approve a proposal and carry it out.

        Raises:
            NotPermitted: not the role for this member, or the proposer's own.
            Conflict: decided already, expired, or of an act that this gateway does not know.
            UnknownService: no such proposal.
            AuditUnavailable: nothing was done.
        """
        act, found = await self._decidable(identifier, person)
        approved = await self._four_eyes.approve(identifier, person.id, await act.writes(found))
        if act.done is not None:
            await act.done(approved)
        return approved

    async def reject(self, identifier: str, person: Person) -> Proposal:
        """Reject a proposal, or withdraw one's own. Raises as `approve`."""
        await self._decidable(identifier, person)
        return await self._four_eyes.reject(identifier, person.id)

    async def _decidable(self, identifier: str, person: Person) -> tuple[Act, Proposal]:
        found = await self._four_eyes.find(identifier)
        act = self._known.get(found.act)
        if act is None:
            raise Conflict("this gateway does not know the proposed act", reasons=("proposal.unknown_act",))
        person.must(act.role, found.member)
        return act, found
