"""Nothing but outcomes: whatever an adapter raises becomes one, except cancellation.

A question the service does not answer is `DeniedBySource`: the source's own file refuses it. The
text of any other error may quote a value or a secret, so only its class is told.
"""

from __future__ import annotations

import logging

from adapters.contract import Query
from adapters.wrappers.wrapper import Wrapper
from schemas.errors import ConfigurationError, RequestError
from schemas.outcome import DeniedBySource, Misbehaving, Outcome, Unanswered, Unavailable

_logger = logging.getLogger(__name__)


class OutcomesOnly(Wrapper):
    """Turns errors into outcomes."""

    async def health(self) -> Unanswered | None:
        """As `Adapter.health`; an error is an answer too."""
        try:
            return await self.inner.health()
        except Exception as error:  # noqa: BLE001 - the border: nothing else may cross it
            return outcome_of_error(error)

    async def fetch(self, query: Query) -> Outcome:
        """As `Adapter.fetch`; never raises but CancelledError."""
        try:
            return await self.inner.fetch(query)
        except Exception as error:  # noqa: BLE001 - the border: nothing else may cross it
            return outcome_of_error(error)


def outcome_of_error(error: Exception) -> Unanswered:
    """The outcome that an error stands for, without its text unless the text is ours."""
    match error:
        case RequestError():
            return DeniedBySource(error.detail)
        case ConfigurationError():
            return Misbehaving(error.detail)
        case TimeoutError():
            return Unavailable("the source took too long", timeout=True)
        case OSError():
            return Unavailable("the source cannot be reached")
        case _:
            _logger.error("an adapter failed with %s", type(error).__name__)
            return Misbehaving(f"the adapter failed with {type(error).__name__}")
