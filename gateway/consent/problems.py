"""Errors of consents as problems (RFC 9457), for doors and commands."""

from __future__ import annotations

from gateway.consent.errors import ConsentError, UnfitConsent, UnknownConsent
from schemas.errors import Conflict, ExchangeError, RequestMismatch, UnknownService


def as_problem(error: ConsentError) -> ExchangeError:
    """What the caller is told."""
    if isinstance(error, UnknownConsent):
        return UnknownService(str(error), reasons=("consent.unknown",))
    if isinstance(error, UnfitConsent):
        return RequestMismatch(str(error), reasons=("consent.unfit",))
    return Conflict(str(error), reasons=("consent.ended",))
