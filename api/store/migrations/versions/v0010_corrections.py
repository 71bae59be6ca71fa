"""Corrections of polarity."""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the table."""
    op.create_table(
        "corrections",
        sa.Column("correction_id", sa.String(length=40), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("mention", sa.String(length=16), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("url_sha256", sa.String(length=64), nullable=True),
        sa.Column("alert_id", sa.String(length=200), nullable=False),
        sa.Column("topic_id", sa.String(length=200), nullable=False),
        sa.Column("label", sa.String(length=20), nullable=False),
        sa.Column("gist", sa.Text(), nullable=True),
        sa.Column("given_by", sa.String(length=200), nullable=False),
        sa.Column("given_ms", sa.BigInteger(), nullable=False),
        sa.Column("taken_back_by", sa.String(length=200), nullable=True),
        sa.Column("taken_back_ms", sa.BigInteger(), nullable=True),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("published_revision", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("correction_id", name=op.f("pk_corrections")),
        sa.UniqueConstraint("mention", name=op.f("uq_corrections_mention")),
    )
    op.create_index(op.f("ix_corrections_alert_id"), "corrections", ["alert_id"], unique=False)
