"""`gateway.consent.remote`: one question for all who ask within a second, and nothing remembered of failures."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Mapping
from typing import Any

import pytest

from gateway.consent import remote
from gateway.consent.remote import FRESH_S, RemoteIssuers, Shared
from gateway.consent.status import Status
from schemas.encoding import b64url
from schemas.errors import BadAnswer, ExchangeError, PeerUnavailable
from schemas.identifiers import MemberId
from tests.unit.gateway.consent.wishes import ISSUER

PROVIDER = MemberId.parse("LM/GOV/NIA")


class Clock:
    """Stands in for the monotonic clock of the module under test."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.ahead = 0.0
        real = time.monotonic
        monkeypatch.setattr(remote.time, "monotonic", lambda: real() + self.ahead)

    def later(self) -> float:
        """A deadline a while from now."""
        return remote.time.monotonic() + 5


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    return Clock(monkeypatch)


class Issuer:
    """Answers as it is told; counts the questions."""

    def __init__(self) -> None:
        self.asked = 0
        self.state = "granted"
        self.gate = asyncio.Event()
        self.gate.set()
        self.failure: Exception | None = None

    async def __call__(
        self, issuer: MemberId, provider: MemberId, question: Mapping[str, Any], deadline: float
    ) -> Mapping[str, Any]:
        """As `AskIssuer`."""
        self.asked += 1
        state = self.state
        await self.gate.wait()
        if self.failure is not None:
            raise self.failure
        if question == {"want": "key"}:
            return {"key": b64url(bytes(32))}
        return Status(question["consent"], state).as_json()


async def test_status__many_ask_at_once__one_question(clock: Clock) -> None:
    """Concurrent exchanges about one consent share one question."""
    issuer = Issuer()
    issuer.gate.clear()
    issuers = RemoteIssuers(issuer)
    asking = [
        asyncio.create_task(issuers.status(ISSUER, PROVIDER, "a.1", deadline=clock.later()))
        for _ in range(50)
    ]
    await asyncio.sleep(0)
    issuer.gate.set()
    assert {status.state for status in await asyncio.gather(*asking)} == {"granted"}
    assert issuer.asked == 1


async def test_status__of_another_consent_or_provider__a_question_of_its_own(clock: Clock) -> None:
    """An answer is for one consent, one issuer and one provider."""
    issuer = Issuer()
    issuers = RemoteIssuers(issuer)
    for who, consent in ((PROVIDER, "a.1"), (PROVIDER, "b.1"), (ISSUER, "a.1")):
        await issuers.status(ISSUER, who, consent, deadline=clock.later())
    assert issuer.asked == 3


async def test_status__a_second_later__is_asked_anew(clock: Clock) -> None:
    """An answer counts for a second from when the question went out, and no longer."""
    issuer = Issuer()
    issuers = RemoteIssuers(issuer)
    assert (await issuers.status(ISSUER, PROVIDER, "a.1", deadline=clock.later())).state == "granted"
    issuer.state = "withdrawn"
    clock.ahead += FRESH_S / 2
    assert (await issuers.status(ISSUER, PROVIDER, "a.1", deadline=clock.later())).state == "granted"
    clock.ahead += FRESH_S / 2
    assert (await issuers.status(ISSUER, PROVIDER, "a.1", deadline=clock.later())).state == "withdrawn"
    assert issuer.asked == 2


async def test_status__still_under_way_a_second_later__is_asked_anew(clock: Clock) -> None:
    """A question that went out before a withdrawal cannot answer an exchange that began after it."""
    issuer = Issuer()
    issuer.gate.clear()
    issuers = RemoteIssuers(issuer)
    early = asyncio.create_task(issuers.status(ISSUER, PROVIDER, "a.1", deadline=clock.later()))
    await asyncio.sleep(0.01)
    issuer.state = "withdrawn"
    clock.ahead += FRESH_S
    late = asyncio.create_task(issuers.status(ISSUER, PROVIDER, "a.1", deadline=clock.later()))
    await asyncio.sleep(0.01)
    issuer.gate.set()
    assert ((await early).state, (await late).state) == ("granted", "withdrawn")


