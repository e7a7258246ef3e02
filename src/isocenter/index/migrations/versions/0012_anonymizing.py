"""The tables of de-identification jobs, and peers that are sent de-identified objects only."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

TEXT = sa.Text().with_variant(postgresql.TEXT(collation="C"), "postgresql")
KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Create them; peers that are known already get objects as they are."""
    op.create_table(
        "deid_job",
        sa.Column("id", KEY, autoincrement=True, nullable=False),
        *(sa.Column(name, TEXT, nullable=False) for name in ("project", "target", "who", "areas", "state", "detail")),
        sa.Column("created", sa.BigInteger, nullable=False),
        sa.Column("changed", sa.BigInteger, nullable=False),
        sa.Column("objects", sa.Integer, nullable=False),
        sa.Column("done", sa.Integer, nullable=False),
        sa.Column("cancelled", sa.Integer, nullable=False),
        sa.Column("holder", TEXT, nullable=False),
        sa.Column("due", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_deid_job"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_deid_job_state_due", "deid_job", ["state", "due"])
    op.create_table(
        "deid_job_study",
        sa.Column("job_id", KEY, autoincrement=False, nullable=False),
        sa.Column("place", sa.Integer, autoincrement=False, nullable=False),
        sa.Column("StudyInstanceUID", TEXT, nullable=False),
        sa.Column("objects", sa.Integer, nullable=False),
        sa.Column("report", TEXT, nullable=False),
        sa.PrimaryKeyConstraint("job_id", "place", name="pk_deid_job_study"),
        sa.ForeignKeyConstraint(["job_id"], ["deid_job.id"], name="fk_deid_job_study_job_id", ondelete="CASCADE"),
    )
    op.add_column("peer", sa.Column("deid_project", TEXT, nullable=False, server_default=""))


def downgrade() -> None:
    """Drop them."""
    op.drop_column("peer", "deid_project")
    op.drop_table("deid_job_study")
    op.drop_table("deid_job")
