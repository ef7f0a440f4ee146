"""The system behind the kinds over HTTP, for the conformance kit (`adapters.conformance.stand_in`).

Fixture cases are replayed: a case's `answer`, or its list `answers` where one question takes several
requests. Of a list, the entry whose `asks` is the request's `METHOD /path?query` is given, else the
next in order; the last one repeats. A kind subclasses and overrides what is its own:

    pointed_at      the source's connection, changed to this server
    filled          what an answer repeats of its question (DCI: transaction and reference)
    sign_in         the answer to a request for a token, None for any other request
    errors          bodies that say "error" in an HTTP 200
    bent            the recorded answer with a field removed, a second candidate, …
    understood      a question, decoded
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import parse_qsl, unquote, urlsplit

from adapters.conformance.faults import CANARY, RETRY_AFTER_S, Fault
from adapters.conformance.stand_in import Asked, StandIn
from adapters.http.form import HttpConnection
from adapters.http.loopback import HttpQuestion, HttpReply, Line, LoopbackServer
from adapters.http.stand_in_login import auth_pointed_at, is_login, login_of
from schemas.errors import ConfigurationError

if TYPE_CHECKING:
    from adapters.source import RecordService, Source

JSON: Final = {"Content-Type": "application/json"}
_LONGEST_S: Final = 30.0
_STEP_S: Final = 0.02
_CHUNK: Final = b"10000\r\n" + b" " * 0x10000 + b"\r\n"
_MOST_CHUNKS: Final = 2048  # 128 MiB, above every `max_bytes`
_ELSEWHERE: Final = "/elsewhere"


class HttpStandIn(StandIn):
    """A loopback HTTPS server. Obligations: see `StandIn`."""

    cannot: Mapping[Fault, str] = {
        Fault.EXPIRED_TOKEN: "the credentials do not expire",
        Fault.REPEATED_CURSOR: "one request fetches the whole answer",
        Fault.CHANGED_TOTAL: "one request fetches the whole answer",
        Fault.REMOVED_FIELD: "answers of this kind are bent by the kind itself",
        Fault.SECOND_CANDIDATE: "answers of this kind are bent by the kind itself",
        Fault.UNKNOWN_CODE: "answers of this kind are bent by the kind itself",
    }

    def __init__(self, source: Source, folder: Path) -> None:
        self._source = source
        self._server = LoopbackServer(self._serve, folder)
        self._case: Mapping[str, Any] = {}
        self._fault: Fault | None = None
        self._given = 0
        http = http_of(source.connection)
        self._login = None if http is None else login_of(http.auth)
        self._home = "" if http is None else origin_of(http.base_url)
        if self._login is not None:
            self.cannot = {
                fault: why for fault, why in self.cannot.items() if fault is not Fault.EXPIRED_TOKEN
            }
        self.forget()

    # What a kind overrides -------------------------------------------------------------------------

    def pointed_at(self, source: Source, url: str, ca_file: Path) -> Source:
        """The source with its connection changed to `url` and `ca_file`; paths stay."""
        return replace(source, connection=http_pointed_at(source.connection, url, ca_file))

    def filled(self, question: HttpQuestion, text: str) -> str:
        """A recorded body with what it must repeat of its question."""
        del question
        return text

    def sign_in(self, question: HttpQuestion) -> HttpReply | None:
        """The answer to a request for a token; None when it is a question for records."""
        if self._login is None or not is_login(self._login, question.target):
            return None
        return self._login.reply(self.sign_ins + 1)

    def errors(self, question: HttpQuestion) -> Sequence[HttpReply]:
        """Answers that carry an error in success, each in turn."""
        del question
        return [
            _json({"errors": [{"errorCode": CANARY, "errorMessage": CANARY}], "response": None}),
            _json({"data": None, "errors": [{"message": CANARY}]}),
            _json({"error": {"code": CANARY, "message": CANARY}}),
        ]

    def bent(self, fault: Fault, service: RecordService, document: Any) -> Any:
        """A recorded body, bent (JSON already read); only for faults the kind takes out of `cannot`."""
        del service, document
        raise ConfigurationError(f"this kind does not bend its answers: {fault.name}")

    def understood(self, question: HttpQuestion) -> Asked:
        """The question, decoded."""
        url = urlsplit(question.target)
        return {
            "method": question.method,
            "path": [unquote(part) for part in url.path.split("/")],
            "query": [list(pair) for pair in parse_qsl(url.query, keep_blank_values=True)],
            "body": _body(question),
        }

    def written_as(self, value: str) -> frozenset[str]:
        """As `StandIn.written_as`: in no other way."""
        del value
        return frozenset()

    # StandIn ---------------------------------------------------------------------------------------

    @property
    def url(self) -> str:
        """Where the server listens, without a path."""
        return self._server.url

    @property
    def ca_file(self) -> Path:
        """What a client must trust."""
        return self._server.ca_file

    @property
    def source(self) -> Source:
        """As `StandIn.source`."""
        return self.pointed_at(self._source, self.url, self.ca_file)

    async def start(self) -> None:
        """As `StandIn.start`."""
        await self._server.start()

    async def stop(self) -> None:
        """As `StandIn.stop`."""
        await self._server.stop()

    async def play(self, case: Mapping[str, Any]) -> None:
        """As `StandIn.play`."""
        await self.behave(None)
        self._case, self._given = case, 0

    async def behave(self, fault: Fault | None) -> None:
        """As `StandIn.behave`."""
        if fault is not None and fault in self.cannot:
            raise ConfigurationError(f"this stand-in cannot show {fault.name}: {self.cannot[fault]}")
        if Fault.BAD_TLS in (fault, self._fault):
            self._server.show_trusted_certificate(trusted=fault is not Fault.BAD_TLS)
        self._fault, self._given = fault, 0

    def forget(self) -> None:
        """As `StandIn.forget`."""
        self.asked: list[Asked] = []
        self.most_at_once = self.broken_off = self.sign_ins = 0
        self._now = 0

    # The server ------------------------------------------------------------------------------------

    async def _serve(self, question: HttpQuestion, line: Line) -> None:
        if self._fault is Fault.UNREACHABLE:
            line.abort()
            return
        token = self.sign_in(question)
        if token is not None:
            self.sign_ins += 1
            await line.send((_refused() if self._fault is Fault.BAD_CREDENTIAL else token).encoded())
            return
        self.asked.append(self.understood(question))
        self._now += 1
        self.most_at_once = max(self.most_at_once, self._now)
        try:
            await self._answer(question, line)
        finally:
            self._now -= 1

    async def _answer(self, question: HttpQuestion, line: Line) -> None:
        match self._fault:
            case Fault.SLOW:
                await self._drip(question, line)
            case Fault.OVERSIZE:
                await self._flood(question, line)
            case Fault.TRUNCATED:
                whole = self._recorded(question)
                await line.send(replace(whole, body=whole.body[:-1]).encoded(len(whole.body) + 100))
            case _:
                await line.send(self._reply(question).encoded())

    def _reply(self, question: HttpQuestion) -> HttpReply:
        match self._fault:
            case Fault.BAD_CREDENTIAL | Fault.EXPIRED_TOKEN if not self._signed_in_anew:
                return _refused()
            case Fault.TOO_MANY:
                return _json({"error": CANARY}, 429, {"Retry-After": str(RETRY_AFTER_S)})
            case Fault.SERVER_ERROR:
                return _json({"error": CANARY}, 500)
            case Fault.WRONG_TYPE:
                page = f"<!doctype html><title>{CANARY}</title>".encode()
                return HttpReply(200, {"Content-Type": "text/html"}, page)
            case Fault.REDIRECT if not question.target.startswith(_ELSEWHERE):
                return HttpReply(307, {"Location": self.url + _ELSEWHERE})
            case Fault.ERROR_IN_SUCCESS:
                replies = self.errors(question)
                return replies[self._turn(replies)]
            case Fault.ECHO:
                asked = (
                    f"{question.target} {unquote(question.target)} {question.body.decode(errors='replace')}"
                )
                return _json({"error": "bad_request", "message": f"cannot read {asked}"}, 400)
            case _:
                return self._recorded(question)

    @property
    def _signed_in_anew(self) -> bool:
        return self._fault is Fault.EXPIRED_TOKEN and self.sign_ins > 0

    def _recorded(self, question: HttpQuestion) -> HttpReply:
        recorded = answers_of(self._case)
        if not recorded:
            return _json({"error": "nothing is recorded"}, 404)
        asks = f"{question.method} {question.target}"
        named = [answer for answer in recorded if answer.get("asks") == asks]
        first = self._fault is Fault.REPEATED_CURSOR
        answer = recorded[0] if first else named[0] if named else recorded[self._turn(recorded)]
        body = answer.get("body", "")
        if self._fault in (Fault.REMOVED_FIELD, Fault.SECOND_CANDIDATE, Fault.UNKNOWN_CODE):
            service = self._source.record_service(self._case["service"])
            body = self.bent(self._fault, service, _parsed(body))
        text = self._at_home(body if isinstance(body, str) else json.dumps(body))
        recorded_headers = {name: self._at_home(value) for name, value in answer.get("headers", {}).items()}
        headers = {**JSON, **recorded_headers}
        return HttpReply(answer.get("status", 200), headers, self.filled(question, text).encode())

    def _at_home(self, text: str) -> str:
        """A recorded text whose links lead to this server, as the system's lead to itself."""
        return text.replace(self._home, self.url) if self._home else text

    def _turn(self, several: Sequence[Any]) -> int:
        """Whose turn it is among several answers; the last one stays."""
        self._given += 1
        return min(self._given, len(several)) - 1

    def _head(self, question: HttpQuestion, length: str) -> bytes:
        """The head of an answer that never ends, of the type that was recorded."""
        kind = self._recorded(question).headers.get("Content-Type", "")
        return f"HTTP/1.1 200 Said\r\nContent-Type: {kind}\r\n{length}\r\n\r\n".encode()

    async def _drip(self, question: HttpQuestion, line: Line) -> None:
        await line.send(self._head(question, "Content-Length: 99999"))
        for _ in range(int(_LONGEST_S / _STEP_S)):
            if await line.client_leaves(_STEP_S):
                self.broken_off += 1
                return
            await line.send(b" ")

    async def _flood(self, question: HttpQuestion, line: Line) -> None:
        await line.send(self._head(question, "Transfer-Encoding: chunked"))
        for _ in range(_MOST_CHUNKS):
            if await line.client_leaves(0):
                self.broken_off += 1
                return
            await line.send(_CHUNK)


