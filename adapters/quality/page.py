"""Reports as one self-contained HTML page, for printing: no script, no address, every text escaped."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from typing import Final

from adapters.quality.report import ServiceQuality
from adapters.quality.wording import Section, percent, sections

_STYLE: Final = (
    "body{font:10.5pt/1.5 system-ui,sans-serif;max-width:60em;margin:2em auto;padding:0 1em;color:#111}"
    "h1{font-size:1.5em}h2{font-size:1.3em;margin-top:2em}h3{font-size:1.05em;margin:1.4em 0 .4em}"
    "table{border-collapse:collapse;width:100%}th,td{border-bottom:1px solid #bbb;padding:.25em .6em;"
    "text-align:left;vertical-align:top}th{font-weight:600}td.n{text-align:right;"
    "font-variant-numeric:tabular-nums}p{margin:.3em 0}.lead{color:#333}"
    "@media print{body{margin:0;max-width:none}section{break-inside:avoid}h2{break-before:auto}}"
)
_POLICY: Final = "default-src 'none'; style-src 'unsafe-inline'"
_WIDTH: Final = 120


def page(reports: Sequence[ServiceQuality]) -> str:
    """The page of some services."""
    title = "Data quality: " + ", ".join(sorted({report.source for report in reports}))
    services = "".join(_service(report) for report in reports)
    return (
        '<!DOCTYPE html>\n<html lang="en"><head><meta charset="utf-8">'
        f'<meta http-equiv="Content-Security-Policy" content="{_POLICY}">'
        f"<title>{escape(title)}</title><style>{_STYLE}</style></head><body><h1>{escape(title)}</h1>"
        '<p class="lead">Counts only: no value of any record stands here. '
        "Made by <code>isthmus source quality</code> where the data are kept.</p>"
        f"{services}</body></html>\n"
    )


def _service(report: ServiceQuality) -> str:
    first, *others = sections(report)
    lead = "".join(f"<p>{escape(text)}</p>" for text in first.sentences)
    return f"<h2>{escape(first.title)}</h2>{lead}{''.join(map(_section, others))}"


def _section(section: Section) -> str:
    sentences = "".join(f"<p>{escape(text)}</p>" for text in section.sentences)
    return f"<section><h3>{escape(section.title)}</h3>{sentences}{_table(section)}</section>"


def _table(section: Section) -> str:
    if not section.rows:
        return ""
    bars = [_bar(share) for share in section.shares] or [""] * len(section.rows)
    head = "".join(f'<th scope="col">{escape(name)}</th>' for name in section.columns)
    head += '<th scope="col"><span>share</span></th>' if section.shares else ""
    rows = "".join(
        f"<tr>{''.join(map(_cell, row))}{bar}</tr>" for row, bar in zip(section.rows, bars, strict=True)
    )
    return f"<table><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table>"


def _cell(text: str) -> str:
    number = text.removesuffix(" %").replace(".", "", 1).isdecimal()
    return f'<td class="n">{escape(text)}</td>' if number else f"<td>{escape(text)}</td>"


def _bar(share: float | None) -> str:
    filled = round(_WIDTH * (share or 0), 1)
    label = escape(percent(share)) or "nothing"
    return (
        f'<td><svg width="{_WIDTH}" height="12" role="img" aria-label="{label}">'
        f'<rect width="{_WIDTH}" height="12" fill="#e6e6e6"/>'
        f'<rect width="{filled}" height="12" fill="#1f5f8b"/></svg></td>'
    )
