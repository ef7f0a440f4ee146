"""What all formats with a header share: where the wanted columns stand."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from adapters.kinds.file.bad import BadFile


def positions(header: Sequence[str], wanted: Sequence[str], line: int, *, ignore_case: bool) -> list[int]:
    """Where each wanted column stands in the header. Names may be padded with spaces.

    Raises:
        BadFile: a name stands twice, or a wanted one is missing.
    """
    fold = str.lower if ignore_case else str
    names = [fold(name.strip()) for name in header]
    twice = sum(count > 1 for name, count in Counter(names).items() if name)
    if twice:
        raise BadFile(f"{twice} names stand twice in the header", line)
    missing = [name for name in wanted if fold(name) not in names]
    if missing:
        raise BadFile("the header has no column " + ", ".join(missing), line)
    return [names.index(fold(name)) for name in wanted]
