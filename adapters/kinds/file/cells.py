"""What a file's column must be, and what becomes of its cells before they are staged.

A column that people are found by is text: a number there has lost its leading zeros, and is refused
unless `zero_pad` says how many digits it had.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any, Final

from adapters.kinds.file.bad import BadFile
from adapters.kinds.file.formats.number import EXACT, Number

_EVERY: Final = 10_000


@dataclass(frozen=True, slots=True)
class Column:
    """What is declared of a column. `date` is a strptime format; the day is staged as `YYYY-MM-DD`."""

    text: bool = False
    zero_pad: int | None = None
    date: str | None = None

    def read(self, name: str, value: Any, line: int) -> Any:
        """A cell as it is staged. Raises BadFile."""
        if value is None:
            return None
        if isinstance(value, int) and not isinstance(value, bool):
            return self._number(name, Number(Decimal(value)), line)
        if isinstance(value, Number):
            return self._number(name, value, line)
        if self.zero_pad is not None and isinstance(value, str) and value.isascii() and value.isdigit():
            return self._padded(name, value, line)
        if self.date is not None:
            return self._day(name, value, line)
        if self.text and not isinstance(value, str):
            raise BadFile(f"column {name} is not text", line)
        return value

    def _number(self, name: str, value: Number, line: int) -> Any:
        digits = value.digits
        if self.zero_pad is not None and digits.isdigit():
            return self._padded(name, digits, line)
        if self.text or self.zero_pad is not None or self.date is not None:
            raise BadFile(f"column {name} is a number where text is declared: leading zeros are lost", line)
        return int(digits) if "." not in digits and abs(value.value) < EXACT else digits

    def _padded(self, name: str, digits: str, line: int) -> str:
        width = self.zero_pad or 0
        if len(digits) > width:
            raise BadFile(f"column {name} has more than {width} digits", line)
        return digits.zfill(width)

    def _day(self, name: str, value: Any, line: int) -> str:
        text = value.strip() if isinstance(value, str) else ""
        try:
            iso = len(text) == 10 and text[4] == text[7] == "-"  # a date cell of a workbook
            if iso and not (self.date or "").startswith("%Y-%d"):
                return datetime.fromisoformat(text).date().isoformat()
            return datetime.strptime(text, self.date or "").date().isoformat()  # noqa: DTZ007
        except ValueError:
            raise BadFile(f"column {name} is not a date of the declared format", line) from None


def read_rows(
    rows: Iterable[tuple[int, list[Any]]],
    columns: Sequence[str],
    declared: Mapping[str, Column],
    max_rows: int,
    progress: Callable[[int], None],
) -> Iterator[tuple[int, list[Any]]]:
    """Rows as they are staged; `progress` hears the number of rows from time to time.

    Raises:
        BadFile: a cell is not what is declared, or there are too many rows.
    """
    # Undeclared text needs no look: only cells of declared columns and typed formats do.
    plain = Column()
    forms = [declared.get(name, plain) for name in columns]
    count = 0
    for count, (line, values) in enumerate(rows, 1):
        if count > max_rows:
            raise BadFile(f"more than {max_rows} rows", line)
        if not count % _EVERY:
            progress(count)
        yield (
            line,
            [
                value
                if value is None or (form is plain and value.__class__ is str)
                else form.read(name, value, line)
                for name, form, value in zip(columns, forms, values, strict=True)
            ],
        )
    progress(count)
