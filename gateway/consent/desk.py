"""The desk: what a person, their representative or an assisting officer may do with a consent.

    desk.ask(choice, person)      the notice that person would be shown for what they chose
    desk.grant(choice, actor)     the consent, if the notice they were shown is still the one
    desk.withdraw(...), desk.renew(...)

Everybody consents within an offer (`offers`), for themselves or under a representation on record, and a
notice is shown first: the grant names it by its digest. An officer assists: the person is there, the
officer writes it down. What a represented person took back themselves, no representative can give again.
Who the actor is was established by the door; which member's officer they are, too.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace

from audit.case import Case
from audit.entry import Entry
from audit.pending import PendingEntry
from gateway.consent.choices import Actor, Choice, covers, same, scope_of
from gateway.consent.errors import NotPossible, UnknownConsent
from gateway.consent.issuing import TokenIssuer
from gateway.consent.notices.catalogue import Catalogues
from gateway.consent.notices.notice import Asked, Directory, ShownNotice, compose
from gateway.consent.notices.slip import Slip
from gateway.consent.offers import Offer, offers
from gateway.consent.record import ConsentRecord, Method, Representative, State, Wish
from gateway.consent.representation import Representation, Representations
from gateway.consent.rights import Rights
from gateway.consent.store import Consents, Renewal
from schemas.agreement import Agreement
from schemas.errors import RequestMismatch, UnknownService
from schemas.exchange_id import new_exchange_id
from schemas.identifiers import MemberId
from schemas.record import Subject


@dataclass(frozen=True, slots=True)
class ConsentDesk:
    """The consents of the issuers hosted here, as people meet them. `contacts` says whom to ask."""

    consents: Consents
    representations: Representations
    agreements: Callable[[], Iterable[Agreement]]
    directory: Directory
    catalogues: Catalogues
    tokens: TokenIssuer
    hosted: frozenset[MemberId]
    """The members hosted here: what they issued can be seen and taken back, listed as issuers or not."""
    contacts: Mapping[MemberId, str]

    @property
    def rights(self) -> Rights:
        """Who may decide for whom."""
        return Rights(self.consents, self.representations)

    def issuers(self) -> tuple[MemberId, ...]:
        """The hosted members whose consents count now. Raises FederationUnavailable."""
        return tuple(sorted((one for one in self.hosted if self.directory.issues(one)), key=str))

    async def keeper(self, consent: str) -> MemberId:
        """Which hosted member issued a consent. Raises UnknownConsent."""
        for issuer in self.hosted:
            if await self.consents.find(issuer, consent) is not None:
                return issuer
        raise UnknownConsent("there is no such consent")

    def offers(self, now: int) -> tuple[Offer, ...]:
        """What may be consented to now."""
        return offers(self.agreements(), now)

    async def ask(self, choice: Choice, actor: Actor, now: int) -> ShownNotice:
        """The notice for a choice.

        Raises:
            UnknownService: no such offer, issuer or language.
            NotPermitted: the actor may not decide for that person.
            RequestMismatch: it goes beyond the offer.
        """
        return (await self._prepare(choice, actor, now))[1]

    async def grant(self, choice: Choice, notice: str, actor: Actor, now: int) -> ConsentRecord:
        """Record a consent; `notice` is the id of the notice that was shown.

        Raises:
            As `ask`; RequestMismatch too when the notice would be another one by now.
            ConsentError, AuditUnavailable: as `Consents.grant`.
        """
        asked, shown, subject = await self._prepare(choice, actor, now)
        _check_notice(shown, notice)
        if asked.representative is not None:
            await self.rights.check_not_taken_back(asked, subject)
        wish = Wish(
            asked.issuer, subject, asked.representative, asked.scope, asked.valid_from, asked.valid_until,
            shown.reference, actor.method, actor.officer,
        )  # fmt: skip
        return await self.consents.grant(wish, by=await self.rights.pseudonym(choice.issuer, actor), now=now)

    async def renewal(
        self, issuer: MemberId, consent: str, until: int, language: str, actor: Actor, now: int
    ) -> ShownNotice:
        """The notice for a renewal until `until`. Raises as `renew`."""
        record = await self.rights.own(issuer, consent, actor, now)
        other = await self.rights.representing(record, actor, now)
        return self._renewed(record, other, until, language, now)

    async def renew(
        self, issuer: MemberId, consent: str, until: int, language: str, notice: str, actor: Actor, now: int
    ) -> ConsentRecord:
        """Let a consent go on, from now until `until`; `notice` as in `grant`.

        Raises:
            UnknownConsent, NotPossible, UnfitConsent, AuditUnavailable: as `Consents.renew`.
            NotPermitted, RequestMismatch: as `grant`.
        """
        record = await self.rights.own(issuer, consent, actor, now)
        if record.state_at(now) is not State.GRANTED:
            raise NotPossible(f"the consent is {record.state_at(now).value}")
        if not any(covers(offer, record.wish.scope, until) for offer in self.offers(now)):
            detail = "no agreement in force covers this consent for so long"
            raise RequestMismatch(detail, reasons=("offer.gone",))
        other = await self.rights.representing(record, actor, now)
        shown = self._renewed(record, other, until, language, now)
        _check_notice(shown, notice)
        renewal = Renewal(until, shown.reference, actor.method, actor.officer, other)
        by = await self.rights.pseudonym(issuer, actor)
        return await self.consents.renew(issuer, consent, renewal, by=by, now=now)

    async def withdraw(self, issuer: MemberId, consent: str, actor: Actor, now: int) -> ConsentRecord:
        """Take a consent back. The person themselves always can; who represents them while they do.

        Raises:
            UnknownConsent: none that this actor may know of.
            NotPossible, AuditUnavailable: as `Consents.withdraw`.
        """
        await self.rights.own(issuer, consent, actor, now)
        by = await self.rights.pseudonym(issuer, actor)
        return await self.consents.withdraw(issuer, consent, by=by, method=actor.method, now=now)

    async def token(self, issuer: MemberId, consent: str, actor: Actor, now: int) -> str:
        """The token of a consent that stands, to be given to its client; that it was made is logged.

        Raises:
            UnknownConsent, NotPossible, UnfitConsent: as `TokenIssuer.token`.
            AuditUnavailable: it could not be logged.
        """
        record = await self.rights.own(issuer, consent, actor, now)
        token = await self.tokens.token(record, now)
        entry = Entry(kind="admin", id=new_exchange_id(), ts=now, action="consent.token")
        case = Case(user=await self.rights.pseudonym(issuer, actor), acts={"consent": record.key})
        await self.consents.log.append(PendingEntry(entry, case))
        return token

    async def listed(self, issuer: MemberId, person: Subject, now: int) -> tuple[ConsentRecord, ...]:
        """The newest version of every consent about a person, or about one whom they represent now and
        given by them; newest first."""
        self._check_hosted(issuer)
        held = await self.rights.represented(issuer, person, now)
        given = await self.consents.of_representative(issuer, person) if held else ()
        found = (
            *await self.consents.of_subject(issuer, person),
            *(one for one in given if any(same(one.wish.subject, other) for other in held)),
        )
        newest: dict[str, ConsentRecord] = {}
        for record in found:
            if record.id not in newest or newest[record.id].version < record.version:
                newest[record.id] = record
        return tuple(sorted(newest.values(), key=lambda record: record.id, reverse=True))

    async def slip(self, record: ConsentRecord, language: str) -> Slip:
        """The slip of a consent in a language, in the words of the notice that was shown if there are
        any. Raises UnknownService for a language without words."""
        version = record.wish.notice.version
        words = self.catalogues.find(language, version) or self.catalogues.find(language)
        if words is None:
            raise _no_language(self.catalogues)
        return Slip(record, compose(_asked_of(record), words, self.directory, self.contacts), words)

    async def end_representation(
        self, issuer: MemberId, representation: str, officer: str, now: int
    ) -> tuple[Representation, int]:
        """End a representation, and withdraw what was allowed under it; safe to repeat. Returns it, and
        how many consents were withdrawn. Raises UnknownConsent, AuditUnavailable."""
        found = await self.representations.find(issuer, representation)
        ended = await self.representations.end(found, officer=officer, now=now)
        given = await self.consents.of_representative(issuer, found.representative.subject)
        count = 0
        for record in given:
            if same(record.wish.subject, found.subject) and record.state_at(now) is State.GRANTED:
                await self.consents.withdraw(issuer, record.id, by=officer, method=Method.ASSISTED, now=now)
                count += 1
        return ended, count

    async def find(self, issuer: MemberId, consent: str, actor: Actor, now: int) -> ConsentRecord:
        """A consent that this actor may see. Raises UnknownConsent."""
        return await self.rights.own(issuer, consent, actor, now)

    async def log_look_up(self, issuer: MemberId, actor: Actor, now: int) -> None:
        """Log that an officer is about to see what there is about the person at the desk.

        Raises:
            AuditUnavailable: it could not be logged, so nothing may be shown.
        """
        tags, person = self.consents.tags, actor.person
        tag = await tags.tag(str(issuer), person.type, person.value, now)
        entry = Entry(kind="lookup", id=new_exchange_id(), ts=now, action="consent.list")
        await self.consents.log.append(PendingEntry(entry, Case(subjects=(tag,), user=actor.officer)))

    async def _prepare(self, choice: Choice, actor: Actor, now: int) -> tuple[Asked, ShownNotice, Subject]:
        self._check_hosted(choice.issuer)
        if not self.directory.issues(choice.issuer):
            raise RequestMismatch(
                "this member is not listed as an issuer of consents", reasons=("issuer.unlisted",)
            )
        scope = scope_of(choice, self.offers(now), now)
        subject, representative = await self.rights.for_whom(choice, actor, now)
        asked = Asked(choice.issuer, scope, choice.valid_from, choice.valid_until, representative)
        return asked, self._compose(asked, choice.language), subject

    def _renewed(
        self, record: ConsentRecord, other: Representative | None, until: int, language: str, now: int
    ) -> ShownNotice:
        asked = replace(_asked_of(record), valid_from=now, valid_until=until, representative=other)
        return self._compose(asked, language)

    def _compose(self, asked: Asked, language: str) -> ShownNotice:
        words = self.catalogues.find(language)
        if words is None:
            raise _no_language(self.catalogues)
        return compose(asked, words, self.directory, self.contacts)

    def _check_hosted(self, issuer: MemberId) -> None:
        if issuer not in self.hosted:
            raise UnknownService("this member issues no consents here", reasons=("issuer.unknown",))


def _asked_of(record: ConsentRecord) -> Asked:
    wish = record.wish
    return Asked(wish.issuer, wish.scope, wish.valid_from, wish.valid_until, wish.representative)


def _check_notice(shown: ShownNotice, notice: str) -> None:
    if notice != shown.reference.id:
        raise RequestMismatch(
            "the notice is not the one for this choice: show it again, and ask again",
            reasons=("notice.other",),
        )


def _no_language(catalogues: Catalogues) -> UnknownService:
    known = ", ".join(catalogues.languages())
    return UnknownService(
        f"there are no notices in this language; there are: {known}", reasons=("notice.no_words",)
    )
