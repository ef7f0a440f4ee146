"""An agreement as a memorandum for lawyers: one self-contained HTML page, for printing.

Everything that a member wrote is escaped. It says in plain words what the document says, and shows who signed
it, when, and with which certificate; the document's digest ties the page to the bytes that were signed.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from html import escape
from typing import Final

from policies.agreement_diff import allowance_text
from schemas.agreement import AgreedService, Agreement
from schemas.decision import Predicate

_OPERATORS: Final = {
    "lt": "is less than", "le": "is at most", "eq": "is", "ne": "is not", "ge": "is at least",
    "gt": "is more than", "in": "is one of", "between": "lies between", "age_ge": "gives an age of at least",
    "age_lt": "gives an age below", "count_ge": "has at least this many items:", "exists": "is known",
}  # fmt: skip
_STYLE: Final = (
    "body{font:11pt/1.5 serif;max-width:44em;margin:2em auto;padding:0 1em;color:#111}"
    "h1{font-size:1.5em}h2{font-size:1.15em;margin-top:1.6em}"
    "table{border-collapse:collapse;width:100%}th,td{border:1px solid #999;padding:.35em .6em;"
    "text-align:left;vertical-align:top}th{width:32%;font-weight:normal;background:#f3f3f3}"
    "code{font-size:.85em;overflow-wrap:anywhere}.notice{border:2px solid #111;padding:.5em 1em}"
    "@media print{body{margin:0;max-width:none}section{break-inside:avoid}}"
)


def memorandum(
    agreement: Agreement,
    *,
    digest: str | None,
    state: str,
    signatures: Sequence[tuple[str, int, str]] = (),
    revocations: Sequence[tuple[str, int, str]] = (),
) -> str:
    """The page. `signatures` are (member, epoch seconds, certificate thumbprint), `revocations` (member,
    epoch seconds, reason); `digest` is None for a file that nobody signed."""
    title = agreement.memo.title or f"Agreement {agreement.id}"
    sections = [
        _parties(agreement),
        _validity(agreement),
        *(_service(terms, number) for number, terms in enumerate(agreement.services, 1)),
        _signatures(digest, signatures),
        _revocations(revocations),
    ]
    return (
        '<!DOCTYPE html>\n<html lang="en"><head><meta charset="utf-8">'
        f"<title>{escape(title)}</title><style>{_STYLE}</style></head><body>"
        f"<h1>{escape(title)}</h1>"
        f"<p>Agreement <code>{escape(agreement.id)}</code>, version {agreement.version}: {_state(state)}.</p>"
        f"{''.join(sections)}</body></html>\n"
    )


def _state(state: str) -> str:
    words = {
        "in_force": "signed by both members and in force",
        "awaiting_us": "proposed by the other member, not accepted",
        "awaiting_them": "proposed, not yet accepted by the other member",
        "superseded": "replaced by a later version",
        "revoked": "<strong>revoked</strong>",
        "expired": "<strong>ended</strong>",
        "unsigned": "<strong>a draft that nobody signed</strong>",
    }
    return words.get(state, escape(state))


def _parties(agreement: Agreement) -> str:
    memo = agreement.memo
    rows = [
        ("The client, which asks", str(agreement.client)),
        ("Its contact", memo.client_contact or "not given"),
        ("The provider, which owns the data and answers", str(agreement.provider)),
        ("Its contact", memo.provider_contact or "not given"),
        ("Legal reference", memo.legal_reference or "not given"),
    ]
    return f"<section><h2>The two sides</h2>{_table(rows)}</section>"


def _validity(agreement: Agreement) -> str:
    unknown = (
        "The client may learn that the provider knows nobody under an identifier."
        if agreement.absence == "disclosed"
        else "The client may not learn whether the provider knows a person at all."
    )
    rows = [
        ("Begins", _moment(agreement.valid_from)),
        ("Ends (first moment no longer covered)", _moment(agreement.valid_until)),
        ("Unknown persons", unknown),
    ]
    return f"<section><h2>Duration</h2>{_table(rows)}</section>"


def _service(terms: AgreedService, number: int) -> str:
    rows = [
        ("May be asked for the purposes", _listed(terms.purposes)),
        ("On the legal bases", _listed(terms.legal_bases)),
    ]
    if terms.default_purpose:
        rows.append(("Purpose, where the client names none", terms.default_purpose))
    if terms.default_legal_basis:
        rows.append(("Legal basis, where the client names none", terms.default_legal_basis))
    if terms.methods:
        rows += [("By the methods", _listed(terms.methods)), ("At the addresses", _listed(terms.paths))]
    else:
        rows.append(("The client may learn", _listed(terms.fields) or "no field itself"))
        rows.append(
            ("And have answered with yes or no", "; ".join(map(_question, terms.predicates)) or "nothing")
        )
    bounds = "; ".join(map(allowance_text, terms.quota)) or "not bounded"
    rows.append(("Exchanges, for each purpose", f"at most {bounds}" if terms.quota else bounds))
    repeats = f"at most {allowance_text(terms.repeats)}" if terms.repeats else "not bounded"
    rows.append(("Exchanges about one person", repeats))
    heading = f"<h2>Service {number}: <code>{escape(str(terms.service))}</code></h2>"
    return f"<section>{heading}{_table(rows)}</section>"


def _question(asked: Predicate) -> str:
    value = ", ".join(map(str, asked.value)) if isinstance(asked.value, list) else str(asked.value)
    shown = "" if asked.op == "exists" else f" {value}"
    return f"whether {asked.field} {_OPERATORS.get(asked.op, asked.op)}{shown}"


def _signatures(digest: str | None, signatures: Sequence[tuple[str, int, str]]) -> str:
    if digest is None:
        said = "<p>This is a draft. Nobody has signed it.</p>"
        return f'<section class="notice"><h2>Signatures</h2>{said}</section>'
    rows = "".join(
        f"<tr><td>{escape(member)}</td><td>{_moment(at)}</td><td><code>{escape(thumbprint)}</code></td></tr>"
        for member, at, thumbprint in signatures
    )
    return (
        "<section><h2>Signatures</h2><p>Each member signed the same document with its own key (ES256, JWS)."
        f" Digest of the document, SHA-256: <code>{escape(digest)}</code>.</p>"
        "<table><tr><td>Member</td><td>Signed at (the signer's clock)</td><td>Certificate, SHA-256</td></tr>"
        f"{rows}</table></section>"
    )


def _revocations(revocations: Sequence[tuple[str, int, str]]) -> str:
    if not revocations:
        return ""
    rows = "".join(
        f"<tr><td>{escape(member)}</td><td>{_moment(at)}</td><td>{escape(reason)}</td></tr>"
        for member, at, reason in revocations
    )
    head = "<tr><td>Member</td><td>Revoked at</td><td>Reason</td></tr>"
    return f"<section><h2>Revocation</h2><table>{head}{rows}</table></section>"


def _table(rows: Sequence[tuple[str, str]]) -> str:
    cells = (f"<tr><th>{escape(name)}</th><td>{escape(value)}</td></tr>" for name, value in rows)
    return f"<table>{''.join(cells)}</table>"


def _listed(values: Sequence[str]) -> str:
    return ", ".join(values)


def _moment(seconds: int) -> str:
    return f"{datetime.fromtimestamp(seconds, UTC):%d %B %Y, %H:%M} UTC"
