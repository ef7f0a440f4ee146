"""What an answering gateway can try: nothing of it is handed over, and the asker's log says `failed`."""

from __future__ import annotations

import time

import pytest

from gateway.trust.pki import SandboxAuthority
from gateway.trust.tls import server_context
from schemas.exchange_id import new_exchange_id
from schemas.strict_json import dump
from schemas.wire import AnswerHead, frame
from tests.exchanges.hostile_provider import (
    BODY,
    FORGED,
    HEAD,
    ask_band,
    hostile_provider,
    http,
    random_digest,
    signed,
)
from tests.world import CONSUMER, HOSTILE, PROVIDER, RELIEF, World


def _nothing_handed_over(world: World, reply, reason: str, slug: str) -> None:
    assert reply.status == 500
    assert FORGED.encode() not in reply.body
    assert reply.headers["x-road-error"].startswith("Server.ClientProxy.")
    problem = reply.json["problem"]
    assert problem["type"] == f"/problems/{slug}"
    assert (problem["fault"], problem["hop"]) == ("provider", CONSUMER)
    entries = world.entries(CONSUMER, reply.json["detail"])
    assert [(entry.kind, entry.result) for entry in entries] == [("sent", None), ("outcome", "failed")]
    assert entries[1].reasons == (reason,)


def test_provider__good_answer__handed_over(world):
    """The row that proves the others can fail: an untouched answer is handed over."""
    with hostile_provider(world, signed):
        reply = ask_band(world)
    assert (reply.status, reply.json["record"]) == (200, {"income_band": FORGED})
    entries = world.entries(CONSUMER, reply.headers["isthmus-receipt"])
    assert [(entry.kind, entry.result) for entry in entries] == [("sent", None), ("outcome", "answered")]


def _signed_by(gateway, name):
    return lambda knock: http(200, frame(HEAD, BODY), knock.sign(knock.answer(), knock.signer(gateway, name)))


def _stale(seconds):
    return lambda knock: signed(knock, iat=int(time.time()) + seconds, exp=int(time.time()) + seconds + 60)


def _malleated(change):
    return lambda knock: http(200, frame(HEAD, BODY), change(knock.sign(knock.answer())))


UNVERIFIED = {
    "unsigned": lambda knock: http(200, frame(HEAD, BODY)),
    "unsigned_with_another_status": lambda knock: http(201, frame(HEAD, BODY), knock.sign(knock.answer())),
    "empty_statement": lambda knock: http(200, frame(HEAD, BODY), ""),
    "two_statements": lambda knock: http(
        200,
        frame(HEAD, BODY),
        knock.sign(knock.answer()),
        f"Isthmus-Statement: {knock.sign(knock.answer())}\r\n",
    ),
    "signed_by_another_member": _signed_by(PROVIDER, "lm-gov-nia"),
    "signed_by_the_asker_itself": _signed_by(CONSUMER, "lm-gov-msw"),
    "forged_signature": _malleated(lambda jws: jws[:-6] + "AAAAAA"),
    "alg_none": _malleated(lambda jws: "eyJhbGciOiJub25lIn0." + jws.split(".")[1] + "."),
    "its_own_request_returned": lambda knock: http(200, frame(HEAD, BODY), knock.jws),
    "another_request": lambda knock: signed(knock, req=random_digest()),
    "another_id": lambda knock: signed(knock, id=new_exchange_id()),
    "another_conversation": lambda knock: signed(knock, cid=new_exchange_id()),
    "another_client": lambda knock: signed(knock, aud=RELIEF),
    "another_gateway": lambda knock: signed(knock, to=PROVIDER),
    "another_service": lambda knock: signed(knock, iss="LM/GOV/TAX/income/other"),
    "another_purpose": lambda knock: signed(knock, purpose="taxation"),
    "another_basis": lambda knock: signed(knock, basis="consent"),
    "expired": _stale(-100),
    "from_the_future": _stale(100),
    "lives_too_long": lambda knock: signed(knock, exp=int(time.time()) + 1000),
    "unknown_member": lambda knock: signed(knock, colour="red"),
    "missing_member": lambda knock: signed(knock, decision=...),
    "status_is_no_status": lambda knock: signed(knock, status=42),
    "altered_body": lambda knock: http(
        200, frame(HEAD, BODY.replace(b'"ok"', b'"OK"')), knock.sign(knock.answer())
    ),
    "longer_body": lambda knock: http(200, frame(HEAD, BODY + b" "), knock.sign(knock.answer())),
    "altered_head": lambda knock: http(200, frame(HEAD + b" ", BODY), knock.sign(knock.answer())),
    "head_with_injection": lambda knock: signed(
        knock, dump({"status": 200, "headers": [["x-a", "b\r\nSet-Cookie: c=d"]]})
    ),
    "head_with_x_road_header": lambda knock: signed(
        knock, dump({"status": 200, "headers": [["x-road-service", "LM/GOV/NIA/identity/person"]]})
    ),
    "head_of_another_status": lambda knock: signed(knock, AnswerHead(404, ()).to_bytes()),
    "broken_frame": lambda knock: http(200, b"\0\0\xff\xff", knock.sign(knock.answer())),
    "problem_unsigned": lambda knock: http(403, dump({"type": "/problems/refused", "detail": FORGED})),
    "problem_that_is_none": lambda knock: http(403, b"<html>"),
}


