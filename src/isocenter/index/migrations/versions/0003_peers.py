"""The table of peers."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

TEXT = sa.Text().with_variant(postgresql.TEXT(collation="C"), "postgresql")


def upgrade() -> None:
    """Create it."""
    op.create_table(
        "peer",
        sa.Column("aet", TEXT, nullable=False),
        sa.Column("host", TEXT, nullable=False),
        sa.Column("port", sa.Integer, nullable=False),
        sa.Column("allowed", TEXT, nullable=False),
        sa.Column("comment", TEXT, nullable=False),
        sa.PrimaryKeyConstraint("aet", name="pk_peer"),
    )


def downgrade() -> None:
    """Drop it."""
    op.drop_table("peer")
