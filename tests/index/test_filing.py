"""Filing: rows come into being once, whoever is first, and nobody is filed under another's name."""

import threading
from collections.abc import Callable

import pytest
import sqlalchemy as sa

from isocenter.errors import IsocenterError
from isocenter.index import schema
from isocenter.index.conflicts import ConflictKind
from isocenter.index.entry import Entry
from isocenter.index.index import Index
from isocenter.index.statistics import read_statistics

Make = Callable[..., Entry]


def rows(index: Index, table: sa.Table) -> list[sa.Row]:
    with index.database.read() as connection:
        return list(connection.execute(sa.select(table).order_by(table.c.id)))


def counts(index: Index) -> tuple[int, int, int, int]:
    held = read_statistics(index.database)
    return held.patients, held.studies, held.series, held.instances


def test_objects_of_one_series_share_their_parents(index: Index, make_entry: Make) -> None:
    for number in range(1, 4):
        assert index.file(make_entry(number)).existing is None
    assert counts(index) == (1, 1, 1, 3)
    series = rows(index, schema.series)[0]
    assert (series.instances, series.bytes, series.revision) == (3, 3000, 3)
    assert [instance.InstanceNumber for instance in index.instances("1.2.3")] == [1, 2, 3]


def test_a_known_uid_returns_the_first_row_and_makes_nothing(index: Index, make_entry: Make) -> None:
    first = make_entry(1)
    index.file(first)
    again = index.file(make_entry(1, SeriesInstanceUID="1.2.3.99", StudyInstanceUID="1.2.99"))
    assert again.existing is not None
    assert again.existing.location == first.location
    assert counts(index) == (1, 1, 1, 1)


@pytest.mark.parametrize(
    ("other", "patients", "conflicts"),
    [
        ({"PatientName": "DOE^JANE^^"}, 1, []),
        ({"PatientName": "Doe Jane"}, 1, []),
        ({"PatientBirthDate": "19700101"}, 1, []),
        ({"PatientName": ""}, 1, []),
        ({"PatientName": "Roe^Jane"}, 2, [ConflictKind.PATIENT]),
        ({"PatientName": "Doe^Jané"}, 1, []),
        ({"PatientName": "Doe^Jane", "IssuerOfPatientID": "H2"}, 1, []),
        ({"PatientID": "P2"}, 2, []),
        ({"PatientName": "=山田^太郎"}, 1, []),
    ],
)
def test_a_new_study_finds_its_patient(
    index: Index, make_entry: Make, other: dict[str, str], patients: int, conflicts: list[ConflictKind]
) -> None:
    index.file(make_entry(1))
    filed = index.file(make_entry(2, StudyInstanceUID="1.2.4", SeriesInstanceUID="1.2.4.0", **other))
    assert filed.conflicts == conflicts
    assert [conflict.kind for conflict in index.conflicts()] == conflicts
    assert counts(index)[:2] == (patients, 2)


def test_different_birth_dates_are_different_people(index: Index, make_entry: Make) -> None:
    index.file(make_entry(1, PatientBirthDate="19700101"))
    filed = index.file(make_entry(2, StudyInstanceUID="1.2.4", PatientBirthDate="19800101"))
    assert filed.conflicts == [ConflictKind.PATIENT]
    third = index.file(make_entry(3, StudyInstanceUID="1.2.5"))  # either could be meant: nobody's study is taken
    assert third.conflicts == [ConflictKind.PATIENT]
    assert counts(index)[0] == 3


def test_issuers_tell_people_apart_without_conflict(index: Index, make_entry: Make) -> None:
    index.file(make_entry(1, IssuerOfPatientID="H1", PatientName="A"))
    filed = index.file(make_entry(2, StudyInstanceUID="1.2.4", IssuerOfPatientID="H2", PatientName="B"))
    assert filed.conflicts == []
    assert counts(index)[0] == 2


def test_people_without_id_are_not_merged(index: Index, make_entry: Make) -> None:
    index.file(make_entry(1, PatientID="", PatientName="", StudyInstanceUID="1.1"))
    index.file(make_entry(2, PatientID="", PatientName="", StudyInstanceUID="1.2"))
    index.file(make_entry(3, PatientID="", PatientName="Smith", StudyInstanceUID="1.3"))
    index.file(make_entry(4, PatientID="", PatientName="Smith", StudyInstanceUID="1.4"))
    assert counts(index)[0] == 4
    born = {"PatientID": "", "PatientName": "Smith", "PatientBirthDate": "19500505"}
    index.file(make_entry(5, StudyInstanceUID="1.5", **born))
    index.file(make_entry(6, StudyInstanceUID="1.6", **born))
    assert counts(index)[0] == 5
    assert list(index.conflicts()) == []


