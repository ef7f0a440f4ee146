"""Who may give, renew and take back which consent, at the desk."""

from __future__ import annotations

from dataclasses import replace

import pytest

from audit.case import Case
from gateway.consent.choices import Actor
from gateway.consent.desk import ConsentDesk
from gateway.consent.errors import NotPossible, UnfitConsent, UnknownConsent
from gateway.consent.record import Capacity, ConsentRecord, Method, Representative, State
from gateway.consent.representation import MAX_LIFETIME_S, Representation
from gateway.consent.store import Consents
from schemas.errors import NotPermitted, RequestMismatch, UnknownService
from tests.unit.gateway.consent.desks import (
    CHILD,
    CLERK,
    MOTHER,
    OTHER_ISSUER,
    STRANGER,
    Directory,
    a_choice,
    an_agreement,
    desk_over,
)
from tests.unit.gateway.consent.wishes import DAY, ISSUER, NOW, PERSON

HERSELF, GUARDIAN = Actor(CHILD), Actor(MOTHER)


@pytest.fixture
def desk(consents: Consents) -> ConsentDesk:
    return desk_over(consents)


async def grant(desk: ConsentDesk, actor: Actor, now: int = NOW, **members) -> ConsentRecord:
    """Show the notice, then grant."""
    choice = a_choice(**members)
    shown = await desk.ask(choice, actor, now)
    return await desk.grant(choice, shown.reference.id, actor, now)


async def represent(desk: ConsentDesk, until: int = NOW + 100 * DAY) -> Representation:
    other = Representative(MOTHER, Capacity.GUARDIAN, until)
    return await desk.representations.record(ISSUER, CHILD, other, officer=CLERK, now=NOW)


async def last_case(desk: ConsentDesk) -> Case:
    reader = desk.consents.log.reader
    return await reader.case((await reader.head()).size - 1)


async def test_offers__only_parts_that_rest_on_consent_in_agreements_in_force(consents: Consents):
    """A person is asked only where an agreement in force rests on consent."""
    gone = an_agreement("gone", valid_until=NOW)
    desk = desk_over(consents, an_agreement(), gone, an_agreement("stopped", status="suspended"))
    assert [offer.id for offer in desk.offers(NOW)] == ["relief-nia~person~social-assistance.eligibility"]


async def test_grant__the_record_keeps_the_notice_that_was_shown(desk: ConsentDesk):
    """The record names the notice by its digest, in its version and language."""
    shown = await desk.ask(a_choice(language="ar"), Actor(PERSON), NOW)
    record = await desk.grant(a_choice(language="ar"), shown.reference.id, Actor(PERSON), NOW)
    assert record.wish.notice == shown.reference
    assert (record.wish.method, record.wish.officer) == (Method.SELF, None)


async def test_grant__another_notice_than_shown__refused(desk: ConsentDesk):
    """Nobody consents to what they were not shown."""
    shown = await desk.ask(a_choice(fields=("full_name",)), Actor(PERSON), NOW)
    with pytest.raises(RequestMismatch) as caught:
        await desk.grant(a_choice(), shown.reference.id, Actor(PERSON), NOW)
    assert caught.value.reasons == ("notice.other",)


@pytest.mark.parametrize(
    ("members", "reason"),
    [
        ({"offer": "relief-nia~card~taxation"}, "offer.unknown"),
        ({"fields": ("full_name", "address")}, "offer.exceeded"),
        ({"valid_until": NOW + 901 * DAY}, "offer.exceeded"),
        ({"valid_from": NOW - 2 * DAY}, "offer.exceeded"),
        ({"language": "xx"}, "notice.no_words"),
        ({"issuer": OTHER_ISSUER}, "issuer.unlisted"),
        ({"representation": "0198c0de-0000-7000-8000-000000000000"}, "representation.missing"),
    ],
)
async def test_ask__beyond_the_offer__refused(desk: ConsentDesk, members, reason):
    """A consent stays within an agreement, a listed issuer, and words that there are."""
    with pytest.raises((RequestMismatch, UnknownService, NotPermitted)) as caught:
        await desk.ask(a_choice(**members), Actor(PERSON), NOW)
    assert caught.value.reasons == (reason,)


