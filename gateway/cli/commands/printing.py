"""How commands answer: one JSON document with `--json`, else lines and tables for people.

Whatever comes from outside may hold control characters that a terminal obeys; they are replaced.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Annotated, Any, Final

import typer

_META: Final = "isthmus.json"
_PIPE_WIDTH: Final = 10_000
"""Where no terminal says how wide it is, each row is one line."""


def _remember(ctx: typer.Context, value: bool) -> bool:
    ctx.meta[_META] = value
    return value


Json = Annotated[
    bool, typer.Option("--json", callback=_remember, is_eager=True, help="Print one JSON document.")
]
"""The option that every command has."""


def as_json(ctx: Any) -> bool:
    """Whether the command that ran in this context was asked for JSON."""
    return bool(ctx.meta.get(_META, False))


@dataclass(frozen=True, slots=True)
class Table:
    """A table for people; cells are texts, `None` an empty one."""

    columns: Sequence[str]
    rows: Sequence[Sequence[object]]
    title: str | None = None


def answer(document: Any, *parts: Table | str, json: bool) -> None:
    """Print the document, or else the parts in their order."""
    if json:
        print_json(document)
        return
    for part in parts:
        if isinstance(part, Table):
            _print_table(part)
        else:
            sys.stdout.write(plain(part) + "\n")


def print_json(document: Any) -> None:
    """Print one document, indented."""
    import orjson

    sys.stdout.write(orjson.dumps(document, option=orjson.OPT_INDENT_2).decode() + "\n")


def plain(text: str) -> str:
    """The text without control characters, line ends excepted."""
    return "".join(mark if mark.isprintable() or mark == "\n" else "\ufffd" for mark in text)


def moment(seconds: int | None) -> str:
    """Epoch seconds as a person reads them, UTC."""
    return "" if seconds is None else f"{datetime.fromtimestamp(seconds, UTC):%Y-%m-%d %H:%M:%S}"


def words(values: Iterable[object]) -> str:
    """Several values in one cell."""
    return ", ".join(str(value) for value in values)


def value_text(value: Any) -> str:
    """A JSON value in one cell."""
    if value is None or isinstance(value, str):
        return value or ""
    if isinstance(value, (Mapping, list)):
        import orjson

        return orjson.dumps(value).decode()
    return str(value)


@contextmanager
def progress(what: str, total: int, *, show: bool) -> Iterator[Callable[[], None]]:
    """A bar on standard error, where a person looks at it; call what it gives after each step."""
    if not (show and sys.stderr.isatty()):
        yield lambda: None
        return
    from rich.console import Console
    from rich.progress import Progress

    with Progress(console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task(what, total=total)
        yield lambda: bar.advance(task)


def _print_table(table: Table) -> None:
    from rich import box
    from rich.console import Console
    from rich.table import Table as RichTable

    terminal = sys.stdout.isatty()
    console = Console(markup=False, emoji=False, highlight=False, width=None if terminal else _PIPE_WIDTH)
    drawn = RichTable(*table.columns, title=table.title, title_justify="left", box=box.SIMPLE_HEAD)
    for column in drawn.columns:
        column.overflow = "fold"
    for row in table.rows:
        drawn.add_row(*(plain(value_text(cell)) for cell in row))
    console.print(drawn)
