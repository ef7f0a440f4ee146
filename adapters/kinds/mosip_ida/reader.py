"""Kind `mosip-ida`: MOSIP ID Authentication, release 1.2: `auth` (yes or no) and `kyc` (attributes).

IDA cannot be asked for a person by number alone: the person tells what only they know (name and
birth date, a one-time password), and IDA says whether it fits. A "no" of IDA is an answer, not an
error: `verified` is false. Where it cannot compare, `verified` is null. `authToken` is dropped.
Not here: requesting a one-time password (a write: the portal does it), biometrics, kyc-exchange.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import httpx

from adapters.http.answers import HttpAnswer, failure_of, parse_answer
from adapters.http.client import HttpClient
from adapters.http.kind import OverHttp
from adapters.http.outgoing import Content
from adapters.kinds import Kind, Raw
from adapters.kinds.mosip_ida.errors import Meaning, meaning_of
from adapters.kinds.mosip_ida.form import IdaAsk, IdaConnection
from adapters.kinds.mosip_ida.request import path_of, request_of
from adapters.kinds.mosip_ida.sealing import Keys, Unsealable, read_keys, signature, unseal
from adapters.source import RecordService, Source
from schemas.errors import ConfigurationError, ExchangeError
from schemas.outcome import DeniedBySource, Misbehaving, NotFound, Unanswered, Unavailable
from schemas.record import Subject
from schemas.strict_json import dump, parse_object

_STATUS: Final = {"auth": "authStatus", "kyc": "kycStatus"}
_FOREIGN: Final = Misbehaving("the answer is not IDA's")


def new(source: Source) -> Kind:
    """The kind for a source."""
    return MosipIda(source)


class MosipIda(OverHttp):
    """Asks IDA. Obligations: see `Kind`."""

    def __init__(self, source: Source, transport: httpx.AsyncBaseTransport | None = None) -> None:
        if not isinstance(source.connection, IdaConnection):
            raise ConfigurationError(f"source {source.id} has no IDA connection")
        self._connection = source.connection
        self._limits = source.limits
        self._client = HttpClient(source.connection.http, source.limits, transport)
        self._keys: Keys | None = None
        self._needs_key = any(
            isinstance(service, RecordService)
            and isinstance(service.ask, IdaAsk)
            and service.ask.call == "kyc"
            for service in source.services.values()
        )

    async def open(self) -> None:
        """As `Kind.open`: the keys have to be there."""
        self._keys = read_keys(self._connection)
        if self._needs_key and self._keys.decryption is None:
            raise ConfigurationError("kyc answers are sealed for us; write `decryption_key`")
        self._client.open()

    async def read(self, service: RecordService, subject: Subject, fields: tuple[str, ...]) -> Raw:
        """As `Kind.read`; `individual_id` of the record is the number that was asked about."""
        del fields
        ask, keys = service.ask, self._keys
        if not isinstance(ask, IdaAsk):
            raise ConfigurationError(f"service {service.name} is not asked of IDA")
        if keys is None:
            return Unavailable("the source is not open")
        request = request_of(ask, service.subject_values(subject), self._connection, keys)
        body = dump(request)
        answer = await self._client.send(
            "POST",
            path_of(ask, self._connection),
            content=Content(body, "application/json"),
            headers={"Signature": signature(body, keys)},
        )
        if not isinstance(answer, HttpAnswer):
            return answer
        document = failure_of(answer) or parse_answer(answer, self._limits.max_bytes)
        if not isinstance(document, Mapping):
            return document if isinstance(document, Unanswered) else _FOREIGN
        told = self._told(ask, document, request["transactionID"], answer.received_at)
        if not isinstance(told, Mapping):
            return told
        if not service.rules.all_columns & told.keys():
            return Misbehaving("the answer holds nothing of what the file maps")
        return [{**told, "individual_id": request["individualId"]}]

    def _told(
        self, ask: IdaAsk, document: Mapping[str, Any], transaction: str, received_at: int
    ) -> Mapping[str, Any] | NotFound | Unanswered:
        errors = document.get("errors")
        if errors:
            meaning = meaning_of(errors) if isinstance(errors, list) else None
            return _refusal(ask, meaning, received_at)
        response = document.get("response")
        if not isinstance(response, Mapping) or response.get(_STATUS[ask.call]) is not True:
            return _FOREIGN
        if document.get("transactionID") != transaction:
            return Misbehaving("the answer belongs to another transaction")
        return {"verified": True, "reason": None} if ask.call == "auth" else self._identity(response)

    def _identity(self, response: Mapping[str, Any]) -> Mapping[str, Any] | Unanswered:
        """The attributes of an e-KYC answer."""
        keys, sealed, session_key = self._keys, response.get("identity"), response.get("sessionKey")
        if (
            keys is None
            or keys.decryption is None
            or not (isinstance(sealed, str) and isinstance(session_key, str))
        ):
            return _FOREIGN
        try:
            plain = unseal(sealed, session_key, keys.decryption)
            return parse_object(plain, max_bytes=self._limits.max_bytes, what="the identity")
        except Unsealable as error:
            return Misbehaving(str(error))
        except ExchangeError:
            return Misbehaving("the identity is not acceptable JSON")


def _refusal(
    ask: IdaAsk, meaning: Meaning | None, received_at: int
) -> Mapping[str, Any] | NotFound | Unanswered:
    match meaning:
        case None:
            return Misbehaving("IDA reported an error that is not about the person")
        case "denied":
            return DeniedBySource("IDA refused our credentials, policy or what the person brought")
        case "unavailable":
            return Unavailable("IDA says it cannot answer")
        case "not_found":
            return NotFound(received_at)
        case _ if ask.call == "kyc":
            return DeniedBySource("IDA tells nothing: what the person told does not fit")
        case _:
            return {"verified": None if meaning == "not_held" else False, "reason": meaning}
