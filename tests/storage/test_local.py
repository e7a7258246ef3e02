"""The local folder: objects whole or not at all, private, spread over folders, clean after a crash."""

import errno
import os
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from isocenter.errors import IsocenterError, NotFoundError, OutOfResourcesError
from isocenter.storage import LocalStorage, blocks, local, segment


@pytest.fixture
def storage(tmp_path: Path) -> Iterator[LocalStorage]:
    storage = LocalStorage(tmp_path / "data")
    yield storage
    storage.close()


def put(storage: LocalStorage, *chunks: bytes) -> str:
    upload = storage.create()
    upload.write(chunks)
    return upload.commit()


def content(storage: LocalStorage, location: str) -> bytes:
    with storage.open(location) as file:
        return file.read()


def files(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file()]


@pytest.mark.parametrize("chunks", [(b"abc",), (b"a", bytearray(b"b"), memoryview(b"c")), (b"x",) * 2000, (b"",)])
@pytest.mark.parametrize("durable", [True, False])
def test_what_was_put_comes_back(tmp_path: Path, chunks: tuple[bytes, ...], *, durable: bool) -> None:
    storage = LocalStorage(tmp_path, durable=durable)
    location = put(storage, *chunks)
    expected = b"".join(chunks)
    with storage.open(location) as file:
        assert file.read() == expected
    assert storage.size(location) == len(expected)
    assert [(stored.location, stored.size) for stored in storage.objects()] == [(location, len(expected))]
    storage.close()


def test_modes_are_private_whatever_the_umask(tmp_path: Path) -> None:
    before = os.umask(0)
    try:
        storage = LocalStorage(tmp_path / "data")
        put(storage, b"x")
        modes = {path.is_dir(): path.stat().st_mode & 0o777 for path in (tmp_path / "data").rglob("*")}
        assert modes == {True: 0o700, False: 0o600}
        assert (tmp_path / "data").stat().st_mode & 0o777 == 0o700
        storage.close()
    finally:
        os.umask(before)


def test_objects_lie_one_behind_the_other(storage: LocalStorage, tmp_path: Path) -> None:
    locations = [put(storage, b"%d" % number) for number in range(10)]
    assert [location.split(":")[1:] for location in locations] == [[f"{number << 12:x}", "1"] for number in range(10)]
    assert [stored.location for stored in storage.objects()] == locations
    assert len(files(tmp_path / "data" / "objects")) == 1


