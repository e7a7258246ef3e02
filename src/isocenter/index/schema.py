"""The tables, for SQLite and PostgreSQL alike.

Patient, study and series have one typed column per attribute of ``attributes.py``; an instance is a compact row. Text
is never NULL: an absent value is "". Times are milliseconds since 1970 (UTC). The migrations create what stands here
(a test compares the two).
"""

from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql

from isocenter.index.attributes import BY_TAG, NAME_GROUPS, NON_PATIENT_ATTRIBUTES, Attribute, Kind, Level, kept

#: Columns of a work item that searches look at.
WORKITEM_COLUMNS = (
    "ProcedureStepState", "InputReadinessState", "ScheduledProcedureStepPriority",
    "ScheduledProcedureStepStartDateTime", "ExpectedCompletionDateTime", "ProcedureStepLabel", "WorklistLabel",
    "PatientName", "PatientID", "StudyInstanceUID", "AccessionNumber", "RequestedProcedureID", "ScheduledStationName",
    "ScheduledStationClass", "ScheduledPerformer", "ScheduledWorkitem",
)  # fmt: skip

metadata = sa.MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s",
        "pk": "pk_%(table_name)s",
    }
)

#: Text that sorts and compares by code point on both databases.
Text = sa.Text().with_variant(postgresql.TEXT(collation="C"), "postgresql")
#: A key that SQLite makes itself: only INTEGER, not BIGINT, names its row number.
Key = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def _key() -> "sa.Column[int]":
    return sa.Column("id", Key, primary_key=True, autoincrement=True)


def _reference(table: str, *, index: bool = False) -> "sa.Column[int]":
    return sa.Column(f"{table}_id", Key, sa.ForeignKey(f"{table}.id"), nullable=False, index=index)


def _columns(attribute: Attribute) -> "list[sa.Column[object]]":
    if attribute.kind is Kind.NUMBER:
        return [sa.Column(attribute.keyword, sa.Integer)]
    if attribute.kind is Kind.CODED:
        return [sa.Column(attribute.keyword, sa.Integer, sa.ForeignKey("code.id"), nullable=False)]
    suffixes = ("", *NAME_GROUPS) if attribute.kind is Kind.NAME else ("",)
    return [sa.Column(attribute.keyword + suffix, Text, nullable=False) for suffix in suffixes]


def _attributes(level: Level) -> "list[sa.Column[object]]":
    return [column for attribute in kept(level) for column in _columns(attribute)]


def _object() -> "list[sa.Column[object]]":
    """Return where an object's bytes are, and what they are checked by."""
    return [
        sa.Column("location", Text, nullable=False),
        sa.Column("size", sa.BigInteger, nullable=False),
        sa.Column("data_set_offset", sa.Integer, nullable=False),
        sa.Column("hash", sa.LargeBinary, nullable=False),
        sa.Column("received", sa.BigInteger, nullable=False),
    ]


#: Texts that many rows share (UIDs of SOP classes and transfer syntaxes); rows are never changed nor removed.
code = sa.Table("code", metadata, _key(), sa.Column("value", Text, nullable=False, unique=True))

patient = sa.Table(
    "patient",
    metadata,
    _key(),
    sa.Column("identity", Text, nullable=False, unique=True),  # see identity.py
    *_attributes(Level.PATIENT),
    sa.Index(None, "PatientID"),
    *(sa.Index(None, f"PatientName{suffix}") for suffix in NAME_GROUPS),
    sqlite_autoincrement=True,
)

#: The words of patients' names, folded, and how they sound: what fuzzy matching looks up.
name_word = sa.Table(
    "name_word",
    metadata,
    sa.Column("patient_id", sa.ForeignKey("patient.id", ondelete="CASCADE"), primary_key=True, autoincrement=False),
    sa.Column("word", Text, primary_key=True),
    sa.Column("sound", Text, nullable=False),
    sa.Index(None, "word", "patient_id"),
    sa.Index(None, "sound", "patient_id"),
)

