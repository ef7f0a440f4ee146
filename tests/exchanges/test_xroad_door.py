"""The X-Road door, as its clients see it: targets, headers, answers, errors, metaservices."""

from __future__ import annotations

import json
import re
import uuid
from base64 import b64decode

import pytest

from schemas.strict_json import dump
from tests.exchanges.hostile_peer import payload_of
from tests.exchanges.raw_http import Reply, connect, read, request, send
from tests.world import (
    ABSENT,
    BASIS,
    CARD,
    CONSUMER,
    GRIEVANCE,
    IDENTITY,
    MAX_BODY_BYTES,
    NAME,
    PENSION,
    PERSON,
    PRESENT,
    PROVIDER,
    PURPOSE,
    RELIEF,
    RESTRICTED,
    WELFARE,
    World,
)


def ask(
    world: World,
    target: str,
    *,
    method: str = "GET",
    body: bytes = b"",
    client: str | None = WELFARE,
    as_: str | None = None,
    headers: dict[str, str] | None = None,
) -> Reply:
    """One request of a client system, by default of the welfare programme's, over mutual TLS."""
    named = {"X-Road-Client": client} if client is not None else {}
    data = request(method, target, {**named, **(headers or {})}, body)
    return send(world.ports[CONSUMER].client, data, world.client_tls(as_ or client or WELFARE))


def question(subject: str = PRESENT, *fields: str, **members) -> bytes:
    fields = fields or ("birth_date",)
    return dump({"subject": {"type": "national_id", "value": subject}, "fields": list(fields), **members})


def ask_person(
    world: World, subject: str = PRESENT, *fields: str, client: str = WELFARE, headers=None, **members
):
    return ask(
        world, f"/r1/{PERSON}", method="POST", body=question(subject, *fields, **members), client=client,
        headers={"Content-Type": "application/json", **(headers or {})},
    )  # fmt: skip


CARD_TARGET = f"/r1/{CARD}/persons/{PRESENT}/card"


def test_door__record__answered_with_every_header(world):
    """X-Road's five response headers, and the receipt."""
    reply = ask_person(world, headers={"X-Road-Id": "our-own-number 7"})
    assert (reply.status, reply.json["record"]) == (200, {"birth_date": "1980-05-17"})
    headers = reply.headers
    assert headers["x-road-client"] == WELFARE
    assert headers["x-road-service"] == PERSON
    assert headers["x-road-id"] == "our-own-number 7"
    assert uuid.UUID(headers["x-road-request-id"]).version == 7
    assert headers["isthmus-receipt"] == headers["x-road-request-id"]
    assert len(b64decode(headers["x-road-request-hash"])) == 64
    assert "x-road-error" not in headers


def test_door__no_id__one_is_made(world):
    """X-Road-Id is generated where the client sends none."""
    reply = ask_person(world)
    assert reply.headers["x-road-id"] == reply.headers["x-road-request-id"]


def test_door__same_request__same_hash_but_another_body_another(world):
    """The hash is the request's, headers and body."""
    hashes = {ask_person(world, *args).headers["x-road-request-hash"] for args in ((), (), (ABSENT,))}
    assert len(hashes) == 2


def test_door__pass_through__exactly_the_canonical_request_is_forwarded(world):
    """The source gets what policy saw, its own credentials, the client's end-to-end headers, no others."""
    reply = ask(
        world,
        f"{CARD_TARGET}?lang=en&x=a%20b",
        headers={
            "Accept": "application/json", "X-Custom": "kept", "Authorization": "Bearer of-the-client",
            "Cookie": "secret=1", "X-Forwarded-For": "1.2.3.4", "User-Agent": "mis/1", "Via": "proxy",
            "X-Road-UserId": "canary-officer-7",
        },
    )  # fmt: skip
    assert (reply.status, reply.body) == (200, b'{"card":"ok"}')
    (received,) = world.upstream.received
    lines = received.decode().split("\r\n")
    assert lines[0] == f"GET /api/persons/{PRESENT}/card?lang=en&x=a%20b HTTP/1.1"
    sent = dict(line.lower().split(": ", 1) for line in lines[1:] if line)
    assert sent["authorization"] == "bearer the-token-of-the-source"
    assert sent["x-custom"] == "kept"
    assert (
        not {"cookie", "x-forwarded-for", "user-agent", "via", "x-road-userid", "x-road-client"} & sent.keys()
    )


