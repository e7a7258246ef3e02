"""The keys of a site on both databases: added, counted on, searched, answered, removed."""

from collections.abc import Callable

import pytest

from isocenter.errors import ConfigurationError, UsageError
from isocenter.index.attributes import Level
from isocenter.index.database import Database
from isocenter.index.entry import Entry
from isocenter.index.index import Index
from isocenter.index.outbox import Consumer
from isocenter.index.query import Query
from isocenter.index.site_keys import CONSUMER, SiteKey, SiteKeys
from isocenter.index.site_values import Found, owners_with_values, rows_of, store_values
from isocenter.settings import load_settings


def keep(database: Database, key: SiteKey, owner: int, *found: Found) -> None:
    with database.write() as transaction:
        store_values(transaction, key, rows_of(key, owner, found))


def find(index: Index, level: Level, *site: tuple[SiteKey, str]) -> list[str]:
    query = Query(level, {}, frozenset({0x0020000E, 0x0020000D}), site=site)
    return [answer["0020000E" if level is Level.SERIES else "0020000D"]["Value"][0] for answer in index.find(query)]


def test_keys_know_what_is_before_them(index: Index, make_entry: Callable[..., Entry]) -> None:
    keys = SiteKeys(index.database)
    first = keys.add("KVP", Level.SERIES)
    assert (first.target, first.is_ready) == (0, True)
    index.file(make_entry(1))
    second = keys.add("Exposure", Level.SERIES)
    assert (second.target, second.position, second.is_ready) == (1, 0, False)
    consumer = Consumer(index.database, CONSUMER, "me")
    assert len(consumer.read(consumer.position())) == 1
    keys.move([second], 1)
    assert [(key.name, key.position) for key in keys.all()] == [("KVP", 0), ("Exposure", 1)]
    with pytest.raises(UsageError, match="already"):
        keys.add("KVP", Level.STUDY)


def test_values_are_searched_in_their_form(index: Index, make_entry: Callable[..., Entry]) -> None:
    keys = SiteKeys(index.database)
    index.file(make_entry(1, SeriesInstanceUID="1.2.3.1"))
    index.file(make_entry(2, SeriesInstanceUID="1.2.3.2"))
    ids = [row[0] for row in index.database.rows("SELECT id FROM series ORDER BY id")]
    number, day, name = (
        keys.add(path, Level.SERIES) for path in ("KVP", "DateOfLastCalibration", "RequestingPhysician")
    )
    keep(index.database, number, ids[0], (0, "120.0"))
    keep(index.database, day, ids[0], (0, "20240131"), (0, "20250131"))
    keep(index.database, name, ids[1], (0, "Müller^Jörg=山田"))
    for key, text, expected in [
        (number, "120", ["1.2.3.1"]), (number, "12", []), (number, '""', ["1.2.3.2"]),
        (day, "2025", ["1.2.3.1"]), (day, "20240201-20241231", []), (day, "20200101\\20250131", ["1.2.3.1"]),
        (name, "muller*", ["1.2.3.2"]), (name, "山田", ["1.2.3.2"]), (name, "*", ["1.2.3.1", "1.2.3.2"]),
    ]:  # fmt: skip
        assert sorted(find(index, Level.SERIES, (key, text))) == expected, (key.name, text)
    assert find(index, Level.STUDY, (number, "120"), (name, "muller*")) == []  # one series would have to be both
    assert find(index, Level.STUDY, (number, "120")) == ["1.2.3"]
    assert owners_with_values(index.database, number, ids) == {ids[0]}


def test_a_new_value_of_an_instance_replaces_the_old_one(index: Index, make_entry: Callable[..., Entry]) -> None:
    keys = SiteKeys(index.database)
    index.file(make_entry(1))
    key = keys.add("KVP", Level.INSTANCE)
    for text in ("1", "2"):
        keep(index.database, key, 1, (0, text))
    assert [row[0] for row in index.database.rows("SELECT text FROM key_value")] == ["2"]
    keys.remove("KVP")
    assert not index.database.rows("SELECT text FROM key_value")
    assert not index.database.rows("SELECT name FROM consumer")


def test_values_go_with_what_they_are_of(index: Index, make_entry: Callable[..., Entry]) -> None:
    keys = SiteKeys(index.database)
    levels = {
        Level.PATIENT: "StudyComments",
        Level.STUDY: "Exposure",
        Level.SERIES: "KVP",
        Level.INSTANCE: "ImageComments",
    }
    known = {level: keys.add(path, level) for level, path in levels.items()}
    for number in (1, 2):
        index.file(make_entry(number))
    for key in known.values():
        keep(index.database, key, 1, (0, "7"))
    assert index.delete("1.2.3", "1.2.3.0", "1.2.3.1", 5000)
    left = {row[0] for row in index.database.rows("SELECT key_id FROM key_value")}
    assert left == {key.id for level, key in known.items() if level is not Level.INSTANCE}
    assert index.delete("1.2.3", "", "", 5000)
    assert not index.database.rows("SELECT key_id FROM key_value")


def test_text_that_no_database_holds(index: Index, make_entry: Callable[..., Entry]) -> None:
    index.file(make_entry(1))
    key = SiteKeys(index.database).add("ImageComments", Level.INSTANCE)
    keep(index.database, key, 1, (0, "a\0b\ud800"), (0, "x" * 1000))
    texts = [row[0] for row in index.database.rows("SELECT text FROM key_value ORDER BY place")]
    assert texts == ["ab?", "x" * 256]


def test_keys_of_the_settings_are_added_once(index: Index) -> None:
    keys = SiteKeys(index.database)
    keys.add("Exposure", Level.SERIES)
    wanted = load_settings({"query_keys": "series/KVP; instance/0019xx0F:ACME/1/LO ;"}).query_keys
    for _ in range(2):
        keys.ensure(wanted)
        assert [(key.name, key.level, key.vr) for key in keys.all()] == [
            ("Exposure", Level.SERIES, "IS"), ("KVP", Level.SERIES, "DS"), ("0019xx0F:ACME/1", Level.INSTANCE, "LO"),
        ]  # fmt: skip
    with pytest.raises(ConfigurationError, match="a key of the series already"):
        keys.ensure("study/KVP")
    with pytest.raises(ConfigurationError, match=r"query_keys: .*Nonsense"):
        keys.ensure("study/Nonsense")
    with pytest.raises(ConfigurationError, match="such as series/KVP"):
        load_settings({"query_keys": "KVP"})
