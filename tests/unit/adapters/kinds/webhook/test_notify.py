"""Kind `webhook`, `verify: {kind: dci}`: what a DCI registry notifies, and who may."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, generate_private_key

from adapters.kinds.dci.encryption import encrypt
from adapters.kinds.dci.keys import thumbprint
from adapters.kinds.dci.signing import CavageSigner, EmbeddedSigner, Signer
from adapters.kinds.webhook.notified import MAX_EVENTS
from adapters.receiving import Call, Receiver, Reply, receiver_of
from adapters.secrets import EnvironmentSecrets
from adapters.source import Source
from adapters.source_file import load_source
from schemas.errors import ConfigurationError
from schemas.outcome import Match, NotFound, Outcome
from tests.unit.adapters.kinds.dci.dci_source import private_pem, public_pem
from tests.unit.adapters.kinds.webhook.test_events import Desk, birth, moment, signed
from tests.unit.adapters.kinds.webhook.webhook_source import webhook_source

VERIFY = {"kind": "dci", "profile": "jws-embedded-rs256", "keys": "${secret:KEYS}", "sender_id": "crvs",
          "receiver_id": "us", "private_key": "${secret:OURS}"}  # fmt: skip
CAVAGE = {**VERIFY, "profile": "draft-cavage-ed25519"}
SERVICE = {"records": "/data/reg_records", "where": {"/identifier/0/identifier_value": "$national_id"},
           "map": {"national_id": "/identifier/0/identifier_value",
                   "events": {"each": {"registration_number": "number"}}}}  # fmt: skip
ED25519 = Ed25519PrivateKey.from_private_bytes(bytes(32))


@cache
def rsa(owner: str) -> RSAPrivateKey:
    """A key of somebody's."""
    del owner
    return generate_private_key(65537, 2048)


def signer(owner: str = "registry") -> Signer:
    """Who signs."""
    return EmbeddedSigner(rsa(owner), thumbprint(rsa(owner).public_key()))


def notify_source(folder: Path, verify: Mapping[str, Any] = VERIFY, **connection: Any) -> Source:
    """A source of births that a DCI registry notifies."""
    signed_by = ED25519 if verify["profile"] == CAVAGE["profile"] else rsa("registry")
    secrets = EnvironmentSecrets(
        {
            "ISTHMUS_SECRET_KEYS": public_pem(signed_by),
            "ISTHMUS_SECRET_OURS": private_pem(rsa("us")),
            "ISTHMUS_SECRET_HOOK": "x",
        }
    )
    webhook_source(folder, **SERVICE)
    path = folder / "crvs.yaml"
    document = yaml.safe_load(path.read_text(encoding="utf-8"))
    document["connection"] = {"verify": dict(verify), "keep_days": 30, **connection}
    document["limits"]["max_bytes"] = 262_144
    path.write_text(yaml.safe_dump(document), encoding="utf-8")
    return load_source(path, secrets, {})


def entry(reference: str = "r-1", nid: str = "7", number: str = "B-1", **changes: Any) -> dict[str, Any]:
    """One `notify_event`."""
    record = {"identifier": [{"identifier_type": "UIN", "identifier_value": nid}], "number": number}
    data = {"reg_type": "CRVS", "reg_event_type": "birth", "reg_record_type": "Person", "reg_records": record}
    return {"reference_id": reference, "timestamp": moment(-1), "data": data, **changes}


def head(**changes: Any) -> dict[str, Any]:
    """The header of a notify."""
    return {"version": "1.0.0", "message_id": "m-1", "message_ts": moment(), "action": "notify",
            "sender_id": "crvs", "receiver_id": "us", "total_count": 1, **changes}  # fmt: skip


def content(*entries: Any) -> dict[str, Any]:
    """The message of a notify."""
    return {"transaction_id": "t-1", "notify_event": list(entries)}


def call_of(header: Any, message: Any, by: Signer | None = None, now: float | None = None) -> Call:
    """A signed call."""
    signature = (by or signer()).sign(header, message, int(time.time() if now is None else now))
    return Call(
        "POST", {}, {}, json.dumps({"signature": signature, "header": header, "message": message}).encode()
    )


class NotifyDesk(Desk):
    """A source with the receiver that its file asks for."""

    def __init__(self, source: Source) -> None:
        super().__init__(source)
        receiver = receiver_of(source, self.kind)
        assert receiver is not None
        self.receiver: Receiver = receiver  # type: ignore[assignment]


def told(reply: Reply) -> tuple[int, str, str | None]:
    """Status, acknowledgement and code of an answer."""
    message = json.loads(reply.body)["message"]
    assert 0 < len(message["correlation_id"]) <= 99
    return reply.status, message["ack_status"], message.get("error", {}).get("code")


