"""The cache of frame layouts: bounded in entries and frames, and right after an object was replaced."""

from collections.abc import Callable

import pytest

from isocenter.archive import Archive
from isocenter.errors import NotFoundError
from isocenter.web.layouts import LayoutCache, read_frame

from .conftest import STUDY, ct


@pytest.fixture
def filled(store: Callable[..., None]) -> None:
    store(*(ct(number, NumberOfFrames=3, PixelData=bytes([number]) * 288) for number in range(1, 6)))


def test_the_same_layout_is_not_read_twice(archive: Archive, filled: None) -> None:
    cache = LayoutCache()
    first = archive.instances(STUDY)[0]
    layout = cache.layout(archive, first)
    assert cache.layout(archive, first) is layout
    assert len(layout.frames) == layout.description.NumberOfFrames == 3
    assert layout.vr == "OW"
    assert read_frame(archive, first, layout, 3) == b"\1" * 96


@pytest.mark.parametrize(("entries", "frames", "kept"), [(2, 100, 2), (100, 7, 2), (100, 1, 0), (100, 100, 5)])
def test_bounds(archive: Archive, filled: None, entries: int, frames: int, kept: int) -> None:
    cache = LayoutCache(entries, frames)
    for instance in archive.instances(STUDY):
        assert len(cache.layout(archive, instance).frames) == 3
    assert len(cache._entries) == kept
    assert cache._frames == 3 * kept


def test_the_one_used_last_stays(archive: Archive, filled: None) -> None:
    cache = LayoutCache(2)
    one, two, three = archive.instances(STUDY)[:3]
    layouts = [cache.layout(archive, instance) for instance in (one, two)]
    cache.layout(archive, one)
    cache.layout(archive, three)
    assert cache.layout(archive, one) is layouts[0]
    assert cache.layout(archive, two) is not layouts[1]


def test_another_object_under_the_same_uid(archive: Archive, filled: None, store: Callable[..., None]) -> None:
    cache = LayoutCache()
    uid = f"{STUDY}.1.1"
    assert len(cache.layout(archive, archive.instances(STUDY, f"{STUDY}.1", uid)[0]).frames) == 3
    archive.delete(STUDY, f"{STUDY}.1", uid)
    store(ct(1))
    assert len(cache.layout(archive, archive.instances(STUDY, f"{STUDY}.1", uid)[0]).frames) == 1


@pytest.mark.parametrize("number", [0, 4, -1])
def test_frames_that_are_not_there(archive: Archive, filled: None, number: int) -> None:
    layout = LayoutCache().layout(archive, archive.instances(STUDY)[0])
    with pytest.raises(NotFoundError, match="has 3"):
        layout.frame(number)
