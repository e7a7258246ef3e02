"""The tables of the modality worklist and of performed procedure steps."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

TEXT = sa.Text().with_variant(postgresql.TEXT(collation="C"), "postgresql")
KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_ENTRY = (
    "PatientID",
    "PatientName",
    "AccessionNumber",
    "StudyInstanceUID",
    "RequestedProcedureID",
    "ScheduledProcedureStepID",
    "Modality",
    "ScheduledStationAETitle",
    "ScheduledProcedureStepStartDate",
    "ScheduledProcedureStepStartTime",
    "ScheduledPerformingPhysicianName",
)
_PERFORMED = (
    "PatientID",
    "PatientName",
    "Modality",
    "PerformedStationAETitle",
    "PerformedProcedureStepID",
    "PerformedProcedureStepStartDate",
    "PerformedProcedureStepStartTime",
)
_STEP = ("StudyInstanceUID", "ScheduledProcedureStepID")
_START = ("ScheduledProcedureStepStartDate", "ScheduledProcedureStepStartTime", "id")


def upgrade() -> None:
    """Create them."""
    _worklist()
    _performed()


def _worklist() -> None:
    op.create_table(
        "worklist_entry",
        sa.Column("id", KEY, autoincrement=True, nullable=False),
        *(sa.Column(name, TEXT, nullable=False) for name in ("source", "stamp", "status")),
        sa.Column("changed", sa.BigInteger, nullable=False),
        sa.Column("data_set", TEXT, nullable=False),
        *(sa.Column(name, TEXT, nullable=False) for name in _ENTRY),
        sa.PrimaryKeyConstraint("id", name="pk_worklist_entry"),
        sqlite_autoincrement=True,
    )
    for name, columns in (("step", _STEP), ("start", _START), ("source", ("source",))):
        op.create_index(f"ix_worklist_entry_{name}", "worklist_entry", columns)


def _performed() -> None:
    op.create_table(
        "performed_step",
        sa.Column("id", KEY, autoincrement=True, nullable=False),
        *(sa.Column(name, TEXT, nullable=False) for name in ("SOPInstanceUID", "status", "calling_aet")),
        *(sa.Column(name, sa.BigInteger, nullable=False) for name in ("created", "changed")),
        sa.Column("data_set", TEXT, nullable=False),
        *(sa.Column(name, TEXT, nullable=False) for name in _PERFORMED),
        sa.PrimaryKeyConstraint("id", name="pk_performed_step"),
        sa.UniqueConstraint("SOPInstanceUID", name="uq_performed_step_SOPInstanceUID"),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "performed_step_reference",
        sa.Column("id", KEY, autoincrement=True, nullable=False),
        sa.Column("performed_step_id", KEY, nullable=False),
        *(sa.Column(name, TEXT, nullable=False) for name in _STEP),
        sa.PrimaryKeyConstraint("id", name="pk_performed_step_reference"),
        sa.ForeignKeyConstraint(
            ["performed_step_id"], ["performed_step.id"], name="fk_performed_step_reference_performed_step_id"
        ),
    )
    for name, columns in (("performed_step_id", ("performed_step_id",)), ("step", _STEP)):
        op.create_index(f"ix_performed_step_reference_{name}", "performed_step_reference", columns)


def downgrade() -> None:
    """Drop them."""
    for table in ("performed_step_reference", "performed_step", "worklist_entry"):
        op.drop_table(table)
