"""What a SOAP fault means when no rule of the source's file says so.

| fault code | outcome |
|---|---|
| `Server` (1.1), `Receiver` (1.2) | Unavailable: the same question may succeed later |
| `Client` (1.1), `Sender` (1.2) | Misbehaving: our question is not one the service announced |
| a code of WS-Security 1.0 section 12 | DeniedBySource: it does not take our credentials |
| any other, `VersionMismatch`, `MustUnderstand` | Misbehaving |

Never NotFound: many services say "no such person" with a fault, but only its file knows which. Codes,
texts and details of a fault are the source's words and are not repeated.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from adapters.http.answers import HttpAnswer
from adapters.kinds.soap.envelope import Message
from adapters.kinds.soap.names import ENVELOPE
from adapters.xml import Element
from schemas.outcome import DeniedBySource, Misbehaving, Unanswered, Unavailable

_DENIED: Final = frozenset(
    {
        "InvalidSecurity",
        "InvalidSecurityToken",
        "FailedAuthentication",
        "FailedCheck",
        "SecurityTokenUnavailable",
        "MessageExpired",
        "UnsupportedSecurityToken",
        "UnsupportedAlgorithm",
        "SecurityError",  # Apache CXF, which says no more on purpose
        "AuthenticationFailure",  # npm's soap
    }
)
_LATER: Final = frozenset({"Server", "Receiver"})


def fault_of(message: Message) -> Element | None:
    """The fault in a message."""
    return message.body.find(f"{{{ENVELOPE[message.version]}}}Fault")


def meaning(fault: Element, answer: HttpAnswer) -> Unanswered:
    """The outcome of a fault that no rule names."""
    codes = [code.strip().rpartition(":")[2] for code in _codes(fault)]
    if any(code in _DENIED for code in codes) or answer.status in (401, 403):
        return DeniedBySource("the source refused our credentials with a SOAP fault")
    # SOAP 1.1 section 4.4.1 refines codes after a dot: `Server.ServerProxy`.
    if codes and codes[0].partition(".")[0] in _LATER:
        return Unavailable("the source failed with a SOAP fault", retry_after_s=answer.retry_after_s)
    return Misbehaving("the source answered with a SOAP fault that its file does not name")


def _codes(fault: Element) -> Iterator[str]:
    """The code, then its refinements: as SOAP 1.1 writes them, or as 1.2 does. npm's `soap` writes its own
    faults in the form of 1.2 whatever the version of the message."""
    code = fault.findtext("faultcode")
    if code is not None:
        yield code
        return
    uri = str(fault.tag).partition("}")[0] + "}"
    for value in fault.iterfind(f"{uri}Code//{uri}Value"):
        yield value.text or ""
