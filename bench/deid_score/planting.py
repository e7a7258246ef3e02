"""Identifiers planted in a data set, each a token of its own, and the list of them: the answer key.

Written with pydicom and the table of PS3.15 alone; nothing of the engine that is scored is used but that table. Every
token is a value that may not be in the output under any profile that is run here.
"""

from dataclasses import dataclass, field
from datetime import date

from pydicom.dataelem import DataElement
from pydicom.dataset import Dataset
from pydicom.encaps import encapsulate, generate_frames
from pydicom.sequence import Sequence
from pydicom.uid import UID

from isocenter.deid._tables.profile import ATTRIBUTES
from isocenter.deid.options import PROFILES
from isocenter.dicom.uids import uid_name

TEXTS = frozenset({"LO", "SH", "LT", "ST", "UT", "UC", "PN", "AE"})
#: Text outside Table E.1-1 that people type into.
TYPED = frozenset({
    "TextValue", "UnformattedTextValue", "PersonName", "SegmentDescription", "FrameComments", "DocumentTitle",
    "GraphicGroupDescription", "PresentationCreationDate", "ContentDescription", "DateTime", "Date",
})  # fmt: skip
#: UIDs that say what something is, not which.
DEFINITIONS = frozenset({
    "SOPClassUID", "ReferencedSOPClassUID", "TransferSyntaxUID", "CodingSchemeUID", "ContextUID", "MappingResourceUID",
    "RelatedGeneralSOPClassUID", "ContextGroupExtensionCreatorUID", "ReferencedSOPClassUIDInFile",
    "MediaStorageSOPClassUID", "OriginalSpecializedSOPClassUID", "ImplementationClassUID",
})  # fmt: skip
#: Attributes that every object gets: keyword -> kind of check; the VR says what is planted.
ADDED: dict[str, str] = {
    **dict.fromkeys(
        ("PatientName", "PatientID", "PatientBirthDate", "OtherPatientIDs", "PatientAddress", "PatientBirthName",
         "PatientTelephoneNumbers", "PatientMotherBirthName", "MedicalRecordLocator", "MilitaryRank"), "patient"),
    **dict.fromkeys(
        ("AccessionNumber", "StudyID", "ReferringPhysicianName", "OperatorsName", "PerformingPhysicianName",
         "NameOfPhysiciansReadingStudy", "RequestingPhysician", "ReferringPhysicianAddress", "InstitutionName",
         "InstitutionAddress", "InstitutionalDepartmentName", "RequestingService", "AdmissionID",
         "PerformedProcedureStepID", "PersonName"), "staff, place, order"),
    **dict.fromkeys(
        ("StudyDescription", "SeriesDescription", "ProtocolName", "ImageComments", "PatientComments", "StudyComments",
         "AdditionalPatientHistory", "DerivationDescription", "AdmittingDiagnosesDescription", "Occupation",
         "RequestedProcedureDescription", "PerformedProcedureStepDescription", "ReasonForStudy", "TextComments"),
        "free text"),
    **dict.fromkeys(
        ("StudyDate", "SeriesDate", "AcquisitionDate", "ContentDate", "AcquisitionDateTime", "InstanceCreationDate",
         "PerformedProcedureStepStartDate", "ScheduledProcedureStepStartDate", "LastMenstrualDate"), "dates"),
}  # fmt: skip


@dataclass(slots=True)
class Answer:
    """What is planted in one file: (kind of check, token); ``aside``: it may be put aside instead of written."""

    name: str
    removed: list[tuple[str, str]] = field(default_factory=list)
    aside: bool = False
    patient: str = ""


class Uids:
    """A planted UID for each original one and a name for each patient, the same in the whole corpus."""

    def __init__(self) -> None:
        self._known: dict[str, str] = {}
        self._patients: dict[str, tuple[str, str]] = {}

    def patient(self, original: str) -> tuple[str, str]:
        """Return the planted family name and number of a patient."""
        count = len(self._patients)
        return self._patients.setdefault(original, (f"Kv{count}Fam", f"MRN{count}Qz{count}"))

    def planted(self, original: str) -> str:
        """Return the UID that stands in the corpus; those of the standard stay."""
        if not original or uid_name(original):
            return original
        return self._known.setdefault(original, f"1.2.826.0.1.3680043.10.1407.{len(self._known) + 1}")


