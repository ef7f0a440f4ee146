"""Agreements: signed versions, signatures, revocations, deliveries, changes."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

_KEY = ("holder", "counterpart", "id", "version")


def upgrade() -> None:
    """Bring the schema forward."""
    op.create_table(
        "agreement_version",
        *_key_columns(),
        sa.Column("document", sa.Text(), nullable=False),
        sa.Column("kept_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint(*_KEY),
    )
    op.create_table(
        "agreement_signature",
        *_key_columns(),
        sa.Column("signer", sa.Text(), nullable=False),
        sa.Column("jws", sa.Text(), nullable=False),
        sa.Column("certificate", sa.LargeBinary(), nullable=False),
        sa.Column("kept_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint(*_KEY, "signer"),
    )
    op.create_table(
        "agreement_revocation",
        *_key_columns(),
        sa.Column("signer", sa.Text(), nullable=False),
        sa.Column("document", sa.Text(), nullable=False),
        sa.Column("jws", sa.Text(), nullable=False),
        sa.Column("certificate", sa.LargeBinary(), nullable=False),
        sa.Column("kept_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint(*_KEY, "signer"),
    )
    op.create_table(
        "agreement_delivery",
        sa.Column("delivery", sa.Text(), nullable=False),
        *_key_columns(),
        sa.Column("client", sa.Text(), nullable=False),
        sa.Column("typ", sa.Text(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("next_at", sa.BigInteger(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("refused", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("delivery"),
    )
    op.create_index("agreement_delivery_next", "agreement_delivery", ["next_at"], unique=False)
    op.create_table(
        "agreement_change",
        sa.Column("seq", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("holder", sa.Text(), nullable=False),
        sa.Column("counterpart", sa.Text(), nullable=False),
        sa.Column("id", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("seq"),
    )


def downgrade() -> None:
    """Take it back."""
    op.drop_table("agreement_change")
    op.drop_index("agreement_delivery_next", table_name="agreement_delivery")
    for name in ("delivery", "revocation", "signature", "version"):
        op.drop_table(f"agreement_{name}")


def _key_columns() -> list[sa.Column[str] | sa.Column[int]]:
    return [
        sa.Column("holder", sa.Text(), nullable=False),
        sa.Column("counterpart", sa.Text(), nullable=False),
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
    ]
