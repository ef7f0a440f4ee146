"""The error tree, rooted by whose side failed and marked by what to do.

    ExchangeError                        status  fault     retry
      RequestError                                client
        MalformedRequest                 400     client    no
          MalformedIdentifier            400     client    no
        Unauthenticated                  401     client    no
        Refused                          403     client    no    policy spoke: reasons
        NotPermitted                     403     client    no    a person's roles do not reach
        UnknownService                   404     client    no
        MethodNotAllowed                 405     client    no
        RequestTimeout                   408     client    yes
        Replayed                         409     client    no    the original statement is attached
        Conflict                         409     client    no    what is there has moved on
        TooLarge                         413     client    no
        RequestMismatch                  422     client    no
      ProviderError                               provider
        SourceMisbehaved                 502     provider  no
        BadAnswer                        502     provider  no    the peer's answer did not verify
        SourceUnavailable                503     provider  yes
        PeerUnavailable                  503     provider  yes
        SourceTooSlow                    504     provider  yes
      GatewayError                                gateway
        PolicyUnavailable                503     gateway   yes   fail closed
        AuditUnavailable                 503     gateway   yes   no receipt, no data
        FederationUnavailable            503     gateway   yes   the directory is too old to trust
        ConfigurationError               500     gateway   no    start-up only

Each class carries `slug`, `title`, `status`, `fault` and `retryable`; the first line of its
docstring is the explanation on its page in `docs/problems/`. `gateway.problems` is the only place
that turns one into HTTP. `detail` and `reasons` never contain subject data.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Literal

Fault = Literal["client", "gateway", "provider"]


@dataclass(frozen=True, slots=True)
class Advice:
    """What helps who may know: the rules that refused, what would allow the request, whom to ask."""

    rule: tuple[str, ...]
    allowed_if: tuple[str, ...]
    ask: str | None


class ExchangeError(Exception):
    """Anything that keeps an exchange from being answered."""

    slug: ClassVar[str]
    title: ClassVar[str]
    status: ClassVar[int] = 500
    fault: ClassVar[Fault] = "gateway"
    retryable: ClassVar[bool] = False

    def __init__(self, detail: str = "", *, reasons: tuple[str, ...] = (), hop: str | None = None) -> None:
        super().__init__(detail or self.title)
        self.detail = detail or self.title
        self.reasons = reasons
        self.hop = hop
        self.exchange: str | None = None
        """The id of the exchange that failed, once there is one: its receipt."""


class RequestError(ExchangeError):
    """The asking side has to change something."""

    fault = "client"
    status = 400


class MalformedRequest(RequestError):
    """The request cannot be read: its form, not its meaning, is wrong."""

    slug = "malformed-request"
    title = "The request is malformed"


class MalformedIdentifier(MalformedRequest):
    """An identifier does not follow INSTANCE/CLASS/MEMBER/SUBSYSTEM/SERVICE."""

    slug = "malformed-identifier"
    title = "An identifier is malformed"


class Unauthenticated(RequestError):
    """The gateway does not know which subsystem or peer is asking."""

    slug = "unauthenticated"
    title = "The client could not be identified"
    status = 401


class Refused(RequestError):
    """The owner's policy refused the request; the reasons say which rule spoke."""

    slug = "refused"
    title = "The request was refused by policy"
    status = 403

    def __init__(
        self,
        detail: str = "",
        *,
        reasons: tuple[str, ...] = (),
        hop: str | None = None,
        advice: Advice | None = None,
    ) -> None:
        super().__init__(detail, reasons=reasons, hop=hop)
        self.advice = advice


class NotPermitted(RequestError):
    """The signed-in person's roles for this member do not allow this act."""

    slug = "not-permitted"
    title = "The person's roles do not allow this"
    status = 403


class UnknownService(RequestError):
    """No such member, subsystem or service exists, or the asker may not know of it."""

    slug = "unknown-service"
    title = "The service is not known"
    status = 404


class MethodNotAllowed(RequestError):
    """The door or service does not take this HTTP method."""

    slug = "method-not-allowed"
    title = "The method is not allowed here"
    status = 405


class RequestTimeout(RequestError):
    """The client did not send its whole request in time."""

    slug = "request-timeout"
    title = "The request did not arrive in time"
    status = 408
    retryable = True


class Replayed(RequestError):
    """A statement with this identifier was already answered; its answer's statement is attached."""

    slug = "replayed"
    title = "The statement was used before"
    status = 409

    def __init__(self, detail: str = "", *, original: str | None = None, differs: bool = False) -> None:
        super().__init__(detail)
        self.original = original
        self.differs = differs


class Conflict(RequestError):
    """The act does not fit what is there now: decided already, expired, or changed by somebody else."""

    slug = "conflict"
    title = "The act does not fit what is there now"
    status = 409


class TooLarge(RequestError):
    """The request is larger than this gateway accepts."""

    slug = "too-large"
    title = "The request is too large"
    status = 413


class RequestMismatch(RequestError):
    """The request is readable but does not fit the service's description."""

    slug = "request-mismatch"
    title = "The request does not fit the service"
    status = 422


class ProviderError(ExchangeError):
    """The answering side has to change something."""

    fault = "provider"
    status = 502


class SourceMisbehaved(ProviderError):
    """The source answered, but not as its description says."""

    slug = "source-misbehaved"
    title = "The source's answer broke its own description"


class BadAnswer(ProviderError):
    """The other gateway's answer did not verify; nothing of it was handed over."""

    slug = "bad-answer"
    title = "The answer could not be verified"


class SourceUnavailable(ProviderError):
    """The source could not be reached; this says nothing about the person."""

    slug = "source-unavailable"
    title = "The source is not available"
    status = 503
    retryable = True


class PeerUnavailable(ProviderError):
    """The provider's gateway could not be reached; this says nothing about the person."""

    slug = "peer-unavailable"
    title = "The provider's gateway is not available"
    status = 503
    retryable = True


class SourceTooSlow(ProviderError):
    """The source did not answer before the deadline; this says nothing about the person."""

    slug = "source-too-slow"
    title = "The source did not answer in time"
    status = 504
    retryable = True


class GatewayError(ExchangeError):
    """This gateway has to be put right by its operator."""

    slug = "gateway-failed"
    title = "The gateway failed"
    status = 503
    retryable = True


class PolicyUnavailable(GatewayError):
    """No decision could be made, so nothing was disclosed."""

    slug = "policy-unavailable"
    title = "No policy decision could be made"


class AuditUnavailable(GatewayError):
    """The log could not be written, so nothing was disclosed: no receipt, no data."""

    slug = "audit-unavailable"
    title = "The audit log could not be written"


class FederationUnavailable(GatewayError):
    """The copy of the federation is too old, or was frozen, so nobody can be trusted."""

    slug = "federation-unavailable"
    title = "The federation is not fresh enough to trust"


class ConfigurationError(GatewayError):
    """A file of this gateway's configuration is wrong; the detail names file, place and cure."""

    slug = "configuration"
    title = "The configuration is wrong"
    status = 500
    retryable = False
