"""The embedded engine: regorus, inside the gateway's process.

A decision takes about 0.1 ms, so it runs inline on the event loop: handing it to a thread costs
more and gains nothing, since regorus holds the GIL. It cannot be interrupted, so cost is bounded
beforehand: `policies.lint` refuses what could loop for long, `policies.engine` bounds the input, and
a cost test keeps the largest permitted input cheap.

What of regorus's behaviour this file answers to: an Engine belongs to the thread that built it; a
refused input leaves the previous one in place; undefined is the *text* `"<undefined>"`; a panic is a
BaseException; state only grows, so another policy means other Engines (`replace`).
"""

from __future__ import annotations

import asyncio
import threading
from typing import TYPE_CHECKING, Any, Final

import orjson

from policies.embedded import new_engine
from policies.engine import ENTRYPOINT, RegoEngine
from policies.lint import check_sources
from policies.sources import PolicySources, load_sources
from schemas.errors import PolicyUnavailable

if TYPE_CHECKING:
    from regorus import Engine

_UNDEFINED: Final = "<undefined>"


class RegorusEngine(RegoEngine):
    """Evaluates the policy files in this process."""

    def __init__(self, sources: PolicySources | None = None) -> None:
        """Lint and load the policy files; those of this package unless told otherwise.

        Raises:
            ConfigurationError: regorus is missing on this platform, or a policy file is refused.
        """
        self._loaded = _Loaded(sources or load_sources())
        check_sources(self._loaded.sources.files)
        self._loaded.engine()

    @property
    def policy_version(self) -> str:
        """The version of the policy this engine decides by."""
        return self._loaded.sources.version

    @property
    def sources(self) -> PolicySources:
        """The policy this engine decides by."""
        return self._loaded.sources

    def replace(self, sources: PolicySources) -> None:
        """Decide by another policy from now on: the new one is built whole, then swapped in.

        Raises:
            ConfigurationError: it is refused; the old one stays.
        """
        check_sources(sources.files)
        loaded = _Loaded(sources)
        loaded.engine()
        before, self._loaded = self._loaded, loaded
        before.drop()

    async def close(self) -> None:
        """Let go of this thread's Engine here, since no other thread may."""
        self._loaded.drop()

    async def evaluate(self, input_document: bytes) -> Any:
        """As `RegoEngine.evaluate`."""
        loaded = self._loaded
        try:
            engine = loaded.engine()
            engine.set_input_json(input_document.decode())  # raises: then nothing is evaluated
            text = engine.eval_rule_as_json(ENTRYPOINT)
        except (Exception, KeyboardInterrupt, SystemExit, asyncio.CancelledError):
            raise
        except BaseException as panic:  # noqa: BLE001  pyo3's PanicException
            loaded.drop()
            raise PolicyUnavailable(f"the policy engine broke down: {type(panic).__name__}") from None
        result = orjson.loads(text)
        return None if result == _UNDEFINED else result


class _Loaded:
    """One policy with its Engines, one for each thread."""

    def __init__(self, sources: PolicySources) -> None:
        self.sources = sources
        self.of_thread = threading.local()

    def engine(self) -> Engine:
        """This thread's own Engine, built on first use (about 5 ms)."""
        if not hasattr(self.of_thread, "engine"):
            self.of_thread.engine = build_engine(self.sources)
        engine: Engine = self.of_thread.engine
        return engine

    def drop(self) -> None:
        """Forget this thread's Engine, if there is one; the next question builds it anew."""
        self.of_thread.__dict__.pop("engine", None)


def build_engine(sources: PolicySources) -> Engine:
    """A new Engine of the calling thread, with the policy files and their release document."""
    engine = new_engine()
    for file in sources.files:
        engine.add_policy(file.name, file.text)
    engine.add_data_json(orjson.dumps(sources.release()).decode())
    return engine
