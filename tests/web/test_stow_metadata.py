"""STOW-RS with metadata and bulk data: what becomes of pictures, documents, videos and native pixels, read back."""

import io
import json
import os
import resource
import subprocess
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import imagecodecs
import numpy as np
import pydicom
import pytest
from pydicom.encaps import generate_frames

from isocenter.archive import Archive
from isocenter.dicom.native_xml import json_to_xml
from isocenter.web import assembly, bulk_part, intake, stow

from . import stow_bodies as bodies
from .conftest import STUDY, Client, parts_of
from .stow_bodies import (
    GREY,
    GREY_16,
    RGB,
    Bulk,
    Json,
    body,
    content_type,
    description,
    document,
    jpeg,
    metadata,
    pixels,
)

SUCCESS, FAILED, OTHER_FAILURES = "00081199", "00081198", "0008119A"
SECONDARY_CAPTURE = "1.2.840.10008.5.1.4.1.1.7"
Post = Callable[..., httpx.Response]


@pytest.fixture
def post(client: Client) -> Post:
    def send(objects: Any, *bulk: Bulk, kind: str = "dicom+json", study: str = "", **headers: str) -> httpx.Response:
        content = body(objects, *bulk, kind=kind)
        path = "/dicom-web/studies" + (f"/{study}" if study else "")
        return client.request("POST", path, content=content, headers={"content-type": content_type(kind), **headers})

    return send


def stored(archive: Archive, number: int = 1) -> pydicom.Dataset:
    """Return an object that was stored, read by pydicom."""
    instance = next(i for i in archive.instances(STUDY) if i.SOPInstanceUID == f"{STUDY}.9.{number}")
    with archive.open_object(instance) as file:
        return pydicom.dcmread(io.BytesIO(file.read()))


def comment(answer: httpx.Response) -> str:
    content = answer.json()
    items = content.get(FAILED, {}).get("Value", []) + content.get(OTHER_FAILURES, {}).get("Value", [])
    return "; ".join(item["00000902"]["Value"][0] for item in items)


J2K = imagecodecs.jpeg2k_encode
PICTURES = [
    ("image/jpeg", jpeg(), "50", "YBR_FULL_422"),
    ("image/jpeg", jpeg(GREY), "50", "MONOCHROME2"),
    ("image/jpeg", imagecodecs.ljpeg_encode(GREY_16), "57", "MONOCHROME2"),
    ("image/jls", imagecodecs.jpegls_encode(RGB), "80", "RGB"),
    ("image/jls", imagecodecs.jpegls_encode(GREY, level=3), "81", "MONOCHROME2"),
    ("image/jp2", J2K(RGB, codecformat="jp2", reversible=True), "90", "YBR_RCT"),
    ("image/jp2", J2K(RGB, level=40, codecformat="j2k", reversible=False), "91", "YBR_ICT"),
    ("image/jphc", imagecodecs.htj2k_encode(GREY_16), "201", "MONOCHROME2"),
    ("application/octet-stream; transfer-syntax=1.2.840.10008.1.2.4.50", jpeg(), "50", "YBR_FULL_422"),
]


@pytest.mark.parametrize(("media_type", "data", "syntax", "photometric"), PICTURES)
def test_compressed_pictures_stay_as_they_are(
    post: Post, archive: Archive, media_type: str, data: bytes, syntax: str, photometric: str
) -> None:
    answer = post([metadata(t7FE00010=pixels())], ("bulk/1", media_type, data))
    assert answer.status_code == 200, comment(answer)
    made = stored(archive)
    assert (made.file_meta.TransferSyntaxUID, made.SOPClassUID) == (f"1.2.840.10008.1.2.4.{syntax}", SECONDARY_CAPTURE)
    assert (made.Rows, made.Columns, made.PhotometricInterpretation) == (60, 80, photometric)
    frame = next(generate_frames(made.PixelData, number_of_frames=1))
    assert frame.rstrip(b"\0") in data
    assert frame[:2] in {b"\xff\xd8", b"\xff\x4f"}
    lossy = syntax in {"50", "81", "91"}
    assert made.get("LossyImageCompression", "00") == ("01" if lossy else "00")
    assert made.PatientName == "Müller^Jörg"


