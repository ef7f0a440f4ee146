"""Kind `dci`: asynchronous search, signed and encrypted answers, and who may call back."""

from __future__ import annotations

import asyncio
import json
import time
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, generate_private_key

from adapters.inbox import MemoryInbox
from adapters.kinds.dci.encryption import decrypt, encrypt
from adapters.kinds.dci.keys import thumbprint
from adapters.kinds.dci.signing import CavageSigner, EmbeddedSigner, EmbeddedVerifier
from schemas.outcome import DeniedBySource, Match, Misbehaving, NotFound, Unavailable
from tests.unit.adapters.kinds.dci.dci_source import (
    Registry,
    ack,
    answer_to,
    fetch,
    person,
    private_pem,
    public_pem,
    source_in,
)

ASYNC = "mode: async\nsender_uri: https://us.example/on-search\npoll_ms: 50"


@pytest.fixture(scope="module")
def keys() -> tuple[RSAPrivateKey, RSAPrivateKey]:
    """Ours and the registry's."""
    return generate_private_key(65537, 2048), generate_private_key(65537, 2048)


def calling_back(inbox: MemoryInbox, make: Any, before_ack: bool = True) -> tuple[Registry, list[Any]]:
    """A registry that acknowledges, and calls back through the kind's `receive`."""
    holder: list[Any] = []

    def reply(_: str, question: Any) -> Any:
        body = json.dumps(make(question)).encode()
        call = holder[0].receive(body)
        holder.append(asyncio.get_running_loop().create_task(call))
        return ack()

    del before_ack, inbox
    return Registry(reply), holder


async def asked_later(source: Any, make: Any) -> tuple[Any, MemoryInbox, Registry, list[Any]]:
    """Ask once with a registry that calls back."""
    inbox = MemoryInbox()
    registry, holder = calling_back(inbox, make)
    kind = registry.kind(source, inbox)
    holder.append(kind)
    outcome = await fetch(source, registry, inbox=inbox, kind=kind)
    return outcome, inbox, registry, holder


async def test_async__called_back__match(tmp_path: Path):
    """ACK, then the answer by a call of the registry's own."""
    outcome, inbox, registry, _ = await asked_later(
        source_in(tmp_path, ASYNC), lambda question: answer_to(question, [person()])
    )

    assert isinstance(outcome, Match)
    assert registry.asked[0][0] == "/registry/search"
    assert registry.asked[0][1]["header"]["sender_uri"] == "https://us.example/on-search"
    assert not inbox.ignored


async def test_async__other_correlation__misbehaving(tmp_path: Path):
    """The answer names another business transaction than the ACK did."""

    def make(question: Any) -> Any:
        answer = answer_to(question, [person()])
        answer["message"]["correlation_id"] = "c-2"
        return answer

    outcome, *_ = await asked_later(source_in(tmp_path, ASYNC), make)

    assert isinstance(outcome, Misbehaving)


async def test_async__foreign_late_and_duplicate_calls__ignored_and_counted(tmp_path: Path):
    """Only the first answer to a question that is open is taken."""
    source = source_in(tmp_path, "mode: async\nsender_uri: https://us.example/x")
    kept: list[bytes] = []

    def make(question: Any) -> Any:
        answer = answer_to(question, [person()])
        kept.append(json.dumps(answer).encode())
        return answer

    outcome, inbox, _, holder = await asked_later(source, make)
    kind = holder[0]
    stranger = json.dumps({"header": {}, "message": {"transaction_id": "never asked"}}).encode()

    assert isinstance(outcome, Match)
    assert await kind.receive(kept[0]) is None
    assert await kind.receive(stranger) is None
    assert await kind.receive(b"{}") == "err.request.bad"
    assert await kind.receive(b"CANARY") == "err.request.bad"
    assert inbox.ignored == {"duplicate": 1, "foreign": 1}


