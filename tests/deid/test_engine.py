"""One object in, one out: pseudonyms, references, markers, what stays, and input that is broken or hostile."""

import io
import struct
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from types import ModuleType

import pydicom
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import ExplicitVRLittleEndian

from isocenter.deid import Option, Policy, Project, Status, anonymize, policy
from isocenter.dicom.arrow_group import arrow_group
from isocenter.dicom.encoded_writer import write_element
from isocenter.dicom.encoding import EXPLICIT_LITTLE
from isocenter.errors import InvalidObjectError, IsocenterError

CT, RTSTRUCT, SR = "1.2.840.10008.5.1.4.1.1.2", "1.2.840.10008.5.1.4.1.1.481.3", "1.2.840.10008.5.1.4.1.1.88.33"


def ct(**more: object) -> Dataset:
    """Return a CT image of Jane Doe."""
    ds = Dataset()
    ds.SOPClassUID, ds.SOPInstanceUID = CT, "1.2.826.0.1.5.1"
    ds.StudyInstanceUID, ds.SeriesInstanceUID, ds.FrameOfReferenceUID = (f"1.2.826.0.1.5.{n}" for n in (2, 3, 4))
    ds.PatientName, ds.PatientID, ds.PatientBirthDate, ds.PatientSex, ds.PatientAge = (
        "Doe^Jane", "MRN4711", "19260312", "F", "097Y",
    )  # fmt: skip
    ds.StudyDate, ds.StudyTime, ds.AccessionNumber, ds.StudyID = "20240229", "101112", "ACC77", "S1"
    ds.StudyDescription, ds.Manufacturer, ds.ConvolutionKernel = "CT Thorax Doe", "MAKER", "B30f"
    ds.Rows = ds.Columns = 2
    ds.BitsAllocated = ds.BitsStored = 16
    ds.PixelData = struct.pack("<4H", 1, 2, 3, 4)
    ds["PixelData"].VR = "OW"
    ds.file_meta = FileMetaDataset()
    ds.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    for keyword, value in more.items():
        setattr(ds, keyword, value)
    return ds


def clean(ds: Dataset, project: Project, chosen: Policy | None = None) -> Dataset:
    result = anonymize(ds, project, chosen)
    assert result.status is Status.OUTPUT, result.reason
    return result.dataset()


@pytest.mark.parametrize("syntax", [b"1.2.826.0.1.471100", b"1.2.840.ZqDoeXk123", b"1.2.840.1000\xc8.1.2.1"])
def test_a_transfer_syntax_of_nobody_is_not_passed_on(project: Project, syntax: bytes) -> None:
    ct().save_as(buffer := io.BytesIO(), enforce_file_format=True)
    file = buffer.getvalue().replace(b"1.2.840.10008.1.2.1\0", syntax.ljust(20, b"\0"))
    result = anonymize(file, project)
    assert (result.status, result.reason) == (Status.SEQUESTERED, "its transfer syntax is not in the standard")


def test_basic_profile_of_a_ct(project: Project) -> None:
    ds = clean(ct(), project)
    assert ds.PatientID == project.name("patient", "", "MRN4711")
    assert str(ds.PatientName) == f"DEIDENTIFIED^{ds.PatientID}"
    assert (ds.PatientBirthDate, ds.PatientSex, ds.StudyDate, ds.StudyTime, ds.StudyID) == ("", "", "", "", "")
    assert "PatientAge" not in ds
    assert "StudyDescription" not in ds
    assert ds.AccessionNumber == project.name("accession", "ACC77")
    assert (ds.Manufacturer, ds.ConvolutionKernel, ds.Rows) == ("MAKER", "B30f", 2)
    assert ds.PixelData == struct.pack("<4H", 1, 2, 3, 4)
    assert ds.SOPInstanceUID == ds.file_meta.MediaStorageSOPInstanceUID == project.uid("1.2.826.0.1.5.1")
    assert ds.SOPClassUID == CT


def test_research_profile_of_a_ct(project: Project) -> None:
    ds = clean(ct(), project, policy("research"))
    assert (ds.PatientAge, ds.PatientSex, ds.StudyTime, ds.StudyDescription) == ("090Y", "F", "101112", "CT Thorax")
    assert ds.PatientBirthDate == ""
    assert ds.StudyDate != "20240229"
    assert len(ds.StudyDate) == 8


def test_full_dates_and_uids_are_kept_when_asked_for(project: Project) -> None:
    ds = clean(ct(), project, policy("basic", ["dates", "uids"]))
    assert (ds.StudyDate, ds.StudyInstanceUID) == ("20240229", "1.2.826.0.1.5.2")
    assert ds.LongitudinalTemporalInformationModified == "UNMODIFIED"
    assert ds.PatientBirthDate == ""


