"""Endpoints that can be changed; mentions that are erased by their id or their link."""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the count of an endpoint's changes; name the digest of an erased mention for what it may be.

    Requests that were claimed and never answered are none of which anything is known.
    """
    op.add_column("endpoints", sa.Column("revision", sa.Integer(), nullable=False, server_default="1"))
    op.execute("DELETE FROM requests WHERE status IS NULL")
    op.alter_column("erasures", "url_sha256", new_column_name="mention_sha256")
