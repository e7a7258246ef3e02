"""Content items of structured reports that describe the patient (PS3.15 E.3.4, PS3.16 TID 1007).

Texts, names, dates and UIDs of content items have rules of their own. Sex, age, height and weight are codes and numbers
like any finding: only the item's concept tells them, and they go unless patient characteristics are retained. A name
given as text may be a technical word too (Hand, Wall): it goes by the concept of its item, whatever is retained.
"""

from isocenter.deid.rules import Action
from isocenter.dicom.encoding import Buffer
from isocenter.dicom.scanner import Element, Item, iter_elements, iter_items

CONTENT_SEQUENCE = 0x0040A730
TEXT_VALUE = 0x0040A160
_CONCEPT_NAME, _CODE_VALUE = 0x0040A043, 0x00080100
#: Codes of DCM, SNOMED CT, SRT and LOINC; no two of these schemes have the same.
SUBJECT: frozenset[bytes] = frozenset({
    b"121029", b"121030", b"121031", b"121032", b"121033", b"121034", b"397669002", b"424144002", b"27113001",
    b"50373000", b"G-C171", b"F-01860", b"R-00393", b"8302-2", b"3141-9", b"29463-7", b"30525-0", b"46098-0",
    b"21112-8",
})  # fmt: skip


#: Codes of DCM for names, logins, places and numbers of persons, organisations and devices.
NAMING: frozenset[bytes] = frozenset({
    b"113870", b"113871", b"113872", b"113873", b"121008", b"121009", b"121013", b"121017", b"121022", b"121036",
    b"121040", b"121081", b"121114", b"121152", b"121193", b"128774", b"128775",
})  # fmt: skip


def judge(data: Buffer, item: Item, *, retains_patient: bool) -> Action:
    """Return what becomes of a content item: SEQUENCE, by the rules of its attributes, in most cases.

    DUMMY: it gives a name or number of somebody as text, which is replaced whole. REMOVE: it says what the patient is
    like, and patient characteristics are not retained.
    """
    code, has_text = _concept(data, item)
    if not retains_patient and code in SUBJECT:
        return Action.REMOVE
    return Action.DUMMY if has_text and code in NAMING else Action.SEQUENCE


def _concept(data: Buffer, item: Item) -> tuple[bytes, bool]:
    """Return the code of a content item's concept, and whether its value is text."""
    found, has_text = b"", False
    for element in iter_elements(data, item.encoding, item.offset, item.end):
        has_text = has_text or element.tag == TEXT_VALUE
        if element.tag == _CONCEPT_NAME and not found:
            found = _code(data, element, item)
    return found, has_text


def _code(data: Buffer, element: Element, item: Item) -> bytes:
    for code in iter_items(data, element, item.encoding, item.end):
        for part in iter_elements(data, code.encoding, code.offset, code.end):
            if part.tag == _CODE_VALUE:
                return bytes(data[part.offset : part.offset + part.length]).strip(b"\0 ")
    return b""