async def test_async__nothing_comes__unavailable_in_time(tmp_path: Path):
    """Silence is no word about a person; what comes afterwards is late."""
    inbox = MemoryInbox()
    registry = Registry(lambda _path, _question: ack())

    outcome = await fetch(source_in(tmp_path, ASYNC), registry, inbox=inbox)

    assert isinstance(outcome, Unavailable)
    assert outcome.timeout
    key = registry.asked[0][1]["message"]["transaction_id"]
    assert inbox.deliver(key, {}) == "late"


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        (ack("NACK", "err.request.forbidden"), DeniedBySource),
        (ack("NACK"), Misbehaving),
        (ack("ERR", "err.service.unavailable"), Unavailable),
        (ack("ERR", "CANARY"), Misbehaving),
        ({"message": {}}, Misbehaving),
        ((503, {}), Unavailable),
    ],
)
async def test_async__not_acknowledged__by_its_code(tmp_path: Path, answer: Any, expected: type):
    """NACK: nothing more will come. ERR: the message was not taken."""
    outcome = await fetch(
        source_in(tmp_path, ASYNC), Registry(lambda _path, _question: answer), inbox=MemoryInbox()
    )

    assert isinstance(outcome, expected)


def polled(finished_after: int, records: Any) -> Registry:
    """A registry that is asked what became of the search."""
    kept: list[Any] = []

    def reply(path: str, question: Any) -> Any:
        if path == "/registry/search":
            kept.append(question)
            return ack()
        kept.append(None)
        done = len(kept) > finished_after + 1
        inner = answer_to(kept[0], records, status="succ" if done else "pdng")["message"]
        message = {
            "transaction_id": question["message"]["transaction_id"],
            "correlation_id": "c-1",
            "txnstatus_response": {"txn_type": "search", "txn_status": inner},
        }
        assert question["message"]["txnstatus_request"]["attribute_value"] == inner["transaction_id"]
        return {"header": {"status": "succ", "action": "txn-on-status"}, "message": message}

    return Registry(reply)


@pytest.mark.parametrize(("records", "expected"), [([person()], Match), ([], NotFound)])
async def test_async__without_an_inbox__asked_for_until_it_is_there(
    tmp_path: Path, records: Any, expected: type
):
    """txn/status: pending twice, then the answer."""
    registry = polled(2, records)

    outcome = await fetch(source_in(tmp_path, ASYNC), registry)

    assert isinstance(outcome, expected)
    assert [path for path, _ in registry.asked] == ["/registry/search", *["/registry/sync/txn/status"] * 3]


async def test_signed__openspp_profile__ours_signed_and_theirs_verified(tmp_path: Path):
    """Both ways, by the keys of the source file."""
    ours, theirs = Ed25519PrivateKey.generate(), Ed25519PrivateKey.generate()
    (tmp_path / "registry.pem").write_text(public_pem(theirs))
    text = (
        "signature: {profile: draft-cavage-ed25519, private_key: '${secret:KEY}', key_id: k1}\n"
        "peer: {keys_file: registry.pem}"
    )
    source = source_in(tmp_path, text, KEY=private_pem(ours))

    def answer(question: Any, **change: Any) -> Any:
        plain = answer_to(question, [person()])
        signer = CavageSigner(change.pop("key", theirs), "registry", "k")
        moment = int(time.time()) + change.pop("shift", 0)
        return {"signature": signer.sign(plain["header"], plain["message"], moment), **plain, **change}

    registry = Registry(lambda _, question: answer(question))
    assert isinstance(await fetch(source, registry), Match)
    assert 'kidId="isthmus.lm|k1|ed25519"' in registry.asked[0][1]["signature"]

    wrong: list[Any] = [
        lambda question: answer_to(question, [person()]),
        lambda question: answer(question, signature=""),
        lambda question: answer(question, key=ours),
        lambda question: answer(question, shift=-1000),
        lambda question: answer(question, header={"status": "succ", "meta": "changed"}),
    ]
    for make in wrong:
        outcome = await fetch(source, Registry(lambda _, question, make=make: make(question)))
        assert isinstance(outcome, Misbehaving)


