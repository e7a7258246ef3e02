"""Text in pixels is found in every frame, blanked, looked for again; what cannot be settled is set aside."""

import io
import sys
from collections.abc import Callable
from itertools import count

import imagecodecs
import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageFont
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.encaps import encapsulate
from pydicom.uid import ExplicitVRLittleEndian

from isocenter.deid import Area, Box, DeviceRule, Policy, Project, Status, anonymize, ocr, policy, propose
from isocenter.deid.burned_in import MOST_FRAMES
from isocenter.deid.ocr import Line, Word

SC = "1.2.840.10008.5.1.4.1.1.7"
PLACE = Box(10, 8, 50, 20)
KINDS = {
    "8 bit": (np.uint8, 1, "MONOCHROME2"),
    "inverse": (np.uint8, 1, "MONOCHROME1"),
    "signed 16 bit": (np.int16, 1, "MONOCHROME2"),
    "colour": (np.uint8, 3, "RGB"),
    "ybr": (np.uint8, 3, "YBR_FULL"),
    "palette": (np.uint8, 1, "PALETTE COLOR"),
}


def image(pixels: np.ndarray, kind: str = "8 bit", **values: object) -> Dataset:
    """Return a secondary capture of (frames, rows, columns) grey values from 0 to 255."""
    dtype, samples, photometric = KINDS[kind]
    ds = Dataset()
    ds.SOPClassUID, ds.SOPInstanceUID, ds.Modality = SC, "1.2.826.1", "OT"
    ds.PatientName, ds.PatientID, ds.PatientBirthDate = "Mueller^Anna", "MRN4711", "19560312"
    ds.NumberOfFrames, ds.Rows, ds.Columns = pixels.shape
    ds.SamplesPerPixel, ds.PhotometricInterpretation = samples, photometric
    ds.BitsAllocated = ds.BitsStored = np.dtype(dtype).itemsize * 8
    ds.HighBit, ds.PixelRepresentation = ds.BitsAllocated - 1, int(dtype is np.int16)
    stored = pixels.astype(dtype)
    if kind == "signed 16 bit":
        stored, ds.RescaleIntercept, ds.RescaleSlope = stored * 16 - 1000, -24, 1
        ds.WindowCenter, ds.WindowWidth = -900, 400  # the text is outside
    if kind == "inverse":
        stored = 255 - stored
    if samples == 3:
        ds.PlanarConfiguration = 0
        chroma = np.full_like(stored, 128) if kind == "ybr" else stored // 3
        stored = np.stack([stored, chroma, chroma], axis=-1)
    if kind == "palette":
        for colour in ("Red", "Green", "Blue"):
            setattr(ds, f"{colour}PaletteColorLookupTableDescriptor", [256, 0, 16])
            table = np.arange(256, dtype=np.uint16)[:: -1 if colour == "Blue" else 1] * 257
            setattr(ds, f"{colour}PaletteColorLookupTableData", table.tobytes())
    ds.PixelData = stored.tobytes()
    ds["PixelData"].VR = "OW" if ds.BitsAllocated == 16 else "OB"
    ds.file_meta = FileMetaDataset()
    ds.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    for keyword, value in values.items():
        setattr(ds, keyword, value)
    return ds


def text_areas(ds: Dataset, chosen: Policy, recognize: ocr.Recognizer | None = None) -> tuple[str, tuple[Area, ...]]:
    ds.save_as(buffer := io.BytesIO(), enforce_file_format=True)
    proposal = propose(buffer.getvalue(), chosen, recognize)
    assert proposal.areas is not None, proposal.reason
    return proposal.reason, proposal.areas


def scene(frames: int = 1, rows: int = 40, columns: int = 60) -> np.ndarray:
    return np.broadcast_to(np.linspace(20, 90, columns).astype(np.uint8), (frames, rows, columns)).copy()


def striped(frame: np.ndarray, box: Box = PLACE) -> None:
    """Draw what has the edges of text."""
    frame[box.top : box.bottom, box.left : box.right : 2] = 255


def reader(text: str = "Otto 12", confidence: float = 0.9) -> Callable[[np.ndarray], list[Line]]:
    """Return a double that reads a text at PLACE wherever there are stripes."""

    def read(picture: np.ndarray) -> list[Line]:
        grey = picture if picture.ndim == 2 else picture.max(axis=2)
        part = grey[PLACE.top : PLACE.bottom, PLACE.left : PLACE.right].astype(int)
        if np.abs(np.diff(part, axis=1)).max() < 100:
            return []
        parts = text.split()
        width = (PLACE.right - PLACE.left) // len(parts)
        lefts = [PLACE.left + width * number for number in range(len(parts))]
        words = [
            Word(part, confidence, Box(left, PLACE.top, left + width, PLACE.bottom))
            for part, left in zip(parts, lefts, strict=True)
        ]
        return [Line(PLACE, tuple(words))]

    return read


