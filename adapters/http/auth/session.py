"""`session_login`: a login request, whose answer holds a token or sets a cookie.

What most older systems have in place of OAuth (OpenEMIS, openIMIS, Odoo). A login whose answer
holds no token counts as refused: such systems report a wrong password in an HTTP 200.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from adapters.http.answers import HttpAnswer, failure_of, parse_answer
from adapters.http.auth.contract import Authenticator, Post
from adapters.http.auth.oauth2 import MAX_TOKEN_BYTES
from adapters.http.auth.tokens import Token, TokenHeader, read_token
from adapters.http.outgoing import Outgoing
from adapters.pointer import find
from schemas.outcome import DeniedBySource, Misbehaving, Unanswered


@dataclass(frozen=True, slots=True)
class SessionLogin:
    """A login. The token stands at a place of the answer, or in the cookie of a name; it is shown in
    `header` as `value` says, where `{token}` stands for it."""

    request: Outgoing
    token: tuple[str, ...] | None
    cookie: str | None
    header: str
    value: str
    lifetime_s: float | None
    headers: Mapping[str, str] = field(default_factory=dict)
    is_ahead: bool = False

    def authenticator(self, post: Post) -> Authenticator:
        """As `Auth.authenticator`."""
        return TokenHeader(lambda: self._fetch(post), self._shown)

    def _shown(self, token: str) -> dict[str, str]:
        return {self.header: self.value.replace("{token}", token)}

    async def _fetch(self, post: Post) -> Token | Unanswered:
        answer = await post(self.request)
        if not isinstance(answer, HttpAnswer):
            return answer
        failure = DeniedBySource("the login was refused") if answer.status == 400 else failure_of(answer)
        if failure is not None:
            return failure
        value = self._found(answer)
        if isinstance(value, Misbehaving):
            return value
        if not isinstance(value, str) or not value:
            return DeniedBySource("the login was answered without a token")
        return read_token(value, None if self.lifetime_s is None else int(self.lifetime_s))

    def _found(self, answer: HttpAnswer) -> object:
        if self.cookie is not None:
            return answer.cookies.get(self.cookie)
        document = parse_answer(answer, MAX_TOKEN_BYTES)
        return document if isinstance(document, Misbehaving) else find(document, self.token or ())
