"""Previews of volumes: what they hold, when they are made, when they go."""

import gzip
import json
import threading
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from pydicom.dataset import Dataset
from pydicom.encaps import encapsulate
from pydicom.uid import JPEG2000Lossless

from isocenter.archive import Archive
from isocenter.errors import OutOfResourcesError
from isocenter.web import volume_preview
from isocenter.web.previews import PreviewMaker, Previews
from isocenter.web.volume_preview import MOST_PIXELS, MOST_SLICES, Slice, slices_of, write_preview

from .conftest import STUDY, Client, ct, part10

SERIES = f"{STUDY}.1"
ADDRESS = f"/api/studies/{STUDY}/series/{SERIES}/preview"


def read(body: bytes) -> tuple[dict[str, Any], NDArray[np.float64]]:
    """Undo ``write_preview``: the header and the real values (slices, rows, columns)."""
    line, _, rest = body.partition(b"\n")
    header = json.loads(line)
    shape = (len(header["slices"]), header["rows"], header["columns"])
    low, high = np.frombuffer(rest, np.uint8).reshape(2, *shape).astype(np.int32)
    steps = (low | high << 8).astype(np.uint16).view(np.int16).astype(np.int64)
    steps[:, :, 0] = np.cumsum(steps[:, :, 0], axis=1)
    steps = np.cumsum(steps, axis=2).astype(np.int16)
    return header, header["low"] + header["step"] * steps


def header(number: int, place: float, **other: Any) -> dict[str, Any]:
    """Build the JSON header of an axial slice."""
    values: dict[str, list[Any]] = {
        "00080018": [f"1.2.{number}"], "00280010": [512], "00280011": [512], "00280002": [1],
        "00200032": [-10.0, -20.0, place], "00200037": [1, 0, 0, 0, 1, 0], "00280030": [0.5, 0.5],
        "00281053": [2], "00281052": [-1024],
    }  # fmt: skip
    return {tag: {"vr": "UN", "Value": value} for tag, value in (values | other).items()}


def test_slices_lie_in_order_and_once() -> None:
    headers = [header(number, place) for number, place in enumerate([*range(40, 0, -2), 4.0])]
    slices = slices_of(headers)
    assert [one.place for one in slices] == list(range(2, 42, 2))
    assert slices[1] == Slice("1.2.18", 1, 512, 512, 4.0, 2.0, -1024.0)  # not 1.2.20, which lies there too


def test_the_largest_stack_is_taken() -> None:
    sagittal = [header(100 + n, 5.0, **{"00200037": [0, 1, 0, 0, 0, -1]}) for n in range(3)]
    slices = slices_of([*sagittal, *(header(n, n) for n in range(16))])
    assert [one.SOPInstanceUID for one in slices] == [f"1.2.{n}" for n in range(16)]


@pytest.mark.parametrize(
    "without",
    [
        {"00200032": []},
        {"00200037": [1, 0, 0]},
        {"00280030": []},
        {"00280002": [3]},
        {"00280010": []},
        {"00280010": [9]},
    ],
)
def test_what_is_no_volume(without: dict[str, Any]) -> None:
    assert slices_of([header(n, n, **without) for n in range(20)]) == []


def test_frames_of_one_object() -> None:
    def group(place: float) -> dict[str, Any]:
        return {"00209113": {"Value": [{"00200032": {"Value": [0, 0, place]}}]}}

    shared = {
        "00209116": {"Value": [{"00200037": {"Value": [1, 0, 0, 0, 1, 0]}}]},
        "00289110": {"Value": [{"00280030": {"Value": [1, 1]}}]},
        "00289145": {"Value": [{"00281053": {"Value": [3]}, "00281052": {"Value": [7]}}]},
    }
    one = {tag: attribute for tag, attribute in header(1, 0).items() if tag.startswith(("0008", "002800"))}
    del one["00280030"]
    one |= {"52009229": {"Value": [shared]}, "52009230": {"Value": [group(20 - n) for n in range(20)]}}
    slices = slices_of([one])
    assert [one.number for one in slices] == list(range(20, 0, -1))
    assert (slices[0].slope, slices[0].intercept) == (3, 7)


