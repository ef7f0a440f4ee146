"""The schema that editors complete source files with is the one that checks them."""

from __future__ import annotations

import json
from pathlib import Path

import adapters
from adapters.source_schema import WHOLE, source_schema


def test_whole_schema__kept_file__is_what_the_parts_make():
    """After a change of a part: `python -m adapters.source_schema`."""
    kept = json.loads((Path(adapters.__file__).parent / WHOLE).read_text(encoding="utf-8"))
    assert kept == source_schema()