def test_one_patient_over_studies_and_runs(project: Project) -> None:
    first = clean(ct(), project, policy("research"))
    second = clean(
        ct(StudyInstanceUID="1.2.826.9", StudyDate="20240307"), Project(bytes(range(32))), policy("research")
    )
    assert first.PatientID == second.PatientID
    assert first.StudyInstanceUID != second.StudyInstanceUID
    days = [datetime.strptime(ds.StudyDate, "%Y%m%d") for ds in (first, second)]  # noqa: DTZ007
    assert (days[1] - days[0]).days == 7


def test_two_issuers_are_two_patients_and_no_id_is_nobody(project: Project) -> None:
    here, there = (clean(ct(IssuerOfPatientID=issuer), project).PatientID for issuer in ("A", "B"))
    assert here != there
    nobody = [anonymize(ct(PatientID="", StudyInstanceUID=f"1.2.826.{n}"), project) for n in (1, 2)]
    assert nobody[0].patient != nobody[1].patient
    assert nobody[0].dataset().PatientID == ""


def test_references_resolve_in_the_output(project: Project) -> None:
    image, plan = ct(), ct(SOPClassUID=RTSTRUCT, SOPInstanceUID="1.2.826.0.1.5.9", StructureSetLabel="Doe")
    frame, study, series, contour = Dataset(), Dataset(), Dataset(), Dataset()
    contour.ReferencedSOPClassUID, contour.ReferencedSOPInstanceUID = CT, image.SOPInstanceUID
    series.SeriesInstanceUID, series.ContourImageSequence = image.SeriesInstanceUID, [contour]
    study.ReferencedSOPClassUID, study.ReferencedSOPInstanceUID = "1.2.840.10008.3.1.2.3.1", image.StudyInstanceUID
    study.RTReferencedSeriesSequence = [series]
    frame.FrameOfReferenceUID, frame.RTReferencedStudySequence = image.FrameOfReferenceUID, [study]
    plan.ReferencedFrameOfReferenceSequence = [frame]
    del plan.PixelData
    a, b = clean(image, project), clean(plan, project)
    found = b.ReferencedFrameOfReferenceSequence[0]
    assert found.FrameOfReferenceUID == a.FrameOfReferenceUID
    inner = found.RTReferencedStudySequence[0]
    assert inner.ReferencedSOPInstanceUID == a.StudyInstanceUID
    assert inner.RTReferencedSeriesSequence[0].SeriesInstanceUID == a.SeriesInstanceUID
    reference = inner.RTReferencedSeriesSequence[0].ContourImageSequence[0]
    assert (reference.ReferencedSOPClassUID, reference.ReferencedSOPInstanceUID) == (CT, a.SOPInstanceUID)
    assert b.StructureSetLabel == "DEIDENTIFIED"


CONTENT = [
    ("TEXT", "TextValue", "Jane Doe has a lung nodule", "DEIDENTIFIED", "has a lung nodule"),
    ("PNAME", "PersonName", "Kowalski^A", "DEIDENTIFIED", "DEIDENTIFIED"),
    ("UIDREF", "UID", "1.2.826.0.1.5.1", None, None),
    ("DATE", "Date", "20240229", "20000101", None),
]


@pytest.mark.parametrize(("kind", "keyword", "value", "basic", "cleaned"), CONTENT, ids=[row[0] for row in CONTENT])
def test_report_content_by_value_type(
    project: Project, kind: str, keyword: str, value: str, basic: str | None, cleaned: str | None
) -> None:
    item = Dataset()
    item.RelationshipType, item.ValueType = "CONTAINS", kind
    setattr(item, keyword, value)
    report = ct(SOPClassUID=SR, ContentSequence=[item])
    for chosen, expected in ((policy(), basic), (policy("research"), cleaned)):
        found = str(clean(report, project, chosen).ContentSequence[0][keyword].value)
        assert found
        assert found != value
        assert expected is None or found == expected


def test_the_text_of_an_arrow_goes_or_is_cleaned(project: Project) -> None:
    """Both where it is what the group is tracked by, and where it is the comment."""
    image = {"SeriesInstanceUID": "1.2.826.0.1.5.3", "SOPInstanceUID": "1.2.826.0.1.5.1", "frame": 1}
    arrow = {"kind": "arrow", "points": [[1, 1], [0, 0]], "image": image, "name": "Nodule of Jane Doe"}
    for chosen, expected in ((policy(), "DEIDENTIFIED"), (policy("research"), "Nodule of")):
        report = ct(SOPClassUID=SR, ContentSequence=[arrow_group(arrow, {image["SOPInstanceUID"]: CT})])
        (group,) = clean(report, project, chosen).ContentSequence
        assert [item.TextValue for item in group.ContentSequence if "TextValue" in item] == [expected] * 2
        assert [list(item.GraphicData) for item in group.ContentSequence[2:4]] == [[1.5, 1.5], [1.5, 1.5, 0.5, 0.5]]


