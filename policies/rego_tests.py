"""Runs the policy's own tests on the embedded engine: `python -m policies.rego_tests [folder]`.

Every rule `test_…` of a `*_test.rego` file must be true; `todo_…` is skipped. Exit status 1 if one
is not, or if there is none. `opa test` runs the same files on a real OPA.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import orjson

from policies.embedded import new_engine
from policies.lint import package_of, parse, rule_names
from policies.sources import POLICY_FOLDER, PolicyFile, read_files

Verdict = Literal["passed", "failed", "skipped"]


@dataclass(frozen=True, slots=True)
class TestResult:
    """One test: its path as Rego names it, what came of it, and why it failed."""

    file: str
    name: str
    verdict: Verdict
    cause: str = ""


def run_tests(folder: Path = POLICY_FOLDER) -> list[TestResult]:
    """Run all tests below a folder."""
    return run_tests_of(read_files(folder))


def run_tests_of(files: Sequence[PolicyFile]) -> list[TestResult]:
    """Run all tests among these files."""
    engine = new_engine()
    engine.set_input_json("{}")
    for file in files:
        parse(file)  # refuses what would take the parser minutes
        engine.add_policy(file.name, file.text)
    return [
        TestResult(file.name, name, *_verdict(engine, name))
        for file in files
        if file.is_test
        for name in _tests_of(file)
    ]


def _tests_of(file: PolicyFile) -> Iterator[str]:
    tree = parse(file)
    for rule in rule_names(tree):
        if rule.startswith(("test_", "todo_")):
            yield f"data.{package_of(tree)}.{rule}"


def _verdict(engine: object, name: str) -> tuple[Verdict, str]:
    if name.rpartition(".")[2].startswith("todo_"):
        return "skipped", ""
    try:
        value = orjson.loads(engine.eval_rule_as_json(name))  # type: ignore[attr-defined]
    except RuntimeError as error:
        return "failed", str(error).partition("Stack backtrace")[0].strip()
    return ("passed", "") if value is True else ("failed", f"was {value}")


def main(arguments: list[str]) -> int:
    """Print each failure and a summary; return the exit status."""
    results = run_tests(Path(arguments[0]) if arguments else POLICY_FOLDER)
    for result in results:
        if result.verdict == "failed":
            sys.stdout.write(f"FAILED {result.file}: {result.name}: {result.cause}\n")
    counts = {word: sum(r.verdict == word for r in results) for word in ("passed", "failed", "skipped")}
    sys.stdout.write("policy tests: " + ", ".join(f"{n} {word}" for word, n in counts.items()) + "\n")
    return 1 if counts["failed"] or not results else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
