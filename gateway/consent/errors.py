"""What can go wrong with a consent, as one tree.

    ConsentError
      UnknownConsent     this issuer has no such consent
      NotPossible        the change does not fit the consent as it stands (withdrawn already, run out)
      UnfitConsent       what is to be granted contradicts itself: its period, its fields, its frequency

No message holds anything personal. Doors map them to problems.
"""

from __future__ import annotations


class ConsentError(Exception):
    """Root of every error of this package."""


class UnknownConsent(ConsentError):
    """This issuer has no consent of this id."""


class NotPossible(ConsentError):
    """The consent does not stand any more, so it can be neither withdrawn nor renewed."""


class UnfitConsent(ConsentError):
    """The consent contradicts itself."""
