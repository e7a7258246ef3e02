"""WADO-RS frames: as stored or as little endian values, one or several, and what Accept chooses."""

import io
import os
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pydicom
import pytest
from pydicom.encaps import encapsulate
from pydicom.uid import ExplicitVRBigEndian, ExplicitVRLittleEndian, ImplicitVRLittleEndian, JPEGLSLossless, RLELossless

from isocenter.archive import Archive, Instance
from isocenter.codecs.registry import decode_frame
from isocenter.dicom.pixels import ImageDescription
from isocenter.dicom.uids import transfer_syntax
from isocenter.errors import UsageError
from isocenter.storage import ObjectFile
from isocenter.web import frames
from isocenter.web.frames import Form, choose_form, frame_numbers
from isocenter.web.media_types import DEFAULT_SYNTAXES, parse_accept
from isocenter.web.threads import Threads

from .conftest import STUDY, Client, ct, part10, parts_of

INSTANCE = f"/dicom-web/studies/{STUDY}/series/{STUDY}.1/instances/{STUDY}.1.1"
AS_STORED = "multipart/related; type=application/octet-stream; transfer-syntax=*"
OCTETS = 'multipart/related; type="application/octet-stream"'
FRAME = 6 * 8 * 2


def cine(frames: int = 4, **attributes: object) -> pydicom.Dataset:
    pixels = np.arange(frames * 48, dtype="<i2")
    return ct(1, **{"NumberOfFrames": frames, "PixelData": pixels.tobytes(), **attributes})


def frame_of(number: int) -> bytes:
    return np.arange((number - 1) * 48, number * 48, dtype="<i2").tobytes()


@pytest.mark.parametrize("numbers", [[1], [4], [2, 3], [4, 1, 4]])
@pytest.mark.parametrize("accept", [AS_STORED, OCTETS, "*/*", f"{OCTETS}; transfer-syntax=1.2.840.10008.1.2.1"])
def test_native_frames(client: Client, store: Callable[..., None], numbers: list[int], accept: str) -> None:
    store(cine())
    answer = client.get(f"{INSTANCE}/frames/{','.join(map(str, numbers))}", accept=accept)
    assert answer.status_code == 200
    assert f"transfer-syntax={ExplicitVRLittleEndian}" in answer.headers["content-type"]
    parts = parts_of(answer)
    assert [body for _, body in parts] == [frame_of(number) for number in numbers]
    for number, (headers, _) in zip(numbers, parts, strict=True):
        assert headers["content-type"] == f"application/octet-stream; transfer-syntax={ExplicitVRLittleEndian}"
        assert headers["content-location"].endswith(f"{INSTANCE}/frames/{number}")


@pytest.mark.parametrize(
    ("said", "more", "surplus"),
    [(4, 0, None), (4, 512, "512"), (3, 0, str(FRAME)), (9, 10, None)],
)
def test_more_pixel_data_than_the_header_says_is_told(
    client: Client, store: Callable[..., None], said: int, more: int, surplus: str | None
) -> None:
    image = cine(NumberOfFrames=said)
    image.PixelData += bytes(more)
    store(image)
    ((headers, body),) = parts_of(client.get(f"{INSTANCE}/frames/2", accept=AS_STORED))
    assert (headers.get("surplus-pixel-data"), body) == (surplus, frame_of(2))


@pytest.mark.parametrize("syntax", [ImplicitVRLittleEndian, ExplicitVRLittleEndian, "1.2.840.10008.1.2.1.99"])
def test_frames_of_every_native_syntax(client: Client, store: Callable[..., None], syntax: str) -> None:
    store(part10(cine(), syntax))
    assert [body for _, body in parts_of(client.get(f"{INSTANCE}/frames/2,4", accept=AS_STORED))] == [
        frame_of(2),
        frame_of(4),
    ]


def test_big_endian_frames_are_turned(client: Client, store: Callable[..., None]) -> None:
    big = cine(PixelData=np.arange(4 * 48, dtype=">i2").tobytes())
    store(part10(big, ExplicitVRBigEndian))
    ((_, body),) = parts_of(client.get(f"{INSTANCE}/frames/3", accept=AS_STORED))
    assert body == frame_of(3)


