"""The table of `gateway.storage.tables.source_events`."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Bring the schema forward."""
    op.create_table(
        "source_event",
        sa.Column("source", sa.Text(), primary_key=True),
        sa.Column("service", sa.Text(), primary_key=True),
        sa.Column("name", sa.Text(), primary_key=True),
        sa.Column("subject_tag", sa.Text(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("received_at", sa.BigInteger(), nullable=False),
        sa.Column("expires", sa.BigInteger(), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
    )
    op.create_index("source_event_subject", "source_event", ["source", "service", "subject_tag"])
    op.create_index("source_event_received", "source_event", ["source", "received_at"])
    op.create_index("source_event_expires", "source_event", ["expires"])


def downgrade() -> None:
    """Take it back."""
    op.drop_table("source_event")
