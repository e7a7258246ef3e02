"""Drafts of measurements over HTTP: what is kept, what is refused, and who comes second."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from pydicom import Dataset
from pydicom.uid import Comprehensive3DSRStorage, ComprehensiveSRStorage, VLWholeSlideMicroscopyImageStorage

from isocenter.web.measurements import MOST
from isocenter.web.study_drafts import MOST_BYTES

from .conftest import STUDY, Client, ct
from .made_objects import made_object

PATH = f"/api/studies/{STUDY}/measurements"
IMAGE = {"SeriesInstanceUID": f"{STUDY}.1", "SOPInstanceUID": f"{STUDY}.1.1", "frame": 1}
LENGTH = {
    "id": "a1", "kind": "length", "pictureId": f"{STUDY}.1.1/1", "image": IMAGE, "points": [[1.0, 2.0], [4.0, 2.5]],
    "values": [{"quantity": "length", "value": 3.5, "unit": "mm"}], "name": "Lesion <1>", "colour": "#ff8800",
    "locked": True,
}  # fmt: skip

CALIBRATION = {
    "known": 25.0, "series": False, "columns": 8, "rows": 6, "columnSpacing": 0.125, "rowSpacing": 0.25,
}  # fmt: skip


DRAWN_PATH = {
    "id": "p1", "kind": "path", "pictureId": "path", "image": IMAGE, "points": [],
    "path": {"points": [[0.0, 1.0, 2.0], [5.0, 1.0, 2.0]], "width": 80.0, "length": 5.0},
}  # fmt: skip


def put(client: Client, content: object, version: str = '"0"') -> Any:
    return client.request("PUT", PATH, json=content, headers={"if-match": version})


def test_what_was_written_is_read_again(client: Client, store: Callable[..., None]) -> None:
    assert client.get(PATH).status_code == 404
    assert put(client, []).status_code == 404
    store(ct(1))
    empty = client.get(PATH)
    assert (empty.json(), empty.headers["etag"], empty.headers["cache-control"]) == ([], '"0"', "no-store")
    written = put(client, [LENGTH])
    assert (written.status_code, written.headers["etag"]) == (204, '"1"')
    answer = client.get(PATH)
    assert (answer.json(), answer.headers["etag"]) == ([LENGTH], '"1"')


def test_a_path_is_kept_and_never_signed(client: Client, store: Callable[..., None]) -> None:
    store(ct(1))
    assert put(client, [DRAWN_PATH]).status_code == 204
    assert client.get(PATH).json() == [DRAWN_PATH]
    assert client.request("POST", f"{PATH}/report").status_code == 400


def test_the_second_of_two_writers_is_told(client: Client, store: Callable[..., None]) -> None:
    store(ct(1))
    assert put(client, [LENGTH]).status_code == 204
    late = put(client, [])
    assert late.status_code == 412
    assert "read them again" in late.json()["error"]["message"]
    assert client.get(PATH).json() == [LENGTH]
    assert put(client, [], "*").headers["etag"] == '"2"'
    for version in ("", "1", "W/x", '"-1"'):
        assert put(client, [], version).status_code == 400


@pytest.mark.parametrize(
    "wrong",
    [
        {},
        [1],
        [LENGTH | {"kind": "triangle"}],
        [LENGTH | {"points": []}],
        [LENGTH | {"points": [[1e400, 0]]}],
        [LENGTH | {"points": [[0, 0]] * 401}],
        [LENGTH | {"colour": "red"}],
        [LENGTH | {"name": "n" * 201}],
        [LENGTH | {"kind": "arrow", "points": [[0, 0]] * 3}],
        [DRAWN_PATH | {"points": [[0, 0]]}],
        [DRAWN_PATH | {"path": {"points": [[0, 0, 0]], "width": 80, "length": 0}}],
        [LENGTH | {"path": DRAWN_PATH["path"]}],
        [LENGTH | {"more": 1}],
        [LENGTH | {"image": IMAGE | {"SOPInstanceUID": "../x"}}],
        [LENGTH, LENGTH],
        [LENGTH | {"kind": "calibration"}],
        [LENGTH | {"calibration": CALIBRATION | {"known": 0}}],
        [LENGTH | {"kind": "isocontour"}],
        [LENGTH | {"isocontour": {"suv": "bw", "share": 1.5}}],
        [LENGTH | {"contours": [[0] * 10]}],
        [LENGTH | {"kind": "ellipsoid", "values": [{"quantity": "height", "value": 1, "unit": "mm"}]}],
        [LENGTH | {"kind": "ellipsoid", "values": [{"quantity": "mean", "value": 1, "unit": "mm"}]}],
        [LENGTH | {"kind": "ellipsoid", "further": [{"pictureId": "a", "image": IMAGE, "points": [[0, 0]]}]}],
        [LENGTH | {"id": str(n)} for n in range(MOST + 1)],
    ],
)
def test_what_is_no_list_of_measurements_is_refused(client: Client, store: Callable[..., None], wrong: object) -> None:
    store(ct(1))
    content = str(wrong).replace("'", '"').replace("True", "true").replace("inf", "1e400")
    answer = client.request("PUT", PATH, content=content, headers={"if-match": "*"})
    assert (answer.status_code, answer.json()["error"]["code"]) == (400, "UsageError")
    assert client.get(PATH).headers["etag"] == '"0"'


def test_too_many_bytes_are_not_read(client: Client, store: Callable[..., None]) -> None:
    store(ct(1))
    answer = client.request("PUT", PATH, content=b" " * (MOST_BYTES + 1), headers={"if-match": "*"})
    assert answer.status_code == 400
    assert "bytes" in answer.json()["error"]["message"]


PLANE = {
    "FrameOfReferenceUID": f"{STUDY}.9", "origin": [-10.0, -20.0, 30.0], "row": [1, 0, 0], "column": [0, 1, 0],
    "normal": [0, 0, 1], "columnStep": 0.5, "rowStep": 2.0, "columns": 8, "rows": 6,
}  # fmt: skip


def drawn(number: int, kind: str, points: list[list[float]], values: list[tuple[str, float, str]], **more: Any) -> dict:
    results = [{"quantity": quantity, "value": value, "unit": unit} for quantity, value, unit in values]
    return LENGTH | {"id": str(number), "kind": kind, "points": points, "values": results, "name": ""} | more


REGION = [
    ("mean", 40.25, "HU"), ("deviation", 2.5, "HU"), ("minimum", -1, "HU"), ("maximum", 90, "HU"), ("area", 12, "mm²"),
]  # fmt: skip
DRAWN = [
    drawn(1, "length", [[1, 2], [4, 2]], [("length", 1.5, "mm")], name="Lésion 1"),
    drawn(2, "angle", [[1, 2], [4, 2], [4, 5]], [("angle", 90, "°")]),
    drawn(3, "cobb", [[1, 1], [4, 1], [1, 2], [4, 4]], [("angle", 30, "°")]),
    drawn(4, "bidirectional", [[1, 1], [7, 1], [3, 0], [3, 3]], [("length", 6, "mm"), ("width", 3, "mm")]),
    drawn(5, "ellipse", [[1, 1], [5, 4]], REGION),
    drawn(6, "rectangle", [[1, 1], [5, 4]], REGION),
    drawn(7, "circle", [[3, 3], [5, 3]], REGION),
    drawn(8, "probe", [[3, 3]], [("value", 40, "HU")]),
    drawn(9, "freehand", [[1, 1], [5, 1], [3, 4]], REGION),
    drawn(10, "length", [[0, 0], [1, 1]], []),
]


@pytest.mark.peer("dciodvfy")
@pytest.mark.parametrize("plane", [None, PLANE])
def test_signed_as_a_structured_report(
    client: Client, store: Callable[..., None], tmp_path: Path, plane: dict | None
) -> None:
    store(ct(1, PatientBirthDate="19700101", PatientSex="M", StudyID="S1"))
    assert client.request("POST", f"{PATH}/report").status_code == 400
    assert put(client, [one | ({"plane": plane} if plane else {}) for one in DRAWN]).status_code == 204
    signed = client.request("POST", f"{PATH}/report")
    assert signed.status_code == 201
    assert [one["id"] for one in client.get(PATH).json()] == ["10"]
    report = made_object(client, tmp_path, signed.json())
    assert (report.PatientName, report.PatientID, report.StudyID, report.AccessionNumber) == (
        "Muster^Max",
        "P1",
        "S1",
        "A1",
    )
    assert report.SOPClassUID == (Comprehensive3DSRStorage if plane else ComprehensiveSRStorage)
    groups = report.ContentSequence[-1].ContentSequence
    assert len(groups) == 9
    name, _, number = groups[0].ContentSequence
    assert name.TextValue == "Lésion 1"
    (value,) = number.MeasuredValueSequence
    assert (value.NumericValue, value.MeasurementUnitsCodeSequence[0].CodeValue) == (1.5, "mm")
    (place,) = number.ContentSequence
    if plane:
        assert (place.ValueType, list(place.GraphicData)) == ("SCOORD3D", [-9.5, -16, 30, -8, -16, 30])
    else:
        assert (place.ValueType, list(place.GraphicData)) == ("SCOORD", [1.5, 2.5, 4.5, 2.5])
        assert place.ContentSequence[0].ReferencedSOPSequence[0].ReferencedSOPInstanceUID == f"{STUDY}.1.1"
    circle = groups[6].ContentSequence[2].ContentSequence[0]
    assert circle.GraphicType == "ELLIPSE"
    flat = [1.5, 3.5, 5.5, 3.5, 3.5, 1.5, 3.5, 5.5]
    spatial = [-9.5, -14, 30, -7.5, -14, 30, -8.5, -15, 30, -8.5, -13, 30]
    assert list(circle.GraphicData) == pytest.approx(spatial if plane else flat)
    line = groups[8].ContentSequence[2].ContentSequence[0]
    assert line.GraphicType == ("POLYGON" if plane else "POLYLINE")
    assert list(line.GraphicData[-len(line.GraphicData) // 4 :]) == list(line.GraphicData[: len(line.GraphicData) // 4])


@pytest.mark.peer("dciodvfy")
@pytest.mark.parametrize("plane", [None, PLANE])
def test_on_a_slide_places_are_those_of_the_whole_matrix_or_of_the_slide(
    client: Client, store: Callable[..., None], tmp_path: Path, plane: dict | None
) -> None:
    slide = ct(
        1, PatientBirthDate="19700101", PatientSex="M", StudyID="S1", SOPClassUID=VLWholeSlideMicroscopyImageStorage
    )
    store(slide)
    more = {"plane": plane} if plane else {}
    values = [("area", 12.5, "µm²"), ("length", 2500.0, "µm")]
    assert put(client, [drawn(1, "rectangle", [[1000, 2000], [3000, 2500]], values, **more)]).status_code == 204
    report = made_object(client, tmp_path, client.request("POST", f"{PATH}/report").json())
    numbers = report.ContentSequence[-1].ContentSequence[0].ContentSequence[2:]
    units = [one.MeasuredValueSequence[0].MeasurementUnitsCodeSequence[0].CodeValue for one in numbers]
    assert units == ["um2", "um"]
    (place,) = numbers[0].ContentSequence
    if plane:
        assert (place.ValueType, list(place.GraphicData)[:3]) == ("SCOORD3D", [490, 3980, 30])
    else:
        assert (place.PixelOriginInterpretation, list(place.GraphicData)[:2]) == ("VOLUME", [1000.5, 2000.5])
        assert "ReferencedFrameNumber" not in place.ContentSequence[0].ReferencedSOPSequence[0]


@pytest.mark.parametrize(
    ("plane", "signed"),
    [
        (PLANE, True),
        (PLANE | {"FrameOfReferenceUID": ""}, False),
        (PLANE | {"FrameOfReferenceUID": f"of {STUDY}.1"}, False),  # as the viewer names a volume without one
        (None, False),
    ],
)
def test_pixels_of_a_computed_picture_are_signed_only_where_it_lies_in_the_patient(
    client: Client, store: Callable[..., None], plane: dict | None, signed: bool
) -> None:
    store(ct(1))
    image = LENGTH["image"] | {"reformatted": True}
    more = {"image": image} | ({"plane": plane} if plane else {})
    put(client, [drawn(1, "length", [[1, 2], [4, 2]], [("length", 1.5, "mm")], **more)])
    assert client.request("POST", f"{PATH}/report").status_code == (201 if signed else 400)
    assert len(client.get(PATH).json()) == (0 if signed else 1)


def test_an_image_that_is_gone_is_named_as_such(client: Client, store: Callable[..., None]) -> None:
    store(ct(1), ct(2))
    put(client, [LENGTH])
    client.request("DELETE", f"/api/studies/{STUDY}/series/{STUDY}.1/instances/{STUDY}.1.1?confirm={STUDY}.1.1")
    assert client.request("POST", f"{PATH}/report").status_code == 404


@pytest.mark.peer("dciodvfy")
def test_what_was_calibrated_by_hand_says_so_in_the_report(
    client: Client, store: Callable[..., None], tmp_path: Path
) -> None:
    """The line itself is no result: it stays a draft, so that what is measured next has it too."""
    store(ct(1, PatientBirthDate="19700101", PatientSex="M", StudyID="S1"))
    line = drawn(1, "calibration", [[0, 0], [200, 0]], [], calibration=CALIBRATION)
    measured = drawn(2, "length", [[1, 2], [9, 2]], [("length", 1, "mm")], calibration=CALIBRATION)
    region = drawn(3, "ellipse", [[1, 1], [5, 4]], REGION, calibration=CALIBRATION)
    assert put(client, [line, measured, region]).status_code == 204
    uids = client.request("POST", f"{PATH}/report").json()
    assert [one["kind"] for one in client.get(PATH).json()] == ["calibration"]
    length, ellipse = made_object(client, tmp_path, uids).ContentSequence[-1].ContentSequence
    used, *sizes, _ = length.ContentSequence[2].ContentSequence
    assert used.ConceptNameCodeSequence[0].CodeMeaning == "Calibration Object"
    values = {one.ConceptNameCodeSequence[0].CodeValue: one.MeasuredValueSequence[0].NumericValue for one in sizes}
    assert values == {"122423": 25, "111026": 0.125, "111066": 0.25}
    assert [len(number.ContentSequence) for number in ellipse.ContentSequence[2:]] == [1, 1, 1, 1, 5]


@pytest.mark.peer("dciodvfy")
@pytest.mark.parametrize("plane", [None, PLANE])
def test_an_arrow_is_signed_with_what_it_points_at_and_its_text(
    client: Client, store: Callable[..., None], tmp_path: Path, plane: dict | None
) -> None:
    """TID 1410: the tip is the region, the line to the text a path, the text a comment."""
    store(ct(1, PatientBirthDate="19700101", PatientSex="M", StudyID="S1"))
    at = {"plane": plane} if plane else {}
    arrow = drawn(1, "arrow", [[1, 2], [4, 2]], [], name="Größerer Herd", **at)
    text = drawn(2, "arrow", [[3, 3]], [], name="Seite?", **at)
    bare = drawn(3, "arrow", [[1, 2], [4, 2]], [], **at)
    assert put(client, [arrow, text, bare]).status_code == 204
    report = made_object(client, tmp_path, client.request("POST", f"{PATH}/report").json())
    assert client.get(PATH).json() == []
    first, second, third = report.ContentSequence[-1].ContentSequence
    assert first.ContentTemplateSequence[0].TemplateIdentifier == "1410"
    told = [one.ConceptNameCodeSequence[0].CodeMeaning for one in first.ContentSequence]
    assert told[2:] == ["Image Region", "Path", "Comment"]
    name, _, tip, line, comment = first.ContentSequence
    assert (name.TextValue, comment.TextValue) == ("Größerer Herd", "Größerer Herd")
    assert (tip.GraphicType, line.GraphicType) == ("POINT", "POLYLINE")
    assert list(line.GraphicData) == ([-9.5, -16, 30, -8, -16, 30] if plane else [1.5, 2.5, 4.5, 2.5])
    assert list(tip.GraphicData) == list(line.GraphicData)[: len(tip.GraphicData)]
    assert [one.get("TextValue") for one in second.ContentSequence] == ["Seite?", None, None, "Seite?"]
    assert [one.get("TextValue") for one in third.ContentSequence] == ["Arrow", None, None, None]


@pytest.mark.peer("dciodvfy")
@pytest.mark.parametrize("plane", [None, PLANE])
def test_an_ellipsoid_is_signed_with_its_three_diameters(
    client: Client, store: Callable[..., None], tmp_path: Path, plane: dict | None
) -> None:
    """Each a length with a place of its own; the volume has all places and its method (CID 7474)."""
    store(ct(1, PatientBirthDate="19700101", PatientSex="M", StudyID="S1"), ct(2))
    at = {"plane": plane} if plane else {}
    other = IMAGE | {"SOPInstanceUID": f"{STUDY}.1.2"}
    further = [
        {"pictureId": f"{STUDY}.1.1/1", "image": IMAGE, "points": [[2, 0], [2, 4]], **at},
        {"pictureId": f"{STUDY}.1.2/1", "image": other, "points": [[0, 5], [3, 5]], "calibration": CALIBRATION, **at},
    ]
    values = [("length", 40, "mm"), ("width", 30, "mm"), ("height", 25, "mm"), ("volume", 15.707963, "ml")]
    drawing = drawn(1, "ellipsoid", [[1, 2], [4, 2]], values, further=further, name="Prostate", **at)
    begun = drawn(2, "ellipsoid", [[1, 2], [4, 2]], values[:1], **at)
    assert put(client, [drawing, begun]).status_code == 204
    kept = client.get(PATH).json()
    assert [one["image"]["SOPInstanceUID"] for one in kept[0]["further"]] == [f"{STUDY}.1.1", f"{STUDY}.1.2"]
    report = made_object(client, tmp_path, client.request("POST", f"{PATH}/report").json())
    group, lone = report.ContentSequence[-1].ContentSequence
    measured = {one.ConceptNameCodeSequence[0].CodeValue: one for one in group.ContentSequence[2:]}
    assert list(measured) == ["410668003", "103355008", "121207", "118565006"]
    places = [[list(below.GraphicData) for below in one.ContentSequence if "GraphicData" in below]
              for one in measured.values()]  # fmt: skip
    assert [len(one) for one in places] == [1, 1, 1, 3]
    assert [place for (place,) in places[:3]] == places[3]
    assert places[1] == ([[-9, -20, 30, -9, -12, 30]] if plane else [[2.5, 0.5, 2.5, 4.5]])
    volume = measured["118565006"]
    assert volume.MeasuredValueSequence[0].MeasurementUnitsCodeSequence[0].CodeValue == "ml"
    assert volume.ContentSequence[0].ConceptCodeSequence[0].CodeValue == "126029"
    told = [
        [one.get("ConceptNameCodeSequence") is not None for one in number.ContentSequence]
        for number in measured.values()
    ]
    assert [sum(one) for one in told] == [0, 0, 4, 5]  # what was calibrated by hand says so, and what follows from it
    named = report.CurrentRequestedProcedureEvidenceSequence[0].ReferencedSeriesSequence[0].ReferencedSOPSequence
    assert [one.ReferencedSOPInstanceUID for one in named] == [f"{STUDY}.1.1", f"{STUDY}.1.2"]
    assert len(lone.ContentSequence) == 3


RESULTS = [
    ("maximum", 12, "SUVbw"), ("mean", 9.5, "SUVbw"), ("peak", 11, "SUVbw"), ("volume", 20.5, "ml"),
    ("glycolysis", 194.75, "g"), ("threshold", 4.92, "SUVbw"),
]  # fmt: skip
SQUARE = [-9.0, -16, 30, -8, -16, 30, -8, -14, 30]


@pytest.mark.peer("dciodvfy")
def test_a_region_is_signed_with_its_border_and_what_it_measures(
    client: Client, store: Callable[..., None], tmp_path: Path
) -> None:
    """Names as in PS3.16, TID 1411: SUVbw by derivation, volume by method, total lesion glycolysis."""
    store(ct(1, PatientBirthDate="19700101", PatientSex="M", StudyID="S1"))
    contours = {"contours": [SQUARE, SQUARE], "plane": PLANE}
    region = drawn(1, "isocontour", [[1, 1], [5, 1]], RESULTS, isocontour={"share": 0.41, "suv": "bw"}, **contours)
    plain = [(quantity, value, unit.replace("SUVbw", "Bq/ml")) for quantity, value, unit in RESULTS]
    other = drawn(2, "isocontour", [[1, 1], [5, 1]], plain, isocontour={"value": 2.5, "suv": "bw"}, **contours)
    assert put(client, [region, other | {"name": "Bladder"}]).status_code == 204
    report = made_object(client, tmp_path, client.request("POST", f"{PATH}/report").json())
    assert client.get(PATH).json() == []
    first, second = report.ContentSequence[-1].ContentSequence
    assert first.ContentTemplateSequence[0].TemplateIdentifier == "1411"
    name, _, *surfaces, source = first.ContentSequence[:5]
    assert name.TextValue == "Isocontour, 41% of maximum"
    assert [list(one.GraphicData) for one in surfaces] == [[*SQUARE, *SQUARE[:3]]] * 2
    assert (source.ValueType, source.UID) == ("UIDREF", IMAGE["SeriesInstanceUID"])
    expected = [
        ("126401", 12, "{SUVbw}g/ml", "56851009"), ("126401", 9.5, "{SUVbw}g/ml", "373098007"),
        ("126401", 11, "{SUVbw}g/ml", "126031"), ("118565006", 20.5, "ml", "126030"), ("126033", 194.75, "g", ""),
    ]  # fmt: skip
    assert [coded_number(one) for one in first.ContentSequence[5:]] == expected
    assert second.ContentSequence[0].TextValue == "Bladder"
    assert coded_number(second.ContentSequence[7]) == ("126031", 11, "Bq/ml", "")


def coded_number(number: Dataset) -> tuple[str, float, str, str]:
    """Return concept, value, unit and modifier of a NUM item."""
    (value,) = number.MeasuredValueSequence
    modifiers = [one.ConceptCodeSequence[0].CodeValue for one in number.get("ContentSequence", ())]
    unit = value.MeasurementUnitsCodeSequence[0].CodeValue
    return number.ConceptNameCodeSequence[0].CodeValue, value.NumericValue, unit, "".join(modifiers)
