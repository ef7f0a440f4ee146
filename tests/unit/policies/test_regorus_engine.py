"""The embedded engine: its traps, each closed, and what a decision costs."""

from __future__ import annotations

import asyncio
import sys
import threading
import time
from typing import Any

import pytest

from policies.regorus_engine import RegorusEngine
from policies.sources import PolicyFile, PolicySources, load_sources
from schemas.errors import ConfigurationError, PolicyUnavailable
from schemas.record import MAX_FIELDS, MAX_PREDICATES
from tests.unit.policies.questions import question

RULE = """\
# METADATA
# title: t
# description: d
package isthmus.exchange

import rego.v1

"""


def engine_of(body: str) -> RegorusEngine:
    """An engine whose whole policy is this body."""
    return RegorusEngine(PolicySources((PolicyFile("exchange.rego", f"{RULE}{body}\n"),), "v1"))


FAULTS = {
    "undefined": "decision := 1 if input.purpose == 2",
    "null": "decision := null",
    "true": "decision := true",
    "a number": "decision := 1",
    "allow only": 'decision := {"allow": true}',
    "no version": """decision := {
	"allow": true, "reasons": [], "fields": ["income_band"], "predicates": [], "obligations": {}, "policy_version": ""
}""",
    "a field not asked": """decision := {
	"allow": true, "reasons": [], "fields": ["employer"], "predicates": [], "obligations": {}, "policy_version": "v1"
}""",
    "an unknown duty": """decision := {
	"allow": true, "reasons": [], "fields": [], "predicates": [], "obligations": {"x": 1}, "policy_version": "v1"
}""",
}
FAILURES = {
    "division by zero": "decision := 1 / input.agreement.services",
    "a strict built-in": "decision := 1 if { x := input.purpose; not format_int(x, 10) }",
    "conflicting rules": "decision := 1\n\ndecision := 2",
    "no such rule": "other := 1",
    "no such function": "decision := data.isthmus.nowhere.f(1)",
}


@pytest.mark.parametrize("body", FAULTS.values(), ids=FAULTS.keys())
async def test_decide__result_is_no_decision__is_refused(body):
    """Undefined, ill-typed or over-generous results refuse."""
    decision = await engine_of(body).decide(question())
    assert (decision.allow, decision.reasons) == (False, ("policy.unavailable",))


async def test_evaluate__undefined__is_none_as_on_opa():
    """Undefined is regorus's text `"<undefined>"`, which would be truthy."""
    assert await engine_of(FAULTS["undefined"]).evaluate(b"{}") is None


@pytest.mark.parametrize("body", FAILURES.values(), ids=FAILURES.keys())
async def test_decide__evaluation_fails__policy_is_unavailable(body):
    """What regorus raises comes out as PolicyUnavailable."""
    with pytest.raises(PolicyUnavailable):
        await engine_of(body).decide(question(agreement__services=0))


async def test_decide__input_refused_by_regorus__the_previous_one_is_not_decided():
    """The engine keeps the previous input when it refuses one: then nothing is evaluated."""
    engine = RegorusEngine()
    assert (await engine.decide(question())).allow
    deep: Any = []
    for _ in range(200):
        deep = [deep]
    with pytest.raises(PolicyUnavailable):
        await engine.decide(question(user=deep))
    assert (await engine.decide(question())).allow


async def test_decide__two_questions_after_each_other__do_not_mix():
    """Nothing of one input is left for the next."""
    engine = RegorusEngine()
    assert (await engine.decide(question())).allow
    assert not (await engine.decide(question(purpose="marketing"))).allow
    assert not (await engine.decide(question(subject={}))).allow
    assert (await engine.decide(question())).allow


def test_decide__from_other_threads__each_has_its_own_engine():
    """An Engine belongs to one thread; ours may be asked from any."""
    engine = RegorusEngine()
    allowed: list[bool] = []

    def ask() -> None:
        allowed.append(asyncio.run(engine.decide(question())).allow)

    threads = [threading.Thread(target=ask) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert allowed == [True] * 3


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
async def test_decide__regorus_panics__policy_is_unavailable_and_the_engine_is_replaced():
    """A panic is a BaseException: it denies, ends nothing, and the next question is decided."""
    engine = RegorusEngine()
    foreign: list[Any] = []
    thread = threading.Thread(target=lambda: foreign.append(engine._loaded.engine()))
    thread.start()
    thread.join()
    engine._loaded.of_thread.engine = foreign.pop()
    with pytest.raises(PolicyUnavailable, match="PanicException"):
        await engine.decide(question())
    assert (await engine.decide(question())).allow


@pytest.mark.parametrize("stop", [KeyboardInterrupt, SystemExit, asyncio.CancelledError])
async def test_evaluate__told_to_stop__stops(stop):
    """A panic is caught; a wish to end the process or the task is not."""

    class StoppingEngine:
        def set_input_json(self, text: str) -> None:
            raise stop

    engine = RegorusEngine()
    engine._loaded.of_thread.engine = StoppingEngine()
    with pytest.raises(stop):
        await engine.evaluate(b"{}")


def test_init__regorus_is_missing__names_the_cure(monkeypatch):
    """On other platforms the OPA engine is the cure, and the error says so."""
    monkeypatch.setitem(sys.modules, "regorus", None)
    with pytest.raises(ConfigurationError, match="OPA"):
        RegorusEngine()


def test_init__policy_file_is_refused_by_the_lint__engine_is_not_built():
    """Nothing is loaded that the lint refuses."""
    with pytest.raises(ConfigurationError, match=r"http\.send"):
        engine_of("decision := http.send({})")


def test_policy_version__other_text__is_another_version(tmp_path):
    """The version is a digest of what decides; tests do not count."""
    (tmp_path / "a.rego").write_text("x")
    first = load_sources(tmp_path).version
    (tmp_path / "a_test.rego").write_text("y")
    assert load_sources(tmp_path).version == first
    (tmp_path / "a.rego").write_text("z")
    assert load_sources(tmp_path).version != first
    assert len(first) == 16


def test_load_sources__no_files__is_refused(tmp_path):
    """A policy of no files is a mistake in the settings."""
    with pytest.raises(ConfigurationError):
        load_sources(tmp_path)


async def test_decide__largest_question__stays_cheap():
    """The engine cannot be interrupted, so the worst permitted input must be cheap.

    As many fields and predicates as a request may carry, against as many agreed, none equal until
    the last: about 3 ms; the bound leaves room for a loaded machine.
    """
    names = [f"field_{number}" for number in range(MAX_FIELDS)]
    asked = [{"field": "a", "op": "lt", "value": number} for number in range(MAX_PREDICATES)]
    hard = question(
        fields=names,
        predicates=asked,
        agreement__fields=names[::-1],
        agreement__predicates=asked[::-1],
    )
    engine = RegorusEngine()
    assert (await engine.decide(hard)).allow
    durations = []
    for _ in range(5):
        begin = time.perf_counter()
        await engine.decide(hard)
        durations.append(time.perf_counter() - begin)
    assert min(durations) < 0.02