def test_door__needless_encoding__forwarded_in_canonical_form(world):
    """`%37` is `7` for policy and for the source."""
    assert ask(world, f"/r1/{CARD}/persons/%37{PRESENT[1:]}/card").status == 200
    assert world.upstream.received[0].startswith(f"GET /api/persons/{PRESENT}/card ".encode())


@pytest.mark.parametrize(
    "path",
    [
        "/persons/../card", "/persons/%2e%2e/card", "/persons/%2E%2e/card", "/persons/%252e%252e/card",
        "/persons/.%2e/card", "/persons/..;a=b/card", "/persons/%2e%2e%3bx/card", "/persons//card",
        "/persons/1%2Fadmin/card", "/persons/1%5cadmin/card", "/persons/1\\admin/card",
        "/persons/1%00/card", "/persons/1%0d%0aX-Evil:1/card", "/persons/%c0%ae%c0%ae/card", "/persons/%ff/card",
        "/persons/1%/card", "/persons/1%zz/card", "/persons/" + "1" * 5000 + "/card",
    ],
)  # fmt: skip
def test_door__path_that_can_be_read_twice__400_and_the_source_hears_nothing(world, path):
    """Whatever two parsers could read differently is refused before anything is signed or logged."""
    size = world.exchanges_logged(CONSUMER)
    reply = ask(world, f"/r1/{CARD}{path}")
    assert (reply.status, reply.headers["x-road-error"]) == (400, "Client.BadRequest")
    assert world.upstream.received == []
    assert world.exchanges_logged(CONSUMER) == size


@pytest.mark.parametrize(
    "target",
    [
        "/r1/LM/GOV/NIA/identity", "/r1/LM/GOV/NIA", "/r1//GOV/NIA/identity/person", "/r1/LM/GOV/NIA/../person",
        "/r1/LM/GOV/NIA/%2e%2e/person", "/r1/LM/GOV/NIA/identity/per%2fson", "/r1/LM/GOV/NIA/identity/per%25son",
        "/r1/LM/GOV/NIA/identity/per%00son", "/r1/LM/GOV/NIA/" + "a" * 300 + "/person",
    ],
)  # fmt: skip
def test_door__target_that_names_no_service__400(world, target):
    """The identifier's own grammar is as strict."""
    reply = ask(world, target)
    assert reply.status == 400
    assert reply.headers["x-road-error"] in ("Client.BadRequest", "Client.InvalidIdentifier")


def test_door__query_with_a_control_character__400(world):
    """A line break in a query would be one at the source."""
    reply = ask(world, f"{CARD_TARGET}?a=%0d%0aX-Evil:1")
    assert (reply.status, world.upstream.received) == (400, [])


@pytest.mark.parametrize("value", ["a\x00b", "a\x01b", "a\x0bb", "a\x7fb"], ids=repr)
def test_door__header_with_a_control_character__400(world, value):
    """A header's value cannot carry another header."""
    reply = ask(world, CARD_TARGET, headers={"X-Custom": value})
    assert (reply.status, world.upstream.received) == (400, [])


def test_door__unknown_service__not_told_apart_from_a_hidden_one(world):
    """A service that is not there, at a provider that is not there: one error."""
    for target in (
        f"/r1/{IDENTITY}/nothing",
        "/r1/LM/GOV/XXX/identity/person",
        "/r1/ZZ/GOV/NIA/identity/person",
    ):
        reply = ask(world, target)
        assert (reply.status, reply.headers["x-road-error"]) == (400, "Client.UnknownService")


def test_door__no_x_road_client__400(world):
    """The one header that X-Road demands."""
    reply = ask(world, CARD_TARGET, client=None)
    assert (reply.status, reply.headers["x-road-error"]) == (400, "Client.BadRequest")
    assert "X-Road-Client" in reply.json["message"]


def test_door__another_subsystem_in_x_road_client__refused(world):
    """A client system speaks only for the subsystem its certificate stands for."""
    reply = ask(world, CARD_TARGET, client=RELIEF, as_=WELFARE)
    assert (reply.status, reply.headers["x-road-error"]) == (400, "Client.AuthenticationFailed")


def test_door__x_road_client_twice__the_last_one_counts(world):
    """As in X-Road; and it, too, must be the certificate's."""
    data = request("GET", CARD_TARGET, {"X-Road-Client": WELFARE, "x-road-client": RELIEF})
    reply = send(world.ports[CONSUMER].client, data, world.client_tls(WELFARE))
    assert reply.headers["x-road-error"] == "Client.AuthenticationFailed"


