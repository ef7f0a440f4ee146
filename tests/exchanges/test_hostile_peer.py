"""What a registered gateway can try, each refused with a clear problem, and logged where design says so."""

from __future__ import annotations

import socket
import ssl
import time

import pytest
from cryptography.hazmat.primitives.serialization import Encoding

from audit.fsck import verify_log
from gateway.trust.jws import StatementSigner
from gateway.trust.pki import SandboxAuthority
from gateway.trust.tls import client_context
from schemas.statement import BodyDigest
from schemas.strict_json import dump
from schemas.wire import RequestHead, frame
from tests.exchanges.hostile_peer import (
    HEAD,
    QUESTION,
    HostilePeer,
    b64,
    card_head,
    problem_in,
    statement_of,
)
from tests.exchanges.raw_http import connect, read, request, send
from tests.world import (
    CARD,
    CONSUMER,
    HOSTILE,
    IDENTITY,
    MAX_BODY_BYTES,
    NAME,
    PRESENT,
    PROVIDER,
    WELFARE,
    World,
)


@pytest.fixture
def peer(world: World) -> HostilePeer:
    return HostilePeer(world)


def _refused(world, exchange, reply, status, slug):
    """A signed refusal with its entry."""
    assert reply.status == 200, reply.body
    statement = statement_of(reply)
    assert (statement["typ"], statement["status"]) == ("refusal", status)
    assert problem_in(reply)["type"] == f"/problems/{slug}"
    _nothing_leaked(reply)
    (entry,) = world.entries(PROVIDER, exchange)
    assert (entry.kind, entry.status) == ("outcome", status)
    return entry


def _nobody(world, exchange, reply, status, slug):
    """An unsigned problem, without an entry, nothing but a metric."""
    assert (reply.status, reply.type) == (status, slug)
    assert "isthmus-statement" not in reply.headers
    _nothing_leaked(reply)
    assert world.entries(PROVIDER, exchange) == []
    assert f'isthmus_unsigned_problems_total{{problem="{slug}"}}' in world.metrics(PROVIDER)


def _nothing_leaked(reply):
    for canary in (NAME, "1980-05-17", PRESENT, "Traceback", ".py"):
        assert canary.encode() not in reply.body


def test_peer__good_statement__answered_signed_and_logged(world, peer):
    """The row that proves the others can fail: the same statement, untouched, is answered."""
    exchange, reply = peer.ask()
    assert reply.status == 200
    statement = statement_of(reply)
    assert (statement["typ"], statement["status"], statement["fields"]) == ("answer", 200, ["birth_date"])
    assert b"1980-05-17" in reply.body
    assert [entry.kind for entry in world.entries(PROVIDER, exchange)] == ["outcome"]


def _resigned(jws: str, header: dict[str, object]) -> str:
    return ".".join([b64(dump(header)), *jws.split(".")[1:]])


MALFORMED = {
    "empty": lambda jws: "",
    "one_part": lambda jws: "x",
    "two_parts": lambda jws: jws.rpartition(".")[0],
    "four_parts": lambda jws: jws + ".x",
    "not_base64": lambda jws: "!" + jws[1:],
    "padded": lambda jws: jws + "==",
    "junk_in_signature": lambda jws: jws[:-4] + "~" + jws[-3:],
    "65_byte_signature": lambda jws: jws + "AA",
    "stray_bits": lambda jws: jws[:-1] + chr(ord(jws[-1]) + 1),
    "header_not_json": lambda jws: ".".join([b64(b"nonsense"), *jws.split(".")[1:]]),
    "alg_none": lambda jws: _resigned(jws, {"alg": "none"}),
    "typ_changed": lambda jws: _resigned(
        jws,
        {"alg": "ES256", "cty": "isthmus-statement+json", "iat": 1, "typ": "JWT", "x5t#S256": b64(b"0" * 32)},
    ),
}


@pytest.mark.parametrize("damage", MALFORMED)
def test_peer__malformed_statement__unsigned_400(world, peer, damage):
    """Nobody has said anything: what is no statement gets an unsigned problem and no entry."""
    claims = peer.claims()
    jws = MALFORMED[damage](peer.sign(claims))
    _nobody(world, claims["id"], peer.post(jws, frame(HEAD, QUESTION)), 400, "malformed-request")