def http_pointed_at(connection: object, url: str, ca_file: Path) -> HttpConnection:
    """An HTTP connection, changed to another server; the base URL's path stays.

    Raises:
        ConfigurationError: it is no HTTP connection.
    """
    if not isinstance(connection, HttpConnection):
        raise ConfigurationError("the source has no HTTP connection")
    return replace(
        connection,
        base_url=url + urlsplit(connection.base_url).path,
        auth=auth_pointed_at(connection.auth, url),
        ca_file=ca_file,
    )


def http_of(connection: object) -> HttpConnection | None:
    """The HTTP connection of a kind's connection; None when it has none."""
    inside = connection if isinstance(connection, HttpConnection) else getattr(connection, "http", None)
    return inside if isinstance(inside, HttpConnection) else None


def origin_of(url: str) -> str:
    """Scheme and host of a URL."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"


def answers_of(case: Mapping[str, Any]) -> Sequence[Mapping[str, Any]]:
    """The recorded answers of a case, in their order."""
    return case["answers"] if "answers" in case else [case["answer"]] if "answer" in case else []


def _refused() -> HttpReply:
    return _json({"error": "unauthorized", "message": CANARY}, 401)


def _json(body: Any, status: int = 200, headers: Mapping[str, str] | None = None) -> HttpReply:
    return HttpReply(status, {**JSON, **(headers or {})}, json.dumps(body).encode())


def _parsed(body: Any) -> Any:
    """A recorded body that is the text of JSON, as JSON; any other as it is."""
    try:
        return json.loads(body) if isinstance(body, str) else body
    except ValueError:
        return body


def _body(question: HttpQuestion) -> Any:
    if not question.body:
        return None
    text = question.body.decode("utf-8", "replace")
    if question.headers.get("content-type", "").startswith("application/x-www-form-urlencoded"):
        return [list(pair) for pair in parse_qsl(text, keep_blank_values=True)]
    try:
        return json.loads(text)
    except ValueError:
        return text
