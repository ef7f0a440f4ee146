"""The OPA-server engine: every way of not answering denies, in time."""

from __future__ import annotations

import asyncio
import json
import re
import shutil
import ssl
import subprocess
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

import pytest
from aiohttp import web
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from policies.breaker import CircuitBreaker
from policies.builtins import ALLOWED_BUILTINS, OPERATORS
from policies.opa_engine import OpaEngine, OpaServer
from policies.sources import POLICY_FOLDER, load_sources
from schemas.errors import ConfigurationError, PolicyUnavailable
from tests.opa import opa_executable, opa_port, opa_server  # noqa: F401
from tests.unit.policies.questions import good_result, question

Answer = Callable[[web.Request], Awaitable[web.StreamResponse]]


@asynccontextmanager
async def asking(
    answer: Answer, *, tls: ssl.SSLContext | None = None, **breaker: float
) -> AsyncIterator[OpaEngine]:
    """An engine that asks a server which answers like this."""
    app = web.Application()
    app.router.add_route("*", "/{path:.*}", answer)
    runner = web.AppRunner(app, shutdown_timeout=0)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0, ssl_context=tls)
    await site.start()
    engine = OpaEngine(
        OpaServer(port=runner.addresses[0][1], deadline_s=0.2), breaker=CircuitBreaker(**breaker)
    )
    try:
        yield engine
    finally:
        await engine.close()
        await runner.cleanup()


def saying(document: object, status: int = 200) -> Answer:
    """A server that always says this."""

    async def answer(_: web.Request) -> web.Response:
        return web.json_response(document, status=status)

    return answer


async def test_decide__good_answer__is_the_decision_and_names_opas_version():
    """The decision is OPA's, and so is the policy version."""
    async with asking(saying({"result": good_result(policy_version="opas"), "decision_id": "d"})) as engine:
        decision = await engine.decide(question())
        assert (decision.allow, decision.policy_version, engine.policy_version) == (True, "opas", "opas")


async def test_decide__asks__the_one_rule_with_strict_errors():
    """The path is the contract's; the input is sent once, unchanged."""
    seen = {}

    async def answer(request: web.Request) -> web.Response:
        seen.update(path=request.path_qs, method=request.method, body=await request.json())
        return web.json_response({"result": good_result()})

    async with asking(answer) as engine:
        await engine.decide(question())
    assert seen == {
        "path": "/v1/data/isthmus/exchange/decision?strict-builtin-errors=true",
        "method": "POST",
        "body": {"input": question().as_json()},
    }


@pytest.mark.parametrize(
    "document",
    [{}, {"decision_id": "d"}, {"result": None}, {"result": True}, [], None, {"result": {"allow": True}}],
)
async def test_decide__undefined_or_ill_typed__is_refused(document):
    """Undefined is a 200 without `result`: it refuses."""
    async with asking(saying(document)) as engine:
        decision = await engine.decide(question())
        assert (decision.allow, decision.reasons) == (False, ("policy.unavailable",))


@pytest.mark.parametrize("status", [400, 401, 404, 429, 500, 502, 503])
async def test_decide__http_error__policy_is_unavailable_at_once(status):
    """An evaluation error (500) or any other is not retried."""
    asked = 0

    async def answer(_: web.Request) -> web.Response:
        nonlocal asked
        asked += 1
        return web.json_response({"result": good_result()}, status=status)

    async with asking(answer) as engine:
        with pytest.raises(PolicyUnavailable):
            await engine.decide(question())
    assert asked == 1


async def test_decide__evaluation_errors__do_not_open_the_breaker():
    """No asker can take policy away from the others by provoking errors."""
    failing = True

    async def answer(_: web.Request) -> web.Response:
        return web.json_response({"result": good_result()}, status=500 if failing else 200)

    async with asking(answer, max_failures=2, pause_s=60) as engine:
        for _ in range(4):
            with pytest.raises(PolicyUnavailable):
                await engine.decide(question())
        failing = False
        assert (await engine.decide(question())).allow


@pytest.mark.parametrize("text", ["<html>", '{"result": ', "\xff"])
async def test_decide__answer_is_no_json__policy_is_unavailable(text):
    """A broken answer is no decision."""

    async def answer(_: web.Request) -> web.Response:
        return web.Response(text=text, content_type="application/json")

    async with asking(answer) as engine:
        with pytest.raises(PolicyUnavailable):
            await engine.decide(question())


