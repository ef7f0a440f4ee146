"""`isthmus source docs`: a page about sources for their owner and the data-protection officer."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from gateway.cli.commands.printing import Json, answer

app = typer.Typer()


@app.command("docs")
def describe_sources(
    files: Annotated[
        list[Path], typer.Argument(metavar="FILE…", help="Source files.", exists=True, dir_okay=False)
    ],
    html: Annotated[
        Path | None, typer.Option(help="Write a page with pictures that needs nothing else.")
    ] = None,
    json: Json = False,
) -> None:
    """Tell what leaves a system, made of which columns, in words; the system is not asked."""
    from adapters.describing.facts import facts
    from adapters.describing.html import html as page
    from adapters.describing.markdown import markdown
    from adapters.trying import check_source
    from schemas.errors import ConfigurationError

    wrong = [str(finding) for path in files for finding in check_source(path) if finding.level == "error"]
    if wrong:
        raise ConfigurationError("\n".join(wrong))
    found = [facts(path) for path in files]
    if html is not None:
        html.write_text(page(found), encoding="utf-8")
    written = [f"written: {html}"] if html is not None else [markdown(one) for one in found]
    answer({"sources": [asdict(one) for one in found]}, *written, json=json)
