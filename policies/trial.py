"""A policy on trial, in a process of its own: `python -m policies.trial < candidate.json`.

The embedded engine can neither be interrupted nor fenced in, so a policy that is new is first loaded
where it can be killed. In this order: the lint, the policy's own tests, what a gateway never does
(allow an empty question, or one without an agreement), and the cost of the dearest questions that
the exchange lets through. `on_trial` starts the process and gives it so many seconds.

The verdict is one line of JSON, `{"complaint": null}` for a good policy.
"""

from __future__ import annotations

import asyncio
import sys
import time
from collections.abc import Iterable, Iterator, Sequence
from importlib.util import find_spec
from typing import Any, Final

import orjson

from policies.engine import ENTRYPOINT
from policies.lint import check_sources
from policies.rego_tests import run_tests_of
from policies.regorus_engine import build_engine
from policies.sources import PolicyFile, PolicySources
from schemas.errors import ConfigurationError
from schemas.record import MAX_FIELDS, MAX_PREDICATES

TRIAL_S: Final = 20.0
"""A trial that takes longer is a failed one."""

MAX_COST_S: Final = 0.02
"""CPU time of the dearest question; the shipped policy takes about 3 ms."""

_ROUNDS: Final = 3
_PATHS: Final = 64
_SEGMENTS: Final = 200


async def on_trial(sources: PolicySources, tests: Sequence[PolicyFile], *, limit_s: float = TRIAL_S) -> None:
    """Try a policy with its tests in a child process, which is killed when it does not end in time.

    Raises:
        ConfigurationError: the policy must not be loaded; says why.
    """
    if find_spec("regorus") is None:
        return  # on such a platform an OPA decides, and it checks the bundle itself before it takes it
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "policies.trial",
        stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.DEVNULL,
    )  # fmt: skip
    try:
        async with asyncio.timeout(limit_s):
            answer, _ = await process.communicate(_written(sources, tests))
    except TimeoutError:
        raise ConfigurationError(
            f"the policy's trial did not end within {limit_s:g} s; simplify it"
        ) from None
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    try:
        complaint = orjson.loads(answer)["complaint"]
    except (orjson.JSONDecodeError, KeyError, TypeError):
        raise ConfigurationError("the policy's trial broke down; simplify the policy") from None
    if complaint is not None:
        raise ConfigurationError(complaint)


def try_policy(sources: PolicySources, tests: Sequence[PolicyFile]) -> None:
    """Try a policy in this process, which it may hold up for long.

    Raises:
        ConfigurationError: it must not be loaded; says why.
    """
    check_sources(sources.files)
    _check_tests(sources, tests)
    engine = build_engine(sources)
    for question, what in _never_allowed():
        decision = _decide(engine, question)
        if not isinstance(decision, dict) or decision.get("allow") is not False:
            raise ConfigurationError(f"{ENTRYPOINT}: does not refuse {what}; deny by default")
    for question in dear_questions():
        if (cost := _cost(engine, question)) > MAX_COST_S:
            raise ConfigurationError(
                f"{ENTRYPOINT}: takes {cost * 1000:.0f} ms for a large question, where"
                f" {MAX_COST_S * 1000:.0f} ms are the most; loop less"
            )


def dear_questions() -> Iterator[dict[str, Any]]:
    """The dearest questions that the exchange lets through: as much of everything as may be."""
    names = [f"field_{number}" for number in range(MAX_FIELDS)]
    asked = [{"field": "a", "op": "lt", "value": number} for number in range(MAX_PREDICATES)]
    yield _question("record", fields=names, predicates=asked, agreed=(names[::-1], asked[::-1], []))
    path = "/a" * _SEGMENTS
    templates = [path + "/{b}" * number for number in range(1, _PATHS)]
    yield _question("pass_through", path=path, agreed=([], [], [*templates, path]))


def _question(
    form: str, *, agreed: tuple[Any, Any, Any], fields: Iterable[str] = (), predicates: Iterable[Any] = (),
    path: str | None = None,
) -> dict[str, Any]:  # fmt: skip
    client = {"id": "LM/GOV/A/b", "instance": "LM", "class": "GOV", "member": "A", "subsystem": "b"}
    agreement = {
        "id": "trial", "version": 1, "client": client["id"], "provider": "LM/GOV/C/d", "status": "active",
        "valid_from": 0, "valid_until": 2_000_000_000, "absence": "hidden", "service": "LM/GOV/C/d/e",
        "purposes": ["trial"], "legal_bases": ["public_task"], "methods": ["GET"],
        "fields": agreed[0], "predicates": agreed[1], "paths": agreed[2],
    }  # fmt: skip
    return {
        "time": 1_000_000_000,
        "exchange": {"id": "1", "cid": "1", "unsafe": False, "retry": False},
        "client": client, "represents": None, "user": None,
        "service": {"id": "LM/GOV/C/d/e", "form": form, "method": "GET" if path else None, "path": path},
        "purpose": "trial", "legal_basis": "public_task", "agreement": agreement, "consent": None,
        "subject": {"type": "national_id", "relation": "self", "restricted": None, "area": None},
        "fields": list(fields), "predicates": list(predicates),
        "usage": {"quota_left": True, "repeats_left": True}, "emergency": None,
    }  # fmt: skip


def _never_allowed() -> Iterator[tuple[dict[str, Any], str]]:
    yield {}, "an empty question"
    yield {**next(dear_questions()), "agreement": None}, "a question without an agreement"


def _check_tests(sources: PolicySources, tests: Sequence[PolicyFile]) -> None:
    results = run_tests_of((*sources.files, *tests))
    failed = [result for result in results if result.verdict == "failed"]
    if failed:
        raise ConfigurationError(f"{failed[0].file}: {failed[0].name} fails; correct the rule or the test")
    if not results:
        raise ConfigurationError("the policy has no tests; write some beside its rules")


def _decide(engine: Any, question: dict[str, Any]) -> Any:
    engine.set_input_json(orjson.dumps(question).decode())
    return orjson.loads(engine.eval_rule_as_json(ENTRYPOINT))


def _cost(engine: Any, question: dict[str, Any]) -> float:
    """CPU seconds of one decision, the least of some."""
    costs = []
    for _ in range(_ROUNDS):
        begin = time.thread_time()
        _decide(engine, question)
        costs.append(time.thread_time() - begin)
    return min(costs)


def _written(sources: PolicySources, tests: Iterable[PolicyFile]) -> bytes:
    return orjson.dumps(
        {
            "files": [[file.name, file.text] for file in (*sources.files, *tests)],
            "version": sources.version,
            "national": sources.national,
            "provider": sources.provider,
        }
    )


def _read(data: bytes) -> tuple[PolicySources, tuple[PolicyFile, ...]]:
    document = orjson.loads(data)
    files = tuple(PolicyFile(*item) for item in document["files"])
    rules = tuple(file for file in files if not file.is_test)
    sources = PolicySources(rules, document["version"], document["national"], document["provider"])
    return sources, tuple(file for file in files if file.is_test)


def main() -> int:
    """Read a candidate from standard input, write the verdict; return the exit status."""
    complaint = None
    try:
        try_policy(*_read(sys.stdin.buffer.read()))
    except ConfigurationError as error:
        complaint = error.detail
    except Exception as error:  # noqa: BLE001  whatever it does here, it must not do in a gateway
        complaint = f"the policy fails: {str(error).partition('Stack backtrace')[0].strip()[:300]}"
    sys.stdout.write(orjson.dumps({"complaint": complaint}).decode() + "\n")
    return 0 if complaint is None else 1


if __name__ == "__main__":
    sys.exit(main())
