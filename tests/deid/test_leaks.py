"""No planted identifier is in the bytes of the output, wherever it stood and however it was encoded.

Every attribute of the dictionary that can hold a name, a date, a UID or text gets a token of its own.
"""

import base64
import zlib
from types import ModuleType

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from isocenter.deid import PROFILES, Option, Policy, Project, Result, Status, anonymize, policy
from isocenter.dicom._tables.attributes import ATTRIBUTES
from isocenter.dicom.encoded_writer import write_element, write_items
from isocenter.dicom.encoding import EXPLICIT_LITTLE
from isocenter.dicom.scanner import iter_elements

PROFILE_NAMES = [*PROFILES, "everything cleaned"]
SYNTAXES = ["1.2.840.10008.1.2", "1.2.840.10008.1.2.1", "1.2.840.10008.1.2.2", "1.2.840.10008.1.2.1.99"]
CONTENT_SEQUENCE, REFERENCED_SERIES, PRIVATE = 0x0040A730, 0x00081115, 0x00111010


def policy_of(name: str) -> Policy:
    if name in PROFILES:
        return policy(name)
    return policy("tcia", ["private", "device"])


def times_go(profile: str) -> bool:
    return Option.MODIFIED_DATES not in policy_of(profile).options


def run(file: bytes, project: Project, profile: str = "basic") -> Result:
    result = anonymize(file, project, policy_of(profile))
    assert result.status is Status.OUTPUT, result.reason
    return result


def inflated(output: bytes, syntax: str) -> bytes:
    """Return the output and, of a deflated one, the data set as it was before."""
    if not syntax.endswith(".99"):
        return output
    start = output.index(b"ISOCENTER_") + len("ISOCENTER_010 ")
    return output + zlib.decompress(output[start:], -zlib.MAX_WBITS)


@pytest.mark.parametrize("syntax", SYNTAXES)
@pytest.mark.parametrize("profile", PROFILE_NAMES)
def test_every_attribute_at_the_top(kit: ModuleType, plants, project: Project, profile: str, syntax: str) -> None:
    encoding = kit.layout(syntax)
    body = plants.attributes([tag for tag in kit.removable(policy_of(profile)) if tag > 0x00080018], encoding)
    output = inflated(run(kit.wrap(kit.build(body, encoding), syntax), project, profile).data, syntax)
    assert len(plants.tokens) > 700
    assert plants.found_in(output, times=times_go(profile)) == []


@pytest.mark.parametrize("profile", PROFILE_NAMES)
@pytest.mark.parametrize("parent", [CONTENT_SEQUENCE, REFERENCED_SERIES, PRIVATE, 0x00081140, 0x00400555])
@pytest.mark.parametrize("form", ["defined", "undefined", "un defined", "un undefined"])
def test_every_attribute_in_a_sequence(
    kit: ModuleType, plants, project: Project, form: str, parent: int, profile: str
) -> None:
    implicit = form.startswith("un ")
    encoding = kit.layout(SYNTAXES[0] if implicit else SYNTAXES[1])
    patient = write_element(0x00100020, "LO", kit.PATIENT_ID.encode(), EXPLICIT_LITTLE)
    items = [plants.attributes(kit.removable(policy_of(profile)), encoding)]
    sequence = {
        "defined": lambda: write_items(parent, items, EXPLICIT_LITTLE),
        "undefined": lambda: kit.undefined_sequence(parent, items, EXPLICIT_LITTLE),
        "un defined": lambda: kit.un_sequence(parent, items, undefined=False),
        "un undefined": lambda: kit.un_sequence(parent, items, undefined=True),
    }[form]()
    body = patient + sequence if parent > 0x00100020 else sequence + patient
    output = run(kit.wrap(kit.build(body)), project, profile).data
    assert plants.found_in(output, times=times_go(profile)) == []


