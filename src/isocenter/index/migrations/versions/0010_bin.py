"""The tables of the bin: what was deleted and can be restored."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

TEXT = sa.Text().with_variant(postgresql.TEXT(collation="C"), "postgresql")
KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_TEXTS = (
    "StudyInstanceUID",
    "SeriesInstanceUID",
    "SOPInstanceUID",
    "PatientName",
    "PatientID",
    "StudyDate",
    "StudyDescription",
)


def upgrade() -> None:
    """Create them."""
    op.create_table(
        "deletion",
        sa.Column("id", KEY, autoincrement=True, nullable=False),
        *(sa.Column(name, TEXT, nullable=False) for name in _TEXTS),
        sa.Column("deleted", sa.BigInteger, nullable=False),
        sa.Column("expires", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_deletion"),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "binned",
        sa.Column("id", KEY, autoincrement=True, nullable=False),
        sa.Column("deletion_id", KEY, nullable=False),
        sa.Column("SOPInstanceUID", TEXT, nullable=False),
        sa.Column("location", TEXT, nullable=False),
        sa.Column("size", sa.BigInteger, nullable=False),
        sa.Column("data_set_offset", sa.Integer, nullable=False),
        sa.Column("hash", sa.LargeBinary, nullable=False),
        sa.Column("received", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_binned"),
        sa.UniqueConstraint("location", name="uq_binned_location"),
        sa.ForeignKeyConstraint(["deletion_id"], ["deletion.id"], name="fk_binned_deletion_id"),
    )
    op.create_index("ix_binned_deletion_id", "binned", ["deletion_id"])


def downgrade() -> None:
    """Drop them."""
    op.drop_table("binned")
    op.drop_table("deletion")
