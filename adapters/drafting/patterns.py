"""Patterns of foreign documents (OpenAPI, XML Schema): taken over when they surely mean the same here.

A document may be hostile or of another dialect. What is taken is a row of characters and classes, each
with a bound, of which few may vary: such a pattern is read alike by everybody and matched at once.
Groups, alternatives, look-arounds and other scripts' classes are left to the person who reads the draft.
"""

from __future__ import annotations

import re
from typing import Final

MAX_LENGTH: Final = 200
MOST_VARYING: Final = 3
"""Each piece of varying length multiplies the ways to match a text."""

_DIGIT: Final = re.compile(r"\\d")
_PIECE: Final = re.compile(
    r"""(?: \[ \^? (?: [A-Za-z0-9_ ./,:;@#'()+*?-] | \\[.\-/+*?()] )+ \]   # a class, nothing nested in it
        | \\[.\-/+*?()] | [A-Za-z0-9_ /,:;@#'-] )                           # a character
        (?P<times> \{ [0-9]{1,3} (?P<upto> , [0-9]{0,3} )? \} | [+*?] )?""",
    re.VERBOSE,
)


def usable(pattern: str | None) -> str | None:
    """The pattern as a selector takes it, which always means the whole text; None when it is unfit."""
    if pattern is None or len(pattern) > MAX_LENGTH:
        return None
    text = pattern.removeprefix("^").removesuffix("$")
    # Python's \d is any script's digit, XML Schema's too; a source's numbers are not.
    text = re.sub(r"\[[^\]]*\]", lambda found: _DIGIT.sub("0-9", found[0]), text)
    text = _DIGIT.sub("[0-9]", text)
    at, varying = 0, 0
    while at < len(text):
        piece = _PIECE.match(text, at)
        if piece is None:
            return None
        varying += piece["upto"] is not None or (piece["times"] or "{")[0] != "{"
        at = piece.end()
    if not text or varying > MOST_VARYING:
        return None
    try:
        re.compile(text)
    except (re.error, OverflowError):
        return None
    return text
