"""The first schema."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

TEXT = sa.Text().with_variant(postgresql.TEXT(collation="C"), "postgresql")
KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Create all tables."""
    _code()
    _conflict()
    _consumer()
    _garbage()
    _outbox()
    _patient()
    _study()
    _series()
    _instance()
    _series_metadata()


def downgrade() -> None:
    """There is nothing before the first schema."""


def _code() -> None:
    op.create_table(
        "code",
        sa.Column("id", KEY, autoincrement=True, nullable=False),
        sa.Column("value", TEXT, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_code"),
        sa.UniqueConstraint("value", name="uq_code_value"),
    )


def _conflict() -> None:
    op.create_table(
        "conflict",
        sa.Column("id", KEY, autoincrement=True, nullable=False),
        sa.Column("kind", TEXT, nullable=False),
        sa.Column("key", TEXT, nullable=False),
        sa.Column("StudyInstanceUID", TEXT, nullable=False),
        sa.Column("SeriesInstanceUID", TEXT, nullable=False),
        sa.Column("SOPInstanceUID", TEXT, nullable=False),
        sa.Column("SOPClassUID", TEXT, nullable=False),
        sa.Column("TransferSyntaxUID", TEXT, nullable=False),
        sa.Column("detail", TEXT, nullable=False),
        sa.Column("location", TEXT, nullable=False),
        sa.Column("size", sa.BigInteger, nullable=False),
        sa.Column("data_set_offset", sa.Integer, nullable=False),
        sa.Column("hash", sa.LargeBinary, nullable=False),
        sa.Column("received", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_conflict"),
        sa.UniqueConstraint("kind", "key", name="uq_conflict_kind_key"),
    )


def _consumer() -> None:
    op.create_table(
        "consumer",
        sa.Column("name", TEXT, nullable=False),
        sa.Column("position", sa.BigInteger, nullable=False),
        sa.Column("holder", TEXT, nullable=False),
        sa.Column("lease_until", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("name", name="pk_consumer"),
    )


def _garbage() -> None:
    op.create_table(
        "garbage",
        sa.Column("location", TEXT, nullable=False),
        sa.PrimaryKeyConstraint("location", name="pk_garbage"),
    )


def _outbox() -> None:
    op.create_table(
        "outbox",
        sa.Column("id", KEY, autoincrement=True, nullable=False),
        sa.Column("event", sa.SmallInteger, nullable=False),
        sa.Column("study_id", KEY, nullable=False),
        sa.Column("series_id", KEY, nullable=False),
        sa.Column("instance_id", KEY, nullable=False),
        sa.Column("time", sa.BigInteger, nullable=False),
        sa.Column("day", sa.Integer, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_outbox"),
    )


def _patient() -> None:
    op.create_table(
        "patient",
        sa.Column("id", KEY, autoincrement=True, nullable=False),
        sa.Column("identity", TEXT, nullable=False),
        sa.Column("PatientName", TEXT, nullable=False),
        sa.Column("PatientName_alphabetic", TEXT, nullable=False),
        sa.Column("PatientName_ideographic", TEXT, nullable=False),
        sa.Column("PatientName_phonetic", TEXT, nullable=False),
        sa.Column("PatientID", TEXT, nullable=False),
        sa.Column("IssuerOfPatientID", TEXT, nullable=False),
        sa.Column("PatientBirthDate", TEXT, nullable=False),
        sa.Column("PatientSex", TEXT, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_patient"),
        sa.UniqueConstraint("identity", name="uq_patient_identity"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_patient_PatientID", "patient", ["PatientID"])
    op.create_index("ix_patient_PatientName_alphabetic", "patient", ["PatientName_alphabetic"])


def _study() -> None:
    op.create_table(
        "study",
        sa.Column("id", KEY, autoincrement=True, nullable=False),
        sa.Column("patient_id", KEY, nullable=False),
        sa.Column("StudyInstanceUID", TEXT, nullable=False),
        sa.Column("StudyDate", TEXT, nullable=False),
        sa.Column("StudyTime", TEXT, nullable=False),
        sa.Column("AccessionNumber", TEXT, nullable=False),
        sa.Column("ReferringPhysicianName", TEXT, nullable=False),
        sa.Column("ReferringPhysicianName_alphabetic", TEXT, nullable=False),
        sa.Column("ReferringPhysicianName_ideographic", TEXT, nullable=False),
        sa.Column("ReferringPhysicianName_phonetic", TEXT, nullable=False),
        sa.Column("TimezoneOffsetFromUTC", TEXT, nullable=False),
        sa.Column("StudyDescription", TEXT, nullable=False),
        sa.Column("NameOfPhysiciansReadingStudy", TEXT, nullable=False),
        sa.Column("NameOfPhysiciansReadingStudy_alphabetic", TEXT, nullable=False),
        sa.Column("NameOfPhysiciansReadingStudy_ideographic", TEXT, nullable=False),
        sa.Column("NameOfPhysiciansReadingStudy_phonetic", TEXT, nullable=False),
        sa.Column("PatientAge", TEXT, nullable=False),
        sa.Column("PatientSize", TEXT, nullable=False),
        sa.Column("PatientWeight", TEXT, nullable=False),
        sa.Column("StudyID", TEXT, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_study"),
        sa.ForeignKeyConstraint(["patient_id"], ["patient.id"], name="fk_study_patient_id"),
        sa.UniqueConstraint("StudyInstanceUID", name="uq_study_StudyInstanceUID"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_study_AccessionNumber", "study", ["AccessionNumber"])
    op.create_index("ix_study_StudyDate_StudyTime_id", "study", ["StudyDate", "StudyTime", "id"])
    op.create_index("ix_study_patient_id", "study", ["patient_id"])


def _series() -> None:
    op.create_table(
        "series",
        sa.Column("id", KEY, autoincrement=True, nullable=False),
        sa.Column("study_id", KEY, nullable=False),
        sa.Column("SeriesInstanceUID", TEXT, nullable=False),
        sa.Column("Modality", TEXT, nullable=False),
        sa.Column("SeriesNumber", sa.Integer),
        sa.Column("SeriesDate", TEXT, nullable=False),
        sa.Column("SeriesTime", TEXT, nullable=False),
        sa.Column("Manufacturer", TEXT, nullable=False),
        sa.Column("InstitutionName", TEXT, nullable=False),
        sa.Column("StationName", TEXT, nullable=False),
        sa.Column("SeriesDescription", TEXT, nullable=False),
        sa.Column("InstitutionalDepartmentName", TEXT, nullable=False),
        sa.Column("PerformingPhysicianName", TEXT, nullable=False),
        sa.Column("PerformingPhysicianName_alphabetic", TEXT, nullable=False),
        sa.Column("PerformingPhysicianName_ideographic", TEXT, nullable=False),
        sa.Column("PerformingPhysicianName_phonetic", TEXT, nullable=False),
        sa.Column("OperatorsName", TEXT, nullable=False),
        sa.Column("OperatorsName_alphabetic", TEXT, nullable=False),
        sa.Column("OperatorsName_ideographic", TEXT, nullable=False),
        sa.Column("OperatorsName_phonetic", TEXT, nullable=False),
        sa.Column("ManufacturerModelName", TEXT, nullable=False),
        sa.Column("BodyPartExamined", TEXT, nullable=False),
        sa.Column("ProtocolName", TEXT, nullable=False),
        sa.Column("FrameOfReferenceUID", TEXT, nullable=False),
        sa.Column("Laterality", TEXT, nullable=False),
        sa.Column("PerformedProcedureStepStartDate", TEXT, nullable=False),
        sa.Column("PerformedProcedureStepStartTime", TEXT, nullable=False),
        sa.Column("instances", sa.Integer, nullable=False),
        sa.Column("bytes", sa.BigInteger, nullable=False),
        sa.Column("revision", sa.Integer, nullable=False),
        sa.Column("changed", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_series"),
        sa.ForeignKeyConstraint(["study_id"], ["study.id"], name="fk_series_study_id"),
        sa.UniqueConstraint("study_id", "SeriesInstanceUID", name="uq_series_study_id_SeriesInstanceUID"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_series_SeriesInstanceUID", "series", ["SeriesInstanceUID"])


def _instance() -> None:
    op.create_table(
        "instance",
        sa.Column("id", KEY, autoincrement=True, nullable=False),
        sa.Column("series_id", KEY, nullable=False),
        sa.Column("SOPInstanceUID", TEXT, nullable=False),
        sa.Column("SOPClassUID", sa.Integer, nullable=False),
        sa.Column("AvailableTransferSyntaxUID", sa.Integer, nullable=False),
        sa.Column("InstanceNumber", sa.Integer),
        sa.Column("NumberOfFrames", sa.Integer),
        sa.Column("Rows", sa.Integer),
        sa.Column("Columns", sa.Integer),
        sa.Column("BitsAllocated", sa.Integer),
        sa.Column("location", TEXT, nullable=False),
        sa.Column("size", sa.BigInteger, nullable=False),
        sa.Column("data_set_offset", sa.Integer, nullable=False),
        sa.Column("hash", sa.LargeBinary, nullable=False),
        sa.Column("received", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_instance"),
        sa.ForeignKeyConstraint(
            ["AvailableTransferSyntaxUID"], ["code.id"], name="fk_instance_AvailableTransferSyntaxUID"
        ),
        sa.ForeignKeyConstraint(["SOPClassUID"], ["code.id"], name="fk_instance_SOPClassUID"),
        sa.ForeignKeyConstraint(["series_id"], ["series.id"], name="fk_instance_series_id"),
        sa.UniqueConstraint("SOPInstanceUID", name="uq_instance_SOPInstanceUID"),
    )
    op.create_index("ix_instance_series_id", "instance", ["series_id"])


def _series_metadata() -> None:
    op.create_table(
        "series_metadata",
        sa.Column("series_id", KEY, autoincrement=False, nullable=False),
        sa.Column("revision", sa.Integer, nullable=False),
        sa.Column("instances", sa.Integer, nullable=False),
        sa.Column("etag", TEXT, nullable=False),
        sa.Column("body", sa.LargeBinary, nullable=False),
        sa.PrimaryKeyConstraint("series_id", name="pk_series_metadata"),
        sa.ForeignKeyConstraint(["series_id"], ["series.id"], name="fk_series_metadata_series_id"),
    )
