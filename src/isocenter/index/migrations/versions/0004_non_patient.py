"""The table of objects that belong to no patient."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

TEXT = sa.Text().with_variant(postgresql.TEXT(collation="C"), "postgresql")
KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_CODED = ("SOPClassUID", "AvailableTransferSyntaxUID")
_TEXTS = (
    "Manufacturer",
    "ImplantName",
    "ImplantPartNumber",
    "ContentLabel",
    "ContentDescription",
    "HangingProtocolName",
    "HangingProtocolDescription",
    "HangingProtocolLevel",
    "ImplantAssemblyTemplateName",
    "ImplantTemplateGroupName",
)


def upgrade() -> None:
    """Create it."""
    op.create_table(
        "non_patient_object",
        sa.Column("id", KEY, autoincrement=True, nullable=False),
        sa.Column("SOPInstanceUID", TEXT, nullable=False),
        *(sa.Column(name, sa.Integer, nullable=False) for name in _CODED),
        *(sa.Column(name, TEXT, nullable=False) for name in _TEXTS),
        sa.Column("location", TEXT, nullable=False),
        sa.Column("size", sa.BigInteger, nullable=False),
        sa.Column("data_set_offset", sa.Integer, nullable=False),
        sa.Column("hash", sa.LargeBinary, nullable=False),
        sa.Column("received", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_non_patient_object"),
        sa.UniqueConstraint("SOPInstanceUID", name="uq_non_patient_object_SOPInstanceUID"),
        *(sa.ForeignKeyConstraint([name], ["code.id"], name=f"fk_non_patient_object_{name}") for name in _CODED),
    )


def downgrade() -> None:
    """Drop it."""
    op.drop_table("non_patient_object")