@pytest.mark.parametrize("misdeed", UNVERIFIED)
def test_provider__answer_not_verified__nothing_handed_over(world, misdeed):
    """What does not verify is no answer, whoever sent it."""
    with hostile_provider(world, UNVERIFIED[misdeed]):
        reply = ask_band(world)
    _nothing_handed_over(world, reply, "answer.unverified", "bad-answer")


def _slow(knock):
    time.sleep(4)
    return signed(knock)


UNREACHED = {
    "not_http": lambda knock: b"hello\r\n\r\n",
    "cut_short": lambda knock: signed(knock)[:-5],
    "nothing": lambda knock: b"",
    "endless_headers": lambda knock: b"HTTP/1.1 200 X\r\n" + b"X-A: " + b"a" * 100_000 + b"\r\n\r\n",
    "oversize": lambda knock: http(200, b"x" * (1 << 20), knock.sign(knock.answer())),
    "slow": _slow,
}


@pytest.mark.parametrize("misdeed", UNREACHED)
def test_provider__no_usable_response__peer_unavailable(world, misdeed):
    """A response that breaks HTTP, its length or the deadline says nothing about anybody."""
    with hostile_provider(world, UNREACHED[misdeed]):
        reply = ask_band(world)
    _nothing_handed_over(world, reply, "peer.unavailable", "peer-unavailable")


def test_provider__down__peer_unavailable(world):
    """Nobody listens there."""
    _nothing_handed_over(world, ask_band(world), "peer.unavailable", "peer-unavailable")


def test_provider__certificate_of_another_gateway__nothing_is_sent(world):
    """Whoever else answers at the registered address does not get the question."""
    keys = world.home(PROVIDER) / "keys"
    context = server_context(keys / "tls.crt", keys / "tls.key", [world.sandbox.authority.read_text()])
    knocked = []
    with hostile_provider(world, lambda knock: knocked.append(knock) or b"", context):
        reply = ask_band(world)
    _nothing_handed_over(world, reply, "peer.unavailable", "peer-unavailable")
    assert knocked == []


def test_provider__foreign_authority__nothing_is_sent(world, tmp_path):
    """A certificate of the right name from a foreign authority is nobody's."""
    SandboxAuthority.create().issue_tls(f"isthmus://{HOSTILE}").save(tmp_path, "tls")
    context = server_context(
        tmp_path / "tls.crt", tmp_path / "tls.key", [world.sandbox.authority.read_text()]
    )
    knocked = []
    with hostile_provider(world, lambda knock: knocked.append(knock) or b"", context):
        reply = ask_band(world)
    _nothing_handed_over(world, reply, "peer.unavailable", "peer-unavailable")
    assert knocked == []


def _refusal(knock, reasons, **members):
    body = dump({"type": "/problems/refused", "detail": "no", "reasons": reasons, "hop": HOSTILE, **members})
    head = AnswerHead(403, (("content-type", "application/problem+json"),)).to_bytes()
    return signed(knock, head, body, typ="refusal", status=403, fields=[])


def test_provider__refusal__reasons_are_shown_and_logged(world):
    """A signed refusal is an answer: its reasons reach the client and the log."""
    with hostile_provider(world, lambda knock: _refusal(knock, ["purpose.not_agreed"])):
        reply = ask_band(world)
    assert (reply.status, reply.headers["x-road-error"]) == (500, "Server.ServerProxy.AccessDenied")
    assert reply.json["problem"]["reasons"] == ["purpose.not_agreed"]
    outcome = world.entries(CONSUMER, reply.headers["isthmus-receipt"])[-1]
    assert (outcome.result, outcome.reasons) == ("refused", ("purpose.not_agreed",))


@pytest.mark.parametrize(
    "reasons",
    [["The applicant died in May"], ["x" * 60_000], ["a"] * 20_000, [["a"], {"b": 1}, None, 7], "text"],
    ids=["sentence", "long", "many", "no_texts", "no_list"],
)
def test_provider__refusal_with_reasons_that_are_no_codes__left_out(world, reasons):
    """Another gateway's words cannot enter our log, which is clear and holds codes only."""
    with hostile_provider(world, lambda knock: _refusal(knock, reasons)):
        reply = ask_band(world)
    assert reply.headers["x-road-error"] == "Server.ServerProxy.AccessDenied"
    outcome = world.entries(CONSUMER, reply.headers["isthmus-receipt"])[-1]
    assert outcome.result == "refused"
    assert all(len(code) <= 64 and " " not in code for code in outcome.reasons)
    assert len(outcome.reasons) <= 32


def test_provider__refusal_without_a_problem__refused_all_the_same(world):
    """A refusal that explains nothing is still a refusal."""
    head = AnswerHead(403, ()).to_bytes()
    with hostile_provider(
        world, lambda knock: signed(knock, head, b"nonsense", typ="refusal", status=403, fields=[])
    ):
        reply = ask_band(world)
    assert reply.headers["x-road-error"] == "Server.ServerProxy.AccessDenied"
    assert world.entries(CONSUMER, reply.headers["isthmus-receipt"])[-1].result == "refused"
