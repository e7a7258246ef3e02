"""Real files against pydicom: raw values, DICOM JSON, names in all character sets, frames.

What may differ, and nothing else: pydicom drops values that are not valid for their VR (``KNOWN``), keeps trailing
spaces of single values at times, reads group lengths, and takes the last of two elements with one tag where the scanner
takes the first.
"""

import base64
import math
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pydicom
import pytest
from pydicom.encaps import generate_frames

from isocenter.dicom import part10
from isocenter.dicom.header import read_header
from isocenter.dicom.json import data_set_to_json, json_to_data_set
from isocenter.dicom.layout import read_layout
from isocenter.dicom.scanner import TruncatedError, inflate, iter_elements, only_padding, scan
from isocenter.dicom.uids import EXPLICIT_VR_LITTLE_ENDIAN, TransferSyntax, transfer_syntax
from isocenter.errors import InvalidObjectError

pytestmark = [pytest.mark.real_data, pytest.mark.filterwarnings("ignore")]

FOLDERS = [
    "anonymise", "charset", "charset/pydicom", "deid", "dicomdir", "dynamic", "expected", "geometry", "malformed",
    "patient_id_collision", "pixel_presentation", "rt", "small", "sop", "transfer_syntax", "volumes",
]  # fmt: skip
#: Of folders with hundreds of like files, every so many.
STEPS = {"volumes": 40, "dynamic": 12, "geometry": 10, "transfer_syntax": 3, "small": 2, "dicomdir": 3, "sop": 2}
#: Larger files are the others again with more pixels.
LARGEST = 1_500_000

TRUNCATED = {"MR_truncated.dcm", "emri_small_jpeg_2k_lossless_too_short.dcm", "rtplan_truncated.dcm"}
#: Nothing is compared with pydicom here: it cannot read the file, or takes a text file's DICM for a prefix.
UNREADABLE = {"bigendian_undefined_length.dcm", "no_preamble_dicm_in_data.dcm", "no_meta.dcm"} | TRUNCATED
#: Two elements with one tag, or a stray item, each read its own way.
ODD_STRUCTURE = {"iso_ir_13_sc.dcm", "us_jpegls_philips.dcm", "us_echo_acuson_65f_jpeg.dcm", "DICOMDIR-nooffset"}


def files(folder: Path, step: int) -> Iterator[Path]:
    paths = sorted(path for path in folder.rglob("*") if path.is_file() and path.stat().st_size < LARGEST)
    yield from paths[::step]


def load(path: Path) -> tuple[bytes, TransferSyntax] | None:
    """Return data set and syntax, None for what is no DICOM."""
    data = path.read_bytes()
    try:
        meta = part10.read_preamble_and_meta(data, final=True)
    except InvalidObjectError:
        return None
    assert meta is not None
    syntax = transfer_syntax(meta.transfer_syntax_uid)
    body = data[meta.data_set_offset :]
    return (inflate(body, 1 << 26) if syntax.deflated else body), syntax


def read(path: Path) -> pydicom.Dataset:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return pydicom.dcmread(path, force=True)


@pytest.fixture(params=FOLDERS)
def objects(request: pytest.FixtureRequest, data_dir: Path) -> list[tuple[Path, bytes, TransferSyntax]]:
    step = STEPS.get(request.param, 1)
    loaded = ((path, load(path)) for path in files(data_dir / request.param, step))
    found = [(path, *both) for path, both in loaded if both is not None]
    assert found
    return found


def test_every_dicom_file_is_taken_for_one(data_dir: Path) -> None:
    refused = {
        path.name for path in data_dir.rglob("*.dcm") if path.stat().st_size < LARGEST and load_head(path) is None
    }
    assert refused == {"no_meta.dcm"}  # one byte too many at its start


def load_head(path: Path) -> part10.FileMeta | None:
    with path.open("rb") as stream:
        try:
            return part10.read_preamble_and_meta(stream.read(1 << 16), final=True)
        except InvalidObjectError:
            return None


def test_raw_values(objects: list[tuple[Path, bytes, TransferSyntax]]) -> None:
    for path, data, syntax in objects:
        if path.name in UNREADABLE | ODD_STRUCTURE:
            continue
        raw = {int(tag): element for tag, element in read(path)._dict.items()}
        elements = list(iter_elements(data, syntax))
        result = scan(data, syntax, None)
        assert {element.tag for element in elements} == set(raw), path
        assert result.complete or only_padding(data, result.position), path
        for element in elements:
            theirs = getattr(raw[element.tag], "value", None)
            if isinstance(theirs, bytes) and element.tag < 0x7FE00000:
                assert result.values[element.tag] == theirs, (path, hex(element.tag))


@pytest.mark.parametrize("name", sorted(TRUNCATED))
def test_cut_files_say_so(data_dir: Path, name: str) -> None:
    loaded = load(data_dir / "malformed" / name)
    assert loaded is not None
    with pytest.raises(TruncatedError):
        list(iter_elements(*loaded))


def differences(ours: Any, theirs: Any, path: str = "") -> Iterator[tuple[str, Any, Any]]:
    """Yield where two JSON values differ, with what is said in the module's docstring left out."""
    if isinstance(ours, dict) and isinstance(theirs, dict):
        for key in sorted(ours.keys() | theirs.keys()):
            if key in PIXELS or (len(key) == 8 and key.endswith("0000")):
                continue
            yield from differences(ours.get(key), theirs.get(key), f"{path}/{key}")
    elif isinstance(ours, list) and isinstance(theirs, list) and len(ours) == len(theirs):
        for number, (one, other) in enumerate(zip(ours, theirs, strict=True)):
            yield from differences(one, other, f"{path}[{number}]")
    elif isinstance(ours, str) and isinstance(theirs, str):
        if ours != theirs.rstrip(" \0") and not ("vr" in path and ours in theirs):  # "OB or OW"
            yield path, ours, theirs
    elif not (theirs in (None, "", []) and ours in (None, "")) and ours != theirs:
        yield path, ours, theirs