def test_peer__no_statement_at_all__unsigned_400(world, peer):
    """The header is mandatory."""
    data = request("POST", "/peer/v1/exchange", {}, frame(HEAD, QUESTION))
    reply = send(world.ports[PROVIDER].peer, data, world.tls(HOSTILE))
    _nobody(world, "none", reply, 400, "malformed-request")


def test_peer__statement_given_twice__unsigned_400(world, peer):
    """Two statements could be read differently by two parsers."""
    claims = peer.claims()
    jws = peer.sign(claims)
    data = request(
        "POST",
        "/peer/v1/exchange",
        {"Isthmus-Statement": jws, "isthmus-statement": jws},
        frame(HEAD, QUESTION),
    )
    reply = send(world.ports[PROVIDER].peer, data, world.tls(HOSTILE))
    _nobody(world, claims["id"], reply, 400, "malformed-request")


def test_peer__oversize_statement__unsigned_400(world, peer):
    """A statement is at most 16 KiB."""
    claims = peer.claims(issue="x" * 20_000)
    _nobody(
        world, claims["id"], peer.post(peer.sign(claims), frame(HEAD, QUESTION)), 400, "malformed-request"
    )


def test_peer__payload_beyond_its_bound__unsigned_413(world, peer):
    """A payload is at most 8 KiB, even within a statement that is not too long."""
    claims = peer.claims(issue="x" * 9_000)
    _nobody(world, claims["id"], peer.post(peer.sign(claims), frame(HEAD, QUESTION)), 413, "too-large")


def test_peer__wrong_signature__unsigned_401(world, peer):
    """A payload that somebody changed was not said by the member."""
    claims = peer.claims()
    other = peer.sign(peer.claims())
    jws = ".".join([*peer.sign(claims).split(".")[:2], other.split(".")[2]])
    _nobody(world, claims["id"], peer.post(jws, frame(HEAD, QUESTION)), 401, "unauthenticated")


def test_peer__unknown_certificate__unsigned_401(world, peer):
    """A key that the federation does not know proves nothing."""
    stranger = SandboxAuthority.create().issue_signing("isthmus://LM/GOV/TAX")
    signer = StatementSigner(stranger.key, stranger.certificate.public_bytes(Encoding.DER))
    claims = peer.claims()
    jws = signer.sign(dump(claims), claims["iat"])
    _nobody(world, claims["id"], peer.post(jws, frame(HEAD, QUESTION)), 401, "unauthenticated")


def test_peer__another_members_name__unsigned_401(world, peer):
    """A member cannot speak for another one's subsystem, however well it signs."""
    claims = peer.claims(iss=WELFARE)
    _nobody(world, claims["id"], peer.post(peer.sign(claims), frame(HEAD, QUESTION)), 401, "unauthenticated")


def test_peer__another_gateways_name__unsigned_401(world, peer):
    """`gw` is the gateway whose TLS certificate connected."""
    claims = peer.claims(gw=CONSUMER)
    _nobody(world, claims["id"], peer.post(peer.sign(claims), frame(HEAD, QUESTION)), 401, "unauthenticated")


def test_peer__a_subsystem_it_does_not_host__unsigned_401(world, peer):
    """The sending gateway must be registered for the client subsystem."""
    claims = peer.claims(iss="LM/GOV/TAX/customs")
    _nobody(world, claims["id"], peer.post(peer.sign(claims), frame(HEAD, QUESTION)), 401, "unauthenticated")


@pytest.mark.parametrize(
    "changes", [{"to": CONSUMER}, {"aud": f"{WELFARE}/anything"}], ids=["wrong_gateway", "wrong_audience"]
)
def test_peer__meant_for_another_gateway__unsigned_404(world, peer, changes):
    """A statement for somebody else is not answered here, and cannot be signed for."""
    claims = peer.claims(**changes)
    _nobody(world, claims["id"], peer.post(peer.sign(claims), frame(HEAD, QUESTION)), 404, "unknown-service")


def test_peer__service_unknown__signed_404(world, peer):
    """The provider says so, signed."""
    exchange, reply = peer.ask(aud=f"{IDENTITY}/nothing")
    assert _refused(world, exchange, reply, 404, "unknown-service").reasons == ("service.unknown",)


@pytest.mark.parametrize("age", [-3600, -72, 3600], ids=["expired", "just_expired", "from_the_future"])
def test_peer__not_fresh__signed_400(world, peer, age):
    """A statement counts from ten seconds before its date until ten after its end."""
    now = int(time.time()) + age
    exchange, reply = peer.ask(iat=now, exp=now + 60)
    _refused(world, exchange, reply, 400, "malformed-request")


