"""Kind `webhook`: who is believed, what is kept, and what is answered from it."""

from __future__ import annotations

import hashlib
import hmac
import json
import time
from base64 import b64encode
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography.exceptions import InvalidTag

from adapters.contract import Query
from adapters.events import MemoryEvents
from adapters.kinds.webhook.reader import Webhook
from adapters.kinds.webhook.receiving import Deliveries
from adapters.opening import open_source
from adapters.receiving import Call, Reply
from adapters.source import Source
from schemas.errors import ConfigurationError
from schemas.outcome import Match, NotFound, Outcome, Unavailable
from schemas.record import Subject
from tests.unit.adapters.kinds.webhook.webhook_source import SECRET, webhook_source

KEY = bytes(32)


def moment(hours: float = 0) -> str:
    """A moment some hours from now."""
    return (datetime.now(UTC) + timedelta(hours=hours)).isoformat()


def birth(name: str = "e-1", number: str = "B-1", nid: str = "7", at: str | None = None) -> bytes:
    """The body of an event."""
    data = {"nid": nid, "number": number, "mother": "Ilva Toss"}
    return json.dumps({"id": name, "type": "birth", "at": at or moment(), "data": data}).encode()


def signed(body: bytes, secret: str = SECRET, prefix: str = "sha256=", **headers: str) -> Call:
    """A call with the sender's signature."""
    digest = hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()
    return Call("POST", {}, {"x-signature": prefix + digest, **headers}, body)


class Desk:
    """A source with its receiver."""

    def __init__(self, source: Source, events: MemoryEvents | None = None) -> None:
        self.events = events or MemoryEvents(KEY)
        self.source = source
        self.kind = Webhook(source, self.events)
        self.receiver = Deliveries(self.kind)

    async def take(self, *calls: Call) -> list[Reply]:
        """Deliver calls."""
        return [await self.receiver.take(call) for call in calls]

    async def ask(self, nid: str = "7") -> Outcome:
        """What is known about a person."""
        adapter = open_source(self.source, kind=self.kind)
        service = self.source.record_service("births")
        return await adapter.fetch(Query("births", Subject("national_id", nid), service.fields))


async def test_event__signed__answers_for_its_subject_only(tmp_path: Path) -> None:
    """What was pushed is found by the person, and by nobody else's number."""
    desk = Desk(webhook_source(tmp_path))
    (reply,) = await desk.take(signed(birth()))
    assert (reply.status, reply.result) == (204, "accepted")
    outcome = await desk.ask()
    assert isinstance(outcome, Match)
    assert outcome.record["events"] == [{"registration_number": "B-1"}]
    assert isinstance(await desk.ask("8"), NotFound)


async def test_silence__nothing_was_ever_pushed__is_unavailable(tmp_path: Path) -> None:
    """Before the first event nobody can say that nobody is there."""
    desk = Desk(webhook_source(tmp_path))
    assert isinstance(await desk.ask(), Unavailable)
    assert isinstance(await desk.kind.health(), Unavailable)


@pytest.mark.parametrize(
    "call",
    [
        Call("POST", {}, {}, birth()),
        signed(birth(), secret="another"),
        signed(birth(), prefix=""),
        signed(birth(), prefix="sha1="),
        Call("POST", {}, signed(birth("e-2")).headers, birth("e-1")),
        Call("POST", {}, {"x-signature": "sha256=é"}, birth()),
        Call("POST", {}, {"x-signature": ""}, birth()),
        Call("POST", {}, {}, b"not JSON"),
        Call("POST", {}, {}, b'{"a": 1, "a": 2}'),
    ],
)
async def test_event__forged__is_refused_and_not_kept(tmp_path: Path, call: Call) -> None:
    """Without the sender's signature over these very bytes nothing is believed, and nothing is told."""
    desk = Desk(webhook_source(tmp_path))
    (reply,) = await desk.take(call)
    assert (reply.status, reply.result, reply.body) == (401, "refused", b"")
    assert await desk.events.newest() is None


async def test_event__sent_again__is_one(tmp_path: Path) -> None:
    """A sender that did not hear our answer sends it again; a replay adds nothing."""
    desk = Desk(webhook_source(tmp_path))
    call = signed(birth())
    assert [reply.result for reply in await desk.take(call, call)] == ["accepted", "duplicate"]
    outcome = await desk.ask()
    assert isinstance(outcome, Match)
    assert len(outcome.record["events"]) == 1


async def test_event__too_old__does_not_come_back_to_life(tmp_path: Path) -> None:
    """A signed event that was forgotten is not kept again when somebody replays it."""
    desk = Desk(webhook_source(tmp_path))
    (reply,) = await desk.take(signed(birth(at=moment(-24 * 31))))
    assert reply.result == "ignored"
    assert await desk.events.newest() is None


