"""The values of a site's keys: kept, searched and answered (PS3.4 C.2.2.2.6 for those in sequences)."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import sqlalchemy as sa

from isocenter.dicom.matching import Equals, Match, Universal, comparables, compile_match
from isocenter.index.attributes import Level
from isocenter.index.database import Database, Transaction
from isocenter.index.header import LONGEST_TEXT
from isocenter.index.schema import instance, key_value, patient, series, study
from isocenter.index.site_keys import SiteKey

Json = dict[str, Any]
Condition = sa.ColumnElement[bool]
Compare = Callable[["sa.ColumnElement[Any]", Match], Condition]

_TABLES = {Level.PATIENT: patient, Level.STUDY: study, Level.SERIES: series, Level.INSTANCE: instance}
_WHOLE_NUMBERS = frozenset({"IS", "SL", "SS", "SV", "UL", "US", "UV"})
_DECIMALS = frozenset({"DS", "FD", "FL"})
_NAME_GROUPS = ("Alphabetic", "Ideographic", "Phonetic")
#: Places of a value that a name's component groups take.
_PLACES = 3
_OWNERS = {
    Level.PATIENT: "SELECT id, id FROM patient WHERE id IN (:keys)",
    Level.STUDY: "SELECT id, patient_id, id FROM study WHERE id IN (:keys)",
    Level.SERIES: """
SELECT series.id, study.patient_id, study.id, series.id FROM series JOIN study ON study.id = series.study_id
WHERE series.id IN (:keys)""",
    Level.INSTANCE: """
