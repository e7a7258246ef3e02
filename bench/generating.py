"""A large index without objects: rows of patients, studies, series and instances, straight into its tables.

One study in a hundred is a single series of 1000 instances, the others have four series of 48. Ten patients share each
family name and ten studies each date, in an archive of any size, so that the same search has as many answers.
"""

import hashlib
import itertools
import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import psycopg
import sqlalchemy as sa

from isocenter.dicom.person_name import fold
from isocenter.index.database import Database
from isocenter.index.name_words import name_rows
from isocenter.index.schema import code, instance, metadata, name_word, patient, series, study

CODES = ("1.2.840.10008.5.1.4.1.1.2", "1.2.840.10008.1.2.1")
LARGE = 100  # one study in so many has one large series
LARGE_SERIES, SERIES, SERIES_SIZE = 1000, 4, 48
SAME = 10  # patients of a family, studies of a day
_CHUNK = 5000
_SYLLABLES = [a + b for a in "bdfghklmnprstvwz" for b in "aeiou"]


def uid(kind: str, number: int) -> str:
    """Return a UID that is spread over the whole range, as those of many devices are."""
    return f"2.25.{int.from_bytes(hashlib.sha256(f'{kind}{number}'.encode()).digest()[:15])}"


def family(number: int) -> str:
    """Return the family name of a group of patients; its first letters tell nothing about the number."""
    scattered = number * 7919 % len(_SYLLABLES) ** 3
    return "".join(_SYLLABLES[scattered // len(_SYLLABLES) ** place % len(_SYLLABLES)] for place in range(3)).title()


def date(number: int) -> str:
    """Return a day: numbers count days of years of twelve months of 28 days."""
    return f"{2000 + number // 336:04d}{number // 28 % 12 + 1:02d}{number % 28 + 1:02d}"


def studies_for(instances: int) -> int:
    """Return how many studies hold about so many instances: whole families and days."""
    return round(instances / (SERIES * SERIES_SIZE + (LARGE_SERIES - SERIES * SERIES_SIZE) / LARGE) / SAME) * SAME


def fill(database: Database, studies: int, *, objects: bool = True) -> None:
    """Fill an index that is empty, and let PostgreSQL look at what it has, as its own maintenance does.

    Without ``objects`` there are series of none, for what looks at no series.
    """
    tables: list[tuple[sa.Table, Iterator[dict[str, Any]]]] = [
        (code, ({"id": n + 1, "value": value} for n, value in enumerate(CODES))),
        (patient, map(_patient, range(studies))),
        (
            name_word,
            (row for n in range(studies) for row in name_rows(n + 1, [str(_patient(n)["PatientName_alphabetic"])])),
        ),
        (study, map(_study, range(studies))),
        (series, (row for number in range(studies) for row in _series(number))),
    ]
    if objects:
        rows = itertools.chain.from_iterable(_instances(row) for n in range(studies) for row in _series(n))
        tables.append((instance, rows))
    connection = database.engine.raw_connection()
    try:
        driver = connection.driver_connection
        for table, rows in tables:
            columns = list(table.columns.keys())
            values = ([row.get(name, _EMPTY[table][name]) for name in columns] for row in rows)
            if isinstance(driver, sqlite3.Connection):
                _insert(driver, table.name, columns, values)
            else:
                assert isinstance(driver, psycopg.Connection)
                _copy(driver, table.name, columns, values)
    finally:
        connection.close()


def _insert(driver: sqlite3.Connection, table: str, columns: list[str], rows: Iterable[Sequence[Any]]) -> None:
    names, marks = ", ".join(f'"{name}"' for name in columns), ", ".join("?" * len(columns))
    driver.execute("BEGIN")
    driver.executemany(f"INSERT INTO {table} ({names}) VALUES ({marks})", rows)
    driver.execute("COMMIT")


def _copy(driver: "psycopg.Connection[Any]", table: str, columns: list[str], rows: Iterable[Sequence[Any]]) -> None:
    names = ", ".join(f'"{name}"' for name in columns)
    with driver.cursor() as cursor:
        with cursor.copy(f"COPY {table} ({names}) FROM STDIN") as copy:
            for row in rows:
                copy.write_row(row)
        if table != name_word.name:
            cursor.execute(f"SELECT setval(pg_get_serial_sequence('{table}', 'id'), (SELECT max(id) FROM {table}))")
        cursor.execute(f"ANALYZE {table}")
    driver.commit()


def _patient(number: int) -> dict[str, Any]:
    name = f"{family(number // SAME)}^Given{number % SAME}"
    return {
        "id": number + 1, "identity": f"p{number}", "PatientName": name, "PatientName_alphabetic": fold(name),
        "PatientID": f"P{number:07d}", "PatientBirthDate": date(number % 6000), "PatientSex": "FM"[number % 2],
    }  # fmt: skip


def _study(number: int) -> dict[str, Any]:
    return {
        "id": number + 1, "patient_id": number + 1, "StudyInstanceUID": uid("study", number),
        "StudyDate": date(number // SAME), "StudyTime": f"{8 + number % SAME:02d}0000",
        "AccessionNumber": f"A{number:07d}", "StudyDescription": "THORAX", "StudyID": str(number),
    }  # fmt: skip


def _series(number: int) -> Iterator[dict[str, Any]]:
    """Yield the series of a study; keys leave room for four each."""
    large = number % LARGE == 0
    for turn in range(1 if large else SERIES):
        place = number * SERIES + turn
        yield {
            "id": place + 1, "study_id": number + 1, "SeriesInstanceUID": uid("series", place),
            "Modality": ("CT", "MR", "US", "CR")[number % 4], "SeriesNumber": turn + 1, "Manufacturer": "Benchmark",
            "SeriesDescription": f"Series {turn + 1}", "instances": LARGE_SERIES if large else SERIES_SIZE,
            "bytes": 1000, "revision": 1, "changed": 0,
        }  # fmt: skip


def _instances(row: dict[str, Any]) -> Iterator[dict[str, Any]]:
    start = (row["id"] - 1) * LARGE_SERIES
    for turn in range(row["instances"]):
        number = start + turn
        yield {
            "id": number + 1, "series_id": row["id"], "SOPInstanceUID": uid("instance", number), "SOPClassUID": 1,
            "AvailableTransferSyntaxUID": 2, "InstanceNumber": turn + 1, "Rows": 512, "Columns": 512,
            "BitsAllocated": 16, "location": f"3f/6921a2f0c4b1{number % 4096:04x}.seg:{number:x}:80456",
            "size": 525_398, "data_set_offset": 330, "hash": number.to_bytes(16), "received": 0,
        }  # fmt: skip


def _empty(column: "sa.Column[Any]") -> object:
    return None if column.nullable else "" if isinstance(column.type, sa.Text) else 0


_EMPTY = {table: {column.name: _empty(column) for column in table.columns} for table in metadata.sorted_tables}