@pytest.mark.parametrize(("media_type", "data", "syntax", "photometric"), PICTURES)
def test_what_was_stored_can_be_seen(
    post: Post, client: Client, archive: Archive, media_type: str, data: bytes, syntax: str, photometric: str
) -> None:
    post([metadata(t7FE00010=pixels())], ("bulk/1", media_type, data))
    (instance,) = archive.instances(STUDY)
    path = f"/dicom-web/studies/{STUDY}/series/{instance.SeriesInstanceUID}/instances/{instance.SOPInstanceUID}"
    shown = client.get(f"{path}/rendered", accept="image/png")
    assert shown.status_code == 200, shown.text
    picture = imagecodecs.png_decode(shown.content)
    assert picture.shape[:2] == (60, 80)
    if photometric != "MONOCHROME2":
        assert abs(picture[..., :3].astype("i4") - RGB).mean() < 40  # noise, of which lossy kinds keep the gist


@pytest.mark.parametrize("values", [GREY, GREY_16, RGB, RGB.astype("u2") * 257])
def test_png_becomes_native_pixels(post: Post, archive: Archive, values: Any) -> None:
    assert (
        post([metadata(t7FE00010=pixels())], ("bulk/1", "image/png", imagecodecs.png_encode(values))).status_code == 200
    )
    made = stored(archive)
    assert made.file_meta.TransferSyntaxUID == "1.2.840.10008.1.2.1"
    assert np.array_equal(made.pixel_array, values)


def test_transparency_is_seen_on_white(post: Post, archive: Archive) -> None:
    values = np.zeros((2, 2, 4), "u1")
    values[0, 0, 3] = 255
    post([metadata(t7FE00010=pixels())], ("bulk/1", "image/png", imagecodecs.png_encode(values)))
    assert stored(archive).pixel_array[..., 0].tolist() == [[0, 255], [255, 255]]


def test_native_pixels_as_octets(post: Post, archive: Archive) -> None:
    objects = [
        metadata(1, **description(60, 80), t7FE00010=pixels()),
        metadata(2, **description(60, 80), t7FE00010=pixels("b")),
    ]
    answer = post(
        objects,
        ("bulk/1", "application/octet-stream", GREY_16.tobytes()),
        ("b", "application/octet-stream", b"\1" * 9600),
    )
    assert answer.status_code == 200
    assert np.array_equal(stored(archive).pixel_array, GREY_16)
    assert stored(archive, 2).PixelData == b"\1" * 9600


