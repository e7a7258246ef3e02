"""Content items of structured reports that describe the patient (PS3.15 E.3.4, PS3.16 TID 1007).

Texts, names, dates and UIDs of content items have rules of their own. Sex, age, height and weight are codes and numbers
like any finding: only the item's concept tells them, and they go unless patient characteristics are retained.
"""

from isocenter.dicom.encoding import Buffer
from isocenter.dicom.scanner import Item, iter_elements, iter_items

CONTENT_SEQUENCE = 0x0040A730
_CONCEPT_NAME, _CODE_VALUE = 0x0040A043, 0x00080100
#: Codes of DCM, SNOMED CT, SRT and LOINC; no two of these schemes have the same.
SUBJECT: frozenset[bytes] = frozenset({
    b"121029", b"121030", b"121031", b"121032", b"121033", b"121034", b"397669002", b"424144002", b"27113001",
    b"50373000", b"G-C171", b"F-01860", b"R-00393", b"8302-2", b"3141-9", b"29463-7", b"30525-0", b"46098-0",
    b"21112-8",
})  # fmt: skip


def describes_subject(data: Buffer, item: Item) -> bool:
    """Tell whether a content item states who the patient is or what they are like."""
    for element in iter_elements(data, item.encoding, item.offset, item.end):
        if element.tag != _CONCEPT_NAME:
            continue
        for code in iter_items(data, element, item.encoding, item.end):
            for part in iter_elements(data, code.encoding, code.offset, code.end):
                if part.tag == _CODE_VALUE:
                    return bytes(data[part.offset : part.offset + part.length]).strip(b"\0 ") in SUBJECT
    return False