SELECT instance.id, study.patient_id, study.id, series.id, instance.id FROM instance
JOIN series ON series.id = instance.series_id JOIN study ON study.id = series.study_id WHERE instance.id IN (:keys)""",
}
_FORGET = "DELETE FROM key_value WHERE key_id = :key_id AND owner = :owner"
_INSERT = """
INSERT INTO key_value (key_id, owner, item, place, text, comparable)
VALUES (:key_id, :owner, :item, :place, :text, :comparable) ON CONFLICT (key_id, owner, item, place) DO NOTHING"""

#: A value of a key: the item of its sequence (0 at the top level), its text.
Found = tuple[int, str]


def rows_of(key: SiteKey, owner: int, found: Iterable[Found]) -> list[dict[str, Any]]:
    """Return the rows of the values that an owner has."""
    rows = []
    places: dict[int, int] = defaultdict(int)
    for item, raw in found:
        text = raw.replace("\0", "").encode("utf-8", "replace").decode()  # what no database holds
        for group, form in enumerate(comparables(key.vr, text)[:_PLACES]):
            row = {"key_id": key.id, "owner": owner, "item": item, "place": places[item] * _PLACES + group}
            rows.append(row | {"text": "" if group else text[:LONGEST_TEXT], "comparable": form[:LONGEST_TEXT]})
        places[item] += 1
    return rows


def store_values(transaction: Transaction, key: SiteKey, rows: Sequence[Mapping[str, Any]]) -> None:
    """Keep values; those of an instance take the place of what its row number had before."""
    if key.level is Level.INSTANCE:
        owners = {row["owner"] for row in rows}
        transaction.change_many(_FORGET, [{"key_id": key.id, "owner": owner} for owner in owners])
    transaction.change_many(_INSERT, rows)


def owners_with_values(database: Database, key: SiteKey, owners: Iterable[int]) -> set[int]:
    """Return those of the owners that have values."""
    sql = f"SELECT DISTINCT owner FROM key_value WHERE key_id = {key.id:d} AND owner IN (:keys)"  # noqa: S608 - a number
    return {row[0] for row in database.rows_by_key(sql, owners)}


def conditions_of(keys: Iterable[tuple[SiteKey, str]], compare: Compare) -> list[tuple[Level, Condition]]:
    """Return the condition of each key; those in one sequence are to be met by one item."""
    together: dict[tuple[Level, tuple[int, ...], str], list[tuple[SiteKey, Match]]] = defaultdict(list)
    found: list[tuple[Level, Condition]] = []
    for key, text in keys:
        match = compile_match(key.vr, text)
        if isinstance(match, Universal):
            continue
        owner = _TABLES[key.level].c.id
        if match == Equals(("",), key.vr):
            found.append((key.level, owner.not_in(_owners(key, key_value.c.comparable != ""))))
        else:
            alone = "" if len(key.tags) > 1 else key.path
            together[key.level, key.tags[:-1], alone].append((key, match))
    for (level, _, _), members in together.items():
        (first, match), *others = members
        inner = _owners(first, compare(key_value.c.comparable, match))
        for key, other in others:
            beside = key_value.alias()
            same = (beside.c.key_id == key.id, beside.c.owner == key_value.c.owner, beside.c.item == key_value.c.item)
            inner = inner.where(sa.exists().where(*same, compare(beside.c.comparable, other)))
        found.append((level, _TABLES[level].c.id.in_(inner)))
    return found


def _owners(key: SiteKey, condition: Condition) -> "sa.Select[Any]":
    return sa.select(key_value.c.owner).where(key_value.c.key_id == key.id, condition)


def add_values(database: Database, level: Level, answers: Mapping[int, Json], shown: Iterable[SiteKey]) -> None:
    """Add the values of keys to answers, which are by the key of their row."""
    keys = [key for key in shown if key.level.value <= level.value]
    if not keys or not answers:
        return
    owners = database.rows_by_key(_OWNERS[level], answers)
    for key in keys:
        place = key.level.value + 1
        sql = f"SELECT owner, item, place, text FROM key_value WHERE key_id = {key.id:d} AND owner IN (:keys)"  # noqa: S608
        values: dict[int, list[tuple[int, int, str]]] = defaultdict(list)
        for owner, *value in database.rows_by_key(sql, {row[place] for row in owners}):
            values[owner].append(tuple(value))
        for row in owners:
            _add(answers[row[0]], key, sorted(values[row[place]]))


def _add(answer: Json, key: SiteKey, values: list[tuple[int, int, str]]) -> None:
    """Put the values of one key at its place in an answer."""
    items: dict[int, list[str]] = defaultdict(list)
    for item, place, text in values:
        if place % _PLACES == 0:
            items[item].append(text)
    if key.creator:
        _put_private(answer, key, items[0])
    elif len(key.tags) == 1:
        answer[f"{key.tags[0]:08X}"] = _attribute(key.vr, items[0])
    else:
        for item, texts in items.items():
            _item(answer, key.tags[:-1], item)[f"{key.tags[-1]:08X}"] = _attribute(key.vr, texts)
        answer.setdefault(f"{key.tags[0]:08X}", {"vr": "SQ"})


def _item(answer: Json, sequences: Sequence[int], number: int) -> Json:
    """Return an item of a sequence in an answer; of sequences in sequences, the innermost items are told apart."""
    for tag in sequences[:-1]:
        answer = answer.setdefault(f"{tag:08X}", {"vr": "SQ", "Value": [{}]})["Value"][0]
    items: list[Json] = answer.setdefault(f"{sequences[-1]:08X}", {"vr": "SQ"}).setdefault("Value", [])
    while len(items) <= number:
        items.append({})
    return items[number]


def _put_private(answer: Json, key: SiteKey, texts: list[str]) -> None:
    """Put a private element into the block of its creator, or into the next one that is free."""
    group, element = key.tags[0] >> 16, key.tags[0] & 0xFF
    for block in range(0x10, 0x100):
        name = f"{group:04X}{block:04X}"
        if answer.setdefault(name, {"vr": "LO", "Value": [key.creator]})["Value"] == [key.creator]:
            answer[f"{group:04X}{block:02X}{element:02X}"] = _attribute(key.vr, texts)
            return


def _attribute(vr: str, texts: list[str]) -> Json:
    return {"vr": vr, "Value": [_value(vr, text) for text in texts]} if texts else {"vr": vr}


def _value(vr: str, text: str) -> object:
    if vr == "PN":
        return {name: group for name, group in zip(_NAME_GROUPS, text.split("="), strict=False) if group}
    if not text:
        return None
    try:
        return int(text) if vr in _WHOLE_NUMBERS else float(text) if vr in _DECIMALS else text
    except ValueError:
        return text
