"""Listening to what sources answer, for whoever captures a fixture; tokens and logins are not heard."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar

from adapters.http.answers import HttpAnswer

LISTENER: ContextVar[Callable[[HttpAnswer], None] | None] = ContextVar("LISTENER", default=None)
"""Who listens in this task; nobody in a gateway."""


@contextmanager
def heard_answers() -> Iterator[list[HttpAnswer]]:
    """The answers that arrive meanwhile, in their order."""
    answers: list[HttpAnswer] = []
    token = LISTENER.set(answers.append)
    try:
        yield answers
    finally:
        LISTENER.reset(token)
