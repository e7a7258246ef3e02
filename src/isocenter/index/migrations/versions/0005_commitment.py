"""The table of storage commitment transactions."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

TEXT = sa.Text().with_variant(postgresql.TEXT(collation="C"), "postgresql")
KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Create it."""
    op.create_table(
        "commitment",
        sa.Column("id", KEY, autoincrement=True, nullable=False),
        *(sa.Column(name, TEXT, nullable=False) for name in ("calling_aet", "TransactionUID", "state")),
        *(sa.Column(name, sa.BigInteger, nullable=False) for name in ("received", "changed")),
        *(sa.Column(name, TEXT, nullable=False) for name in ("requested", "failures", "holder")),
        sa.Column("due", sa.BigInteger, nullable=False),
        sa.Column("attempts", sa.Integer, nullable=False),
        sa.Column("detail", TEXT, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_commitment"),
        sa.UniqueConstraint("calling_aet", "TransactionUID", name="uq_commitment_calling_aet_TransactionUID"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_commitment_state_due", "commitment", ["state", "due"])


def downgrade() -> None:
    """Drop it."""
    op.drop_table("commitment")
