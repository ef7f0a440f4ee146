"""Which canonical field a column's name speaks of.

Names are compared in one form: lower case, words joined by `_`, marks removed, so that `DateOfBirth`,
`date-of-birth` and `DATE_OF_BIRTH` are one. Codes, prefixes such as `tbl_` and numbers are not
interpreted: a wrong proposal costs more than none.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from functools import lru_cache
from importlib.resources import files
from pathlib import Path
from typing import Final

from adapters.yaml_lines import parse

EXACT: Final = 3
SYNONYM: Final = 2
CONTAINED: Final = 1

_WORD = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|[0-9]+")
_FEWEST_LETTERS: Final = 5


@lru_cache(maxsize=1)
def synonyms() -> Mapping[str, frozenset[str]]:
    """Other words by canonical field (`words.yaml`)."""
    data = (files("adapters.drafting") / "words.yaml").read_bytes()
    return {field: frozenset(words) for field, words in parse(data, Path("words.yaml")).value.items()}


def plain_name(place: str) -> str:
    """The last step of a column's place in the compared form: `/person/birthDate` is `birth_date`."""
    leaf = place.rpartition("/")[2] or place
    bare = unicodedata.normalize("NFKD", leaf).encode("ascii", "ignore").decode()
    return "_".join(word.lower() for word in _WORD.findall(bare.rpartition(".")[2]))


def likeness(place: str, field: str) -> int:
    """How surely a column is a field: EXACT, SYNONYM, CONTAINED or 0."""
    name = plain_name(place)
    if name == field:
        return EXACT
    words = synonyms().get(field, frozenset())
    if name in words:
        return SYNONYM
    padded = f"_{name}_"
    long_enough = (word for word in (field, *words) if len(word) >= _FEWEST_LETTERS)
    return CONTAINED if any(f"_{word}_" in padded for word in long_enough) else 0
