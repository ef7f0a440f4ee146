"""Views, catalogue and receipts: the shape of the contract, statuses, bounds, and whose receipt it is."""

from __future__ import annotations

import pytest

from audit.entry import Entry
from audit.proof import Proof
from gateway.app.enrolment import log_vkey
from gateway.settings import load
from schemas.strict_json import dump
from tests.exchanges.hostile_provider import FORGED, hostile_provider, signed
from tests.exchanges.raw_http import Reply, request, send
from tests.exchanges.test_xroad_door import ask_person
from tests.world import (
    ABSENT,
    BASIS,
    CONSUMER,
    NAME,
    PERSON,
    PRESENT,
    PROVIDER,
    PURPOSE,
    RELIEF,
    RESTRICTED,
    WELFARE,
    World,
)

VIEW = "/v1/views/applicant"


def call(
    world: World, method: str, target: str, body: bytes = b"", client: str = WELFARE, **headers: str
) -> Reply:
    named = {"Content-Type": "application/json"} if body else {}
    named |= {name.replace("_", "-"): value for name, value in headers.items()}
    data = request(method, target, named, body)
    return send(world.ports[CONSUMER].client, data, world.client_tls(client))


def ask_view(world: World, subject: str = PRESENT, client: str = WELFARE, **members) -> Reply:
    document = {"subject": {"type": "national_id", "value": subject}, "legal_basis": BASIS, **members}
    return call(world, "POST", VIEW, dump(document), client)


def test_view__one_source_down__the_others_answer_and_it_says_so(world):
    """The contract's shape; each attribute its own status, source, moment and receipt."""
    reply = ask_view(world)
    assert reply.status == 200
    document = reply.json
    assert document.keys() == {"view", "id", "cid", "attributes", "predicates"}
    found = document["attributes"]
    for claim in found.values():
        assert claim.keys() == {"value", "status", "source", "as_of", "fetched_at", "receipt"}
    assert (found["name"]["value"], found["name"]["status"]) == (NAME, "ok")
    assert found["name"]["source"] == PERSON
    assert (found["sex"]["value"], found["sex"]["status"]) == (None, "denied")
    assert (found["income_band"]["value"], found["income_band"]["status"]) == (None, "source_down")
    assert reply.headers["isthmus-receipt"] in {claim["receipt"] for claim in found.values()}
    for receipt in {claim["receipt"] for claim in found.values()}:
        assert world.entries(CONSUMER, receipt)[0].cid == document["cid"]


def test_view__all_sources_up__all_answered(world):
    """The hostile provider, behaving, is a source like any other."""
    with hostile_provider(world, signed):
        found = ask_view(world, fields=["income_band"]).json["attributes"]
    assert found.keys() == {"income_band"}
    assert (found["income_band"]["value"], found["income_band"]["status"]) == (FORGED, "ok")


@pytest.mark.parametrize(
    ("subject", "client", "status"),
    [
        (ABSENT, WELFARE, "not_found"), (RESTRICTED, WELFARE, "denied"),
        (ABSENT, RELIEF, "denied"), (RESTRICTED, RELIEF, "denied"),
    ],
)  # fmt: skip
def test_view__absent_or_restricted__as_the_agreement_says(world, subject, client, status):
    """Hidden absence is `denied`, never `not_found`."""
    claim = ask_view(world, subject, client, fields=["birth_date"]).json["attributes"]["birth_date"]
    assert (claim["status"], claim["value"]) == (status, None)


def test_view__ill_formed_subject__is_not_called_a_source_that_is_down(world):
    """What the client got wrong says nothing about the source."""
    claim = ask_view(world, "abc", fields=["birth_date"]).json["attributes"]["birth_date"]
    assert claim["status"] == "denied"


def test_view__predicate__yes_without_the_value(world):
    """The provider answers; a predicate about a source that is down is unknown."""
    asked = {"adult": {"field": "birth_date", "op": "age_ge", "value": 18}}
    reply = ask_view(world, fields=["name"], predicates=asked)
    assert reply.json["predicates"] == {"adult": "yes"}
    assert b"1980" not in reply.body
    asked = {"low": {"field": "income_band", "op": "eq", "value": "low"}}
    assert ask_view(world, fields=["name"], predicates=asked).json["predicates"] == {"low": "unknown"}


GOOD = {"subject": {"type": "national_id", "value": PRESENT}, "legal_basis": BASIS}
BAD_BODIES = {
    "not_json": (b"nonsense", 400, "malformed-request"),
    "not_utf8": (b"\xff\xfe{}", 400, "malformed-request"),
    "duplicate_key": (
        dump(GOOD)[:-1] + b',"subject":{"type":"national_id","value":"1"}}', 400, "malformed-request"
    ),
    "deep": (b"[" * 500 + b"]" * 500, 400, "malformed-request"),
    "too_large": (dump({**GOOD, "purpose": "x" * 70_000}), 413, "too-large"),
    "unknown_member": (dump({**GOOD, "limit": 1}), 422, "request-mismatch"),
    "no_subject": (b"{}", 422, "request-mismatch"),
    "subject_number": (dump({"subject": {"type": "national_id", "value": 7}}), 422, "request-mismatch"),
    "unknown_field": (dump({**GOOD, "fields": ["nothing"]}), 422, "request-mismatch"),
    "unknown_purpose": (dump({**GOOD, "purpose": "marketing"}), 422, "request-mismatch"),
    "op_is_a_list": (
        dump({**GOOD, "predicates": {"p": {"field": "birth_date", "op": [], "value": 1}}}), 400, "malformed-request"
    ),
    "subject_control_character": (
        dump({"subject": {"type": "national_id", "value": "a\nb"}, "legal_basis": BASIS}), 400, "malformed-request"
    ),
}  # fmt: skip