async def test_status__fails__every_waiter_hears_it_and_nothing_is_remembered(clock: Clock) -> None:
    """A failure denies, and the next exchange asks again."""
    issuer = Issuer()
    issuer.failure = PeerUnavailable("nobody there")
    issuers = RemoteIssuers(issuer)
    asking = [issuers.status(ISSUER, PROVIDER, "a.1", deadline=clock.later()) for _ in range(3)]
    failed = await asyncio.gather(*asking, return_exceptions=True)
    assert [type(failure) for failure in failed] == [PeerUnavailable] * 3
    issuer.failure = None
    assert (await issuers.status(ISSUER, PROVIDER, "a.1", deadline=clock.later())).state == "granted"
    assert issuer.asked == 2


async def test_status__late__the_asker_does_not_wait_and_the_others_do(clock: Clock) -> None:
    """A deadline is the asker's own: who shares the question keeps waiting."""
    issuer = Issuer()
    issuer.gate.clear()
    issuers = RemoteIssuers(issuer)
    patient = asyncio.create_task(issuers.status(ISSUER, PROVIDER, "a.1", deadline=clock.later()))
    await asyncio.sleep(0)
    with pytest.raises(PeerUnavailable):
        await issuers.status(ISSUER, PROVIDER, "a.1", deadline=remote.time.monotonic())
    issuer.gate.set()
    assert (await patient).state == "granted"
    assert issuer.asked == 1


async def test_status__who_asked_first_is_cancelled__the_others_get_the_answer(clock: Clock) -> None:
    """The question belongs to all who wait for it."""
    issuer = Issuer()
    issuer.gate.clear()
    issuers = RemoteIssuers(issuer)
    first, second = (
        asyncio.create_task(issuers.status(ISSUER, PROVIDER, "a.1", deadline=clock.later())) for _ in range(2)
    )
    await asyncio.sleep(0)
    first.cancel()
    issuer.gate.set()
    assert (await second).state == "granted"
    with pytest.raises(asyncio.CancelledError):
        await first


async def test_key__is_kept_and_bounded_in_form(clock: Clock) -> None:
    """The key is asked for once; anything but 32 bytes is no key."""
    issuer = Issuer()
    issuers = RemoteIssuers(issuer)
    keys = [await issuers.key(ISSUER, PROVIDER, deadline=clock.later()) for _ in range(3)]
    assert keys == [bytes(32)] * 3
    assert issuer.asked == 1


@pytest.mark.parametrize("answer", [{}, {"key": None}, {"key": "short"}, {"key": b64url(bytes(33))}])
async def test_key__no_key__bad_answer(clock: Clock, answer: Mapping[str, Any]) -> None:
    """No tag is compared under a key that is none."""

    async def ask(*_: object) -> Mapping[str, Any]:
        return answer

    with pytest.raises(BadAnswer):
        await RemoteIssuers(ask).key(ISSUER, PROVIDER, deadline=clock.later())


async def test_shared__more_names_than_may_be_kept__forgets_the_oldest() -> None:
    """Memory is bounded, whatever is asked."""
    shared: Shared[int] = Shared(60, max_kept=10)

    def returning(number: int) -> Callable[[], Any]:
        async def ask() -> int:
            return number

        return ask

    for number in range(100):
        assert await shared.get(number, returning(number), deadline=time.monotonic() + 1) == number
    assert len(shared) == 10


def test_status__round_trip_and_about_one_consent_only() -> None:
    """What is answered is read back, for the consent that was asked about."""
    status = Status("a.1", "granted", "LM/GOV/NIA/identity/person", valid_from=1, valid_until=2)
    assert Status.of_json(status.as_json(), "a.1") == status
    with pytest.raises(ExchangeError):
        Status.of_json(status.as_json(), "a.2")