def numbers(outcome: Outcome) -> list[str]:
    """The registration numbers of a match."""
    assert isinstance(outcome, Match), outcome
    return [event["registration_number"] for event in outcome.record["events"]]


async def test_notify__several_events__each_answers_for_its_subject(tmp_path: Path) -> None:
    """Every `notify_event` is an event of its own, acknowledged together."""
    desk = NotifyDesk(notify_source(tmp_path))
    (reply,) = await desk.take(call_of(head(), content(entry(), entry("r-2", "8", "B-2"))))
    assert told(reply) == (200, "ACK", None)
    assert reply.result == "accepted"
    assert numbers(await desk.ask("7")) == ["B-1"]
    assert numbers(await desk.ask("8")) == ["B-2"]
    assert isinstance(await desk.ask("9"), NotFound)


async def test_notify__sent_again__is_acknowledged_again_and_kept_once(tmp_path: Path) -> None:
    """A registry that did not hear ACK repeats itself; a replay adds nothing, a new message does."""
    desk = NotifyDesk(notify_source(tmp_path))
    first, other = (
        call_of(head(), content(entry())),
        call_of(head(message_id="m-2"), content(entry(number="B-2"))),
    )
    replies = await desk.take(first, first, other)
    assert [told(reply) for reply in replies] == [(200, "ACK", None)] * 3
    assert [reply.result for reply in replies] == ["accepted", "duplicate", "accepted"]
    assert sorted(numbers(await desk.ask())) == ["B-1", "B-2"]


async def test_notify__too_old__does_not_come_back_to_life(tmp_path: Path) -> None:
    """A profile without an expiry: what was forgotten is not kept again when somebody replays it."""
    desk = NotifyDesk(notify_source(tmp_path))
    (reply,) = await desk.take(call_of(head(), content(entry(timestamp=moment(-24 * 31)))))
    assert (told(reply), reply.result) == ((200, "ACK", None), "ignored")
    assert await desk.events.newest() is None


RECORD = entry()["data"]["reg_records"]


def forged() -> list[tuple[Call, str]]:
    """Calls that nobody vouches for, each with its code."""
    true = json.loads(call_of(head(), content(entry())).body)

    def call(**changes: Any) -> Call:
        return Call("POST", {}, {}, json.dumps({**true, **changes}).encode())

    missing, invalid = "err.signature.missing", "err.signature.invalid"
    return [
        (call(signature=None), missing),
        (call(signature=""), missing),
        (Call("POST", {}, {}, b"{}"), missing),
        (Call("POST", {}, {}, b"[]"), missing),
        (signed(birth()), missing),
        (call(signature="a.b.c"), invalid),
        (call(signature=7), invalid),
        (call(message=content(entry(nid="8"))), invalid),
        (call(header=head(message_id="m-9")), invalid),
        (call_of(head(), content(entry()), signer("stranger")), invalid),
        (call_of(head(sender_id="other"), content(entry())), "err.sender_id.invalid"),
        (call_of(head(sender_id=None), content(entry())), "err.sender_id.invalid"),
        (call_of(head(receiver_id="them"), content(entry())), "err.receiver_id.invalid"),
    ]


async def test_notify__forged_or_foreign__is_refused_and_not_kept(tmp_path: Path) -> None:
    """Only the registered registry's signature over this very message to us is believed."""
    desk = NotifyDesk(notify_source(tmp_path))
    for call, code in forged():
        (reply,) = await desk.take(call)
        assert (told(reply), reply.result) == ((401, "ERR", code), "refused")
    assert await desk.events.newest() is None


async def test_notify__cavage_signature_expired__is_refused(tmp_path: Path) -> None:
    """Where the profile says how long a signature holds, it is held to it."""
    desk = NotifyDesk(notify_source(tmp_path, CAVAGE))
    by = CavageSigner(ED25519, "crvs", "k")
    fresh = call_of(head(), content(entry()), by)
    old = call_of(head(), content(entry()), by, time.time() - 3600)
    assert [told(reply)[0] for reply in await desk.take(old, fresh)] == [401, 200]


