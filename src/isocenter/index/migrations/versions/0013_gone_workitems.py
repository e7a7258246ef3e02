"""The UIDs of work items that were deleted."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None

TEXT = sa.Text().with_variant(postgresql.TEXT(collation="C"), "postgresql")


def upgrade() -> None:
    """Create their table."""
    op.create_table(
        "workitem_gone",
        sa.Column("SOPInstanceUID", TEXT, nullable=False),
        sa.Column("time", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("SOPInstanceUID", name="pk_workitem_gone"),
    )
    op.create_index("ix_workitem_gone_time", "workitem_gone", ["time"])


def downgrade() -> None:
    """Drop it."""
    op.drop_table("workitem_gone")
