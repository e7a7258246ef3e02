"""Videos: every byte of a fragmented MP4 is where its tables say, and AV1 groups hold what they were given."""

import struct
from functools import partial

import imagecodecs
import numpy as np
import pytest

from isocenter.codecs import av1
from isocenter.codecs.av1 import encode_group
from isocenter.codecs.film import TIMESCALE, Track, write_fragment, write_header
from isocenter.codecs.video_file import boxes, inside
from isocenter.errors import UnsupportedError


def content(data: bytes, *path: bytes) -> bytes:
    """Return what the first box at a path holds."""
    box = inside(lambda offset, length: data[offset : offset + length], (b"", 0, len(data)), *path)
    assert box is not None, path
    return data[box[1] : box[2]]


def kinds(data: bytes) -> list[bytes]:
    return [kind for kind, _, _ in boxes(lambda offset, length: data[offset : offset + length], 0, len(data))]


def test_a_header_has_no_samples_and_says_size_duration_and_coding() -> None:
    header = write_header(Track(640, 480, 5 * TIMESCALE, b"\0\0\0\x0cav1Cabcd"))
    assert kinds(header) == [b"ftyp", b"moov"]
    assert b"av01" in content(header, b"ftyp")
    assert struct.unpack(">4xQ", content(header, b"moov", b"mvex", b"mehd")) == (5 * TIMESCALE,)
    media = content(header, b"moov", b"trak", b"mdia")
    assert struct.unpack(">12xI", content(media, b"mdhd")[:16]) == (TIMESCALE,)
    assert content(media, b"hdlr")[8:12] == b"vide"
    tables = content(media, b"minf", b"stbl")
    assert kinds(tables) == [b"stsd", b"stts", b"stsc", b"stsz", b"stco"]
    entry = content(tables, b"stsd")[8:]
    assert (len(entry), entry[4:8]) == (8 + 78 + 12, b"av01")
    assert struct.unpack(">2H", entry[32:36]) == (640, 480)
    assert entry[-12:] == b"\0\0\0\x0cav1Cabcd"
    assert struct.unpack(">2I", content(header, b"moov", b"trak", b"tkhd")[-8:]) == (640 << 16, 480 << 16)


def test_a_fragment_says_where_each_sample_is_and_how_long_it_is_shown() -> None:
    samples = [b"first", b"second one", b"x"]
    fragment = write_fragment(7, 1 << 33, samples, [10, 20, 30])
    assert kinds(fragment) == [b"moof", b"mdat"]
    assert content(fragment, b"moof", b"mfhd")[4:] == b"\0\0\0\x07"
    assert struct.unpack(">4xQ", content(fragment, b"moof", b"traf", b"tfdt")) == (1 << 33,)
    run = content(fragment, b"moof", b"traf", b"trun")
    count, offset = struct.unpack(">2I", run[4:12])
    rows = np.frombuffer(run[16:], ">u4").reshape(count, 2)
    assert rows[:, 0].tolist() == [10, 20, 30]
    ends = offset + np.cumsum(rows[:, 1])
    assert [fragment[end - size : end] for end, size in zip(ends, rows[:, 1], strict=True)] == samples


@pytest.mark.parametrize("shape", [(33, 65), (32, 64, 3)])
@pytest.mark.parametrize("count", [1, 4])
def test_a_group_holds_its_pictures(monkeypatch: pytest.MonkeyPatch, shape: tuple[int, ...], count: int) -> None:
    files: list[bytes] = []

    def kept(*arguments: object, **options: object) -> bytes:
        files.append(bytes(encode(*arguments, **options)))
        return files[-1]

    encode = imagecodecs.avif_encode
    monkeypatch.setattr(imagecodecs, "avif_encode", kept)
    pictures = [np.full(shape, 20 + 50 * number, np.uint8) for number in range(count)]
    group = encode_group(pictures, 95)
    assert len(group.samples) == count
    assert group.configuration[4:8] == b"av1C"
    assert group.configuration.endswith(b"colrnclx" + struct.pack(">3HB", 1, 13, 6, 0x80))  # full range
    shown = imagecodecs.avif_decode(files[0])
    assert shown.shape[1:3] == shape[:2]
    for picture, decoded in zip(pictures, shown[:count], strict=True):
        assert abs(picture.reshape(*picture.shape[:2], -1) - decoded.astype(int)).max() <= 2
    assert all(sample in files[0] for sample in group.samples)


def test_groups_of_one_size_and_quality_are_coded_alike() -> None:
    rng = np.random.default_rng(3)
    noise = partial(rng.integers, 0, 255, (40, 56), np.uint8)
    first, second = encode_group([noise()] * 3, 80), encode_group([noise(), noise()], 80)
    assert first.configuration == second.configuration
    assert len(first.samples[1]) < len(first.samples[0]) / 10  # what stays is not coded again


def test_what_cannot_be_coded_is_said() -> None:
    with pytest.raises(UnsupportedError, match="at most 65535"):
        encode_group([np.zeros((1, 70_000), np.uint8)], 80)
    with pytest.raises(UnsupportedError, match="not understood"):
        av1._read_sequence(b"\0\0\0\x08moov")
