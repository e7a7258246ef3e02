"""The tables of Unified Procedure Steps, of their subscribers, and of what those are told."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

TEXT = sa.Text().with_variant(postgresql.TEXT(collation="C"), "postgresql")
KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_SEARCHED = (
    "ProcedureStepState",
    "InputReadinessState",
    "ScheduledProcedureStepPriority",
    "ScheduledProcedureStepStartDateTime",
    "ExpectedCompletionDateTime",
    "ProcedureStepLabel",
    "WorklistLabel",
    "PatientName",
    "PatientID",
    "StudyInstanceUID",
    "AccessionNumber",
    "RequestedProcedureID",
    "ScheduledStationName",
    "ScheduledStationClass",
    "ScheduledPerformer",
    "ScheduledWorkitem",
)


def upgrade() -> None:
    """Create them."""
    _work_items()
    _subscriptions()
    _events()


def _text(*names: str) -> "list[sa.Column[str]]":
    return [sa.Column(name, TEXT, nullable=False) for name in names]


def _work_items() -> None:
    op.create_table(
        "workitem",
        sa.Column("id", KEY, autoincrement=True, nullable=False),
        *_text("SOPInstanceUID", *_SEARCHED, "transaction_uid"),
        sa.Column("revision", sa.Integer, nullable=False),
        sa.Column("finished", sa.BigInteger, nullable=False),
        *_text("data_set"),
        sa.PrimaryKeyConstraint("id", name="pk_workitem"),
        sa.UniqueConstraint("SOPInstanceUID", name="uq_workitem_SOPInstanceUID"),
        sqlite_autoincrement=True,
    )
    start = ["ProcedureStepState", "ScheduledProcedureStepStartDateTime", "id"]
    op.create_index("ix_workitem_start", "workitem", start)
    for column in ("finished", "PatientID", "StudyInstanceUID"):
        op.create_index(f"ix_workitem_{column}", "workitem", [column])


def _subscriptions() -> None:
    op.create_table(
        "workitem_subscription",
        sa.Column("workitem_id", KEY, nullable=False),
        *_text("aet"),
        sa.Column("locked", sa.Integer, nullable=False),
        sa.PrimaryKeyConstraint("workitem_id", "aet", name="pk_workitem_subscription"),
        sa.ForeignKeyConstraint(
            ["workitem_id"], ["workitem.id"], name="fk_workitem_subscription_workitem_id", ondelete="CASCADE"
        ),
    )
    op.create_index("ix_workitem_subscription_aet", "workitem_subscription", ["aet"])
    op.create_table(
        "worklist_subscription",
        *_text("aet", "resource", "filter"),
        sa.Column("locked", sa.Integer, nullable=False),
        sa.PrimaryKeyConstraint("aet", "resource", name="pk_worklist_subscription"),
    )


def _events() -> None:
    op.create_table(
        "workitem_event",
        sa.Column("id", KEY, autoincrement=True, nullable=False),
        *_text("aet", "SOPInstanceUID"),
        sa.Column("type", sa.Integer, nullable=False),
        *_text("information"),
        sa.Column("time", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_workitem_event"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_workitem_event_aet_id", "workitem_event", ["aet", "id"])
    op.create_index("ix_workitem_event_time", "workitem_event", ["time"])
    op.create_table(
        "workitem_receiver",
        *_text("aet", "way"),
        sa.Column("position", sa.BigInteger, nullable=False),
        sa.Column("due", sa.BigInteger, nullable=False),
        sa.Column("failures", sa.Integer, nullable=False),
        sa.PrimaryKeyConstraint("aet", "way", name="pk_workitem_receiver"),
    )


def downgrade() -> None:
    """Drop them."""
    for table in (
        "workitem_receiver",
        "workitem_event",
        "worklist_subscription",
        "workitem_subscription",
        "workitem",
    ):
        op.drop_table(table)
