"""The revenue authority's old system: a text protocol over HTTPS, answers in lines of KEY=VALUE.

    POST /cgi/assess     PIN=0000000017&YEAR=latest      with HTTP Basic credentials

    STATUS=OK            STATUS=NONE            STATUS=ERR
    YEAR=2025                                   TEXT=...
    BAND=2
    END

The first line tells how it went, `END` that the answer is whole. Everything around (deadline, retry,
cutting to the asked fields, the check against the canonical schema) is done by the gateway.
"""

from __future__ import annotations

import ssl
from collections.abc import AsyncIterator, Mapping, Sequence
from typing import Any, Final

import httpx

from adapters.custom import (
    Denied,
    Misbehaving,
    NotFound,
    Offer,
    Question,
    Secret,
    SourceAdapter,
    Unavailable,
)

BANDS: Final = {"0": "none", "1": "low", "2": "middle", "3": "high"}
STATES: Final = {"A": "registered", "C": "deregistered"}


class OldTax(SourceAdapter):
    """Reads assessments of the old tax system."""

    class Config(SourceAdapter.Config):
        """How it is reached."""

        base_url: str
        user: str
        password: Secret
        ca_file: str | None = None

    config: Config

    async def open(self) -> None:
        """One client for all questions; it neither follows redirects nor reads the environment."""
        password = self.config.password.get_secret_value()
        self._client = httpx.AsyncClient(
            base_url=self.config.base_url,
            auth=httpx.BasicAuth(self.config.user, password),
            verify=ssl.create_default_context(cafile=self.config.ca_file),
            trust_env=False,
            timeout=self.limits.timeout_s,
        )

    async def close(self) -> None:
        """Close the connections."""
        await self._client.aclose()

    async def health(self) -> None:
        """Ask nothing, with our credentials."""
        await self._answer("/cgi/assess", {"PIN": "", "YEAR": "latest"})

    async def discover(self) -> Sequence[Offer]:
        """One service."""
        return [
            Offer(
                name="income-band",
                title="Income band of one person",
                canonical="tax_status/1",
                subjects={"national_id": "[0-9]{10}"},
                fields=("tax_year", "taxpayer_status", "income_band"),
            )
        ]

    async def fetch(self, question: Question) -> AsyncIterator[Mapping[str, Any]]:
        """Yield one record for every block of lines."""
        answer = await self._answer("/cgi/assess", {"PIN": str(question.value), "YEAR": "latest"})
        if answer["STATUS"] == "NONE":
            raise NotFound
        for block in answer["BLOCKS"]:
            try:
                yield {
                    "tax_year": int(block["YEAR"]),
                    "taxpayer_status": STATES[block["STATE"]],
                    "income_band": BANDS[block["BAND"]],
                }
            except (KeyError, ValueError):
                raise Misbehaving("an assessment is not as the old system announced it") from None

    async def _answer(self, path: str, form: Mapping[str, str]) -> dict[str, Any]:
        """The lines of an answer; `BLOCKS` are its assessments."""
        try:
            async with self._client.stream("POST", path, data=form) as answer:
                _check(answer)
                text = await self._text(answer)
        except httpx.TransportError:
            raise Unavailable("the old tax system does not answer") from None
        lines = text.split()
        if not lines or lines[-1] != "END" or lines[0] not in {"STATUS=OK", "STATUS=NONE"}:
            raise Misbehaving("the old tax system did not give a whole answer")
        return {"STATUS": lines[0].partition("=")[2], "BLOCKS": _blocks(lines[1:-1])}

    async def _text(self, answer: httpx.Response) -> str:
        body = bytearray()
        async for chunk in answer.aiter_raw():
            body += chunk
            if len(body) > self.limits.max_bytes:
                raise Misbehaving("the old tax system answers without end")
        return body.decode("ascii", "replace")


def _check(answer: httpx.Response) -> None:
    """Say what a status other than 200 means."""
    if answer.status_code in {401, 403}:
        raise Denied("the old tax system refuses our account")
    if answer.status_code == 429 or answer.status_code >= 500:
        pause = answer.headers.get("Retry-After", "")
        after = float(pause) if pause.isdecimal() else None
        raise Unavailable("the old tax system cannot answer now", retry_after_s=after)
    if answer.status_code != 200 or not answer.headers.get("Content-Type", "").startswith("text/plain"):
        raise Misbehaving("the old tax system gave something that is no answer")


def _blocks(lines: Sequence[str]) -> list[dict[str, str]]:
    """One assessment for each line YEAR=…, with the lines below it."""
    blocks: list[dict[str, str]] = []
    for line in lines:
        name, _, value = line.partition("=")
        if name == "YEAR":
            blocks.append({})
        if not blocks:
            raise Misbehaving("the old tax system did not give a whole answer")
        blocks[-1][name] = value
    return blocks