class Planter:
    """Plants one file."""

    def __init__(self, answer: Answer, uids: Uids, number: int) -> None:
        self.answer = answer
        self.uids = uids
        self._start = number * 1000
        self._count = 0

    def token(self, kind: str) -> str:
        """Return a word that is nowhere else."""
        self._count += 1
        word = f"Zq{self._start + self._count}Xk"
        self.answer.removed.append((kind, word))
        return word

    def name(self, kind: str) -> str:
        """Return a person's name of two words."""
        return f"{self.token(kind)}^{self.token(kind)}"

    def date(self, kind: str) -> str:
        """Return a day; no two of a file are a shift of at most ten years apart."""
        self._count += 1
        count = self._count % 125
        day = date(1100 + 11 * count, count % 12 + 1, count % 28 + 1).strftime("%Y%m%d")
        self.answer.removed.append((kind, day))
        return day

    def value(self, vr: str, kind: str) -> str | None:
        """Return a planted value of a VR, None where it holds none."""
        if vr == "PN":
            return self.name(kind)
        if vr == "DA":
            return self.date(kind)
        if vr == "DT":
            return self.date(kind) + "113355"
        return self.token(kind) if vr in TEXTS else None


def must_go(element: DataElement) -> bool:
    """Tell whether a value may not stay: by Table E.1-1 under every option that is run here, or typed text."""
    row = ATTRIBUTES.get(f"{int(element.tag):08X}")
    if row is None:
        return element.keyword in TYPED
    kept = any(code == "K" and option in PROFILES["tcia"] for option, code in row[1])
    return row[0] != "K" and not kept


def plant(ds: Dataset, planter: Planter) -> None:
    """Plant identifiers in all that is there and in all that can be added."""
    patient = str(ds.get("PatientID", "")) + str(ds.get("PatientName", ""))
    planter.answer.patient = patient or str(ds.get("StudyInstanceUID", ""))
    _walk(ds, planter, 0)
    for keyword, kind in ADDED.items():
        _add(ds, keyword, kind, planter)
    family, number = planter.uids.patient(planter.answer.patient)
    ds.PatientName, ds.PatientID = f"{family}^{planter.token('patient')}", number
    planter.answer.removed += [("patient", family), ("patient", number)]
    _add_nested(ds, planter)
    _add_private(ds, planter)
    _add_odd_places(ds, planter)
    _add_words(ds, planter)
    _plant_in_stream(ds, planter)


def _walk(ds: Dataset, planter: Planter, depth: int) -> None:
    kind = "in sequences" if depth else "attributes that were there"
    for element in ds:
        if element.VR == "SQ":
            for item in element.value or ():
                _walk(item, planter, depth + 1)
        elif element.VR == "UI":
            if element.keyword not in DEFINITIONS and not element.tag.is_private:
                _map_uids(element, planter)
        elif not element.is_empty and not element.tag.is_private and must_go(element):
            value = planter.value(element.VR, kind)
            if value is not None:
                element.value = value


def _map_uids(element: DataElement, planter: Planter) -> None:
    values = [element.value] if element.VM <= 1 else list(element.value)
    mapped = [planter.uids.planted(str(value)) for value in values]
    for old, new in zip(values, mapped, strict=True):
        if str(old) != new:
            planter.answer.removed.append(("UIDs", new))
    element.value = mapped[0] if len(mapped) == 1 else mapped


def _add(ds: Dataset, keyword: str, kind: str, planter: Planter) -> None:
    setattr(ds, keyword, "")
    element = ds[keyword]
    if not must_go(element):
        del ds[keyword]
        return
    value = planter.value(element.VR, kind)
    element.value = value


def _add_nested(ds: Dataset, planter: Planter) -> None:
    """Add identifiers one and two levels down, in sequences that the table lists and in others."""
    kind = "in sequences"
    request = Dataset()
    request.RequestedProcedureID, request.RequestedProcedureDescription = planter.token(kind), planter.token(kind)
    request.AccessionNumber, request.RequestingPhysician = planter.token(kind), planter.name(kind)
    ds.RequestAttributesSequence = Sequence([request])
    modified = Dataset()
    modified.PatientName, modified.PatientID = planter.name(kind), planter.token(kind)
    original = Dataset()
    original.ModifiedAttributesSequence, original.ModifyingSystem = Sequence([modified]), planter.token(kind)
    ds.OriginalAttributesSequence = Sequence([original])
    code = Dataset()
    code.CodeValue, code.CodingSchemeDesignator, code.CodeMeaning = "113014", "DCM", "Study"
    code.PatientName, code.OperatorsName = planter.name(kind), planter.name(kind)
    unlisted = Dataset()
    unlisted.ConceptNameCodeSequence, unlisted.ImageComments = Sequence([code]), planter.token(kind)
    ds.AcquisitionProtocolElementSequence = Sequence([unlisted])


