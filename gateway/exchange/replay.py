"""The replay guard: one statement, one answer.

The unique index of the log's database is the truth (`audit.log`), in the same transaction as the
outcome, and it has the answer's statement. This guard stands before it: it refuses what this process
has seen or is answering now, before any work is done, and it forgets what has expired. Another node
may fetch the same safe exchange twice; only one of them can answer.
"""

from __future__ import annotations

import time
from collections import OrderedDict
from typing import Final

from schemas.errors import Replayed
from schemas.statement import LIFETIME_S, REPLAY_KEPT_S, SKEW_S

MAX_REMEMBERED: Final = 20_000
"""Statements, about 7 MiB; beyond it the oldest are left to the database."""
_REMEMBERED_S: Final = LIFETIME_S + REPLAY_KEPT_S + SKEW_S


class ReplayGuard:
    """Remembers the statements of the last minutes in this process: their identity, and until when."""

    def __init__(self) -> None:
        self._claims: OrderedDict[tuple[str, str], tuple[str, float]] = OrderedDict()

    def claim(self, iss: str, identifier: str, digest: str) -> None:
        """Hold a statement's id; who then cannot answer it gives it back.

        Raises:
            Replayed: it is being answered or was answered; `differs` when the content does.
        """
        earlier = self._claims.get((iss, identifier))
        if earlier is not None:
            raise Replayed("the statement's id was used before", differs=earlier[0] != digest)
        now = time.monotonic()
        self._forget(now)
        self._claims[iss, identifier] = (digest, now + _REMEMBERED_S)

    def give_back(self, iss: str, identifier: str) -> None:
        """Nothing was answered: the same statement may come again."""
        self._claims.pop((iss, identifier), None)

    def _forget(self, now: float) -> None:
        while self._claims:
            key, (_, until) = next(iter(self._claims.items()))
            if until > now and len(self._claims) < MAX_REMEMBERED:
                return
            del self._claims[key]
