"""Arguments that several commands share."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from gateway.settings import Settings
    from schemas.record import Subject

SettingsFile = Annotated[
    Path, typer.Argument(metavar="SETTINGS", help="The gateway's settings file.", show_default=False)
]
SubjectText = Annotated[
    str, typer.Argument(metavar="TYPE=VALUE", help="Whom to ask about.", show_default=False)
]


def settings_of(path: Path) -> Settings:
    """The gateway's settings; ConfigurationError when the file is wrong."""
    from gateway.settings import load

    return load(path)


def subject_of(text: str) -> Subject:
    """A subject written `type=value`; MalformedRequest otherwise."""
    from schemas.record import parse_subject

    kind, _, value = text.partition("=")
    return parse_subject({"type": kind, "value": value})


def folder_of(path: Path, member: str) -> Path:
    """A folder given as itself, or by the settings file that names it."""
    if path.is_dir():
        return path
    folder = getattr(settings_of(path), member)
    return Path(folder)
