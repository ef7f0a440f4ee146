"""The admin port: health and metrics, for the machine's own network.

`/health/live` says that the process serves; `/health/ready` says, part by part, whether exchanges
can be made, and never from a stale memory. Metrics carry no subject and no user.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Any

from fastapi import APIRouter, FastAPI
from fastapi.responses import JSONResponse, PlainTextResponse

from gateway.doors.failures import answer_with_problems
from gateway.doors.people import Identify
from gateway.trust.meters import Meters


@dataclass(frozen=True, slots=True)
class PartHealth:
    """One part's state: whether exchanges can use it, in a word, with facts such as ages."""

    ready: bool
    state: str
    facts: dict[str, Any]


CheckParts = Callable[[], Awaitable[dict[str, PartHealth]]]


def admin_api(
    gateway: str,
    check_parts: CheckParts,
    meters: Meters,
    identify: Identify | None = None,
    routers: Sequence[APIRouter] = (),
) -> FastAPI:
    """The FastAPI application of the admin port: health and metrics for everybody, and the `routers`, whose
    routes ask `identify` who is asking (`gateway.doors.people`)."""
    api = FastAPI(
        title="Isthmus admin port", version="1", docs_url=None, redoc_url=None, openapi_url="/v1/openapi.json"
    )
    answer_with_problems(api, gateway)
    api.state.identify = identify
    for router in routers:
        api.include_router(router)

    @api.get("/health/live")
    async def live() -> dict[str, str]:
        """The process serves."""
        return {"status": "live", "gateway": gateway}

    @api.get("/health/ready")
    async def ready() -> JSONResponse:
        """Whether exchanges can be made; 503 when a part that all of them need is not ready."""
        parts = await check_parts()
        needed = all(part.ready for name, part in parts.items() if not name.startswith("source:"))
        document = {
            "status": "ready" if needed else "not_ready",
            "gateway": gateway,
            "parts": {
                name: {"ready": part.ready, "state": part.state, **part.facts} for name, part in parts.items()
            },
        }
        return JSONResponse(document, 200 if needed else 503)

    @api.get("/metrics", response_class=PlainTextResponse)
    async def metrics() -> PlainTextResponse:
        """Prometheus exposition."""
        return PlainTextResponse(meters.text(), media_type="text/plain; version=0.0.4")

    return api
