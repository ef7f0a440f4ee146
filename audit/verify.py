"""Verifying an evidence bundle offline: every check is a named line that passes, fails or is absent.

This is a second opinion, so it shares little with the gateway that made the evidence: JWS by pyjwt
(`signature.py`), chains by cryptography's X.509 verifier, proofs by `merkle`. What it cannot know it says:
whether the authorities and log keys in the bundle are the federation's own is for `cas` and `log_keys`, given
from outside, to settle.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from typing import Any, Literal, TypeVar

import orjson
from cryptography import x509

from audit.bundle import Bundle
from audit.case import commitment
from audit.checkpoint import origin_of
from audit.entry import Entry
from audit.errors import AuditError, Malformed, VerificationFailed
from audit.note import Verifier
from audit.proof import Proof
from audit.signature import Statement, fingerprint, verify_signer, verify_statement
from schemas.encoding import b64url, unb64url
from schemas.errors import MalformedRequest

Status = Literal["pass", "fail", "absent"]
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Check:
    """One line of a report. `exchange` is empty for checks of the whole bundle."""

    exchange: str
    name: str
    status: Status
    text: str


@dataclass(frozen=True, slots=True)
class Report:
    """All checks of one bundle."""

    checks: tuple[Check, ...]

    @property
    def ok(self) -> bool:
        """Whether nothing failed. What is absent is no failure, but it stands in the report."""
        return all(check.status != "fail" for check in self.checks)


def verify_bundle(
    path: Path,
    body: bytes | None = None,
    *,
    cas: Sequence[x509.Certificate] = (),
    log_keys: Mapping[str, str] | None = None,
) -> Report:
    """Check a bundle; with `body`, also that it is the body of one of its requests or answers.

    `cas` and `log_keys` ({gateway id: vkey}), where given, replace what the bundle brings of its own. A file
    that is no bundle is `Malformed`.
    """
    bundle = Bundle.read(path)
    trust = _Trust(bundle.certificates, tuple(cas) or bundle.authorities, log_keys or bundle.log_keys)
    checks = [_anchors(trust, outside=bool(cas) and log_keys is not None)]
    bodies: list[bool] = []
    for exchange, files in sorted(bundle.exchanges.items()):
        folder = _Folder(exchange, files, trust)
        folder.check()
        checks += folder.checks
        bodies += [body is not None and _digested(claims.get("body"), body) for claims in folder.claims]
    checks.append(_body_line(body, matched=any(bodies)))
    return Report(tuple(checks))


@dataclass(frozen=True, slots=True)
class _Trust:
    """Certificates at hand, authorities believed, log keys believed."""

    certificates: tuple[x509.Certificate, ...]
    authorities: tuple[x509.Certificate, ...]
    log_keys: Mapping[str, str]


@dataclass(slots=True)
class _Folder:
    """One exchange under inspection."""

    exchange: str
    files: Mapping[str, bytes]
    trust: _Trust
    checks: list[Check] = field(default_factory=list)
    claims: list[dict[str, Any]] = field(default_factory=list)

    def check(self) -> None:
        """Check the files one by one, then that they belong together."""
        entry = self._try("entry", self._entry, "the entry is well-formed and about this exchange")
        erased = entry is not None and entry.case is not None and "opening.json" not in self.files
        request = self._statement("request", expected=not erased)
        answered = entry is not None and entry.ans is not None
        answer = self._statement("answer", expected=answered and not erased)
        if request and answer:
            self._try(
                "answer.binding", lambda: _bind(request, answer), "the answer answers this very request"
            )
        if entry is not None:
            text = "the entry names the statements by their hashes"
            self._try("entry.statements", lambda: _check_entry(entry, request, answer), text)
            self._opening(entry)
            self._receipt(entry, request)
        if "checkpoint.tsr" in self.files:
            self._line("timestamp", "absent", "checkpoint.tsr is not checked here: use `openssl ts -verify`")
        else:
            self._line("timestamp", "absent", "not timestamped")

    def _line(self, name: str, status: Status, text: str) -> None:
        """Add a line to the report."""
        self.checks.append(Check(self.exchange, name, status, text))

    def _try(self, name: str, check: Callable[[], T], text: str) -> T | None:
        """Run one check and add its line; return what it found, or None when it failed."""
        try:
            found = check()
        except (AuditError, MalformedRequest) as error:
            self._line(name, "fail", str(error))
            return None
        self._line(name, "pass", text)
        return found

    def _entry(self) -> Entry:
        """Read entry.bin."""
        entry = Entry.decode(self._file("entry.bin"))
        if entry.id != self.exchange:
            raise VerificationFailed("the entry is of another exchange")
        return entry

    def _file(self, name: str) -> bytes:
        """Return a file that has to be there."""
        try:
            return self.files[name]
        except KeyError:
            raise VerificationFailed(f"{name} is missing") from None

    def _statement(self, kind: str, *, expected: bool) -> Statement | None:
        """Check one statement: signature, signer, kind, head."""
        if f"{kind}.jws" not in self.files and not expected:
            self._line(f"{kind}.signature", "absent", f"there is no {kind}, or its case was erased")
            return None
        check = lambda: verify_statement(self._file(f"{kind}.jws"), self.trust.certificates)  # noqa: E731
        statement = self._try(f"{kind}.signature", check, "the ES256 signature holds")
        if statement is None:
            return None
        self.claims.append(statement.claims)
        signer = f"an authority vouches for {statement.claims.get('iss')}'s member at the time of signing"
        self._try(f"{kind}.signer", lambda: verify_signer(statement, self.trust.authorities), signer)
        self._try(f"{kind}.head", lambda: self._check_head(kind, statement), "the head is the one signed")
        return statement

    def _check_head(self, kind: str, statement: Statement) -> None:
        """Compare the head with its digest, and the statement with the folder it stands in."""
        kinds = ("request",) if kind == "request" else ("answer", "refusal")
        if statement.claims.get("id") != self.exchange or statement.claims.get("typ") not in kinds:
            raise VerificationFailed(f"this is not the {kind} of this exchange")
        if not _digested(statement.claims.get("head"), self._file(f"{kind}.head")):
            raise VerificationFailed("the head is not the one that was signed")

    def _opening(self, entry: Entry) -> None:
        """Compare the case with the commitment, and the case's statements with the files."""
        if "opening.json" not in self.files:
            self._line("case", "absent", "the entry has no case, or it was erased")
            return
        self._try("case", lambda: _check_opening(entry, self.files), "the case is the one committed to")

    def _receipt(self, entry: Entry, request: Statement | None) -> None:
        """Check that the entry stands in the log of a gateway of this exchange."""

        def check() -> str:
            proof = Proof.parse(self._file("receipt.tlog-proof").decode("utf-8", "replace"))
            origin, _, _ = proof.checkpoint.partition("\n")
            verifier = _log_verifier(origin, self.trust.log_keys)
            member = "gw" if entry.side == "asking" else "to"
            if request is not None and origin != origin_of(str(request.claims.get(member))):
                raise VerificationFailed("the receipt is of a gateway that had no part in this exchange")
            proof.verify(self.files["entry.bin"], verifier)
            return origin

        self._try("receipt", check, "the entry is in the log, under a signed checkpoint")