study = sa.Table(
    "study",
    metadata,
    _key(),
    _reference("patient", index=True),
    *_attributes(Level.STUDY),
    sa.UniqueConstraint("StudyInstanceUID"),
    sa.Index(None, "StudyDate", "StudyTime", "id"),
    sa.Index(None, "AccessionNumber", "StudyInstanceUID"),
    sa.Index(None, "StudyDescription", "StudyInstanceUID"),
    sqlite_autoincrement=True,
)


def is_empty(column: "sa.Column[Any]") -> "sa.ColumnElement[bool]":
    """Return whether a text is absent, as the indexes of ascending order have it: a parameter would not fit."""
    return column == sa.literal_column("''")


#: Ascending order with absent values last; a descending one reads the columns' own indexes from behind.
ASCENDING = (
    (patient, ("PatientID",), ()),
    (patient, ("PatientName_alphabetic",), ()),
    (study, ("StudyDate", "StudyTime"), ("StudyInstanceUID",)),
    (study, ("AccessionNumber",), ("StudyInstanceUID",)),
    (study, ("StudyDescription",), ("StudyInstanceUID",)),
)
for _table, _sorted, _tie in ASCENDING:
    _terms = [term for name in _sorted for term in (is_empty(_table.c[name]), _table.c[name])]
    sa.Index(f"ix_{_table.name}_{_sorted[0]}_ascending", *_terms, *(_table.c[name] for name in _tie))

series = sa.Table(
    "series",
    metadata,
    _key(),
    _reference("study"),
    *_attributes(Level.SERIES),
    sa.Column("instances", sa.Integer, nullable=False),
    sa.Column("bytes", sa.BigInteger, nullable=False),
    sa.Column("revision", sa.Integer, nullable=False),  # goes up with every change of its instances
    sa.Column("changed", sa.BigInteger, nullable=False),
    sa.UniqueConstraint("study_id", "SeriesInstanceUID"),
    sa.Index(None, "SeriesInstanceUID"),
    sqlite_autoincrement=True,
)

instance = sa.Table(
    "instance",
    metadata,
    _key(),
    _reference("series", index=True),
    *_attributes(Level.INSTANCE),
    *_object(),
    sa.UniqueConstraint("SOPInstanceUID"),
)

#: Objects of no patient, study or series (PS3.4 GG). A SOP instance UID is here or in ``instance``, never in both.
non_patient_object = sa.Table(
    "non_patient_object",
    metadata,
    _key(),
    *(column for tag in (0x00080018, 0x00080016, 0x00083002) for column in _columns(BY_TAG[tag])),
    *(column for attribute in NON_PATIENT_ATTRIBUTES for column in _columns(attribute)),
    *_object(),
    sa.UniqueConstraint("SOPInstanceUID"),
)

#: Series metadata as DICOM JSON, and the document that opens it in a viewer, gzip; right for the series' revision or
#: out of date. Series that settled before there were such documents have none.
series_metadata = sa.Table(
    "series_metadata",
    metadata,
    sa.Column("series_id", Key, sa.ForeignKey("series.id"), primary_key=True, autoincrement=False),
    sa.Column("revision", sa.Integer, nullable=False),
    sa.Column("instances", sa.Integer, nullable=False),
    sa.Column("etag", Text, nullable=False),
    sa.Column("body", sa.LargeBinary, nullable=False),
    sa.Column("opening", sa.LargeBinary, nullable=True),
)

