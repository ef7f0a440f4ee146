"""A walk: a page of `docs/walks` whose boxes are run word by word.

Boxes marked `sh` are typed into one shell, `diff` boxes change a file as a person would with an editor,
and each line of a `text` box must stand in what the last box said. What the reader has and the test must
make is in comments that the page does not show:

    <!-- test: run tax at http://localhost -->                    a system of Lumeria, at this address
    <!-- test: put examples/lumeria/tax.wsdl as tax.wsdl -->      a file
    <!-- test: secret LUMERIA_TAX_PASSWORD as password -->        a file with the system's secret
    <!-- test: gateway of LM/GOV/TAX/income -->                   gateway.yaml
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

_PART = re.compile(
    r"^<!-- test: (?P<task>[^\n]*) -->$|^```(?P<kind>sh|diff|text)\n(?P<box>.*?)^```$",
    re.DOTALL | re.MULTILINE,
)
_COMMAND = re.compile(r"^\s*isthmus ", re.MULTILINE)


@dataclass(frozen=True)
class Part:
    """One box of a page, or one of its hidden tasks (`kind` is `task`)."""

    kind: str
    text: str


def parts(page: Path) -> list[Part]:
    """What is run, in the page's order."""
    found = _PART.finditer(page.read_text(encoding="utf-8"))
    return [
        Part("task", match["task"]) if match["task"] is not None else Part(match["kind"], match["box"])
        for match in found
    ]


def commands(page: Path) -> int:
    """How many commands of Isthmus a page needs."""
    return sum(len(_COMMAND.findall(part.text)) for part in parts(page) if part.kind == "sh")


def edit(folder: Path, box: str) -> None:
    """Change a file: `--- FILE`, then lines that stay, go (`-`) and come (`+`)."""
    name, *lines = box.splitlines()
    path = folder / name.removeprefix("--- ")
    old = "".join(line[1:] + "\n" for line in lines if line[:1] in {" ", "-"})
    new = "".join(line[1:] + "\n" for line in lines if line[:1] in {" ", "+"})
    text = path.read_text(encoding="utf-8")
    assert text.count(old) == 1, f"{path.name} has not, or not once:\n{old}\nbut:\n{text}"
    path.write_text(text.replace(old, new), encoding="utf-8")
