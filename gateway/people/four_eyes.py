"""Four eyes: one person proposes an act, another one approves it (DESIGN section 5).

Every step is an `admin` entry of the audit log, in one transaction with the rows it changes; who did it
stands in the entry's encrypted case. A proposal and its decision are rows of their own: the decision's
primary key is the proposal, so that two people who decide at the same moment cannot both succeed. What may be
proposed, and which role approves it, is the caller's to check (`gateway.people.acts`).
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal

from audit.log import AuditLog
from audit.store import Store, Write
from gateway.people.entries import act
from schemas.errors import AuditUnavailable, Conflict, NotPermitted, TooLarge, UnknownService
from schemas.exchange_id import check_exchange_id, new_exchange_id
from schemas.identifiers import MemberId
from schemas.strict_json import dump, parse_object

State = Literal["open", "approved", "rejected", "expired"]

VALID_FOR_S: Final = 14 * 24 * 3600
"""How long a proposal waits for a second pair of eyes."""
MAX_DOCUMENT_BYTES: Final = 256 * 1024

_COLUMNS: Final = (
    "SELECT p.id, p.act, p.member, p.document, p.proposed_by, p.proposed_at, p.expires,"
    " d.verdict, d.decided_by FROM people_proposal p LEFT JOIN people_decision d ON d.proposal = p.id"
)
_FIND: Final = f"{_COLUMNS} WHERE p.id = $1"
_LIST: Final = f"{_COLUMNS} WHERE p.member = $1 ORDER BY p.proposed_at DESC, p.id DESC LIMIT $2"
_PROPOSE: Final = (
    "INSERT INTO people_proposal (id, act, member, document, proposed_by, proposed_at, expires)"
    " VALUES ($1, $2, $3, $4, $5, $6, $7)"
)
_DECIDE: Final = (
    "INSERT INTO people_decision (proposal, verdict, decided_by, decided_at) VALUES ($1, $2, $3, $4)"
)


@dataclass(frozen=True, slots=True)
class Proposal:
    """An act that one person proposed for a member; times in epoch seconds, people as pseudonyms."""

    id: str
    act: str
    member: MemberId
    document: Mapping[str, Any]
    proposed_by: str
    proposed_at: int
    expires: int
    state: State
    decided_by: str | None = None


class FourEyes:
    """Proposals, kept in the log's own database."""

    def __init__(self, store: Store, log: AuditLog) -> None:
        self._store = store
        self._log = log

    async def propose(self, act: str, member: MemberId, document: Mapping[str, Any], by: str) -> str:
        """Keep a proposal and return its id; `by` is the proposer's pseudonym.

        Raises:
            TooLarge: the document has more than 256 KiB.
            AuditUnavailable: it could not be kept, and was not.
        """
        encoded = dump(document)
        if len(encoded) > MAX_DOCUMENT_BYTES:
            raise TooLarge("the proposal's document is too large")
        identifier, now = new_exchange_id(), int(time.time())
        row = (identifier, act, str(member), encoded.decode(), by, now, now + VALID_FOR_S)
        await self._act("proposal.made", identifier, act, member, by, [(_PROPOSE, row)])
        return identifier

    async def approve(self, id: str, by: str, writes: Sequence[Write] = ()) -> Proposal:  # noqa: A002
        """Approve a proposal and carry it out: `writes` happen in the same transaction.

        Raises:
            NotPermitted: `by` proposed it.
            Conflict: it is decided already, or expired.
            UnknownService: there is no such proposal.
            AuditUnavailable: nothing was done.
        """
        return await self._decide(id, by, "approved", writes)

    async def reject(self, id: str, by: str) -> Proposal:  # noqa: A002
        """Reject a proposal; its proposer may do so too, and thereby withdraws it. Raises as `approve`."""
        return await self._decide(id, by, "rejected", ())

    async def find(self, id: str) -> Proposal:  # noqa: A002
        """One proposal. Raises UnknownService."""
        rows = await self._store.rows(_FIND, check_exchange_id(id))
        if not rows:
            raise UnknownService("there is no such proposal", reasons=("proposal.unknown",))
        return _proposal(rows[0])

    async def list(self, member: MemberId, limit: int = 100) -> list[Proposal]:
        """The member's newest proposals, newest first."""
        return [_proposal(row) for row in await self._store.rows(_LIST, str(member), limit)]

    async def _decide(
        self,
        identifier: str,
        by: str,
        verdict: Literal["approved", "rejected"],
        writes: Sequence[Write],
    ) -> Proposal:
        found = await self.find(identifier)
        _check_open(found)
        if verdict == "approved" and found.proposed_by == by:
            raise NotPermitted("a second person has to approve this", reasons=("four_eyes.same_person",))
        decision: Write = (_DECIDE, (identifier, verdict, by, int(time.time())))
        try:
            await self._act(
                f"proposal.{verdict}", identifier, found.act, found.member, by, [decision, *writes]
            )
        except AuditUnavailable:
            _check_open(await self.find(identifier))  # somebody else was faster
            raise
        return await self.find(identifier)

    async def _act(
        self, action: str, identifier: str, name: str, member: MemberId, by: str, writes: Sequence[Write]
    ) -> None:
        particulars = {"act": name, "member": str(member), "proposal": identifier}
        await act(self._log, action, by, particulars, writes, identifier=identifier)


def _check_open(proposal: Proposal) -> None:
    if proposal.state != "open":
        raise Conflict(f"this proposal is {proposal.state}", reasons=(f"proposal.{proposal.state}",))


def _proposal(row: Sequence[Any]) -> Proposal:
    identifier, act, member, document, by, at, expires, verdict, decided_by = row
    state: State = verdict or ("open" if time.time() < expires else "expired")
    return Proposal(
        identifier, act, MemberId.parse(member),
        parse_object(document.encode(), max_bytes=MAX_DOCUMENT_BYTES, what="a proposal"),
        by, at, expires, state, decided_by,
    )  # fmt: skip
