"""HTTP as bytes: what a client that does not behave can send, and what came back."""

from __future__ import annotations

import json
import socket
import ssl
from dataclasses import dataclass
from http.client import HTTPResponse
from typing import Any


@dataclass(frozen=True, slots=True)
class Reply:
    """One response."""

    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        """The body as JSON."""
        return json.loads(self.body)

    @property
    def type(self) -> str:
        """The slug of the problem that it carries."""
        return str(self.json["type"]).removeprefix("/problems/")


def connect(port: int, context: ssl.SSLContext | None = None) -> socket.socket:
    """A connection to a port of this machine, over TLS with a context."""
    plain = socket.create_connection(("127.0.0.1", port), timeout=10)
    if context is None:
        return plain
    try:
        return context.wrap_socket(plain, server_hostname="localhost")
    except BaseException:
        plain.close()
        raise


def read(connection: socket.socket, method: str = "GET") -> Reply:
    """Read one response."""
    response = HTTPResponse(connection, method=method)
    response.begin()
    headers = {name.lower(): value for name, value in response.getheaders()}
    reply = Reply(response.status, headers, response.read())
    response.close()
    return reply


def send(port: int, data: bytes, context: ssl.SSLContext | None = None) -> Reply:
    """Send bytes over a connection of their own, and read one response."""
    with connect(port, context) as connection:
        connection.sendall(data)
        return read(connection, data.split(b" ", 1)[0].decode("latin-1"))


def request(method: str, target: str, headers: dict[str, str] | None = None, body: bytes = b"") -> bytes:
    """A request's bytes; header values and target go out as they are."""
    lines = [
        f"{method} {target} HTTP/1.1",
        "Host: gateway",
        *(f"{n}: {v}" for n, v in (headers or {}).items()),
    ]
    if body or method == "POST":
        lines.append(f"Content-Length: {len(body)}")
    return "\r\n".join(lines).encode("latin-1") + b"\r\n\r\n" + body