def frames_of(result: object) -> np.ndarray:
    after = result.dataset()
    return np.frombuffer(after.PixelData, np.uint8)[: after.NumberOfFrames * 2400].reshape(-1, 40, 60)


def test_text_goes_from_every_frame_and_the_rest_stays(project: Project) -> None:
    pixels = scene(9)
    striped(pixels[6])
    result = anonymize(image(pixels), project, policy(burned_in="ocr"), recognize=reader())
    assert result.status is Status.OUTPUT, result.reason
    found = frames_of(result)
    area = text_areas(image(pixels), policy(burned_in="ocr"), reader())[1][0]
    assert (area.reason, area.frame) == ("text", 6)
    assert area.box.left < PLACE.left
    assert area.box.bottom > PLACE.bottom
    inside = np.zeros((40, 60), bool)
    inside[area.box.top : area.box.bottom, area.box.left : area.box.right] = True
    assert not found[:, inside].any()
    assert np.array_equal(found[:, ~inside], pixels[:, ~inside])
    after = result.dataset()
    assert after.BurnedInAnnotation == "NO"
    assert "113101" in [item.CodeValue for item in after.DeidentificationMethodCodeSequence]


@pytest.mark.parametrize("hidden", [scene()[0].tobytes(), b"MUELLER^ANNA"])
def test_pixels_behind_the_announced_frames_are_not_let_through(project: Project, hidden: bytes) -> None:
    ds = image(scene(2))
    assert anonymize(ds, project, areas=()).status is Status.OUTPUT
    ds.PixelData += hidden
    for chosen, areas in ((policy(burned_in="ocr"), None), (policy(), ())):
        result = anonymize(ds, project, chosen, areas, recognize=lambda _: [])
        assert (result.status, result.pieces) == (Status.SEQUESTERED, ())
        assert "more than its frames" in result.reason
    blanked = anonymize(ds, project, areas=[PLACE])
    assert hidden not in blanked.data


def test_compressed_frames_that_are_not_announced_are_not_let_through(project: Project) -> None:
    frames = [imagecodecs.jpeg8_encode(each) for each in scene(2).astype(np.uint8)]
    ds = image(scene(2), PixelData=encapsulate(frames, has_bot=False))
    ds["PixelData"].VR, ds["PixelData"].is_undefined_length = "OB", True
    ds.file_meta.TransferSyntaxUID = "1.2.840.10008.1.2.4.50"
    assert anonymize(ds, project, areas=()).status is Status.OUTPUT
    ds.NumberOfFrames = 1
    assert "more than its frames" in anonymize(ds, project, areas=()).reason


def test_frames_without_new_strokes_are_not_read_again(project: Project) -> None:
    read = []

    def counted(picture: np.ndarray) -> list[Line]:
        read.append(1)
        return []

    pixels = scene(50)
    pixels[:, :, :] += np.arange(50, dtype=np.uint8)[:, None, None]  # it moves, but nothing is written
    result = anonymize(image(pixels), project, policy(burned_in="ocr"), recognize=counted)
    assert len(read) <= 2 * 4  # two views of each
    assert np.array_equal(frames_of(result), pixels)
    assert result.dataset().BurnedInAnnotation == "NO"


def test_too_many_frames_of_their_own_are_set_aside(project: Project) -> None:
    pixels = scene(MOST_FRAMES + 40, 400, 400)
    for number, frame in enumerate(pixels):
        row, column = divmod(number, 12)
        striped(frame, Box(32 * column, 32 * row, 32 * column + 24, 32 * row + 20))
    result = anonymize(image(pixels), project, policy(burned_in="ocr"), recognize=lambda _: [])
    assert result.status is Status.SEQUESTERED
    assert "frames" in result.reason


def test_what_is_read_again_and_again_is_set_aside(project: Project) -> None:
    number = count()

    def endless(_: np.ndarray) -> list[Line]:
        left = next(number)
        return [Line(Box(left, 0, left + 9, 9), (Word("Otto", 0.9, Box(left, 0, left + 9, 9)),))]

    result = anonymize(image(scene()), project, policy(burned_in="ocr"), recognize=endless)
    assert result.status is Status.SEQUESTERED
    assert "still read" in result.reason


@pytest.mark.parametrize(
    ("text", "confidence", "choice", "reasons"),
    [
        ("Otto", 0.9, "ocr", ["text"]),
        ("kV 120", 0.9, "ocr", ["text"]),
        ("kV 120", 0.9, "ocr-technical", []),
        ("kV Anna 120", 0.9, "ocr-technical", ["PatientName"]),
        ("12. 03. 1956 kV", 0.9, "ocr-technical", ["PatientBirthDate"] * 3),
        ("L House R", 0.9, "ocr-technical", ["text"]),
        ("Anna Otto", 0.9, "ocr-technical", ["PatientName"]),
        ("MRN4711", 0.3, "ocr", ["PatientID"]),
        ("Zq", 0.3, "ocr", ["unread text"]),
        ("x", 0.9, "ocr", ["unread text"]),
    ],
)
def test_what_goes(text: str, confidence: float, choice: str, reasons: list[str]) -> None:
    pixels = scene()
    striped(pixels[0])
    found = text_areas(image(pixels), policy(burned_in=choice), reader(text, confidence))[1]
    assert [area.reason for area in found] == reasons


