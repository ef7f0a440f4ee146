"""The processing register that a data-protection authority asks for (GDPR article 30), from the policy.

One line for each agreement, service, purpose and legal basis that the engine lets through, with the volume of
the log. What a register needs and a gateway cannot know (contacts, security measures of the recipient) is
left to its owner.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from gateway.app.insight.flows import Flow
from gateway.app.insight.here import Here
from gateway.app.insight.matrix import Row, member_of
from gateway.app.insight.pages import register_page
from schemas.agreement import Agreement
from schemas.catalogue import RecordForm
from schemas.identifiers import SubsystemId

COLUMNS: Final = (
    "controller", "recipient", "system of the recipient", "service", "purpose", "legal basis",
    "categories of data", "masked", "special categories", "categories of persons", "retention",
    "agreement", "valid until", "exchanges",
)  # fmt: skip

_ARTICLES: Final[Mapping[str, str]] = {
    "consent": "GDPR 6(1)(a)",
    "contract": "GDPR 6(1)(b)",
    "legal_obligation": "GDPR 6(1)(c)",
    "vital_interest": "GDPR 6(1)(d)",
    "public_task": "GDPR 6(1)(e)",
    "legitimate_interest": "GDPR 6(1)(f)",
}


@dataclass(frozen=True, slots=True)
class Names:
    """What codes are called: members and purposes by identifier; `special` are the special categories of a
    service and field, `subjects` how a service names persons."""

    members: Mapping[str, str]
    purposes: Mapping[str, str]
    special: Mapping[tuple[str, str], tuple[str, ...]]
    subjects: Mapping[str, str]


def register(
    rows: Iterable[Row], found: Iterable[Flow], agreements: Iterable[Agreement], names: Names
) -> list[tuple[str, ...]]:
    """The lines of the register, in the order of `COLUMNS`; refused rows have none."""
    volumes: dict[tuple[str, str, str, str], int] = {}
    for flow in found:
        if flow.side == "answering":
            key = (flow.client, flow.service, flow.purpose, flow.basis)
            volumes[key] = volumes.get(key, 0) + flow.answered
    by_id = {agreement.id: agreement for agreement in agreements}
    return [
        _line(row, volumes.get((row.client, row.service, row.purpose, row.basis), 0), by_id, names)
        for row in rows
        if not row.reasons
    ]


def _line(row: Row, volume: int, agreements: Mapping[str, Agreement], names: Names) -> tuple[str, ...]:
    controller, recipient = member_of(row.service), str(SubsystemId.parse(row.client).member)
    special = sorted({code for name in row.leaves for code in names.special.get((row.service, name), ())})
    agreement = agreements[row.agreement]
    return (
        _called(controller, names.members),
        _called(recipient, names.members),
        row.client,
        row.service,
        _called(row.purpose, names.purposes),
        f"{row.basis} ({_ARTICLES[row.basis]})" if row.basis in _ARTICLES else row.basis,
        "the whole answer" if row.whole else ", ".join((*row.leaves, *row.predicates)),
        ", ".join(f"{name}: {how}" for name, how in row.masked.items()),
        ", ".join(special),
        f"persons asked about ({names.subjects.get(row.service) or 'as the service says'})",
        _retention(row.duties),
        f"{agreement.id}, version {agreement.version}",
        f"{datetime.fromtimestamp(agreement.valid_until, UTC):%Y-%m-%d}",
        str(volume),
    )


def _retention(duties: Mapping[str, Any]) -> str:
    days = duties.get("retention", {}).get("days") if isinstance(duties.get("retention"), Mapping) else None
    return f"{days} days at the recipient" if days else "as the recipient's law says; Isthmus keeps no answer"


def _called(code: str, names: Mapping[str, str]) -> str:
    return f"{names[code]} ({code})" if names.get(code) else code


def write_register(
    path: Path, gateway: str, here: Here, rows: Sequence[Row], found: Sequence[Flow], since: str
) -> None:
    """Write the register as `.html` or `.csv`."""
    lines = register(rows, found, here.agreements, names_of(here))
    text = as_csv(lines) if path.suffix == ".csv" else register_page(gateway, COLUMNS, lines, since)
    path.write_text(text, encoding="utf-8", newline="")


def names_of(here: Here) -> Names:
    """What the federation calls its members and purposes, and the country its special categories."""
    members = {str(member.id): member.name for member in here.federation.members()}
    purposes = {purpose.code: purpose.title for purpose in here.federation.purposes.values()}
    forms = {
        service: hosted.description.form
        for service, hosted in here.services.items()
        if isinstance(hosted.description.form, RecordForm)
    }
    special = {
        (service, name): _special(here.policy.national, service, name)
        for service, form in forms.items()
        for name in form.fields
    }
    subjects = {service: ", ".join(form.subject_types) for service, form in forms.items()}
    return Names(members, purposes, special, subjects)


def _special(national: Mapping[str, Any], service: str, name: str) -> tuple[str, ...]:
    """The special categories of a field at a service, as the rules find them (`special_category.rego`)."""
    special = national["special"]
    places = {"*", service, service.rpartition("/")[2]}
    of_field = (code for code, at in special["fields"].get(name, {}).items() if places & at.keys())
    of_service = (code for place in places for code in special["services"].get(place, ()))
    return tuple(sorted({*of_field, *of_service}))


def as_csv(lines: Sequence[Sequence[str]]) -> str:
    """The register as CSV, one header line. A cell that a spreadsheet would run as a formula is quoted."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow(COLUMNS)
    writer.writerows([_inert(cell) for cell in line] for line in lines)
    return out.getvalue()


def _inert(cell: str) -> str:
    return f"'{cell}" if cell.startswith(("=", "+", "-", "@", "\t", "\r")) else cell
