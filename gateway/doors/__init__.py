"""The doors: HTTP interfaces for the member's own systems. No decisions are made here."""