STATEMENT_MEMBERS = {
    "unknown_member": {"colour": "red"},
    "missing_member": {"basis": ...},
    "lifetime": {"exp": int(time.time()) + 10_000},
    "time_as_text": {"exp": "soon"},
    "version": {"v": 2},
    "version_as_float": {"v": 1.0},
    "version_as_bool": {"v": True},
    "typ": {"typ": "answer"},
    "id_not_uuid7": {"id": "1"},
    "iss_not_canonical": {"iss": "LM/GOV/%54AX/income"},
    "iss_traversal": {"iss": "LM/GOV/../income"},
    "purpose_source": {"purpose_source": "nobody"},
    "snapshot_negative": {"fed": {"snapshot": -1}},
    "snapshot_huge": {"fed": {"snapshot": 2**53}},
    "user_more": {"user": {"pseudonym": "x", "name": "y"}},
    "control_character": {"purpose": "a\nb"},
    "nonce_short": {"head": {"nonce": "AAAA", "digest": b64(b"0" * 32)}},
    "length_negative": {
        "body": {"nonce": b64(b"0" * 16), "digest": b64(b"0" * 32), "length": -1, "type": ""}
    },
}


@pytest.mark.parametrize("damage", STATEMENT_MEMBERS)
def test_peer__ill_formed_member__unsigned_400(world, peer, damage):
    """Every member is checked, and unknown ones are refused."""
    claims = peer.claims(**STATEMENT_MEMBERS[damage])
    reply = peer.post(peer.sign(claims), frame(HEAD, QUESTION))
    assert reply.status == 400, reply.body
    assert reply.type in ("malformed-request", "malformed-identifier")
    assert world.entries(PROVIDER, claims["id"]) == []


def test_peer__two_dates__unsigned_400(world, peer):
    """The header's date is the payload's."""
    claims = peer.claims()
    jws = peer.signer.sign(dump(claims), claims["iat"] + 1)
    _nobody(world, claims["id"], peer.post(jws, frame(HEAD, QUESTION)), 400, "malformed-request")


def test_peer__duplicate_member_in_the_statement__unsigned_400(world, peer):
    """The last of two equal keys must not win."""
    claims = peer.claims()
    payload = dump(claims)[:-1] + b',"iss":"LM/GOV/MSW/cash-transfer"}'
    jws = peer.signer.sign(payload, claims["iat"])
    _nobody(world, claims["id"], peer.post(jws, frame(HEAD, QUESTION)), 400, "malformed-request")


def test_peer__replayed__409_with_the_original(world, peer):
    """A second time there is no body, only the statement of the answer that was given."""
    claims = peer.claims()
    jws, content = peer.sign(claims), frame(HEAD, QUESTION)
    first = peer.post(jws, content)
    again = peer.post(jws, content)
    assert (again.status, again.type) == (409, "replayed")
    assert again.json["original"] == first.headers["isthmus-statement"]
    _nothing_leaked(again)
    assert [entry.kind for entry in world.entries(PROVIDER, claims["id"])] == ["outcome"]


def test_peer__same_id_other_content__409_and_an_alarm(world, peer):
    """An id that comes again with other content is no retry: the owner's log says so."""
    claims = peer.claims()
    peer.post(peer.sign(claims), frame(HEAD, QUESTION))
    other = peer.claims(id=claims["id"], cid=claims["cid"], purpose="taxation")
    again = peer.post(peer.sign(other), frame(HEAD, QUESTION))
    assert (again.status, again.type) == (409, "replayed")
    entries = world.entries(PROVIDER, claims["id"])
    assert [(entry.kind, entry.reasons) for entry in entries] == [
        ("outcome", ()),
        ("alarm", ("statement.id_reused",)),
    ]


def test_peer__replayed_after_a_restart__409_from_the_database(world, peer):
    """What was answered stays answered, whatever process answers next."""
    claims = peer.claims()
    jws, content = peer.sign(claims), frame(HEAD, QUESTION)
    first = peer.post(jws, content)
    world.restart(PROVIDER)
    again = peer.post(jws, content)
    assert (again.status, again.json["original"]) == (409, first.headers["isthmus-statement"])
    changed = peer.claims(id=claims["id"], cid=claims["cid"], purpose="taxation")
    world.restart(PROVIDER)
    assert peer.post(peer.sign(changed), content).status == 409
    assert [entry.kind for entry in world.entries(PROVIDER, claims["id"])] == ["outcome", "alarm"]