@pytest.mark.parametrize("name", ["X-Client-Cert", "X-Forwarded-Client-Cert", "X-SSL-Client-Verify"])
def test_door__certificate_in_a_header__not_believed(world, name):
    """A header that claims a certificate changes nothing."""
    reply = ask(
        world, CARD_TARGET, client=WELFARE, as_=RELIEF,
        headers={name: world.sandbox.client(__import__("schemas.identifiers").identifiers.SubsystemId.parse(WELFARE))[0]
                 .read_text().replace("\n", "")},
    )  # fmt: skip
    assert reply.headers["x-road-error"] == "Client.AuthenticationFailed"


def test_door__a_peers_certificate__is_no_client(world):
    """A gateway's certificate stands for no subsystem at the client port."""
    data = request("GET", CARD_TARGET, {"X-Road-Client": WELFARE})
    reply = send(world.ports[CONSUMER].client, data, world.tls(PROVIDER))
    assert reply.headers["x-road-error"] == "Client.AuthenticationFailed"


def test_door__user_id__pseudonymised_before_it_leaves(world):
    """The officer's id is nowhere: not in the statement, nor in either log's clear entries; the same officer
    is the same pseudonym."""
    pseudonyms = set()
    for _ in range(2):
        reply = ask_person(world, headers={"X-Road-UserId": "canary-officer-7"})
        exchange = reply.headers["isthmus-receipt"]
        for gateway in (CONSUMER, PROVIDER):
            reader = world.node(gateway).log.reader
            for logged in world.run(reader.exchange(exchange)):
                assert b"canary-officer" not in logged.record
                case = world.run(reader.case(logged.index))
                assert "canary-officer" not in repr(case)
                pseudonyms.add(payload_of(case.request)["user"]["pseudonym"])
    assert len(pseudonyms) == 1
    assert re.fullmatch(r"[A-Za-z0-9_-]{43}", pseudonyms.pop())


def test_door__label_and_issue__kept_where_they_belong(world):
    """X-Road-Id is a label in the asker's case, X-Road-Issue and the represented party are signed."""
    reply = ask_person(
        world,
        headers={
            "X-Road-Id": "twice",
            "X-Road-Issue": "application 12",
            "X-Road-Represented-Party": "GOV/TAX",
        },
    )
    reader = world.node(CONSUMER).log.reader
    sent = world.run(reader.exchange(reply.headers["isthmus-receipt"]))[0]
    case = world.run(reader.case(sent.index))
    statement = payload_of(case.request)
    assert (statement["issue"], statement["represents"]) == ("application 12", "LM/GOV/TAX")
    assert case.acts == {"label": "twice"}


def test_door__providers_own_404__passes_without_x_road_error(world):
    """The header is there exactly when a gateway has failed."""
    world.upstream.reply = (
        b"HTTP/1.1 404 Not Found\r\nContent-Type: text/plain\r\nContent-Length: 4\r\n\r\nnope"
    )
    reply = ask(world, CARD_TARGET)
    assert (reply.status, reply.body, reply.headers["content-type"]) == (404, b"nope", "text/plain")
    assert "x-road-error" not in reply.headers
    assert reply.headers["x-road-service"] == CARD


def test_door__redirect__passes_and_is_not_followed(world):
    """A redirect is an answer."""
    world.upstream.reply = (
        b"HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:1/elsewhere\r\nContent-Length: 0\r\n\r\n"
    )
    reply = ask(world, CARD_TARGET)
    assert (reply.status, len(world.upstream.received)) == (302, 1)


def test_door__head_request__answered_without_a_body(world):
    """HEAD is safe, and its answer has no body whatever its length says."""
    world.upstream.reply = b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 999\r\n\r\n"
    data = request("HEAD", CARD_TARGET, {"X-Road-Client": WELFARE})
    reply = send(world.ports[CONSUMER].client, data, world.client_tls(WELFARE))
    # The agreement covers GET and POST only: the refusal says so, and nothing is asked.
    assert (reply.status, world.upstream.received) == (500, [])


def test_door__post_to_a_pass_through__body_and_type_arrive(world):
    """Any method, any body; an unsafe exchange is logged before it acts."""
    reply = ask(world, CARD_TARGET, method="POST", body=b"\x00binary\xff", headers={"Content-Type": "x/y"})
    assert reply.status == 200
    (received,) = world.upstream.received
    assert received.endswith(b"\r\n\r\n\x00binary\xff")
    kinds = [entry.kind for entry in world.entries(PROVIDER, reply.headers["isthmus-receipt"])]
    assert kinds == ["accepted", "outcome"]


