"""Records written as an owner would drop them: for fixtures and the conformance kit, never for a gateway."""

from __future__ import annotations

import csv
import io
import json
import os
from collections.abc import Mapping, Sequence
from typing import Any

from adapters.kinds.file.form import Format
from adapters.kinds.file.formats.csv import Csv
from adapters.kinds.file.formats.fixed import Fixed
from adapters.kinds.file.formats.jsonl import JsonLines


def content(
    form: Format, head: Sequence[str], columns: Sequence[str], records: Sequence[Mapping[str, Any]]
) -> Any:
    """A file's content as a fixture records it: text, or the rows of a workbook. `head` are the lines
    before the header."""
    if isinstance(form, JsonLines):
        # Only records name the members: a file about nobody has an empty one.
        records = records or [dict.fromkeys(columns)]
        return _joined([*head, *(json.dumps(dict(record), ensure_ascii=False) for record in records)])
    if isinstance(form, Fixed):
        trailer = [f"{form.trailer}{len(records)}"] if form.trailer is not None else []
        return _joined([*head, *(_fixed(form, record) for record in records), *trailer])
    rows: list[list[Any]] = [list(columns), *([record.get(name) for name in columns] for record in records)]
    if isinstance(form, Csv):
        text = io.StringIO(_joined(head))
        text.seek(0, os.SEEK_END)
        csv.writer(text, delimiter=form.delimiter, quotechar=form.quote).writerows(rows)
        return text.getvalue()
    skipped = [[line] for line in head] or [[""]] * getattr(form, "skip", 0)
    return {"rows": skipped + rows, "sheet": getattr(form, "sheet", None) or "Sheet"}


def _joined(lines: Sequence[str]) -> str:
    return "".join(line + "\n" for line in lines)


def _fixed(form: Fixed, record: Mapping[str, Any]) -> str:
    text = [" "] * form.width
    for name, (first, last) in form.fields.items():
        size = last - first + 1
        value = record.get(name)
        text[first - 1 : last] = ("" if value is None else str(value))[:size].ljust(size)
    return "".join(text)