#: What contradicts what was there before; ``key`` makes the same contradiction one row.
conflict = sa.Table(
    "conflict",
    metadata,
    _key(),
    sa.Column("kind", Text, nullable=False),
    sa.Column("key", Text, nullable=False),
    sa.Column("StudyInstanceUID", Text, nullable=False),
    sa.Column("SeriesInstanceUID", Text, nullable=False),
    sa.Column("SOPInstanceUID", Text, nullable=False),
    sa.Column("SOPClassUID", Text, nullable=False),
    sa.Column("TransferSyntaxUID", Text, nullable=False),
    sa.Column("detail", Text, nullable=False),
    sa.Column("location", Text, nullable=False),  # "" where there is no second object
    sa.Column("size", sa.BigInteger, nullable=False),
    sa.Column("data_set_offset", sa.Integer, nullable=False),
    sa.Column("hash", sa.LargeBinary, nullable=False),
    sa.Column("received", sa.BigInteger, nullable=False),
    sa.UniqueConstraint("kind", "key"),
)

#: Events, written in the transaction of what they tell; ``day`` is days since 1970, for retention.
outbox = sa.Table(
    "outbox",
    metadata,
    _key(),
    sa.Column("event", sa.SmallInteger, nullable=False),
    sa.Column("study_id", Key, nullable=False),
    sa.Column("series_id", Key, nullable=False),
    sa.Column("instance_id", Key, nullable=False),
    sa.Column("time", sa.BigInteger, nullable=False),
    sa.Column("day", sa.Integer, nullable=False),
)

#: Readers of the outbox: how far each is, and which process may read for it until when.
consumer = sa.Table(
    "consumer",
    metadata,
    sa.Column("name", Text, primary_key=True),
    sa.Column("position", sa.BigInteger, nullable=False),
    sa.Column("holder", Text, nullable=False),
    sa.Column("lease_until", sa.BigInteger, nullable=False),
)

#: Remote application entities; ``allowed``: words of ``peers.PERMISSIONS`` with spaces between; ``tls_name``: what its
#: certificate is for, if not its host.
peer = sa.Table(
    "peer",
    metadata,
    sa.Column("aet", Text, primary_key=True),
    sa.Column("host", Text, nullable=False),
    sa.Column("port", sa.Integer, nullable=False),
    sa.Column("allowed", Text, nullable=False),
    sa.Column("comment", Text, nullable=False),
    sa.Column("tls", sa.Boolean, nullable=False, server_default=sa.false()),
    sa.Column("tls_name", Text, nullable=False, server_default=""),
    sa.Column("deid_project", Text, nullable=False, server_default=""),
)

#: Storage commitment transactions: ``requested`` and ``failures`` are JSON, the latter "" until the bytes were read
#: back; a pending one is free at the time ``due``, until then it is its holder's, or waits.
commitment = sa.Table(
    "commitment",
    metadata,
    _key(),
    sa.Column("calling_aet", Text, nullable=False),
    sa.Column("TransactionUID", Text, nullable=False),
    sa.Column("state", Text, nullable=False),
    sa.Column("received", sa.BigInteger, nullable=False),
    sa.Column("changed", sa.BigInteger, nullable=False),
    sa.Column("requested", Text, nullable=False),
    sa.Column("failures", Text, nullable=False),
    sa.Column("holder", Text, nullable=False),
    sa.Column("due", sa.BigInteger, nullable=False),
    sa.Column("attempts", sa.Integer, nullable=False),
    sa.Column("detail", Text, nullable=False),
    sa.UniqueConstraint("calling_aet", "TransactionUID"),
    sa.Index(None, "state", "due"),
    sqlite_autoincrement=True,
)

