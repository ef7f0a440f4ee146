"""Self-contained HTML pages: the matrix, and the processing register. No script, nothing from elsewhere.

Tables have captions and scoped headers; a cell says in words what its sign means; everything is escaped.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from html import escape
from itertools import groupby
from typing import Final

from gateway.app.insight.matrix import Row
from schemas.strict_json import dump

_STYLE: Final = """
body{font:15px/1.45 system-ui,sans-serif;color:#1c1c1c;background:#fff;margin:2rem;max-width:100rem}
h1{font-size:1.5rem;margin:0 0 .3rem}h2{font-size:1.1rem;margin:2.2rem 0 .5rem}p{margin:.3rem 0}
div.scroll{overflow-x:auto}table{border-collapse:collapse}caption{text-align:left;color:#444;padding:.2rem 0}
th,td{border:1px solid #b8b8b8;padding:.3rem .55rem;text-align:left;vertical-align:top}
thead th{background:#eef1f4}td.yes{background:#e1f0e4}td.masked{background:#fdf0d2}td.no{color:#6a6a6a}
tr.refused td,tr.refused th{background:#f8e5e3}code{font-size:.93em}
@media print{body{margin:0}table{font-size:10px}}
"""


def page(title: str, lead: Sequence[str], body: Iterable[str]) -> str:
    """A whole document."""
    paragraphs = "".join(f"<p>{escape(line)}</p>" for line in lead)
    return (
        '<!DOCTYPE html>\n<html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        '<meta http-equiv="Content-Security-Policy"'
        " content=\"default-src 'none'; style-src 'unsafe-inline'\">"
        f"<title>{escape(title)}</title><style>{_STYLE}</style></head><body><main>"
        f"<h1>{escape(title)}</h1>{paragraphs}{''.join(body)}</main></body></html>\n"
    )


def matrix_page(gateway: str, version: str, rows: Sequence[Row]) -> str:
    """The matrix: one table per service, one column per field."""
    signs = (
        "“yes”: the field leaves as it is; a word such as “year_only”: it leaves masked; “–”: it does not."
    )
    lead = [f"Gateway {gateway}, policy {version}. Each line was decided by the policy engine.", signs]
    ordered = sorted(rows, key=lambda row: row.service)
    tables = (_service_table(name, list(group)) for name, group in groupby(ordered, lambda row: row.service))
    return page("Who sees which fields for which purpose", lead, tables)


def _service_table(service: str, rows: Sequence[Row]) -> str:
    fields = list(dict.fromkeys(name for row in rows for name in row.fields)) or ["the whole answer"]
    head = "".join(
        f'<th scope="col">{escape(name)}</th>'
        for name in ("client", "purpose", "legal basis", *fields, "yes/no questions", "duties", "refused")
    )
    lines = "".join(_line(row, fields) for row in rows)
    return (
        f'<h2><code>{escape(service)}</code></h2><div class="scroll" tabindex="0" role="region"'
        f' aria-label="{escape(service)}"><table><caption>What leaves {escape(service)}</caption>'
        f"<thead><tr>{head}</tr></thead><tbody>{lines}</tbody></table></div>"
    )


def _line(row: Row, fields: Sequence[str]) -> str:
    cells = "".join(_cell(row, name) for name in fields)
    duties = ", ".join(f"{name} {dump(value).decode()}" for name, value in row.duties.items())
    more = "".join(f"<td>{escape(text)}</td>" for text in ("; ".join(row.predicates), duties))
    kind = ' class="refused"' if row.reasons else ""
    return (
        f'<tr{kind}><th scope="row">{escape(row.client)}</th><td>{escape(row.purpose)}</td>'
        f"<td>{escape(row.basis)}</td>{cells}{more}<td>{escape(', '.join(row.reasons))}</td></tr>"
    )


def _cell(row: Row, name: str) -> str:
    if name in row.leaves or (row.whole and not row.fields):
        parts = [how if at == name else f"{at}: {how}" for at, how in row.masked.items()
                 if at.partition(".")[0] == name]  # fmt: skip
        return f'<td class="masked">{escape("; ".join(parts))}</td>' if parts else '<td class="yes">yes</td>'
    return '<td class="no">–</td>'


def register_page(gateway: str, columns: Sequence[str], lines: Iterable[Sequence[str]], since: str) -> str:
    """The processing register as one table."""
    head = "".join(f'<th scope="col">{escape(name)}</th>' for name in columns)
    body = "".join("<tr>" + "".join(f"<td>{escape(cell)}</td>" for cell in line) + "</tr>" for line in lines)
    table = (
        '<div class="scroll" tabindex="0" role="region" aria-label="Register"><table>'
        f"<caption>Disclosures through {escape(gateway)}</caption>"
        f"<thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></div>"
    )
    lead = [
        f"Record of processing activities (GDPR article 30) of the services behind {gateway}.",
        f"Exchanges are counted from the audit log since {since}.",
    ]
    return page("Processing register", lead, [table])
