"""What must be kept is kept, byte for byte: every attribute that describes the image and not the person."""

from types import ModuleType

import pytest

from isocenter.deid import PROFILES, Project, Status, anonymize, policy
from isocenter.deid._tables.profile import ATTRIBUTES as ROWS
from isocenter.deid.supplement import Role, role_of
from isocenter.dicom import dictionary
from isocenter.dicom._tables.attributes import ATTRIBUTES
from isocenter.dicom.encoded_writer import write_element, write_items
from isocenter.dicom.encoding import EXPLICIT_LITTLE
from isocenter.dicom.scanner import iter_elements, iter_items

KEPT_ROLES = {Role.TECHNICAL, Role.NUMBER, Role.VALUE}
SIZES = {"US": 2, "SS": 2, "UL": 4, "SL": 4, "FL": 4, "FD": 8, "AT": 4, "UV": 8, "SV": 8, "OF": 4, "OD": 8, "OL": 4}
PIXELS = 0x7FE0
#: Read by the gate, written by the engine, or in a group that goes as a whole.
OWN = {0x00080016, 0x00080018, 0x00120062, 0x00120063, 0x00280303, 0x00280010, 0x00280011, 0x00280301, 0x00080060}
TAGS = sorted(
    tag for tag, row in ATTRIBUTES.items()
    if row[2] and tag > 0x00080018 and tag not in OWN and f"{tag:08X}" not in ROWS and role_of(tag) in KEPT_ROLES
    and tag >> 16 != PIXELS
)  # fmt: skip


def value(tag: int) -> bytes:
    vr = dictionary.vr(tag)
    if vr in SIZES:
        return bytes(range(1, SIZES[vr] + 1))
    return {"IS": b"12", "DS": b"-1.5E+2 ", "CS": b"KEEP_ME ", "UR": b"urn:oid:1.2 "}.get(vr, b"Kernel B30f ")


def written(tag: int) -> bytes:
    return write_element(tag, dictionary.vr(tag), value(tag), EXPLICIT_LITTLE)


def data_set(output: bytes) -> bytes:
    return output[output.index(b"\x08\0\x16\0UI") :]


@pytest.mark.parametrize("profile", PROFILES)
def test_technical_attributes_at_the_top(kit: ModuleType, project: Project, profile: str) -> None:
    result = anonymize(kit.wrap(kit.build(b"".join(map(written, TAGS)))), project, policy(profile))
    assert result.status is Status.OUTPUT
    output = data_set(result.data)
    found = {e.tag: output[e.offset : e.offset + e.length] for e in iter_elements(output, EXPLICIT_LITTLE)}
    assert [f"{tag:08X} {dictionary.keyword(tag)}" for tag in TAGS if found.get(tag) != value(tag)] == []
    assert len(TAGS) > 2500


@pytest.mark.parametrize("profile", PROFILES)
def test_technical_attributes_in_functional_groups(kit: ModuleType, project: Project, profile: str) -> None:
    level = b"".join(map(written, TAGS))
    per_frame, plane = 0x52009230, 0x00209113
    body = write_items(per_frame, [write_items(plane, [level], EXPLICIT_LITTLE)] * 3, EXPLICIT_LITTLE)
    output = data_set(anonymize(kit.wrap(kit.build(body)), project, policy(profile)).data)
    frames = next(e for e in iter_elements(output, EXPLICIT_LITTLE) if e.tag == per_frame)
    items = list(iter_items(output, frames, EXPLICIT_LITTLE))
    assert len(items) == 3
    for item in items:
        inner = next(iter_elements(output, EXPLICIT_LITTLE, item.offset, item.end))
        (plane_item,) = iter_items(output, inner, EXPLICIT_LITTLE)
        assert output[plane_item.offset : plane_item.end] == level


def test_sequences_that_are_not_in_the_table_stay_with_their_items(kit: ModuleType, project: Project) -> None:
    sequences = sorted(
        tag for tag, row in ATTRIBUTES.items()
        if row[0] == "SQ" and row[2] and tag > 0x00080018 and f"{tag:08X}" not in ROWS
        and tag != 0x00120064 and tag >> 16 != 4
    )  # fmt: skip
    item = write_element(0x00280030, "DS", b"1\\1 ", EXPLICIT_LITTLE)
    body = b"".join(write_items(tag, [item], EXPLICIT_LITTLE) for tag in sequences)
    output = data_set(anonymize(kit.wrap(kit.build(body)), project).data)
    found = {e.tag for e in iter_elements(output, EXPLICIT_LITTLE) if e.length == len(item) + 8}
    assert [f"{tag:08X}" for tag in sequences if tag not in found] == []
    assert len(sequences) > 1000
