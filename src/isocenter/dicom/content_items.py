"""Items of a content tree (PS3.3 C.17.3), references to images, and what an object names as evidence (C.17.2.3)."""

from collections.abc import Iterable, Mapping, Sequence

from pydicom.dataset import Dataset

#: Value, coding scheme, meaning.
Code = tuple[str, str, str]
NO_UNIT: Code = ("1", "UCUM", "no units")


def evidence(study: str, images: Iterable[tuple[str, str]], classes: Mapping[str, str]) -> Dataset:
    """Return the item that names images, given as series and instance, each once; ``classes`` has their SOP classes."""
    series: dict[str, dict[str, None]] = {}
    for uid, sop in images:
        series.setdefault(uid, {})[sop] = None
    listed = [
        dataset(SeriesInstanceUID=uid, ReferencedSOPSequence=[reference(sop, classes) for sop in sops])
        for uid, sops in series.items()
    ]
    return dataset(StudyInstanceUID=study, ReferencedSeriesSequence=listed)


def template(identifier: str) -> list[Dataset]:
    """Return the sequence that names a template of PS3.16."""
    return [dataset(MappingResource="DCMR", TemplateIdentifier=identifier)]


def reference(sop: str, classes: Mapping[str, str], frame: int = 0) -> Dataset:
    """Return a reference to an object, or to one frame of it."""
    made = dataset(ReferencedSOPClassUID=classes[sop], ReferencedSOPInstanceUID=sop)
    if frame:
        made.ReferencedFrameNumber = frame
    return made


def container(relationship: str, concept: Code, content: Sequence[Dataset] = ()) -> Dataset:
    """Return a heading with what is below it."""
    made = item(relationship, "CONTAINER", concept, ContinuityOfContent="SEPARATE")
    if content:
        made.ContentSequence = list(content)
    return made


def coded(relationship: str, concept: Code, value: Code) -> Dataset:
    """Return an item whose value is a code."""
    return item(relationship, "CODE", concept, ConceptCodeSequence=[code(value)])


def item(relationship: str, kind: str, concept: Code | None, **values: object) -> Dataset:
    """Return an item of a value type."""
    made = dataset(RelationshipType=relationship, ValueType=kind, **values)
    if concept is not None:
        made.ConceptNameCodeSequence = [code(concept)]
    return made


def code(named: Code) -> Dataset:
    """Return the item of a code sequence."""
    return dataset(CodeValue=named[0], CodingSchemeDesignator=named[1], CodeMeaning=named[2])


def dataset(**values: object) -> Dataset:
    """Return a data set of these attributes."""
    made = Dataset()
    for keyword, value in values.items():
        setattr(made, keyword, value)
    return made
