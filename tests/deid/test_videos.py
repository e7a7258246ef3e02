"""Videos lose what no player needs, byte for byte in place; what is packed with other things is set aside."""

import struct

import pytest

from isocenter.deid import Project, Status, anonymize, policy
from isocenter.deid.videos import patches
from isocenter.errors import UnsupportedError

TOKEN = b"ZqSecretXk"
AVC, HEVC, MPEG2 = (f"1.2.840.10008.1.2.4.{end}" for end in ("102", "107", "100"))
PICTURE = b"\x65" + b"\x88\x84" * 20
USER = b"\6" + bytes([5, 26]) + bytes(range(16)) + TOKEN + b"\x80"  # user data unregistered
RECOVERY = b"\6" + bytes([6, 1, 0xC4]) + b"\x80"


def box(kind: bytes, *content: bytes) -> bytes:
    body = b"".join(content)
    return struct.pack(">I4s", 8 + len(body), kind) + body


def full(kind: bytes, form: str, *numbers: int) -> bytes:
    return box(kind, struct.pack(">I" + form, 0, *numbers))


def unit(content: bytes) -> bytes:
    return struct.pack(">I", len(content)) + content


def mp4(samples: list[bytes], *, handler: bytes = b"vide", gap: bytes = b"", extra: bytes = b"") -> bytes:
    """Return an MP4 file with one sample in each chunk and a gap before it."""
    ftyp = box(b"ftyp", b"isom\0\0\2\0avc1")
    at, offsets = len(ftyp) + 8, []
    for sample in samples:
        offsets.append(at + len(gap))
        at += len(gap) + len(sample)
    entry = box(b"avc1", bytes(42), bytes([len(TOKEN)]) + TOKEN.ljust(31), bytes(4), box(b"avcC", b"\1\x64\0\x29\xff"))
    table = box(
        b"stbl", box(b"stsd", struct.pack(">II", 0, 1), entry), full(b"stts", "III", 1, len(samples), 40),
        full(b"stsc", "4I", 1, 1, 1, 1), full(b"stsz", f"2I{len(samples)}I", 0, len(samples), *map(len, samples)),
        full(b"stco", f"I{len(samples)}I", len(samples), *offsets),
    )  # fmt: skip
    media = full(b"mdhd", "5I", 0xD1D1D1D1, 0xD1D1D1D1, 1000, 40, 0)
    name = box(b"hdlr", bytes(8), handler, bytes(12), TOKEN)
    track = box(b"trak", full(b"tkhd", "2I", 0xD1D1D1D1, 0xD1D1D1D1), box(b"mdia", media, name, box(b"minf", table)))
    movie = box(b"moov", full(b"mvhd", "2I", 0xD1D1D1D1, 0xD1D1D1D1), track, box(b"udta", TOKEN))
    return ftyp + box(b"mdat", *(gap + sample for sample in samples)) + movie + box(b"uuid", TOKEN * 3) + extra


def patched(video: bytes, syntax: str) -> bytes:
    made = bytearray(video)
    for start, new in patches(memoryview(video), syntax):
        made[start : start + len(new)] = new
    assert len(made) == len(video)
    return bytes(made)


def test_an_mp4_file_keeps_its_pictures_and_tables_only() -> None:
    samples = [unit(USER) + unit(PICTURE), unit(RECOVERY) + unit(PICTURE)]
    video = mp4(samples, gap=TOKEN, extra=TOKEN[:7])
    cleaned = patched(video, AVC)
    assert TOKEN[:7] not in cleaned
    assert b"\xd1\xd1" not in cleaned  # the day it was made
    assert cleaned.count(unit(PICTURE)) == 2
    assert unit(RECOVERY) in cleaned
    filled = unit(b"\x0c".ljust(len(USER) - 1, b"\xff") + b"\x80")
    assert filled in cleaned
    assert patched(cleaned, AVC) == cleaned
    assert [cleaned.count(kind) for kind in (b"stsz", b"stco", b"avcC", b"vide")] == [1, 1, 1, 1]


@pytest.mark.parametrize(
    ("syntax", "video", "gone"),
    [
        (AVC, b"\0\0\0\1" + RECOVERY + b"\0\0\1" + USER + b"\0\0\1" + PICTURE, b"\0\0\1" + PICTURE),
        (HEVC, b"\0\0\0\1\x4e\1" + USER[1:] + b"\0\0\1\x26\1" + PICTURE, b"\0\0\1\x26\1" + PICTURE),
        (MPEG2, b"\0\0\1\xb3head\0\0\1\xb2" + TOKEN + b"\0\0\1\0" + PICTURE + b"\0\0\1\xb7" + TOKEN, PICTURE),
    ],
    ids=["avc", "hevc", "mpeg-2"],
)
def test_a_stream_loses_its_messages(syntax: str, video: bytes, gone: bytes) -> None:
    cleaned = patched(video, syntax)
    assert TOKEN in video
    assert TOKEN not in cleaned
    assert gone in cleaned


@pytest.mark.parametrize(
    ("video", "syntax"),
    [
        (b"\x47\x40\0\x10" + bytes(184), AVC), (b"\0\0\1\xba" + bytes(20), AVC), (b"\0\0\1\xba" + bytes(20), MPEG2),
        (mp4([unit(PICTURE)], handler=b"soun"), AVC), (mp4([unit(PICTURE)], extra=box(b"moof")), AVC), (b"RIFF", AVC),
    ],
)  # fmt: skip
def test_what_is_packed_with_other_things_is_refused(video: bytes, syntax: str) -> None:
    with pytest.raises(UnsupportedError):
        patches(memoryview(video), syntax)


def test_an_object_is_written_without_or_set_aside(make, project: Project) -> None:
    def file(video: bytes) -> bytes:
        fragment = b"\xfe\xff\x00\xe0" + struct.pack("<I", len(video)) + video
        rows = [(tag, "US", struct.pack("<H", 16)) for tag in (0x00280010, 0x00280011)]
        made = make(rows, "1.2.840.10008.5.1.4.1.1.77.1.1.1", AVC)
        head = b"\xe0\x7f\x10\0OB\0\0\xff\xff\xff\xff\xfe\xff\x00\xe0\0\0\0\0"
        return made + head + fragment + b"\xfe\xff\xdd\xe0\0\0\0\0"

    video = mp4([unit(USER) + unit(PICTURE)])
    video += bytes(len(video) % 2)
    result = anonymize(file(video), project, policy(burned_in="keep"))
    assert result.status is Status.OUTPUT, result.reason
    assert TOKEN not in result.data
    assert patched(video, AVC) in result.data
    broken = anonymize(file(video[:-200]), project, policy(burned_in="keep"))
    assert broken.status is Status.SEQUESTERED
    assert "video" in broken.reason