#: Entries of the modality worklist: columns of ``worklist.py`` hold values in their comparable form; ``data_set`` is
#: DICOM JSON; ``source`` the file it comes from, ``stamp`` what that file was like.
worklist_entry = sa.Table(
    "worklist_entry",
    metadata,
    _key(),
    sa.Column("source", Text, nullable=False),
    sa.Column("stamp", Text, nullable=False),
    sa.Column("status", Text, nullable=False),
    sa.Column("changed", sa.BigInteger, nullable=False),
    sa.Column("data_set", Text, nullable=False),
    sa.Column("PatientID", Text, nullable=False),
    sa.Column("PatientName", Text, nullable=False),
    sa.Column("AccessionNumber", Text, nullable=False),
    sa.Column("StudyInstanceUID", Text, nullable=False),
    sa.Column("RequestedProcedureID", Text, nullable=False),
    sa.Column("ScheduledProcedureStepID", Text, nullable=False),
    sa.Column("Modality", Text, nullable=False),
    sa.Column("ScheduledStationAETitle", Text, nullable=False),
    sa.Column("ScheduledProcedureStepStartDate", Text, nullable=False),
    sa.Column("ScheduledProcedureStepStartTime", Text, nullable=False),
    sa.Column("ScheduledPerformingPhysicianName", Text, nullable=False),
    sa.Index("ix_worklist_entry_step", "StudyInstanceUID", "ScheduledProcedureStepID"),
    sa.Index("ix_worklist_entry_start", "ScheduledProcedureStepStartDate", "ScheduledProcedureStepStartTime", "id"),
    sa.Index(None, "source"),
    sqlite_autoincrement=True,
)

#: Performed procedure steps that modalities reported (MPPS); ``data_set`` is DICOM JSON.
performed_step = sa.Table(
    "performed_step",
    metadata,
    _key(),
    sa.Column("SOPInstanceUID", Text, nullable=False),
    sa.Column("status", Text, nullable=False),
    sa.Column("calling_aet", Text, nullable=False),
    sa.Column("created", sa.BigInteger, nullable=False),
    sa.Column("changed", sa.BigInteger, nullable=False),
    sa.Column("data_set", Text, nullable=False),
    sa.Column("PatientID", Text, nullable=False),
    sa.Column("PatientName", Text, nullable=False),
    sa.Column("Modality", Text, nullable=False),
    sa.Column("PerformedStationAETitle", Text, nullable=False),
    sa.Column("PerformedProcedureStepID", Text, nullable=False),
    sa.Column("PerformedProcedureStepStartDate", Text, nullable=False),
    sa.Column("PerformedProcedureStepStartTime", Text, nullable=False),
    sa.UniqueConstraint("SOPInstanceUID"),
    sqlite_autoincrement=True,
)

#: The scheduled steps that a performed one was about.
performed_step_reference = sa.Table(
    "performed_step_reference",
    metadata,
    _key(),
    _reference("performed_step", index=True),
    sa.Column("StudyInstanceUID", Text, nullable=False),
    sa.Column("ScheduledProcedureStepID", Text, nullable=False),
    sa.Index("ix_performed_step_reference_step", "StudyInstanceUID", "ScheduledProcedureStepID"),
)

#: Unified Procedure Steps (PS3.4 CC): the data set as DICOM JSON, and columns to search by in the comparable form of
#: ``matching``; those of ``workitems.SEVERAL`` hold several values. ``transaction_uid``: whose it is, once claimed.
#: ``revision``: counts the changes. ``finished``: when it came to its end, 0 before.
workitem = sa.Table(
    "workitem",
    metadata,
    _key(),
    sa.Column("SOPInstanceUID", Text, nullable=False, unique=True),
    *(sa.Column(name, Text, nullable=False) for name in WORKITEM_COLUMNS),
    sa.Column("transaction_uid", Text, nullable=False),
    sa.Column("revision", sa.Integer, nullable=False),
    sa.Column("finished", sa.BigInteger, nullable=False),
    sa.Column("data_set", Text, nullable=False),
    sa.Index("ix_workitem_start", "ProcedureStepState", "ScheduledProcedureStepStartDateTime", "id"),
    sa.Index("ix_workitem_finished", "finished"),
    sa.Index(None, "PatientID"),
    sa.Index(None, "StudyInstanceUID"),
    sqlite_autoincrement=True,
)

#: Work items that were deleted, and when; their UIDs are remembered for a while, to say so.
workitem_gone = sa.Table(
    "workitem_gone",
    metadata,
    sa.Column("SOPInstanceUID", Text, primary_key=True),
    sa.Column("time", sa.BigInteger, nullable=False),
    sa.Index("ix_workitem_gone_time", "time"),
)

