"""`python -m tests.fhir`: fetch the pinned FHIR server of the system tests."""

from __future__ import annotations

from tests.fhir import home

home()
