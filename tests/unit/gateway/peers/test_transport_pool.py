"""The places of one origin's pool: never more than there are, handed on in turn, none lost in any way."""

from __future__ import annotations

import asyncio
import contextlib
import time
from dataclasses import dataclass, field
from functools import partial
from ipaddress import ip_network
from typing import Self

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.peers import transport as module
from gateway.peers.transport import IDLE_LIMIT_S, HttpTransport, Origin, TransportError, _Pool

LOOPBACK = [ip_network("127.0.0.0/8")]
REQUEST = b"GET / HTTP/1.1\r\nHost: x\r\n\r\n"
REPLY = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
PLACES = 3


class FakeConnection:
    """A connection as far as a pool looks at it."""

    def __init__(self) -> None:
        self.usable = True
        self.discarded = False

    def discard(self) -> None:
        """As the real one."""
        self.usable, self.discarded = False, True


async def _settled() -> None:
    for _ in range(5):
        await asyncio.sleep(0)


# The pool alone.


async def test_wait__no_place__waits_until_one_is_given_back():
    """The place goes to who has waited longest."""
    pool = _Pool(places=1)
    assert await pool.wait() is None
    turns = [asyncio.create_task(pool.wait()) for _ in range(2)]
    await _settled()
    assert not any(turn.done() for turn in turns)
    connection = FakeConnection()
    pool.give_back(connection)
    await _settled()
    assert [turn.done() for turn in turns] == [True, False]
    assert turns[0].result() is connection
    pool.give_back(None)
    assert await turns[1] is None
    pool.give_back(None)
    assert pool.places == 1


async def test_wait__cancelled_while_waiting__its_place_is_nobodys():
    """The next in the queue gets the place instead."""
    pool = _Pool(places=1)
    await pool.wait()
    first, second = (asyncio.create_task(pool.wait()) for _ in range(2))
    await _settled()
    first.cancel()
    await _settled()
    pool.give_back(None)
    await second
    pool.give_back(None)
    assert (pool.places, list(pool.waiting)) == (1, [])


async def test_wait__cancelled_in_the_moment_of_its_turn__gives_the_place_on():
    """The place was already handed over, but nobody came for it."""
    pool = _Pool(places=1)
    await pool.wait()
    first, second = (asyncio.create_task(pool.wait()) for _ in range(2))
    await _settled()
    pool.give_back(None)
    first.cancel()
    await asyncio.wait_for(second, 1)
    with pytest.raises(asyncio.CancelledError):
        await first
    pool.give_back(None)
    assert pool.places == 1


def test_take__somebody_waits__nobody_overtakes():
    """Without a free place there is nothing to take, even where a connection is idle."""
    pool = _Pool(places=0)
    pool.idle.append((FakeConnection(), time.monotonic()))
    assert pool.take() is None
    assert pool.places == 0


def test_take__idle_too_long_or_closed__dropped(monkeypatch):
    """The server closes after 75 s; a connection is not used shortly before."""
    pool = _Pool()
    stale, closed, good = FakeConnection(), FakeConnection(), FakeConnection()
    closed.usable = False
    now = time.monotonic()
    pool.idle.extend([(stale, now - IDLE_LIMIT_S), (good, now), (closed, now)])
    assert pool.take() is good
    assert pool.take() is None
    assert closed.discarded
    assert stale.discarded
    assert pool.places == module.MAX_CONNECTIONS - 1


def test_give_back__not_usable__discarded():
    """A connection that said `Connection: close` carries nothing more."""
    pool, connection = _Pool(places=0), FakeConnection()
    connection.usable = False
    pool.give_back(connection)
    assert (connection.discarded, list(pool.idle), pool.places) == (True, [], 1)


_STEPS = st.lists(
    st.tuples(st.sampled_from(["ask", "give", "break", "cancel", "turn"]), st.integers(0, 9)), max_size=60
)


@settings(deadline=None)
@given(places=st.integers(1, 3), waiting=st.integers(0, 3), steps=_STEPS)
async def test_pool__any_order_of_events__no_place_is_lost_or_made(places, waiting, steps):
    """Whatever is asked for, given back, broken or cancelled, and when: places in use and free are all there
    are, nobody waits beside a free one, and in the end every place is back."""
    pool = _Pool(places=places)
    tasks = [asyncio.create_task(pool.wait()) for _ in range(places + waiting)]
    await _settled()

    def using() -> list[asyncio.Task]:
        return [task for task in tasks if task.done()]

    for step, number in steps:
        if step == "ask":
            tasks.append(asyncio.create_task(pool.wait()))
        elif step == "turn":
            await _settled()
        elif step == "cancel" and tasks:
            tasks[number % len(tasks)].cancel()
        elif step in ("give", "break") and using():
            task = using()[number % len(using())]
            tasks.remove(task)
            if not task.cancelled():
                pool.give_back(FakeConnection() if step == "give" else None)
        tasks = [task for task in tasks if not (task.done() and task.cancelled())]
        assert 0 <= pool.places <= places
    await _settled()
    tasks = [task for task in tasks if not task.cancelled()]
    in_use = len(using())
    assert pool.places + in_use == places
    assert in_use == min(places, len(tasks))
    while tasks:
        for task in using():
            tasks.remove(task)
            pool.give_back(None)
        await _settled()
    assert pool.places == places