@pytest.mark.parametrize(("code", "scheme"), [("121033", "DCM"), ("29463-7", "LN"), ("50373000", "SCT")])
def test_report_content_about_the_patient(project: Project, code: str, scheme: str) -> None:
    """Age, weight and height are numbers like any finding: only their concept tells."""
    items = []
    for value in (code, "121206"):  # the other is a distance
        item, concept, measured = Dataset(), Dataset(), Dataset()
        concept.CodeValue, concept.CodingSchemeDesignator, concept.CodeMeaning = value, scheme, "Measurement"
        measured.NumericValue = "97"
        item.ValueType, item.ConceptNameCodeSequence, item.MeasuredValueSequence = "NUM", [concept], [measured]
        items.append(item)
    outer = Dataset()
    outer.ValueType, outer.ContentSequence = "CONTAINER", items
    report = ct(SOPClassUID=SR, ContentSequence=[outer])
    for chosen, expected in ((policy(), ["121206"]), (policy("research"), [code, "121206"])):
        found = clean(report, project, chosen).ContentSequence[0].ContentSequence
        assert [item.ConceptNameCodeSequence[0].CodeValue for item in found] == expected
        assert found[-1].MeasuredValueSequence[0].NumericValue == 97


@pytest.mark.parametrize("name", ["basic", "research", "tcia"])
def test_a_name_given_as_text_goes_even_if_it_is_a_technical_word(project: Project, name: str) -> None:
    items = []
    for code in ("121008", "113873", "121106"):  # the last is a comment
        item, concept = Dataset(), Dataset()
        concept.CodeValue, concept.CodingSchemeDesignator, concept.CodeMeaning = code, "DCM", "Concept"
        item.ValueType, item.ConceptNameCodeSequence, item.TextValue = "TEXT", [concept], "Wall"
        items.append(item)
    found = clean(ct(SOPClassUID=SR, ContentSequence=items), project, policy(name)).ContentSequence
    assert [item.ConceptNameCodeSequence[0].CodeValue for item in found] == ["121008", "113873", "121106"]
    assert [item.TextValue for item in found[:2]] == ["DEIDENTIFIED"] * 2
    assert name == "basic" or found[2].TextValue == "Wall"


@pytest.mark.parametrize("name", ["basic", "research", "tcia"])
def test_what_a_report_says_of_devices(project: Project, name: str) -> None:
    """Serial numbers go unless devices are retained; a day of calibration that somebody knows never tells the shift."""
    items = []
    for code, kind, keyword, value in (
        ("113880", "TEXT", "TextValue", "7"), ("121016", "TEXT", "TextValue", "1"),
        ("113723", "DATETIME", "DateTime", "20230304120542"), ("113723", "DATE", "Date", "20230304"),
        ("113809", "DATETIME", "DateTime", "20240131101500"),  # when irradiation began
    ):  # fmt: skip
        item, concept = Dataset(), Dataset()
        concept.CodeValue, concept.CodingSchemeDesignator, concept.CodeMeaning = code, "DCM", "Concept"
        item.ValueType, item.ConceptNameCodeSequence = kind, [concept]
        setattr(item, keyword, value)
        items.append(item)
    found = clean(ct(SOPClassUID=SR, ContentSequence=items), project, policy(name)).ContentSequence
    assert len(found) == 5
    assert [item.TextValue for item in found[:2]] == (["7", "1"] if name == "tcia" else ["DEIDENTIFIED"] * 2)
    assert (found[2].DateTime, found[3].Date) == ("20000101000000", "20000101")
    assert found[4].DateTime != "20240131101500"
    assert (found[4].DateTime == "20000101000000") is (name == "basic")
    kept = clean(ct(SOPClassUID=SR, ContentSequence=items), project, policy("tcia", ["dates"])).ContentSequence
    assert [kept[2].DateTime, kept[3].Date] == ["20230304120542", "20230304"]


