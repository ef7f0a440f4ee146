"""`isthmus source new`: from a system, or from its description, to a working draft."""

from __future__ import annotations

import asyncio
import re
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from gateway.cli.commands.arguments import settings_of
from gateway.cli.commands.printing import Json, Table, answer, words

if TYPE_CHECKING:
    from adapters.drafting.drafting import Drafted

app = typer.Typer()


@app.command("new")
def new_source(
    origin: Annotated[
        str,
        typer.Option(
            "--from",
            metavar="ORIGIN",
            help="A database URL, or an OpenAPI document, WSDL, CapabilityStatement, CSV, XLSX or JSON Lines "
            "file. A password in a URL is taken from ${secret:NAME}.",
        ),
    ],
    out: Annotated[Path, typer.Option(help="The file to write; it must not be there yet.")],
    role: Annotated[
        str | None, typer.Option(help="What the system is, such as civil_registry; proposes its schema.")
    ] = None,
    kind: Annotated[str | None, typer.Option(help="The kind of source, where ORIGIN does not tell.")] = None,
    subsystem: Annotated[
        str | None, typer.Option(metavar="I/C/M/S", help="Who offers it; else the settings' only one.")
    ] = None,
    settings: Annotated[Path | None, typer.Option(help="The gateway's settings file.")] = None,
    source_id: Annotated[str | None, typer.Option("--id", help="Short name; else of the file.")] = None,
    title: Annotated[str | None, typer.Option(help="The system's name; else what it says of itself.")] = None,
    contact: Annotated[str, typer.Option(help="Who answers for the system.")] = "its owner",
    service: Annotated[list[str] | None, typer.Option(help="Take only this one; may be repeated.")] = None,
    subject: Annotated[
        str | None,
        typer.Option(metavar="TYPE", help="What number names the person, such as national_id; else guessed."),
    ] = None,
    json: Json = False,
) -> None:
    """Look at a system and draft its source file; a person reads the file before it serves anything."""
    from adapters.drafting.drafting import draft_source
    from adapters.drafting.origin import kind_of
    from adapters.drafting.text import Heading
    from adapters.secrets import EnvironmentSecrets
    from schemas.errors import ConfigurationError

    if out.exists():
        raise ConfigurationError(f"{out} is there already; choose another file, or remove it")
    offered = subsystem or _only_subsystem(settings)
    named = source_id or re.sub(r"[^a-z0-9]+", "-", out.stem.lower()).strip("-")
    heading = Heading(named, title, offered, {"contact": contact})
    secrets = EnvironmentSecrets(directory=None if settings is None else settings_of(settings).secrets)
    drafted = asyncio.run(
        draft_source(origin, kind or kind_of(origin), heading, role, secrets, service or (), subject)
    )
    out.write_text(drafted.text, encoding="utf-8")
    _tell(drafted, out, json=json)


def _only_subsystem(settings: Path | None) -> str:
    """The one subsystem that a gateway hosts."""
    from schemas.errors import ConfigurationError

    if settings is None:
        raise ConfigurationError(
            "say who offers the system: --subsystem INSTANCE/CLASS/MEMBER/SUBSYSTEM, or --settings FILE"
        )
    hosted = [name for member in settings_of(settings).members for name in member.subsystems]
    if len(hosted) != 1:
        raise ConfigurationError(f"the gateway hosts {', '.join(hosted)}; choose one with --subsystem")
    return str(hosted[0])


def _tell(drafted: Drafted, out: Path, *, json: bool) -> None:
    rows: list[tuple[Any, ...]] = [
        (
            one.service.name,
            one.canonical,
            one.subject_type,
            words(one.rules),
            words(one.missing),
            len(one.unused),
        )
        for one in drafted.proposals
    ]
    secrets = [f"set ISTHMUS_SECRET_{name}: {what}" for name, what in drafted.draft.secrets.items()]
    subject = f"{drafted.proposals[0].subject_type}=VALUE"
    steps = [
        *secrets,
        f"read {out}, and correct what was guessed wrong",
        f"isthmus source check {out}",
        f"isthmus source try {out} {drafted.proposals[0].service.name} {subject}",
        f"isthmus source capture {out} {drafted.proposals[0].service.name} {subject}",
        f"isthmus source test {out}",
        f"isthmus source register {out} SETTINGS",
    ]
    document = {
        "file": str(out),
        "kind": drafted.draft.kind,
        "services": [
            {
                "service": one.service.name,
                "canonical": one.canonical,
                "subject": one.subject_type,
                "mapped": sorted(one.rules),
                "missing": list(one.missing),
                "unused": [column.place for column in one.unused],
            }
            for one in drafted.proposals
        ],
        "left_out": list(drafted.left_out),
        "remarks": list(drafted.draft.remarks),
        "findings": [str(finding) for finding in drafted.findings],
        "next": steps,
    }
    answer(
        document,
        Table(("service", "schema", "asked by", "mapped", "nothing found for", "columns not used"), rows),
        *(f"left out: {name}, no schema fits" for name in drafted.left_out),
        *(f"note: {remark}" for remark in drafted.draft.remarks),
        *(f"{finding.level}: {finding}" for finding in drafted.findings),
        f"written: {out}",
        *(f"next: {step}" for step in steps),
        json=json,
    )
