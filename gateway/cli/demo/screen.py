"""What the demonstration shows: plain sentences, progress over a second, small tables."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from rich.console import Console
from rich.panel import Panel
from rich.table import Table

_STATUS_STYLES = {"ok": "green", "denied": "yellow", "not_found": "cyan", "not_asked": "dim"}


class Screen:
    """Writes to a terminal, or plainly into a file."""

    def __init__(self) -> None:
        self._console = Console(highlight=False)
        self._steps = 0

    @contextmanager
    def working(self, what: str) -> Iterator[None]:
        """Show that something is under way."""
        with self._console.status(what):
            yield
        self.say(f"[green]✓[/] {what}")

    def step(self, title: str, text: str) -> None:
        """Begin one step of the story."""
        self._steps += 1
        self._console.print()
        self._console.print(Panel(text, title=f"{self._steps}. {title}", title_align="left", width=100))

    def say(self, text: str) -> None:
        """One line; the terminal wraps it, so that a path can be copied whole."""
        self._console.print(text, soft_wrap=True)

    def view(self, document: Mapping[str, Any], names: Sequence[str] | None = None) -> None:
        """A view's attributes: value, status, who said it."""
        table = Table(box=None, padding=(0, 2, 0, 0))
        for heading in ("attribute", "value", "status", "from"):
            table.add_column(heading, no_wrap=heading != "value", overflow="fold")
        for name, claim in document["attributes"].items():
            if names is None or name in names:
                style = _STATUS_STYLES.get(claim["status"], "red")
                value = "" if claim["value"] is None else _short(claim["value"])
                table.add_row(name, value, f"[{style}]{claim['status']}[/]", claim["source"] or "")
        self._console.print(table)

    def lines(self, title: str, lines: Sequence[tuple[str, str]]) -> None:
        """Commands to copy, each under a sentence; printed without wrapping."""
        self._console.print(f"\n[bold]{title}[/]")
        for sentence, command in lines:
            self._console.print(f"\n  {sentence}")
            self._console.print(command, soft_wrap=True, markup=False, style="cyan")


def _short(value: Any) -> str:
    """A value in at most sixty characters; lists by their length."""
    if isinstance(value, list):
        return f"{len(value)} " + ("entry" if len(value) == 1 else "entries")
    if isinstance(value, bool):
        return "yes" if value else "no"
    text = (
        ", ".join(f"{key} {item}" for key, item in value.items()) if isinstance(value, dict) else str(value)
    )
    return text if len(text) <= 60 else text[:57] + "…"