def test_single_bits_are_given_frame_by_frame(client: Client, store: Callable[..., None]) -> None:
    bits = np.random.default_rng(1).integers(0, 2, (3, 5, 7), dtype=np.uint8)
    packed = np.packbits(bits.reshape(-1), bitorder="little").tobytes()
    store(
        ct(1, Rows=5, Columns=7, NumberOfFrames=3, BitsAllocated=1, BitsStored=1, HighBit=0, PixelRepresentation=0,
           PixelData=packed + b"\0" * (len(packed) % 2))
    )  # fmt: skip
    parts = parts_of(client.get(f"{INSTANCE}/frames/1,2,3", accept=OCTETS))
    for frame, (_, body) in zip(bits, parts, strict=True):
        assert (np.unpackbits(np.frombuffer(body, np.uint8), count=35, bitorder="little") == frame.reshape(-1)).all()


def test_long_answers_are_streamed(client: Client, store: Callable[..., None], monkeypatch: pytest.MonkeyPatch) -> None:
    store(cine())
    read_at_once = client.get(f"{INSTANCE}/frames/1,4", accept=AS_STORED)
    monkeypatch.setattr(frames, "_SMALL", 2 * FRAME)
    streamed = client.get(f"{INSTANCE}/frames/1,4", accept=AS_STORED)
    assert parts_of(streamed) == parts_of(read_at_once)
    assert streamed.headers["content-length"] == read_at_once.headers["content-length"]


def test_a_file_that_was_cut_gives_no_half_answer(
    client: Client, store: Callable[..., None], monkeypatch: pytest.MonkeyPatch
) -> None:
    store(cine())
    assert client.get(f"{INSTANCE}/frames/4", accept=AS_STORED).status_code == 200
    open_object = Archive.open_object

    def cut(archive: Archive, instance: Instance) -> ObjectFile:
        with open_object(archive, instance) as file:
            return ObjectFile(os.dup(file.fileno()), file.base, file.length - 1)

    monkeypatch.setattr(Archive, "open_object", cut)
    answer = client.get(f"{INSTANCE}/frames/4", accept=AS_STORED)
    assert answer.status_code == 500
    assert answer.json()["error"]["code"]


@pytest.fixture
def compressed(store: Callable[..., None]) -> list[bytes]:
    """Four RLE frames in the archive; returns their streams."""
    dataset = cine()
    dataset.file_meta = pydicom.dataset.FileMetaDataset()
    dataset.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    dataset.compress(RLELossless, generate_instance_uid=False)
    store(part10(dataset, RLELossless))
    return list(pydicom.encaps.generate_frames(dataset.PixelData, number_of_frames=4))


@pytest.mark.parametrize(
    ("accept", "media_type"),
    [
        (AS_STORED, "application/octet-stream"),
        (f"{OCTETS}; transfer-syntax={RLELossless}", "application/octet-stream"),
        ("multipart/related; type=image/dicom-rle", "image/dicom-rle"),
        (f'multipart/related; type="image/dicom-rle"; transfer-syntax={RLELossless}', "image/dicom-rle"),
        (f'multipart/related; type="image/jls", {AS_STORED}', "application/octet-stream"),
        (f'multipart/related; type="image/gif", {AS_STORED};q=0.5', "application/octet-stream"),
    ],
)
def test_compressed_frames_as_stored(client: Client, compressed: list[bytes], accept: str, media_type: str) -> None:
    answer = client.get(f"{INSTANCE}/frames/1,3", accept=accept)
    assert answer.status_code == 200
    assert f'type="{media_type}"; transfer-syntax={RLELossless};' in answer.headers["content-type"]
    parts = parts_of(answer)
    assert [body for _, body in parts] == [compressed[0], compressed[2]]
    assert parts[0][0]["content-type"] == f"{media_type}; transfer-syntax={RLELossless}"


@pytest.mark.parametrize("accept", [OCTETS, "*/*", f"{OCTETS}; transfer-syntax={ExplicitVRLittleEndian}"])
def test_compressed_frames_decoded(client: Client, compressed: list[bytes], accept: str) -> None:
    parts = parts_of(client.get(f"{INSTANCE}/frames/2,4", accept=accept))
    assert [body for _, body in parts] == [frame_of(2), frame_of(4)]


def test_one_frame_without_multipart(client: Client, compressed: list[bytes]) -> None:
    answer = client.get(f"{INSTANCE}/frames/2", accept="application/octet-stream; transfer-syntax=*")
    assert answer.headers["content-type"] == f"application/octet-stream; transfer-syntax={RLELossless}"
    assert answer.content == compressed[1]
    assert client.get(f"{INSTANCE}/frames/1,2", accept="application/octet-stream; transfer-syntax=*").status_code == 406