def _add_private(ds: Dataset, planter: Planter) -> None:
    block = ds.private_block(0x0011, "ACME PACS 1", create=True)
    block.add_new(0x01, "LO", planter.token("private"))
    item = Dataset()
    item.PatientName, item.PatientBirthDate = planter.name("private"), planter.date("private")
    block.add_new(0x02, "SQ", Sequence([item]))
    block.add_new(0x03, "UN", planter.token("private").encode().ljust(16))
    ds.add_new(0x00131001, "LO", planter.token("private"))  # nobody's
    blob = ds.private_block(0x0029, "SIEMENS CSA HEADER", create=True)
    blob.add_new(0x20, "OB", b"SV10" + planter.token("private").encode().ljust(16))
    safe = ds.private_block(0x0019, "SIEMENS MR HEADER", create=True)
    safe.add_new(0x0C, "IS", "1000")


def _add_odd_places(ds: Dataset, planter: Planter) -> None:
    ds.add_new(0x00189FF1, "LO", planter.token("in no dictionary"))
    ds.add_new(0x60020022, "LO", planter.token("graphics"))
    ds.add_new(0x60021500, "LO", planter.token("graphics"))
    ds.add_new(0x50002500, "LO", planter.token("graphics"))
    ds.add_new(0x60023000, "OB", planter.token("graphics").encode().ljust(16))
    icon = Dataset()
    icon.Rows = icon.Columns = 4
    icon.PixelData = planter.token("graphics").encode().ljust(16)
    icon["PixelData"].VR = "OB"
    ds.IconImageSequence = Sequence([icon])
    signature = Dataset()
    signature.CertificateOfSigner = planter.token("signatures, padding").encode().ljust(16)
    ds.DigitalSignaturesSequence = Sequence([signature])
    ds.DataSetTrailingPadding = planter.token("signatures, padding").encode().ljust(16)
    meta = ds.file_meta
    meta.SourceApplicationEntityTitle = planter.token("preamble, file meta")
    meta.PrivateInformationCreatorUID = UID("1.2.826.0.1.3680043.10.1407.0.1")
    meta.PrivateInformation = planter.token("preamble, file meta").encode().ljust(16)
    ds.preamble = planter.token("preamble, file meta").encode().ljust(128, b"\0")


def _add_words(ds: Dataset, planter: Planter) -> None:
    """Put the patient's own identifiers where technical text belongs."""
    ds.ConvolutionKernel = f"B30 {ds.PatientID}"
    ds.SeriesDescription = f"CT Thorax {str(ds.PatientName).split('^')[0]} {ds.PatientBirthDate} axial"
    planter.answer.removed.append(("own identifiers in technical text", f"B30 {ds.PatientID}"))


def _plant_in_stream(ds: Dataset, planter: Planter) -> None:
    """Put a comment behind the start of the first JPEG frame; a token behind an encapsulated document."""
    if "EncapsulatedDocument" in ds:
        ds.EncapsulatedDocument += planter.token("documents").encode()
        return
    if not ds.file_meta.TransferSyntaxUID.startswith("1.2.840.10008.1.2.4.") or "PixelData" not in ds:
        return
    count = int(ds.get("NumberOfFrames", 1) or 1)
    frames = list(generate_frames(ds.PixelData, number_of_frames=count))
    if frames and frames[0].startswith(b"\xff\xd8\xff"):
        comment = planter.token("compressed frames").encode()
        head = b"\xff\xfe" + (len(comment) + 2).to_bytes(2, "big") + comment
        frames[0] = frames[0][:2] + head + frames[0][2:]
        ds.PixelData = encapsulate(frames)
        ds["PixelData"].is_undefined_length = True
        for keyword in ("ExtendedOffsetTable", "ExtendedOffsetTableLengths"):
            if keyword in ds:
                del ds[keyword]
