"""Scripts of names, by their ISO 15924 codes.

A letter's script is the first word of its Unicode name, which is how the standard's blocks for
these scripts are named. Signs, digits, spaces and marks belong to every script.
"""

from __future__ import annotations

from typing import Final
from unicodedata import category, name

from adapters.convert import Unfit

SCRIPTS: Final = {
    "LATIN": "Latn", "GREEK": "Grek", "CYRILLIC": "Cyrl", "ARMENIAN": "Armn", "HEBREW": "Hebr",
    "ARABIC": "Arab", "SYRIAC": "Syrc", "THAANA": "Thaa", "NKO": "Nkoo", "DEVANAGARI": "Deva",
    "BENGALI": "Beng", "GURMUKHI": "Guru", "GUJARATI": "Gujr", "ORIYA": "Orya", "TAMIL": "Taml",
    "TELUGU": "Telu", "KANNADA": "Knda", "MALAYALAM": "Mlym", "SINHALA": "Sinh", "THAI": "Thai",
    "LAO": "Laoo", "TIBETAN": "Tibt", "MYANMAR": "Mymr", "GEORGIAN": "Geor", "HANGUL": "Hang",
    "ETHIOPIC": "Ethi", "KHMER": "Khmr", "MONGOLIAN": "Mong", "TIFINAGH": "Tfng", "VAI": "Vaii",
    "HIRAGANA": "Hira", "KATAKANA": "Kana", "CJK": "Hani", "ADLAM": "Adlm",
}  # fmt: skip
"""First word of a letter's Unicode name: ISO 15924 code."""

_COMMON: Final = frozenset({"MODIFIER", "MASCULINE", "FEMININE"})


def script(text: str) -> str | None:
    """The one script of a text's letters; None of a text without letters.

    Raises:
        Unfit: letters of several scripts, or of one that is not listed here.
    """
    found = {_script(letter) for letter in text if category(letter)[0] == "L"} - {None}
    if len(found) > 1:
        raise Unfit("letters of several scripts in one value")
    return found.pop() if found else None


def _script(letter: str) -> str | None:
    if "A" <= letter <= "z":
        return "Latn"
    word = name(letter, "").partition(" ")[0]
    if word in _COMMON:
        return None
    if word not in SCRIPTS:
        raise Unfit("letters of an unknown script")
    return SCRIPTS[word]
