"""Keys that a site adds: found in new and in old objects, in sequences and private blocks, and gone with the key."""

import struct
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from isocenter.archive import Archive, Level, Query, Receipt
from isocenter.dicom import dictionary
from isocenter.dicom.writer import write_element
from isocenter.errors import NotFoundError, UsageError
from isocenter.index.site_keys import MOST_KEYS, SiteKey, read_path
from isocenter.settings import Settings

Build = Callable[..., bytes]
Send = Callable[..., Receipt]
REQUESTS = "RequestAttributesSequence"


def sequence(keyword: str, *items: dict[str, str]) -> bytes:
    """Return a sequence element, whose items hold these attributes."""
    body = b""
    for item in items:
        tags = sorted((dictionary.tag(name), value) for name, value in item.items())
        inner = b"".join(write_element(tag, dictionary.vr(tag), value.encode()) for tag, value in tags)
        body += struct.pack("<HHI", 0xFFFE, 0xE000, len(inner)) + inner
    return write_element(dictionary.tag(keyword), "SQ", body)


def find(archive: Archive, level: Level, *site: tuple[SiteKey, str], shown: tuple[SiteKey, ...] = ()) -> list[Any]:
    return archive.find(Query(level, {}, frozenset(), site=site, shown=shown))


def numbers(archive: Archive, *site: tuple[SiteKey, str]) -> list[int]:
    query = Query(Level.INSTANCE, {0x0020000D: "1.2.3"}, frozenset({0x00200013}), site=site)
    return [answer["00200013"]["Value"][0] for answer in archive.find(query)]


def test_old_and_new_objects_are_read(archive: Archive, build: Build, send: Send) -> None:
    send(archive, build(1, KVP="120"))
    send(archive, build(2))
    key = archive.site_keys.add("KVP", Level.INSTANCE)
    assert (key.name, key.vr, key.is_ready) == ("KVP", "DS", False)
    seen: list[tuple[int, int]] = []
    assert archive.reindexing.run(lambda done, whole: seen.append((done, whole)))
    assert seen[-1][0] == seen[-1][1] > 0
    send(archive, build(3, KVP="80.0"))
    assert archive.reindexing.run()
    assert numbers(archive, (key, "120")) == [1]
    assert numbers(archive, (key, "80")) == [3]
    assert numbers(archive, (key, '""')) == [2]
    assert numbers(archive, (key, "")) == [1, 2, 3]
    shown = find(archive, Level.INSTANCE, shown=(key,))
    assert [answer["00180060"] for answer in shown] == [
        {"vr": "DS", "Value": [120.0]}, {"vr": "DS"}, {"vr": "DS", "Value": [80.0]},
    ]  # fmt: skip


def test_a_study_has_the_value_of_its_first_object(archive: Archive, build: Build, send: Send) -> None:
    key = archive.site_keys.add("StudyComments", Level.STUDY, "LT")
    name = archive.site_keys.add("RequestingPhysician", Level.STUDY)
    for number, text in enumerate(("", "seen", "other"), 1):
        send(archive, build(number, StudyComments=text or None, RequestingPhysician="Müller^Jörg=山田^太郎"))
    archive.reindexing.run()
    assert len(find(archive, Level.STUDY, (key, "se*"))) == 1
    assert not find(archive, Level.STUDY, (key, "other"))
    assert len(find(archive, Level.SERIES, (key, "seen"))) == 1
    assert len(find(archive, Level.PATIENT, (key, "seen"), (name, "muller*"))) == 1
    assert not find(archive, Level.STUDY, (key, "seen"), (name, "doe*"))
    (answer,) = find(archive, Level.STUDY, (name, "山田*"), shown=(name,))
    assert answer["00321032"]["Value"] == [{"Alphabetic": "Müller^Jörg", "Ideographic": "山田^太郎"}]


def test_keys_of_one_sequence_are_met_by_one_item(archive: Archive, build: Build, send: Send) -> None:
    items = [{"ScheduledProcedureStepID": "S1", "RequestedProcedureID": "R1"},
             {"ScheduledProcedureStepID": "S2", "RequestedProcedureID": "R2"}]  # fmt: skip
    data = build(1, PixelData=None)
    send(archive, data + sequence(REQUESTS, *items))
    step = archive.site_keys.add(f"{REQUESTS}.ScheduledProcedureStepID", Level.SERIES)
    procedure = archive.site_keys.add(f"{REQUESTS}.RequestedProcedureID", Level.SERIES)
    archive.reindexing.run()
    assert len(find(archive, Level.SERIES, (step, "S1"), (procedure, "R*"))) == 1
    assert not find(archive, Level.SERIES, (step, "S1"), (procedure, "R2"))
    (answer,) = find(archive, Level.SERIES, (step, "S2"), shown=(step, procedure))
    assert answer["00400275"] == {
        "vr": "SQ",
        "Value": [
            {"00400009": {"vr": "SH", "Value": [item["ScheduledProcedureStepID"]]},
             "00401001": {"vr": "SH", "Value": [item["RequestedProcedureID"]]}} for item in items
        ],
    }  # fmt: skip


