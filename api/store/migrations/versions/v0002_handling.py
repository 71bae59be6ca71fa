"""Assigning, resolving and reopening alerts."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add who an alert is assigned to, why it was resolved, and the count of officers' actions."""
    op.add_column("alerts", sa.Column("assignee", sa.String(length=200), nullable=True))
    op.add_column("alerts", sa.Column("verdict_reason", sa.Text(), nullable=True))
    op.add_column("alerts", sa.Column("handling_revision", sa.Integer(), nullable=False, server_default="0"))
    op.execute("UPDATE alerts SET human_state = 'resolved' WHERE human_state = 'closed'")
