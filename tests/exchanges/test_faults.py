"""The fault table: which part fails, whether an answer is given, which entry is written, whose fault it is."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass

import pytest

from audit.entry import Entry
from audit.errors import AuditUnavailable
from schemas.errors import PolicyUnavailable
from schemas.outcome import DeniedBySource, Misbehaving, Unavailable
from tests.exchanges.raw_http import Reply, request, send
from tests.exchanges.test_xroad_door import CARD_TARGET, ask, ask_person
from tests.upstream import OK
from tests.world import CONSUMER, NAME, PRESENT, PROVIDER, World

Break = Callable[[World, pytest.MonkeyPatch], None]


def _log_fails(gateway: str, after: int = 0) -> Break:
    def do(world, monkeypatch):
        store = world.node(gateway).log._store
        append, seen = store.append, []

        async def failing(rows, *writes):
            # What members ask one another in the background is not what the row is about.
            if any(_is_of_clients(Entry.decode(row.record)) for row in rows):
                seen.append(rows)
                if len(seen) > after:
                    raise AuditUnavailable("disk full")
            return await append(rows, *writes)

        monkeypatch.setattr(store, "append", failing)

    return do


def _is_of_clients(entry):
    return entry.service is not None and "/isthmus/" not in entry.service


def _policy_fails(error: Exception) -> Break:
    def do(world, monkeypatch):
        async def decide(_):
            raise error

        monkeypatch.setattr(world.node(PROVIDER).policy, "decide", decide)

    return do


def _source_gives(outcome) -> Break:
    def do(world, monkeypatch):
        async def fetch(_):
            if isinstance(outcome, Exception):
                raise outcome
            return outcome

        monkeypatch.setattr(world.node(PROVIDER).sources.adapters["people"].inner, "fetch", fetch)

    return do


def _source_breaks_the_border(world, monkeypatch):
    """An adapter that breaks its promise to give outcomes only."""

    async def fetch(_):
        raise KeyError(NAME)

    monkeypatch.setattr(world.node(PROVIDER).sources.adapters["people"], "fetch", fetch)


def _upstream(reply: bytes, delay_s: float = 0) -> Break:
    def do(world, monkeypatch):
        world.upstream.reply, world.upstream.delay_s = reply, delay_s

    return do


def _federation_ran_out(gateway: str) -> Break:
    def do(world, monkeypatch):
        federation = world.node(gateway).federation
        monkeypatch.setattr(federation, "_publish", lambda _: None)  # a poll just now would mend it
        monkeypatch.setattr(federation, "_serve_until", 0.0)

    return do


@dataclass(frozen=True)
class Row:
    """`problem` is what the client reads; `provider` and `consumer` the (kind, result) of the entries."""

    breaks: Break
    problem: str
    status: int
    fault: str
    hop: str
    provider: tuple[str, ...]
    consumer: tuple[str, ...]
    card: bool = False


FAILED, SENT_FAILED = ("failed",), ("sent", "failed")
MANY_HEADERS = b"".join(b"X-H%d: 1\r\n" % number for number in range(80))
TABLE = {
    "provider_log_unwritable": Row(
        _log_fails(PROVIDER), "peer-unavailable", 503, "provider", CONSUMER, (), SENT_FAILED
    ),
    "consumer_log_unwritable": Row(
        _log_fails(CONSUMER), "audit-unavailable", 503, "gateway", CONSUMER, (), ()
    ),
    "consumer_log_fails_at_the_outcome": Row(
        _log_fails(CONSUMER, 1), "audit-unavailable", 503, "gateway", CONSUMER, ("answered",), ("sent",)
    ),
    "policy_unavailable": Row(
        _policy_fails(PolicyUnavailable()),
        "policy-unavailable",
        503,
        "gateway",
        PROVIDER,
        FAILED,
        SENT_FAILED,
    ),
    "policy_breaks": Row(
        _policy_fails(RuntimeError(NAME)), "gateway-failed", 503, "gateway", PROVIDER, FAILED, SENT_FAILED
    ),
    "source_down": Row(
        _source_gives(Unavailable("x")), "source-unavailable", 503, "provider", PROVIDER, FAILED, SENT_FAILED
    ),
    "source_slow": Row(
        _source_gives(Unavailable("x", timeout=True)),
        "source-too-slow",
        504,
        "provider",
        PROVIDER,
        FAILED,
        SENT_FAILED,
    ),
    "source_misbehaves": Row(
        _source_gives(Misbehaving("x")), "source-misbehaved", 502, "provider", PROVIDER, FAILED, SENT_FAILED
    ),
    "source_denies": Row(
        _source_gives(DeniedBySource("x")),
        "source-unavailable",
        503,
        "provider",
        PROVIDER,
        FAILED,
        SENT_FAILED,
    ),
    "source_raises": Row(
        _source_gives(KeyError(NAME)), "source-misbehaved", 502, "provider", PROVIDER, FAILED, SENT_FAILED
    ),
    "adapter_breaks": Row(
        _source_breaks_the_border, "gateway-failed", 503, "gateway", PROVIDER, FAILED, SENT_FAILED
    ),
    "card_slow": Row(
        _upstream(OK, 2), "source-too-slow", 504, "provider", PROVIDER, FAILED, SENT_FAILED, card=True
    ),
    "card_hangs_up": Row(
        _upstream(b""), "source-misbehaved", 502, "provider", PROVIDER, FAILED, SENT_FAILED, card=True
    ),
    "card_not_http": Row(
        _upstream(b"hello\r\n\r\n"),
        "source-misbehaved",
        502,
        "provider",
        PROVIDER,
        FAILED,
        SENT_FAILED,
        card=True,
    ),
    "card_cut_short": Row(
        _upstream(OK[:-3]), "source-misbehaved", 502, "provider", PROVIDER, FAILED, SENT_FAILED, card=True
    ),
    "card_huge": Row(
        _upstream(b"HTTP/1.1 200 OK\r\nContent-Length: 99999\r\n\r\n" + b"x" * 99_999),
        "source-misbehaved",
        502,
        "provider",
        PROVIDER,
        FAILED,
        SENT_FAILED,
        card=True,
    ),
    "card_status_that_is_none": Row(
        _upstream(OK.replace(b"200 OK", b"999 XX")),
        "source-misbehaved",
        502,
        "provider",
        PROVIDER,
        FAILED,
        SENT_FAILED,
        card=True,
    ),
    "card_too_many_headers": Row(
        _upstream(OK.replace(b"Content-Type", MANY_HEADERS + b"Content-Type")),
        "source-misbehaved",
        502,
        "provider",
        PROVIDER,
        FAILED,
        SENT_FAILED,
        card=True,
    ),
    "provider_federation_ran_out": Row(
        _federation_ran_out(PROVIDER), "peer-unavailable", 503, "provider", CONSUMER, (), SENT_FAILED
    ),
    "consumer_federation_ran_out": Row(
        _federation_ran_out(CONSUMER), "federation-unavailable", 503, "gateway", CONSUMER, (), ()
    ),
}


@pytest.mark.parametrize("name", TABLE)
def test_fault__part_fails__no_data_and_the_right_entries(world, monkeypatch, name):
    """No receipt, no data; whoever failed is named, and nothing of a part's own words gets out."""
    row = TABLE[name]
    before = {gateway: world.exchanges_logged(gateway) for gateway in (PROVIDER, CONSUMER)}
    with ExitStack() as stack:
        patch = stack.enter_context(pytest.MonkeyPatch.context())
        row.breaks(world, patch)
        reply = ask(world, CARD_TARGET) if row.card else ask_person(world)
    assert reply.status == 500
    problem = reply.json["problem"]
    seen = (problem["type"].removeprefix("/problems/"), problem["status"], problem["fault"], problem["hop"])
    assert seen == (row.problem, row.status, row.fault, row.hop)
    for canary in (NAME, "1980-05-17", PRESENT, "disk full", "Traceback"):
        assert canary.encode() not in reply.body
    exchange = reply.json["detail"]
    for gateway, expected in ((PROVIDER, row.provider), (CONSUMER, row.consumer)):
        entries = world.entries(gateway, exchange) if exchange else []
        assert tuple(entry.result or entry.kind for entry in entries) == expected, gateway
        assert world.exchanges_logged(gateway) - before[gateway] == len(expected)


