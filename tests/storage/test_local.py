"""The local folder: objects whole or not at all, private, spread over folders, clean after a crash."""

import errno
import os
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from isocenter.errors import IsocenterError, NotFoundError, OutOfResourcesError
from isocenter.storage import LocalStorage


@pytest.fixture
def storage(tmp_path: Path) -> Iterator[LocalStorage]:
    storage = LocalStorage(tmp_path / "data", files_per_folder=3)
    yield storage
    storage.close()


def put(storage: LocalStorage, *chunks: bytes) -> str:
    upload = storage.create()
    upload.write(chunks)
    return upload.commit()


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
    assert storage.path(location).read_bytes() == expected
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


def test_no_folder_grows_beyond_its_limit(storage: LocalStorage) -> None:
    locations = [put(storage, b"%d" % number) for number in range(10)]
    assert len(set(locations)) == 10
    folders = [storage.path(location).parent for location in locations]
    assert sorted(folders.count(folder) for folder in set(folders)) == [1, 3, 3, 3]
    assert sorted(stored.location for stored in storage.objects()) == sorted(locations)


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
    assert files(tmp_path) == []


def test_deleting_and_missing(storage: LocalStorage) -> None:
    location = put(storage, b"x")
    storage.delete([location, location, "ab/nothing/here"])
    assert storage.size(location) is None
    assert storage.size("ab/nothing/here") is None
    with pytest.raises(NotFoundError, match="missing"):
        storage.open(location)


def test_setting_aside_keeps_the_bytes(storage: LocalStorage, tmp_path: Path) -> None:
    location = put(storage, b"precious")
    where = Path(storage.set_aside(location))
    assert where.read_bytes() == b"precious"
    assert where.parent == tmp_path / "data" / "lost+found"
    assert storage.size(location) is None


def test_a_removed_folder_is_made_anew(storage: LocalStorage) -> None:
    first = put(storage, b"1")
    storage.delete([first])
    storage.path(first).parent.rmdir()
    second = put(storage, b"2")
    assert storage.path(second).read_bytes() == b"2"


def failing(code: int) -> Callable[..., None]:
    def fail(*_: object, **__: object) -> None:
        raise OSError(code, os.strerror(code))

    return fail


@pytest.mark.parametrize("call", ["open", "writev", "rename", "fsync", "mkdir"])
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
    for _ in range(3):  # the next one needs a new folder
        put(storage, b"before")
    with monkeypatch.context() as patch:
        patch.setattr(os, call, failing(code))
        with pytest.raises(error):
            put_or_discard(storage)
    assert len(files(tmp_path)) == 3
    put(storage, b"after")
    assert len(list(storage.objects())) == 4


def put_or_discard(storage: LocalStorage) -> None:
    upload = storage.create()
    try:
        upload.write([b"x"])
        upload.commit()
    except BaseException:
        upload.discard()
        raise


def test_short_writes_are_continued(storage: LocalStorage, monkeypatch: pytest.MonkeyPatch) -> None:
    real = os.writev
    monkeypatch.setattr(os, "writev", lambda descriptor, pieces: real(descriptor, [pieces[0][:2]]))
    location = put(storage, b"abcd", b"efgh")
    assert storage.path(location).read_bytes() == b"abcdefgh"


LEAVE_RUBBISH = """
import os, sys
from pathlib import Path
from isocenter.storage import LocalStorage
upload = LocalStorage(Path(sys.argv[1])).create()
upload.write([b"half an object"])
os._exit(9)
"""


def test_what_dead_processes_left_is_removed_and_what_live_ones_write_is_not(tmp_path: Path) -> None:
    alive = LocalStorage(tmp_path)
    upload = alive.create()
    upload.write([b"alive"])
    subprocess.run([sys.executable, "-c", LEAVE_RUBBISH, str(tmp_path)], check=False)
    assert len(files(tmp_path / "incoming")) == 2
    second = LocalStorage(tmp_path)
    assert len(files(tmp_path / "incoming")) == 1
    location = upload.commit()
    assert second.path(location).read_bytes() == b"alive"
    alive.close()
    second.close()
    assert list((tmp_path / "incoming").iterdir()) == []


def test_processes_do_not_share_folders(tmp_path: Path) -> None:
    storages = [LocalStorage(tmp_path) for _ in range(3)]
    folders = {storage.path(put(storage, b"x")).parent for storage in storages}
    assert len(folders) == 3
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


def test_only_folders_that_changed_are_walked(storage: LocalStorage) -> None:
    locations = [put(storage, b"x") for _ in range(6)]
    old, new = sorted({storage.path(location).parent for location in locations}, key=lambda folder: locations.index(
        next(each for each in locations if storage.path(each).parent == folder)))  # fmt: skip
    os.utime(old, (1000, 1000))
    found = [storage.path(stored.location).parent for stored in storage.objects(2000)]
    assert found == [new] * 3
    assert len(list(storage.objects(1000))) == 6


def test_a_crash_is_noticed_once(tmp_path: Path) -> None:
    noticed = []
    for crash in (False, True, False):
        if crash:
            subprocess.run([sys.executable, "-c", LEAVE_RUBBISH, str(tmp_path)], check=False)
        storage = LocalStorage(tmp_path)
        noticed.append(storage.after_crash)
        storage.close()
    assert noticed == [False, True, False]
