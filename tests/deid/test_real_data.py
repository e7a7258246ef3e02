"""Real files: no identifying value of the input is left in the output, which is valid and has the same pixels.

The answer key is made by pydicom, apart from the engine: all values of the attributes that name, number or date a
person, of every UID and of free text, at every depth.
"""

import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pydicom
import pytest
from pydicom.dataset import Dataset
from pydicom.multival import MultiValue

from isocenter.deid import Policy, Project, Result, Status, anonymize, policy
from isocenter.deid._tables.profile import ATTRIBUTES
from isocenter.dicom.uids import transfer_syntax, uid_name
from isocenter.errors import InvalidObjectError

pytestmark = [pytest.mark.real_data, pytest.mark.filterwarnings("ignore")]

FOLDERS = ["anonymise", "charset", "deid", "dynamic", "geometry", "malformed", "patient_id_collision",
           "pixel_presentation", "raw_inputs", "rt", "small", "sop", "transfer_syntax", "volumes"]  # fmt: skip
STEPS = {"volumes": 40, "dynamic": 12, "geometry": 8, "transfer_syntax": 3, "small": 2}
LARGEST = 4_000_000
KEY = bytes(range(32))
TEXTS = {"LO", "LT", "PN", "SH", "ST", "UC", "UT", "AE"}
#: Shorter values turn up by chance.
SHORTEST = {"PN": 4, "DA": 8, "DT": 8, "UI": 10}
#: Values that say nothing and that the output has of its own.
HARMLESS = {"DEIDENTIFIED", "UNKNOWN", "NONE", "OTHER", "MODIFIED", "REMOVED", "19000101", "20000101"}


def files(folder: Path, step: int) -> Iterator[Path]:
    paths = sorted(path for path in folder.rglob("*") if path.is_file() and path.stat().st_size < LARGEST)
    yield from paths[::step]


def run(path: Path, chosen: Policy) -> Result | None:
    try:
        return anonymize(path.read_bytes(), Project(KEY), chosen)
    except InvalidObjectError:
        return None


def identifying(ds: Dataset, chosen: Policy) -> Iterator[str]:
    """Yield values that must be gone: every row of Table E.1-1 that the options do not retain, at any depth."""
    for element in ds:
        if element.VR == "SQ":
            for item in element.value or []:
                yield from identifying(item, chosen)
            continue
        row = ATTRIBUTES.get(f"{int(element.tag):08X}")
        if row is None or row[0] == "K" or any(option in chosen.options for option, _ in row[1]):
            continue
        if element.VR in TEXTS | {"DA", "DT", "UI"} and element.value:
            values = element.value if isinstance(element.value, MultiValue) else [element.value]
            yield from (text for text in map(str, values) if len(text) >= SHORTEST.get(element.VR, 6))


def kept_words(ds: Dataset) -> set[str]:
    """Return values of attributes outside the table: a value that is part of one of these is no leak."""
    found: set[str] = set()
    for element in ds:
        if element.VR == "SQ":
            for item in element.value or []:
                found |= kept_words(item)
        elif f"{int(element.tag):08X}" not in ATTRIBUTES and element.value is not None:
            values = element.value if isinstance(element.value, MultiValue) else [element.value]
            found |= {str(value) for value in values}
    return found


def header_of(result: Result) -> bytes:
    """Return the output without its pixel data, in which short values turn up by chance."""
    whole = result.data
    return whole[: whole.rindex(b"\xe0\x7f\x10\0")] if b"\xe0\x7f\x10\0" in whole else whole


@pytest.mark.parametrize("profile", ["basic", "research"])
@pytest.mark.parametrize("folder", FOLDERS)
def test_no_identifying_value_is_left(data_dir: Path, folder: str, profile: str) -> None:
    chosen = policy(profile, burned_in="keep")
    seen, left = 0, []
    for path in files(data_dir / folder, STEPS.get(folder, 1)):
        result = run(path, chosen)
        if result is None or result.status is Status.SEQUESTERED:
            continue
        try:
            ds = pydicom.dcmread(path, force=True)
            values = set(identifying(ds, chosen))
            kept = "\n".join(kept_words(ds))
        except Exception:  # noqa: BLE001 - what pydicom cannot read gives no answer key
            continue
        seen += 1
        output = header_of(result)
        left += [
            (path.name, value)
            for value in values
            if value.upper() not in HARMLESS
            and value not in kept
            and not uid_name(value)
            and value.encode("utf-8", "replace") in output
        ]
    assert left == []
    assert seen or folder == "raw_inputs"


@pytest.mark.parametrize("folder", FOLDERS)
def test_pixels_and_syntax_are_untouched(data_dir: Path, folder: str) -> None:
    for path in files(data_dir / folder, 2 * STEPS.get(folder, 1)):
        result = run(path, policy("research", burned_in="keep"))
        if result is None or result.status is Status.SEQUESTERED:
            continue
        try:
            before = pydicom.dcmread(path, force=True)
            str(before)
        except Exception:  # noqa: BLE001 - what pydicom cannot read cannot be compared
            continue
        after = result.dataset()
        str(after)
        same = before.get("PixelData") == after.get("PixelData")
        if before.file_meta.get("TransferSyntaxUID"):
            assert after.file_meta.TransferSyntaxUID == before.file_meta.TransferSyntaxUID
        assert same or len(before.PixelData) == len(after.PixelData), path
        if not transfer_syntax(after.file_meta.TransferSyntaxUID).encapsulated:
            assert same or stored_bits(before) == stored_bits(after), path


def stored_bits(dataset: pydicom.Dataset) -> list[int]:
    """Return the pixels without the bits beside them, where overlays may be, which are taken out."""
    mask = (1 << dataset.BitsStored) - 1
    pixels = np.frombuffer(dataset.PixelData, f"<u{dataset.BitsAllocated // 8}")
    kept: list[int] = (pixels & mask).tolist()
    return kept


def errors(file: Path) -> set[str]:
    """Return the kinds of error that dciodvfy finds, without values."""
    done = subprocess.run(["dciodvfy", str(file)], capture_output=True, text=True, check=False, errors="replace")
    lines = [line for line in done.stderr.splitlines() if line.startswith("Error")]
    return {re.sub(r"\b[0-9]+(\.[0-9]+)*\b", "", line) for line in lines}


@pytest.mark.peer("dciodvfy")
@pytest.mark.parametrize(
    ("folder", "profile", "burned_in"),
    [(folder, profile, "keep") for folder in ("rt", "sop", "small", "geometry", "volumes", "dynamic")
     for profile in ("basic", "research")] + [("pixel_presentation", "tcia", "blank")],
)  # fmt: skip
def test_dciodvfy_finds_no_new_error(data_dir: Path, tmp_path: Path, folder: str, profile: str, burned_in: str) -> None:
    found = {}
    step = 2 * STEPS.get(folder, 1) if burned_in == "keep" else 1
    for number, path in enumerate(files(data_dir / folder, step)):
        result = run(path, policy(profile, burned_in=burned_in))
        if result is None or result.status is Status.SEQUESTERED:
            continue
        output = tmp_path / f"{number}.dcm"
        output.write_bytes(result.data)
        new = errors(output) - errors(path)
        if new:
            found[path.name] = sorted(new)
    assert found == {}