#: Who is told of a work item; ``locked``: it is not deleted meanwhile.
workitem_subscription = sa.Table(
    "workitem_subscription",
    metadata,
    sa.Column("workitem_id", Key, sa.ForeignKey("workitem.id", ondelete="CASCADE"), primary_key=True),
    sa.Column("aet", Text, primary_key=True),
    sa.Column("locked", sa.Integer, nullable=False),
    sa.Index("ix_workitem_subscription_aet", "aet"),
)

#: Who is told of new work items: of all, or (``resource``) of those that match ``filter``, an identifier as DICOM JSON.
worklist_subscription = sa.Table(
    "worklist_subscription",
    metadata,
    sa.Column("aet", Text, primary_key=True),
    sa.Column("resource", Text, primary_key=True),
    sa.Column("filter", Text, nullable=False),
    sa.Column("locked", sa.Integer, nullable=False),
)

#: Event reports, one row for each that is told; ``information`` is DICOM JSON.
workitem_event = sa.Table(
    "workitem_event",
    metadata,
    _key(),
    sa.Column("aet", Text, nullable=False),
    sa.Column("SOPInstanceUID", Text, nullable=False),
    sa.Column("type", sa.Integer, nullable=False),
    sa.Column("information", Text, nullable=False),
    sa.Column("time", sa.BigInteger, nullable=False),
    sa.Index("ix_workitem_event_aet_id", "aet", "id"),
    sa.Index("ix_workitem_event_time", "time"),
    sqlite_autoincrement=True,
)

#: How far each subscriber was told, by way (DIMSE, WebSocket); ``due``: when the next attempt may be, and for whoever
#: makes one a lease; ``failures``: attempts in a row.
workitem_receiver = sa.Table(
    "workitem_receiver",
    metadata,
    sa.Column("aet", Text, primary_key=True),
    sa.Column("way", Text, primary_key=True),
    sa.Column("position", sa.BigInteger, nullable=False),
    sa.Column("due", sa.BigInteger, nullable=False),
    sa.Column("failures", sa.Integer, nullable=False),
)

#: Objects whose rows are gone and whose bytes are still to be removed.
garbage = sa.Table("garbage", metadata, sa.Column("location", Text, primary_key=True))

#: What was deleted together and can be restored together, until it expires; "" for series or object: all below.
deletion = sa.Table(
    "deletion",
    metadata,
    _key(),
    *(
        sa.Column(name, Text, nullable=False)
        for name in ("StudyInstanceUID", "SeriesInstanceUID", "SOPInstanceUID", "PatientName", "PatientID", "StudyDate",
                     "StudyDescription")
    ),
    sa.Column("deleted", sa.BigInteger, nullable=False),
    sa.Column("expires", sa.BigInteger, nullable=False),
    sqlite_autoincrement=True,
)  # fmt: skip

#: The objects of a deletion, which no search looks at; their bytes stay where they are. Those of a correction, which is
#: kept like a deletion, have other bytes in their place now: ``made`` is the hash of these.
binned = sa.Table(
    "binned",
    metadata,
    _key(),
    _reference("deletion", index=True),
    sa.Column("SOPInstanceUID", Text, nullable=False, index=True),
    *_object(),
    sa.Column("made", sa.LargeBinary),
    sa.UniqueConstraint("location"),
)

#: Corrections of studies: who, when and why; what patient and study were before and after is JSON by keyword.
#: ``deletion`` keeps the bytes before, as long as it is there; ``undone`` is the correction that was put back, or 0.
study_edit = sa.Table(
    "study_edit",
    metadata,
    _key(),
    sa.Column("StudyInstanceUID", Text, nullable=False, index=True),
    sa.Column("time", sa.BigInteger, nullable=False),
    *(sa.Column(name, Text, nullable=False) for name in ("who", "reason", "before", "after")),
    sa.Column("objects", sa.Integer, nullable=False),
    sa.Column("deletion", Key, nullable=False, index=True),
    sa.Column("undone", Key, nullable=False),
    sqlite_autoincrement=True,
)

