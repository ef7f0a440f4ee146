"""What an identity provider says of itself is fetched in bounds, and believed of nobody else."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest

from gateway.people.oidc.provider import MAX_BYTES
from tests.unit.gateway.people.conftest import House, NewBrowser
from tests.unit.gateway.people.signing_provider import ISSUER, SigningProvider

UNFIT = {
    "redirect": (302, {"location": f"{ISSUER}/elsewhere"}, b""),
    "server_error": (500, {}, b""),
    "not_json": (200, {}, b"<html>"),
    "duplicate_key": (200, {}, b'{"issuer":"a","issuer":"b"}'),
    "too_long": (200, {}, b" " * 300_000),
}


@pytest.mark.parametrize("answer", UNFIT.values(), ids=UNFIT)
async def test_discovery__unfit__no_redirect_and_a_gateway_problem(
    browser: NewBrowser, provider: SigningProvider, answer: Any
) -> None:
    """Fetches are bounded, follow nothing, and believe only the configured issuer."""
    provider.raw["/.well-known/openid-configuration"] = answer
    begun = await browser().begin()
    assert begun.status_code == 503
    assert begun.json()["fault"] == "gateway"
    assert provider.asked == ["/.well-known/openid-configuration"]


async def test_discovery__another_issuer__refused(browser: NewBrowser, provider: SigningProvider) -> None:
    """Metadata speaks for the issuer it names, whole as it may be otherwise (mix-up)."""
    provider.metadata = {"issuer": f"{ISSUER}/"}
    begun = await browser().begin()
    assert begun.status_code == 503
    assert begun.json()["detail"].endswith("another issuer")


async def test_discovery__endless_answer__is_not_read_to_its_end(browser: NewBrowser, house: House) -> None:
    """A provider that never stops talking fills no memory."""
    assert house.people.sign_in is not None
    read = 0

    class Endless(httpx.AsyncByteStream):
        async def __aiter__(self) -> AsyncIterator[bytes]:
            nonlocal read
            while read < 100 * MAX_BYTES:
                read += 65_536
                yield b" " * 65_536

    transport = httpx.MockTransport(lambda _: httpx.Response(200, stream=Endless()))
    house.people.sign_in.provider._transport = transport
    assert (await browser().begin()).status_code == 503
    assert read <= 2 * MAX_BYTES


@pytest.mark.parametrize("name", ["authorization_endpoint", "token_endpoint", "jwks_uri"])
@pytest.mark.parametrize("address", ["http://10.0.0.1/x", "file:///etc/passwd", None, "https://"])
async def test_discovery__address_that_is_not_https__refused(
    browser: NewBrowser, provider: SigningProvider, name: str, address: str | None
) -> None:
    """Plain HTTP is for the development provider on loopback alone."""
    provider.metadata = {name: address}
    assert (await browser().begin()).status_code == 503


async def test_provider__unreachable__gateway_problem(browser: NewBrowser, house: House) -> None:
    """Nobody signs in while the provider is down; sessions and tokens go on."""
    assert house.people.sign_in is not None

    def down(_: httpx.Request) -> httpx.Response:
        raise httpx.ConnectError("refused")

    house.people.sign_in.provider._transport = httpx.MockTransport(down)
    begun = await browser().begin()
    assert begun.status_code == 503
    assert begun.json()["reasons"] == ["identity_provider.unavailable"]
