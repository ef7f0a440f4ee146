"""Fetching ends in time, whatever the server does."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

import pytest
from tuf.api.exceptions import DownloadError, DownloadHTTPError, DownloadLengthMismatchError

from gateway.trust.federation.fetch import DeadlineFetcher


@contextmanager
def serving(behave: Callable[[socket.socket], None]) -> Iterator[str]:
    """A server that treats its connections as told, one at a time."""
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def serve() -> None:
            with suppress(OSError):
                while True:
                    connection, _ = listener.accept()
                    with connection, suppress(OSError):
                        behave(connection)

        thread = threading.Thread(target=serve)
        thread.start()
        try:
            yield f"http://127.0.0.1:{listener.getsockname()[1]}/file"
        finally:
            listener.shutdown(socket.SHUT_RDWR)
            thread.join()


def _drip(before: bytes) -> Callable[[socket.socket], None]:
    def behave(connection: socket.socket) -> None:
        connection.recv(4096)
        connection.sendall(before)
        while True:
            connection.sendall(b"x")
            time.sleep(0.02)

    return behave


def _silence(connection: socket.socket) -> None:
    connection.recv(4096)
    connection.recv(4096)


def _answers(*answers: bytes) -> Callable[[socket.socket], None]:
    def behave(connection: socket.socket) -> None:
        for answer in answers:
            connection.recv(4096)
            connection.sendall(answer)

    return behave


OK = b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\ndata"
ABSENT = b"HTTP/1.1 404 Not Found\r\nContent-Length: 4\r\n\r\nnone"


@pytest.mark.parametrize(
    "behave",
    [
        _drip(b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n"),
        _drip(b"HTTP/1.1 200 OK\r\nX-Slow: "),
        _silence,
    ],
    ids=["body drips", "head drips", "silence"],
)
def test_download__slow_server__is_cut_at_the_deadline(behave: Callable[[socket.socket], None]) -> None:
    """A server that sends one byte now and then gains no more than the deadline."""
    fetcher = DeadlineFetcher()
    begin = time.monotonic()
    with serving(behave) as url, fetcher.deadline(0.3), pytest.raises(DownloadError):
        fetcher.download_bytes(url, 1_000_000)
    assert time.monotonic() - begin < 1.5


def test_download__after_the_deadline__nothing_is_sent() -> None:
    """Outside a deadline there is no fetching at all."""
    fetcher = DeadlineFetcher()
    with serving(_answers(OK)) as url, pytest.raises(DownloadError, match="deadline"):
        fetcher.download_bytes(url, 100)
    assert fetcher.requests == 0


def test_download__several_files__share_one_connection() -> None:
    """Also after an answer that was not 200."""
    fetcher = DeadlineFetcher()
    with serving(_answers(OK, ABSENT, OK)) as url, fetcher.deadline(5):
        assert fetcher.download_bytes(url, 100) == b"data"
        with pytest.raises(DownloadHTTPError) as caught:
            fetcher.download_bytes(url, 100)
        assert caught.value.status_code == 404
        assert fetcher.download_bytes(url, 100) == b"data"
    assert fetcher.requests == 3


def test_download__redirect__is_not_followed() -> None:
    """Only registered addresses are called."""
    fetcher = DeadlineFetcher()
    away = b"HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:9/\r\nContent-Length: 0\r\n\r\n"
    with serving(_answers(away)) as url, fetcher.deadline(5), pytest.raises(DownloadHTTPError):
        fetcher.download_bytes(url, 100)


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        (b"HTTP/1.1 200 OK\r\nContent-Length: 9999\r\n\r\n" + b"x" * 9999, DownloadLengthMismatchError),
        (b"no http at all\r\n\r\n", DownloadError),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 50\r\nConnection: close\r\n\r\nshort", DownloadError),
    ],
    ids=["too long", "garbage", "cut short"],
)
def test_download__broken_answer__is_refused(answer: bytes, error: type[Exception]) -> None:
    """Length and form are checked before content is looked at."""
    fetcher = DeadlineFetcher()
    with serving(_answers(answer)) as url, fetcher.deadline(5), pytest.raises(error):
        fetcher.download_bytes(url, 100)


def test_download__other_scheme__is_refused() -> None:
    """A file or another protocol is no registrar."""
    fetcher = DeadlineFetcher()
    with fetcher.deadline(5), pytest.raises(DownloadError):
        fetcher.download_bytes("file:///etc/passwd", 100)
