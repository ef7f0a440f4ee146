"""The starter files that come with Isthmus: one folder per kind of system, files beside their guide."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Final

_NOT_SOURCES: Final = frozenset({"service.yaml"})


def shipped_sources() -> Iterator[Path]:
    """Every shipped source file, in the order of folders and names."""
    for guide in sorted(Path(__file__).parent.glob("*/GUIDE.md")):
        yield from (path for path in sorted(guide.parent.glob("*.yaml")) if path.name not in _NOT_SOURCES)
