"""Queries: every kind of key on both databases, levels, order, limits, and what answers carry."""

from collections.abc import Callable, Iterable, Sequence
from typing import Any

import pytest
import sqlalchemy as sa

from isocenter.errors import IsocenterError, UsageError
from isocenter.index.attributes import ATTRIBUTES, HEADER_TAGS, Attribute, Kind, Level
from isocenter.index.database import Database, Row
from isocenter.index.entry import Entry
from isocenter.index.index import Index
from isocenter.index.query import Query, compile_query

TAGS = {attribute.keyword: attribute.tag for attribute in ATTRIBUTES}
MR = "1.2.840.10008.5.1.4.1.1.4"

STUDIES: list[dict[str, str]] = [
    {"StudyInstanceUID": "1.1", "SeriesInstanceUID": "1.1.1", "StudyDate": "20200101", "StudyTime": "0900",
     "PatientName": "Müller^Jörg", "PatientID": "M1", "AccessionNumber": "A1", "Modality": "CT",
     "StudyDescription": "Thorax 50%"},
    {"StudyInstanceUID": "1.1", "SeriesInstanceUID": "1.1.2", "StudyDate": "20200101", "StudyTime": "0900",
     "PatientName": "Müller^Jörg", "PatientID": "M1", "AccessionNumber": "A1", "Modality": "SR", "SeriesNumber": "2"},
    {"StudyInstanceUID": "1.2", "SeriesInstanceUID": "1.2.1", "StudyDate": "20210630", "StudyTime": "235959.5",
     "PatientName": "Yamada^Tarou=山田^太郎=やまだ^たろう", "PatientID": "Y_1", "AccessionNumber": "a1",
     "Modality": "MR", "StudyDescription": "Brain", "SOPClassUID": MR},
    {"StudyInstanceUID": "1.3", "SeriesInstanceUID": "1.3.1", "StudyDate": "20221231", "PatientName": "Doe^Jane",
     "PatientID": "YX1", "AccessionNumber": "", "Modality": "CT", "StudyDescription": "Thorax 500"},
]  # fmt: skip


@pytest.fixture(scope="module")
def filled(module_index: Index, make_entry: Callable[..., Entry]) -> Index:
    """Return an index that the tests of this file only read."""
    for number, attributes in enumerate(STUDIES, 1):
        module_index.file(make_entry(number, **attributes))
    return module_index


def find(index: Index, level: Level, /, include: frozenset[int] | None = None, **keys: str) -> list[dict[str, Any]]:
    options = {name: keys.pop(name) for name in ("limit", "offset", "fuzzy") if name in keys}
    return index.find(Query(level, {TAGS[keyword]: key for keyword, key in keys.items()}, include, **options))


def studies(index: Index, **keys: str) -> list[str]:
    return [answer["0020000D"]["Value"][0] for answer in find(index, Level.STUDY, **keys)]