@pytest.mark.parametrize("implicit", [False, True])
def test_private_elements_are_found_in_any_block(archive: Archive, build: Build, send: Send, *, implicit: bool) -> None:
    private = b"".join(
        write_element(tag, vr, value, implicit=implicit)
        for tag, vr, value in [
            (0x00990010, "LO", b"OTHER "), (0x00990012, "LO", b"ACME 1.1"),
            (0x0099100F, "LO", b"wrong "), (0x0099120F, "LO", b"right "),
        ]
    )  # fmt: skip
    data = build(1, PixelData=None, implicit=implicit) + private
    send(archive, data, "1.2.840.10008.1.2" if implicit else "1.2.840.10008.1.2.1")
    key = archive.site_keys.add("0099xx0f:ACME 1.1", Level.SERIES, "LO")
    assert key.path == key.name == "0099xx0F:ACME 1.1"
    archive.reindexing.run()
    assert not find(archive, Level.SERIES, (key, "wrong"))
    (answer,) = find(archive, Level.SERIES, (key, "right"), shown=(key,))
    assert answer["00990010"]["Value"] == ["ACME 1.1"]
    assert answer["0099100F"] == {"vr": "LO", "Value": ["right"]}


def test_it_goes_on_where_it_was(
    folder: Path, settings: Settings, build: Build, send: Send, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("isocenter.reindexing._BATCH", 2)
    monkeypatch.setattr("isocenter.reindexing._NEXT", _next(2))
    with Archive.open(folder, settings) as archive:
        for number in range(1, 6):
            send(archive, build(number, KVP=str(number)))
        key = archive.site_keys.add("KVP", Level.INSTANCE)
        assert archive.reindexing.step(1000) == 2
        assert numbers(archive, (key, "2")) == [2]
        assert numbers(archive, (key, "3")) == []
    with Archive.open(folder, settings) as archive:
        key = archive.site_keys.get("KVP")
        assert (key.is_ready, key.position > 0) == (False, True)
        assert archive.reindexing.run()
        assert numbers(archive, (key, "1\\5")) == [1, 5]
        archive.site_keys.restart()
        assert not archive.site_keys.get("KVP").is_ready
        assert archive.reindexing.run()
        assert numbers(archive, (key, "1\\5")) == [1, 5]


def test_a_key_that_is_added_amid_a_batch_misses_nothing(
    archive: Archive, build: Build, send: Send, monkeypatch: pytest.MonkeyPatch
) -> None:
    send(archive, build(1, KVP="1", Exposure="7"))
    archive.site_keys.add("KVP", Level.INSTANCE)
    rest, added = archive.reindexing._worker.rest, []

    def amid(seconds: float) -> None:
        if not added:
            added.append(archive.site_keys.add("Exposure", Level.INSTANCE))
        rest(seconds)

    monkeypatch.setattr(archive.reindexing._worker, "rest", amid)
    assert archive.reindexing.run()
    assert numbers(archive, (added[0], "7")) == [1]


def _next(size: int) -> str:
    from isocenter import reindexing

    return reindexing._NEXT.replace("LIMIT 200", f"LIMIT {size}")


def test_one_process_at_a_time(folder: Path, settings: Settings, build: Build, send: Send) -> None:
    with Archive.open(folder, settings) as one, Archive.open(folder, settings) as other:
        send(one, build(1, KVP="1"))
        one.site_keys.add("KVP", Level.INSTANCE)
        assert one.reindexing.step(1000) > 0
        send(one, build(2, KVP="2"))
        assert other.reindexing.step(1001) == 0
        assert not other.reindexing._leased
        assert one.reindexing.step(1002) > 0


def test_a_key_goes_with_its_values(archive: Archive, build: Build, send: Send) -> None:
    send(archive, build(1, KVP="1"))
    archive.site_keys.add("KVP", Level.INSTANCE)
    archive.reindexing.run()
    archive.site_keys.remove("00180060")
    database = archive.index.database
    assert archive.added_keys() == []
    assert not database.rows("SELECT * FROM key_value")
    archive.reindexing.step(2000)
    assert not database.rows("SELECT name FROM consumer WHERE name = 'site keys'")
    with pytest.raises(NotFoundError):
        archive.site_keys.remove("KVP")


@pytest.mark.parametrize(
    ("path", "vr", "reason"),
    [
        ("PatientName", "", "key of every archive"),
        ("Nonsense", "", "neither"),
        ("KVP.PatientName", "", "only sequences"),
        ("RequestAttributesSequence", "", "cannot be searched"),
        ("PixelData", "", "cannot be searched"),
        ("0019100F", "", "who made it"),
        ("0019xx0F:NOBODY KNOWS", "", "VR UN"),
        ("KVP", "XX", "VR XX"),
    ],
)
def test_what_cannot_be_a_key(archive: Archive, path: str, vr: str, reason: str) -> None:
    with pytest.raises(UsageError, match=reason):
        archive.site_keys.add(path, Level.STUDY, vr)


def test_no_key_twice_nor_too_many(archive: Archive, monkeypatch: pytest.MonkeyPatch) -> None:
    archive.site_keys.add("KVP", Level.STUDY)
    with pytest.raises(UsageError, match="already"):
        archive.site_keys.add("00180060", Level.SERIES)
    monkeypatch.setattr("isocenter.index.site_keys.MOST_KEYS", 1)
    assert MOST_KEYS == 100
    with pytest.raises(UsageError, match="remove one"):
        archive.site_keys.add("Exposure", Level.SERIES)


def test_paths_have_one_form() -> None:
    assert read_path(" KVP ") == read_path("00180060") == "00180060"
    assert read_path("RequestAttributesSequence.00400009") == "00400275.00400009"