def test_markers_say_what_was_done(project: Project) -> None:
    for name in ("basic", "research", "tcia", "teaching"):
        chosen = policy(name)
        ds = clean(ct(), project, chosen)
        assert ds.PatientIdentityRemoved == "YES"
        assert ds.LongitudinalTemporalInformationModified == chosen.longitudinal()
        assert [item.CodeValue for item in ds.DeidentificationMethodCodeSequence] == chosen.codes()
        assert {item.CodingSchemeDesignator for item in ds.DeidentificationMethodCodeSequence} == {"DCM"}
        assert chosen.digest() in ds.DeidentificationMethod
        assert "BurnedInAnnotation" not in ds


def test_earlier_markers_stay_and_are_not_written_twice(project: Project) -> None:
    once = clean(ct(DeidentificationMethod="Old tool"), project)
    assert list(once.DeidentificationMethod) == ["Old tool", f"Isocenter PS3.15 2026d basic {policy().digest()}"]
    twice = clean(once, project, policy("research"))
    codes = [item.CodeValue for item in twice.DeidentificationMethodCodeSequence]
    assert codes == ["113100", *policy("research").codes()[1:]]
    assert len(twice.DeidentificationMethod) == 3
    again = clean(twice, project, policy("research"))
    assert again.DeidentificationMethod == twice.DeidentificationMethod


def test_earlier_method_text_with_an_identifier_goes(project: Project) -> None:
    assert b"MRN4711" not in anonymize(ct(DeidentificationMethod="made of MRN4711"), project).data


@pytest.mark.parametrize("block", [0x10, 0x2F])
def test_safe_private_attributes_stay_with_their_creator(
    make: Callable[..., bytes], project: Project, block: int
) -> None:
    def rows(creator: bytes) -> list[tuple[int, str, bytes]]:
        base = 0x00190000
        return [
            (base | block, "LO", creator),
            (base | block << 8 | 0x0C, "IS", b"1000"),  # B_value: safe
            (base | block << 8 | 0x77, "LO", b"Zq1Xk"),
            (base | 0x31, "LO", b"ZqCreatorXk"),
            (base | 0x3177, "LO", b"Zq2Xk"),
        ]

    chosen = policy("basic", ["private"])
    kept = anonymize(make(rows(b"SIEMENS MR HEADER ")), project, chosen)
    ds = kept.dataset()
    assert ds[0x0019, block].value == "SIEMENS MR HEADER"
    assert int(ds[0x0019, block << 8 | 0x0C].value) == 1000
    assert b"Zq" not in kept.data
    other = anonymize(make(rows(b"OTHER MAKER")), project, chosen).dataset()
    assert not [element for element in other if element.tag.is_private]
    assert not [e for e in anonymize(make(rows(b"SIEMENS MR HEADER")), project).dataset() if e.tag.is_private]


def test_two_blocks_of_one_creator_and_elements_without_one(make: Callable[..., bytes], project: Project) -> None:
    rows = [
        (0x00190010, "LO", b"SIEMENS MR HEADER"), (0x00190011, "LO", b"SIEMENS MR HEADER"),
        (0x0019100C, "IS", b"1"), (0x0019110C, "IS", b"2"), (0x0019120C, "IS", b"3"),
    ]  # fmt: skip
    ds = anonymize(make(rows), project, policy("basic", ["private"])).dataset()
    assert [int(e.value) for e in ds if e.tag.is_private and e.VR == "IS"] == [1, 2]


@pytest.mark.parametrize("creator", [b"SIEMENS MR HEADER   ", b"siemens mr header\0", b" Siemens MR Header"])
def test_creators_in_other_letters_and_padded(make: Callable[..., bytes], project: Project, creator: bytes) -> None:
    """Makers write them so; what is safe is that, and the creator comes out without padding."""
    rows = [(0x00190010, "LO", creator), (0x0019100C, "IS", b"1"), (0x0019100B, "LO", b"MRN4711")]
    ds = anonymize(make(rows), project, policy("basic", ["private"])).dataset()
    assert ds[0x0019100C].value == 1
    assert ds[0x00190010].value == creator.decode().strip("\0 ")
    assert 0x0019100B not in ds or "MRN4711" not in str(ds[0x0019100B].value)


def test_identifiers_in_safe_private_text_go(make: Callable[..., bytes], project: Project) -> None:
    rows = [
        (0x00100020, "LO", b"MRN4711"), (0x00190010, "LO", b"GEMS_ACQU_01"), (0x0019109E, "LO", b"FSE for MRN4711"),
    ]  # fmt: skip
    assert b"MRN4711" not in anonymize(make(rows), project, policy("tcia")).data


