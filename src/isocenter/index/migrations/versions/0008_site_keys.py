"""The words of patients' names, and keys that a site adds with their values."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from isocenter.index.name_words import name_rows

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

TEXT = sa.Text().with_variant(postgresql.TEXT(collation="C"), "postgresql")
KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_CHUNK = 1000


def upgrade() -> None:
    """Create the tables, and keep the words of the patients that are there."""
    word = _name_word()
    _query_key()
    _key_value()
    connection = op.get_bind()
    patient = sa.table("patient", *(sa.column(name) for name in ("id", *_GROUPS)))
    last = 0
    statement = sa.select(patient).order_by(patient.c.id).limit(_CHUNK)
    while found := connection.execute(statement.where(patient.c.id > last)).all():
        last = found[-1][0]
        rows = [row for key, *groups in found for row in name_rows(key, groups)]
        if rows:
            connection.execute(sa.insert(word), rows)


def downgrade() -> None:
    """Drop them."""
    for table in ("key_value", "query_key", "name_word"):
        op.drop_table(table)


_GROUPS = ("PatientName_alphabetic", "PatientName_ideographic", "PatientName_phonetic")


def _name_word() -> sa.Table:
    table = op.create_table(
        "name_word",
        sa.Column("patient_id", KEY, autoincrement=False, nullable=False),
        sa.Column("word", TEXT, nullable=False),
        sa.Column("sound", TEXT, nullable=False),
        sa.PrimaryKeyConstraint("patient_id", "word", name="pk_name_word"),
        sa.ForeignKeyConstraint(["patient_id"], ["patient.id"], name="fk_name_word_patient_id", ondelete="CASCADE"),
    )
    op.create_index("ix_name_word_word_patient_id", "name_word", ["word", "patient_id"])
    op.create_index("ix_name_word_sound_patient_id", "name_word", ["sound", "patient_id"])
    return table


def _query_key() -> None:
    op.create_table(
        "query_key",
        sa.Column("id", KEY, autoincrement=True, nullable=False),
        sa.Column("path", TEXT, nullable=False),
        sa.Column("level", sa.SmallInteger, nullable=False),
        sa.Column("vr", TEXT, nullable=False),
        sa.Column("target", KEY, nullable=False),
        sa.Column("position", KEY, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_query_key"),
        sa.UniqueConstraint("path", name="uq_query_key_path"),
    )


def _key_value() -> None:
    op.create_table(
        "key_value",
        sa.Column("key_id", KEY, autoincrement=False, nullable=False),
        sa.Column("owner", KEY, autoincrement=False, nullable=False),
        sa.Column("item", sa.Integer, autoincrement=False, nullable=False),
        sa.Column("place", sa.Integer, autoincrement=False, nullable=False),
        sa.Column("text", TEXT, nullable=False),
        sa.Column("comparable", TEXT, nullable=False),
        sa.PrimaryKeyConstraint("key_id", "owner", "item", "place", name="pk_key_value"),
        sa.ForeignKeyConstraint(["key_id"], ["query_key.id"], name="fk_key_value_key_id", ondelete="CASCADE"),
    )
    op.create_index("ix_key_value_key_id_comparable_owner", "key_value", ["key_id", "comparable", "owner"])