@pytest.mark.parametrize(
    ("header", "message", "code"),
    [
        (head(action="search"), content(entry()), "err.request.bad"),
        (head(action=None), content(entry()), "err.request.bad"),
        (head(message_id=""), content(entry()), "err.request.bad"),
        (head(version="2.0.0"), content(entry()), "err.version.not_supported"),
        (head(), {}, "err.request.bad"),
        (head(), content(), "err.request.bad"),
        (head(), content("x"), "err.request.bad"),
        (head(), content(entry(reference_id=None)), "err.request.bad"),
        (head(), content(entry(timestamp="yesterday")), "err.request.bad"),
        (head(), content(entry(data=None)), "err.request.bad"),
        (head(), content(entry(data={"reg_event_type": "birth", "reg_records": []})), "err.request.bad"),
        (head(), content(entry(data={"reg_event_type": "birth", "reg_records": {}})), "err.request.bad"),
        (head(), content(entry(), entry(nid="8")), "err.request.bad"),
        (head(), content(entry(), entry("r-2", timestamp=None)), "err.request.bad"),
        (head(), content(*(entry(f"r-{n}") for n in range(MAX_EVENTS + 1))), "err.request.bad"),
        (head(), content(entry(data={"reg_event_type": "birth", "reg_records": [RECORD] * (MAX_EVENTS + 1)})),
         "err.request.bad"),
    ],
)  # fmt: skip
async def test_notify__other_shape__counts_as_a_whole_or_not_at_all(
    tmp_path: Path, header: Any, message: Any, code: str
) -> None:
    """One event that cannot be used refuses the message; nothing of it is kept or quoted."""
    desk = NotifyDesk(notify_source(tmp_path))
    (reply,) = await desk.take(call_of(header, message))
    assert (told(reply), reply.result) == ((400, "ERR", code), "invalid")
    assert await desk.events.newest() is None


async def test_notify__other_type__is_acknowledged_and_not_kept(tmp_path: Path) -> None:
    """What no service wants, or has no type, is of no interest."""
    desk = NotifyDesk(notify_source(tmp_path))
    for data in ({"reg_event_type": "marriage", "reg_records": {}}, {"reg_records": {}}):
        (reply,) = await desk.take(call_of(head(), content(entry(data=data))))
        assert (told(reply), reply.result) == ((200, "ACK", None), "ignored")


async def test_notify__camel_case_and_records_as_a_list__are_read(tmp_path: Path) -> None:
    """As kind `dci` reads what implementations send; each record of a list is an event."""
    desk = NotifyDesk(notify_source(tmp_path))
    records = [entry(nid=nid)["data"]["reg_records"] for nid in ("7", "8")]
    one = {
        "referenceId": "r",
        "timestamp": moment(),
        "data": {"regEventType": "birth", "regRecords": records},
    }
    header = {"messageId": "m", "action": "notify", "senderId": "crvs", "receiverId": "us"}
    (reply,) = await desk.take(call_of(header, {"transactionId": "t", "notifyEvent": [one]}))
    assert told(reply) == (200, "ACK", None)
    assert numbers(await desk.ask("7")) == numbers(await desk.ask("8")) == ["B-1"]


async def test_notify__encrypted__is_opened_with_our_key_only(tmp_path: Path) -> None:
    """Encrypted for us it counts; for somebody else, or where the file names no key, it cannot be read."""
    header = head(is_msg_encrypted=True)
    calls = [call_of(header, encrypt(content(entry()), rsa(who).public_key(), "k")) for who in ("us", "them")]
    ok, unreadable = (200, "ACK", None), (400, "ERR", "err.encryption.invalid")
    desk = NotifyDesk(notify_source(tmp_path))
    assert [told(reply) for reply in await desk.take(*calls)] == [ok, unreadable]
    assert numbers(await desk.ask()) == ["B-1"]
    keyless = {name: value for name, value in VERIFY.items() if name != "private_key"}
    assert [told(reply) for reply in await NotifyDesk(notify_source(tmp_path, keyless)).take(calls[0])] == [
        unreadable
    ]


async def test_notify__not_json__is_an_error_and_no_other_method_is_taken(tmp_path: Path) -> None:
    """A body that no parser should read, and a call that is none of DCI."""
    desk = NotifyDesk(notify_source(tmp_path))
    for body in (b"CANARY", b"[" * 4000, b'{"header": {}, "header": {}}'):
        (reply,) = await desk.take(Call("POST", {}, {}, body))
        assert told(reply) == (400, "ERR", "err.request.bad")
        assert b"CANARY" not in reply.body
    (reply,) = await desk.take(Call("GET", {}, {}, b""))
    assert reply.status == 405


def test_check__dci_without_its_members_or_with_others__is_refused(tmp_path: Path) -> None:
    """No registry is believed without profile, keys and sender; DCI says itself where an event's name stands."""
    for verify, connection, what in (
        ({name: value for name, value in VERIFY.items() if name != "keys"}, {}, "`dci` needs `keys`"),
        (
            {name: value for name, value in VERIFY.items() if name != "sender_id"},
            {},
            "`dci` needs `sender_id`",
        ),
        ({**VERIFY, "secret": "${secret:HOOK}"}, {}, "`secret` is not of `dci`"),
        (VERIFY, {"event": {"id": "/id"}}, "DCI says itself"),
        ({**VERIFY, "keys": "${secret:HOOK}"}, {}, "neither a PEM public key nor a JWK Set"),
    ):
        with pytest.raises(ConfigurationError, match=what):
            notify_source(tmp_path, verify, **connection)
