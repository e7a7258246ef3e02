"""Painted segmentations over HTTP: the objects that come of them, and what is refused."""

import io
import subprocess
import tracemalloc
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest
from pydicom import dcmread
from pydicom.dataset import Dataset

from isocenter.dicom.segmentation import LABEL_MAP, SEGMENTATION, Mask, Painting, Segment, lab_of, make_segmentation

from .conftest import STUDY, Client, ct
from .made_objects import retrieved

PATH = f"/api/studies/{STUDY}/segmentations"
TISSUE = {"CodeValue": "85756007", "CodingSchemeDesignator": "SCT", "CodeMeaning": "Tissue"}
LIVER = {"number": 1, "label": "Liver", "colour": "#ff0000", "category": TISSUE, "type": TISSUE}
OTHER = LIVER | {"number": 4, "label": "Läsion", "colour": "#00ff80"}


def placed(number: int) -> Dataset:
    """Return a CT image with a place in the patient."""
    dataset = ct(number)
    dataset.ImageOrientationPatient = [1, 0, 0, 0, 1, 0]
    dataset.ImagePositionPatient = [-10, -20, 2.5 * number]
    dataset.PixelSpacing, dataset.SliceThickness = [0.5, 0.75], 2.5
    dataset.FrameOfReferenceUID = f"{STUDY}.9"
    return dataset


def mask(number: int, segment: int, *runs: int) -> dict[str, object]:
    return {"SOPInstanceUID": f"{STUDY}.1.{number}", "frame": 1, "segment": segment, "runs": list(runs)}


def painting(*masks: dict[str, object], kind: str = "binary", **changes: object) -> dict[str, object]:
    head = {"SeriesInstanceUID": f"{STUDY}.1", "label": "By hand", "kind": kind, "segments": [LIVER, OTHER]}
    return head | {"masks": list(masks)} | changes


def stored(client: Client, content: dict[str, object]) -> Dataset:
    answer = client.request("POST", PATH, json=content)
    assert answer.status_code == 201, answer.text
    return dcmread(io.BytesIO(retrieved(client, answer.json())))


MASKS = (mask(2, 1, 0, 3, 10, 2), mask(1, 1, 5, 1), mask(1, 4, 6, 4), mask(3, 4))


@pytest.mark.peer("dciodvfy")
@pytest.mark.parametrize("kind", ["binary", "labelmap"])
def test_what_was_painted_is_a_dicom_object(
    client: Client, store: Callable[..., None], tmp_path: Path, kind: str
) -> None:
    for number in (1, 2, 3):
        store(placed(number))
    found = stored(client, painting(*MASKS, kind=kind))
    assert found.SOPClassUID == (SEGMENTATION if kind == "binary" else LABEL_MAP)
    assert (found.PatientID, found.StudyInstanceUID) == (placed(1).PatientID, STUDY)
    assert found.FrameOfReferenceUID == f"{STUDY}.9"
    assert [segment.SegmentLabel for segment in found.SegmentSequence] == ["Liver", "Läsion"]
    (series,) = found.ReferencedSeriesSequence
    assert series.SeriesInstanceUID == f"{STUDY}.1"
    assert sorted(one.ReferencedSOPInstanceUID for one in series.ReferencedInstanceSequence) == [
        f"{STUDY}.1.1",
        f"{STUDY}.1.2",
    ]
    shared = found.SharedFunctionalGroupsSequence[0].PixelMeasuresSequence[0]
    assert (list(shared.PixelSpacing), shared.SpacingBetweenSlices) == ([0.5, 0.75], 2.5)
    places = [
        group.PlanePositionSequence[0].ImagePositionPatient[2] for group in found.PerFrameFunctionalGroupsSequence
    ]
    pixels = found.pixel_array.reshape(found.NumberOfFrames, -1)
    if kind == "binary":
        assert places == [2.5, 5, 2.5]
        assert [list(np.flatnonzero(frame)) for frame in pixels] == [[5], [0, 1, 2, 10, 11], [6, 7, 8, 9]]
    else:
        assert places == [2.5, 5]
        assert list(pixels[0][:12]) == [0, 0, 0, 0, 0, 1, 2, 2, 2, 2, 0, 0]
    file = tmp_path / "seg.dcm"
    found.save_as(file)
    done = subprocess.run(["dciodvfy", str(file)], capture_output=True, text=True, check=False)
    unknown = ["Error - Information Object Not found"] if kind == "labelmap" else []  # to dciodvfy of this time
    assert [line for line in done.stderr.splitlines() if line.startswith("Error")] == unknown


def test_what_does_not_fit_is_refused(client: Client, store: Callable[..., None]) -> None:
    for number in (1, 2):
        store(placed(number))
    wrong = [
        (painting(), "nothing is painted"),
        (painting(mask(1, 1)), "nothing is painted"),
        (painting(mask(1, 1, 0)), "pairs"),
        (painting(mask(1, 1, 0, 1 << 30)), "beyond its image"),
        (painting(mask(1, 1, 5, 5, 3, 1)), "overlap"),
        (painting(mask(1, 9, 0, 1)), "not described"),
        (painting(mask(7, 1, 0, 1)), "not in the series"),
        (painting(mask(1, 1, 0, 1), segments=[LIVER, LIVER]), "same number"),
        (painting(mask(1, 1, 0, 1), segments=[LIVER | {"colour": "red"}]), "segments.0.colour"),
        (painting(mask(1, 1, 0, 1), kind="surface"), "kind"),
    ]
    for content, message in wrong:
        answer = client.request("POST", PATH, json=content)
        assert (answer.status_code, message in answer.json()["error"]["message"]) == (400, True), message
    store(ct(9))
    answer = client.request("POST", PATH, json=painting(mask(9, 1, 0, 1)))
    assert "position, spacing or frame of reference" in answer.json()["error"]["message"]


def test_colours_are_those_of_the_standard() -> None:
    assert lab_of("#ffffff") == pytest.approx((65535, 32896, 32896), abs=4)
    assert lab_of("#000000") == (0, 32896, 32896)
    assert lab_of("#ff0000") == pytest.approx((35580, 53665, 50856), abs=4)


def test_many_frames_take_memory_for_their_bits_only() -> None:
    source = placed(1)
    source.Rows = source.Columns = 513  # so that frames do not end with whole bytes
    masks = [Mask(source.SOPInstanceUID, 1, 1, [at, 2]) for at in range(60)]
    code = ("85756007", "SCT", "Tissue")
    painting = Painting("", False, [Segment(1, "Liver", "#ff0000", code, code)], masks)
    tracemalloc.start()
    try:
        made = make_segmentation({source.SOPInstanceUID: source}, painting, datetime.now(UTC))
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < 8 * 513 * 513 * 2 + 3 * len(made.PixelData) < 60 * 513 * 513
    bits = np.unpackbits(np.frombuffer(made.PixelData, np.uint8), bitorder="little")[: 60 * 513 * 513]
    assert [frame.nonzero()[0].tolist() for frame in bits.reshape(60, -1)] == [[at, at + 1] for at in range(60)]
