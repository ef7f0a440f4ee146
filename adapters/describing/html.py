"""The page as HTML, printable: nothing from elsewhere, no script, every text escaped."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from html import escape
from typing import Final

from adapters.describing.drawing import draw
from adapters.describing.facts import ServiceFacts, SourceFacts
from adapters.describing.markdown import COLUMNS, LEAD, about, lead, rows

_STYLE: Final = """
body{font:15px/1.45 system-ui,sans-serif;color:#1c1c1c;background:#fff;margin:2rem;max-width:60rem}
h1{font-size:1.5rem;margin:0 0 .3rem}h2{font-size:1.15rem;margin:2.2rem 0 .5rem}
section.source+section.source{break-before:page;margin-top:3rem}
dl{display:grid;grid-template-columns:max-content 1fr;gap:.2rem 1rem}dt{color:#444}
dd{margin:0;overflow-wrap:anywhere}
table{border-collapse:collapse;width:100%}th,td{border:1px solid #b8b8b8;padding:.3rem .55rem;text-align:left;
vertical-align:top;overflow-wrap:anywhere}thead th{background:#eef1f4}svg{max-width:100%;height:auto}
caption{text-align:left;color:#444;padding:.2rem 0}
@media print{body{margin:0;font-size:11px}tr{break-inside:avoid}}
"""


def html(sources: list[SourceFacts]) -> str:
    """One document for several sources."""
    title = sources[0].title if len(sources) == 1 else f"{len(sources)} sources"
    return (
        '<!DOCTYPE html>\n<html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        '<meta http-equiv="Content-Security-Policy"'
        " content=\"default-src 'none'; style-src 'unsafe-inline'\">"
        f"<title>{escape(title)}</title><style>{_STYLE}</style></head><body><main>"
        f"{''.join(map(_source, sources))}</main></body></html>\n"
    )


def _source(source: SourceFacts) -> str:
    services = "".join(part for service in source.services for part in _service(service, source.title))
    return (
        f'<section class="source"><h1>{escape(source.title)}</h1>'
        f"<p>{escape(LEAD)}</p>"
        f"{_pairs(lead(source))}{services}</section>"
    )


def _service(service: ServiceFacts, system: str) -> Iterator[str]:
    yield f"<h2>{escape(service.title)} (<code>{escape(service.name)}</code>)</h2>"
    yield _pairs(about(service))
    yield draw(service, system)
    if service.fields:
        head = "".join(f'<th scope="col">{name}</th>' for name in COLUMNS)
        lines = "".join(_line(row) for row in rows(service))
        caption = f"<caption>Fields of {escape(service.name)}</caption>"
        yield f"<table>{caption}<thead><tr>{head}</tr></thead><tbody>{lines}</tbody></table>"


def _line(row: Sequence[str]) -> str:
    first, *others = row
    cells = "".join(f"<td>{escape(cell)}</td>" for cell in others)
    return f'<tr><th scope="row"><code>{escape(first)}</code></th>{cells}</tr>'


def _pairs(pairs: list[tuple[str, str]]) -> str:
    return f"<dl>{''.join(f'<dt>{escape(name)}</dt><dd>{escape(value)}</dd>' for name, value in pairs)}</dl>"
