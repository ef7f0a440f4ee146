"""From an origin to a source file's text: what `isthmus source new` does.

    drafted = await draft_source(origin, kind_of(origin), heading, role, secrets)

The file is checked like any other before it is given back, so a draft that cannot work says so at
once, with the line.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from importlib.resources import files
from pathlib import Path

from adapters.canonical import Canonical, canonicals
from adapters.drafting.draft import Draft
from adapters.drafting.origin import draft_of
from adapters.drafting.proposal import Proposal, propose
from adapters.drafting.text import Heading, draft_text
from adapters.findings import Finding
from adapters.secrets import Secrets
from adapters.source_checks import check_document
from adapters.yaml_lines import load, parse
from schemas.errors import ConfigurationError

SERVICE_FILE = "service.yaml"


@dataclass(frozen=True, slots=True)
class Drafted:
    """A drafted file: its text, what was proposed, services for which no schema fitted, and what
    `isthmus source check` will say of it."""

    text: str
    draft: Draft
    proposals: tuple[Proposal, ...]
    left_out: tuple[str, ...]
    findings: tuple[Finding, ...]


def roles() -> tuple[str, ...]:
    """The systems that have a canonical service: the folders with a `service.yaml`."""
    folder = files("adapters")
    return tuple(sorted(entry.name for entry in folder.iterdir() if (entry / SERVICE_FILE).is_file()))


def schemas_of(role: str | None) -> Sequence[Canonical]:
    """The canonical schemas that a system of a role gives; all of them without a role.

    Raises:
        ConfigurationError: there is no such role.
    """
    if role is None:
        return tuple(canonicals().values())
    if role not in roles():
        raise ConfigurationError(f"there is no role {role}; write one of {', '.join(roles())}")
    described = load(Path(str(files("adapters"))) / role / SERVICE_FILE).value["services"]
    return tuple(canonicals()[service["canonical"]] for service in described)


async def draft_source(
    origin: str,
    kind: str,
    heading: Heading,
    role: str | None,
    secrets: Secrets,
    only: Iterable[str] = (),
    subject: str | None = None,
) -> Drafted:
    """Look at a system and draft its source file; `only` names the services to take, or all; `subject`
    is the type of number that they take, where the system calls it otherwise.

    Raises:
        ConfigurationError: the origin cannot be read, or nothing in it fits a canonical schema.
        SourceUnavailable: the system cannot be reached.
    """
    schemas = schemas_of(role)
    draft = await draft_of(kind, origin, secrets)
    wanted = frozenset(only)
    found = [service for service in draft.services if not wanted or service.name in wanted]
    proposals = [(service.name, propose(service, schemas)) for service in found]
    usable = tuple(one for _, one in proposals if one is not None and one.selector is not None)
    if not usable:
        raise ConfigurationError(_nothing(draft, wanted))
    if subject is not None:
        usable = tuple(replace(one, subject_type=subject) for one in usable)
    used = {one.service.name for one in usable}
    text = draft_text(draft, heading, usable)
    findings = check_document(parse(text.encode(), Path(f"{heading.id}.yaml")))
    left_out = tuple(service.name for service in found if service.name not in used)
    return Drafted(text, draft, usable, left_out, tuple(findings))


def _nothing(draft: Draft, wanted: frozenset[str]) -> str:
    names = ", ".join(service.name for service in draft.services)
    if wanted and names:
        return f"none of the services asked for is there; there are {names}"
    hints = "; ".join(draft.remarks)
    if not names:
        return "nothing was found that a person could be looked up in" + (f": {hints}" if hints else "")
    return f"no column of {names} speaks of a canonical field and an identifier; write the file by hand"
