"""The draft of an agreement: a commented file for two subsystems, from the federation's catalogue.

It lists what the provider offers, for people to take out of: nothing is in it that the provider's record does
not say. The purpose stands open, since only the two members know it.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from gateway.trust.federation.snapshot import FederationSnapshot
from schemas.catalogue import RecordForm, ServiceDescription
from schemas.errors import UnknownService
from schemas.identifiers import SubsystemId


def draft(
    federation: FederationSnapshot, client: SubsystemId, provider: SubsystemId, name: str, now: datetime
) -> str:
    """The file's text. Raises UnknownService where the federation knows no such subsystem or service."""
    for side in (client, provider):
        if side not in federation.subsystems():
            raise UnknownService(f"the federation knows no subsystem {side}")
    services = sorted(
        (one for one in federation.services() if one.id.provider == provider), key=lambda one: str(one.id)
    )
    if not services:
        raise UnknownService(f"{provider} offers no service")
    begin = now.astimezone(UTC).date()
    purposes = ", ".join(sorted(federation.purposes))
    head = f"""\
# A draft: {client} asks {provider}.
# Take out what is not needed, correct the rest, then: isthmus agreement check FILE
id: {name}
version: 1
client: {client}
provider: {provider}
status: active
valid_from: {begin}
valid_until: {begin + timedelta(days=365)}   # the first moment that is no longer valid, UTC
absence: hidden            # or disclosed: the client may learn that a person is unknown
# title: What this agreement is called
# legal_reference: The law or contract that it stands on
# contacts: {{client: an office and its address, provider: an office and its address}}
services:
"""
    return head + "".join(_service(one, purposes) for one in services)


def _service(service: ServiceDescription, purposes: str) -> str:
    lines = [
        f"  # {_line(service.title)}",
        f"  - service: {service.id}",
        f"    purposes: []           # of the national list: {purposes}",
        "    legal_bases: []        # such as public_task, legal_obligation, consent, vital_interest",
        "    # default_purpose:       # one of the purposes, for clients that cannot say theirs, as X-Road's",
        "    # default_legal_basis:   # and one of the legal bases",
    ]
    form = service.form
    if isinstance(form, RecordForm):
        lines += [
            f"    fields: [{', '.join(form.fields)}]",
            "    # predicates:           # exact questions, answered with yes or no",
            f"    #   - {{field: {form.fields[0]}, op: exists}}",
        ]
    else:
        lines += [f"    methods: [{', '.join(form.methods)}]", f"    paths: [{_quoted(form.paths)}]"]
    lines += [
        "    # quota: [{at_most: 1000, per: day}]    # for each purpose; hour, day or month (30 days)",
        "    # repeats: {at_most: 3, per: day}       # about one person",
    ]
    return "\n".join(lines) + "\n"


def _quoted(paths: Sequence[str]) -> str:
    return ", ".join(f'"{path}"' for path in paths)


def _line(title: str) -> str:
    return " ".join(title.split())
