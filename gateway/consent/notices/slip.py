"""The slip: one printable page that says what was agreed, until when, and how to take it back.

Self-contained HTML: no script, no address, nothing fetched; large type; A5, and readable on a phone.
Every value is escaped and stands in directional isolates; a language written from right to left gets
`dir="rtl"`. The slip names no person: whom it is about is known to who holds the paper.
"""

from __future__ import annotations

from dataclasses import dataclass
from html import escape
from typing import Final

from gateway.consent.notices.catalogue import Catalogue
from gateway.consent.notices.notice import Paragraph, ShownNotice
from gateway.consent.record import ConsentRecord, Method, State

SECURITY_POLICY: Final = "default-src 'none'; style-src 'unsafe-inline'"
"""What a browser may do with the page: show it."""

_STYLE: Final = """
@page { size: A5; margin: 12mm }
html { font: 18px/1.45 "Noto Sans", "Noto Naskh Arabic", "DejaVu Sans", sans-serif }
html { color: #000; background: #fff }
body { max-width: 34em; margin: 1.5em auto; padding: 0 1em }
h1 { font-size: 1.5em; margin: 0 0 .3em; border-bottom: 3px solid #000 }
h2 { font-size: 1em; margin: .9em 0 .1em }
p, ul { margin: 0 }
ul { padding-inline-start: 1.2em }
section { break-inside: avoid }
.state { font-weight: bold }
.code { font: bold 1.4em "DejaVu Sans Mono", monospace; letter-spacing: .08em }
.id { font: .7em "DejaVu Sans Mono", monospace; overflow-wrap: anywhere }
.mark { height: 4em; border-bottom: 1px solid #000 }
@media print { html { font-size: 12pt } body { margin: 0; padding: 0 } }
"""


@dataclass(frozen=True, slots=True)
class Slip:
    """What is printed: a consent, its notice in the slip's language, and the words of that language."""

    record: ConsentRecord
    notice: ShownNotice
    words: Catalogue


def short_code(consent: str) -> str:
    """The end of a consent's id in two groups: short enough to be read out on a telephone."""
    tail = consent.replace("-", "")[-8:].upper()
    return f"{tail[:4]}-{tail[4:]}"


def render(slip: Slip, now: int) -> str:
    """The page, as it is at `now` in epoch seconds."""
    words, texts = slip.words, slip.words.texts
    parts = [
        _section(Paragraph(texts["slip_given"], _given(slip))),
        *(_section(paragraph) for paragraph in slip.notice.paragraphs),
    ]
    if slip.record.wish.method is Method.ASSISTED:
        parts.append(f"<p>{_text(words.say('slip_assisted', officer=slip.record.wish.officer or ''))}</p>")
    body = "\n".join(
        [
            f"<h1>{_text(texts['slip_title'])}</h1>",
            f'<p class="state">{_text(texts["slip_state"])}: {_text(words.states[_state(slip, now)])}</p>',
            *parts,
            _block(texts["slip_code"], f'<p class="code">{_bdi(short_code(slip.record.id))}</p>'),
            _block(
                texts["slip_record"],
                f'<p class="id">{_bdi(slip.record.key)}<br>{_bdi(slip.record.wish.notice.id)}</p>',
            ),
            _block(texts["slip_mark"], '<p class="mark"></p>'),
            f"<p>{_text(texts['slip_keep'])}</p>",
        ]
    )
    return (
        f'<!DOCTYPE html>\n<html lang="{_text(words.language)}" dir="{words.direction}">\n<head>\n'
        f'<meta charset="utf-8">\n<meta name="viewport" content="width=device-width">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{_text(SECURITY_POLICY)}">\n'
        f"<title>{_text(texts['slip_title'])}</title>\n<style>{_STYLE}</style>\n</head>\n"
        f"<body>\n{body}\n</body>\n</html>\n"
    )


def _given(slip: Slip) -> str:
    words, record = slip.words, slip.record
    date, other = words.day(record.granted_at), record.wish.representative
    if other is None:
        return words.say("slip_given_self", date=date)
    end = words.day(record.ends_at if other.until is None else other.until)
    relation = words.relations[other.capacity]
    return words.say("slip_given_represented", relation=relation, date=date, end=end)


def _state(slip: Slip, now: int) -> str:
    state = slip.record.state_at(now)
    return "not_yet" if state is State.GRANTED and now < slip.record.wish.valid_from else state.value


def _section(paragraph: Paragraph) -> str:
    items = "".join(f"<li>{_text(item)}</li>" for item in paragraph.items)
    return _block(paragraph.heading, f"<ul>{items}</ul>" if items else f"<p>{_text(paragraph.text)}</p>")


def _block(heading: str, content: str) -> str:
    """A section; the content is HTML already."""
    return f"<section><h2>{_text(heading)}</h2>{content}</section>"


def _bdi(text: str) -> str:
    """A code that is read from left to right in every language."""
    return f'<bdi dir="ltr">{_text(text)}</bdi>'


def _text(text: str) -> str:
    """Escaped for text and for attributes in double quotes."""
    return escape(text, quote=True)
