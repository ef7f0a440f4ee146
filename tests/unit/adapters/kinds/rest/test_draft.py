"""Drafts from OpenAPI documents: what looks one person up, and what is left to a person."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from adapters.drafting.draft import Column
from adapters.kinds.rest.draft import draft, drafted
from adapters.kinds.rest.openapi import MAX_BYTES, OpenApi, load
from schemas.errors import ConfigurationError
from tests.unit.adapters.small_source import Secrets

LUMERIA = Path(__file__).parents[5] / "examples/lumeria/national_id_openapi.yaml"
PERSON = {
    "type": "object",
    "properties": {
        "nid": {"type": "string"},
        "born": {"type": ["string", "null"], "format": "date", "title": "Birth date"},
        "sex": {"enum": ["F", "M", None]},
        "name": {"$ref": "#/components/schemas/Name"},
        "income": {"type": "number"},
    },
}


def document(paths: Any, **further: Any) -> OpenApi:
    """A small document."""
    name = {
        "allOf": [
            {"properties": {"given.1": {"type": "string"}}},
            {"properties": {"last": {"type": "string"}}},
        ]
    }
    root = {
        "openapi": "3.1.0",
        "info": {"title": "T"},
        "paths": paths,
        "components": {"schemas": {"Name": name}},
    }
    return load(json.dumps(root | further).encode(), "openapi.json")


def answering(schema: Any) -> dict[str, Any]:
    """A success with a schema."""
    return {"200": {"description": "", "content": {"application/json": {"schema": schema}}}}


def parameter(name: str, place: str, **schema: Any) -> dict[str, Any]:
    """A required parameter."""
    return {"name": name, "in": place, "required": True, "schema": {"type": "string", **schema}}


async def test_draft__document_of_lumeria__persons_by_number_with_bearer_token():
    """The sandbox's own document gives the services its starter file was written for."""
    found = await draft(str(LUMERIA), Secrets())
    by_path = {service.own["request"]["path"]: service for service in found.services}
    person = by_path["/api/v1/persons/{selector}"]
    assert found.connection["base_url"] == "http://127.0.0.1:8101"
    assert found.connection["auth"] == {"kind": "bearer", "token": "${secret:SOURCE_TOKEN}"}
    assert person.own["errors"] == [{"when": {"http": 404}, "as": "not_found"}]
    assert person.selectors == ("nid",)
    assert {"nid", "birth_date"} <= {column.place for column in person.columns}


def test_drafted__path_parameter__columns_with_pointers_types_and_codes():
    """Nested members become JSON Pointers; closed lists become codes; a pattern loses its anchors."""
    paths = {
        "/people/{nid}": {
            "parameters": [parameter("nid", "path", pattern="^[0-9]{10}$")],
            "get": {"operationId": "getPersonByNid", "responses": answering(PERSON)},
        }
    }
    (service,) = drafted(document(paths)).services
    assert service.name == "get-person-by-nid"
    assert service.own == {"request": {"path": "/people/{selector}"}}
    assert service.columns == (
        Column("nid", "text", pattern="[0-9]{10}"),
        Column("born", "date", "Birth date"),
        Column("sex", "unknown", codes=("F", "M")),
        Column("/name/given.1", "text"),
        Column("/name/last", "text"),
        Column("income", "decimal"),
    )


def test_drafted__query_and_list__records_at_the_list():
    """A required query parameter with a default is sent as it is; the one list holds the records."""
    paths = {
        "/people": {
            "get": {
                "parameters": [parameter("identifier", "query"), parameter("v", "query", default="2")],
                "responses": answering(
                    {"properties": {"total": {}, "items": {"type": "array", "items": PERSON}}}
                ),
            }
        }
    }
    (service,) = drafted(document(paths)).services
    assert service.own["request"] == {"path": "/people", "query": {"v": "2", "identifier": "{selector}"}}
    assert service.own["records"] == "/items"


