"""Encapsulated documents: what the attributes must say of a file, and a look at whether it is one (PS3.3 C.24.2)."""

from xml.parsers import expat

from isocenter.errors import InvalidObjectError
from isocenter.web.bulk_part import BulkPart
from isocenter.web.json_attributes import Json, put, text_of
from isocenter.web.sop_defaults import CDA, CLASS_OF_TYPE, DOCUMENT_TYPES

_STL_HEAD, _TRIANGLE = 84, 50
_MAX_HEAD = 1 << 16


def describe_document(attributes: Json, part: BulkPart) -> None:
    """Fill in what the document is.

    Raises:
        InvalidObjectError: the metadata says something else, or the file is not what it is said to be.
    """
    sop_class = text_of(attributes, "SOPClassUID")
    wanted = DOCUMENT_TYPES.get(sop_class, part.media_type)
    if CLASS_OF_TYPE.get(part.media_type, sop_class) != sop_class:
        raise InvalidObjectError(f"the document is {part.media_type}, its SOP class is for {wanted}")
    said = text_of(attributes, "MIMETypeOfEncapsulatedDocument")
    if said and said.lower() != wanted.lower():
        raise InvalidObjectError(f"MIMETypeOfEncapsulatedDocument is {said[:32]}, the document is {wanted}")
    put(attributes, "MIMETypeOfEncapsulatedDocument", wanted)
    put(attributes, "EncapsulatedDocumentLength", part.size)
    _look(wanted, part)
    if sop_class == CDA and not text_of(attributes, "HL7InstanceIdentifier"):
        put(attributes, "HL7InstanceIdentifier", _instance_identifier(part))


def _look(wanted: str, part: BulkPart) -> None:
    if wanted == "application/pdf" and b"%PDF-" not in part.read(0, 1024):
        raise InvalidObjectError("the document is no PDF file")
    if wanted == "model/stl":
        triangles = int.from_bytes(part.read(_STL_HEAD - 4, 4), "little")
        if part.size != _STL_HEAD + _TRIANGLE * triangles:
            raise InvalidObjectError("the model is no binary STL file")


def _instance_identifier(part: BulkPart) -> str:
    """Return root and extension of a CDA document's id (PS3.3 C.24.2, HL7InstanceIdentifier)."""
    found: list[dict[str, str]] = []
    depth = 0

    def start(name: str, attributes: dict[str, str]) -> None:
        nonlocal depth
        depth += 1
        if depth == 2 and name.rpartition(":")[2] == "id":
            found.append(attributes)

    def end(_name: str) -> None:
        nonlocal depth
        depth -= 1

    def refuse(*_: object) -> None:
        raise InvalidObjectError("a CDA document with a document type declaration is not read")

    parser = expat.ParserCreate()
    parser.StartElementHandler, parser.EndElementHandler, parser.StartDoctypeDeclHandler = start, end, refuse
    try:
        parser.Parse(part.read(0, _MAX_HEAD), False)
    except (expat.ExpatError, LookupError, ValueError) as error:
        raise InvalidObjectError(f"the CDA document cannot be read: {error}") from error
    if not found or not found[0].get("root"):
        raise InvalidObjectError("the CDA document has no id: give HL7InstanceIdentifier in the metadata")
    return "^".join(filter(None, (found[0]["root"], found[0].get("extension", ""))))
