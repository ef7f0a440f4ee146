"""What is asked of IDA: the request of release 1.2, sealed and ready to sign."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Final
from urllib.parse import quote

from adapters.kinds.mosip_ida.form import IdaAsk, IdaConnection
from adapters.kinds.mosip_ida.sealing import Keys, seal
from adapters.template import Values, fill
from schemas.errors import RequestMismatch
from schemas.strict_json import dump

MAX_TRANSACTION: Final = 10
"""Characters of a transaction id; IDA refuses more."""

IDS: Final = {"auth": "mosip.identity.auth", "kyc": "mosip.identity.kyc"}

_IN_A_LANGUAGE: Final = frozenset(
    {
        "name",
        "gender",
        "addressLine1",
        "addressLine2",
        "addressLine3",
        "location1",
        "location2",
        "location3",
        "fullAddress",
    }
)


def path_of(ask: IdaAsk, connection: IdaConnection) -> str:
    """The address of a call, below the base URL. It holds three secrets: it is never logged."""
    words = (ask.call, connection.misp_key, connection.partner_id, connection.api_key)
    return "/" + "/".join(quote(word, safe="") for word in words)


def request_of(ask: IdaAsk, values: Values, connection: IdaConnection, keys: Keys) -> dict[str, Any]:
    """The body of a question.

    Raises:
        RequestMismatch: the transaction is not of IDA's form.
    """
    now = datetime.now(UTC)
    moment = f"{now:%Y-%m-%dT%H:%M:%S}.{now.microsecond // 1000:03d}Z"
    sealed = seal(dump(_told(ask, values, moment)), keys.ida)
    body: dict[str, Any] = {
        "id": IDS[ask.call],
        "version": connection.version,
        "individualId": str(fill(ask.individual_id, values)),
        "individualIdType": ask.individual_id_type,
        "transactionID": _transaction(ask, values),
        "requestTime": moment,
        "specVersion": connection.version,
        "thumbprint": keys.thumbprint,
        "domainUri": connection.domain_uri,
        "env": connection.env,
        "consentObtained": ask.consent_obtained,
        "request": sealed.text,
        "requestSessionKey": sealed.session_key,
        "requestHMAC": sealed.digest,
        "metadata": {},
    }
    if ask.attributes:
        body["allowedKycAttributes"] = list(ask.attributes)
    return body


def _told(ask: IdaAsk, values: Values, moment: str) -> Mapping[str, Any]:
    """What the person told, in IDA's form."""
    demographics: dict[str, Any] = {}
    for name, template in ask.demographics.items():
        value = str(fill(template, values))
        is_text = name in _IN_A_LANGUAGE
        demographics[name] = [{"language": ask.language, "value": value}] if is_text else value
    told: dict[str, Any] = {"timestamp": moment, "biometrics": []}
    if demographics:
        told["demographics"] = demographics
    if ask.otp is not None:
        told["otp"] = str(fill(ask.otp, values))
    return told


def _transaction(ask: IdaAsk, values: Values) -> str:
    """The transaction: that of the one-time password, else ten fresh digits."""
    if ask.transaction is None:
        return "".join(secrets.choice("0123456789") for _ in range(MAX_TRANSACTION))
    text = str(fill(ask.transaction, values))
    if not (0 < len(text) <= MAX_TRANSACTION and text.isascii() and text.isalnum()):
        raise RequestMismatch("subject.value does not hold a transaction of at most ten letters or digits")
    return text
