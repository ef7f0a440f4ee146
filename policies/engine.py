"""May this client, for this purpose, see these fields? The engine contract (DESIGN section 7).

`PolicyEngine` is what the exchange sees. `RegoEngine` is what every engine shares, so that the
order holds in every mode: the fixed check, then Rego, then the one reading of its result. An engine
implements only `evaluate`, and whatever goes wrong in there comes out as `PolicyUnavailable`:
nothing but a well-formed decision is ever an allow.

Bounds on what strangers send are `schemas.strict_json`'s; here the whole input is bounded once more.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Any, Final, Protocol

import orjson

from policies.fixed_check import failed_checks
from policies.result import read_decision
from schemas.decision import Decision, DecisionInput
from schemas.errors import PolicyUnavailable

ENTRYPOINT: Final = "data.isthmus.exchange.decision"
"""The one rule that is evaluated."""

MAX_INPUT_BYTES: Final = 256 * 1024
"""A larger input document is not evaluated: it denies."""


class PolicyEngine(Protocol):
    """Decides exchanges."""

    @property
    def policy_version(self) -> str:
        """Short digest of the policy files that decide; empty while unknown."""
        ...

    async def decide(self, question: DecisionInput) -> Decision:
        """Decide one exchange.

        A result that is not a trustworthy decision is a refusal with the reason
        `policy.unavailable`.

        Raises:
            PolicyUnavailable: the engine failed, or did not answer in time. Nothing else.
        """
        ...

    async def close(self) -> None:
        """Let go of connections; the engine decides nothing afterwards."""
        ...


class RegoEngine(ABC):
    """A `PolicyEngine` on Rego: the steps around the evaluation."""

    @property
    @abstractmethod
    def policy_version(self) -> str:
        """As `PolicyEngine.policy_version`."""

    async def decide(self, question: DecisionInput) -> Decision:
        """As `PolicyEngine.decide`."""
        failed = failed_checks(question)
        if failed:
            return Decision.refuse(*failed, policy_version=self.policy_version)
        try:
            result = await self.evaluate(_input_bytes(question))
        except PolicyUnavailable:
            raise
        except Exception as error:  # noqa: BLE001  the promise of `decide`
            # The cause's type only: an engine's message may quote the input.
            raise PolicyUnavailable(f"policy evaluation failed: {type(error).__name__}") from None
        return read_decision(result, question, self.policy_version)

    @abstractmethod
    async def evaluate(self, input_document: bytes) -> Any:
        """Evaluate `ENTRYPOINT` for one input document (JSON); return its parsed value.

        May raise anything; an undefined result is returned as None.
        """

    async def close(self) -> None:  # noqa: B027  an engine without connections has nothing to close
        """As `PolicyEngine.close`."""


def _input_bytes(question: DecisionInput) -> bytes:
    """The input document. orjson refuses what is no JSON, and writes NaN as null, which denies."""
    document = orjson.dumps(question.as_json())
    if len(document) > MAX_INPUT_BYTES:
        raise PolicyUnavailable(f"the policy input is longer than {MAX_INPUT_BYTES} bytes")
    return document