def test_fault__everything_mended__answers_again(world):
    """No fault above left a broken part behind: the log opens its connection anew, the pools reconnect."""
    assert ask_person(world).status == 200
    assert ask(world, CARD_TARGET).status == 200


def test_fault__federation_ran_out__ready_says_so(world, monkeypatch):
    """The readiness page is asked now, and never tells of yesterday."""
    port = world.ports[PROVIDER].admin
    assert send(port, request("GET", "/health/ready")).status == 200

    def state(*_):
        raise AuditUnavailable("gone")

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(world.node(PROVIDER).log.reader, "head", state)
        reply: Reply = send(port, request("GET", "/health/ready"))
    assert (reply.status, reply.json["parts"]["log"]["ready"]) == (503, False)
    assert "gone" not in reply.body.decode()
    assert send(port, request("GET", "/health/live")).status == 200


def test_metrics__after_all_this__no_subject_and_no_user(world):
    """Labels are services, results and slugs."""
    ask_person(world, headers={"X-Road-UserId": "canary-officer-7"})
    for gateway in (PROVIDER, CONSUMER):
        text = send(world.ports[gateway].admin, request("GET", "/metrics")).body.decode()
        assert "isthmus_" in text
        for canary in (NAME, PRESENT, "canary-officer", "canarydistrict"):
            assert canary not in text