def test_drafted__post_with_one_identifier__json_body():
    """A search by POST with one member that names a person."""
    body = {"content": {"application/json": {"schema": {"properties": {"nationalId": {"type": "string"}}}}}}
    paths = {"/search": {"post": {"requestBody": body, "responses": answering(PERSON)}}}
    (service,) = drafted(document(paths)).services
    assert service.own["request"] == {
        "method": "POST",
        "path": "/search",
        "body": {"nationalId": "{selector}"},
    }


def test_drafted__operations_that_look_nobody_up__left_out_and_said():
    """Two open parameters, no identifier, no JSON, other methods: left to a person."""
    paths = {
        "/a/{nid}/{year}": {
            "get": {
                "parameters": [parameter("nid", "path"), parameter("year", "path")],
                "responses": answering(PERSON),
            }
        },
        "/b": {"get": {"responses": answering(PERSON)}},
        "/c/{nid}": {"get": {"parameters": [parameter("nid", "path")], "responses": {"200": {}}}},
        "/d/{nid}": {"delete": {"parameters": [parameter("nid", "path")], "responses": answering(PERSON)}},
    }
    found = drafted(document(paths))
    assert found.services == ()
    assert any("GET /a/{nid}/{year}, GET /b, GET /c/{nid}" in remark for remark in found.remarks)


@pytest.mark.parametrize(
    ("scheme", "auth"),
    [
        ({"type": "http", "scheme": "Bearer"}, {"kind": "bearer", "token": "${secret:SOURCE_TOKEN}"}),
        (
            {"type": "apiKey", "in": "header", "name": "X-K"},
            {"kind": "api_key", "header": "X-K", "key": "${secret:SOURCE_KEY}"},
        ),
        (
            {
                "type": "oauth2",
                "flows": {"clientCredentials": {"tokenUrl": "https://auth.example/t", "scopes": {}}},
            },
            {
                "kind": "oauth2_cc",
                "token_url": "https://auth.example/t",
                "client_id": "isthmus",
                "client_secret": "${secret:SOURCE_SECRET}",
            },
        ),
        ({"type": "openIdConnect"}, {"kind": "none"}),
    ],
)
def test_drafted__security_scheme__auth_with_references_only(scheme: Any, auth: dict[str, str]):
    """Credentials are references; a token service elsewhere is named in `allow_hosts`."""
    root = document(
        {},
        components={"securitySchemes": {"s": scheme}},
        servers=[{"url": "https://{h}/v1", "variables": {"h": {"default": "api.example"}}}],
    )
    found = drafted(root)
    assert found.connection["base_url"] == "https://api.example/v1"
    assert found.connection["auth"] == auth
    assert found.connection.get("allow_hosts") == (["auth.example"] if "token_url" in auth else None)


@pytest.mark.parametrize(
    "text",
    [b'{"swagger": "2.0"}', b"[]", b"openapi: 2", b"a: &a [*a]", b"x" * (MAX_BYTES + 1), b"\xff"],
)
def test_load__no_openapi_3_document__refused(text: bytes):
    """Swagger 2, other YAML, aliases and huge files are refused with a reason."""
    with pytest.raises(ConfigurationError):
        load(text, "x.yaml")


def test_drafted__references_in_circles_and_bombs__end():
    """A schema that holds itself, and a reference to itself, end."""
    schemas = {
        "A": {"properties": {"a": {"$ref": "#/components/schemas/A"}}},
        "B": {"$ref": "#/components/schemas/B"},
    }
    paths = {
        "/p/{nid}": {
            "get": {
                "parameters": [parameter("nid", "path")],
                "responses": answering({"$ref": "#/components/schemas/A"}),
            }
        },
        "/q/{nid}": {
            "get": {
                "parameters": [parameter("nid", "path")],
                "responses": answering({"$ref": "#/components/schemas/B"}),
            }
        },
    }
    paths["/r/{nid}"] = {
        "get": {
            "parameters": [parameter("nid", "path")],
            "responses": answering({"$ref": "#/components/schemas/C"}),
        }
    }
    assert len(drafted(document(paths, components={"schemas": schemas})).services) == 1


async def test_draft__address_without_encryption__refused():
    """A document that describes whom to trust is not read over plain HTTP."""
    with pytest.raises(ConfigurationError, match="https"):
        await draft("http://source.example/openapi.json", Secrets())