@pytest.mark.parametrize("depth", [2, 5, 20])
def test_deep_below(kit: ModuleType, plants, project: Project, depth: int) -> None:
    level = plants.attributes(kit.removable(policy_of("research")))
    for _ in range(depth):
        level = kit.undefined_sequence(CONTENT_SEQUENCE, [level], EXPLICIT_LITTLE)
    patient = write_element(0x00100020, "LO", kit.PATIENT_ID.encode(), EXPLICIT_LITTLE)
    output = run(kit.wrap(kit.build(patient + level)), project, "research").data
    assert plants.found_in(output, times=False) == []
    assert output.count(b"\x40\x00\x30\xa7") == depth  # the sequences themselves are still there


def test_nesting_beyond_the_limit_is_set_aside_or_refused(kit: ModuleType, project: Project) -> None:
    level = b""
    for _ in range(70):
        level = write_items(CONTENT_SEQUENCE, [level], EXPLICIT_LITTLE)
    result = anonymize(kit.wrap(kit.build(level)), project)
    assert result.status is Status.SEQUESTERED
    assert "nested" in result.reason


UNKNOWN = [
    (0x00080FFF, "LO"), (0x00091001, "LO"), (0x00190010, "LO"), (0x00191023, "SH"), (0x00100FF0, "UN"),
    (0x50000010, "US"), (0x50003000, "OW"), (0x60000010, "US"), (0x60000022, "LO"), (0x60001500, "LO"),
    (0x601E3000, "OW"), (0x60004000, "LT"), (0x00041500, "CS"), (0x00020016, "AE"), (0xFFFCFFFC, "OB"),
    (0xFFFAFFFA, "OB"), (0x7FE10010, "OB"), (0x00880200, "OB"), (0x00280010, "LO"), (0x00200013, "IS"),
    (0x00180050, "DS"), (0x00180088, "LT"),
]  # fmt: skip


@pytest.mark.parametrize("profile", ["basic", "tcia"])
@pytest.mark.parametrize(("tag", "vr"), UNKNOWN, ids=[f"{tag:08X}" for tag, _ in UNKNOWN])
def test_unknown_private_and_ill_typed_elements_go(
    kit: ModuleType, project: Project, tag: int, vr: str, profile: str
) -> None:
    written = write_element(tag, vr, b"Zq77Xk", EXPLICIT_LITTLE)
    file = kit.wrap(kit.build(written if tag > 0x00080018 else b"")) if tag >> 16 > 2 else None
    if file is None or tag < 0x00080018:
        file = kit.wrap(kit.build(b"") + written)
    assert b"Zq77Xk" in file
    output = run(file, project, profile).data
    assert b"Zq77Xk" not in output


def test_preamble_and_file_meta_are_ours(kit: ModuleType, project: Project) -> None:
    file = kit.wrap(kit.build(b""), preamble=b"Zq77Xk secret")
    meta = write_element(0x00020016, "AE", b"ZqSOURCEXk", EXPLICIT_LITTLE)
    meta += write_element(0x00020100, "UI", b"1.2.3.4.77", EXPLICIT_LITTLE)
    meta += write_element(0x00020102, "OB", b"Zq78Xk", EXPLICIT_LITTLE)
    at = file.index(b"\x08\x00\x16\x00UI")
    output = run(file[:at] + meta + file[at:], project).data
    assert output[:132] == bytes(128) + b"DICM"
    assert not any(token in output for token in (b"Zq77Xk", b"Zq78Xk", b"ZqSOURCEXk", b"1.2.3.4.77"))


NAMES = [
    ("ISO_IR 192", "Yamada^Tarou=山田^太郎=やまだ^たろう".encode()),
    ("ISO_IR 100", "Buc^Jérôme".encode("latin_1")),
    ("ISO_IR 144", "\u041b\u044e\u043a\u0441\u0435\u043c".encode("iso8859_5")),
    ("ISO_IR 126", "Διονυσιος".encode("iso8859_7")),
    ("ISO_IR 127", "قباني^لنزار".encode("iso8859_6")),
    ("GB18030", "Wang^XiaoDong=王^小东".encode("gb18030")),
    ("\\ISO 2022 IR 87", b"Yamada^Tarou=\x1b$B;3ED\x1b(B^\x1b$BB@O:\x1b(B=\x1b$B$d$^$@\x1b(B"),
    ("\\ISO 2022 IR 149", b"Hong^Gildong=\x1b$)C\xfb\xf3^\x1b$)C\xd1\xce\xd4\xd7"),
]