@pytest.mark.parametrize("method", ["PUT", "DELETE", "PATCH", "OPTIONS", "TRACE"])
def test_door__method_that_the_service_does_not_take__refused(world, method):
    """The description says which methods there are."""
    reply = ask(world, CARD_TARGET, method=method)
    assert (reply.status, reply.headers["x-road-error"]) == (500, "Server.ServerProxy.MethodNotAllowed")


REFUSALS = {
    "no_agreement": ({"client": GRIEVANCE}, ["agreement.missing"]),
    "agreement_expired": ({"client": PENSION}, ["agreement.expired"]),
    "purpose_not_agreed": ({"headers": {"Isthmus-Purpose": "taxation"}}, ["purpose.not_agreed"]),
    "legal_basis_not_agreed": (
        {"headers": {"Isthmus-Legal-Basis": "vital_interest"}},
        ["legal_basis.not_agreed"],
    ),
    "field_not_agreed": ({"fields": ["sex"]}, ["fields.none_granted"]),
    "predicate_not_agreed": (
        {"predicates": {"p": {"field": "birth_date", "op": "age_ge", "value": 19}}},
        ["predicate.not_agreed"],
    ),
}


@pytest.mark.parametrize("row", REFUSALS)
def test_door__refused_by_policy__reasons_are_shown(world, row):
    """A refusal says which rule spoke, signed, and both logs have it."""
    how, reasons = REFUSALS[row]
    headers = {"Isthmus-Purpose": PURPOSE, "Isthmus-Legal-Basis": BASIS, **how.get("headers", {})}
    members = {"predicates": how["predicates"]} if "predicates" in how else {}
    reply = ask_person(
        world, PRESENT, *how.get("fields", ()), client=how.get("client", WELFARE), headers=headers, **members
    )
    assert (reply.status, reply.headers["x-road-error"]) == (500, "Server.ServerProxy.AccessDenied")
    problem = reply.json["problem"]
    assert (problem["reasons"], problem["fault"], problem["hop"]) == (reasons, "client", PROVIDER)
    assert NAME not in reply.body.decode()
    exchange = reply.headers["isthmus-receipt"]
    for gateway in (CONSUMER, PROVIDER):
        outcome = world.entries(gateway, exchange)[-1]
        assert (outcome.result, list(outcome.reasons)) == ("refused", reasons)


def test_door__some_fields_not_agreed__the_rest_is_answered(world):
    """Asking for more is no offence: what was not agreed is left out."""
    assert ask_person(world, PRESENT, "birth_date", "sex").json["record"] == {"birth_date": "1980-05-17"}


def test_door__agreed_predicate__answered_yes(world):
    """A predicate is answered without its field."""
    asked = {"adult": {"field": "birth_date", "op": "age_ge", "value": 18}}
    reply = ask_person(world, PRESENT, "full_name", predicates=asked)
    assert reply.json["predicates"] == {"adult": "yes"}
    assert b"1980" not in reply.body


def test_door__hidden_absence__absent_and_restricted_are_one_refusal(world):
    """Status, headers and body tell nothing apart; only the exchange's id differs."""
    replies = [ask_person(world, subject, client=RELIEF) for subject in (ABSENT, RESTRICTED)]
    bodies = []
    for reply in replies:
        exchange = reply.headers.pop("isthmus-receipt")
        bodies.append(reply.body.replace(exchange.encode(), b"ID"))
    assert bodies[0] == bodies[1]
    assert replies[0].status == replies[1].status == 500
    assert replies[0].headers == replies[1].headers
    assert replies[0].json["problem"]["reasons"] == ["subject.unavailable"]


def test_door__hidden_absence__the_statements_tell_nothing_apart(world):
    """What the asking gateway can compute from a statement must not depend on what the source knows."""
    from gateway.exchange.facts import decision_id

    reader = world.node(CONSUMER).log.reader
    for subject in (ABSENT, RESTRICTED, PRESENT):
        reply = ask_person(world, subject, client=RELIEF)
        logged = world.run(reader.exchange(reply.headers["isthmus-receipt"]))[-1]
        answer = payload_of(world.run(reader.case(logged.index)).answer)
        guesses = _guesses(world, world.run(reader.case(logged.index)).request, decision_id)
        assert answer["decision"] in guesses[None], subject
        assert answer["decision"] not in guesses[True] | guesses[False]