def test_a_full_segment_is_followed_by_another(
    storage: LocalStorage, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(segment, "SEGMENT_SIZE", 3 * segment.BLOCK)
    locations = [put(storage, b"%d" % number) for number in range(7)]
    assert sorted(stored.location for stored in storage.objects()) == sorted(locations)
    sizes = {location.split(":")[0]: (tmp_path / "data/objects" / location.split(":")[0]) for location in locations}
    assert len(sizes) == 3
    assert [content(storage, location) for location in locations] == [b"%d" % number for number in range(7)]


def test_what_is_closed_takes_no_more_room_than_its_objects(tmp_path: Path) -> None:
    storage = LocalStorage(tmp_path)
    put(storage, b"x" * 100)
    put(storage, b"x" * 300_000)
    storage.close()
    (path,) = files(tmp_path)
    assert path.stat().st_size == 4096 + 303_104


@pytest.mark.parametrize("size", [10, 4096 - 64, 70_000, 1 << 20, 5 << 20])
def test_large_and_small_objects_alternate(storage: LocalStorage, size: int) -> None:
    expected = {}
    for number in range(4):
        data = bytes([number]) * (size >> (number % 2))
        expected[put(storage, data[:1000], data[1000:])] = data
    assert {location: content(storage, location) for location in expected} == expected
    assert {stored.location: stored.size for stored in storage.objects()} == {k: len(v) for k, v in expected.items()}


def test_uploads_at_the_same_time_do_not_mix(storage: LocalStorage) -> None:
    uploads = [storage.create() for _ in range(6)]
    for piece in range(3):
        for number, upload in enumerate(uploads):
            upload.write([bytes([number]) * 100_000, bytes([piece])])
    locations = [upload.commit() for upload in uploads]
    assert len({location.split(":")[0] for location in locations}) == 6
    for number, location in enumerate(locations):
        assert content(storage, location) == b"".join(bytes([number]) * 100_000 + bytes([piece]) for piece in range(3))


def test_an_upload_can_be_read_before_it_is_placed(storage: LocalStorage) -> None:
    upload = storage.create()
    upload.write([b"abc", b"def"])
    with upload.view() as data:
        assert bytes(data) == b"abcdef"
    upload.discard()
    assert list(storage.objects()) == []


def test_discarded_uploads_leave_nothing(storage: LocalStorage, tmp_path: Path) -> None:
    upload = storage.create()
    upload.write([b"x"])
    upload.discard()
    upload.discard()
    assert list(storage.objects()) == []
    storage.close()
    assert files(tmp_path) == []


def test_nothing_of_a_discarded_upload_stays_behind_what_came_before(storage: LocalStorage) -> None:
    location = put(storage, b"kept")
    upload = storage.create()
    upload.write([b"secret" * 100_000])
    upload.discard()
    path = Path(storage.objects_folder, location.split(":")[0])
    assert b"secret" not in path.read_bytes()
    assert content(storage, location) == b"kept"
    assert content(storage, put(storage, b"next")) == b"next"


def test_a_segment_being_filled_is_not_walked_to_delete(storage: LocalStorage, monkeypatch: pytest.MonkeyPatch) -> None:
    location = put(storage, b"sent again")
    monkeypatch.setattr(local, "is_empty", lambda _: pytest.fail("walked"))
    storage.delete([location])
    assert list(storage.objects()) == []


def test_deleting_and_missing(storage: LocalStorage) -> None:
    location = put(storage, b"x")
    other = put(storage, b"other" * 2000)
    storage.delete([location, location, "ab/nothing/here", "ab/nothing.seg:0:1", location.replace(":1", ":2")])
    assert storage.size(location) is None
    assert storage.size("ab/nothing/here") is None
    assert content(storage, other) == b"other" * 2000
    assert [stored.location for stored in storage.objects()] == [other]
    with pytest.raises(NotFoundError, match="missing"):
        storage.open(location)


def test_setting_aside_keeps_the_bytes(storage: LocalStorage, tmp_path: Path) -> None:
    location = put(storage, b"precious")
    where = Path(storage.set_aside(location))
    assert where.read_bytes() == b"precious"
    assert where.parent == tmp_path / "data" / "lost+found"
    assert storage.size(location) is None


@pytest.mark.parametrize("punches", [True, False])
def test_deleted_bytes_are_gone(
    storage: LocalStorage, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *, punches: bool
) -> None:
    if not punches:
        monkeypatch.setattr(segment, "punch", lambda *_: False)
    locations = [put(storage, b"secret" * 1_000_000), put(storage, b"kept")]
    path = tmp_path / "data" / "objects" / locations[0].split(":")[0]
    before = path.stat().st_blocks * 512
    storage.delete(locations[:1])
    assert b"secret" not in path.read_bytes()
    assert content(storage, locations[1]) == b"kept"
    if punches:
        assert path.stat().st_blocks * 512 <= before - 5_900_000


def test_a_segment_goes_with_its_last_object(tmp_path: Path) -> None:
    storage = LocalStorage(tmp_path)
    locations = [put(storage, b"1"), put(storage, b"2")]
    storage.delete(locations)
    third = put(storage, b"3")  # into the same one, which is still being filled
    assert third.split(":")[0] == locations[0].split(":")[0]
    storage.close()
    second = LocalStorage(tmp_path)
    assert content(second, third) == b"3"
    second.delete([third])
    second.close()
    assert files(tmp_path) == []


def test_a_reader_notices_that_its_object_was_deleted(storage: LocalStorage) -> None:
    location = put(storage, b"x" * 1000)
    with storage.open(location) as file:
        file.check()
        storage.delete([location])
        with pytest.raises(NotFoundError, match="deleted"):
            file.check()
        with pytest.raises(NotFoundError, match="deleted"):
            file.read()


def test_the_seal_is_kept(storage: LocalStorage) -> None:
    upload = storage.create()
    upload.write([b"x"])
    upload.commit(b"0123456789abcdef")
    put(storage, b"y")
    assert [stored.seal for stored in storage.objects()] == [b"0123456789abcdef", b""]


def test_without_help_of_the_kernel_it_works_too(storage: LocalStorage, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(blocks, "_fallocate", None)
    monkeypatch.setattr(blocks, "_sync_file_range", None)
    data = [b"small", b"large" * 100_000]
    assert [content(storage, put(storage, each)) for each in data] == data


def failing(code: int) -> Callable[..., None]:
    def fail(*_: object, **__: object) -> None:
        raise OSError(code, os.strerror(code))

    return fail


@pytest.mark.parametrize("call", ["open", "pwritev", "fdatasync", "mkdir"])
@pytest.mark.parametrize(
    ("code", "error"),
    [(errno.ENOSPC, OutOfResourcesError), (errno.EDQUOT, OutOfResourcesError), (errno.EIO, IsocenterError)],
)
def test_a_failing_disk_leaves_nothing_and_the_storage_goes_on(
    storage: LocalStorage,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    call: str,
    code: int,
    error: type[IsocenterError],
) -> None:
    monkeypatch.setattr(segment, "SEGMENT_SIZE", 3 * segment.BLOCK)
    before = [put(storage, b"before") for _ in range(3)]  # the next one needs a new segment
    with monkeypatch.context() as patch:
        patch.setattr(os, call, failing(code))
        with pytest.raises(error):
            put_or_discard(storage)
    assert [stored.location for stored in storage.objects()] == before
    after = put(storage, b"after")
    assert sorted(content(storage, stored.location) for stored in storage.objects()) == [b"after", *[b"before"] * 3]
    storage.close()
    assert sorted(files(tmp_path)) == sorted(
        {tmp_path / "data/objects" / location.split(":")[0] for location in [*before, after]}
    )


def test_prepared_segments_are_filled_first_and_leave_nothing(
    storage: LocalStorage, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for module in (local, segment):
        monkeypatch.setattr(module, "SEGMENT_SIZE", 2 << 20)
    before = put(storage, b"before")
    storage._last_upload = -1.0
    storage.prepare()
    names = [path for path in files(tmp_path / "data" / "objects") if path.name not in before]
    assert [path.stat().st_size for path in names] == [2 << 20] * 4
    assert all(path.stat().st_blocks * 512 >= 2 << 20 for path in names)
    data = [bytes([number]) * 700_000 for number in range(8)]
    locations = [put(storage, each) for each in data]
    used = {Path(location.split(":")[0]).name for location in locations}
    assert len(used & {path.name for path in names}) == 2
    assert len(used) == 3  # one had ground left from the small object
    assert [content(storage, location) for location in locations] == data
    storage.prepare()  # not so soon after an upload
    assert len(files(tmp_path / "data" / "objects")) == 5
    storage._last_upload = -1.0
    storage.prepare()  # two were used: six are wanted now
    assert len(files(tmp_path / "data" / "objects")) == 9
    storage.close()
    assert sum(path.stat().st_size for path in files(tmp_path)) < sum(map(len, data)) + 9 * 4096 + 4096


def test_nothing_is_prepared_where_room_is_short(storage: LocalStorage, monkeypatch: pytest.MonkeyPatch) -> None:
    storage.prepare()
    usage = shutil.disk_usage("/")
    prepared = len(files(Path(storage.objects_folder)))
    storage.close()
    assert prepared == 4
    assert files(Path(storage.objects_folder)) == []
    short = LocalStorage(Path(storage.objects_folder).parent)
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage._replace(free=1 << 30))
    short.prepare()
    assert files(Path(storage.objects_folder)) == []
    short.close()


def test_a_failed_sync_takes_nothing_with_it(storage: LocalStorage, monkeypatch: pytest.MonkeyPatch) -> None:
    first = put(storage, b"first")
    with monkeypatch.context() as patch:
        patch.setattr(os, "fdatasync", failing(errno.EIO))
        with pytest.raises(IsocenterError):
            put_or_discard(storage)
    assert [stored.location for stored in storage.objects()] == [first]
    assert content(storage, put(storage, b"second")) == b"second"


def test_little_room_is_not_reserved_ahead(storage: LocalStorage, monkeypatch: pytest.MonkeyPatch) -> None:
    little = os.statvfs_result((4096, 4096, 1000, 600, 500, 0, 0, 0, 0, 255))
    monkeypatch.setattr(os, "fstatvfs", lambda _: little)
    location = put(storage, b"x" * 1_000_000)
    path = Path(storage.objects_folder, location.split(":")[0])
    assert path.stat().st_size < 1_100_000
    assert content(storage, put(storage, b"small")) == b"small"


def put_or_discard(storage: LocalStorage) -> None:
    upload = storage.create()
    try:
        upload.write([b"x"])
        upload.commit()
    except BaseException:
        upload.discard()
        raise


def test_short_writes_are_continued(storage: LocalStorage, monkeypatch: pytest.MonkeyPatch) -> None:
    real = os.pwritev
    monkeypatch.setattr(os, "pwritev", lambda descriptor, pieces, at: real(descriptor, [pieces[0][:2]], at))
    assert content(storage, put(storage, b"abcd", b"efgh")) == b"abcdefgh"


LEAVE_RUBBISH = """
import os, sys
from pathlib import Path
from isocenter.storage import LocalStorage, blocks, local, segment
storage = LocalStorage(Path(sys.argv[1]))
first, second = storage.create(), storage.create()
first.write([b"a whole object"])
first.commit()
first = storage.create()
first.write([b"half an object" * 10_000])
second.write([b"another half" * 10_000])
os._exit(9)
"""


def test_what_dead_processes_left_is_cut_and_what_live_ones_write_is_not(tmp_path: Path) -> None:
    alive = LocalStorage(tmp_path)
    upload = alive.create()
    upload.write([b"alive" * 100_000])
    subprocess.run([sys.executable, "-c", LEAVE_RUBBISH, str(tmp_path)], check=False)
    assert len(files(tmp_path / "incoming")) == 3
    second = LocalStorage(tmp_path)
    assert len(files(tmp_path / "incoming")) == 1
    assert not any(b"half" in path.read_bytes() for path in files(tmp_path))
    location = upload.commit()
    assert content(second, location) == b"alive" * 100_000
    assert sorted(content(second, stored.location)[:7] for stored in second.objects()) == [b"a whole", b"aliveal"]
    alive.close()
    second.close()
    assert list((tmp_path / "incoming").iterdir()) == []
    assert len(files(tmp_path)) == 2


def test_processes_do_not_share_segments(tmp_path: Path) -> None:
    storages = [LocalStorage(tmp_path) for _ in range(3)]
    segments = {put(storage, b"x").split(":")[0] for storage in storages}
    assert len(segments) == 3
    for storage in storages:
        storage.close()


def test_threads_get_names_of_their_own(storage: LocalStorage) -> None:
    locations: list[str] = []
    threads = [
        threading.Thread(target=lambda: locations.extend(put(storage, b"x") for _ in range(20))) for _ in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(set(locations)) == 80


def test_only_what_was_stored_since_then_is_walked(storage: LocalStorage, monkeypatch: pytest.MonkeyPatch) -> None:
    moments = iter([1000.0, 1000.0, 2000.0])
    monkeypatch.setattr(time, "time", lambda: next(moments))
    old = put(storage, b"old")
    new = put(storage, b"new")
    assert [stored.location for stored in storage.objects(2000)] == [new]
    assert [stored.location for stored in storage.objects(1000)] == [old, new]
    path = Path(storage.objects_folder, new.split(":")[0])
    os.utime(path, (1500, 1500))
    assert list(storage.objects(2000)) == []


def test_a_crash_is_noticed_once(tmp_path: Path) -> None:
    noticed = []
    for crash in (False, True, False):
        if crash:
            subprocess.run([sys.executable, "-c", LEAVE_RUBBISH, str(tmp_path)], check=False)
        storage = LocalStorage(tmp_path)
        noticed.append(storage.after_crash)
        storage.close()
    assert noticed == [False, True, False]