async def test_decide__slow_server__policy_is_unavailable_within_the_deadline():
    """The deadline covers the whole answer, headers sent or not."""

    async def answer(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse()
        await response.prepare(request)
        await asyncio.sleep(1)
        return response

    async with asking(answer) as engine:
        begin = time.monotonic()
        with pytest.raises(PolicyUnavailable):
            await engine.decide(question())
        assert time.monotonic() - begin < 0.9


async def test_decide__dead_server__breaker_opens_and_closes_again():
    """After failures in a row nobody is kept waiting; one success closes the breaker."""
    broken = True

    async def answer(request: web.Request) -> web.Response:
        if broken and request.transport is not None:
            request.transport.close()
        return web.json_response({"result": good_result()})

    async with asking(answer, max_failures=2, pause_s=0.2) as engine:
        for _ in range(2):
            with pytest.raises(PolicyUnavailable, match="does not answer:"):
                await engine.decide(question())
        with pytest.raises(PolicyUnavailable, match="asked again soon"):
            await engine.decide(question())
        broken = False
        await asyncio.sleep(0.25)
        assert (await engine.decide(question())).allow
        assert (await engine.decide(question())).allow


async def test_decide__nobody_listens__policy_is_unavailable():
    """A refused connection denies."""
    engine = OpaEngine(OpaServer(port=1))
    with pytest.raises(PolicyUnavailable):
        await engine.decide(question())
    await engine.close()


def test_breaker__open__lets_one_through_per_pause():
    """A dead server is asked once per pause, by one caller."""
    now = 0.0
    breaker = CircuitBreaker(max_failures=1, pause_s=1, clock=lambda: now)
    breaker.failed()
    assert not breaker.lets_through()
    now = 1.0
    assert [breaker.lets_through(), breaker.lets_through()] == [True, False]
    breaker.succeeded()
    assert [breaker.lets_through(), breaker.lets_through()] == [True, True]


@pytest.mark.parametrize("host", ["192.0.2.7", "opa.example", "0.0.0.0"])
def test_opa_server__plain_http_to_another_machine__is_refused(host):
    """The input is personal: without a CA it does not leave this machine."""
    with pytest.raises(ConfigurationError, match="CA"):
        OpaServer(host=host)
    assert OpaServer(host=host, ca=Path("ca.pem")).host == host


def test_opa_server__shown__hides_its_token():
    """A secret is not printed."""
    assert "secret" not in repr(OpaServer(token="secret"))


def self_signed(folder: Path) -> tuple[Path, Path]:
    """A certificate for 127.0.0.1 that is its own CA, and its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "opa")])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - timedelta(minutes=1))
        .not_valid_after(now + timedelta(hours=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    folder.mkdir()
    (folder / "ca.pem").write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    (folder / "key.pem").write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    return folder / "ca.pem", folder / "key.pem"


async def test_decide__tls__only_the_named_ca_counts(tmp_path):
    """With its CA the server is believed; with another, nothing is sent to it."""
    own, foreign = self_signed(tmp_path / "own"), self_signed(tmp_path / "foreign")
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(*own)
    async with asking(saying({"result": good_result()}), tls=context) as engine:
        port = engine._server.port
        trusting = OpaEngine(OpaServer(port=port, ca=own[0], deadline_s=2))
        doubting = OpaEngine(OpaServer(port=port, ca=foreign[0], deadline_s=2))
        assert (await trusting.decide(question())).allow
        with pytest.raises(PolicyUnavailable):
            await doubting.decide(question())
        await trusting.close()
        await doubting.close()


def test_init__ca_file_is_missing__is_refused():
    """A wrong path is found at start, not at the first question."""
    with pytest.raises(ConfigurationError, match="correct the path"):
        OpaEngine(OpaServer(ca=Path("missing.pem")))


# -- a real OPA ---------------------------------------------------------------------------------------


@pytest.mark.system
async def test_decide__real_opa__decides_by_our_version(opa_port):  # noqa: F811
    """OPA runs the same files, and says so."""
    engine = OpaEngine(OpaServer(port=opa_port, deadline_s=2))
    decision = await engine.decide(question())
    await engine.close()
    assert decision.allow
    assert decision.policy_version == load_sources().version


@pytest.mark.system
async def test_decide__real_opa_without_release__is_refused(tmp_path):
    """A policy that does not name itself is not trusted."""
    with opa_server(*(POLICY_FOLDER / file.name for file in load_sources().files)) as port:
        engine = OpaEngine(OpaServer(port=port, deadline_s=2))
        decision = await engine.decide(question())
        await engine.close()
    assert decision.reasons == ("policy.unavailable",)


@pytest.mark.system
async def test_decide__real_opa_built_in_error__policy_is_unavailable(tmp_path):
    """Errors are strict, as on the embedded engine: nothing becomes true by failing."""
    policy = tmp_path / "exchange.rego"
    policy.write_text(
        "package isthmus.exchange\n\nimport rego.v1\n\n"
        f"decision := {json.dumps(good_result())} if not to_number(input.purpose) == 1\n"
    )
    with opa_server(policy) as port:
        engine = OpaEngine(OpaServer(port=port, deadline_s=2))
        with pytest.raises(PolicyUnavailable):
            await engine.decide(question())
        await engine.close()


def opa(*arguments: object) -> subprocess.CompletedProcess[str]:
    command = [opa_executable(), *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, check=False)


@pytest.mark.system
def test_policy_files__opa_fmt__are_in_its_style():
    """One style, which nobody argues about."""
    done = opa("fmt", "--fail", "--list", POLICY_FOLDER)
    assert (done.returncode, done.stdout) == (0, ""), done.stderr


@pytest.mark.system
def test_policy_files__opa_test__pass():
    """The policy's own tests hold on a real OPA, as many as on the embedded engine."""
    done = opa("test", POLICY_FOLDER, "--ignore", "*.json")
    assert done.returncode == 0, done.stdout
    assert (passed := re.search(r"PASS: (\d+)/\1", done.stdout)) is not None
    assert int(passed[1]) >= 80


@pytest.mark.system
def test_policy_files__opa_check_with_our_capabilities__pass(tmp_path):
    """The lint's list of built-ins, as a capabilities file, is enough, and all on it exist."""
    known = json.loads(opa("capabilities", "--current").stdout)
    wanted = ALLOWED_BUILTINS | OPERATORS
    assert wanted <= {builtin["name"] for builtin in known["builtins"]}
    known["builtins"] = [builtin for builtin in known["builtins"] if builtin["name"] in wanted]
    (tmp_path / "capabilities.json").write_text(json.dumps(known))
    policy = shutil.copytree(
        POLICY_FOLDER, tmp_path / "policy", ignore=shutil.ignore_patterns("*.json", "*.py")
    )
    done = opa("check", "--strict", "--capabilities", tmp_path / "capabilities.json", policy)
    assert done.returncode == 0, done.stdout + done.stderr
