"""The ways a system misbehaves, and which outcomes are an honest answer to each."""

from __future__ import annotations

from enum import Enum
from typing import Final

from schemas.outcome import Ambiguous, DeniedBySource, Misbehaving, Outcome, Unavailable

CANARY: Final = "CANARY-5f1e"
"""Stands in everything a stand-in makes up; it must never be seen in a log, a cause or an error."""

RETRY_AFTER_S: Final = 7
"""The pause a stand-in asks for: longer than a caller should wait, so it must be passed on."""


class Fault(Enum):
    """What a stand-in is told to do from now on, in place of answering."""

    UNREACHABLE = "nobody answers: connections break at once"
    BAD_CREDENTIAL = "refuses our credentials, at sign-in and at every question"
    EXPIRED_TOKEN = "no longer takes what it gave at earlier sign-ins; a new sign-in works"  # noqa: S105 - a description
    SLOW = "begins its answer and never ends it, a byte now and then, until the client leaves"
    TOO_MANY = f"says that we ask too often, and to come back in {RETRY_AFTER_S} seconds"
    SERVER_ERROR = f"fails inside, and prints {CANARY} about it"
    TRUNCATED = "breaks off in the middle of its answer"
    WRONG_TYPE = f"answers success with a page for people that holds {CANARY}"
    OVERSIZE = "answers without end, more than `max_bytes`"
    REDIRECT = "sends us elsewhere; who follows gets the recorded answer"
    BAD_TLS = "shows a certificate of an authority that is not trusted"
    ERROR_IN_SUCCESS = f"answers success with an error in it that holds {CANARY}"
    REPEATED_CURSOR = "gives the same next page again and again"
    CHANGED_TOTAL = "counts differently on every page"
    REMOVED_FIELD = "no longer has the columns or members that the file maps"
    SECOND_CANDIDATE = "gives the recorded record twice"
    UNKNOWN_CODE = f"writes {CANARY} where the file maps a code list"
    ECHO = "refuses the question and repeats it in full in its complaint"


HONEST: Final[dict[Fault, tuple[type[Outcome], ...]]] = {
    Fault.UNREACHABLE: (Unavailable,),
    Fault.BAD_CREDENTIAL: (DeniedBySource,),
    Fault.SLOW: (Unavailable,),
    Fault.TOO_MANY: (Unavailable,),
    Fault.SERVER_ERROR: (Unavailable,),
    Fault.TRUNCATED: (Unavailable, Misbehaving),
    Fault.WRONG_TYPE: (Misbehaving,),
    Fault.OVERSIZE: (Misbehaving,),
    Fault.REDIRECT: (Misbehaving,),
    Fault.BAD_TLS: (Unavailable, Misbehaving),
    Fault.ERROR_IN_SUCCESS: (Misbehaving, Unavailable, DeniedBySource),
    Fault.REPEATED_CURSOR: (Misbehaving, Ambiguous),
    Fault.CHANGED_TOTAL: (Misbehaving, Unavailable),
    Fault.REMOVED_FIELD: (Misbehaving,),
    Fault.UNKNOWN_CODE: (Misbehaving,),
    Fault.ECHO: (Misbehaving, Unavailable, DeniedBySource),
}
"""The outcomes that do not confuse one thing with another. `SECOND_CANDIDATE` and `EXPIRED_TOKEN`
have checks of their own."""