def test_fragments_are_joined(client: Client, store: Callable[..., None]) -> None:
    stream = bytes(range(64))
    dataset = ct(1, PixelData=encapsulate([stream], fragments_per_frame=4))
    dataset["PixelData"].is_undefined_length = True
    store(part10(dataset, JPEGLSLossless))
    ((_, body),) = parts_of(client.get(f"{INSTANCE}/frames/1", accept=AS_STORED))
    assert body == stream


def test_a_broken_frame_is_an_error_and_no_half_answer(client: Client, store: Callable[..., None]) -> None:
    dataset = ct(1, PixelData=encapsulate([b"no JPEG-LS at all"]))
    dataset["PixelData"].is_undefined_length = True
    store(part10(dataset, JPEGLSLossless))
    answer = client.get(f"{INSTANCE}/frames/1", accept=OCTETS)
    assert answer.status_code == 409
    assert answer.json()["error"]["code"] == "InvalidObjectError"


@pytest.mark.parametrize("frames", ["0", "-1", "1,,2", "a", "1-3", "1,2,", "٣"])
def test_no_list_of_frames(client: Client, store: Callable[..., None], frames: str) -> None:
    store(cine())
    assert client.get(f"{INSTANCE}/frames/{frames}").status_code == 400


def test_frames_that_are_not_there(client: Client, store: Callable[..., None]) -> None:
    store(cine())
    answer = client.get(f"{INSTANCE}/frames/1,5")
    assert answer.status_code == 404
    assert "4" in answer.json()["error"]["message"]


def test_an_object_without_image(client: Client, store: Callable[..., None]) -> None:
    dataset = ct(1)
    for keyword in ("PixelData", "Rows", "Columns"):
        delattr(dataset, keyword)
    store(dataset)
    answer = client.get(f"{INSTANCE}/frames/1")
    assert answer.status_code == 404
    assert "no image" in answer.json()["error"]["message"]


JPEG, EXPLICIT = "1.2.840.10008.1.2.4.50", ExplicitVRLittleEndian
VIDEO = "1.2.840.10008.1.2.4.102"
RPCL = "1.2.840.10008.1.2.4.202"
SV1, J2K, OCTET = "1.2.840.10008.1.2.4.70", "1.2.840.10008.1.2.4.90", "application/octet-stream"


@pytest.mark.parametrize(
    ("accept", "syntax", "form"),
    [
        ("image/jpeg", JPEG, Form(multipart=False, media_type="image/jpeg", transfer_syntax=JPEG, decoded=False)),
        (
            "multipart/related",
            JPEG,
            Form(multipart=True, media_type="application/octet-stream", transfer_syntax=EXPLICIT, decoded=True),
        ),
        ("*/*", VIDEO, Form(multipart=True, media_type="video/mp4", transfer_syntax=VIDEO, decoded=False)),
        ("image/jpeg", EXPLICIT, Form(False, "image/jpeg", SV1, decoded=False, encoded=True)),
        ("image/jpeg; transfer-syntax=1.2.840.10008.1.2.4.90", JPEG, None),
        ("image/gif", EXPLICIT, None),
        (f"{OCTETS}; transfer-syntax={J2K}", EXPLICIT, Form(True, OCTET, J2K, decoded=False, encoded=True)),
        (f"image/jp2, {OCTETS}", EXPLICIT, Form(True, OCTET, EXPLICIT, decoded=True)),
        (f"{OCTETS}; transfer-syntax={EXPLICIT}", VIDEO, None),
    ],
)  # fmt: skip
def test_forms(accept: str, syntax: str, form: Form | None) -> None:
    assert choose_form(parse_accept(accept), transfer_syntax(syntax), single=True) == form


#: What the viewer asks for over a slow link.
SMALL = ", ".join(
    [f"{OCTETS}; transfer-syntax=1.2.840.10008.1.2.4.{n}" for n in (202, 50, 51, 57, 70, 80, 81, 90, 91, 201, 203)]
) + f", {AS_STORED}; q=0.5"  # fmt: skip


@pytest.mark.parametrize("syntax", [ImplicitVRLittleEndian, ExplicitVRLittleEndian, RLELossless, JPEGLSLossless])
def test_what_is_wanted_alike_is_encoded_only_where_it_is_not_stored(syntax: str) -> None:
    form = choose_form(parse_accept(SMALL), transfer_syntax(syntax), single=True)
    assert form is not None
    assert (form.transfer_syntax, form.encoded) == ((syntax, False) if syntax == JPEGLSLossless else (RPCL, True))


