"""The bundle: the same bytes for the same policy; a real OPA takes it, verifies it, decides the same."""

from __future__ import annotations

import asyncio
import io
import json
import tarfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import jwt
import pytest
import uvicorn
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from fastapi import FastAPI

from gateway.doors.policy_bundle import BUNDLE_PATH, policy_bundle_routes
from policies.opa_bundle import KEY_ID, Bundle, build_bundle
from policies.opa_engine import OpaEngine, OpaServer
from policies.sources import PolicySources, load_sources
from tests.opa import opa_server
from tests.unit.policies import country
from tests.unit.policies.questions import as_question, golden_cases

KEY = ec.generate_private_key(ec.SECP256R1())


def files_of(bundle: Bundle) -> dict[str, bytes]:
    with tarfile.open(fileobj=io.BytesIO(bundle.content)) as archive:
        return {entry.name: archive.extractfile(entry).read() for entry in archive}  # type: ignore[union-attr]


def test_build_bundle__twice__the_same_bytes():
    """Two nodes of a gateway serve one bundle: nothing in it depends on clock or machine."""
    assert build_bundle(load_sources()) == build_bundle(load_sources())


def test_build_bundle__policy__is_all_in_it_without_tests():
    """Rules, data and manifest, and nothing else."""
    files = files_of(build_bundle(country.sources()))
    assert json.loads(files["/data.json"]) == country.sources().release()
    assert json.loads(files["/.manifest"])["revision"] == country.sources().version
    assert {name for name in files if name.endswith(".rego")} == {f"/{f.name}" for f in load_sources().files}


def test_build_bundle__signed__names_every_file():
    """The signature covers all that OPA loads."""
    files = files_of(build_bundle(load_sources(), KEY))
    (signature,) = json.loads(files.pop("/.signatures.json"))["signatures"]
    claims = jwt.decode(signature, KEY.public_key(), algorithms=["ES256"])
    assert {f"/{file['name']}" for file in claims["files"]} == files.keys()
    assert claims["keyid"] == KEY_ID


async def test_route__known_etag__is_not_sent_again():
    """OPA polls; it is sent a bundle only when the policy changed."""
    current = [load_sources()]
    api = FastAPI()
    api.include_router(policy_bundle_routes(lambda: build_bundle(current[0])))
    async with httpx.AsyncClient(transport=httpx.ASGITransport(api), base_url="http://gateway") as client:
        first = await client.get(BUNDLE_PATH)
        assert first.content == build_bundle(load_sources()).content
        known = {"If-None-Match": first.headers["etag"]}
        assert (await client.get(BUNDLE_PATH, headers=known)).status_code == 304
        current[0] = country.sources()
        assert (await client.get(BUNDLE_PATH, headers=known)).status_code == 200


@contextmanager
def publishing(current: list[Bundle]) -> Iterator[int]:
    """The route on a loopback port, in a thread."""
    import threading

    api = FastAPI()
    api.include_router(policy_bundle_routes(lambda: current[0]))
    server = uvicorn.Server(uvicorn.Config(api, port=0, log_level="error"))
    thread = threading.Thread(target=server.run)
    thread.start()
    try:
        while not server.started:
            time.sleep(0.01)
        yield server.servers[0].sockets[0].getsockname()[1]
    finally:
        server.should_exit = True
        thread.join()


def configuration(folder: Path, port: int, key: ec.EllipticCurvePrivateKey) -> Path:
    """OPA's own configuration, as `docs/policy.md` shows it, polling fast."""
    public = key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()
    file = folder / "opa.json"
    file.write_text(
        json.dumps(
            {
                "services": {"gateway": {"url": f"http://127.0.0.1:{port}"}},
                "bundles": {
                    "isthmus": {
                        "service": "gateway",
                        "resource": BUNDLE_PATH,
                        "polling": {"min_delay_seconds": 1, "max_delay_seconds": 1},
                        "signing": {"keyid": KEY_ID},
                    }
                },
                "keys": {KEY_ID: {"algorithm": "ES256", "key": public}},
            }
        )
    )
    return file


async def _until(engine: OpaEngine, sources: PolicySources) -> None:
    async with asyncio.timeout(20):
        while await engine.version() != sources.version:  # noqa: ASYNC110  OPA polls, and so do we
            await asyncio.sleep(0.1)


@pytest.mark.system
def test_opa__polls_the_bundle__verifies_it_decides_the_same_and_follows_a_change(tmp_path):
    """A stock OPA loads what the gateway serves, and a changed policy arrives by itself."""
    current = [build_bundle(load_sources(), KEY)]

    async def follow(port: int) -> None:
        engine = OpaEngine(OpaServer(port=port, deadline_s=2))
        try:
            await _until(engine, load_sources())
            current[0] = build_bundle(country.sources(), KEY)
            await _until(engine, country.sources())
            for case in golden_cases():
                decision = await engine.decide(as_question(case["input"]))
                assert (decision.allow, list(decision.reasons)) == (
                    case["decision"]["allow"],
                    case["decision"]["reasons"],
                ), case["case"]
        finally:
            await engine.close()

    with publishing(current) as port:
        file = configuration(tmp_path, port, KEY)
        with opa_server(options=("--config-file", str(file))) as opa:
            asyncio.run(follow(opa))


@pytest.mark.system
def test_opa__bundle_of_another_key__is_not_loaded(tmp_path):
    """OPA has no policy rather than a stranger's, and then every decision is a refusal."""
    stranger = ec.generate_private_key(ec.SECP256R1())

    async def version(port: int) -> str | None:
        engine = OpaEngine(OpaServer(port=port, deadline_s=2))
        try:
            await asyncio.sleep(2.5)
            assert not (await engine.decide(as_question(golden_cases()[0]["input"]))).allow
            return await engine.version()
        finally:
            await engine.close()

    with publishing([build_bundle(load_sources(), stranger)]) as port:
        file = configuration(tmp_path, port, KEY)
        with opa_server(options=("--config-file", str(file))) as opa:
            assert asyncio.run(version(opa)) is None