def test_a_study_keeps_its_patient(index: Index, make_entry: Make) -> None:
    index.file(make_entry(1))
    for number in (2, 3):
        filed = index.file(make_entry(number, PatientID="P9", PatientName="Other^Person", SeriesInstanceUID="1.2.3.7"))
        assert filed.conflicts == ([ConflictKind.STUDY_PATIENT] if number == 2 else [])
    assert counts(index) == (1, 1, 2, 3)
    listed = list(index.conflicts())
    assert len(listed) == 1
    assert "Other^Person" in listed[0].detail
    assert listed[0].instance is None


def test_one_series_uid_in_two_studies(index: Index, make_entry: Make) -> None:
    index.file(make_entry(1))
    index.file(make_entry(2, StudyInstanceUID="1.2.4"))
    assert counts(index) == (1, 2, 2, 2)
    assert len(index.instances("1.2.4", "1.2.3.0")) == 1


HOSTILE = [
    "../../etc/passwd", "'; DROP TABLE patient; --", "<script>alert(1)</script>", 'a"b', "%s %(x)s :name {0}",
    "\x1b[31m", "x" * 5000, "a\0b", "\\\\", "ﷺ" * 300,
]  # fmt: skip


@pytest.mark.parametrize("text", HOSTILE, ids=range(len(HOSTILE)))
def test_hostile_text_is_text(index: Index, make_entry: Make, text: str) -> None:
    keywords = (
        "PatientName",
        "PatientID",
        "StudyDescription",
        "AccessionNumber",
        "Modality",
        "StationName",
        "StudyDate",
    )
    index.file(make_entry(1, **dict.fromkeys(keywords, text)))
    assert counts(index) == (1, 1, 1, 1)
    kept = rows(index, schema.patient)[0].PatientID
    assert kept == text.replace("\0", "").strip()[:256]


@pytest.mark.parametrize("number", ["", "abc", "1.5", "99999999999999", "-3", " 7 "])
def test_numbers_that_are_none_are_left_out(index: Index, make_entry: Make, number: str) -> None:
    index.file(make_entry(1, InstanceNumber=number or b"", SeriesNumber=number or b"", Rows=b"\x01"))
    expected = {"-3": -3, " 7 ": 7}.get(number)
    assert index.instances("1.2.3")[0].InstanceNumber == expected
    assert rows(index, schema.series)[0].SeriesNumber == expected
    assert rows(index, schema.instance)[0].Rows is None


def test_dates_and_times_take_one_form(index: Index, make_entry: Make) -> None:
    index.file(make_entry(1, StudyDate="1997.04.24", StudyTime="10:30", SeriesTime="103000.500000"))
    assert (rows(index, schema.study)[0].StudyDate, rows(index, schema.study)[0].StudyTime) == ("19970424", "103000")
    assert rows(index, schema.series)[0].SeriesTime == "103000.5"


def test_threads_make_parents_once(index: Index, make_entry: Make) -> None:
    entries = [[make_entry(100 * t + n, SeriesInstanceUID=f"1.2.3.{n % 3}.0") for n in range(20)] for t in range(1, 5)]
    threads = [threading.Thread(target=lambda part=part: [index.file(entry) for entry in part]) for part in entries]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert counts(index) == (1, 1, 3, 80)
    assert sum(row.instances for row in rows(index, schema.series)) == 80


def test_two_processes_worth_of_indexes_do_not_disturb_each_other(url: str, make_entry: Make) -> None:
    indexes = [Index.open(url) for _ in range(2)]
    entries = [
        [make_entry(100 * (1 + t) + n, SeriesInstanceUID=f"1.2.3.{n % 5}.0") for n in range(30)] for t in range(2)
    ]
    failures: list[Exception] = []

    def work(index: Index, part: list[Entry]) -> None:
        try:
            for entry in part:
                index.file(entry)
        except IsocenterError as error:
            failures.append(error)

    threads = [threading.Thread(target=work, args=each) for each in zip(indexes, entries, strict=True)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    assert counts(indexes[0]) == (1, 1, 5, 60)
    for index in indexes:
        index.close()


def test_what_another_process_deleted_is_made_again(url: str, make_entry: Make) -> None:
    one, other = Index.open(url), Index.open(url)
    one.file(make_entry(1))
    assert other.delete("1.2.3", "", "", 2000)
    assert counts(one) == (0, 0, 0, 0)
    one.file(make_entry(2))  # its process still remembers the series by its key
    assert counts(other) == (1, 1, 1, 1)
    assert [row.instances for row in rows(other, schema.series)] == [1]
    one.close()
    other.close()


def test_a_row_is_known_by_its_location(index: Index, make_entry: Make) -> None:
    entry = make_entry(1)
    index.file(entry)
    index.make_durable()
    assert index.knows(entry.location)
    assert not index.knows("aa/nothing/000")
