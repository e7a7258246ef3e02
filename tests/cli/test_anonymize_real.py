"""Related real objects through the command: references resolve as before, and the check finds nothing."""

import json
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pydicom
import pytest
from pydicom.dataset import Dataset

from isocenter.cli import main

pytestmark = [pytest.mark.real_data, pytest.mark.filterwarnings("ignore")]

SETS = ("rt/dicompyler", "rt/rt_utils_phantom", "sop/sr", "sop/pr", "sop/encapsulated",
        "sop/seg_ct_liver", "sop/seg_sr_rwv_qin")  # fmt: skip


def run(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, dict]:
    with pytest.raises(SystemExit) as ended:
        main([*arguments, "--json"])
    return int(ended.value.code or 0), json.loads(capsys.readouterr().out)


def referenced(data_set: Dataset) -> Iterator[str]:
    for element in data_set:
        if element.VR == "SQ":
            for item in element.value or []:
                yield from referenced(item)
        elif element.keyword == "ReferencedSOPInstanceUID":
            yield str(element.value)


def resolved(objects: list[Dataset]) -> Counter[tuple[str, int, int]]:
    """Return for each object its modality, how many objects it refers to, and how many of these are here."""
    here = {str(each.SOPInstanceUID) for each in objects}
    found: Counter[tuple[str, int, int]] = Counter()
    for each in objects:
        uids = set(referenced(each))
        found[str(each.get("Modality", "")), len(uids), len(uids & here)] += 1
    return found


def test_references_resolve_as_before_and_the_check_finds_nothing(
    data_dir: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out, key = tmp_path / "out", tmp_path / "key"
    paths = [str(data_dir / name) for name in SETS]
    _, facts = run(capsys, "anonymize", *paths, "-o", str(out), "--project", str(key), "--profile", "research",
                   "--burned-in", "keep")  # fmt: skip
    assert facts["inputs"] == sum(facts[name] for name in ("output", "unchanged", "sequestered", "rejected"))
    assert any("document" in row["reason"] for row in facts["reasons"])
    (listing,) = (key / "runs").glob("*.csv")
    written = [line for line in listing.read_text().splitlines() if ",output," in line]
    before = [pydicom.dcmread(line.split(",")[0], stop_before_pixels=True, force=True) for line in written]
    after = [pydicom.dcmread(path, stop_before_pixels=True) for path in out.rglob("*.dcm")]
    assert len(after) == len(before) == facts["output"]
    assert resolved(after) == resolved(before)
    assert sum(here for (_, _, here), count in resolved(after).items()) > 10
    code, checked = run(capsys, "deid", "check", str(out), "--profile", "research")
    kinds = {row["kind"] for row in checked["findings"]}
    assert kinds <= {"pixels that may show text"}, (code, checked["findings"])
