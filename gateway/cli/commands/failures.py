"""What went wrong, in words: title, detail and the next step; and the exit code it stands for.

Never a traceback. A failure that nobody foresaw is named by its class and place only, since its
message may quote what a stranger wrote.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Final

import typer
from typer.core import TyperGroup

from gateway.cli.commands.printing import as_json, plain, print_json
from schemas.errors import ExchangeError

FAILED: Final = 1
CLIENT: Final = 2
PROVIDER: Final = 3
GATEWAY: Final = 4

_CODES: Final[Mapping[str, int]] = {"client": CLIENT, "provider": PROVIDER, "gateway": GATEWAY}

_NEXT_STEPS: Final[Mapping[str, str]] = {
    "configuration": "correct it; look with `isthmus source check FILE` or `isthmus gateway check SETTINGS`",
    "federation-unavailable": "see that the registrar can be reached: `isthmus federation show --url URL`",
    "audit-unavailable": "look at the database: `isthmus gateway check SETTINGS`",
    "policy-unavailable": "look at the policy: `isthmus policy lint` and `isthmus policy test`",
    "unauthenticated": "give the certificate of a registered client: --cert, --key and --cacert",
    "refused": "compare the request with the agreement: `isthmus agreement show WHERE ID`",
    "unknown-service": "see what there is: `isthmus federation show`, `isthmus source list SETTINGS`",
    "source-unavailable": "see that the system runs and can be reached from here, then ask again",
    "peer-unavailable": "see that the provider's gateway runs: `isthmus gateway status URL`",
}
_BY_FAULT: Final[Mapping[int, str]] = {
    FAILED: "look at what was checked: somebody may have changed it",
    CLIENT: "correct the request, and run it again; --help shows the forms",
    PROVIDER: "ask the provider's operator, or run it again later",
    GATEWAY: "ask this gateway's operator; `isthmus gateway check SETTINGS` looks at everything",
}


@dataclass(frozen=True, slots=True)
class Failure:
    """A failure as it is printed; `code` is the exit code."""

    code: int
    title: str
    detail: str
    next: str


class CommandFailed(Exception):
    """A command cannot go on, for a reason of its own."""

    def __init__(self, code: int, title: str, detail: str, next_step: str = "") -> None:
        super().__init__(title)
        self.failure = Failure(code, title, detail, next_step or _BY_FAULT[code])


class ExplainingGroup(TyperGroup):
    """The root of all commands: turns whatever they raise into words and an exit code."""

    def invoke(self, ctx: Any) -> Any:
        """Run the command."""
        try:
            return super().invoke(ctx)
        except (typer.Exit, typer.Abort, typer.TyperException, BrokenPipeError):
            raise
        except Exception as error:  # noqa: BLE001  the last border: everything is explained
            failure = explain(error)
            _print(failure, json=as_json(ctx))
            raise typer.Exit(failure.code) from None


def explain(error: Exception) -> Failure:
    """Put an error into words."""
    if isinstance(error, CommandFailed):
        return error.failure
    if isinstance(error, ExchangeError):
        code = _CODES[error.fault]
        return Failure(code, error.title, error.detail, _NEXT_STEPS.get(error.slug, _BY_FAULT[code]))
    if isinstance(error, OSError):
        place = f"{error.filename}: " if error.filename else ""
        step = "see that the file is there and may be used"
        return Failure(GATEWAY, "A file cannot be used", f"{place}{error.strerror or 'failed'}", step)
    return _of_call(error) or _of_audit(error) or _of_federation(error) or _unforeseen(error)


def _of_call(error: Exception) -> Failure | None:
    # Its module, which loads an HTTP client, was loaded already if this is its error.
    calls = sys.modules.get("gateway.app.calls")
    if calls is None or not isinstance(error, calls.Unreachable):
        return None
    step = "see that it runs; the address must be right, and with TLS --cert, --key and --cacert"
    return Failure(GATEWAY, "Nobody could be reached", str(error), step)


def _of_audit(error: Exception) -> Failure | None:
    from audit import errors

    if not isinstance(error, errors.AuditError):
        return None
    code, title, step = GATEWAY, "The audit log cannot be used", _NEXT_STEPS["audit-unavailable"]
    if isinstance(error, errors.LogDamaged):
        title, step = (
            "The audit log contradicts itself",
            "find what was altered: `isthmus audit verify SETTINGS`",
        )
    elif isinstance(error, (errors.Malformed, errors.VerificationFailed)):
        code, title, step = FAILED, "The verification failed", _BY_FAULT[FAILED]
    elif isinstance(error, (errors.NotLogged, errors.CaseErased)):
        code, title = CLIENT, "The log has nothing of the kind"
        step = "see what there is: `isthmus audit list SETTINGS`"
    return Failure(code, title, str(error), step)


def _of_federation(error: Exception) -> Failure | None:
    from gateway.trust.federation import errors

    if not isinstance(error, errors.FederationError):
        return None
    if isinstance(error, errors.RegistrarBusy):
        return Failure(GATEWAY, "The registrar is busy", str(error), "run it again in a moment")
    refused = (errors.MalformedDocument, errors.SignatureRejected, errors.RolledBack, errors.Contradiction)
    if isinstance(error, refused):
        step = "correct the document, its version or its signatures"
        return Failure(CLIENT, "The federation does not accept this", str(error), step)
    return Failure(
        PROVIDER, "The federation could not be read", str(error), _NEXT_STEPS["federation-unavailable"]
    )


def _unforeseen(error: Exception) -> Failure:
    from gateway.trust.failures import describe

    step = "please report it, with the command but without its values"
    return Failure(GATEWAY, "Something failed that was not foreseen", describe(error), step)


def _print(failure: Failure, *, json: bool) -> None:
    if json:
        print_json({"error": asdict(failure)})
        return
    lines = (f"isthmus: {failure.title}", f"  {failure.detail}", f"  next: {failure.next}")
    sys.stderr.write("".join(plain(line) + "\n" for line in lines))
