"""Names are found by any of their component groups through an index."""

from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

_COLUMNS = ("PatientName_ideographic", "PatientName_phonetic")


def upgrade() -> None:
    """Create the indexes that the alphabetic group has already."""
    for column in _COLUMNS:
        op.create_index(f"ix_patient_{column}", "patient", [column])


def downgrade() -> None:
    """Drop them."""
    for column in _COLUMNS:
        op.drop_index(f"ix_patient_{column}", "patient")