def _anchors(trust: _Trust, *, outside: bool) -> Check:
    """Say where trust came from; what came with the bundle has to be compared by a human."""
    if outside:
        return Check("", "trust", "pass", "authorities and log keys were given from outside the bundle")
    prints = ", ".join(fingerprint(authority) for authority in trust.authorities) or "none"
    keys = ", ".join(trust.log_keys.values()) or "none"
    text = f"taken from the bundle; compare with the federation: authorities {prints}; log keys {keys}"
    return Check("", "trust", "absent", text)


def _body_line(body: bytes | None, *, matched: bool) -> Check:
    """Say whether the body that was given is one that was signed."""
    if body is None:
        return Check("", "body", "absent", "no body was given")
    if matched:
        return Check("", "body", "pass", "the body is the one that was signed")
    return Check("", "body", "fail", "the body is not one that was signed in this bundle")


def _bind(request: Statement, answer: Statement) -> None:
    """Check that the answer is to this request, between the same parties."""
    asked, said = request.claims, answer.claims
    if said.get("req") != request.digest:
        raise VerificationFailed("the answer is to another request")
    pairs = [("id", "id"), ("cid", "cid"), ("iss", "aud"), ("aud", "iss"), ("gw", "to"), ("to", "gw")]
    if any(said.get(one) != asked.get(other) for one, other in pairs):
        raise VerificationFailed("the answer is between other parties")


def _check_entry(entry: Entry, request: Statement | None, answer: Statement | None) -> None:
    """Check the entry's hashes of the statements at hand, and that it says what they say."""
    if request is not None and entry.req != request.digest:
        raise VerificationFailed("the entry names another request")
    if answer is not None and entry.ans != answer.digest:
        raise VerificationFailed("the entry names another answer")
    if request is not None:
        said = [request.claims.get(name) for name in ("iss", "aud", "purpose", "basis")]
        if said != [entry.client, entry.service, entry.purpose, entry.basis]:
            raise VerificationFailed("the entry tells another story than the request")


def _check_opening(entry: Entry, files: Mapping[str, bytes]) -> None:
    """Make the case's bytes again and compare their commitment; then its statements with the files."""
    try:
        opening = orjson.loads(files["opening.json"])
        case, salt = opening["case"], unb64url(opening["salt"], length=32)
    except (orjson.JSONDecodeError, KeyError, TypeError, AttributeError) as error:
        raise Malformed("opening.json is not {case, salt}") from error
    if commitment(salt, orjson.dumps(case, option=orjson.OPT_SORT_KEYS)) != entry.case:
        raise VerificationFailed("the case is not the one committed to")
    for member, name in (("request", "request.jws"), ("answer", "answer.jws")):
        if member in case and case[member].encode() != files.get(name):
            raise VerificationFailed(f"{name} is not the one in the case")


def _log_verifier(origin: str, log_keys: Mapping[str, str]) -> Verifier:
    """Return the key of a log."""
    for gateway, vkey in log_keys.items():
        if origin_of(gateway) == origin:
            verifier = Verifier.parse(vkey)
            if verifier.name == origin:
                return verifier
    raise VerificationFailed("the federation files name no key for this log")


def _digested(digest: object, content: bytes) -> bool:
    """Tell whether a `{nonce, digest}` of a statement is of this content."""
    if not isinstance(digest, dict):
        return False
    try:
        nonce = unb64url(str(digest.get("nonce")), length=16)
    except MalformedRequest:
        return False
    return digest.get("digest") == b64url(sha256(nonce + content).digest())