def _guesses(world, request_jws, decision_id):
    """The decision ids that the asker can compute: it knows every fact but the source's."""
    from gateway.exchange.facts import after_fetch, gather
    from schemas.identifiers import ServiceId, SubsystemId
    from schemas.outcome import Match
    from schemas.record import RecordRequest
    from schemas.statement import RequestStatement
    from schemas.wire import RequestHead

    statement = RequestStatement.from_payload(dump(payload_of(request_jws)))
    node = world.node(PROVIDER)
    service = node.answering.hosted.services[PERSON]
    agreement = node.agreements.find(SubsystemId.parse(RELIEF), ServiceId.parse(PERSON))
    head = RequestHead("POST", "/", "", (), None)
    found = {}
    for restricted in (None, True, False):
        asked = RecordRequest.from_bytes(question())
        found[restricted] = set()
        for now in range(statement.iat, statement.iat + 3):
            facts = gather(statement, head, service, agreement, asked.subject, asked, None, now)
            if restricted is not None:
                facts = after_fetch(facts, Match({}, 0, restricted, "canarydistrict"))
            found[restricted].add(decision_id(facts, node.policy.policy_version))
    return found


def test_door__disclosed_absence__not_found_but_restricted_stays_hidden(world):
    """An absent subject may be told, a restricted one never."""
    assert ask_person(world, ABSENT).json["status"] == "not_found"
    reply = ask_person(world, RESTRICTED)
    assert reply.json["problem"]["reasons"] == ["subject.unavailable"]


TEXTS = {
    "purpose_too_long": {"Isthmus-Purpose": "x" * 200},
    "legal_basis_too_long": {"Isthmus-Legal-Basis": "x" * 200},
    "content_type_too_long": {"Content-Type": "x" * 300},
    "content_type_not_printable": {"Content-Type": "a\xa0b"},
    "issue_too_long": {"X-Road-Issue": "x" * 300},
    "conversation": {"Isthmus-Conversation": "1"},
    "retry_of": {"Isthmus-Retry-Of": "1"},
    "consent": {"Isthmus-Consent": "x"},
    "consent_ids": {"Isthmus-Consent": "a.eyJqdGkiOiIiLCJpc3MiOiIifQ.b"},
    "represented": {"X-Road-Represented-Party": "GOV/../TAX"},
    "id": {"X-Road-Id": "x" * 300},
    "purpose_empty": {"Isthmus-Purpose": ""},
}


@pytest.mark.parametrize("row", TEXTS)
def test_door__header_that_no_statement_can_carry__the_clients_fault_at_once(world, row):
    """The client is told here; nothing is signed or logged that a peer would call malformed."""
    size = world.exchanges_logged(CONSUMER)
    reply = ask_person(world, headers=TEXTS[row])
    assert reply.status == 400, reply.body
    assert reply.headers["x-road-error"].startswith("Client.")
    assert world.exchanges_logged(CONSUMER) == size


def test_door__huge_body__413_in_x_roads_form(world):
    """X-Road has 400 for it."""
    reply = ask(world, CARD_TARGET, method="POST", body=b"x" * (MAX_BODY_BYTES + 1))
    assert (reply.status, reply.headers["x-road-error"]) == (400, "Client.RequestTooLarge")
    assert reply.json["problem"]["status"] == 413


def test_door__keep_alive_and_pipelining__each_answer_is_its_own(world):
    """Two requests sent at once over one connection are answered in order, each with its own facts."""
    one = request("GET", CARD_TARGET, {"X-Road-Client": WELFARE, "X-Road-Id": "one"})
    two = request("GET", CARD_TARGET, {"X-Road-Client": RELIEF, "X-Road-Id": "two"})
    three = request("GET", CARD_TARGET, {"X-Road-Client": WELFARE, "X-Road-Id": "three"})
    with connect(world.ports[CONSUMER].client, world.client_tls(WELFARE)) as connection:
        connection.sendall(one)
        first = read(connection)
        connection.sendall(two + three)
        rest = b""
        while rest.count(b"HTTP/1.1 ") < 2 or b'{"card":"ok"}' not in rest:
            rest += connection.recv(65536)
    assert first.headers["x-road-id"] == "one"
    second, _, third = rest[9:].partition(b"HTTP/1.1 ")
    assert b"AuthenticationFailed" in second
    assert b"three" in third


