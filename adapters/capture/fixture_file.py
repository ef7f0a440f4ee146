"""The fixture file beside a source file: captured cases are added at its end."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import yaml

from adapters.capture.capturing import Captured
from adapters.fixtures import outcome_name
from adapters.yaml_lines import load


def add_cases(source_file: Path, captured: Sequence[Captured]) -> tuple[Path, list[str]]:
    """Write cases to `fixtures/<file>`; gives the file and the cases' names, made unique.

    Raises:
        ConfigurationError: the fixture file that is there cannot be read.
    """
    path = source_file.parent / "fixtures" / source_file.name
    taken = {case["name"] for case in load(path).value["cases"]} if path.exists() else set()
    names: list[str] = []
    text = path.read_text(encoding="utf-8").rstrip("\n") + "\n" if path.exists() else "cases:\n"
    for one in captured:
        name = _unique(str(one.case["name"]) or outcome_name(one.outcome), taken)
        taken.add(name)
        names.append(name)
        text += _entry({**one.case, "name": name})
    path.parent.mkdir(exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return path, names


def _unique(name: str, taken: set[str]) -> str:
    if name not in taken:
        return name
    return next(f"{name} {number}" for number in range(2, len(taken) + 3) if f"{name} {number}" not in taken)


def _entry(case: dict[str, object]) -> str:
    text = yaml.safe_dump([case], sort_keys=False, allow_unicode=True, width=110)
    return "".join(f"  {line}\n" for line in text.splitlines())
