import subprocess
import sys

import pytest
from pydicom.datadict import DicomDictionary

from isocenter.dicom import dictionary
from isocenter.errors import UsageError


def test_it_knows_what_pydicom_knows() -> None:
    for tag, (vr, vm, name, retired, keyword) in DicomDictionary.items():
        if vr == "NONE":
            continue
        assert vr.startswith(dictionary.vr(tag)) or dictionary.vr(tag) in vr.split(" or ")
        row = (dictionary.vm(tag), dictionary.keyword(tag), dictionary.name(tag), dictionary.is_retired(tag))
        assert row == (vm, keyword, name, bool(retired))
        if keyword:
            assert dictionary.tag(keyword) == tag


@pytest.mark.parametrize(
    ("tag", "vr", "keyword"),
    [
        (0x00100010, "PN", "PatientName"),
        (0x7FE00010, "OW", "PixelData"),
        (0x00280106, "US", "SmallestImagePixelValue"),
        (0x60020010, "US", "OverlayRows"),
        (0x50043000, "OW", "CurveData"),
        (0x00203156, "CS", "SourceImageIDs"),
        (0x00080000, "UL", "GroupLength"),
        (0x00090010, "LO", ""),
        (0x00091010, "UN", ""),
        (0x00101234, "UN", ""),
    ],
)
def test_rows(tag: int, vr: str, keyword: str) -> None:
    assert (dictionary.vr(tag), dictionary.keyword(tag)) == (vr, keyword)


@pytest.mark.parametrize("text", ["PatientID", "00100020", "(0010,0020)", "0010,0020", " 00100020 "])
def test_ways_to_name_a_tag(text: str) -> None:
    assert dictionary.tag(text) == 0x00100020


@pytest.mark.parametrize("text", ["", "PatientIdentity", "0010002", "00100020Z", "patientid"])
def test_no_tag(text: str) -> None:
    with pytest.raises(UsageError, match="neither"):
        dictionary.tag(text)


def test_private_elements() -> None:
    assert dictionary.private_element("GEMS_PARM_01", 0x0043106F) is not None
    assert dictionary.private_vr("GEMS_PARM_01", 0x00431001) == "SS"
    assert dictionary.private_vr("GEMS_PARM_01", 0x00430010) == "LO"
    assert dictionary.private_element("NOBODY", 0x00431001) is None
    assert dictionary.private_vr("NOBODY", 0x00431001) == "UN"
    assert dictionary.private_vr("", 0x00431001) == "UN"


def test_the_light_modules_import_neither_pydicom_nor_numpy() -> None:
    modules = ("scanner", "uids", "part10", "header", "charset", "pixels", "json", "matching", "dictionary", "writer")
    names = ", ".join(f"isocenter.dicom.{name}" for name in modules)
    program = f"import sys, {names}; print(sorted(m for m in sys.modules if m in ('pydicom', 'numpy', 'asyncio')))"
    assert subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True).stdout == "[]\n"