def test_door__too_many_headers__413(world):
    """At most a hundred."""
    reply = ask(world, CARD_TARGET, headers={f"X-H{number}": "1" for number in range(120)})
    assert (reply.status, reply.type) == (413, "too-large")


def test_door__headers_too_long__413(world):
    """At most 64 KiB in all."""
    reply = ask(world, CARD_TARGET, headers={f"X-H{number}": "x" * 8000 for number in range(10)})
    assert (reply.status, reply.type) == (413, "too-large")


def test_door__many_end_to_end_headers__400(world):
    """A head carries at most 64."""
    reply = ask(world, CARD_TARGET, headers={f"X-H{number}": "1" for number in range(70)})
    assert (reply.status, reply.headers["x-road-error"]) == (400, "Client.BadRequest")


def test_door__slow_client__408(world):
    """Whoever drips is cut off."""
    with connect(world.ports[CONSUMER].client, world.client_tls(WELFARE)) as connection:
        connection.sendall(b"GET /r1/LM HTTP/1.1\r\nX-Slow: ")
        reply = read(connection)
    assert (reply.status, reply.type) == (408, "request-timeout")


def test_door__development_listener__is_its_one_subsystem(world):
    """Without any certificate it is the subsystem of the settings, and no other."""
    port = world.ports[CONSUMER].development[WELFARE]
    assert send(port, request("GET", CARD_TARGET, {"X-Road-Client": WELFARE})).status == 200
    reply = send(port, request("GET", CARD_TARGET, {"X-Road-Client": RELIEF}))
    assert reply.headers["x-road-error"] == "Client.AuthenticationFailed"


# Metaservices.


def test_metaservices__list_clients__own_and_usable_providers(world):
    """A client sees itself and whose services an agreement lets it use."""
    codes = [row["id"]["subsystem_code"] for row in ask(world, "/listClients").json["member"]]
    assert codes == ["cash-transfer", "identity", "income"]
    row = ask(world, "/listClients").json["member"][1]
    assert row["name"] == "National Identity Authority"
    assert row["id"] == {
        "object_type": "SUBSYSTEM", "xroad_instance": "LM", "member_class": "GOV", "member_code": "NIA",
        "subsystem_code": "identity",
    }  # fmt: skip


def test_metaservices__list_clients_as_xml__when_asked(world):
    """X-Road's older form."""
    reply = ask(world, "/listClients", headers={"Accept": "text/xml"})
    assert reply.headers["content-type"].startswith("text/xml")
    assert b"<id:subsystemCode>identity</id:subsystemCode>" in reply.body


@pytest.mark.parametrize("name", ["listMethods", "allowedMethods"])
def test_metaservices__methods__only_what_the_client_may_use(world, name):
    """Filtered by agreements in force: no agreement or an expired one shows nothing."""
    seen = {
        client: sorted(
            row["service_code"] for row in ask(world, f"/r1/{IDENTITY}/{name}", client=client).json["service"]
        )
        for client in (WELFARE, RELIEF, PENSION, GRIEVANCE)
    }
    assert seen == {WELFARE: ["card", "person"], RELIEF: ["person"], PENSION: [], GRIEVANCE: []}


def test_metaservices__endpoints__only_the_agreed_ones(world):
    """HEAD is a method of the service, and not of the agreement."""
    rows = ask(world, f"/r1/{IDENTITY}/allowedMethods").json["service"]
    card = next(row for row in rows if row["service_code"] == "card")
    assert sorted(endpoint["method"] for endpoint in card["endpoint_list"]) == ["GET", "POST"]


def test_metaservices__open_api__of_a_usable_service_only(world):
    """The provider's own document, as it signed it."""
    reply = ask(world, f"/r1/{IDENTITY}/getOpenAPI?serviceCode=card")
    assert json.loads(reply.body)["openapi"] == "3.1.0"
    reply = ask(world, f"/r1/{IDENTITY}/getOpenAPI?serviceCode=card", client=RELIEF)
    assert reply.headers["x-road-error"] == "Client.UnknownService"
    assert ask(world, f"/r1/{IDENTITY}/getOpenAPI").headers["x-road-error"] == "Client.BadRequest"
    assert ask(world, f"/r1/{IDENTITY}/listMethods", method="POST").headers["x-road-error"] == (
        "Client.MethodNotAllowed"
    )
