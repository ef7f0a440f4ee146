"""Listening to what sources answer, for whoever captures a fixture; tokens and logins are not heard."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass

from adapters.http.answers import HttpAnswer


@dataclass(frozen=True, slots=True)
class Heard:
    """An answer, and the request it is to: `METHOD /path?query`."""

    asked: str
    answer: HttpAnswer


LISTENER: ContextVar[Callable[[Heard], None] | None] = ContextVar("LISTENER", default=None)
"""Who listens in this task; nobody in a gateway."""


@contextmanager
def heard_answers() -> Iterator[list[Heard]]:
    """The answers that arrive meanwhile, in their order."""
    answers: list[Heard] = []
    token = LISTENER.set(answers.append)
    try:
        yield answers
    finally:
        LISTENER.reset(token)