#: Shown as bulk data by the one, inline by the other.
PIXELS = {"7FE00010", "7FE00008", "7FE00009"}
#: Tags that pydicom leaves out of its JSON because a value is not valid, or shortens.
KNOWN = {
    "mg_ge_jpeglossless.dcm": {"07A11070"},
    "GREYSCALE_IMAGE.dcm": {"00321030", "0033100C"},
    "badVR.dcm": {"00280008", "300C0002"},
    "bad_sequence.dcm": {"00080018", "0020000D", "0020000E", "00200010"},
    "mod_lut_sequence_cr_teeth.dcm": {"00080018"},
    "rtdose.dcm": {"300C0002"},
    "rtdose_1frame.dcm": {"300C0002"},
    "rtdose_expb.dcm": {"300C0002"},
    "rtdose_expb_1frame.dcm": {"300C0002"},
    "rtdose_rle.dcm": {"300C0002"},
    "rtdose_rle_1frame.dcm": {"300C0002"},
    "spatial_reg.dcm": {"00700308"},
    "chrGB2312.dcm": {"00100010"},  # the escape sequence of a set that the first value does not name
}
#: Decimal strings longer than 16 characters, which pydicom leaves out.
LONG_DECIMALS = {"00180050", "00180088", "00200032", "00200037", "00280030"}


def test_json(objects: list[tuple[Path, bytes, TransferSyntax]]) -> None:
    for path, data, syntax in objects:
        if path.name in UNREADABLE | ODD_STRUCTURE:
            continue
        ours = data_set_to_json(data, syntax, bulk_data_uri=lambda _: "", bulk_threshold=1 << 20)
        theirs = read(path).to_json_dict(suppress_invalid_tags=True)
        known = KNOWN.get(path.name, set()) | (LONG_DECIMALS if "volumes" in path.parts else set())
        for tag in [*known, "FFFCFFFC"]:
            ours.pop(tag, None)
            theirs.pop(tag, None)
        assert list(differences(ours, theirs)) == [], path


def test_json_and_back(objects: list[tuple[Path, bytes, TransferSyntax]]) -> None:
    explicit = transfer_syntax(EXPLICIT_VR_LITTLE_ENDIAN)
    for path, data, syntax in objects:
        if path.name in UNREADABLE | {"mg_ge_jpeglossless.dcm"}:  # a DS that no 16 characters hold
            continue
        first = data_set_to_json(data, syntax, bulk_data_uri=None)
        again = data_set_to_json(json_to_data_set(first), explicit, bulk_data_uri=None)
        assert same(again, first), path


def same(one: Any, other: Any) -> bool:
    """Tell whether JSON survived: but for the character set, decimals at 16 characters, and bytes at even length."""
    if isinstance(one, dict) and isinstance(other, dict):
        if "InlineBinary" in one and "InlineBinary" in other:
            return base64.b64decode(one["InlineBinary"]).startswith(base64.b64decode(other["InlineBinary"]))
        keys = (one.keys() | other.keys()) - {"00080005"}
        return all(key in one and key in other and same(one[key], other[key]) for key in keys)
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(map(same, one, other))
    if isinstance(one, float) and isinstance(other, float):
        return math.isclose(one, other, rel_tol=1e-9)
    return bool(one == other)


NAMES = {
    "chrArab.dcm": "قباني^لنزار",
    "chrFren.dcm": "Buc^Jérôme",
    "chrGerm.dcm": "Äneas^Rüdiger",
    "chrGreek.dcm": "Διονυσιος",
    "chrH31.dcm": "Yamada^Tarou=山田^太郎=やまだ^たろう",
    "chrH32.dcm": "ﾔﾏﾀﾞ^ﾀﾛｳ=山田^太郎=やまだ^たろう",
    "chrHbrw.dcm": "שרון^דבורה",
    "chrI2.dcm": "Hong^Gildong=洪^吉洞=홍^길동",
    "chrRuss.dcm": "Люкceмбypг",  # noqa: RUF001 - Latin letters among Cyrillic ones, as in the file
    "chrX1.dcm": "Wang^XiaoDong=王^小東=",
    "chrX2.dcm": "Wang^XiaoDong=王^小东=",
    "chrGB2312.dcm": "Zhang^XiaoDong=张^小东=",
    "chrJapMultiExplicitIR6.dcm": "やまだ^たろう",
    "chrKoreanMulti.dcm": "김희중",
}


@pytest.mark.parametrize("name", NAMES)
def test_names_in_their_character_sets(data_dir: Path, name: str) -> None:
    loaded = load(data_dir / "charset" / "pydicom" / name)
    assert loaded is not None
    assert read_header(*loaded, [0x00100010])[0x00100010][0] == NAMES[name]


def test_frames(objects: list[tuple[Path, bytes, TransferSyntax]]) -> None:
    for path, data, syntax in objects:
        if path.name in UNREADABLE or not (syntax.encapsulated and len(data) > 4000):
            continue
        theirs = read(path)
        if "PixelData" not in theirs or "Rows" not in theirs:
            continue
        layout = read_layout(data, syntax)
        count = layout.description.NumberOfFrames
        frames = [b"".join(data[s : s + n] for s, n in frame) for frame in layout.frames]
        assert frames == list(generate_frames(theirs.PixelData, number_of_frames=count)), path
