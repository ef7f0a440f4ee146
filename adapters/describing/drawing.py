"""The way of a service's fields as a picture: columns on the left, canonical fields on the right. SVG 1.1.

The layout follows the file's order alone, so the same file draws the same bytes. Every text is escaped
and cut to the room there is; the title says all of it, also to a screen reader.
"""

from __future__ import annotations

from html import escape
from typing import Final

from adapters.describing.facts import ServiceFacts

_WIDTH: Final = 900
_LEFT: Final = 330
_RIGHT: Final = 570
_TOP: Final = 56
_ROW: Final = 26
_LONGEST: Final = 44
_COLOURS: Final = {True: "#1c1c1c", False: "#7a3f86"}
"""Of names; a field that is made of no column has another one, and says what it always is."""


def draw(service: ServiceFacts, system: str) -> str:
    """The SVG text of one service; empty for a pass-through service."""
    columns = list(dict.fromkeys(column for field in service.fields for column in field.columns))
    left = {column: _TOP + _ROW * place for place, column in enumerate(columns)}
    right = [_TOP + _ROW * place for place in range(len(service.fields))]
    if not right:
        return ""
    height = _TOP + _ROW * max(len(left), len(right)) + 8
    told = "; ".join(f"{', '.join(one.columns) or 'a constant'} to {one.name}" for one in service.fields)
    opening = (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{_WIDTH}" height="{height}"'
        f' viewBox="0 0 {_WIDTH} {height}" role="img" font-family="system-ui,sans-serif" font-size="14">'
    )
    parts = [
        opening,
        f"<title>{escape(f'{service.name}: {told}')}</title>",
        f'<rect width="{_WIDTH}" height="{height}" fill="#ffffff"/>',
        f'<text x="{_LEFT}" y="24" text-anchor="end" fill="#444">{_cut(f"{system}: {service.asks}")}</text>',
        f'<text x="{_RIGHT}" y="24" fill="#444">{_cut(service.canonical)}</text>',
    ]
    parts += [_label(_LEFT - 12, at, column, "end") for column, at in left.items()]
    for field, at in zip(service.fields, right, strict=True):
        parts += [_line(left[column], at) for column in field.columns]
        name = field.name if field.columns else f"{field.name}: {field.how}"
        parts.append(_label(_RIGHT + 12, at, name, "start", _COLOURS[bool(field.columns)]))
    return "\n".join([*parts, "</svg>"]) + "\n"


def _line(start: int, end: int) -> str:
    middle = (_LEFT + _RIGHT) // 2
    path = f"M{_LEFT},{start} C{middle},{start} {middle},{end} {_RIGHT},{end}"
    return f'<path d="{path}" fill="none" stroke="#1f5f8b" stroke-width="1.5"/>'


def _label(x: int, y: int, text: str, anchor: str, colour: str = _COLOURS[True]) -> str:
    return f'<text x="{x}" y="{y + 5}" text-anchor="{anchor}" fill="{colour}">{_cut(text)}</text>'


def _cut(text: str) -> str:
    return escape(text if len(text) <= _LONGEST else text[: _LONGEST - 1] + "…")
