"""What can be wrong with a federation's documents, by what a reader has to do about it.

    FederationError
      MalformedDocument     cannot be read
      SignatureRejected     not signed by those who must sign it: forged, or stolen online keys
      RolledBack            older than what was seen, or the same version with other content
      Contradiction         two signed documents do not fit together
      DocumentMissing       a file that signed metadata names could not be fetched
      RegistrarBusy         another process is publishing

The reader keeps the last verified state for every one of them and raises an alarm with `code`.
"""

from __future__ import annotations

from typing import ClassVar


class FederationError(Exception):
    """A document of the federation was not accepted. `code` is stable, for alarms and metrics."""

    code: ClassVar[str] = "federation.error"


class MalformedDocument(FederationError):
    """The document does not have the form that its version promises."""

    code = "federation.malformed"


class SignatureRejected(FederationError):
    """The document lacks the signatures that it needs."""

    code = "federation.forged"


class RolledBack(FederationError):
    """The document is older than one already seen, or reuses its version."""

    code = "federation.rolled_back"


class Contradiction(FederationError):
    """The document contradicts another signed one, or itself."""

    code = "federation.contradiction"


class DocumentMissing(FederationError):
    """Signed metadata names a file that the registrar does not hand out."""

    code = "federation.missing"


class RegistrarBusy(FederationError):
    """Another process holds the registrar's lock."""

    code = "federation.busy"