@pytest.mark.parametrize("able", [lambda uid: uid != RPCL, lambda _: False])
def test_of_what_is_wanted_alike_nothing_is_lost(able: Callable[[str], bool]) -> None:
    lossy_first = ", ".join(f"{OCTETS}; transfer-syntax={uid}" for uid in (JPEG, RPCL, J2K))
    form = choose_form(parse_accept(f"{lossy_first}, {AS_STORED}; q=0.5"), transfer_syntax(EXPLICIT), able, single=True)
    assert form is not None
    assert form.transfer_syntax == (J2K if able(J2K) else EXPLICIT)


def test_busy_archives_send_as_stored_what_may_be_so(
    client: Client, store: Callable[..., None], monkeypatch: pytest.MonkeyPatch
) -> None:
    store(cine())
    for busy, accept, syntax in [
        (False, SMALL, RPCL),
        (True, SMALL, EXPLICIT),
        (True, f"{OCTETS}; transfer-syntax={RPCL}", RPCL),
    ]:
        monkeypatch.setattr(Threads, "crowded", busy)
        answer = client.get(f"{INSTANCE}/frames/2", accept=accept)
        assert f"transfer-syntax={syntax};" in answer.headers["content-type"]
        ((_, body),) = parts_of(answer)
        values = decode_frame(body, ImageDescription(6, 8, 1, "MONOCHROME2", 16, 16, PixelRepresentation=1), syntax)
        assert values.tobytes() == frame_of(2)


def test_numbers_are_bounded() -> None:
    assert frame_numbers("3,1,3") == [3, 1, 3]
    with pytest.raises(UsageError):
        frame_numbers("1" * 20)


@pytest.mark.real_data
@pytest.mark.parametrize(
    "name",
    ["us_echo_palette_10f_rle.dcm", "us_echo_acuson_65f_jpeg.dcm", "xa_coronary_96f_jpeg.dcm", "mr_heart_16f.dcm"],
)
def test_real_cines(client: Client, store: Callable[..., None], data_dir: Path, name: str) -> None:
    raw = (data_dir / "dynamic" / name).read_bytes()
    store(raw)
    dataset = pydicom.dcmread(io.BytesIO(raw))
    study, series = dataset.StudyInstanceUID, dataset.SeriesInstanceUID
    path = f"/dicom-web/studies/{study}/series/{series}/instances/{dataset.SOPInstanceUID}"
    last = int(dataset.NumberOfFrames)
    parts = parts_of(client.get(f"{path}/frames/1,{last}", accept=AS_STORED))
    if dataset.file_meta.TransferSyntaxUID.is_encapsulated:
        streams = list(pydicom.encaps.generate_frames(dataset.PixelData, number_of_frames=last))
        assert [body for _, body in parts] == [streams[0], streams[-1]]
    else:
        size = len(dataset.PixelData) // last
        assert [body for _, body in parts] == [dataset.PixelData[:size], dataset.PixelData[-size:]]
    assert client.get(f"{path}/frames/{last + 1}").status_code == 404


@pytest.mark.parametrize(
    "media_type", ["image/jpeg", "image/jls", "image/jp2", "image/jphc", "image/jxl", "image/dicom-rle"]
)
def test_frames_are_encoded_for_who_asks(client: Client, store: Callable[..., None], media_type: str) -> None:
    dataset = ct(1)
    store(dataset)
    answer = client.get(f"{INSTANCE}/frames/1", accept=media_type)
    assert answer.status_code == 200
    found, _, uid = answer.headers["content-type"].partition("; transfer-syntax=")
    assert (found, uid) == (media_type, DEFAULT_SYNTAXES[media_type])
    image = ImageDescription(6, 8, BitsAllocated=16, BitsStored=16, PixelRepresentation=1)
    assert decode_frame(answer.content, image, uid).astype("<i2").tobytes() == dataset.PixelData


def test_what_cannot_be_encoded_is_listed(client: Client, store: Callable[..., None]) -> None:
    store(ct(1))  # signed 16 bits, which JPEG baseline does not hold
    answer = client.get(f"{INSTANCE}/frames/1", accept="image/jpeg; transfer-syntax=1.2.840.10008.1.2.4.50")
    assert answer.status_code == 406
    message = answer.json()["error"]["message"]
    assert "image/jphc" in message
    assert ", 4.201, " in message
    assert "4.50" not in message
