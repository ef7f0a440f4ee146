"""The inbox: an answer is taken once, by who announced it, while they wait."""

from __future__ import annotations

import asyncio

import pytest

from adapters import inbox as module
from adapters.inbox import MemoryInbox


async def test_deliver__announced__arrives_also_before_it_is_awaited():
    """The answer may be faster than the acknowledgement."""
    inbox = MemoryInbox()

    with inbox.expect("t") as arriving:
        assert inbox.deliver("t", {"a": 1}) is None
        assert await arriving == {"a": 1}


async def test_deliver__twice_late_or_never_announced__counted_by_why():
    """What nobody waits for is not kept."""
    inbox = MemoryInbox()

    with inbox.expect("t") as arriving:
        inbox.deliver("t", {})
        assert inbox.deliver("t", {"forged": 1}) == "duplicate"
        assert await arriving == {}
    with inbox.expect("u"):
        pass

    assert inbox.deliver("t", {}) == "duplicate"
    assert inbox.deliver("u", {}) == "late"
    assert inbox.deliver("v", {}) == "foreign"
    assert inbox.ignored == {"duplicate": 2, "late": 1, "foreign": 1}


async def test_expect__waiter_gives_up__key_is_free_again():
    """A timeout leaves nothing behind."""
    inbox = MemoryInbox()

    with pytest.raises(TimeoutError), inbox.expect("t") as arriving:
        async with asyncio.timeout(0):
            await arriving

    assert inbox.deliver("t", {}) == "late"


async def test_expect__too_many_at_once__refused(monkeypatch: pytest.MonkeyPatch):
    """Waiting is bounded."""
    monkeypatch.setattr(module, "MAX_WAITING", 1)
    inbox = MemoryInbox()

    with inbox.expect("t"), pytest.raises(ConnectionError), inbox.expect("u"):
        pytest.fail("a second answer was awaited")
