"""The policy for an OPA server: one bundle at one address of the admin port.

OPA polls `/v1/policy/bundle.tar.gz` with the ETag that it has, and gets 304 until the policy changes.
The admin port is loopback by default, like the OPA beside a gateway; with `policy.bundle_key` the
bundle is signed, so that the way it took does not matter. It holds rules and no person's data.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from fastapi import APIRouter, Request, Response

from policies.opa_bundle import MEDIA_TYPE, Bundle

BUNDLE_PATH: Final = "/v1/policy/bundle.tar.gz"


def policy_bundle_routes(bundle: Callable[[], Bundle]) -> APIRouter:
    """The route of the bundle; `bundle` gives that of the policy in force."""
    router = APIRouter(tags=["policy"])

    @router.get(BUNDLE_PATH, response_class=Response)
    async def policy_bundle(request: Request) -> Response:
        """The policy in force as an OPA bundle; 304 to who has it."""
        current = bundle()
        headers = {"etag": current.etag, "cache-control": "no-cache"}
        if request.headers.get("if-none-match") == current.etag:
            return Response(status_code=304, headers=headers)
        return Response(current.content, media_type=MEDIA_TYPE, headers=headers)

    return router
