"""What can go wrong in the audit log, as one tree.

    AuditError
      AuditUnavailable      the store did not commit: nothing may be acknowledged   (no receipt, no data)
      Replayed              this (iss, id) was logged before; carries what was logged
      LogDamaged            what is stored contradicts itself; the log refuses to start
      Malformed             bytes or text that are not what they claim to be
      VerificationFailed    a signature, proof or commitment does not hold
      NotLogged             no such entry, exchange or tile
      CaseErased            the case existed, its key has been destroyed

The gateway maps these to problems; nothing here knows HTTP. No message holds anything personal.
"""

from __future__ import annotations


class AuditError(Exception):
    """Root of every error that leaves this package."""


class AuditUnavailable(AuditError):
    """The log could not be written durably, so the answer has to be withheld. Retrying later may help."""


class Replayed(AuditError):
    """The message was seen before: `digest` of the request logged then, `answer` JWS (may be empty)."""

    def __init__(self, digest: bytes, answer: str) -> None:
        super().__init__("this message identifier has been used before")
        self.digest = digest
        self.answer = answer


class LogDamaged(AuditError):
    """Stored entries, tiles and state contradict each other."""


class Malformed(AuditError):
    """Text or bytes do not have the form their format demands."""


class VerificationFailed(AuditError):
    """A signature, a proof or a commitment does not hold."""


class NotLogged(AuditError):
    """The log holds no such entry, exchange, head or tile."""


class CaseErased(AuditError):
    """The case's key and salt have been destroyed; the entry and its proofs remain valid."""
