"""Indexes by which studies are sorted, in either direction, absent values last, ties by UID."""

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None

PLAIN = (("AccessionNumber", "StudyInstanceUID"), ("StudyDescription", "StudyInstanceUID"))
ASCENDING = (
    ("patient", "PatientID", """("PatientID" = ''), "PatientID" """),
    ("patient", "PatientName_alphabetic", """("PatientName_alphabetic" = ''), "PatientName_alphabetic" """),
    ("study", "StudyDate",
     """("StudyDate" = ''), "StudyDate", ("StudyTime" = ''), "StudyTime", "StudyInstanceUID" """),
    ("study", "AccessionNumber", """("AccessionNumber" = ''), "AccessionNumber", "StudyInstanceUID" """),
    ("study", "StudyDescription", """("StudyDescription" = ''), "StudyDescription", "StudyInstanceUID" """),
)  # fmt: skip


def upgrade() -> None:
    """Create them; that of accession numbers becomes longer."""
    op.drop_index("ix_study_AccessionNumber", "study")
    for columns in PLAIN:
        op.create_index("ix_study_" + "_".join(columns), "study", columns)
    for table, name, terms in ASCENDING:
        op.execute(sa.text(f'CREATE INDEX "ix_{table}_{name}_ascending" ON {table} ({terms})'))


def downgrade() -> None:
    """Drop them."""
    for table, name, _ in ASCENDING:
        op.drop_index(f"ix_{table}_{name}_ascending", table)
    for columns in PLAIN:
        op.drop_index("ix_study_" + "_".join(columns), "study")
    op.create_index("ix_study_AccessionNumber", "study", ["AccessionNumber"])
