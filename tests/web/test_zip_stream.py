"""ZIP files of studies, series and instances: read by a foreign reader, whole, of the length that was said."""

import io
import zipfile
import zlib
from collections.abc import Callable
from pathlib import Path

import pytest

from isocenter.archive import Archive
from isocenter.web.zip_stream import Entry, directory, local_header

from .conftest import STUDY, Client, ct

STUDIES = f"/dicom-web/studies/{STUDY}"
SERIES = f"{STUDIES}/series/{STUDY}.1"
ZIP = "application/zip"


@pytest.fixture
def filled(store: Callable[..., None]) -> None:
    store(ct(1), ct(2), ct(3, series=2))


def contents(client: Client, path: str, accept: str = ZIP) -> dict[str, bytes]:
    answer = client.get(path, accept=accept)
    assert answer.status_code == 200
    assert answer.headers["content-type"] == ZIP
    assert int(answer.headers["content-length"]) == len(answer.content)
    with zipfile.ZipFile(io.BytesIO(answer.content)) as file:
        assert file.testzip() is None
        return {name: file.read(name) for name in file.namelist()}


@pytest.mark.parametrize(
    ("path", "names"),
    [
        (STUDIES, ["0001/000001.dcm", "0001/000002.dcm", "0002/000001.dcm"]),
        (SERIES, ["0001/000001.dcm", "0001/000002.dcm"]),
        (f"{SERIES}/instances/{STUDY}.1.2", ["0001/000001.dcm"]),
    ],
)
def test_objects_are_as_stored(client: Client, archive: Archive, filled: None, path: str, names: list[str]) -> None:
    found = contents(client, path)
    assert list(found) == names
    uids = [part for part in path.split("/")[3:] if part not in {"series", "instances"}]
    stored = []
    for instance in archive.instances(*uids):
        with archive.open_object(instance) as file:
            stored.append(file.read())
    assert list(found.values()) == stored


@pytest.mark.parametrize(
    ("level", "path"), [("study", STUDIES), ("series", SERIES), ("instance", f"{SERIES}/instances/{STUDY}.1.2")]
)
def test_its_name_tells_the_level_only(client: Client, filled: None, level: str, path: str) -> None:
    answer = client.get(f"{path}?accept={ZIP}")
    assert answer.headers["content-disposition"] == f'attachment; filename="{level}.zip"'


def test_more_than_32_bits(tmp_path: Path) -> None:
    """A file of 5 GiB, all of it a hole, and a small one behind it."""
    large, small = Entry(b"large", 5 << 30, 0), Entry(b"small", 4, 0, zlib.crc32(b"text"))
    small.offset = len(local_header(large)) + large.size
    with (tmp_path / "large.zip").open("wb") as out:
        out.write(local_header(large))
        out.seek(small.offset)
        out.write(local_header(small) + b"text")
        out.write(directory([large, small], out.tell()))
    with zipfile.ZipFile(tmp_path / "large.zip") as file:
        assert [(each.filename, each.file_size) for each in file.infolist()] == [("large", 5 << 30), ("small", 4)]
        assert file.read("small") == b"text"
        assert file.open("large").read(8) == b"\0" * 8


@pytest.mark.parametrize("count", [65534, 65535, 70_000])
def test_more_than_16_bits(count: int) -> None:
    entries = [Entry(b"%d" % number, 0, 0) for number in range(count)]
    with zipfile.ZipFile(io.BytesIO(local_header(entries[0]) + directory(entries, 31))) as file:
        assert len(file.namelist()) == count


def test_only_as_stored(client: Client, filled: None) -> None:
    assert client.get(STUDIES, accept=f"{ZIP}; transfer-syntax=1.2.840.10008.1.2.4.90").status_code == 406
    assert client.get(STUDIES, accept=f"{ZIP}; transfer-syntax=*").status_code == 200


def test_what_the_client_wants_most(client: Client, filled: None) -> None:
    multipart = 'multipart/related; type="application/dicom"'
    answer = client.get(STUDIES, accept=f"{ZIP};q=0.5, {multipart}")
    assert answer.headers["content-type"].startswith("multipart/related")
    assert client.get(STUDIES, accept=f"{ZIP}, {multipart};q=0.5").headers["content-type"] == ZIP


def test_nothing_there(client: Client) -> None:
    assert client.get(STUDIES, accept=ZIP).status_code == 404
