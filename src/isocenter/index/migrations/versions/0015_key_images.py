"""The table of key images that are in no object yet."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None

TEXT = sa.Text().with_variant(postgresql.TEXT(collation="C"), "postgresql")
KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Create it."""
    op.create_table(
        "key_image_draft",
        sa.Column("study_id", KEY, autoincrement=False, nullable=False),
        sa.Column("version", sa.Integer, nullable=False),
        sa.Column("changed", sa.BigInteger, nullable=False),
        sa.Column("body", TEXT, nullable=False),
        sa.PrimaryKeyConstraint("study_id", name="pk_key_image_draft"),
        sa.ForeignKeyConstraint(["study_id"], ["study.id"], name="fk_key_image_draft_study_id"),
    )


def downgrade() -> None:
    """Drop it."""
    op.drop_table("key_image_draft")
