"""The registrar's HTTP, under a real uvicorn: files, records, heartbeat."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest
import uvicorn

from gateway.trust.federation.admission import sign_record
from gateway.trust.federation.server import RegistrarApp
from tests.unit.gateway.trust.federation_world import World


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(tmp_path)


@pytest.fixture
async def client(world: World) -> AsyncIterator[httpx.AsyncClient]:
    app = RegistrarApp(world.folder / "registrar", beat_every_s=0.05, clock=world.clock)
    server = uvicorn.Server(uvicorn.Config(app, port=0, log_level="warning", lifespan="on"))
    task = asyncio.create_task(server.serve())
    while not server.started:  # noqa: ASYNC110  # uvicorn has no event for it
        await asyncio.sleep(0.005)
    port = server.servers[0].sockets[0].getsockname()[1]
    async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", trust_env=False) as http:
        yield http
    server.should_exit = True
    await task


async def test_get__published_files__are_cached_for_good_but_for_the_timestamp(
    world: World, client: httpx.AsyncClient
) -> None:
    """Immutable is immutable; the timestamp and every refusal are fresh."""
    (tax,) = world.admit("TAX")
    with world.registrar() as registrar:
        listing = registrar.listing(tax.id)
    assert listing is not None
    for path, cache in (
        ("/metadata/1.root.json", "immutable"),
        ("/metadata/timestamp.json", "no-store"),
        (f"/b/{listing.rec_sha256}", "immutable"),
        ("/archive/timestamp/1.json", "immutable"),
    ):
        answer = await client.get(path)
        assert answer.status_code == 200
        assert cache in answer.headers["cache-control"]
        assert answer.content == (world.folder / "registrar/public" / path[1:]).read_bytes()
    absent = await client.get("/metadata/2.root.json")
    assert (absent.status_code, absent.headers["cache-control"]) == (404, "no-store")


@pytest.mark.parametrize(
    "path",
    [
        "/../keys/root-1.pem",
        "/metadata/../../keys/root-1.pem",
        "/metadata/%2e%2e/%2e%2e/keys/root-1.pem",
        "/metadata/..%2f..%2fkeys%2froot-1.pem",
        "/keys/root-1.pem",
        "/metadata/",
        "/metadata/.timestamp.json.part",
        "/metadata/timestamp.json/",
        "/metadata/timestamp.json%00",
        "/metadata/timestamp.json%0a",
        "/b/" + "A" * 64,
        "/",
    ],
)
async def test_get__anything_else__is_not_there(client: httpx.AsyncClient, path: str) -> None:
    """Only names that a registrar gives are looked up: nothing leads out of the folder."""
    raw = httpx.URL(client.base_url).copy_with(raw_path=path.encode())
    answer = await client.get(raw)
    assert (answer.status_code, answer.content) == (404, b"")


async def test_put_record__signed_by_its_member__is_published_without_another_hand(
    world: World, client: httpx.AsyncClient
) -> None:
    """The signature is the authentication, and a refusal says which rule spoke."""
    tax = world.member()
    with world.registrar() as registrar:
        registrar.admit(registrar.sign_pin(tax.pin))
        registrar.publish()
    document = sign_record(tax.record, tax.signing.key)
    assert (await client.put("/records", content=document)).status_code == 204
    with world.registrar() as registrar:
        listing = registrar.listing(tax.id)
    assert listing is not None
    assert listing.rec_ver == 1
    again = await client.put("/records", content=document)
    assert (again.status_code, again.json()["code"]) == (422, "federation.rolled_back")
    assert (await client.put("/records", content=b"{}")).status_code == 422
    assert (await client.put("/records", content=b" " * 600_000)).status_code == 413
    assert (await client.post("/records", content=b"{}")).status_code == 405


async def test_lifespan__running__the_timestamp_rises_and_health_is_good(
    world: World, client: httpx.AsyncClient
) -> None:
    """The heartbeat lives as long as the server; the command line gets its turn in between."""
    archive = world.folder / "registrar/public/archive/timestamp"
    async with asyncio.timeout(10):
        while len(list(archive.iterdir())) < 4:  # noqa: ASYNC110
            await asyncio.sleep(0.01)
    assert (await client.get("/health")).json() == {"status": "ok"}


async def test_reader__over_uvicorn__reads_the_country(world: World, client: httpx.AsyncClient) -> None:
    """The two ends fit: the real reader over the real server."""
    (tax,) = world.admit("TAX")
    reader = world.reader(str(client.base_url))
    await reader.start(poll=False)
    try:
        assert reader.current().member_active(tax.id)
        assert reader.state().freshness == "fresh"
    finally:
        await reader.stop()