#: Keys that a site has added: ``path`` names the attribute (see ``site_keys.py``). Objects up to row ``target`` were
#: there before the key, those up to ``position`` have been read for it.
query_key = sa.Table(
    "query_key",
    metadata,
    _key(),
    sa.Column("path", Text, nullable=False, unique=True),
    sa.Column("level", sa.SmallInteger, nullable=False),
    sa.Column("vr", Text, nullable=False),
    sa.Column("target", Key, nullable=False),
    sa.Column("position", Key, nullable=False),
)

#: The values of these keys: ``owner`` is the row of the key's level, ``item`` that of the sequence the value is in.
key_value = sa.Table(
    "key_value",
    metadata,
    sa.Column("key_id", Key, sa.ForeignKey("query_key.id", ondelete="CASCADE"), primary_key=True, autoincrement=False),
    sa.Column("owner", Key, primary_key=True, autoincrement=False),
    sa.Column("item", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("place", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("text", Text, nullable=False),
    sa.Column("comparable", Text, nullable=False),
    sa.Index(None, "key_id", "comparable", "owner"),
)

#: Measurements of a study that are not signed yet, as one JSON text; ``version`` goes up with every change.
measurement_draft = sa.Table(
    "measurement_draft",
    metadata,
    sa.Column("study_id", Key, sa.ForeignKey("study.id"), primary_key=True, autoincrement=False),
    sa.Column("version", sa.Integer, nullable=False),
    sa.Column("changed", sa.BigInteger, nullable=False),
    sa.Column("body", Text, nullable=False),
)

#: How users want a kind of study laid out, as one JSON text each; the viewer brings what holds without them.
hanging_protocol = sa.Table(
    "hanging_protocol",
    metadata,
    sa.Column("id", Text, primary_key=True),
    sa.Column("changed", sa.BigInteger, nullable=False),
    sa.Column("body", Text, nullable=False),
)

#: De-identification jobs: ``target``, ``who`` and ``areas`` (boxes that a person approved) are JSON; one that has not
#: ended is free at the time ``due``, until then it is its holder's. ``done``: objects that were dealt with.
deid_job = sa.Table(
    "deid_job",
    metadata,
    _key(),
    *(sa.Column(name, Text, nullable=False) for name in ("project", "target", "who", "areas", "state", "detail")),
    sa.Column("created", sa.BigInteger, nullable=False),
    sa.Column("changed", sa.BigInteger, nullable=False),
    sa.Column("objects", sa.Integer, nullable=False),
    sa.Column("done", sa.Integer, nullable=False),
    sa.Column("cancelled", sa.Integer, nullable=False),
    sa.Column("holder", Text, nullable=False),
    sa.Column("due", sa.BigInteger, nullable=False),
    sa.Index(None, "state", "due"),
    sqlite_autoincrement=True,
)

#: The studies of a job in their order; ``report`` is JSON, "" until the study is done.
deid_job_study = sa.Table(
    "deid_job_study",
    metadata,
    sa.Column("job_id", Key, sa.ForeignKey("deid_job.id", ondelete="CASCADE"), primary_key=True, autoincrement=False),
    sa.Column("place", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("StudyInstanceUID", Text, nullable=False),
    sa.Column("objects", sa.Integer, nullable=False),
    sa.Column("report", Text, nullable=False),
)

#: Images of a study that were marked as key images and are in no object yet, in the same form.
key_image_draft = sa.Table(
    "key_image_draft",
    metadata,
    sa.Column("study_id", Key, sa.ForeignKey("study.id"), primary_key=True, autoincrement=False),
    sa.Column("version", sa.Integer, nullable=False),
    sa.Column("changed", sa.BigInteger, nullable=False),
    sa.Column("body", Text, nullable=False),
)
