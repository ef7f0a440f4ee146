"""`gateway.consent.uses`: a limited consent is used no more often than it says, on however many nodes."""

from __future__ import annotations

import asyncio

import pytest

from gateway.consent.record import Frequency, Often
from gateway.consent.status import Status
from gateway.consent.store import Consents
from gateway.consent.uses import ENQUIRY_S, Uses
from tests.unit.gateway.consent.wishes import DAY, ISSUER, NOW


def _status(frequency: Frequency, consent: str = "a.1") -> Status:
    return Status(consent, "granted", None, frequency, NOW, NOW + 30 * DAY)


ONCE = _status(Frequency(Often.ONCE))
TWICE_A_DAY = _status(Frequency(Often.PER_PERIOD, 2, DAY))


@pytest.fixture
def uses(consents: Consents) -> Uses:
    return Uses(consents.store)


async def test_take__continuous__always_and_writes_nothing(uses: Uses) -> None:
    """No limit, no row."""
    status = _status(Frequency())
    assert all([await uses.take(ISSUER, status, f"talk-{n}", NOW) for n in range(5)])
    assert await uses.store.rows("SELECT count(*) FROM consent_use") == [(0,)]


async def test_take__once__one_enquiry_with_its_retries(uses: Uses) -> None:
    """A conversation may ask again for a while; another one, or a later one, may not."""
    assert await uses.take(ISSUER, ONCE, "talk-1", NOW)
    assert await uses.take(ISSUER, ONCE, "talk-1", NOW + ENQUIRY_S - 1)
    assert not await uses.take(ISSUER, ONCE, "talk-2", NOW + 1)
    assert not await uses.take(ISSUER, ONCE, "talk-1", NOW + ENQUIRY_S)


async def test_take__per_period__so_many_in_each(uses: Uses) -> None:
    """Each period has its own uses, counted from the consent's first second."""
    taken = [await uses.take(ISSUER, TWICE_A_DAY, f"talk-{n}", NOW + n) for n in range(4)]
    assert taken == [True, True, False, False]
    assert not await uses.take(ISSUER, TWICE_A_DAY, "talk-5", NOW + DAY - 1)
    assert await uses.take(ISSUER, TWICE_A_DAY, "talk-6", NOW + DAY)


async def test_take__other_consent_or_issuer__has_uses_of_its_own(uses: Uses) -> None:
    """A renewed version begins anew, and issuers may use the same ids."""
    other = _status(Frequency(Often.ONCE), "a.2")
    assert await uses.take(ISSUER, ONCE, "talk-1", NOW)
    assert await uses.take(ISSUER, other, "talk-2", NOW)


async def test_take__at_the_same_moment_on_two_nodes__never_more_than_allowed(
    uses: Uses, other_node: Consents
) -> None:
    """The database decides: the last use goes to one of them."""
    other = Uses(other_node.store)
    taken = await asyncio.gather(
        *((uses if n % 2 else other).take(ISSUER, TWICE_A_DAY, f"talk-{n}", NOW) for n in range(20))
    )
    assert taken.count(True) == 2


async def test_forget__only_what_ran_out(uses: Uses) -> None:
    """A use is remembered as long as its consent could still be shown."""
    await uses.take(ISSUER, ONCE, "talk-1", NOW)
    assert await uses.forget(NOW + 30 * DAY) == 0
    assert not await uses.take(ISSUER, ONCE, "talk-2", NOW + DAY)
    assert await uses.forget(NOW + 30 * DAY + 1) == 1
