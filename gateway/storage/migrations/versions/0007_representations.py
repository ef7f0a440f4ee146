"""The table of `gateway.storage.tables.representations`, and consents found by their parties."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Bring the schema forward."""
    op.create_table(
        "consent_representation",
        sa.Column("id", sa.Text(), primary_key=True),
        sa.Column("issuer", sa.Text(), nullable=False),
        sa.Column("people", sa.LargeBinary(), nullable=False),
        sa.Column("subject_tag", sa.Text(), nullable=False),
        sa.Column("representative_tag", sa.Text(), nullable=False),
        sa.Column("officer", sa.Text(), nullable=False),
        sa.Column("recorded_at", sa.BigInteger(), nullable=False),
        sa.Column("ended_at", sa.BigInteger()),
    )
    op.create_index("representation_subject", "consent_representation", ["issuer", "subject_tag"])
    op.create_index(
        "representation_representative", "consent_representation", ["issuer", "representative_tag"]
    )
    op.create_index("consent_client", "consent", ["client", "id"])
    op.create_index("consent_provider", "consent", ["provider", "id"])


def downgrade() -> None:
    """Take it back."""
    op.drop_index("consent_provider", "consent")
    op.drop_index("consent_client", "consent")
    op.drop_table("consent_representation")
