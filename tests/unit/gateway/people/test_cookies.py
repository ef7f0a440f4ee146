"""The admin port's cookies over TLS, and its description of itself."""

from __future__ import annotations

from fastapi.responses import Response

from gateway.doors.cookies import Cookies
from tests.unit.gateway.people.conftest import NewBrowser


def test_cookies__over_tls__secure_and_bound_to_the_host() -> None:
    """No other host and no plain connection sees or sets them: `__Host-` needs Secure, path / and no domain."""
    response, cookies = Response(), Cookies("https://gateway.example")
    cookies.set_session(response, "text")
    cookies.set_sign_in(response, "text")
    cookies.clear(response, cookies.sign_in_name)
    for cookie in response.headers.getlist("set-cookie"):
        assert cookie.startswith("__Host-isthmus-")
        assert all(word in cookie for word in ("Secure", "HttpOnly", "SameSite=lax", "Path=/"))
        assert "Domain" not in cookie


async def test_openapi__admin_port__describes_people(browser: NewBrowser) -> None:
    """Every route of people is documented."""
    described = (await browser().client.get("/v1/openapi.json")).json()["paths"]
    assert {
        "/v1/admin/sign-in", "/v1/admin/sign-in/callback", "/v1/admin/sign-out", "/v1/admin/me",
        "/v1/admin/people", "/v1/admin/people/grant", "/v1/admin/people/revoke",
        "/v1/admin/tokens", "/v1/admin/tokens/{identifier}",
        "/v1/admin/proposals", "/v1/admin/proposals/{identifier}/approve",
        "/v1/admin/proposals/{identifier}/reject",
    } <= described.keys()  # fmt: skip
    for path in described.values():
        assert all(operation.get("description") or operation.get("summary") for operation in path.values())
