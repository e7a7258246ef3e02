"""Views stored as presentation states: clean for dciodvfy, and rendered by the archive as they were said."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import imagecodecs
import numpy as np
import pytest

from .conftest import STUDY, Client, ct
from .made_objects import address_of, made_object

PATH = f"/api/studies/{STUDY}/presentation-states"
PATIENT = {"PatientBirthDate": "19700101", "PatientSex": "M", "StudyID": "S1"}
GRAPHIC = {
    "lines": [[[1.5, 1.5], [6.5, 1.5]], [[3, 3]]],
    "text": "30 mm\nLesion",
    "box": [[4, 2], [7, 4]],
    "anchor": [1.5, 1.5],
}
VIEW = {
    "image": {"SeriesInstanceUID": f"{STUDY}.1", "SOPInstanceUID": f"{STUDY}.1.1"}, "label": "Lésion",
    "window": {"center": 30, "width": 60}, "inverse": True, "area": [2, 1, 7, 5], "rotation": 90, "flipped": True,
}  # fmt: skip


def stored(client: Client, view: dict[str, Any], tmp_path: Path) -> tuple[Any, str]:
    answer = client.request("POST", PATH, json=view)
    assert answer.status_code == 201, answer.text
    return made_object(client, tmp_path, answer.json()), address_of(answer.json())


@pytest.mark.peer("dciodvfy")
def test_a_grey_view(client: Client, store: Callable[..., None], tmp_path: Path) -> None:
    store(ct(1, **PATIENT, PixelSpacing=[0.5, 0.5]))
    state, address = stored(client, VIEW, tmp_path)
    assert (state.Modality, state.PatientID, state.ContentDescription) == ("PR", "P1", "Lésion")
    shown = imagecodecs.png_decode(client.get(f"{address}/rendered", accept="image/png").content)
    values = np.add.outer(np.arange(6) * 10, np.arange(8)) + 1
    grey = np.clip((values - 29.5) / 59 + 0.5, 0, 1) * 255
    expected = np.rot90(255 - grey[0:5, 1:7], -1)[:, ::-1]
    assert shown.shape[:2] == expected.shape
    assert np.abs(shown.astype(float) - expected).max() <= 1
    drawn, _ = stored(client, VIEW | {"graphics": [GRAPHIC]}, tmp_path)
    (annotation,) = drawn.GraphicAnnotationSequence
    line, point = annotation.GraphicObjectSequence
    assert (list(line.GraphicData), line.GraphicType, point.GraphicType) == ([1.5, 1.5, 6.5, 1.5], "POLYLINE", "POINT")
    (text,) = annotation.TextObjectSequence
    assert (text.UnformattedTextValue, list(text.AnchorPoint)) == ("30 mm\r\nLesion", [1.5, 1.5])


@pytest.mark.peer("dciodvfy")
def test_a_colour_view_and_what_is_none(client: Client, store: Callable[..., None], tmp_path: Path) -> None:
    colour = np.zeros((6, 8, 3), np.uint8)
    store(
        ct(1, **PATIENT, SOPClassUID="1.2.840.10008.5.1.4.1.1.7", SamplesPerPixel=3, PhotometricInterpretation="RGB",
           PlanarConfiguration=0, PixelRepresentation=0, PixelData=colour.tobytes(), Modality="OT"),
    )  # fmt: skip
    state, _ = stored(client, VIEW | {"window": None, "inverse": False, "graphics": [GRAPHIC]}, tmp_path)
    assert (state.SOPClassUID.name, len(state.ICCProfile) > 100) == ("Color Softcopy Presentation State Storage", True)
    for wrong in ({}, VIEW | {"rotation": 45}, VIEW | {"more": 1}, VIEW | {"window": {"center": 1, "width": 0}}):
        assert client.request("POST", PATH, json=wrong).status_code == 400
    gone = {"SeriesInstanceUID": f"{STUDY}.1", "SOPInstanceUID": f"{STUDY}.1.9"}
    assert client.request("POST", PATH, json=VIEW | {"image": gone}).status_code == 404