@pytest.mark.parametrize(
    ("keys", "expected"),
    [
        ({}, ["1.3", "1.2", "1.1"]),
        ({"PatientName": "muller*"}, ["1.1"]),
        ({"PatientName": "MÜLLER^JÖRG"}, ["1.1"]),
        ({"PatientName": "*jorg"}, ["1.1"]),
        ({"PatientName": "山田*"}, ["1.2"]),
        ({"PatientName": "やまだ^たろう"}, ["1.2"]),
        ({"PatientName": "yamada?tarou"}, ["1.2"]),
        ({"PatientName": "*"}, ["1.3", "1.2", "1.1"]),
        ({"PatientID": "Y_1"}, ["1.2"]),
        ({"PatientID": "Y_*"}, ["1.2"]),
        ({"PatientID": "Y?1"}, ["1.3", "1.2"]),
        ({"PatientID": "m1"}, []),
        ({"AccessionNumber": "A*"}, ["1.1"]),
        ({"AccessionNumber": '""'}, ["1.3"]),
        ({"StudyDescription": "Thorax 50%"}, ["1.1"]),
        ({"StudyDescription": "Thorax 50%*"}, ["1.1"]),
        ({"StudyDescription": "Thorax*"}, ["1.3", "1.1"]),
        ({"StudyDate": "20200101-20210630"}, ["1.2", "1.1"]),
        ({"StudyDate": "20210101-"}, ["1.3", "1.2"]),
        ({"StudyDate": "-20201231"}, ["1.1"]),
        ({"StudyDate": "20221231"}, ["1.3"]),
        ({"StudyTime": "0800-1000"}, ["1.1"]),
        ({"StudyTime": "2359"}, ["1.2"]),
        ({"StudyTime": "09"}, ["1.1"]),
        ({"StudyInstanceUID": "1.1\\1.3"}, ["1.3", "1.1"]),
        ({"ModalitiesInStudy": "CT"}, ["1.3", "1.1"]),
        ({"ModalitiesInStudy": "SR"}, ["1.1"]),
        ({"ModalitiesInStudy": "MR\\SR"}, ["1.2", "1.1"]),
        ({"Modality": "CT", "SeriesNumber": "2"}, []),
        ({"Modality": "SR", "SeriesNumber": "2"}, ["1.1"]),
        ({"SOPClassesInStudy": MR}, ["1.2"]),
        ({"SOPInstanceUID": "1.2.3.3"}, ["1.2"]),
        ({"PatientName": "doe*", "ModalitiesInStudy": "CT", "StudyDate": "2022-"}, ["1.3"]),
        ({"PatientName": "'; DROP TABLE study; --"}, []),
    ],
)
def test_study_keys(filled: Index, keys: dict[str, str], expected: list[str]) -> None:
    assert studies(filled, **keys) == expected


def test_limit_and_offset_walk_through_the_order(filled: Index) -> None:
    assert [studies(filled, limit=1, offset=at) for at in range(4)] == [["1.3"], ["1.2"], ["1.1"], []]


@pytest.mark.parametrize("name", ["jorg mul", "Jör", "Mül jör"])
def test_fuzzy_names_match_beginnings_of_words(filled: Index, name: str) -> None:
    assert studies(filled, PatientName=name, fuzzy=True) == ["1.1"]
    assert studies(filled, PatientName="rg", fuzzy=True) == []


@pytest.mark.parametrize(
    ("name", "expected"),
    [("Mueller^Joerg", ["1.1"]), ("Moller", ["1.1"]), ("taro yamata", ["1.2"]), ("太", ["1.2"]), ("Miller", []),
     ("muller jane", [])],
)  # fmt: skip
def test_fuzzy_names_sound_alike(filled: Index, name: str, expected: list[str]) -> None:
    assert studies(filled, PatientName=name, fuzzy=True) == expected


def test_the_words_of_a_patient_go_with_him(index: Index, make_entry: Callable[..., Entry]) -> None:
    index.file(make_entry(1))
    assert [tuple(row) for row in index.database.rows("SELECT word FROM name_word ORDER BY word")] == [
        ("doe",),
        ("jane",),
    ]
    assert index.delete("1.2.3", "", "", 5000)
    assert not index.database.rows("SELECT word FROM name_word")


def test_a_study_is_answered_with_its_patient_and_what_is_counted(filled: Index) -> None:
    (answer,) = find(filled, Level.STUDY, StudyInstanceUID="1.1")
    assert answer["00100010"] == {"vr": "PN", "Value": [{"Alphabetic": "Müller^Jörg"}]}
    assert answer["00080061"] == {"vr": "CS", "Value": ["CT", "SR"]}
    assert answer["00201206"] == {"vr": "IS", "Value": [2]}
    assert answer["00201208"] == {"vr": "IS", "Value": [2]}
    assert answer["00080062"]["Value"] == ["1.2.840.10008.5.1.4.1.1.2"]
    assert answer["00080090"] == {"vr": "PN"}
    assert set(answer) == {f"{a.tag:08X}" for a in ATTRIBUTES if a.level in {Level.PATIENT, Level.STUDY}} - {
        "00201200", "00201202", "00201204"
    }  # fmt: skip