def test_peer__swapped_head__signed_422(world, peer):
    """The head is the one that was signed."""
    claims = peer.claims()
    other = RequestHead("POST", "/", "x=1", (("content-type", "application/json"),), None).to_bytes()
    reply = peer.post(peer.sign(claims), frame(other, QUESTION))
    assert _refused(world, claims["id"], reply, 422, "request-mismatch").reasons == ("statement.swapped",)


def test_peer__swapped_body__signed_422(world, peer):
    """The body is the one that was signed, to the byte."""
    claims = peer.claims()
    reply = peer.post(peer.sign(claims), frame(HEAD, QUESTION.replace(b"birth_date", b"full_name")))
    assert _refused(world, claims["id"], reply, 422, "request-mismatch").reasons == ("statement.swapped",)


def test_peer__body_type_and_length_lie__signed_422(world, peer):
    """The signed length is the body's."""
    digest = BodyDigest.of(QUESTION, "application/json")
    lie = BodyDigest(digest.nonce, digest.digest, digest.length + 1, digest.type)
    claims = peer.claims(body=lie)
    reply = peer.post(peer.sign(claims), frame(HEAD, QUESTION))
    _refused(world, claims["id"], reply, 422, "request-mismatch")


@pytest.mark.parametrize("content", [b"", b"\0\0\0", b"\0\0\xff\xff", b"\xff\xff\xff\xff"], ids=repr)
def test_peer__broken_frame__signed_refusal(world, peer, content):
    """A frame that does not hold what it says is refused, and logged."""
    claims = peer.claims()
    reply = peer.post(peer.sign(claims), content)
    status, slug = (413, "too-large") if content[:1] == b"\xff" else (400, "malformed-request")
    if content[:4] == b"\0\0\xff\xff":
        status, slug = 413, "too-large"
    _refused(world, claims["id"], reply, status, slug)


BAD_HEADS = {
    "not_json": b"nonsense",
    "not_utf8": b"\xff\xfe\xfd",
    "duplicate_key": b'{"method":"POST","method":"GET","path":"/","query":"","headers":[],"consent":null}',
    "deep": b'{"method":"POST","path":"/","query":"","headers":'
    + b"[" * 40
    + b"]" * 40
    + b',"consent":null}',
    "unknown_member": HEAD[:-1] + b',"extra":1}',
    "header_injection": HEAD.replace(b"application/json", b"a\\r\\nX-Evil: 1"),
    "hop_by_hop": HEAD.replace(b"content-type", b"transfer-encoding"),
    "forwarded_for": HEAD.replace(b"content-type", b"x-forwarded-for"),
    "method": HEAD.replace(b"POST", b"POST / HTTP/1.1\\r\\nX: "),
}


@pytest.mark.parametrize("damage", BAD_HEADS)
def test_peer__bad_head__signed_400(world, peer, damage):
    """A signed head that is none is refused, and the refusal is logged like any other."""
    exchange, reply = peer.ask(head=BAD_HEADS[damage])
    _refused(world, exchange, reply, 400, "malformed-request")


BAD_QUESTIONS = {
    "not_json": b"nonsense",
    "not_utf8": b"\xff\xfe",
    "duplicate_key": QUESTION[:-1] + b',"subject":{"type":"national_id","value":"1"}}',
    "deep": b'{"subject":' + b"[" * 100 + b"]" * 100 + b"}",
    "very_deep": b"[" * 20_000,
    "unknown_member": QUESTION[:-1] + b',"limit":9}',
    "no_subject": b'{"fields":["birth_date"]}',
    "field_path": QUESTION.replace(b"birth_date", b"../birth_date"),
    "op_is_a_list": QUESTION[:-1] + b',"predicates":{"p":{"field":"birth_date","op":[],"value":1}}}',
    "lone_surrogate_subject": QUESTION.replace(PRESENT.encode(), b"\\ud800"),
    "lone_surrogate_predicate": QUESTION[:-1]
    + b',"predicates":{"p":{"field":"birth_date","op":"eq","value":"\\udfff"}}}',
    "infinite": QUESTION[:-1] + b',"predicates":{"p":{"field":"birth_date","op":"eq","value":1e999}}}',
}