async def test_assisted__the_officers_pseudonym_is_in_record_and_entry(desk: ConsentDesk):
    """Who helped can be found later; what they are called is not known here."""
    record = await grant(desk, Actor(PERSON, CLERK))
    assert (record.wish.method, record.wish.officer) == (Method.ASSISTED, CLERK)
    assert (await last_case(desk)).user == f"{CLERK} for {record.tag}"


async def test_withdraw__somebody_elses_consent__unknown(desk: ConsentDesk):
    """Others' consents are not there for a stranger, whatever id they know."""
    record = await grant(desk, Actor(PERSON))
    with pytest.raises(UnknownConsent):
        await desk.withdraw(ISSUER, record.id, Actor(STRANGER), NOW)
    with pytest.raises(UnknownConsent):
        await desk.token(ISSUER, record.id, Actor(STRANGER), NOW)
    assert await desk.listed(ISSUER, STRANGER, NOW) == ()
    assert (await desk.withdraw(ISSUER, record.id, Actor(PERSON), NOW)).state is State.WITHDRAWN


async def test_guardian__grants_for_the_child__ends_with_the_representation(desk: ConsentDesk):
    """The consent is about the child, and counts no longer than the guardian's right."""
    made = await represent(desk, until=NOW + 10 * DAY)
    record = await grant(desk, GUARDIAN, representation=made.id)
    assert record.wish.subject == CHILD
    assert record.ends_at == NOW + 10 * DAY
    assert record.state_at(NOW + 10 * DAY) is State.EXPIRED


async def test_guardian__after_the_end_date__may_do_nothing(desk: ConsentDesk):
    """On the eighteenth birthday the guardian can neither give, renew, take back, nor see."""
    until = NOW + 10 * DAY
    made = await represent(desk, until=until)
    record = await grant(desk, GUARDIAN, representation=made.id)
    with pytest.raises(NotPermitted):
        await desk.ask(a_choice(representation=made.id, valid_from=until), GUARDIAN, until)
    for act in (
        desk.withdraw(ISSUER, record.id, GUARDIAN, until),
        desk.find(ISSUER, record.id, GUARDIAN, until),
    ):
        with pytest.raises(UnknownConsent):
            await act
    assert await desk.listed(ISSUER, MOTHER, until) == ()
    assert [one.id for one in await desk.listed(ISSUER, CHILD, until)] == [record.id]


async def test_guardian__of_nobody__may_not_use_anothers_representation(desk: ConsentDesk):
    """A representation serves the one who is named in it."""
    made = await represent(desk)
    for somebody in (Actor(STRANGER), HERSELF):
        with pytest.raises(NotPermitted) as caught:
            await desk.ask(a_choice(representation=made.id), somebody, NOW)
        assert caught.value.reasons == ("representation.missing",)


@pytest.mark.parametrize("helper", [None, CLERK])
async def test_represented_person__own_withdrawal_wins(desk: ConsentDesk, helper: str | None):
    """What the child took back, the guardian cannot give again; the child can, and then the guardian too."""
    made = await represent(desk)
    record = await grant(desk, GUARDIAN, representation=made.id)
    await desk.withdraw(ISSUER, record.id, Actor(CHILD, helper), NOW + 1)
    with pytest.raises(NotPermitted) as caught:
        await grant(desk, GUARDIAN, NOW + 2, representation=made.id)
    assert caught.value.reasons == ("consent.withdrawn_by_subject",)
    with pytest.raises(NotPossible):
        await desk.renew(ISSUER, record.id, NOW + 50 * DAY, "en", "any", GUARDIAN, NOW + 2)
    await grant(desk, HERSELF, NOW + 3)
    assert (await grant(desk, GUARDIAN, NOW + 4, representation=made.id)).wish.subject == CHILD


async def test_guardian__own_withdrawal__may_give_again(desk: ConsentDesk):
    """Only the represented person's withdrawal binds the guardian, not the guardian's own."""
    made = await represent(desk)
    record = await grant(desk, GUARDIAN, representation=made.id)
    await desk.withdraw(ISSUER, record.id, GUARDIAN, NOW + 1)
    assert (await grant(desk, GUARDIAN, NOW + 2, representation=made.id)).state is State.GRANTED