def test_known_areas_and_read_ones_go_together(project: Project) -> None:
    pixels = scene()
    striped(pixels[0])
    rule = DeviceRule("maker", "", 40, 60, (Box(0, 30, 60, 40),))
    chosen = policy(burned_in="ocr", device_rules=(rule,))
    found = frames_of(anonymize(image(pixels, Manufacturer="Maker"), project, chosen, recognize=reader()))
    assert not found[0, 30:].any()
    assert not found[0, PLACE.top : PLACE.bottom, PLACE.left : PLACE.right].any()


@pytest.mark.parametrize(
    "change", [{"BurnedInAnnotation": "YES"}, {"ImageType": ["DERIVED", "SECONDARY", "DOSE_INFO"]}]
)
def test_text_that_must_be_there_but_is_not_read_sets_aside(project: Project, change: dict) -> None:
    result = anonymize(image(scene(), **change), project, policy(burned_in="ocr"), recognize=lambda _: [])
    assert result.status is Status.SEQUESTERED
    assert "none was read" in result.reason


def test_without_the_extra_it_says_what_to_install(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "rapidocr", None)
    ocr.load_recognizer.cache_clear()
    result = anonymize(image(scene()), project, policy(burned_in="ocr"))
    ocr.load_recognizer.cache_clear()
    assert result.status is Status.SEQUESTERED
    assert "a secondary capture" in result.reason
    assert "pip install 'isocenter[ocr]'" in result.reason


def test_pixels_that_cannot_be_decoded_are_set_aside(project: Project) -> None:
    result = anonymize(image(scene(2), NumberOfFrames=3), project, policy(burned_in="ocr"), recognize=reader())
    assert result.status is Status.SEQUESTERED


def drawn(texts: list[tuple[int, int, int, str]], rows: int = 260, columns: int = 320, turned: int = 0) -> np.ndarray:
    """Return one frame with texts (left, top, size, text) over something like anatomy."""
    y, x = np.mgrid[:rows, :columns]
    grey = 40 + 40 * np.sin(x / 23) * np.cos(y / 31) + np.random.default_rng(1).normal(0, 6, (rows, columns))
    picture = Image.fromarray(np.clip(grey, 0, 255).astype(np.uint8))
    for left, top, size, text in texts:
        ImageDraw.Draw(picture).text((left, top), text, fill=255, font=ImageFont.load_default(size=size))
    return np.rot90(np.asarray(picture), turned)[None].copy()


@pytest.mark.parametrize("kind", ["signed 16 bit", "ybr"])
def test_the_engine_reads_every_kind_of_picture(kind: str) -> None:
    texts = [(8, 6, 10, "MUELLER ANNA 12.03.1956"), (150, 120, 18, "MRN4711")]
    plain, written = drawn([]), drawn(texts)
    upright = drawn([(40, 4, 14, "St. Mary Hospital")], 320, 260, turned=1)
    plain[:, :, :30], written[:, :, :30] = drawn([], 320, 260, turned=1)[:, :, :30], upright[:, :, :30]
    reason, areas = text_areas(image(written, kind), policy(burned_in="ocr"))
    assert reason
    assert {"PatientBirthDate", "PatientID", "text"} <= {area.reason for area in areas}
    left = written != plain
    for area in areas:
        left[0, area.box.top : area.box.bottom, area.box.left : area.box.right] = False
    assert not left.any()
    assert sum((a.box.right - a.box.left) * (a.box.bottom - a.box.top) for a in areas) < 0.3 * written.size


def test_the_engine_finds_nothing_where_nothing_is_written(project: Project) -> None:
    ds = image(drawn([]))
    result = anonymize(ds, project, policy(burned_in="ocr"))
    assert result.dataset().PixelData == ds.PixelData


def test_technical_words_stay_beside_names(project: Project) -> None:
    written = drawn([(8, 20, 14, "SUPINE  120 kV  Mueller"), (200, 200, 14, "AP")])
    result = anonymize(image(written), project, policy(burned_in="ocr-technical"))
    after = np.frombuffer(result.dataset().PixelData, np.uint8).reshape(written.shape)
    names = np.s_[0, 20:36, 118:165]
    assert (written[names] == 255).any()
    assert not (after[names] == 255).any()
    for kept in (np.s_[0, 15:40, 5:95], np.s_[0, 195:220, 195:225]):
        assert np.array_equal(after[kept], written[kept])
