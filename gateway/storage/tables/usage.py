"""Usage: what clients have used of their quotas, repeats, and declared emergencies."""

from __future__ import annotations

from sqlalchemy import MetaData

metadata = MetaData()
