"""Peers that are called over TLS."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

TEXT = sa.Text().with_variant(postgresql.TEXT(collation="C"), "postgresql")


def upgrade() -> None:
    """Add the columns; peers that are known already are called without TLS."""
    op.add_column("peer", sa.Column("tls", sa.Boolean, nullable=False, server_default=sa.false()))
    op.add_column("peer", sa.Column("tls_name", TEXT, nullable=False, server_default=""))


def downgrade() -> None:
    """Drop them."""
    op.drop_column("peer", "tls_name")
    op.drop_column("peer", "tls")
