"""Subscriptions by kind and topic, silences, and why something was not sent."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the columns and the table."""
    op.add_column("endpoints", sa.Column("kinds", sa.Text(), nullable=False, server_default="[]"))
    op.add_column("endpoints", sa.Column("topics", sa.Text(), nullable=False, server_default="[]"))
    op.add_column("deliveries", sa.Column("silence_id", sa.String(length=40), nullable=True))
    op.create_table(
        "silences",
        sa.Column("silence_id", sa.String(length=40), nullable=False),
        sa.Column("matchers", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("created_by", sa.String(length=200), nullable=False),
        sa.Column("created_ms", sa.BigInteger(), nullable=False),
        sa.Column("starts_ms", sa.BigInteger(), nullable=False),
        sa.Column("ends_ms", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("silence_id", name=op.f("pk_silences")),
    )
    op.create_index(op.f("ix_silences_ends_ms"), "silences", ["ends_ms"], unique=False)
