"""Whom a request is about, as the service's description says: for the subject tag in the log.

The asking side only looks; it does not judge. Where a request names nobody it can read, the entry
has no tag, and the provider decides what that means.
"""

from __future__ import annotations

from gateway.exchange.passing import find_subject
from schemas.catalogue import PassThroughForm, ServiceDescription
from schemas.errors import RequestError
from schemas.record import RecordRequest, Subject
from schemas.wire import RequestHead


def subject_of(description: ServiceDescription | None, head: RequestHead, body: bytes) -> Subject | None:
    """The subject of a request, None where it cannot be told."""
    if description is None:
        return None
    try:
        if isinstance(description.form, PassThroughForm):
            return find_subject(description.form, head)
        return RecordRequest.from_bytes(body).subject
    except RequestError:
        return None
