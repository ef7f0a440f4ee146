"""What an author raises when there is no record: the outcomes of `schemas.outcome`, as exceptions.

A cause says what went wrong in a few words. It never quotes a value; one that does is replaced.
"""

from __future__ import annotations

from typing import Final

from schemas import outcome

_LONGEST_CAUSE: Final = 200
_AT_LEAST_TWO: Final = 2


class Told(Exception):
    """The system, or the lack of it, told an outcome; the classes below say which."""

    def __init__(self, cause: str) -> None:
        super().__init__(cause)
        self.cause = " ".join(cause.split())[:_LONGEST_CAUSE]

    def outcome(self, now: int) -> outcome.NotFound | outcome.Ambiguous | outcome.Unanswered:
        """The outcome it stands for; `now` is epoch seconds."""
        del now
        return outcome.Misbehaving(self.cause)


class NotFound(Told):
    """The system said that it knows nobody of this name. Silence is `Unavailable`."""

    def __init__(self, *, as_of: int | None = None) -> None:
        super().__init__("nobody is known by this name")
        self.as_of = as_of

    def outcome(self, now: int) -> outcome.NotFound:
        """As `Told.outcome`."""
        return outcome.NotFound(now if self.as_of is None else self.as_of)


class Ambiguous(Told):
    """The system knows several. Yielding two records says the same."""

    def __init__(self, candidates: int = _AT_LEAST_TWO) -> None:
        super().__init__("several are known by this name")
        self.candidates = max(candidates, _AT_LEAST_TWO)

    def outcome(self, now: int) -> outcome.Ambiguous:
        """As `Told.outcome`."""
        return outcome.Ambiguous(self.candidates, now)


class Denied(Told):
    """The system refused our credentials, or this question."""

    def outcome(self, now: int) -> outcome.DeniedBySource:
        """As `Told.outcome`."""
        del now
        return outcome.DeniedBySource(self.cause)


class Unavailable(Told):
    """The system gave no answer. `retry_after_s` is the pause it asked for."""

    def __init__(self, cause: str, *, retry_after_s: float | None = None) -> None:
        super().__init__(cause)
        self.retry_after_s = retry_after_s

    def outcome(self, now: int) -> outcome.Unavailable:
        """As `Told.outcome`."""
        del now
        return outcome.Unavailable(self.cause, retry_after_s=self.retry_after_s)


class Misbehaving(Told):
    """The system answered against its own description."""