@pytest.mark.parametrize("syntax", ["1.2.840.10008.1.2", "1.2.840.10008.1.2.2", "1.2.840.10008.1.2.1.99"])
def test_the_syntax_stays(make: Callable[..., bytes], project: Project, syntax: str) -> None:
    rows = [(0x00100020, "LO", b"MRN4711"), (0x00081030, "LO", b"Doe")]
    result = anonymize(make(rows, CT, syntax), project)
    ds = result.dataset()
    assert ds.file_meta.TransferSyntaxUID == syntax
    assert ds.PatientID == project.name("patient", "", "MRN4711")
    assert [item.CodeValue for item in ds.DeidentificationMethodCodeSequence] == ["113100"]


def test_uids_that_are_none_do_not_become_paths(project: Project, make: Callable[..., bytes]) -> None:
    rows = [(0x0020000D, "UI", b"../../etc")]
    assert anonymize(make(rows), project).study.startswith("2.25.")
    assert anonymize(make(rows), project, Policy("x", frozenset({Option.UIDS}))).status is Status.SEQUESTERED


def test_nothing_is_changed_in_the_input(project: Project) -> None:
    data = bytearray(anonymize(ct(), project).data)
    before = bytes(data)
    anonymize(data, project, policy("tcia"))
    assert bytes(data) == before


@pytest.mark.parametrize("content", [b"", b"nonsense", bytes(200), bytes(128) + b"DICM", b"PK\x03\x04" + bytes(200)])
def test_what_is_no_dicom_is_refused(project: Project, content: bytes) -> None:
    with pytest.raises(InvalidObjectError):
        anonymize(content, project)


def test_a_truncated_object_is_refused_wherever_it_is_cut(kit: ModuleType, project: Project) -> None:
    whole = anonymize(ct(), project).data
    start = whole.index(b"\x08\0\x16\0UI")
    element_ends = 0
    for end in range(start + 1, len(whole) - 1, 3):
        try:
            result = anonymize(whole[:end], project)
        except InvalidObjectError:
            continue
        element_ends += 1  # cut between two elements: a shorter, whole data set
        assert b"Doe" not in result.data
    assert element_ends < 40


@settings(max_examples=150, deadline=None)
@given(st.data())
def test_damaged_files_are_refused_or_clean(data: st.DataObject) -> None:
    buffer = io.BytesIO()
    ct(PatientComments="ZqSecretXk").save_as(buffer, enforce_file_format=True)
    damaged = bytearray(buffer.getvalue())
    for _ in range(data.draw(st.integers(1, 6))):
        damaged[data.draw(st.integers(132, len(damaged) - 1))] = data.draw(st.integers(0, 255))
    try:
        result = anonymize(bytes(damaged), Project(bytes(32)), policy("research"))
    except IsocenterError:
        return
    assert b"ZqSecretXk" not in result.data


def test_errors_and_reprs_hold_no_values(project: Project) -> None:
    buffer = io.BytesIO()
    ct(PatientComments="ZqSecretXk" * 20).save_as(buffer, enforce_file_format=True)
    whole = buffer.getvalue()
    for end in range(whole.index(b"ZqSecretXk"), whole.rindex(b"ZqSecretXk")):
        with pytest.raises(InvalidObjectError) as caught:
            anonymize(whole[:end], project)
        assert "Zq" not in str(caught.value)


def test_pydicom_data_set_in_and_out(tmp_path: Path, project: Project) -> None:
    result = anonymize(ct(), project)
    result.dataset().save_as(tmp_path / "clean.dcm")
    assert pydicom.dcmread(tmp_path / "clean.dcm").PatientID == result.patient
    set_aside = anonymize(ct(SOPClassUID="1.2.840.10008.5.1.4.1.1.7"), project)
    with pytest.raises(InvalidObjectError, match="set aside"):
        set_aside.dataset()


def test_a_wrong_vr_does_not_smuggle_text(kit: ModuleType, project: Project) -> None:
    for vr in ("LO", "UT", "UN", "OB", "SH"):
        body = write_element(0x00280010, vr, b"Zq77Xk", EXPLICIT_LITTLE)
        assert b"Zq77Xk" not in anonymize(kit.wrap(kit.build(body)), project).data


def test_the_example_of_the_documentation_runs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    page = (Path(__file__).resolve().parents[2] / "docs" / "deidentification.md").read_text(encoding="utf-8")
    example = page.split("```python\n")[1].split("```")[0]
    monkeypatch.chdir(tmp_path)
    ct().save_as("ct.dcm", enforce_file_format=True)
    exec(compile(example, "deidentification.md", "exec"), {})
    assert "00100010 empty 1" in capsys.readouterr().out
    assert pydicom.dcmread("clean.dcm").PatientName != "Doe^Jane"
