"""The reserved service `agreement`: takes in what another member proposes, accepts or revokes.

Nothing is believed but signatures that hold under the federation now. A proposal waits for the officers; an
acceptance puts a version in force; a revocation counts at once. What arrives twice is answered twice and
kept once. Answers `{"state": …}`: `pending`, `in_force` or `revoked`.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from audit.errors import AuditError
from audit.log import AuditLog
from audit.store import Store, Write
from gateway.agreements import rows
from gateway.agreements.acts import HostedMember, act_entry
from gateway.agreements.documents import (
    AGREEMENT_CTY,
    REVOCATION_CTY,
    Key,
    Message,
    Revocation,
    key_of,
    parties,
    read_document,
)
from gateway.agreements.in_force import InForce
from gateway.agreements.rows import Held, count_pending, read_held
from gateway.agreements.signatures import Signature, verify_arrived
from gateway.exchange.ports import CurrentFederation
from gateway.exchange.reserved import ReservedQuestion
from gateway.trust.federation.snapshot import FederationSnapshot
from schemas.agreement import Agreement
from schemas.errors import (
    AuditUnavailable,
    Conflict,
    RequestMismatch,
    Unauthenticated,
    UnknownService,
)
from schemas.identifiers import MemberId

CODE: Final = "agreement"
MAX_PENDING: Final = 200
"""Proposals of one member that may wait for another one's officers."""


