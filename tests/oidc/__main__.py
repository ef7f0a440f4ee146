"""`python -m tests.oidc`: install the pinned OpenID provider of the system tests."""

from __future__ import annotations

from tests.oidc import home

home()