async def test_signed__replayed_answer__does_not_belong_to_the_question(tmp_path: Path):
    """A rightly signed answer to another question."""
    theirs = Ed25519PrivateKey.generate()
    (tmp_path / "registry.pem").write_text(public_pem(theirs))
    source = source_in(tmp_path, "peer: {profile: draft-cavage-ed25519, keys_file: registry.pem}")
    kept: list[Any] = []

    def reply(_: str, question: Any) -> Any:
        plain = answer_to(question, [person()])
        signature = CavageSigner(theirs, "r", "k").sign(plain["header"], plain["message"], int(time.time()))
        kept.append({"signature": signature, **plain})
        return kept[0]

    registry = Registry(reply)
    assert isinstance(await fetch(source, registry), Match)
    assert isinstance(await fetch(source, registry), Misbehaving)


async def test_signed_and_encrypted__opencrvs_profile__keys_from_the_registered_address(
    tmp_path: Path, keys: tuple[RSAPrivateKey, RSAPrivateKey]
):
    """The key set is fetched where the file says, once; a message cannot name another address."""
    ours, theirs = keys
    numbers = theirs.public_key().public_numbers()
    jwk = {"kty": "RSA", "n": _uint(numbers.n), "e": _uint(numbers.e)}
    name = thumbprint(theirs.public_key())
    key_set = {"keys": [{**jwk, "kid": name, "use": "sig"}, {**jwk, "kid": "enc-1", "use": "enc"}]}
    text = (
        "signature: {profile: jws-embedded-rs256, private_key: '${secret:KEY}'}\n"
        "peer: {jwks_url: 'https://registry.example/.well-known/jwks.json'}\n"
        "encryption: {requests: true, private_key: '${secret:KEY}'}"
    )
    source = source_in(tmp_path, text, KEY=private_pem(ours))

    def reply(path: str, question: Any) -> Any:
        if path.endswith("jwks.json"):
            return key_set
        assert question["header"]["is_msg_encrypted"] is True
        EmbeddedVerifier().verify(
            question["signature"], question["header"], question["message"], {"": ours.public_key()}, 0
        )
        plain = {**question, "message": decrypt(question["message"], theirs, 100_000)}
        answer = answer_to(plain, [person()])
        header = {**answer["header"], "is_msg_encrypted": True, "sender_id": "https://evil.example"}
        sealed = encrypt(answer["message"], ours.public_key(), "k")
        return {
            "signature": EmbeddedSigner(theirs, name).sign(header, sealed, 0),
            "header": header,
            "message": sealed,
        }

    registry = Registry(reply)
    kind = registry.kind(source)
    assert isinstance(await fetch(source, registry, kind=kind), Match)
    assert isinstance(await fetch(source, registry, kind=kind), Match)
    assert [path for path, _ in registry.asked].count("/.well-known/jwks.json") == 1
    assert len(registry.asked) == 3


async def test_encrypted__question_was_and_answer_is_not__misbehaving(
    tmp_path: Path, keys: tuple[RSAPrivateKey, RSAPrivateKey]
):
    """An answer in the clear is not taken where the file says encrypted."""
    ours, theirs = keys
    (tmp_path / "registry.pem").write_text(public_pem(theirs))
    text = (
        "peer: {profile: none, keys_file: registry.pem}\n"
        "encryption: {requests: true, private_key: '${secret:KEY}'}"
    )

    def reply(_: str, question: Any) -> Any:
        plain = {**question, "message": decrypt(question["message"], theirs, 100_000)}
        return answer_to(plain, [person()])

    outcome = await fetch(source_in(tmp_path, text, KEY=private_pem(ours)), Registry(reply))

    assert isinstance(outcome, Misbehaving)


async def test_receive__forged_call__refused(tmp_path: Path):
    """A call without the registry's signature is not delivered."""
    theirs = Ed25519PrivateKey.generate()
    (tmp_path / "registry.pem").write_text(public_pem(theirs))
    text = ASYNC + "\npeer: {profile: draft-cavage-ed25519, keys_file: registry.pem}"
    inbox = MemoryInbox()
    kind = Registry(lambda _path, _question: ack()).kind(source_in(tmp_path, text), inbox)
    body = json.dumps({"header": {"status": "succ"}, "message": {"transaction_id": "t"}}).encode()

    with inbox.expect("t") as arriving:
        assert await kind.receive(body) == "err.signature.invalid"
        assert not arriving.done()  # type: ignore[attr-defined]


def _uint(number: int) -> str:
    import base64

    data = number.to_bytes((number.bit_length() + 7) // 8, "big")
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()
