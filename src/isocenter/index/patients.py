"""Patients' rows: found or made for what a header, or a correction, says of a patient.

Rows come into being by their unique key and ``ON CONFLICT`` only; see ``identity.py`` for who is who.
"""

from collections.abc import Mapping
from typing import Any

import sqlalchemy as sa

from isocenter.index.attributes import Level
from isocenter.index.database import Transaction
from isocenter.index.identity import Identity
from isocenter.index.name_words import forget_words, insert_words
from isocenter.index.schema import patient

IDENTITY_COLUMNS = (
    "PatientName",
    "IssuerOfPatientID",
    "PatientID",
    "PatientName_alphabetic",
    "PatientName_ideographic",
    "PatientName_phonetic",
    "PatientBirthDate",
)
#: The same for a SELECT.
IDENTITY = ", ".join(f'patient."{column}"' for column in IDENTITY_COLUMNS)


def insert(table: sa.Table, *unless: str, absent: sa.Table | None = None) -> str:
    """Return an INSERT of a whole row that does nothing where a row with these unique columns exists.

    ``absent``: nor where that table has the SOP instance UID.
    """
    columns = [column.name for column in table.columns if column.name != "id"]
    names = ", ".join(f'"{column}"' for column in columns)
    values = ", ".join(f":{column}" for column in columns)
    keys = ", ".join(f'"{column}"' for column in unless)
    source = f"VALUES ({values})"
    if absent is not None:
        found = f'SELECT 1 FROM {absent.name} WHERE "SOPInstanceUID" = :SOPInstanceUID'  # noqa: S608 - names of the schema
        source = f"SELECT {values} WHERE NOT EXISTS ({found})"
    return f"INSERT INTO {table.name} ({names}) {source} ON CONFLICT ({keys}) DO NOTHING RETURNING id"


_INSERT = insert(patient, "identity")
_FIND = "SELECT id FROM patient WHERE identity = :key"
_FIND_SAME_ID = f'SELECT id, {IDENTITY} FROM patient WHERE "PatientID" = :PatientID ORDER BY id LIMIT 100'  # noqa: S608 - names of the schema
_COLUMNS = tuple(column.name for column in patient.columns if column.name not in {"id", "identity"})
_ASSIGNMENTS = ", ".join(f'"{column}" = :{column}' for column in _COLUMNS)
_UPDATE = f"UPDATE patient SET identity = :identity, {_ASSIGNMENTS} WHERE id = :id"  # noqa: S608 - names of the schema
_FORGET = (
    "DELETE FROM patient WHERE id = :patient AND NOT EXISTS (SELECT 1 FROM study WHERE patient_id = :patient)",
    f"""DELETE FROM key_value WHERE key_id IN (SELECT id FROM query_key WHERE level = {Level.PATIENT.value})
    AND owner = :patient AND NOT EXISTS (SELECT 1 FROM patient WHERE id = :patient)""",  # noqa: S608 - a number
)


def place_patient(transaction: Transaction, columns: Mapping[str, Any], study: str) -> tuple[int, str]:
    """Return the one patient that agrees with these columns, made if there is none or more than one.

    And, where one was made beside others with its PatientID, who those are, for a person to read; else "".
    """
    identity = Identity.of(columns)
    key = identity.key(study)
    same = transaction.rows(_FIND, key=key)
    if same:
        return int(same[0][0]), ""
    others = _same_id(transaction, identity) if identity.PatientID else []
    agreeing = [patient_id for patient_id, other, _ in others if identity.agrees(other)]
    if len(agreeing) == 1:
        return agreeing[0], ""
    made = transaction.rows(_INSERT, identity=key, **columns)
    if not made:
        return int(transaction.rows(_FIND, key=key)[0][0]), ""
    insert_words(transaction, int(made[0][0]), columns)
    return int(made[0][0]), "; ".join(shown for _, _, shown in others[:3])


def update_patient(transaction: Transaction, patient_id: int, columns: Mapping[str, Any], study: str) -> None:
    """Let a patient's row say this; no other row has its identity."""
    values = {name: columns[name] for name in _COLUMNS}
    transaction.change(_UPDATE, {"id": patient_id, "identity": Identity.of(columns).key(study), **values})
    forget_words(transaction, patient_id)
    insert_words(transaction, patient_id, columns)


def forget_if_empty(transaction: Transaction, patient_id: int) -> None:
    """Remove a patient without studies."""
    for statement in _FORGET:
        transaction.change(statement, {"patient": patient_id})


def _same_id(transaction: Transaction, identity: Identity) -> list[tuple[int, Identity, str]]:
    rows = transaction.rows(_FIND_SAME_ID, PatientID=identity.PatientID)
    columns = [dict(zip(IDENTITY_COLUMNS, row[1:], strict=True)) for row in rows]
    found = [(row[0], Identity.of(each), shown(each)) for row, each in zip(rows, columns, strict=True)]
    return [each for each in found if each[1].same_domain(identity)]


def shown(columns: Mapping[str, Any]) -> str:
    """Return a patient for a person to read."""
    name, birth = columns["PatientName"] or "(no name)", columns["PatientBirthDate"]
    return f"{name}, {columns['PatientID'] or '(no ID)'}" + (f", born {birth}" if birth else "")
