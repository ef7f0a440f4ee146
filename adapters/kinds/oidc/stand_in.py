"""An OpenID provider for the conformance kit."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit

from adapters.conformance.bending import bent_at
from adapters.conformance.faults import Fault
from adapters.conformance.stand_in import Asked, StandIn
from adapters.http.loopback import HttpQuestion, HttpReply
from adapters.http.stand_in import JSON, HttpStandIn, http_pointed_at
from adapters.kinds.oidc.replay import as_sent, as_told, beside, offline

if TYPE_CHECKING:
    from adapters.source import RecordService, Source

_BENT: Final = (Fault.REMOVED_FIELD, Fault.UNKNOWN_CODE)


def stand_in(source: Source, folder: Path) -> StandIn:
    """As `NewStandIn`."""
    return OidcStandIn(source, folder)


class OidcStandIn(HttpStandIn):
    """Answers userinfo; discovery, keys and introspection count as signing in."""

    cannot: Mapping[Fault, str] = {
        **{fault: why for fault, why in HttpStandIn.cannot.items() if fault not in _BENT},
        Fault.SECOND_CANDIDATE: "a token is one person's",
        Fault.EXPIRED_TOKEN: "the token is the citizen's: nobody else can renew it",
    }

    def pointed_at(self, source: Source, url: str, ca_file: Path) -> Source:
        """As `HttpStandIn.pointed_at`; the provider keeps calling itself what it is called."""
        connection = offline(source)
        http = http_pointed_at(connection.http, url, ca_file)
        return replace(source, connection=replace(connection, http=http))

    async def play(self, case: Mapping[str, Any]) -> None:
        """As `StandIn.play`."""
        await super().play(as_sent(case, offline(self._source)))

    def sign_in(self, question: HttpQuestion) -> HttpReply | None:
        """As `HttpStandIn.sign_in`."""
        known = beside(urlsplit(question.target).path, offline(self._source), self.url)
        return None if known is None else HttpReply(200, JSON, json.dumps(known).encode())

    def filled(self, question: HttpQuestion, text: str) -> str:
        """As `HttpStandIn.filled`."""
        del question
        return as_told(offline(self._source), text)

    def bent(self, fault: Fault, service: RecordService, document: Any) -> Any:
        """As `HttpStandIn.bent`; the claims still say whose they are."""
        bent = bent_at(fault, document, (), service.rules)
        return {**bent, "sub": document["sub"]} if isinstance(document, dict) and "sub" in document else bent

    def understood(self, question: HttpQuestion) -> Asked:
        """As `HttpStandIn.understood`, with the token."""
        return {**super().understood(question), "token": question.headers.get("authorization", "")}
