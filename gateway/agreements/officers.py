"""What the agreement officers of a member hosted here do: propose, accept, revoke.

Proposing and accepting take two officers of the same member (`gateway.people.four_eyes`): the first one asks,
the second one approves, and only then the member signs. Revoking takes one: it closes, and waiting for a
colleague would keep open what should be closed. What was signed is delivered by `delivery`. State is looked
at again when the second officer approves.
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from audit.errors import AuditError
from audit.log import AuditLog
from audit.store import Store, Write
from gateway.agreements import rows
from gateway.agreements.acts import ACCEPT, PROPOSE, HostedMember, act_entry
from gateway.agreements.documents import (
    AGREEMENT_CTY,
    MAX_REASON_LENGTH,
    REVOCATION_CTY,
    Key,
    Message,
    Revocation,
    key_of,
    parties,
    read_document,
    write_document,
)
from gateway.agreements.rows import Held, Version, read_held
from gateway.agreements.signatures import sign
from gateway.people.four_eyes import FourEyes, Proposal
from schemas.agreement import Agreement
from schemas.errors import AuditUnavailable, Conflict, MalformedRequest, RequestMismatch, UnknownService
from schemas.exchange_id import new_exchange_id
from schemas.identifiers import MemberId


@dataclass(frozen=True, slots=True)
class Officers:
    """Acts for the members hosted here; people stand here as pseudonyms or local names (`by`)."""

    store: Store
    log: AuditLog
    four_eyes: FourEyes
    members: Mapping[MemberId, HostedMember]

    async def propose(
        self, content: Mapping[str, Any], by: str, member: MemberId | None = None
    ) -> tuple[str, Agreement]:
        """Ask a second officer to propose an agreement to the other member; the proposal's id.

        `content` is that of an agreement file. `member` says for whom, where both are hosted here.

        Raises:
            MalformedRequest, RequestMismatch: it is no agreement of a member hosted here.
            Conflict: this version cannot be proposed any more.
        """
        document = write_document(content)
        agreement = read_document(document)
        holder = self._holder(agreement, member)
        held = await read_held(self.store, key_of(agreement, holder.id))
        _check_proposable(held, agreement, int(time.time()))
        proposal = {"document": document, "version": agreement.version, "id": agreement.id}
        return await self.four_eyes.propose(PROPOSE, holder.id, proposal, by), agreement

    async def accept(self, key: Key, version: int | None, by: str) -> tuple[str, Agreement]:
        """Ask a second officer to accept what the other member proposed; the proposal's id.

        Raises:
            UnknownService, Conflict: there is nothing to accept.
        """
        held = await read_held(self.store, key)
        waiting = _acceptable(held, version)
        agreement = read_document(waiting.document)
        proposal = {
            "id": key.id, "counterpart": str(key.counterpart), "version": waiting.number,
            "document": waiting.document,
        }  # fmt: skip
        return await self.four_eyes.propose(ACCEPT, key.holder, proposal, by), agreement

    async def approve(self, identifier: str, by: str) -> Proposal:
        """Approve what another officer asked for: the member signs, and the other one is told.

        Raises:
            NotPermitted: it is this officer's own act.
            Conflict, UnknownService: there is nothing (any more) to approve.
            AuditUnavailable: nothing was done.
        """
        proposal = await self.four_eyes.find(identifier)
        return await self.four_eyes.approve(identifier, by, await self.writes(proposal))

    async def writes(self, proposal: Proposal) -> Sequence[Write]:
        """What approving a proposal writes; as `gateway.people.acts` asks for it. Raises as `approve`."""
        now = int(time.time())
        document, holder = str(proposal.document["document"]), self._hosted(proposal.member)
        agreement = read_document(document)
        key = key_of(agreement, holder.id)
        held = await read_held(self.store, key)
        own = sign(document, AGREEMENT_CTY, holder.id, holder.signer, holder.certificate, now)
        if proposal.act == PROPOSE:
            _check_proposable(held, agreement, now)
            kept = [rows.keep_version(key, agreement.version, document, now)]
            message = Message("proposal", document, (own.jws,))
        elif proposal.act == ACCEPT:
            waiting = _acceptable(held, agreement.version)
            if waiting.document != document:
                raise Conflict("the other member's proposal is not the one that was asked for")
            kept = []
            theirs = waiting.signatures[key.counterpart][0]
            message = Message("acceptance", document, (theirs, own.jws))
        else:
            raise Conflict("this is no act about an agreement", reasons=("proposal.unknown_act",))
        kept += rows.keep_signatures(key, agreement.version, [own], now)
        return kept + _delivery(key, agreement, message, now)

    async def revoke(self, key: Key, by: str, reason: str) -> Agreement:
        """End every version so far, also one that waits; effective here at once, and told to the other.

        Raises:
            UnknownService: the member holds no such agreement.
            Conflict: it is over already.
            AuditUnavailable: nothing was done.
        """
        if len(reason) > MAX_REASON_LENGTH or not reason.isprintable():
            raise MalformedRequest(f"the reason is not one line of at most {MAX_REASON_LENGTH} characters")
        held = await read_held(self.store, key)
        if not held.versions:
            raise UnknownService(f"{key.holder} holds no agreement {key.id}")
        last = held.versions[-1]
        if last.number <= held.revoked:
            raise Conflict("the agreement is revoked already")
        now, holder = int(time.time()), self._hosted(key.holder)
        agreement = read_document(last.document)
        revocation = Revocation(
            key.id, last.number, agreement.client, agreement.provider, holder.id, now, reason
        )
        document = revocation.write()
        own = sign(document, REVOCATION_CTY, holder.id, holder.signer, holder.certificate, now)
        writes = rows.keep_revocation(key, document, own, last.number, now)
        writes.append(rows.withdraw_deliveries(key))
        writes += _delivery(key, agreement, Message("revocation", document, (own.jws,)), now)
        pending = act_entry("agreement.revoked", agreement, last.document, by=by, more={"reason": reason})
        try:
            await self.log.act(pending, writes)
        except AuditError:
            raise AuditUnavailable from None
        return agreement

    def _hosted(self, member: MemberId) -> HostedMember:
        if member not in self.members:
            raise RequestMismatch(
                f"{member} is not hosted on this gateway", reasons=("agreement.not_hosted",)
            )
        return self.members[member]

    def _holder(self, agreement: Agreement, member: MemberId | None) -> HostedMember:
        """For whom to propose: the party that is hosted here."""
        hosted = sorted(parties(agreement) & self.members.keys(), key=str)
        if member is not None:
            hosted = [one for one in hosted if one == member]
        if not hosted:
            raise RequestMismatch(
                "neither side of the agreement is a member hosted on this gateway",
                reasons=("agreement.not_hosted",),
            )
        if len(hosted) > 1:
            raise RequestMismatch(f"both members are hosted here; say for whom: --member {hosted[0]}")
        holder = self.members[hosted[0]]
        own = {side for side in (agreement.client, agreement.provider) if side.member == holder.id}
        foreign = own - holder.subsystems
        if foreign:
            name = min(map(str, foreign))
            raise RequestMismatch(f"{name} is not hosted on this gateway", reasons=("agreement.not_hosted",))
        return holder


def _delivery(key: Key, agreement: Agreement, message: Message, now: int) -> list[Write]:
    """Nobody has to be told where a member agrees with itself."""
    if key.holder == key.counterpart:
        return []
    client = str(agreement.client)
    return [rows.deliver(new_exchange_id(), key, agreement.version, client, message, now)]


def _check_proposable(held: Held, agreement: Agreement, now: int) -> None:
    if agreement.status != "active":
        raise Conflict("what is signed is active; a signed agreement is ended by `agreement revoke`")
    if agreement.valid_until <= now:
        raise Conflict("the agreement has ended already; write a later valid_until")
    numbers = [held.highest, *(version.number for version in held.versions)]
    if agreement.version <= max(numbers):
        raise Conflict(
            f"version {agreement.version} is used up; write version {max(numbers) + 1}",
            reasons=("agreement.superseded",),
        )


def _acceptable(held: Held, version: int | None) -> Version:
    """The newest version, if it waits for the holder's signature."""
    if not held.versions:
        raise UnknownService(f"{held.key.holder} holds no agreement {held.key.id}")
    newest = held.versions[-1]
    if version is not None and version != newest.number:
        raise Conflict(f"version {newest.number} is the newest; only that can be accepted")
    if newest.number <= held.revoked:
        raise Conflict("the proposal was withdrawn or turned down", reasons=("agreement.revoked",))
    if held.key.holder in newest.signatures:
        raise Conflict(f"{held.key.holder} has signed version {newest.number} already")
    return newest
