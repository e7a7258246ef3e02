"""DICOM JSON Model object -> Native DICOM Model, the XML of PS3.19 A.1.

Characters that XML 1.0 does not have become U+FFFD. An attribute of a private group carries its creator, which is an
attribute of the same level, and has 00 in the place of its block.
"""

import re
from collections.abc import Iterator, Mapping
from typing import Any
from xml.sax.saxutils import escape, quoteattr

from isocenter.dicom import dictionary

NAMESPACE = "http://dicom.nema.org/PS3.19/models/NativeDICOM"
_NO_CHARACTER = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_GROUPS = ("Alphabetic", "Ideographic", "Phonetic")
_COMPONENTS = ("FamilyName", "GivenName", "MiddleName", "NamePrefix", "NameSuffix")


def json_to_xml(attributes: Mapping[str, Any]) -> bytes:
    """Return the XML document of a DICOM JSON Model object."""
    body = "".join(_attributes(attributes))
    head = '<?xml version="1.0" encoding="UTF-8"?>\n'
    return f'{head}<NativeDicomModel xmlns="{NAMESPACE}">{body}</NativeDicomModel>\n'.encode()


def _attributes(attributes: Mapping[str, Any]) -> Iterator[str]:
    for tag, attribute in sorted(attributes.items()):
        keyword, creator = dictionary.keyword(int(tag, 16)), _creator(tag, attributes)
        named = f'tag="{tag[:4]}00{tag[6:]}"' if creator else f'tag="{tag}"'
        named += f' vr="{attribute["vr"]}"'
        if keyword:
            named += f' keyword="{keyword}"'
        if creator:
            named += f" privateCreator={quoteattr(_characters(creator))}"
        content = "".join(_content(attribute))
        yield f"<DicomAttribute {named}>{content}</DicomAttribute>" if content else f"<DicomAttribute {named}/>"


def _creator(tag: str, attributes: Mapping[str, Any]) -> str:
    """Return who reserved the block of a private attribute (PS3.5 7.8.1), ``""`` of any other."""
    if not int(tag[:4], 16) % 2 or tag[4:6] == "00":
        return ""
    values = attributes.get(f"{tag[:4]}00{tag[4:6]}", {}).get("Value") or [""]
    return str(values[0] or "")


def _content(attribute: Mapping[str, Any]) -> Iterator[str]:
    if "InlineBinary" in attribute:
        yield f"<InlineBinary>{attribute['InlineBinary']}</InlineBinary>"
    if "BulkDataURI" in attribute:
        yield f"<BulkData uri={quoteattr(_characters(attribute['BulkDataURI']))}/>"
    for number, value in enumerate(attribute.get("Value", ()), 1):
        if attribute["vr"] == "SQ":
            yield f'<Item number="{number}">{"".join(_attributes(value or {}))}</Item>'
        elif isinstance(value, Mapping):
            yield f'<PersonName number="{number}">{"".join(_name(value))}</PersonName>'
        elif value is not None:
            yield f'<Value number="{number}">{escape(_characters(str(value)))}</Value>'


def _name(value: Mapping[str, str]) -> Iterator[str]:
    for group in _GROUPS:
        if value.get(group):
            parts = zip(_COMPONENTS, value[group].split("^"), strict=False)
            inner = "".join(f"<{name}>{escape(_characters(part))}</{name}>" for name, part in parts if part)
            yield f"<{group}>{inner}</{group}>"


def _characters(text: str) -> str:
    return _NO_CHARACTER.sub("\ufffd", text)
