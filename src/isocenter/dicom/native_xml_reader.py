"""Native DICOM Model, the XML of PS3.19 A.1 -> DICOM JSON Model object. The counterpart of ``native_xml``.

Documents with a type declaration are refused, so there are no entities to expand. What a value may be is judged where
the object is written (``json_reader``).
"""

from collections.abc import Iterable
from typing import Any
from xml.etree.ElementTree import Element, TreeBuilder
from xml.parsers import expat

from isocenter.dicom import dictionary
from isocenter.dicom.native_xml import NAMESPACE
from isocenter.dicom.scanner import MAX_DEPTH
from isocenter.errors import UsageError

_GROUPS = ("Alphabetic", "Ideographic", "Phonetic")
_COMPONENTS = ("FamilyName", "GivenName", "MiddleName", "NamePrefix", "NameSuffix")
_MAX_ITEMS = 100_000

Json = dict[str, Any]


def xml_to_json(document: bytes) -> Json:
    """Return the DICOM JSON Model object that a document says.

    Raises:
        UsageError: it is no well-formed XML, or not the Native DICOM Model.
    """
    root = _parse(document)
    if _name(root) != "NativeDicomModel":
        raise UsageError(f"the XML is no NativeDicomModel but {_name(root)[:64]!r}")
    return _attributes(root, 0)


def _parse(document: bytes) -> Element:
    builder = TreeBuilder()
    parser = expat.ParserCreate(namespace_separator="}")
    parser.StartElementHandler = builder.start
    parser.EndElementHandler = builder.end
    parser.CharacterDataHandler = builder.data
    parser.StartDoctypeDeclHandler = _refuse
    parser.buffer_text = True
    try:
        parser.Parse(document, True)
    except (expat.ExpatError, ValueError, LookupError) as error:
        raise UsageError(f"the XML cannot be read: {error}") from error
    return builder.close()


def _refuse(*_: object) -> None:
    raise UsageError("XML with a document type declaration is not read: leave it out")


def _name(element: Element) -> str:
    """Return the name of an element of the model; the namespace may be missing, but not another."""
    namespace, _, name = element.tag.rpartition("}")
    return name if namespace in {"", NAMESPACE} else element.tag


def _attributes(parent: Element, depth: int) -> Json:
    if depth > MAX_DEPTH:
        raise UsageError(f"the XML has sequences nested deeper than {MAX_DEPTH}")
    found: Json = {}
    for element in parent:
        if _name(element) != "DicomAttribute":
            raise UsageError(f"the XML has {_name(element)[:64]!r} where a DicomAttribute is due")
        tag = _tag(element, found)
        vr = element.get("vr") or dictionary.vr(int(tag, 16))
        found[tag] = _attribute(vr, element, depth)
    return dict(sorted(found.items()))


def _tag(element: Element, found: Json) -> str:
    """Return the tag; a private one gets the block of its creator, which is reserved where it is not yet."""
    text = element.get("tag", "").upper()
    try:
        tag = dictionary.tag(text or element.get("keyword", ""))
    except UsageError:
        raise UsageError(f"the XML names an attribute {text[:32]!r}, which is no tag") from None
    creator = element.get("privateCreator", "")
    if creator and (tag >> 16) % 2 and not tag & 0xFF00:
        tag |= _block(tag >> 16, creator, found) << 8
    return f"{tag:08X}"


def _block(group: int, creator: str, found: Json) -> int:
    """Return the block that a private creator has reserved in its group, or reserves now (PS3.5 7.8.1)."""
    for block in range(0x10, 0x100):
        reserved = found.setdefault(f"{group:04X}00{block:02X}", {"vr": "LO", "Value": [creator]})
        if reserved.get("Value") == [creator]:
            return block
    raise UsageError(f"the XML has more private creators in group {group:04X} than there are blocks")


def _attribute(vr: str, element: Element, depth: int) -> Json:
    children = [(_name(child), child) for child in element]
    for name, child in children:
        if name == "InlineBinary":
            return {"vr": vr, "InlineBinary": "".join((child.text or "").split())}
        if name == "BulkData":
            return {"vr": vr, "BulkDataURI": child.get("uri", "")}
    values = _in_order((child.get("number", ""), _value(vr, name, child, depth)) for name, child in children)
    return {"vr": vr, "Value": values} if values else {"vr": vr}


def _value(vr: str, name: str, element: Element, depth: int) -> Any:  # noqa: ANN401 - as JSON has it
    if vr == "SQ" and name == "Item":
        return _attributes(element, depth + 1)
    if name == "PersonName":
        groups = {_name(group): _group(group) for group in element}
        return {group: groups[group] for group in _GROUPS if groups.get(group)}
    if name == "Value":
        return element.text or ""
    raise UsageError(f"the XML has {name[:64]!r} in an attribute of VR {vr[:8]}")


def _group(element: Element) -> str:
    parts = {_name(part): part.text or "" for part in element}
    return "^".join(parts.get(name, "") for name in _COMPONENTS).rstrip("^")


def _in_order(numbered: Iterable[tuple[str, Any]]) -> list[Any]:
    """Return values at their numbers, which count from 1; what is left out is null."""
    found: dict[int, Any] = {}
    for text, value in numbered:
        number = int(text) if text.isascii() and text.isdigit() and len(text) < 7 else 0
        if not 1 <= number <= _MAX_ITEMS or number in found:
            raise UsageError(f"the XML numbers a value {text[:16]!r}: numbers count from 1, each once")
        found[number] = value
    return [found.get(number) for number in range(1, max(found, default=0) + 1)]