@pytest.mark.parametrize("damage", BAD_QUESTIONS)
def test_peer__bad_question__signed_400(world, peer, damage):
    """What cannot be read as a question is refused, signed and logged; never a failure of the gateway."""
    exchange, reply = peer.ask(body=BAD_QUESTIONS[damage])
    _refused(world, exchange, reply, 400, "malformed-request")


MISFITS = {
    "unknown_field": QUESTION.replace(b"birth_date", b"income"),
    "unknown_subject_type": QUESTION.replace(b"national_id", b"passport"),
    "nothing_asked": QUESTION.replace(b'"birth_date"', b""),
    "ill_formed_subject": QUESTION.replace(PRESENT.encode(), b"abc"),
}


@pytest.mark.parametrize("damage", MISFITS)
def test_peer__question_does_not_fit__signed_422(world, peer, damage):
    """A readable question that does not fit the service is the asker's fault."""
    exchange, reply = peer.ask(body=MISFITS[damage])
    _refused(world, exchange, reply, 422, "request-mismatch")


BAD_TARGETS = {
    "traversal": ("/persons/../card", ""),
    "encoded_traversal": ("/persons/%2e%2e/card", ""),
    "double_encoded": ("/persons/%252e%252e/card", ""),
    "encoded_slash": ("/persons/1%2fadmin/card", ""),
    "path_parameter": ("/persons/..;/card", ""),
    "backslash": ("/persons/..\\admin/card", ""),
    "needlessly_encoded": (f"/persons/%37{PRESENT[1:]}/card", ""),
    "line_break": ("/persons/1 HTTP\r\nX-Evil: 1\r\nX-Rest: /card", ""),
    "line_break_in_query": (f"/persons/{PRESENT}/card", "x=1 HTTP/1.1\r\nX-Evil: 1\r\nX-Rest: "),
    "space_in_query": (f"/persons/{PRESENT}/card", "x=1 HTTP/1.1"),
    "fragment": (f"/persons/{PRESENT}/card#", ""),
    "lone_surrogate": ("/persons/\\ud800/card", ""),
}


@pytest.mark.parametrize("damage", BAD_TARGETS)
def test_peer__target_not_canonical__signed_400_and_the_source_hears_nothing(world, peer, damage):
    """A peer's target is believed no more than a client's: only the canonical form goes on."""
    head = card_head(*BAD_TARGETS[damage])
    if damage == "lone_surrogate":
        head = card_head("/persons/SURROGATE/card").replace(b"SURROGATE", b"\\ud800")
    exchange, reply = peer.ask(head=head, body=b"", aud=CARD)
    _refused(world, exchange, reply, 400, "malformed-request")
    assert world.upstream.received == []


def test_peer__duplicate_length_and_chunks__the_parser_refuses(world):
    """Two lengths, or a length and chunks, are how requests are smuggled."""
    for lines in (
        b"Content-Length: 5\r\nContent-Length: 6\r\n",
        b"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n",
    ):
        data = b"POST /peer/v1/exchange HTTP/1.1\r\nHost: x\r\n" + lines + b"\r\n0\r\n\r\n"
        reply = send(world.ports[PROVIDER].peer, data, world.tls(HOSTILE))
        assert (reply.status, reply.type) == (400, "malformed-request")


def test_peer__huge_body_by_its_length__413_at_once(world, peer):
    """A length beyond the limit is refused before a byte of the body is read."""
    data = request("POST", "/peer/v1/exchange", {"Isthmus-Statement": "x", "Content-Length": str(1 << 40)})
    data = data.replace(b"\r\nContent-Length: 0", b"")
    reply = send(world.ports[PROVIDER].peer, data, world.tls(HOSTILE))
    assert (reply.status, reply.type) == (413, "too-large")


