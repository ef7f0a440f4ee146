"""REST through a Security Server: X-Road's headers on every request, and its answers checked.

PR-REST section 4.3. An answer that came through X-Road repeats the client, the service and our
message id, and carries `X-Road-Request-Hash`, which the client's Security Server has verified: it
covers headers that only that server knows, so here its presence is checked and not its value. An
answer without these came from something else in the Security Server's place.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import unquote
from uuid import uuid4

from adapters.http.answers import HttpAnswer, failure_of
from adapters.http.client import HttpClient, QueryValues
from adapters.http.outgoing import Content
from adapters.kinds.xroad.errors import error_meaning
from schemas.outcome import Misbehaving, Unanswered

PROTOCOL = "/r1/"


class XRoadClient(HttpClient):
    """An HTTP client whose paths begin with a service code; `client` and `provider` are identifiers."""

    def __init__(self, client: str, provider: str, labels: Mapping[str, str], *given: Any) -> None:
        super().__init__(*given)
        self._us, self._provider, self._labels = client, provider, labels

    async def send(
        self,
        method: str,
        path: str,
        query: QueryValues | None = None,
        body: Any = None,
        *,
        content: Content | None = None,
        headers: Mapping[str, str] | None = None,
        accept: str = "application/json",
        into: Callable[[bytes], None] | None = None,
    ) -> HttpAnswer | Unanswered:
        """As `HttpClient.send`; an error of X-Road itself is its outcome."""
        message_id = str(uuid4())
        given = {**(headers or {}), **self._labels, "X-Road-Client": self._us, "X-Road-Id": message_id}
        answer = await super().send(
            method,
            PROTOCOL + self._provider + path,
            query,
            body,
            content=content,
            headers=given,
            accept=accept,
            into=into,
        )
        if not isinstance(answer, HttpAnswer):
            return answer
        error = answer.headers.get("x-road-error")
        if error is not None:
            return error_meaning(error)
        return self._foreign(answer, path, message_id) or answer

    def _foreign(self, answer: HttpAnswer, path: str, message_id: str) -> Unanswered | None:
        """What an answer means that did not come from the provider: a proxy's 404 is nobody's absence, so
        the file's rules never see it."""
        service = f"{self._provider}/{path.split('/')[1].split('?', maxsplit=1)[0]}"
        wanted = {"x-road-client": self._us, "x-road-service": service, "x-road-id": message_id}
        same = all(unquote(answer.headers.get(name, "")) == unquote(value) for name, value in wanted.items())
        if same and answer.headers.get("x-road-request-hash"):
            return None
        return failure_of(answer) or Misbehaving("the answer did not come through X-Road for this question")