@pytest.mark.parametrize(("rows", "columns", "count"), [(512, 512, 100), (300, 512, 33), (200, 130, 129)])
def test_values_are_means_of_real_values(rows: int, columns: int, count: int) -> None:
    noise = np.random.default_rng(5).integers(-200, 200, (count, rows, columns))
    smooth = np.add.outer(np.arange(count) * 5, np.add.outer(np.arange(rows), -np.arange(columns)))
    stored = (noise + smooth).astype(np.int16)
    slices = [Slice(f"1.2.{n}", 1, rows, columns, n, 2.0, -1024.0) for n in range(count)]
    found, values = read(write_preview(slices, lambda one: stored[int(one.place)]))
    factor, together = found["factor"], found["together"]
    assert max(values.shape[1:]) <= MOST_PIXELS
    assert len(values) <= MOST_SLICES
    assert [uid for group in found["slices"] for uid, _ in group] == [one.SOPInstanceUID for one in slices]
    inner = np.s_[: count // together, : rows // factor, : columns // factor]
    cut = stored[: count // together * together, : rows // factor * factor, : columns // factor * factor]
    blocks = cut.reshape(count // together, together, rows // factor, factor, columns // factor, factor)
    assert np.abs(values[inner] - (blocks.mean(axis=(1, 3, 5)) * 2.0 - 1024)).max() <= found["step"] * 0.51
    assert found["step"] <= np.ptp(values) / 500


def test_one_slice_of_each_group_where_reading_is_dear() -> None:
    asked: list[str] = []

    def values(one: Slice) -> NDArray[np.int16]:
        asked.append(one.SOPInstanceUID)
        return np.full((512, 512), one.place, np.int16)

    found, read_values = read(
        write_preview([Slice(f"1.{n}", 1, 512, 512, n, 1, 0) for n in range(130)], values, sparse=True)
    )
    assert asked == [f"1.{n}" for n in [*range(1, 129, 3), 129]]
    assert len(read_values) == 44
    assert np.abs(read_values[:43, 0, 0] - np.arange(1, 129, 3)).max() <= found["step"]


def test_an_even_volume() -> None:
    _, values = read(
        write_preview([Slice(f"1.{n}", 1, 512, 512, n, 1, 0) for n in range(20)], lambda _: np.full((512, 512), 7))
    )
    assert (values == 7).all()


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(volume_preview, "FEWEST_VOXELS", 100)


def volume(count: int = 4, **attributes: Any) -> list[Dataset]:
    geometry = {"ImageOrientationPatient": [1, 0, 0, 0, 1, 0], "PixelSpacing": [1, 1]}
    return [ct(n, ImagePositionPatient=[0, 0, n], **geometry, **attributes) for n in range(1, count + 1)]


@pytest.mark.usefixtures("small")
def test_over_http(client: Client) -> None:
    client.stow(*map(part10, volume()))
    answer = client.get(ADDRESS)
    assert answer.status_code == 200
    found, values = read(answer.content)
    assert found["factor"] == 1
    pixels = np.add.outer(np.arange(6) * 10, np.arange(8))
    assert np.abs(values - (pixels + np.arange(1, 5)[:, None, None])).max() <= found["step"]
    again = client.get(ADDRESS, if_none_match=answer.headers["etag"])
    assert (again.status_code, again.content) == (304, b"")
    packed = client.get(ADDRESS, accept_encoding="gzip")
    assert (packed.headers["content-encoding"], packed.content) == ("gzip", answer.content)


def test_no_volume_over_http(client: Client) -> None:
    client.stow(part10(ct()))
    assert client.get(ADDRESS).status_code == 204
    assert client.get(f"/api/studies/{STUDY}/series/1.2.3/preview").status_code == 404


@pytest.fixture
def kept(tmp_path: Path, archive: Archive) -> tuple[Path, Previews, PreviewMaker]:
    previews = Previews(tmp_path / "previews", archive)
    return tmp_path / "previews", previews, PreviewMaker(previews, archive)


def files(folder: Path) -> list[Path]:
    return sorted(path for path in folder.rglob("*") if path.is_file())


@pytest.mark.usefixtures("small")
def test_made_when_settled_and_gone_when_deleted(
    client: Client, archive: Archive, kept: tuple[Path, Previews, PreviewMaker]
) -> None:
    folder, previews, maker = kept
    now = time.time()
    client.stow(*map(part10, volume()))
    maker.follow(now)
    assert files(folder) == []
    archive.settle(now + 60)
    while maker.follow(now + 60):
        pass
    (first,) = files(folder)
    assert first.stat().st_mode & 0o777 == 0o600
    assert previews.read(STUDY, SERIES)[0] == first.read_bytes() != b""
    client.stow(part10(volume(5)[-1]))
    archive.settle(now + 120)
    while maker.follow(now + 120):
        pass
    (second,) = files(folder)
    assert second != first
    assert len(read(gzip.decompress(second.read_bytes()))[1]) == 5
    archive.delete(STUDY)
    while maker.follow(now + 130):
        pass
    assert files(folder) == []


@pytest.mark.usefixtures("small")
def test_broken_slices_make_none(client: Client, kept: tuple[Path, Previews, PreviewMaker]) -> None:
    _, previews, _ = kept
    client.stow(*(part10(each, JPEG2000Lossless) for each in broken()))
    assert previews.read(STUDY, SERIES)[0] == b""


def broken() -> list[Dataset]:
    sets = volume()
    for each in sets:
        each.PixelData = encapsulate([b"no codestream"])
        each["PixelData"].is_undefined_length = True
    return sets


@pytest.mark.usefixtures("small")
def test_without_room_they_are_made_and_not_kept(
    client: Client, archive: Archive, kept: tuple[Path, Previews, PreviewMaker]
) -> None:
    folder, previews, maker = kept
    folder.write_bytes(b"no folder")
    client.stow(*map(part10, volume()))
    assert previews.read(STUDY, SERIES)[0] != b""
    now = time.time()
    archive.settle(now + 60)
    while maker.follow(now + 60):
        pass
    assert folder.read_bytes() == b"no folder"


def test_one_process_makes_them(client: Client, archive: Archive, kept: tuple[Path, Previews, PreviewMaker]) -> None:
    _, previews, maker = kept
    client.stow(part10(ct()))
    now = time.time()
    assert maker.follow(now) > 0
    client.stow(part10(ct(2)))
    assert PreviewMaker(previews, archive).follow(now) == 0
    maker.start()
    maker.stop()
    assert PreviewMaker(previews, archive).follow(now) > 0  # at once, as after a restart


def test_one_process_takes_over_from_one_that_died(
    client: Client, archive: Archive, kept: tuple[Path, Previews, PreviewMaker]
) -> None:
    _, previews, maker = kept
    client.stow(part10(ct()))
    now = time.time()
    assert maker.follow(now) > 0
    client.stow(part10(ct(2)))
    assert PreviewMaker(previews, archive).follow(now + 300) > 0


def test_a_thread_makes_them_and_ends(client: Client, kept: tuple[Path, Previews, PreviewMaker]) -> None:
    _, _, maker = kept
    client.stow(part10(ct()))
    maker.start()
    maker.stop()


def test_a_full_disk_is_said_and_tried_again(
    kept: tuple[Path, Previews, PreviewMaker], monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr("isocenter.web.previews._WAIT", 0.0)
    rounds = iter([OutOfResourcesError("no room on the disk"), 0])
    done = threading.Event()

    def follow(_: float) -> int:
        answer = next(rounds, None)
        if isinstance(answer, Exception):
            raise answer
        done.set()
        return 0

    _, _, maker = kept
    monkeypatch.setattr(maker, "follow", follow)
    maker.start()
    assert done.wait(20)
    maker.stop()
    assert caplog.messages == ["making previews failed, it is tried again: no room on the disk"]
    assert caplog.records[0].exc_info is None
