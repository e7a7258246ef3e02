"""Content items of structured reports that describe the patient (PS3.15 E.3.4, PS3.16 TID 1007).

Texts, names, dates and UIDs of content items have rules of their own. Sex, age, height and weight are codes and numbers
like any finding: only the item's concept tells them, and they go unless patient characteristics are retained. A name
given as text may be a technical word too (Hand, Wall): it goes by the concept of its item, whatever is retained. So do
serial numbers of devices, unless these are retained, and days that others than the patient may know.
"""

from isocenter.deid.options import Option
from isocenter.deid.rules import Action
from isocenter.dicom.encoding import Buffer
from isocenter.dicom.scanner import Element, Item, iter_elements, iter_items

CONTENT_SEQUENCE = 0x0040A730
DATE_TIME, DATE, TEXT_VALUE = 0x0040A120, 0x0040A121, 0x0040A160
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


#: The same for serial numbers of devices.
SERIAL: frozenset[bytes] = frozenset({b"113880", b"121016"})
#: Codes of DCM for days of devices: one that is known, moved like the patient's, would tell by how much.
DEVICE_DAYS: frozenset[bytes] = frozenset({b"113723"})
_DAYS = frozenset({DATE_TIME, DATE})


def judge(data: Buffer, item: Item, options: frozenset[Option]) -> tuple[Action, int]:
    """Return what becomes of a content item: SEQUENCE, by the rules of its attributes, in most cases.

    DUMMY: its value, whose tag comes with it, is replaced whole, as a name, number or day of a device.
    REMOVE: it says what the patient is like, and patient characteristics are not retained.
    """
    code, value = _concept(data, item)
    if code in SUBJECT and Option.PATIENT not in options:
        return Action.REMOVE, 0
    is_named = code in NAMING or (code in SERIAL and Option.DEVICE not in options)
    is_day = code in DEVICE_DAYS and Option.FULL_DATES not in options
    if (value == TEXT_VALUE and is_named) or (value in _DAYS and is_day):
        return Action.DUMMY, value
    return Action.SEQUENCE, 0


def _concept(data: Buffer, item: Item) -> tuple[bytes, int]:
    """Return the code of a content item's concept, and the tag of its value if it is a text or day, else 0."""
    found, value = b"", 0
    for element in iter_elements(data, item.encoding, item.offset, item.end):
        if element.tag == TEXT_VALUE or element.tag in _DAYS:
            value = element.tag
        if element.tag == _CONCEPT_NAME and not found:
            found = _code(data, element, item)
    return found, value


def _code(data: Buffer, element: Element, item: Item) -> bytes:
    for code in iter_items(data, element, item.encoding, item.end):
        for part in iter_elements(data, code.encoding, code.offset, code.end):
            if part.tag == _CODE_VALUE:
                return bytes(data[part.offset : part.offset + part.length]).strip(b"\0 ")
    return b""