async def test_events__out_of_order__stand_in_the_order_in_which_they_happened(tmp_path: Path) -> None:
    """A service of one record answers with the event that happened last, not with the one that came last."""
    source = webhook_source(tmp_path, shape="record", map={"national_id": "nid", "events": {"list": [
        {"object": {"registration_number": "number"}}]}})  # fmt: skip
    desk = Desk(source)
    await desk.take(signed(birth("e-2", "new", at=moment(-1))), signed(birth("e-1", "old", at=moment(-2))))
    outcome = await desk.ask()
    assert isinstance(outcome, Match), outcome
    assert outcome.record["events"] == [{"registration_number": "new"}]


async def test_event__clock_ahead__is_not_of_the_future(tmp_path: Path) -> None:
    """A sender's clock cannot put an event before all that come later."""
    desk = Desk(webhook_source(tmp_path))
    await desk.take(signed(birth(at=moment(24 * 365))))
    (event,) = desk.events._events.values()
    assert event.at <= time.time() + 301


async def test_event__kept__sealed_and_cut_to_what_is_mapped(tmp_path: Path) -> None:
    """The store sees neither number nor name; what no service maps is not kept at all."""
    desk = Desk(webhook_source(tmp_path))
    await desk.take(signed(birth(nid="1000000017")))
    (event,) = desk.events._events.values()
    text = repr(event) + event.sealed.hex() + event.tag + event.name
    for canary in ("1000000017", "Ilva Toss", hashlib.sha256(b"1000000017").hexdigest(), "e-1"):
        assert canary not in text
        assert canary.encode() not in event.sealed
    opened = desk.kind._opened("births", event.sealed)
    assert json.loads(opened) == {"nid": "1000000017", "number": "B-1"}


async def test_event__of_other_key_or_service__cannot_be_opened(tmp_path: Path) -> None:
    """A row moved to another service or source says nothing."""
    desk = Desk(webhook_source(tmp_path))
    await desk.take(signed(birth()))
    (event,) = desk.events._events.values()
    with pytest.raises(InvalidTag):
        desk.kind._opened("deaths", event.sealed)


@pytest.mark.parametrize(
    ("change", "status"),
    [({"type": "marriage"}, 204), ({"type": None}, 422), ({"data": None}, 422), ({"data": {}}, 422),
     ({"at": "yesterday"}, 422), ({"id": ""}, 422), ({"data": {"nid": ["7"]}}, 422)],
)  # fmt: skip
async def test_event__other_type_or_shape__is_not_kept(
    tmp_path: Path, change: dict[str, Any], status: int
) -> None:
    """A type that no service wants is acknowledged; a shape that the file does not say is not."""
    desk = Desk(webhook_source(tmp_path))
    body = json.dumps({**json.loads(birth()), **change}).encode()
    (reply,) = await desk.take(signed(body))
    assert (reply.status, reply.body) == (status, b"")
    assert await desk.events.newest() is None


OPENCRVS = {
    "verify": {"kind": "hmac", "at": "/hmac", "prefix": "sha256=", "secret": "${secret:HOOK}",
               "over": "/payload/event/context/0"},
    "event": {}, "challenge": {"flavour": "opencrvs", "topics": ["BIRTH_REGISTERED"]},
}  # fmt: skip


async def test_opencrvs__signature_over_a_part__is_verified_as_javascript_writes_it(tmp_path: Path) -> None:
    """OpenCRVS 1.x signs `context[0]`, written again; what stands outside changes nothing."""
    source = webhook_source(tmp_path, OPENCRVS, types=None, records="/payload/event/context/0")
    desk = Desk(source)
    bundle = {"nid": "7", "number": "B-é-1"}
    text = json.dumps(bundle, separators=(",", ":"), ensure_ascii=False)
    digest = hmac.new(SECRET.encode(), text.encode(), hashlib.sha256).hexdigest()

    def call(name: str, context: dict[str, str]) -> Call:
        payload = {"id": name, "timestamp": name, "event": {"context": [context]}}
        body = json.dumps({"payload": payload, "hmac": "sha256=" + digest}).encode()
        return Call("POST", {}, {}, body)

    replies = await desk.take(call("1", bundle), call("2", bundle), call("3", {**bundle, "nid": "8"}))
    assert [reply.result for reply in replies] == ["accepted", "duplicate", "refused"]


def test_check__event_says_what_it_is_outside_of_the_signature__is_refused(tmp_path: Path) -> None:
    """Name, moment, type and record must lie in what is signed."""
    for change, service in (({"event": {"at": "/timestamp"}}, {}), ({}, {"records": "/payload"})):
        with pytest.raises(ConfigurationError, match="outside of what is signed"):
            webhook_source(
                tmp_path,
                {**OPENCRVS, **change},
                types=None,
                **{"records": "/payload/event/context/0", **service},
            )