def test_frames_come_in_a_part_each(post: Post, archive: Archive) -> None:
    frames = [jpeg(), jpeg(RGB[::-1].copy()), jpeg(RGB // 2)]
    count = {"vr": "IS", "Value": [3]}
    answer = post([metadata(t00280008=count, t7FE00010=pixels())], *[("bulk/1", "image/jpeg", each) for each in frames])
    assert answer.status_code == 200
    made = stored(archive)
    assert [each.rstrip(b"\0") for each in generate_frames(made.PixelData, number_of_frames=3)] == frames


def test_bulk_data_inside_sequences_and_shared(post: Post, archive: Archive) -> None:
    icc = {"vr": "OB", "BulkDataURI": "icc"}
    inner = {"vr": "SQ", "Value": [{"00282000": icc}]}
    objects = [metadata(n, t00480105=inner, t00282000=icc, t7FE00010=pixels(f"p{n}")) for n in (1, 2)]
    answer = post(
        objects,
        ("p1", "image/jpeg", jpeg()),
        ("icc", "application/octet-stream", b"profile!"),
        ("p2", "image/jpeg", jpeg()),
    )
    assert answer.status_code == 200
    for number in (1, 2):
        made = stored(archive, number)
        assert made.ICCProfile == made.OpticalPathSequence[0].ICCProfile == b"profile!"


DOCUMENTS = [
    ("application/pdf", bodies.PDF, "1", "application/pdf"),
    ("text/xml", bodies.CDA, "2", "text/XML"),
    ("model/stl", bodies.STL, "3", "model/stl"),
    ("model/obj", bodies.OBJ, "4", "model/obj"),
    ("model/mtl", bodies.MTL, "5", "model/mtl"),
]


@pytest.mark.parametrize(("media_type", "data", "last", "said"), DOCUMENTS)
def test_documents_are_encapsulated(
    post: Post, archive: Archive, media_type: str, data: bytes, last: str, said: str
) -> None:
    assert post([metadata(t00420011=document())], ("bulk/1", media_type, data)).status_code == 200
    made = stored(archive)
    assert made.SOPClassUID == f"1.2.840.10008.5.1.4.1.1.104.{last}"
    assert made.EncapsulatedDocument[: made.EncapsulatedDocumentLength] == data
    assert made.MIMETypeOfEncapsulatedDocument == said


@pytest.mark.parametrize(
    ("media_type", "data", "syntax"),
    [
        ("video/mp4", bodies.mp4(), "102"),
        ("video/mp4", bodies.mp4(level=42), "104"),
        ("video/mp4", bodies.mp4(entry=b"hvc1"), "107"),
        ("video/mpeg", bodies.mpeg2(), "100"),
    ],
)
def test_videos_are_one_fragment(post: Post, archive: Archive, media_type: str, data: bytes, syntax: str) -> None:
    answer = post([metadata(t7FE00010=pixels())], ("bulk/1", media_type, data))
    assert answer.status_code == 200, comment(answer)
    made = stored(archive)
    assert made.file_meta.TransferSyntaxUID == f"1.2.840.10008.1.2.4.{syntax}"
    assert (made.Rows, made.Columns, made.NumberOfFrames, float(made.FrameTime)) == (48, 64, 25, 40.0)
    assert data in made.PixelData
    assert made.SOPClassUID == "1.2.840.10008.5.1.4.1.1.77.1.4.1"


@pytest.mark.real_data
def test_a_real_video(post: Post, archive: Archive, data_dir: Path) -> None:
    data = (data_dir / "raw_inputs" / "sample_mpeg2.mpeg").read_bytes()
    assert post([metadata(t7FE00010=pixels())], ("bulk/1", "video/mpeg", data)).status_code == 200
    made = stored(archive)
    assert (made.Rows, made.Columns, made.NumberOfFrames) == (480, 720, 80)
    assert data in made.PixelData


#: dciodvfy of this time knows neither OBJ and MTL objects nor HTJ2K.
EVERYTHING = [
    *((media_type, data, "00420011") for media_type, data, last, _ in DOCUMENTS if last not in {"4", "5"}),
    *((media_type, data, "7FE00010") for media_type, data, syntax, _ in PICTURES if syntax != "201"),
    ("image/png", imagecodecs.png_encode(GREY_16), "7FE00010"),
    ("video/mp4", bodies.mp4(), "7FE00010"),
    ("video/mpeg2", bodies.mpeg2(), "7FE00010"),
]


@pytest.mark.peer("dciodvfy")
@pytest.mark.parametrize(("media_type", "data", "tag"), EVERYTHING)
def test_dciodvfy_finds_no_error(
    post: Post, archive: Archive, tmp_path: Path, media_type: str, data: bytes, tag: str
) -> None:
    code = {"00080100": ("SH", "38866009"), "00080102": ("SH", "SCT"), "00080104": ("LO", "Entire body")}
    region = {"vr": "SQ", "Value": [{tag: {"vr": vr, "Value": [value]} for tag, (vr, value) in code.items()}]}
    attributes = {f"t{tag}": pixels()} | ({"t00082218": region} if media_type.startswith("video/") else {})
    assert post([metadata(**attributes)], ("bulk/1", media_type, data)).status_code == 200
    with archive.open_object(archive.instances(STUDY)[0]) as file:
        (tmp_path / "made.dcm").write_bytes(file.read())
    done = subprocess.run(["dciodvfy", str(tmp_path / "made.dcm")], capture_output=True, text=True, check=False)
    assert [line for line in done.stderr.splitlines() if line.startswith("Error")] == []


def test_what_the_client_leaves_out_is_given(post: Post, archive: Archive) -> None:
    bare = {"7fe00010": pixels(), "00100010": {"vr": "PN", "Value": [{"Alphabetic": "A"}]}}
    answer = post(
        [bare, {**bare, "7fe00010": pixels("b")}],
        ("bulk/1", "image/jpeg", jpeg()),
        ("b", "image/jpeg", jpeg()),
        study=STUDY,
    )
    assert answer.status_code == 200, answer.text
    first, second = archive.instances(STUDY)
    assert first.SeriesInstanceUID == second.SeriesInstanceUID
    assert first.SOPInstanceUID != second.SOPInstanceUID


def test_xml_metadata_and_an_answer_in_xml(post: Post, archive: Archive) -> None:
    document = json_to_xml(metadata(t7FE00010=pixels()))
    accept = 'multipart/related; type="application/dicom+xml"'
    answer = post(document, ("bulk/1", "image/jpeg", jpeg()), kind="dicom+xml", accept=accept)
    assert answer.status_code == 200
    ((headers, xml),) = parts_of(answer)
    assert headers["content-type"] == "application/dicom+xml"
    assert f"{STUDY}.9.1".encode() in xml
    assert stored(archive).PatientName == "Müller^Jörg"


def test_metadata_alone_is_a_body_too(client: Client, archive: Archive) -> None:
    whole = metadata(**description(1, 2, bits=8), t00080016={"vr": "UI", "Value": [SECONDARY_CAPTURE]},
                     t7FE00010={"vr": "OB", "InlineBinary": "AQI="})  # fmt: skip
    answer = client.request(
        "POST", "/dicom-web/studies", content=json.dumps(whole), headers={"content-type": "application/dicom+json"}
    )
    assert answer.status_code == 200, answer.text
    assert stored(archive).PixelData == b"\1\2"


US = {"vr": "US", "Value": [61]}
TEXT = {"vr": "LO", "Value": ["text/plain"]}
CAPTURE = {"vr": "UI", "Value": [SECONDARY_CAPTURE]}
CONTRADICTIONS = [
    (metadata(t00280010=US, t7FE00010=pixels()), "image/jpeg", jpeg(), "Rows is 61 in the metadata and 60"),
    (metadata(t00280004={"vr": "CS", "Value": ["RGB"]}, t7FE00010=pixels()), "image/jpeg", jpeg(GREY), "grey"),
    (metadata(t00280010={"vr": "US", "Value": ["x"]}, t7FE00010=pixels()), "image/jpeg", jpeg(), "no number"),
    (metadata(t00280008={"vr": "IS", "Value": [9]}, t7FE00010=pixels()), "video/mp4", bodies.mp4(), "NumberOfFrames"),
    (metadata(t7FE00010=pixels()), "image/jpeg", jpeg()[:40], "cut short"),
    (metadata(t7FE00010=pixels()), "image/gif", b"GIF89a", "none of JPEG"),
    (metadata(t7FE00010=pixels()), "video/mp4", bodies.mp4(level=52), "profile 100 level 5.2"),
    (metadata(t7FE00010=pixels()), "video/mp4", bodies.mp4()[:-9], "cut short"),
    (metadata(t7FE00010=pixels()), "video/mpeg", bodies.mpeg2(extension=False), "MPEG-1"),
    (metadata(t7FE00010=pixels()), "image/jpeg; transfer-syntax=1.2.840.10008.1.2.4.90", jpeg(), "is said to be"),
    (metadata(**description(60, 80), t7FE00010=pixels()), "application/octet-stream", b"\0" * 9000, "9000 bytes"),
    (metadata(t7FE00010=pixels()), "application/octet-stream", b"\0" * 9000, "Rows is missing"),
    (metadata(t00420011=document()), "application/pdf", b"no such thing", "no PDF"),
    (metadata(t00420011=document()), "model/stl", b"solid cube", "no binary STL"),
    (metadata(t00420011=document()), "text/plain", b"text", "SOPClassUID is missing"),
    (metadata(t00420012=TEXT, t00420011=document()), "application/pdf", bodies.PDF, "MIMEType"),
    (metadata(t00420011=document()), "text/xml", b"<a><id/></a>", "has no id"),
    (metadata(t00420011=document()), "text/xml", b"<!DOCTYPE a><a/>", "document type"),
    (metadata(t00080016=CAPTURE, t00420011=document()), "model/stl", bodies.STL, "its SOP class"),
    (metadata(t00080016={"vr": "UI", "Value": ["x"]}, t7FE00010=pixels()), "image/jpeg", jpeg(), "not valid UIDs"),
    (metadata(t00080016=CAPTURE, t00282000={"vr": "ZZ", "BulkDataURI": "bulk/1"}), "image/x", b"x", "VR 'ZZ'"),
    (metadata(t00080020={"vr": "US", "Value": ["x"]}, t7FE00010=pixels()), "image/jpeg", jpeg(), "cannot hold"),
]  # fmt: skip


@pytest.mark.parametrize(("attributes", "media_type", "data", "reason"), CONTRADICTIONS)
def test_what_does_not_fit_is_refused_and_the_rest_stored(
    post: Post, archive: Archive, attributes: Json, media_type: str, data: bytes, reason: str
) -> None:
    good = metadata(2, t7FE00010=pixels("good"))
    answer = post([attributes, good], ("bulk/1", media_type, data), ("good", "image/jpeg", jpeg()))
    assert answer.status_code == 202
    assert reason in comment(answer)
    assert [i.SOPInstanceUID for i in archive.instances(STUDY)] == [f"{STUDY}.9.2"]


def test_parts_that_are_missing_or_belong_to_nothing(post: Post, archive: Archive) -> None:
    objects = [metadata(1, t7FE00010=pixels("a")), metadata(2, t00282000=document("b"), t7FE00010=pixels("c"))]
    answer = post(objects, ("x", "image/jpeg", jpeg()), ("a", "image/jpeg", jpeg()), ("a", "image/jpeg", jpeg()),
                  ("b", "application/octet-stream", b"xy"))  # fmt: skip
    assert answer.status_code == 202
    assert [item["00081155"]["Value"][0] for item in answer.json()[SUCCESS]["Value"]] == [f"{STUDY}.9.1"]
    reasons = comment(answer)
    assert "'x' is named by no object" in reasons
    assert "'a' came more often" in reasons
    assert "no part for the BulkDataURI 'c'" in reasons


@pytest.mark.parametrize(
    ("objects", "bulk", "reason"),
    [
        (b"[", (), "no JSON"),
        (b"[" * 100_000, (), "no JSON"),
        ([1], (), "array of DICOM JSON"),
        ([], (), "without metadata"),
        (b"<a/>", (), "no JSON"),
    ],
)
def test_metadata_that_is_none(post: Post, objects: Any, bulk: tuple[Bulk, ...], reason: str) -> None:
    answer = post(objects, *bulk)
    assert answer.status_code == 400
    assert reason in answer.json()["error"]["message"]


def test_the_metadata_comes_first(post: Post, archive: Archive) -> None:
    answer = post(
        [metadata(t7FE00010=pixels())], ("bulk/1", "image/jpeg", jpeg()), ("", "application/dicom+json", b"[]")
    )
    assert answer.status_code == 202
    assert "must come before" in comment(answer)
    assert len(archive.instances(STUDY)) == 1


def test_the_same_object_twice(post: Post, archive: Archive) -> None:
    twin = metadata(1, t00282000=document("icc"), t7FE00010=pixels())
    answer = post(
        [twin, dict(twin)], ("icc", "application/octet-stream", b"profile!"), ("bulk/1", "image/jpeg", jpeg())
    )
    assert answer.status_code == 200, comment(answer)
    assert len(answer.json()[SUCCESS]["Value"]) == 2
    assert len(archive.instances(STUDY)) == 1


def test_addresses_are_never_fetched(post: Post) -> None:
    answer = post([metadata(t7FE00010=pixels("http://127.0.0.1:8080/health"))])
    assert answer.status_code == 409
    assert "no part for the BulkDataURI" in comment(answer)


def test_another_study_than_the_one_in_the_path(post: Post) -> None:
    answer = post([metadata(t7FE00010=pixels())], ("bulk/1", "image/jpeg", jpeg()), study="1.2.826.2")
    assert answer.status_code == 409
    assert answer.json()[FAILED]["Value"][0]["00081197"]["Value"] == [0xA900]


def test_too_many_parts(post: Post, archive: Archive, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stow, "MAX_PARTS", 10)
    answer = post([metadata(t7FE00010=pixels())], *[("bulk/1", "image/jpeg", jpeg())] * 12)
    assert answer.status_code == 202
    assert "more than 10 parts" in comment(answer)
    assert len(archive.instances(STUDY)) == 1


def test_too_much_metadata(post: Post, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(assembly, "_MAX_METADATA", 100)
    assert "longer than 100 bytes" in post([metadata()]).json()["error"]["message"]


def test_a_body_without_a_part_or_without_use_is_not_read_on(
    client: Client, post: Post, monkeypatch: pytest.MonkeyPatch
) -> None:
    headers = {"content-type": content_type()}

    async def endless() -> Any:
        while True:
            yield b"x" * 65536

    answer = client.request("POST", "/dicom-web/studies", content=endless(), headers=headers)
    assert (answer.status_code, "without a part" in answer.text) == (400, True)
    monkeypatch.setattr(intake, "_MAX_DROPPED", 1 << 20)

    async def useless() -> Any:
        yield body([metadata(t7FE00010=pixels())], ("other", "image/jpeg", b""))[: -len(b"\r\n--the-boundary--\r\n")]
        while True:
            yield b"x" * 65536

    answer = client.request("POST", "/dicom-web/studies", content=useless(), headers=headers)
    assert (answer.status_code, "was not read" in answer.text) == (400, True)


def test_a_part_that_is_too_long(post: Post, archive: Archive, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bulk_part, "MAX_VALUE", 3_000_000)
    objects = [metadata(1, t00420011=document("a")), metadata(2, t00420011=document("b"))]
    answer = post(objects, ("a", "application/pdf", bodies.PDF * 60_000), ("b", "application/pdf", bodies.PDF))
    assert answer.status_code == 202
    assert "longer than 3000000" in comment(answer)
    assert [i.SOPInstanceUID for i in archive.instances(STUDY)] == [f"{STUDY}.9.2"]


def test_no_room_for_bulk_data(post: Post, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(**_: Any) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(tempfile, "TemporaryFile", full)
    answer = post([metadata(t00420011=document())], ("bulk/1", "application/pdf", bodies.PDF * 10_000))
    assert answer.status_code == 507


def test_thousands_of_waiting_parts_need_one_file(post: Post, archive: Archive) -> None:
    """A part for each of many objects that are not whole yet, with far fewer descriptors than parts."""
    objects = [metadata(n, t00282000=document("last"), t00420011=document(f"d{n}")) for n in range(1, 1501)]
    parts = [(f"d{n}", "application/pdf", bodies.PDF) for n in range(1, 1501)]
    limits = resource.getrlimit(resource.RLIMIT_NOFILE)
    open_now = len(list(Path("/proc/self/fd").iterdir()))
    resource.setrlimit(resource.RLIMIT_NOFILE, (open_now + 200, limits[1]))
    try:
        answer = post(objects, *parts, ("last", "application/octet-stream", b"profile!"))
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, limits)
    assert answer.status_code == 200, comment(answer)
    assert len(archive.instances(STUDY)) == 1500


def test_room_goes_back_as_soon_as_a_part_was_used() -> None:
    spool = bulk_part.Spool()
    parts = []
    for number in range(3):
        parts.append(bulk_part.BulkPart(spool, "image/png", users=2))
        parts[-1].write(bytes([number + 1]) * 1_000_000)
    before = os.fstat(spool._descriptor).st_blocks
    parts[1].release()
    assert parts[1].read(5, 3) == b"\2\2\2"
    parts[1].release()
    assert os.fstat(spool._descriptor).st_blocks < before * 0.8
    assert parts[0].all(1 << 20) == b"\1" * 1_000_000
    assert parts[2].read(999_990, 100) == b"\3" * 10
    descriptor = spool._descriptor
    del parts, spool
    with pytest.raises(OSError, match="Bad file"):
        os.fstat(descriptor)


@pytest.mark.parametrize("size", [100, 65536, 65537, 5_000_000])
def test_long_documents_arrive_whole(post: Post, archive: Archive, size: int) -> None:
    data = bodies.PDF + bytes(range(256)) * (size // 256)
    assert post([metadata(t00420011=document())], ("bulk/1", "application/pdf", data)).status_code == 200
    made = stored(archive)
    assert made.EncapsulatedDocument[: made.EncapsulatedDocumentLength] == data
