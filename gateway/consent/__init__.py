"""Consent: what a person allowed, who may see that it still holds, and until when (DESIGN section 7)."""