@pytest.mark.parametrize("row", BAD_BODIES)
def test_view__bad_body__a_problem_and_nothing_asked(world, row):
    """Every door has the same problems, and bounds what it reads before any model sees it."""
    body, status, slug = BAD_BODIES[row]
    size = world.exchanges_logged(CONSUMER)
    reply = call(world, "POST", VIEW, body)
    assert (reply.status, reply.type) == (status, slug), reply.body
    assert reply.headers["content-type"] == "application/problem+json"
    assert PRESENT not in reply.body.decode()
    assert world.exchanges_logged(CONSUMER) == size


@pytest.mark.parametrize(
    ("method", "target", "status", "slug"),
    [
        ("GET", "/v1/views/nothing", 404, "unknown-service"), ("POST", "/v1/views/nothing", 404, "unknown-service"),
        ("GET", "/v1/nothing", 404, "unknown-service"), ("DELETE", "/v1/views", 405, "method-not-allowed"),
        ("GET", "/v1/audit", 404, "unknown-service"), ("GET", "/metrics", 404, "unknown-service"),
        ("POST", "/peer/v1/exchange", 404, "unknown-service"), ("GET", "/v1/receipts/1", 400, "malformed-request"),
    ],
)  # fmt: skip
def test_client_port__no_such_thing__problem(world, method, target, status, slug):
    """Other ports' paths are not behind this one."""
    body = dump(GOOD) if method == "POST" else b""
    reply = call(world, method, target, body)
    assert (reply.status, reply.type) == (status, slug)


def test_client_port__unknown_certificate__401(world):
    """A certificate of the right authority that the settings do not name is nobody."""
    reply = send(world.ports[CONSUMER].client, request("GET", "/v1/views"), world.tls(PROVIDER))
    assert (reply.status, reply.type) == (401, "unauthenticated")


def test_client_port__revoked_certificate__401(world):
    """The registrar's revocations hold for client systems too."""
    snapshot = world.node(CONSUMER).federation._snapshot
    from dataclasses import replace

    from gateway.trust.keys import load_certificate
    from gateway.trust.tls import certificate_digest
    from schemas.identifiers import SubsystemId

    certificate, _ = world.sandbox.client(SubsystemId.parse(RELIEF))
    revoked = frozenset({certificate_digest(load_certificate(certificate))})
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(
            world.node(CONSUMER).federation, "_snapshot", replace(snapshot, _revoked_certificates=revoked)
        )
        assert call(world, "GET", "/v1/views", client=RELIEF).status == 401
        assert call(world, "GET", "/v1/views", client=WELFARE).status == 200
    assert call(world, "GET", "/v1/views", client=RELIEF).status == 200


def test_views__listed_and_shown(world):
    """The views of this gateway."""
    assert [view["name"] for view in call(world, "GET", "/v1/views").json["views"]] == ["applicant"]
    assert call(world, "GET", VIEW).json["purposes"] == [PURPOSE]


def test_catalogue__only_what_the_client_may_use(world):
    """With the agreement's terms."""
    rows = call(world, "GET", "/v1/catalogue", client=RELIEF).json["services"]
    assert [(row["id"], row["fields"], row["purposes"]) for row in rows] == [
        (PERSON, ["full_name", "birth_date"], [PURPOSE])
    ]


def test_receipt__own_exchange__proof_verifies_with_the_logs_key(world):
    """A third party checks it with the entry and the log's public key alone."""
    exchange = ask_person(world).headers["isthmus-receipt"]
    text = call(world, "GET", f"/v1/receipts/{exchange}").body.decode()
    proof = Proof.parse(text)
    logged = world.run(world.node(CONSUMER).log.reader.exchange(exchange))[-1]
    from audit.note import Verifier

    verifier = Verifier.parse(log_vkey(load(world.sandbox.settings[CONSUMER])))
    proof.verify(logged.record, verifier)
    with pytest.raises(Exception):  # noqa: B017 - any other leaf
        proof.verify(logged.record + b" ", verifier)
    assert Entry.decode(logged.record).result == "answered"


def test_receipt__anothers_exchange__like_one_that_never_was(world):
    """Whose exchange it is, is not told."""
    exchange = ask_person(world).headers["isthmus-receipt"]
    foreign = call(world, "GET", f"/v1/receipts/{exchange}", client=RELIEF)
    absent = call(world, "GET", "/v1/receipts/01890a5d-ac96-774b-bcce-b302099a8057", client=RELIEF)
    assert (foreign.status, foreign.body) == (absent.status, absent.body)
    assert foreign.status == 404


def test_door__fails_unexpectedly__problem_and_no_words_of_the_failure_in_the_log(world):
    """Whatever breaks, its message may quote a person: neither client nor operators' log get it."""
    reader = world.node(CONSUMER).log.reader

    async def broken(_):
        raise KeyError("canary-in-an-exception")

    exchange = ask_person(world).headers["isthmus-receipt"]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(reader, "exchange", broken)
        reply = call(world, "GET", f"/v1/receipts/{exchange}")
    assert (reply.status, reply.json["fault"]) == (503, "gateway")
    assert b"canary" not in reply.body
    assert call(world, "GET", "/v1/views").status == 200  # whatever follows an answer has followed by now
    written = world.log_file.read_text()
    assert "a door failed: KeyError" in written
    assert "Exception in ASGI" not in written
    assert "canary-in-an-exception" not in written
