"""Consents: records, their events, and the keys of their subjects."""

from __future__ import annotations

from sqlalchemy import MetaData

metadata = MetaData()