@pytest.mark.parametrize(("charset", "name"), NAMES, ids=[charset for charset, _ in NAMES])
def test_names_in_any_character_set(make, project: Project, charset: str, name: bytes) -> None:
    rows = [(0x00080005, "CS", charset.encode()), (0x00100010, "PN", name), (0x00080070, "LO", name)]
    rows += [(0x00081030, "LO", b"CT Thorax " + name), (0x00104000, "LT", name), (0x00080104, "LO", name)]
    output = run(make(rows), project, "research").data
    parts = {part for part in name.replace(b"=", b"^").split(b"^") if len(part) > 3}
    assert [part for part in parts if part in output] == []


def test_nothing_is_hidden_by_simple_transformations(kit: ModuleType, plants, project: Project) -> None:
    """Outputs are no function of the input that anybody without the key could undo or repeat."""
    body = plants.attributes([tag for tag in kit.removable(policy_of("research")) if tag > 0x00080018])
    output = run(kit.wrap(kit.build(body)), project, "research").data
    for token in plants.tokens - plants.times:
        for form in (token[::-1], base64.b64encode(token), token.hex().encode(), token.decode().encode("utf-16-le")):
            assert form not in output


SEQUENCES = [tag for tag, row in ATTRIBUTES.items() if row[0] == "SQ" and row[2] and tag > 0x00080018]
FORMS = ["defined", "undefined", "un defined", "un undefined"]


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_random_trees(kit: ModuleType, project: Project, data: st.DataObject) -> None:
    """Any attributes in any sequences in any encoding, at any depth."""
    plants = kit.Plants()
    tags = kit.removable(policy_of("research"))

    def level(depth: int, *, implicit: bool) -> bytes:
        encoding = kit.layout(SYNTAXES[0] if implicit else SYNTAXES[1])
        chosen = sorted(data.draw(st.lists(st.sampled_from(tags), max_size=6, unique=True)))
        written = plants.attributes(chosen, encoding)
        for _ in range(data.draw(st.integers(0, 2)) if depth else 0):
            parent = data.draw(st.sampled_from([*SEQUENCES, PRIVATE]))
            form = "defined" if implicit else data.draw(st.sampled_from(FORMS))
            items = [level(depth - 1, implicit=implicit or form.startswith("un ")) for _ in range(2)]
            written += {
                "defined": lambda p=parent, i=items: write_items(p, i, encoding),
                "undefined": lambda p=parent, i=items: kit.undefined_sequence(p, i, encoding),
                "un defined": lambda p=parent, i=items: kit.un_sequence(p, i, undefined=False),
                "un undefined": lambda p=parent, i=items: kit.un_sequence(p, i, undefined=True),
            }[form]()
        return written

    patient = write_element(0x00100020, "LO", kit.PATIENT_ID.encode(), EXPLICIT_LITTLE)
    result = anonymize(kit.wrap(kit.build(patient + level(3, implicit=False))), project, policy("research"))
    assert result.status is Status.OUTPUT, result.reason
    assert plants.found_in(result.data, times=False) == []


LONGEST = {"AE": 16, "AS": 4, "CS": 16, "DA": 8, "DS": 16, "DT": 26, "IS": 12, "LO": 64, "SH": 16, "TM": 16, "UI": 64}


@pytest.mark.parametrize("profile", PROFILE_NAMES)
def test_replacements_fit_their_vr_and_hold_no_key(kit: ModuleType, plants, project: Project, profile: str) -> None:
    body = plants.attributes([tag for tag in kit.ALL_TAGS if tag > 0x00080018])
    output = run(kit.wrap(kit.build(body)), project, profile).data
    start = output.index(b"\x08\x00\x16\x00UI")
    too_long = [
        f"{element.tag:08X}"
        for element in iter_elements(output[start:], EXPLICIT_LITTLE)
        if element.length > LONGEST.get(element.vr, 1 << 31) and not element.tag & 0x10000
    ]
    assert too_long == []
    key = bytes(range(32))  # of the fixture
    assert not any(form in output for form in (key, key.hex().encode(), base64.b64encode(key)[:20]))
