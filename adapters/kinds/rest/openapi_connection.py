"""The connection that an OpenAPI document describes: its first server, its first known security scheme."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

from adapters.kinds.rest.openapi import OpenApi


def connection_of(document: OpenApi) -> tuple[dict[str, Any], dict[str, str], list[str]]:
    """`connection`, the secrets it needs, and remarks."""
    remarks: list[str] = []
    server = document.at(next(iter(document.rows(document.root.get("servers"))), {}))
    url = str(server.get("url", ""))
    for name, variable in document.at(server.get("variables")).items():
        url = url.replace(f"{{{name}}}", str(document.at(variable).get("default", "")))
    if not url.startswith(("https://", "http://")):
        remarks.append("the document names no server; set the variable SOURCE_URL, or write the address")
        url = "${env:SOURCE_URL}"
    auth, needed, remark = _auth(document)
    if remark:
        remarks.append(remark)
    connection: dict[str, Any] = {"base_url": url.rstrip("/"), "auth": auth}
    token_host = urlsplit(str(auth.get("token_url", ""))).netloc
    if token_host and token_host != urlsplit(url).netloc:
        connection["allow_hosts"] = [token_host]
    return connection, needed, remarks


def _auth(document: OpenApi) -> tuple[dict[str, Any], dict[str, str], str]:
    """`auth` of the first scheme that is known, the secrets it needs, and a remark."""
    schemes = document.at(document.at(document.root.get("components")).get("securitySchemes"))
    for given in schemes.values():
        scheme = document.at(given)
        match scheme.get("type"), str(scheme.get("scheme", "")).lower():
            case "http", "bearer":
                auth = {"kind": "bearer", "token": "${secret:SOURCE_TOKEN}"}
                return auth, {"SOURCE_TOKEN": "the bearer token"}, ""
            case "http", "basic":
                auth = {"kind": "basic", "user": "isthmus", "password": "${secret:SOURCE_PASSWORD}"}
                return auth, {"SOURCE_PASSWORD": "the account's password"}, ""
            case "apiKey", _ if scheme.get("in") in ("header", "query"):
                auth = {
                    "kind": "api_key",
                    scheme["in"]: str(scheme.get("name")),
                    "key": "${secret:SOURCE_KEY}",
                }
                return auth, {"SOURCE_KEY": "the API key"}, ""
            case "mutualTLS", _:
                auth = {
                    "kind": "mtls",
                    "certificate": "${secret:SOURCE_CERT}",
                    "key": "${secret:SOURCE_CERT_KEY}",
                }
                return auth, {"SOURCE_CERT": "the certificate, PEM", "SOURCE_CERT_KEY": "its key, PEM"}, ""
            case "oauth2", _ if "clientCredentials" in document.at(scheme.get("flows")):
                flow = document.at(document.at(scheme["flows"])["clientCredentials"])
                auth = {
                    "kind": "oauth2_cc",
                    "token_url": str(flow.get("tokenUrl") or "/token"),
                    "client_id": "isthmus",
                    "client_secret": "${secret:SOURCE_SECRET}",
                }
                return auth, {"SOURCE_SECRET": "the client's secret"}, ""
    remark = "the document names no way to authenticate that is known here" if schemes else ""
    return {"kind": "none"}, {}, remark
