"""Kind `soap`: one SOAP request for each question, by template and XPath.

The request is a template into whose tree values are put (`xml_template`), the answer must be the
element the file announces, and the records stand in it where an XPath says. First the file's rules
say what an answer means, then the fault in it (`faults`), then HTTP's status. A fault comes with
HTTP 200 or 500 alike. Not here: attachments, WS-Addressing, rpc/encoded references, sessions:
cookies are never kept, so one person's answer cannot depend on another's question.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from copy import deepcopy
from datetime import UTC, datetime

import httpx

from adapters.http.answers import HttpAnswer, failure_of
from adapters.http.client import HttpClient
from adapters.http.error_rules import ruled
from adapters.http.kind import OverHttp
from adapters.http.outgoing import Content
from adapters.kinds import Kind, Raw
from adapters.kinds.soap import envelope
from adapters.kinds.soap.envelope import Message
from adapters.kinds.soap.faults import fault_of, meaning
from adapters.kinds.soap.form import SoapAsk, SoapConnection
from adapters.kinds.soap.security import Seal
from adapters.source import Limits, RecordService, Source
from adapters.template import Values
from adapters.xml import XSI, Element, find_all, record_of, serialise
from schemas.errors import ConfigurationError
from schemas.outcome import Misbehaving, Unanswered, Unavailable
from schemas.record import Subject

Accept = Callable[[Message, bytes], Message | Misbehaving]
Look = Callable[[Message], Unanswered | None]

_ACCEPT = {"1.1": "text/xml", "1.2": "application/soap+xml"}
_NIL = f"{{{XSI}}}nil"


def new(source: Source) -> Kind:
    """The kind for a source."""
    if not isinstance(source.connection, SoapConnection):
        raise ConfigurationError(f"source {source.id} has no SOAP connection")
    return Soap(source.connection, source.limits)


class Soap(OverHttp):
    """Reads by SOAP. Obligations: see `Kind`. `client` replaces the one that sends."""

    def __init__(
        self,
        connection: SoapConnection,
        limits: Limits,
        transport: httpx.AsyncBaseTransport | None = None,
        client: HttpClient | None = None,
    ) -> None:
        self._connection, self._limits = connection, limits
        self._client = client or HttpClient(connection.http, limits, transport)
        self._secrets = {f"secret:{name}": value for name, value in connection.body_secrets.items()}
        self._seal: Seal | None = None

    async def open(self) -> None:
        """As `Kind.open`: keys and certificates are read; nothing is asked yet."""
        self._seal = Seal(self._connection.version, self._connection.security)
        self._client.open()

    async def health(self) -> Unanswered | None:
        """As `Kind.health`: `ping` is answered by a message; without one, as HTTP kinds do."""
        ping = self._connection.ping
        if ping is None:
            return await self._client.probe()
        return await self.pinged(self._content(ping.template.filled(self._secrets), []), ping.action)

    async def pinged(
        self, content: bytes | Unavailable, action: str, look: Look | None = None
    ) -> Unanswered | None:
        """None when a message is answered by one, and `look` has nothing against it."""
        if isinstance(content, Unavailable):
            return content
        answer = await self._send(content, action)
        if not isinstance(answer, HttpAnswer):
            return answer
        message = self._received(answer)
        fault = fault_of(message) if isinstance(message, Message) else None
        if fault is not None:
            told = self.fault_meaning(fault, answer)
            # A service that faults over what was asked has taken our credentials and read our question.
            return None if isinstance(told, Misbehaving) and look is None else told
        failure = failure_of(answer)
        if failure is not None or not isinstance(message, Message):
            return failure or (message if isinstance(message, Misbehaving) else None)
        return None if look is None else look(message)

    async def read(self, service: RecordService, subject: Subject, fields: tuple[str, ...]) -> Raw:
        """As `Kind.read`; the source sends whole records, which are cut afterwards."""
        del fields
        ask = service.ask
        if not isinstance(ask, SoapAsk):
            raise ConfigurationError(f"service {service.name} is not asked by SOAP")
        return await self.put(ask, service.subject_values(subject))

    async def put(
        self, ask: SoapAsk, values: Values, further: Sequence[Element] = (), accept: Accept | None = None
    ) -> Raw:
        """Put one question; `further` are header blocks besides the file's, `accept` looks at an answer
        without a fault before anything is read from it."""
        values = {**values, **self._secrets}
        blocks = [*further, *([] if ask.header is None else [ask.header.filled(values)])]
        content = self._content(ask.template.filled(values), blocks)
        if isinstance(content, Unavailable):
            return content
        answer = await self._send(content, ask.action)
        return self.interpret(ask, answer, content, accept) if isinstance(answer, HttpAnswer) else answer

    def interpret(
        self, ask: SoapAsk, answer: HttpAnswer, sent: bytes = b"", accept: Accept | None = None
    ) -> Raw:
        """What an answer means: rules, fault, status, then the records in it."""
        message = self._received(answer)
        opened = self._opened(message)
        fault = fault_of(message) if isinstance(message, Message) else None
        if not isinstance(opened, Message) and isinstance(message, Message):
            # Nobody vouches for it, so it may say that the source fails, never that nobody is there.
            return opened if fault is None else self.fault_meaning(fault, answer)
        if isinstance(opened, Message) and fault is None and accept is not None:
            opened = accept(opened, sent)
        document = opened.payload if isinstance(opened, Message) else opened
        verdict = ruled(ask.errors, answer, document)
        if verdict is not None:
            return verdict
        if fault is not None:
            return self.fault_meaning(fault, answer)
        failure = failure_of(answer)
        if failure is not None:
            return failure
        return _records(ask, opened) if isinstance(opened, Message) else opened

    def fault_meaning(self, fault: Element, answer: HttpAnswer) -> Unanswered:
        """What a fault means that no rule names."""
        return meaning(fault, answer)

    def _content(self, payload: Element, blocks: Sequence[Element]) -> bytes | Unavailable:
        """The whole message, sealed."""
        if self._seal is None:
            return Unavailable("the source is not open")
        security = self._seal.header(datetime.now(UTC))
        blocks = [*([] if security is None else [security]), *blocks]
        message = envelope.envelope(self._connection.version, blocks, payload)
        self._seal.sign(message)
        return serialise(message)

    async def _send(self, data: bytes, action: str) -> HttpAnswer | Unanswered:
        version = self._connection.version
        media, headers = envelope.media(version, action)
        return await self._client.send(
            "POST",
            self._connection.path,
            content=Content(data, media),
            headers=headers,
            accept=_ACCEPT[version],
        )

    def _received(self, answer: HttpAnswer) -> Message | Misbehaving:
        return envelope.received(self._connection.version, answer, self._limits.max_bytes)

    def _opened(self, message: Message | Misbehaving) -> Message | Misbehaving:
        if self._seal is None or isinstance(message, Misbehaving):
            return message if isinstance(message, Misbehaving) else Misbehaving("the source is not open")
        return self._seal.opened(message, datetime.now(UTC))


def _records(ask: SoapAsk, message: Message) -> Raw:
    """The records in an answer; an element that is nil is no record."""
    if len(message.body) != 1 or message.body[0].tag != ask.answer:
        return Misbehaving("the answer is not the element that the source's file announces")
    # A document of its own, so that `/` and `//` begin here.
    found = find_all(deepcopy(message.body[0]), ask.records, ask.namespaces)
    return [record_of(element) for element in found if element.get(_NIL) not in ("true", "1")]
