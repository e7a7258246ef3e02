"""What is found below the paths that a person names, and what is said of the rest."""

import os
import stat
import zipfile
from pathlib import Path

import pytest

from isocenter.archive import Archive
from isocenter.cli import main
from isocenter.cli.sources import UNREADABLE, Candidate, Rejected, find_candidates
from isocenter.dicom.dicomdir import Record, write_dicomdir
from isocenter.errors import UsageError
from isocenter.phantom import studies
from isocenter.settings import load_settings


def names(*paths: Path) -> list[str]:
    return [Path(found.name).name for found in find_candidates(paths) if isinstance(found, Candidate)]


def reasons(*paths: Path) -> dict[str, str]:
    return {Path(found.name).name: found.reason for found in find_candidates(paths) if isinstance(found, Rejected)}


def test_folders_in_order_of_names(tmp_path: Path) -> None:
    for name in ("b/2", "b/1", "a", "c"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes(b"x")
    assert names(tmp_path) == ["a", "1", "2", "c"]


def test_linked_folders_are_not_followed(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"x")
    (tmp_path / "loop").symlink_to(tmp_path, target_is_directory=True)
    assert names(tmp_path) == ["a"]


def test_links_that_lead_nowhere_are_reported(tmp_path: Path) -> None:
    (tmp_path / "circle").symlink_to(tmp_path / "circle")
    (tmp_path / "nowhere").symlink_to(tmp_path / "gone")
    (tmp_path / "other").write_bytes(b"x")
    (tmp_path / "link").symlink_to(tmp_path / "other")
    os.mkfifo(tmp_path / "pipe")
    assert names(tmp_path) == ["link", "other"]
    assert reasons(tmp_path) == dict.fromkeys(("circle", "nowhere", "pipe"), "not a regular file")


def test_missing_path_is_wrong_use(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="there is no file or folder"):
        list(find_candidates([tmp_path / "nothing"]))


def test_zip_members_are_unpacked_one_by_one(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "cd.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("images/1", b"first")
        archive.writestr("images/2", b"second")
    found = list(find_candidates([tmp_path]))
    contents = []
    for candidate in found:
        assert isinstance(candidate, Candidate)
        with candidate.open() as file:
            contents.append((candidate.size, file.read()))
    assert contents == [(5, b"first"), (6, b"second")]


def test_encrypted_member_is_reported(tmp_path: Path) -> None:
    path = tmp_path / "cd.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("image", b"secret")
    content = bytearray(path.read_bytes())
    for signature, offset in ((b"PK\3\4", 6), (b"PK\1\2", 8)):
        content[content.index(signature) + offset] |= 1
    path.write_bytes(content)
    assert reasons(path) == {"image": "encrypted"}


def test_damaged_member_is_an_error_of_its_own(tmp_path: Path) -> None:
    path = tmp_path / "cd.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("image", b"0123456789")
    path.write_bytes(path.read_bytes().replace(b"0123456789", b"012345678X"))
    (found,) = find_candidates([path])
    assert isinstance(found, Candidate)
    with found.open() as file, pytest.raises(UNREADABLE, match="CRC"):
        file.read()


def test_dicomdir_stands_for_its_folder(tmp_path: Path) -> None:
    (tmp_path / "IMAGES").mkdir()
    (tmp_path / "IMAGES" / "IM1").write_bytes(b"x")
    (tmp_path / "DICOMDIR").write_bytes(b"x")
    assert names(tmp_path / "DICOMDIR") == ["DICOMDIR", "IM1"]


@pytest.mark.parametrize("name", ["DICOMDIR;1", "index.dcm"])
def test_a_dicomdir_of_any_name_stands_for_its_folder(tmp_path: Path, name: str) -> None:
    (tmp_path / "IM1").write_bytes(b"x")
    (tmp_path / name).write_bytes(write_dicomdir([], "1.2.3.4", "DISC"))
    assert names(tmp_path / name) == sorted(["IM1", name])
    assert names(tmp_path / "IM1") == ["IM1"]


def test_names_in_a_zip_lead_nowhere(tmp_path: Path) -> None:
    """Members called ``../…``, absolute ones, links and nested archives: read as streams, or not at all."""
    next(iter(studies(only=["ct"], slices=1))).save_as(tmp_path / "object", enforce_file_format=True)
    link = zipfile.ZipInfo("link")
    link.external_attr = (stat.S_IFLNK | 0o777) << 16
    with zipfile.ZipFile(tmp_path / "evil.zip", "w") as archive:
        for name in ("../../escaped.dcm", "/absolute.dcm", "a/../../b.dcm", "..\\..\\windows.dcm"):
            archive.write(tmp_path / "object", name)
        archive.writestr(link, str(tmp_path / "object"))
        archive.writestr("inner.zip", b"PK\x03\x04" + b"\0" * 100)
    before = {path for path in tmp_path.rglob("*") if "data" not in path.parts}
    with pytest.raises(SystemExit) as ended:
        main(["import", str(tmp_path / "evil.zip"), "--data", str(tmp_path / "data")])
    assert ended.value.code == 1  # the archive inside, which is not opened
    assert {path for path in tmp_path.rglob("*") if "data" not in path.parts} == before
    assert not (tmp_path.parent / "escaped.dcm").exists()
    with Archive.open(tmp_path / "data", load_settings()) as opened:
        assert opened.statistics().instances == 1


def test_a_dicomdir_that_points_elsewhere(tmp_path: Path) -> None:
    """The folder counts, not what the list says."""
    (tmp_path / "secret").write_bytes(b"not for you")
    folder = tmp_path / "cd"
    folder.mkdir()
    (folder / "IM1").write_bytes(b"x")
    record = Record("IMAGE", {}, ("..", "SECRET"), ("1.2", "1.2.3", "1.2.840.10008.1.2.1"))
    (folder / "DICOMDIR").write_bytes(write_dicomdir([record] * 3, "1.2.3.4", "EVIL"))
    assert names(folder / "DICOMDIR") == ["DICOMDIR", "IM1"]
