"""The words of patients' names and how they sound, each in an index of its own: fuzzy matching that does not slow down.

Every word asked for must begin a word of the name or sound like one, in any order and any component group. Names of
others than patients have no such table: there each word must begin a word of one component group.
"""

from collections.abc import Iterable, Mapping
from typing import Any

import sqlalchemy as sa

from isocenter.dicom.phonetic import words, words_asked
from isocenter.index.attributes import NAME_GROUPS, Attribute
from isocenter.index.database import Transaction
from isocenter.index.schema import name_word, patient

Condition = sa.ColumnElement[bool]

_INSERT = "INSERT INTO name_word (patient_id, word, sound) VALUES (:patient_id, :word, :sound)"
_GROUPS = tuple(f"PatientName{suffix}" for suffix in NAME_GROUPS)
#: More words than this are no name; those behind are not looked at.
_MOST_WORDS = 8
_AFTER_ALL_TEXT = "\U0010ffff"


def insert_words(transaction: Transaction, patient_id: int, columns: Mapping[str, Any]) -> None:
    """Keep the words of a new patient's name."""
    rows = name_rows(patient_id, (columns[group] for group in _GROUPS))
    if rows:
        transaction.change_many(_INSERT, rows)


def forget_words(transaction: Transaction, patient_id: int) -> None:
    """Forget the words of a patient's name."""
    transaction.change("DELETE FROM name_word WHERE patient_id = :patient", {"patient": patient_id})


def name_rows(patient_id: int, groups: Iterable[str]) -> list[dict[str, Any]]:
    """Return the rows of a patient whose name has these folded component groups."""
    return [{"patient_id": patient_id, "word": word, "sound": sound} for word, sound in words(groups).items()]


def fuzzy(table: sa.Table, attribute: Attribute, key: str) -> Condition | None:
    """Return the condition that a name is like the key; None where the key has no words."""
    asked = list(words_asked(key).items())[:_MOST_WORDS]
    if not asked:
        return None
    if table is patient:
        return sa.and_(*(patient.c.id.in_(_patients(*each)) for each in asked))
    groups = [table.c[attribute.keyword + suffix] for suffix in NAME_GROUPS]
    return sa.or_(*(sa.and_(*(_begins_a_word(group, word) for word, _ in asked)) for group in groups))


def _patients(word: str, sound: str) -> "sa.CompoundSelect[Any] | sa.Select[Any]":
    """Return the patients one of whose words begins with this one or sounds like it."""
    begin = sa.select(name_word.c.patient_id).where(name_word.c.word >= word, name_word.c.word < word + _AFTER_ALL_TEXT)
    if not sound:
        return begin
    return sa.union_all(begin, sa.select(name_word.c.patient_id).where(name_word.c.sound == sound))


def _begins_a_word(group: "sa.ColumnElement[Any]", word: str) -> Condition:
    return sa.or_(group.startswith(word, autoescape=True), group.contains(f" {word}", autoescape=True))