@dataclass(frozen=True, slots=True)
class AgreementArrival:
    """A `ReservedService` for the members hosted here."""

    store: Store
    log: AuditLog
    federation: CurrentFederation
    members: Mapping[MemberId, HostedMember]
    in_force: InForce
    changed: Callable[[], Awaitable[object]]
    """Called after something was kept, so that the very next exchange here knows it."""
    unsafe: bool = True

    async def answer(self, question: ReservedQuestion) -> Mapping[str, Any]:
        """As `ReservedService.answer`."""
        message = Message.read(question.document)
        if message.typ == "revocation":
            return {"state": await self._revoked(question, message)}
        agreement = read_document(message.document)
        self._check_parties(parties(agreement), question)
        self._check_sides(agreement, question)
        federation = self.federation.current()
        _check_offered(agreement, federation)
        signed = verify_arrived(message.document, message.signatures, AGREEMENT_CTY, federation, question.now)
        held = await read_held(self.store, key_of(agreement, question.provider))
        if message.typ == "proposal":
            state = await self._proposed(question, message, agreement, signed, held)
        else:
            state = await self._accepted(question, message, agreement, signed, held)
        return {"state": state}

    async def _proposed(
        self,
        question: ReservedQuestion,
        message: Message,
        agreement: Agreement,
        signed: Mapping[MemberId, Signature],
        held: Held,
    ) -> str:
        if signed.keys() != {question.asker}:
            raise Unauthenticated("a proposal is signed by the member that makes it, and by nobody else")
        known = held.version(agreement.version)
        if known is not None and known.document == message.document and question.asker in known.signatures:
            return _state(held, agreement.version)
        _check_new(held, agreement, question.now)
        if known is not None:
            raise Conflict(
                "another proposal has this version; propose the next one", reasons=("agreement.superseded",)
            )
        self._check_alone(agreement)
        if await count_pending(self.store, question.provider, question.asker) >= MAX_PENDING:
            raise Conflict("too many proposals wait already", reasons=("agreement.too_many",))
        writes = [rows.keep_version(held.key, agreement.version, message.document, question.now)]
        writes += rows.keep_signatures(held.key, agreement.version, list(signed.values()), question.now)
        await self._act("agreement.proposal_received", agreement, message.document, question, writes)
        return "pending"

    async def _accepted(
        self,
        question: ReservedQuestion,
        message: Message,
        agreement: Agreement,
        signed: Mapping[MemberId, Signature],
        held: Held,
    ) -> str:
        if signed.keys() != parties(agreement):
            raise Unauthenticated("an accepted agreement is signed by both members, and by nobody else")
        known = held.version(agreement.version)
        if known is None or known.document != message.document or question.provider not in known.signatures:
            raise Conflict("this is not what was proposed to you", reasons=("agreement.not_proposed",))
        if question.asker in known.signatures:
            return _state(held, agreement.version)
        _check_new(held, agreement, question.now)
        theirs = [signed[question.asker]]
        writes = rows.keep_signatures(held.key, agreement.version, theirs, question.now)
        await self._act("agreement.acceptance_received", agreement, message.document, question, writes)
        return "in_force"

    async def _revoked(self, question: ReservedQuestion, message: Message) -> str:
        revocation = Revocation.read(message.document)
        federation = self.federation.current()
        self._check_parties({revocation.client.member, revocation.provider.member}, question)
        signed = verify_arrived(
            message.document, message.signatures, REVOCATION_CTY, federation, question.now
        )
        if revocation.by != question.asker or signed.keys() != {question.asker}:
            raise Unauthenticated("a revocation is signed by the member that makes it, and by nobody else")
        held = await read_held(self.store, Key(question.provider, question.asker, revocation.id))
        if not held.versions:
            raise UnknownService("there is no such agreement", reasons=("agreement.unknown",))
        if revocation.version > held.revoked:
            agreement = read_document(held.versions[-1].document)
            writes = rows.keep_revocation(
                held.key, message.document, signed[question.asker], revocation.version, question.now
            )
            await self._act("agreement.revocation_received", agreement, message.document, question, writes)
        return "revoked"

    @staticmethod
    def _check_parties(members: frozenset[MemberId] | set[MemberId], question: ReservedQuestion) -> None:
        if members != {question.asker, question.provider}:
            raise RequestMismatch(
                "this is no agreement between you and this member", reasons=("agreement.foreign",)
            )

    def _check_sides(self, agreement: Agreement, question: ReservedQuestion) -> None:
        """Our side must be a subsystem that this gateway hosts, theirs one of the federation."""
        hosted = self.members[question.provider].subsystems
        for side in (agreement.client, agreement.provider):
            if side.member == question.provider and side not in hosted:
                raise UnknownService("the subsystem is not hosted here", reasons=("agreement.not_hosted",))

    def _check_alone(self, agreement: Agreement) -> None:
        """One client has at most one agreement about one service."""
        for terms in agreement.services:
            other = self.in_force.signed_about(agreement.client, terms.service)
            if other is not None and other.id != agreement.id and other.status == "active":
                raise Conflict(
                    "another agreement is about this service already", reasons=("agreement.second",)
                )

    async def _act(
        self,
        action: str,
        agreement: Agreement,
        document: str,
        question: ReservedQuestion,
        writes: Sequence[Write],
    ) -> None:
        more = {"from": str(question.asker), "exchange": question.exchange}
        try:
            await self.log.act(act_entry(action, agreement, document, more=more), writes)
        except AuditError:
            raise AuditUnavailable from None
        await self.changed()


def _check_new(held: Held, agreement: Agreement, now: int) -> None:
    """Versions only rise, and what is over does not begin."""
    if agreement.version <= held.revoked:
        raise Conflict("this version is revoked", reasons=("agreement.revoked",))
    if agreement.version <= held.in_force:
        raise Conflict(
            f"version {held.in_force} is in force; a new one has a higher number",
            reasons=("agreement.superseded",),
        )
    if agreement.status != "active" or agreement.valid_until <= now:
        raise RequestMismatch("a signed agreement is active and has not ended")


def _check_offered(agreement: Agreement, federation: FederationSnapshot) -> None:
    """Services and purposes must be the federation's: what cannot be asked is not agreed upon."""
    for terms in agreement.services:
        if federation.service(terms.service) is None:
            raise UnknownService("the provider offers no such service", reasons=("service.unknown",))
        if not set(terms.purposes) <= federation.purposes.keys():
            raise RequestMismatch("a purpose is not on the national list", reasons=("purpose.unknown",))


def _state(held: Held, version: int) -> str:
    if version <= held.revoked:
        return "revoked"
    return "in_force" if version <= held.in_force else "pending"