def test_peer__huge_body_in_chunks__413(world):
    """A body that does not say how long it is, is cut off at the limit."""
    head = b"POST /peer/v1/exchange HTTP/1.1\r\nHost: x\r\nIsthmus-Statement: x\r\nTransfer-Encoding: chunked\r\n\r\n"
    chunk = b"%x\r\n" % 65536 + b"x" * 65536 + b"\r\n"
    with connect(world.ports[PROVIDER].peer, world.tls(HOSTILE)) as connection:
        connection.sendall(head)
        for _ in range((MAX_BODY_BYTES + 64 * 1024) // 65536 + 1):
            connection.sendall(chunk)
        reply = read(connection)
    assert (reply.status, reply.type) == (413, "too-large")


def test_peer__slow_request__408(world):
    """A request that drips is cut off."""
    with connect(world.ports[PROVIDER].peer, world.tls(HOSTILE)) as connection:
        connection.sendall(b"POST /peer/v1/exchange HTTP/1.1\r\nHost: x\r\n")
        reply = read(connection)
    assert (reply.status, reply.type) == (408, "request-timeout")


def test_peer__slow_body__408(world, peer):
    """The clock runs until the whole body has arrived; nothing is logged."""
    claims = peer.claims()
    content = frame(HEAD, QUESTION)
    data = request("POST", "/peer/v1/exchange", {"Isthmus-Statement": peer.sign(claims)}, content)
    with connect(world.ports[PROVIDER].peer, world.tls(HOSTILE)) as connection:
        connection.sendall(data[:-5])
        reply = read(connection)
    assert (reply.status, reply.type) == (408, "request-timeout")
    assert world.entries(PROVIDER, claims["id"]) == []


def test_peer__no_client_certificate__no_connection(world):
    """Without a certificate TLS itself ends."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.load_verify_locations(world.sandbox.authority)
    with pytest.raises((ssl.SSLError, ConnectionError)):
        send(world.ports[PROVIDER].peer, request("GET", "/peer/v1/exchange"), context)


def test_peer__foreign_authority__no_connection(world, tmp_path):
    """Only the federation's authorities count."""
    SandboxAuthority.create().issue_tls(f"isthmus://{HOSTILE}").save(tmp_path, "tls")
    context = client_context(
        tmp_path / "tls.crt", tmp_path / "tls.key", [world.sandbox.authority.read_text()]
    )
    with pytest.raises((ssl.SSLError, ConnectionError)):
        send(world.ports[PROVIDER].peer, request("GET", "/peer/v1/exchange"), context)


def test_peer__tls_1_2__no_connection(world):
    """TLS 1.3 only."""
    context = world.tls(HOSTILE)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.maximum_version = ssl.TLSVersion.TLSv1_2
    with pytest.raises((ssl.SSLError, ConnectionError)):
        connect(world.ports[PROVIDER].peer, context)


def test_peer__certificate_of_another_gateway__unsigned_401(world, peer):
    """A stolen statement is worth nothing without the TLS key of its gateway."""
    claims = peer.claims()
    reply = peer.post(peer.sign(claims), frame(HEAD, QUESTION), context=world.tls(CONSUMER))
    _nobody(world, claims["id"], reply, 401, "unauthenticated")


@pytest.mark.parametrize(
    "name", ["X_Client_Cert", "X_Forwarded_Client_Cert", "X_SSL_Client_Cert", "X_Forwarded_For", "Forwarded"]
)
def test_peer__header_claims_a_certificate__ignored(world, peer, name):
    """A certificate is what the TLS session proved; no header is believed."""
    certificate = b64((world.home(HOSTILE) / "keys" / "tls.crt").read_bytes())
    claims = peer.claims()
    reply = peer.post(
        peer.sign(claims), frame(HEAD, QUESTION), context=world.tls(CONSUMER), **{name: certificate}
    )
    _nobody(world, claims["id"], reply, 401, "unauthenticated")


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/peer/v1/exchange", 405),
        ("POST", "/r1/LM/GOV/NIA/identity/person", 404),
        ("GET", "/metrics", 404),
    ],
)
def test_peer__another_path_or_method__problem(world, method, path, status):
    """The peer port has one path; the other ports' doors are not behind it."""
    assert send(world.ports[PROVIDER].peer, request(method, path), world.tls(HOSTILE)).status == status


def test_peer__plain_http__no_answer(world):
    """The peer port speaks TLS only."""
    with socket.create_connection(("127.0.0.1", world.ports[PROVIDER].peer), timeout=3) as connection:
        connection.sendall(request("GET", "/peer/v1/exchange"))
        try:
            answer = connection.recv(100)
        except OSError:
            answer = b""
    assert b"HTTP" not in answer


def test_peer__after_all_this__the_log_reads_and_the_gateway_answers(world, peer):
    """Nothing above left a log that cannot be read, or a gateway that does not answer."""
    exchange, _ = peer.ask()
    assert [entry.result for entry in world.entries(PROVIDER, exchange)] == ["answered"]
    log = world.node(PROVIDER).log
    assert len(world.run(log.reader.entries(limit=10_000))) == world.log_size(PROVIDER)
    assert world.run(verify_log(log._store, log._signer.verifier.format())).findings == ()
