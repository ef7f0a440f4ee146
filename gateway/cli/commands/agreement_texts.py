"""Agreements as commands print them: documents for `--json`, tables and lines for people."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from gateway.cli.commands.printing import Table, moment, words

if TYPE_CHECKING:
    from gateway.agreements.overview import Seen
    from policies.agreement_diff import Difference
    from schemas.agreement import AgreedService, Agreement, Allowance

COLUMNS = ("id", "version", "state", "client", "provider", "services", "valid until", "signed by")


def row(one: Agreement, state: str, signed_by: str) -> tuple[object, ...]:
    """One agreement in the list."""
    end = moment(one.valid_until)
    return (one.id, one.version, state, one.client, one.provider, len(one.services), end, signed_by)


def seen_row(seen: Seen) -> tuple[object, ...]:
    """One signed version in the list."""
    signers = words(str(member) for member, _ in seen.signatures())
    warning = " (ends soon)" if seen.ends_soon else ""
    return row(seen.agreement, seen.state + warning, signers)


def terms_table(one: Agreement) -> Table:
    """What the client may ask."""
    rows = [
        (
            terms.service,
            words(terms.purposes),
            words(terms.legal_bases),
            words(terms.fields or (*terms.methods, *terms.paths)),
            words(f"{asked.field} {asked.op} {asked.value}" for asked in terms.predicates),
            _bounds(terms),
        )
        for terms in one.services
    ]
    columns = ("service", "purposes", "legal bases", "fields, or methods and paths", "questions", "at most")
    return Table(columns, rows)


def head_lines(one: Agreement, state: str) -> tuple[str, ...]:
    """What stands above the terms."""
    memo = one.memo
    lines = [
        f"{one.id} version {one.version}, {state}",
        f"{one.client} asks {one.provider}, from {moment(one.valid_from)} until {moment(one.valid_until)}",
        f"absence: {one.absence}",
    ]
    return (*lines, *(text for text in (memo.title, memo.legal_reference) if text))


def differences_table(found: list[Difference]) -> Table:
    """Widened first: that is what has to be read."""
    order = ("widened", "added", "changed", "narrowed", "removed")
    ordered = sorted(found, key=lambda one: order.index(one.effect))
    return Table(("effect", "about", "what"), [(one.effect, one.about, one.text) for one in ordered])


def document(one: Agreement) -> dict[str, Any]:
    """An agreement for `--json`."""
    return {
        "id": one.id,
        "version": one.version,
        "client": str(one.client),
        "provider": str(one.provider),
        "status": one.status,
        "valid_from": one.valid_from,
        "valid_until": one.valid_until,
        "absence": one.absence,
        "title": one.memo.title,
        "legal_reference": one.memo.legal_reference,
        "contacts": {"client": one.memo.client_contact, "provider": one.memo.provider_contact},
        "services": [_terms(terms) for terms in one.services],
    }


def _terms(terms: AgreedService) -> dict[str, Any]:
    return {
        "service": str(terms.service),
        "purposes": list(terms.purposes),
        "legal_bases": list(terms.legal_bases),
        "default_purpose": terms.default_purpose,
        "default_legal_basis": terms.default_legal_basis,
        "fields": list(terms.fields),
        "predicates": [asked.as_json() for asked in terms.predicates],
        "methods": list(terms.methods),
        "paths": list(terms.paths),
        "quota": [_allowance(one) for one in terms.quota],
        "repeats": None if terms.repeats is None else _allowance(terms.repeats),
    }


def _allowance(one: Allowance) -> dict[str, int]:
    return {"limit": one.limit, "period_s": one.period_s}


def _bounds(terms: AgreedService) -> str:
    from policies.agreement_diff import allowance_text

    repeats = [f"{allowance_text(terms.repeats)} and person"] if terms.repeats else []
    return words([*map(allowance_text, terms.quota), *repeats])
