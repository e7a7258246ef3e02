"""Faces go from head volumes, single slices and multi-frame, tilted or not; the brain stays bit by bit."""

import json
from functools import partial
from pathlib import Path

import numpy as np
import pytest

from isocenter.cli import main
from isocenter.deid import Policy, Project, Result, Status, anonymize, policy
from isocenter.deid.defacing import find_faces

from .heads import COLUMNS, CT, ENHANCED_MR, MR, ROWS, SLICES, Volume

DEFACE = policy("research", deface=True)


def defaced(files: list[bytes], project: Project, chosen: Policy = DEFACE) -> list[Result]:
    faces = find_faces(partial(bytes, file) for file in files)
    return [anonymize(file, project, chosen, faces=faces) for file in files]


def pixels(results: list[Result]) -> np.ndarray:
    assert {result.status for result in results} == {Status.OUTPUT}, results[0].reason
    return np.concatenate([np.frombuffer(r.dataset().PixelData, np.uint16).reshape(-1, ROWS, COLUMNS) for r in results])


@pytest.mark.parametrize(
    ("sop_class", "tilt", "nod", "multi_frame"),
    [(MR, 18, 8, False), (ENHANCED_MR, -12, -8, True), (CT, 15, -6, False)],
)
def test_the_face_goes_and_the_brain_stays(
    project: Project, sop_class: str, tilt: float, nod: float, multi_frame: bool
) -> None:
    volume = Volume(sop_class, tilt, nod)
    results = defaced([volume.object(None)] if multi_frame else volume.objects(), project)
    after, parts, (_, y, z) = pixels(results), volume.parts, volume.points
    assert np.array_equal(after[parts["brain"]], volume.values[parts["brain"]])
    air = 100
    eyes, nose = parts["eyes"], parts["skin"] & (y < -88) & (z < -45)
    chin = parts["skin"] & (y < -70) & (z < -70)
    for part, most in ((eyes, 0.45), (nose, 0.02), (chin, 0.02)):
        assert (volume.values[part] > air).mean() > 0.9
        assert (after[part] > air).mean() < most
    forehead = z > -20
    assert np.array_equal(after[forehead], volume.values[forehead])
    ds = results[0].dataset()
    assert ds.RecognizableVisualFeatures == "NO"
    assert "113102" in [item.CodeValue for item in ds.DeidentificationMethodCodeSequence]
    assert "BurnedInAnnotation" not in ds


def test_what_gives_no_face_is_set_aside_or_passes(project: Project) -> None:
    head = Volume(slices=SLICES).objects()
    cases = [
        (head[:12], Status.SEQUESTERED, "too few for a volume"),
        (head[::4], Status.SEQUESTERED, "mm apart"),
        (head[-40:], Status.SEQUESTERED, "face"),
        (head[:50], Status.SEQUESTERED, "top of the head"),
    ]
    for files, status, reason in cases:
        result = defaced(files, project)[0]
        assert (result.status, reason in result.reason) == (status, True), (reason, result.reason)
    assert anonymize(head[0], project, DEFACE).status is Status.SEQUESTERED  # its series was not looked at
    trunk = Volume()
    trunk.values[:] = 10
    trunk.values[(np.abs(trunk.points[0]) < 112) & (np.abs(trunk.points[1] + 20) < 70)] = 500
    result = defaced(trunk.objects(), project)[0]
    assert result.status is Status.OUTPUT
    assert "RecognizableVisualFeatures" not in result.dataset()
    assert "113102" not in [item.CodeValue for item in result.dataset().DeidentificationMethodCodeSequence]


def test_a_broken_value_sets_the_series_aside(project: Project) -> None:
    files = Volume(slices=2).objects()
    assert b"\x20\0\x32\0DS" in files[1]
    files[1] = files[1].replace(b"\x20\0\x32\0DS", b"\x20\0\x32\0UL")
    files[1] = files[1].replace(b"\x20\0\x37\0DS", b"\x20\0\x37\0FD")
    results = defaced(files, project)
    assert [result.status for result in results] == [Status.SEQUESTERED] * 2
    assert all("header is broken" in result.reason for result in results)


def test_without_the_choice_faces_stay_and_nothing_is_claimed(project: Project) -> None:
    file = Volume().object(60)
    result = anonymize(file, project, policy("research"))
    assert "RecognizableVisualFeatures" not in result.dataset()
    assert policy("research").digest() != DEFACE.digest()


def test_the_command_takes_faces_out(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = tmp_path / "in"
    folder.mkdir()
    for number, file in enumerate(Volume().objects()):
        (folder / f"{number:03d}.dcm").write_bytes(file)
    (folder / "zz.txt").write_bytes(b"no object")
    out, key = str(tmp_path / "out"), str(tmp_path / "key")
    with pytest.raises(SystemExit) as ended:
        main(["anonymize", str(folder), "-o", out, "--project", key, "--deface", "--json"])
    facts = json.loads(capsys.readouterr().out)
    assert (ended.value.code, facts["output"], facts["rejected"]) == (1, SLICES, 1)
    assert "does not exclude" in facts["faces"]
