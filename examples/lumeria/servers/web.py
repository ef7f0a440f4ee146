"""What the systems' HTTP interfaces share: JSON, bounded bodies, credentials, read-only data."""

from __future__ import annotations

import hmac
import sqlite3
from base64 import b64decode
from binascii import Error as BinasciiError
from pathlib import Path
from typing import Any, Final

import orjson
from starlette.requests import Request
from starlette.responses import Response

_LARGEST_BODY: Final = 262_144  # bytes


class UnreadableBodyError(ValueError):
    """A request's body is too large or no JSON object."""


class Json(Response):
    """An answer in JSON."""

    media_type = "application/json"

    def render(self, content: Any) -> bytes:
        """Write the content as UTF-8 JSON."""
        return orjson.dumps(content)


async def read_body(request: Request) -> bytes:
    """Read a body of at most 256 KiB. Raises UnreadableBodyError."""
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > _LARGEST_BODY:
            raise UnreadableBodyError("the body is too large")
    return bytes(body)


async def read_json(request: Request) -> Any:
    """Read JSON of at most 256 KiB. Raises UnreadableBodyError."""
    try:
        return orjson.loads(await read_body(request))
    except orjson.JSONDecodeError as error:
        raise UnreadableBodyError("the body is not JSON") from error


async def read_object(request: Request) -> dict[str, Any]:
    """Read a JSON object of at most 256 KiB. Raises UnreadableBodyError."""
    content = await read_json(request)
    if not isinstance(content, dict):
        raise UnreadableBodyError("the body is not a JSON object")
    return content


def has_bearer(request: Request, token: str) -> bool:
    """Say whether the request carries the token, comparing in constant time."""
    scheme, _, shown = request.headers.get("authorization", "").partition(" ")
    return scheme.lower() == "bearer" and is_secret(shown.strip(), token)


def has_password(request: Request, user: str, password: str) -> bool:
    """Say whether the request carries HTTP Basic credentials of a user."""
    scheme, _, encoded = request.headers.get("authorization", "").partition(" ")
    try:
        shown = b64decode(encoded, validate=True).decode()
    except (BinasciiError, UnicodeDecodeError):
        return False
    return scheme.lower() == "basic" and is_secret(shown, f"{user}:{password}")


def is_secret(shown: str, secret: str) -> bool:
    """Compare a credential in constant time."""
    return hmac.compare_digest(shown.encode(), secret.encode())


def open_for_reading(path: Path) -> sqlite3.Connection:
    """Open a ministry's data so that no question can change it. Raises FileNotFoundError.

    Look-ups take well under a millisecond, so the servers run them on the event loop, from one connection.
    """
    return _open(path, "ro")


def open_for_writing(path: Path) -> sqlite3.Connection:
    """Open a ministry's data where its interface adds to them. Raises FileNotFoundError."""
    return _open(path, "rw")


def _open(path: Path, mode: str) -> sqlite3.Connection:
    if not path.is_file():
        raise FileNotFoundError(f"no data at {path}: run `generate` first")
    database = sqlite3.connect(f"{path.resolve().as_uri()}?mode={mode}", uri=True, check_same_thread=False)
    database.row_factory = sqlite3.Row
    return database