# The whole client, against a slow server.


@dataclass
class SlowServer:
    """Answers after a while, and counts the connections that are open."""

    delay_s: float = 0.02
    reply: bytes = REPLY
    open: int = 0
    most: int = 0
    answered: int = 0
    _server: asyncio.Server = field(init=False)

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        return self

    async def __aexit__(self, *_: object) -> None:
        self._server.close()
        await self._server.wait_closed()

    @property
    def origin(self) -> Origin:
        """Where it listens."""
        return Origin.of(f"http://127.0.0.1:{self._server.sockets[0].getsockname()[1]}")

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.open += 1
        self.most = max(self.most, self.open)
        try:
            while await reader.readuntil(b"\r\n\r\n"):
                await asyncio.sleep(self.delay_s)
                writer.write(self.reply)
                self.answered += 1
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            self.open -= 1
            writer.close()


@pytest.fixture
async def client(monkeypatch):
    """A client with few places."""
    monkeypatch.setattr(module, "_Pool", partial(_Pool, places=PLACES))
    client = HttpTransport(None, LOOPBACK)
    yield client
    await client.close()


async def _send(client, server, seconds=5.0):
    return await client.send(server.origin, REQUEST, deadline=time.monotonic() + seconds, max_body=100)


async def test_send__more_than_places__the_rest_waits_and_all_are_answered(client):
    """One origin never gets more connections than there are places, and they are used again."""
    async with SlowServer() as server:
        replies = await asyncio.gather(*(_send(client, server) for _ in range(5 * PLACES)))
        assert [reply.body for reply in replies] == [b"ok"] * 5 * PLACES
        assert server.most == PLACES
        assert client._pools[server.origin].places == PLACES
        await client.close()


async def test_send__deadline_passes_while_waiting__timeout_without_a_place(client):
    """Waiting counts towards the deadline; who gives up keeps nothing."""
    async with SlowServer(delay_s=0.3) as server:
        busy = [asyncio.create_task(_send(client, server)) for _ in range(PLACES)]
        await asyncio.sleep(0.05)
        with pytest.raises(TimeoutError):
            await _send(client, server, seconds=0.05)
        await asyncio.gather(*busy)
        assert client._pools[server.origin].places == PLACES
        assert server.answered == PLACES
        await client.close()


async def test_send__cancelled_at_any_moment__no_place_leaks(client):
    """Clients that go away while connecting, waiting or being answered leave every place behind."""
    async with SlowServer(delay_s=0.01) as server:
        tasks = [asyncio.create_task(_send(client, server)) for _ in range(60)]
        for number, task in enumerate(tasks):
            if number % 3:
                await asyncio.sleep(0.001 * (number % 5))
                task.cancel()
        results = await asyncio.gather(*tasks, return_exceptions=True)
        assert all(getattr(result, "body", None) == b"ok" for result in results[::3])
        pool = client._pools[server.origin]
        assert (pool.places, [turn for turn in pool.waiting if not turn.done()]) == (PLACES, [])
        assert (await _send(client, server)).body == b"ok"
        await client.close()


async def test_send__server_closes_or_fails_each_time__no_place_leaks(client):
    """Broken answers, answers that close and servers that are gone give their place back."""
    for reply in (b"nonsense\r\n\r\n", REPLY.replace(b"Length", b"Length: 2\r\nContent-Length"),
                  REPLY.replace(b"\r\nContent", b"\r\nConnection: close\r\nContent")):  # fmt: skip
        async with SlowServer(delay_s=0, reply=reply) as server:
            for _ in range(3 * PLACES):
                with contextlib.suppress(TransportError):
                    await _send(client, server)
            assert client._pools[server.origin].places == PLACES
            await client.close()
            origin = server.origin
    for _ in range(3 * PLACES):
        with pytest.raises(TransportError) as caught:
            await client.send(origin, REQUEST, deadline=time.monotonic() + 1, max_body=100)
        assert not caught.value.sent
    assert client._pools[origin].places == PLACES


async def test_send__one_after_another__over_one_connection(client):
    """An idle connection is used again."""
    async with SlowServer(delay_s=0) as server:
        for _ in range(10):
            await _send(client, server)
        assert server.most == 1
        await client.close()
