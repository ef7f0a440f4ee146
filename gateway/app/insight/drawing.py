"""Flows as a picture: clients on the left, services on the right, a band for each flow. Plain SVG 1.1.

The layout is fixed by the flows alone, so the same log draws the same bytes. A band's width grows with the
logarithm of its volume; its colour is its purpose, which the legend names, and its title says all of it, also
to a screen reader. Every text is escaped.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from html import escape
from typing import Final

from gateway.app.insight.flows import Flow

_COLOURS: Final = ("#1f5f8b", "#a3501f", "#2f6f3e", "#7a3f86", "#8a6d00", "#5a5a5a")
"""Each at least 4.5 : 1 on white; told apart without hue by their lightness."""

_WIDTH: Final = 1120
_LEFT: Final = 320
_RIGHT: Final = 800
_TOP: Final = 96
_GAP: Final = 26
_LEGEND: Final = 22
_PORT: Final = 10
_STEP: Final = 14
"""From one band's end to the next, at least: room for its volume."""


def draw(found: Sequence[Flow], title: str) -> str:
    """The SVG text of some flows."""
    purposes = sorted({flow.purpose for flow in found})
    colour = {purpose: _COLOURS[place % len(_COLOURS)] for place, purpose in enumerate(purposes)}
    left, left_end = _column(found, sorted({flow.client for flow in found}), "client")
    right, right_end = _column(found, sorted({flow.service for flow in found}), "service")
    bottom = max(left_end, right_end, _TOP)
    height = bottom + _LEGEND * (len(purposes) + 1) + 20
    described = "; ".join(_sentence(flow) for flow in found) or "No exchanges."
    parts = [
        _opening(height),
        f'<title id="t">{escape(title)}</title>',
        f'<desc id="d">{escape(described)}</desc>',
        f'<rect width="{_WIDTH}" height="{height}" fill="#ffffff"/>',
        f'<text x="24" y="38" font-size="20" font-weight="600">{escape(title)}</text>',
        f'<text x="{_LEFT}" y="{_TOP - 22}" text-anchor="end" fill="#444">who asks</text>',
        f'<text x="{_RIGHT}" y="{_TOP - 22}" fill="#444">which service</text>',
    ]
    parts += [
        _band(flow, left[place], right[place], colour[flow.purpose]) for place, flow in enumerate(found)
    ]
    parts += _labels(found, left, "client", _LEFT, "end") + _labels(found, right, "service", _RIGHT, "start")
    parts += _legend(colour, bottom + _LEGEND)
    return "\n".join([*parts, "</svg>"]) + "\n"


def _opening(height: int) -> str:
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{_WIDTH}" height="{height}"'
        f' viewBox="0 0 {_WIDTH} {height}" role="img" aria-labelledby="t d"'
        ' font-family="system-ui, sans-serif" font-size="13">'
    )


def _thickness(flow: Flow) -> float:
    """Points; a thousand exchanges are four times one."""
    return round(4 + 4 * math.log10(max(1, flow.volume)), 1)


_Ports = dict[int, tuple[float, float]]
"""Top and thickness of each flow's end, by the flow's place in the list."""


def _column(found: Sequence[Flow], names: Sequence[str], member: str) -> tuple[_Ports, int]:
    """Stack the flows of each name, and the names below one another; also where the column ends."""
    ports: _Ports = {}
    top: float = _TOP
    for name in names:
        start = top
        for place, flow in enumerate(found):
            if getattr(flow, member) == name:
                ports[place] = (round(top, 1), _thickness(flow))
                top += max(_thickness(flow) + 2, _STEP)
        top = max(top, start + 18) + _GAP
    return ports, math.ceil(top)


def _band(flow: Flow, start: tuple[float, float], end: tuple[float, float], colour: str) -> str:
    x1, x2, middle = _LEFT + _PORT + 6, _RIGHT - _PORT - 6, (_LEFT + _RIGHT) // 2
    y1, y2 = round(start[0] + start[1] / 2, 1), round(end[0] + end[1] / 2, 1)
    dashes = ' stroke-dasharray="6 4"' if flow.answered == 0 else ""
    return (
        f'<path d="M{x1} {y1} C{middle} {y1} {middle} {y2} {x2} {y2}" fill="none" stroke="{colour}"'
        f' stroke-opacity="0.65" stroke-width="{start[1]}"{dashes}>'
        f"<title>{escape(_sentence(flow))}</title></path>"
        f'<text x="{x2 - 6}" y="{y2 + 4}" text-anchor="end" font-size="11" stroke="#fff" stroke-width="3"'
        f' paint-order="stroke">{flow.volume}</text>'
    )


def _labels(found: Sequence[Flow], ports: _Ports, member: str, x: int, anchor: str) -> list[str]:
    """Each name once, in the middle of its bands, with a bar beside them."""
    spans: dict[str, tuple[float, float]] = {}
    for place, flow in enumerate(found):
        top, thick = ports[place]
        first, last = spans.get(getattr(flow, member), (top, top + thick))
        spans[getattr(flow, member)] = (min(first, top), max(last, top + thick))
    parts = []
    for name, (first, last) in spans.items():
        bar = x + 4 if anchor == "end" else x - _PORT - 4
        label = x - 6 if anchor == "end" else x + 6
        height, middle = round(last - first, 1), round((first + last) / 2 + 4.5, 1)
        parts.append(
            f'<rect x="{bar}" y="{round(first, 1)}" width="{_PORT}" height="{height}" fill="#333"/>'
            f'<text x="{label}" y="{middle}" text-anchor="{anchor}">{escape(name)}</text>'
        )
    return parts


def _legend(colour: dict[str, str], top: int) -> list[str]:
    parts = []
    for place, (purpose, ink) in enumerate(colour.items()):
        y = top + place * _LEGEND
        parts.append(
            f'<rect x="24" y="{y}" width="26" height="10" fill="{ink}" fill-opacity="0.65"/>'
            f'<text x="60" y="{y + 10}">{escape(purpose or "no purpose")}</text>'
        )
    y = top + len(colour) * _LEGEND
    return [
        *parts,
        f'<text x="24" y="{y + 10}" fill="#444">numbers: exchanges; dashed: nothing was answered</text>',
    ]


def _sentence(flow: Flow) -> str:
    """One flow in words."""
    fields = f"; may leave: {', '.join(flow.fields)}" if flow.fields else ""
    counts = f"{flow.answered} answered, {flow.refused} refused, {flow.failed} failed"
    why = f"{flow.purpose or 'no purpose'} ({flow.basis or 'no basis'})"
    return f"{flow.client} asked {flow.service} for {why}: {counts}{fields}"