async def test_end_representation__what_was_allowed_under_it_is_withdrawn(desk: ConsentDesk):
    """A guardian who is one no longer has allowed nothing; doing it again changes nothing."""
    made = await represent(desk)
    under, own = await grant(desk, GUARDIAN, representation=made.id), await grant(desk, GUARDIAN)
    ended, withdrawn = await desk.end_representation(ISSUER, made.id, CLERK, NOW + 1)
    assert (ended.ended_at, withdrawn) == (NOW + 1, 1)
    states = {one.id: one.state for one in await desk.consents.of_representative(ISSUER, MOTHER)}
    assert states == {under.id: State.WITHDRAWN}
    assert (await desk.consents.find(ISSUER, own.id)).state is State.GRANTED
    assert (await desk.end_representation(ISSUER, made.id, CLERK, NOW + 2))[1] == 0


@pytest.mark.parametrize("until", [None, NOW, NOW + MAX_LIFETIME_S + 1])
async def test_represent__without_an_end_that_makes_sense__refused(desk: ConsentDesk, until):
    """Every representation has an end of its own."""
    with pytest.raises(UnfitConsent):
        await represent(desk, until)


async def test_represent__oneself__refused(desk: ConsentDesk):
    """Nobody is their own guardian, however the number is written."""
    other = Representative(replace(CHILD, value=f" {CHILD.value} "), Capacity.LEGAL, NOW + DAY)
    with pytest.raises(UnfitConsent):
        await desk.representations.record(ISSUER, CHILD, other, officer=CLERK, now=NOW)


async def test_representation__the_table_names_nobody(desk: ConsentDesk):
    """Who stands for whom is encrypted, and bound to its row."""
    made = await represent(desk)
    ((people, tag),) = await desk.consents.store.rows(
        "SELECT people, subject_tag FROM consent_representation WHERE id = $1", made.id
    )
    assert CHILD.value.encode() not in bytes(people) + tag.encode()
    assert await desk.representations.find(ISSUER, made.id) == made


async def test_renew__the_next_version_with_its_own_notice(desk: ConsentDesk):
    """A renewal is asked for like a consent, and stays within an agreement in force."""
    record = await grant(desk, Actor(PERSON))
    until, later = NOW + 60 * DAY, NOW + 5 * DAY
    shown = await desk.renewal(ISSUER, record.id, until, "fr", Actor(PERSON), later)
    renewed = await desk.renew(ISSUER, record.id, until, "fr", shown.reference.id, Actor(PERSON), later)
    assert (renewed.version, renewed.wish.notice.language) == (2, "fr")
    assert [one.version for one in await desk.listed(ISSUER, PERSON, later)] == [2]
    with pytest.raises(RequestMismatch):
        await desk.renew(ISSUER, record.id, NOW + 901 * DAY, "fr", "any", Actor(PERSON), later)


async def test_renew__by_the_guardian__takes_the_end_on_record_now(desk: ConsentDesk):
    """A longer representation, once recorded, carries a renewal further."""
    made = await represent(desk, until=NOW + 10 * DAY)
    record = await grant(desk, GUARDIAN, representation=made.id)
    await represent(desk, until=NOW + 40 * DAY)
    shown = await desk.renewal(ISSUER, record.id, NOW + 90 * DAY, "en", GUARDIAN, NOW + DAY)
    renewed = await desk.renew(
        ISSUER, record.id, NOW + 90 * DAY, "en", shown.reference.id, GUARDIAN, NOW + DAY
    )
    assert renewed.ends_at == NOW + 40 * DAY


async def test_token__is_made_for_whom_it_is_about__and_logged(desk: ConsentDesk):
    """A token is an act like the others."""
    record = await grant(desk, Actor(PERSON))
    assert (await desk.token(ISSUER, record.id, Actor(PERSON), NOW)).count(".") == 2
    entries = await desk.consents.log.reader.entries(kind="admin")
    assert entries[0].entry.action == "consent.token"
    assert (await last_case(desk)).acts == {"consent": record.key}


async def test_issuers__only_listed_ones_can_be_asked__others_can_still_be_taken_back(desk: ConsentDesk):
    """An issuer that is struck off the list can issue nothing, and what it issued can be withdrawn."""
    record = await grant(desk, Actor(PERSON))
    directory = desk.directory
    assert isinstance(directory, Directory)
    directory.listed.clear()
    assert desk.issuers() == ()
    with pytest.raises(RequestMismatch):
        await desk.ask(a_choice(), Actor(PERSON), NOW)
    assert (await desk.withdraw(ISSUER, record.id, Actor(PERSON), NOW)).state is State.WITHDRAWN