@pytest.mark.parametrize(
    ("order", "expected"),
    [
        ("PatientName", ["1.3", "1.1", "1.2"]),
        ("-PatientName", ["1.2", "1.1", "1.3"]),
        ("AccessionNumber", ["1.1", "1.2", "1.3"]),
        ("-AccessionNumber", ["1.2", "1.1", "1.3"]),
        ("StudyDate,StudyTime", ["1.1", "1.2", "1.3"]),
        ("-StudyDescription", ["1.3", "1.1", "1.2"]),
        ("PatientSex", ["1.1", "1.2", "1.3"]),
        ("-PatientSex", ["1.3", "1.2", "1.1"]),
    ],
)
def test_an_order_that_is_asked_for(filled: Index, order: str, expected: list[str]) -> None:
    by = tuple((TAGS[name.removeprefix("-")], name.startswith("-")) for name in order.split(","))
    answers = filled.find(Query(Level.STUDY, {}, order=by))
    assert [answer["0020000D"]["Value"][0] for answer in answers] == expected
    pages = [filled.find(Query(Level.STUDY, {}, order=by, limit=1, offset=at)) for at in range(3)]
    assert [answer["0020000D"]["Value"][0] for (answer,) in pages] == expected


@pytest.mark.parametrize("descending", [False, True])
@pytest.mark.parametrize(
    "names", [("PatientName",), ("PatientID",), ("StudyDate", "StudyTime"), ("StudyDescription",), ("AccessionNumber",)]
)
def test_the_columns_of_the_study_list_are_in_the_order_of_an_index(
    filled: Index, names: tuple[str, ...], *, descending: bool
) -> None:
    statement = compile_query(Query(Level.STUDY, {}, order=tuple((TAGS[name], descending) for name in names), limit=1))
    with filled.database.read() as connection:
        sql = statement.compile(connection.engine, compile_kwargs={"literal_binds": True})
        if connection.dialect.name == "sqlite":
            plan = [row[3] for row in connection.execute(sa.text(f"EXPLAIN QUERY PLAN {sql}"))]
            assert "USING INDEX" in plan[0]
            assert "USE TEMP B-TREE FOR ORDER BY" not in plan
        else:
            for way in ("sort", "seqscan", "hashjoin", "mergejoin"):  # what it takes where there are few rows
                connection.execute(sa.text(f"SET LOCAL enable_{way} = off"))
            plan = [row[0].strip() for row in connection.execute(sa.text(f"EXPLAIN {sql}"))]
            assert not [line for line in plan if line.startswith(("->  Sort", "Sort  "))]


@pytest.mark.parametrize(("descending", "expected"), [(False, [1, 2, None]), (True, [2, 1, None])])
def test_what_has_no_number_comes_last(
    index: Index, make_entry: Callable[..., Entry], expected: list[int | None], *, descending: bool
) -> None:
    for number, text in enumerate(("2", b"", "1"), 1):
        index.file(make_entry(number, InstanceNumber=text))
    query = Query(Level.INSTANCE, {TAGS["StudyInstanceUID"]: "1.2.3"}, order=((TAGS["InstanceNumber"], descending),))
    assert [answer["00200013"].get("Value", [None])[0] for answer in index.find(query)] == expected


def test_names_come_back_in_their_groups(filled: Index) -> None:
    (answer,) = find(filled, Level.STUDY, StudyInstanceUID="1.2")
    assert answer["00100010"]["Value"] == [
        {"Alphabetic": "Yamada^Tarou", "Ideographic": "山田^太郎", "Phonetic": "やまだ^たろう"}
    ]


def test_only_what_is_asked_for_is_answered(filled: Index) -> None:
    (answer,) = find(filled, Level.STUDY, frozenset({TAGS["PatientID"]}), StudyInstanceUID="1.1", StudyDate="")
    assert set(answer) == {"00100020", "0020000D", "00080020"}


