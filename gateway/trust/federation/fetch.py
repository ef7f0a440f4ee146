"""Fetching from a registrar or a mirror: bounded in time, whatever the server does.

TUF's own fetcher retries, and a server that sends one byte a second is never cut. Here each wait on
a socket is bounded, and at the deadline of the whole poll every open socket is shut. No redirects, no
proxies: only the addresses of the settings and of the signed policy are called. The content needs
no trusted transport; it is checked by signature or digest.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Generator, Iterator
from contextlib import contextmanager, suppress
from http.client import HTTPConnection, HTTPException, HTTPResponse, HTTPSConnection
from socket import SHUT_RDWR
from typing import Final
from urllib.parse import urlsplit

from tuf.api.exceptions import DownloadError, DownloadHTTPError
from tuf.ngclient.fetcher import FetcherInterface

SOCKET_TIMEOUT_S: Final = 2.0
_CHUNK = 64 * 1024
_Origin = tuple[str, str]


class DeadlineFetcher(FetcherInterface):
    """Fetches within `deadline`; usable by several threads at once. `requests` counts them."""

    def __init__(self, socket_timeout_s: float = SOCKET_TIMEOUT_S) -> None:
        self._timeout = socket_timeout_s
        self._until = 0.0
        self._lock = threading.Lock()
        self._idle: dict[_Origin, list[HTTPConnection]] = {}
        self._open: set[HTTPConnection] = set()
        self.requests = 0

    @contextmanager
    def deadline(self, seconds: float) -> Iterator[None]:
        """Everything fetched inside ends within `seconds`; connections are kept that long only."""
        self._until = time.monotonic() + seconds
        watchdog = threading.Timer(seconds, self._cut)
        watchdog.daemon = True
        watchdog.start()
        try:
            yield
        finally:
            watchdog.cancel()
            self._until = 0.0
            self._close_all()

    def _fetch(self, url: str) -> Iterator[bytes]:
        """Send the request and check the status; the body comes in pieces."""
        parts = urlsplit(url)
        connection = self._take((parts.scheme, parts.netloc))
        try:
            connection.request("GET", parts.path, headers={"Accept-Encoding": "identity"})
            response = connection.getresponse()
        except (OSError, HTTPException) as error:
            self._discard(connection)
            raise DownloadError(f"{url} could not be fetched") from error
        body = self._body(connection, (parts.scheme, parts.netloc), response)
        if response.status != 200:
            # Read to its end so that the connection can be used again; an error page is short.
            next(body, None)
            body.close()
            raise DownloadHTTPError(f"{url} answered {response.status}", response.status)
        return body

    def _body(
        self, connection: HTTPConnection, origin: _Origin, response: HTTPResponse
    ) -> Generator[bytes, None, None]:
        try:
            while chunk := response.read(_CHUNK):
                yield chunk
            # http.client takes an early end of the head or the body for the whole of it.
            self._check_deadline()
            if response.length:
                raise DownloadError("the answer was cut short")
        except (OSError, HTTPException) as error:
            raise DownloadError("the server broke off") from error
        finally:
            if response.isclosed() and not response.will_close:
                with self._lock:
                    self._idle.setdefault(origin, []).append(connection)
            else:
                response.close()
                self._discard(connection)

    def _take(self, origin: _Origin) -> HTTPConnection:
        self._check_deadline()
        scheme, netloc = origin
        with self._lock:
            self.requests += 1
            idle = self._idle.get(origin)
            if idle:
                return idle.pop()
            if scheme not in {"http", "https"}:
                raise DownloadError(f"{scheme} is not a scheme for a registrar")
            secure = scheme == "https"
            kind: type[HTTPConnection] = HTTPSConnection if secure else HTTPConnection
            connection = kind(netloc, timeout=self._timeout)
            self._open.add(connection)
            return connection

    def _check_deadline(self) -> None:
        if time.monotonic() >= self._until:
            raise DownloadError("the poll's deadline has passed")

    def _discard(self, connection: HTTPConnection) -> None:
        connection.close()
        with self._lock:
            self._open.discard(connection)

    def _cut(self) -> None:
        """Wake every thread that waits on a socket; each closes its own connection."""
        with self._lock:
            for connection in self._open:
                if connection.sock is not None:
                    with suppress(OSError):
                        connection.sock.shutdown(SHUT_RDWR)

    def _close_all(self) -> None:
        with self._lock:
            for connection in self._open:
                connection.close()
            self._open.clear()
            self._idle.clear()
