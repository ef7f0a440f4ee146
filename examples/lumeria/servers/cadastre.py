"""Land Administration: OGC API Features 1.0 (core, GeoJSON) with an API key.

Collections: `parcels` and `districts` with outlines and nobody's name, `rights` with the holder of each right
and the outline of its parcel. Items are filtered by `bbox`, `datetime` and properties (Part 1, 7.15.5); an
unknown parameter is refused (7.15). Coordinates are CRS84. Left out: other reference systems, CQL2, HTML.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlencode

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from examples.lumeria.servers.features import COLLECTIONS, Features, InvalidItemsError, parse_items
from examples.lumeria.servers.serving import required
from examples.lumeria.servers.web import Json, is_secret, open_for_reading

_GEOJSON: Final = "application/geo+json"
_CONFORMANCE: Final = tuple(
    f"http://www.opengis.net/spec/ogcapi-features-1/1.0/conf/{name}" for name in ("core", "oas30", "geojson")
)
_Endpoint = Callable[[Request], Awaitable[Response]]


def build(path: Path, environ: Mapping[str, str]) -> Starlette:
    """Build the application over `cadastre.db`; the API key comes from LUMERIA_CADASTRE_KEY."""
    office = _Office(Features(open_for_reading(path)), required(environ, "LUMERIA_CADASTRE_KEY"))
    return Starlette(
        routes=[
            Route("/health", office.health),
            Route("/", office.guarded(office.landing)),
            Route("/api", office.guarded(office.api)),
            Route("/conformance", office.guarded(office.conformance)),
            Route("/collections", office.guarded(office.collections)),
            Route("/collections/{name}", office.guarded(office.collection)),
            Route("/collections/{name}/items", office.guarded(office.items)),
            Route("/collections/{name}/items/{key:path}", office.guarded(office.item)),
        ]
    )


class _Office:
    """The office's answers, read from its database."""

    def __init__(self, features: Features, key: str) -> None:
        self._features = features
        self._key = key

    def guarded(self, endpoint: _Endpoint) -> _Endpoint:
        """Let only holders of the key reach an endpoint; turn faults into problems."""

        async def checked(request: Request) -> Response:
            if not is_secret(request.headers.get("x-api-key", ""), self._key):
                return _problem(401, "The X-Api-Key header is missing or wrong.")
            if "name" in request.path_params and request.path_params["name"] not in COLLECTIONS:
                return _problem(404, "There is no such collection.")
            try:
                return await endpoint(request)
            except InvalidItemsError as error:
                return _problem(400, str(error))

        return checked

    async def health(self, _: Request) -> Response:
        self._features.check()
        return Json({"status": "ok", "system": "cadastre"})

    async def landing(self, request: Request) -> Response:
        base = _base(request)
        links = [
            _link("self", f"{base}/"),
            _link("service-desc", f"{base}/api", "application/vnd.oai.openapi+json;version=3.0"),
            _link("conformance", f"{base}/conformance"),
            _link("data", f"{base}/collections"),
        ]
        return Json({"title": "Land cadastre of Lumeria", "links": links})

    async def api(self, _: Request) -> Response:
        paths = {
            f"/collections/{name}/items": {"get": {"operationId": f"get_{name}"}} for name in COLLECTIONS
        }
        document = {
            "openapi": "3.0.3",
            "info": {"title": "Land cadastre", "version": "1.0.0"},
            "paths": paths,
        }
        return Json(document, media_type="application/vnd.oai.openapi+json;version=3.0")

    async def conformance(self, _: Request) -> Response:
        return Json({"conformsTo": list(_CONFORMANCE)})

    async def collections(self, request: Request) -> Response:
        base = _base(request)
        described = [_described(base, name) for name in COLLECTIONS]
        return Json({"links": [_link("self", f"{base}/collections")], "collections": described})

    async def collection(self, request: Request) -> Response:
        return Json(_described(_base(request), request.path_params["name"]))

    async def items(self, request: Request) -> Response:
        name = request.path_params["name"]
        asked = parse_items(name, request.query_params.multi_items())
        features, matched = self._features.find(name, asked)
        url = f"{_base(request)}/collections/{name}/items"
        links = [_link("self", str(request.url), _GEOJSON)]
        if asked.offset + len(features) < matched:
            query = {**request.query_params, "limit": asked.limit, "offset": asked.offset + asked.limit}
            links.append(_link("next", f"{url}?{urlencode(query)}", _GEOJSON))
        page = {
            "type": "FeatureCollection",
            "timeStamp": self._features.now(),
            "numberMatched": matched,
            "numberReturned": len(features),
            "features": features,
            "links": links,
        }
        return Json(page, media_type=_GEOJSON)

    async def item(self, request: Request) -> Response:
        name, key = request.path_params["name"], request.path_params["key"]
        feature = self._features.read(name, key)
        if feature is None:
            return _problem(404, "There is no such feature.")
        url = f"{_base(request)}/collections/{name}"
        links = [_link("self", f"{url}/items/{key}", _GEOJSON), _link("collection", url)]
        return Json({**feature, "links": links}, media_type=_GEOJSON)


def _described(base: str, name: str) -> dict[str, Any]:
    collection = COLLECTIONS[name]
    return {
        "id": name,
        "title": collection.title,
        "itemType": "feature",
        "crs": ["http://www.opengis.net/def/crs/OGC/1.3/CRS84"],
        "extent": {"spatial": {"bbox": [[88.0, -32.0, 91.0, -29.0]]}},
        "links": [
            _link("self", f"{base}/collections/{name}"),
            _link("items", f"{base}/collections/{name}/items", _GEOJSON),
        ],
    }


def _base(request: Request) -> str:
    return str(request.base_url).rstrip("/")


def _link(relation: str, href: str, kind: str = "application/json") -> dict[str, str]:
    return {"rel": relation, "type": kind, "href": href}


def _problem(status: int, detail: str) -> Json:
    titles = {400: "Bad Request", 401: "Unauthorized", 404: "Not Found"}
    body = {"type": "about:blank", "title": titles[status], "status": status, "detail": detail}
    return Json(body, status_code=status, media_type="application/problem+json")
