"""The table of corrections of studies; what is in the bin for one knows what took its place."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None

TEXT = sa.Text().with_variant(postgresql.TEXT(collation="C"), "postgresql")
KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Create them."""
    op.create_table(
        "study_edit",
        sa.Column("id", KEY, autoincrement=True, nullable=False),
        sa.Column("StudyInstanceUID", TEXT, nullable=False),
        sa.Column("time", sa.BigInteger, nullable=False),
        *(sa.Column(name, TEXT, nullable=False) for name in ("who", "reason", "before", "after")),
        sa.Column("objects", sa.Integer, nullable=False),
        sa.Column("deletion", KEY, nullable=False),
        sa.Column("undone", KEY, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_study_edit"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_study_edit_StudyInstanceUID", "study_edit", ["StudyInstanceUID"])
    op.create_index("ix_study_edit_deletion", "study_edit", ["deletion"])
    op.add_column("binned", sa.Column("made", sa.LargeBinary))
    op.create_index("ix_binned_SOPInstanceUID", "binned", ["SOPInstanceUID"])


def downgrade() -> None:
    """Drop them."""
    op.drop_index("ix_binned_SOPInstanceUID", "binned")
    op.drop_column("binned", "made")
    op.drop_table("study_edit")