def test_levels(filled: Index) -> None:
    patients = find(filled, Level.PATIENT)
    assert [answer["00100020"]["Value"] for answer in patients] == [["YX1"], ["M1"], ["Y_1"]]
    assert [answer["00201200"]["Value"] + answer["00201202"]["Value"] for answer in patients] == [
        [1, 1],
        [1, 2],
        [1, 1],
    ]
    series = find(filled, Level.SERIES, StudyInstanceUID="1.1")
    assert [answer["00080060"]["Value"][0] for answer in series] == ["CT", "SR"]
    assert series[0]["00201209"] == {"vr": "IS", "Value": [1]}
    assert series[0]["00100020"]["Value"] == ["M1"]
    (instance,) = find(filled, Level.INSTANCE, SOPInstanceUID="1.2.3.3")
    assert instance["00080016"] == {"vr": "UI", "Value": [MR]}
    assert instance["00083002"]["Value"] == ["1.2.840.10008.1.2.1"]
    assert instance["00280010"]["Value"] == [512]
    assert instance["0020000D"]["Value"] == ["1.2"]
    assert [a["0020000D"]["Value"] for a in find(filled, Level.SERIES, PatientName="doe*")] == [["1.3"]]
    assert len(find(filled, Level.INSTANCE, Modality="CT")) == 2
    assert len(find(filled, Level.INSTANCE)) == 4
    assert len(find(filled, Level.PATIENT, ModalitiesInStudy="CT", StudyDescription="Thorax*")) == 2


def test_instances_are_in_the_order_of_their_numbers(index: Index, make_entry: Callable[..., Entry]) -> None:
    for number, instance_number in enumerate(("10", "9", b"", "1"), 1):
        index.file(make_entry(number, InstanceNumber=instance_number))
    answers = find(index, Level.INSTANCE, StudyInstanceUID="1.2.3")
    assert [answer["00200013"].get("Value") for answer in answers] == [[1], [9], [10], None]
    assert [instance.InstanceNumber for instance in index.instances("1.2.3")] == [1, 9, 10, None]


def test_what_loses_its_study_while_it_is_read_is_left_out(
    index: Index, make_entry: Callable[..., Entry], monkeypatch: pytest.MonkeyPatch
) -> None:
    index.file(make_entry(1))
    index.file(make_entry(2, StudyInstanceUID="1.2.4", SeriesInstanceUID="1.2.4.0"))
    rows_by_key = Database.rows_by_key

    def delete_first(database: Database, sql: str, keys: Iterable[int]) -> Sequence[Row]:
        index.delete("1.2.3", "", "", 0)
        return rows_by_key(database, sql, keys)

    monkeypatch.setattr(Database, "rows_by_key", delete_first)
    found = find(index, Level.INSTANCE, frozenset({TAGS["StudyInstanceUID"], TAGS["SOPInstanceUID"]}))
    assert [answer["0020000D"]["Value"] for answer in found] == [["1.2.4"]]


def test_rows_are_found_by_any_number_of_keys(filled: Index) -> None:
    rows = filled.database.rows_by_key("SELECT id FROM study WHERE id IN (:keys) ORDER BY id", range(100_000))
    assert len(rows) == 3
    assert filled.database.rows_by_key("SELECT id FROM study WHERE id IN (:keys)", []) == []


def test_an_error_of_the_driver_becomes_one_of_ours(filled: Index) -> None:
    with pytest.raises(IsocenterError, match="the index does not work"):
        filled.database.rows("SELECT nothing FROM nowhere")


@pytest.mark.parametrize(
    ("tag", "key", "message"),
    [
        (0x00101000, "x", "not kept in the index"),
        (TAGS["NumberOfStudyRelatedInstances"], "3", "cannot be a matching key"),
        (TAGS["StudyDate"], "yesterday", "neither a value"),
    ],
)
def test_keys_that_cannot_be_used_are_refused(filled: Index, tag: int, key: str, message: str) -> None:
    with pytest.raises(UsageError, match=message):
        filled.find(Query(Level.STUDY, {tag: key}))


@pytest.mark.parametrize("attribute", [a for a in ATTRIBUTES if a.kind is not Kind.COMPUTED], ids=lambda a: a.keyword)
def test_every_kept_attribute_can_be_a_key_at_every_level(filled: Index, attribute: Attribute) -> None:
    key = {"DA": "20200101", "TM": "1000", "IS": "5", "US": "5"}.get(attribute.vr, "nothing")
    for level in Level:
        assert filled.find(Query(level, {attribute.tag: key})) == find(filled, level, **{attribute.keyword: key})
    assert attribute.tag in HEADER_TAGS or attribute.keyword == "AvailableTransferSyntaxUID"
