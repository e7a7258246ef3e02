"""The table of hanging protocols, and documents that open a series beside its metadata."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None

TEXT = sa.Text().with_variant(postgresql.TEXT(collation="C"), "postgresql")


def upgrade() -> None:
    """Create them."""
    op.create_table(
        "hanging_protocol",
        sa.Column("id", TEXT, nullable=False),
        sa.Column("changed", sa.BigInteger, nullable=False),
        sa.Column("body", TEXT, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_hanging_protocol"),
    )
    op.add_column("series_metadata", sa.Column("opening", sa.LargeBinary, nullable=True))


def downgrade() -> None:
    """Drop them."""
    op.drop_column("series_metadata", "opening")
    op.drop_table("hanging_protocol")