@pytest.mark.parametrize(
    ("verify", "call", "status"),
    [
        ({"kind": "bearer", "secret": "${secret:HOOK}"}, {"headers": {"authorization": f"Bearer {SECRET}"}}, 204),
        ({"kind": "bearer", "secret": "${secret:HOOK}"}, {"headers": {"authorization": "Bearer x"}}, 401),
        ({"kind": "bearer", "secret": "${secret:HOOK}"}, {"headers": {}}, 401),
        ({"kind": "client", "subsystem": "LM/GOV/CRO/crvs"}, {"headers": {}, "client": "LM/GOV/CRO/crvs"}, 204),
        ({"kind": "client", "subsystem": "LM/GOV/CRO/crvs"}, {"headers": {}, "client": "LM/GOV/MSW/x"}, 401),
        ({"kind": "client", "subsystem": "LM/GOV/CRO/crvs"}, {"headers": {}, "client": None}, 401),
    ],
)  # fmt: skip
async def test_event__bearer_or_certificate__is_believed(
    tmp_path: Path, verify: dict[str, str], call: dict[str, Any], status: int
) -> None:
    """A token or a registered certificate; no header can claim to be one."""
    desk = Desk(webhook_source(tmp_path, {"verify": verify}))
    (reply,) = await desk.take(Call("POST", {}, body=birth(), **call))
    assert reply.status == status


async def test_signature__base64_and_sha512__are_read(tmp_path: Path) -> None:
    """Header, prefix, algorithm and encoding are the file's."""
    verify = {
        "kind": "hmac",
        "header": "Digest",
        "algorithm": "sha512",
        "encoding": "base64",
        "secret": "${secret:HOOK}",
    }
    desk = Desk(webhook_source(tmp_path, {"verify": verify}))
    body = birth()
    digest = b64encode(hmac.new(SECRET.encode(), body, hashlib.sha512).digest()).decode()
    (reply,) = await desk.take(Call("POST", {}, {"digest": digest}, body))
    assert reply.result == "accepted"


def websub(**changes: str) -> dict[str, str]:
    """The query of a hub's challenge."""
    asked = {"mode": "subscribe", "topic": "births", "challenge": "c-42", "verify_token": SECRET, **changes}
    return {f"hub.{name}": value for name, value in asked.items()}


@pytest.mark.parametrize(
    ("query", "status"),
    [
        (websub(), 200),
        (websub(mode="unsubscribe"), 404),
        (websub(topic="deaths"), 404),
        (websub(verify_token="x"), 404),
        (websub(challenge="<script>"), 400),
        (websub(challenge="x" * 300), 400),
        ({}, 404),
    ],
)  # fmt: skip
async def test_websub__challenge__only_of_our_subscription(
    tmp_path: Path, query: dict[str, str], status: int
) -> None:
    """W3C WebSub: a stranger neither subscribes us nor ends a subscription, and writes no page through us."""
    challenge = {"flavour": "websub", "topics": ["births"], "token": "${secret:HOOK}"}
    desk = Desk(webhook_source(tmp_path, {"challenge": challenge}))
    (reply,) = await desk.take(Call("GET", query, {}, b""))
    assert reply.status == status
    assert reply.body == (b"c-42" if status == 200 else b"")


async def test_opencrvs__challenge__is_answered_as_json(tmp_path: Path) -> None:
    """OpenCRVS 1.x wants `{"challenge": …}`."""
    desk = Desk(webhook_source(tmp_path, OPENCRVS, types=None, records="/payload/event/context/0"))
    query = {"mode": "subscribe", "topic": "BIRTH_REGISTERED", "challenge": "c-42"}
    (reply,) = await desk.take(Call("GET", query, {}, b""))
    assert json.loads(reply.body) == {"challenge": "c-42"}


async def test_event__nested_without_end__is_refused(tmp_path: Path) -> None:
    """A body that would exhaust a parser is none, whatever part of it is signed."""
    desk = Desk(webhook_source(tmp_path, OPENCRVS, types=None, records="/payload/event/context/0"))
    (reply,) = await desk.take(Call("POST", {}, {}, b"[" * 4000))
    assert reply.status == 401


async def test_event__decimal__keeps_its_digits(tmp_path: Path) -> None:
    """A number in an event is no float on its way."""
    source = webhook_source(tmp_path, map={"national_id": "nid", "events": {"each": {
        "registration_number": {"from": "number", "to": "decimal"}}}})  # fmt: skip
    desk = Desk(source)
    await desk.take(signed(birth(number="N").replace(b'"N"', b"4500.10")))
    outcome = await desk.ask()
    assert isinstance(outcome, Match), outcome
    assert outcome.record["events"] == [{"registration_number": "4500.10"}]
