"""Judging de-identified objects: each kind of finding is found, and outputs of this program have none."""

from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import pytest

from isocenter.deid import PROFILES, Project, Status, anonymize, policy
from isocenter.deid.checking import Finding, Kind, check, identifiers, open_object
from isocenter.dicom import dictionary
from isocenter.dicom.encoded_writer import write_element, write_items
from isocenter.dicom.encoding import EXPLICIT_LITTLE
from isocenter.errors import InvalidObjectError

Rows = list[tuple[int, str, bytes]]
CT = "1.2.840.10008.5.1.4.1.1.2"


def marked(make: Callable[..., bytes], rows: Rows, **more: str) -> bytes:
    """Return an object that says it was de-identified."""
    return make([*rows, (0x00120062, "CS", b"YES"), (0x00120063, "LO", b"by hand")], **more)


def found(file: bytes, seen: frozenset[str] = frozenset(), profile: str = "") -> list[Finding]:
    return check(open_object(file), seen, policy(profile) if profile else None)


def kinds(file: bytes, seen: frozenset[str] = frozenset()) -> set[tuple[Kind, str]]:
    return {(finding.kind, finding.detail) for finding in found(file, seen)}


CASES: list[tuple[Rows, Kind, str]] = [
    ([(0x00081070, "PN", b"Roe^Jane")], Kind.LEFT, ""),
    ([(0x00080080, "LO", b"Some Hospital")], Kind.LEFT, ""),
    ([(0x00080020, "DA", b"20240131")], Kind.DATE, ""),
    ([(0x00080030, "TM", b"101112")], Kind.DATE, ""),
    ([(0x00100010, "PN", b"Roe^Jane")], Kind.TEXT, "a person's name"),
    ([(0x00080104, "LO", b"call +49 6221 123456")], Kind.TEXT, "a telephone number"),
    ([(0x00080104, "LO", b"of Dr. Miller")], Kind.TEXT, "a person with a title"),
    ([(0x00080104, "LO", b"MRN: 4711007")], Kind.TEXT, "a record number"),
    ([(0x00080104, "LO", b"jane@roe.org")], Kind.TEXT, "an e-mail address"),
    ([(0x00080104, "LO", b"as on 31.01.2024")], Kind.TEXT, "a date"),
    ([(0x00111001, "LO", b"x")], Kind.PRIVATE, "not known to be safe"),
    (
        [(0x00190010, "LO", b"SIEMENS MR HEADER"), (0x0019100C, "IS", b"1000")],
        Kind.PRIVATE,
        "known to be safe, but not claimed",
    ),
    ([(0x0020000D, "UI", b"1.2.840.113619.2.55.3")], Kind.UID, "under the root of GE"),
    ([(0x0020000D, "UI", b"1.2.3.20240131101112.7")], Kind.UID, "with a date in it"),
    ([(0x60000022, "LO", b"Jane")], Kind.LEFT, ""),
    ([(0xFFFCFFFC, "OB", b"Jane")], Kind.LEFT, "padding that is not empty"),
    ([(0x00280301, "CS", b"YES"), (0x7FE00010, "OB", bytes(4))], Kind.PIXELS,
     "marked as having burned-in annotation: its pixels may show text"),
]  # fmt: skip


@pytest.mark.parametrize(("rows", "kind", "detail"), CASES, ids=[f"{c[1].name}-{c[0][0][0]:08X}" for c in CASES])
def test_each_kind_is_found(make: Callable[..., bytes], rows: Rows, kind: Kind, detail: str) -> None:
    assert (kind, detail) in kinds(marked(make, rows))


@pytest.mark.parametrize("rows", [[], [(0x00080020, "DA", b"20000101")], [(0x00100010, "PN", b"ANON^0001")],
                                  [(0x00080102, "SH", b"DCM"), (0x00080103, "SH", b"20040115")],
                                  [(0x00080070, "LO", b"Maker GmbH")]])  # fmt: skip
def test_what_is_clean_has_no_finding(make: Callable[..., bytes], rows: Rows) -> None:
    assert found(marked(make, rows)) == []


def test_missing_markers_and_file_headers_are_found(kit: ModuleType) -> None:
    file = kit.wrap(kit.build(b""), preamble=b"made for Jane Roe")
    assert {finding.kind for finding in found(file)} == {Kind.MARKER, Kind.FILE}


def test_nested_attributes_and_un_sequences_are_judged(kit: ModuleType) -> None:
    name = write_element(0x00081070, "PN", b"Roe^Jane", EXPLICIT_LITTLE)
    nested = write_items(0x00081115, [name], EXPLICIT_LITTLE)
    assert Kind.LEFT in {finding.kind for finding in found(kit.wrap(kit.build(nested)))}
    implicit = write_element(0x00081070, "PN", b"Roe^Jane", kit.layout("1.2.840.10008.1.2"))
    for syntax in ("1.2.840.10008.1.2.1", "1.2.840.10008.1.2.2"):  # the items are little endian in big endian, too
        unknown = kit.un_sequence(0x00081115, [implicit], undefined=True, encoding=kit.layout(syntax))
        kinds_of = {finding.kind for finding in found(kit.wrap(kit.build(unknown, kit.layout(syntax)), syntax))}
        assert Kind.LEFT in kinds_of
        assert Kind.UNREADABLE not in kinds_of


def test_identifiers_of_one_object_are_found_in_the_text_of_another(make: Callable[..., bytes]) -> None:
    one = make([(0x00100010, "PN", b"Lindqvist^Ada"), (0x00100020, "LO", b"KH7788X")])
    seen = frozenset(identifiers(open_object(one)))
    assert {"LINDQVIST", "KH7788X"} <= seen
    other = marked(make, [(0x00080104, "LO", b"as Lindqvist had")])
    assert Kind.SEEN in {kind for kind, _ in kinds(other, seen)}
    assert kinds(marked(make, [(0x00080104, "LO", b"as before")]), seen) == set()


def test_claimed_options_are_believed(make: Callable[..., bytes], kit: ModuleType) -> None:
    rows = [(0x00080020, "DA", b"20240131"), (0x00080080, "LO", b"Some Hospital")]
    basic = kinds(marked(make, rows))
    assert {kind for kind, _ in basic} == {Kind.DATE, Kind.LEFT}
    items = (
        b"".join(write_element(dictionary.tag("CodeValue"), "SH", code, EXPLICIT_LITTLE) for code in (b"113106",)),
        write_element(dictionary.tag("CodeValue"), "SH", b"113112", EXPLICIT_LITTLE),
    )
    codes = write_items(0x00120064, list(items), EXPLICIT_LITTLE)
    body = b"".join(write_element(tag, vr, value, EXPLICIT_LITTLE) for tag, vr, value in rows)
    file = kit.wrap(kit.build(body + write_element(0x00120062, "CS", b"YES", EXPLICIT_LITTLE) + codes))
    assert found(file) == []
    assert {finding.kind for finding in found(file, profile="basic")} == {Kind.DATE, Kind.LEFT}


@pytest.mark.parametrize("profile", PROFILES)
def test_outputs_of_this_program_pass(kit: ModuleType, plants, project: Project, profile: str) -> None:
    chosen = policy(profile)
    body = plants.attributes([tag for tag in kit.removable(chosen) if tag > 0x00080018])
    result = anonymize(kit.wrap(kit.build(body)), project, chosen)
    assert found(kit.wrap(kit.build(body))) != []
    assert found(result.data, profile=profile) == []


def test_findings_show_values_only_to_who_asks(make: Callable[..., bytes]) -> None:
    assert "Jane" not in repr(found(make([(0x00081070, "PN", b"Roe^Jane")])))


@pytest.mark.parametrize("content", [b"", b"PK\3\4", bytes(132), bytes(128) + b"DICM" + b"\xff" * 40])
def test_what_is_no_object_is_refused(content: bytes) -> None:
    with pytest.raises(InvalidObjectError):
        open_object(content)


@pytest.mark.real_data
@pytest.mark.filterwarnings("ignore")
def test_outputs_of_real_objects_pass(data_dir: Path) -> None:
    chosen, left, seen = policy("research", burned_in="blank"), {}, 0
    for folder in ("sop", "rt", "charset", "anonymise"):
        for path in sorted(p for p in (data_dir / folder).rglob("*.dcm") if p.stat().st_size < 2_000_000)[::3]:
            try:
                result = anonymize(path.read_bytes(), Project(bytes(32)), chosen)
            except InvalidObjectError:
                continue
            if result.status is Status.OUTPUT:
                seen += 1
                findings = found(result.data)
                if findings:
                    left[path.name] = findings
    assert left == {}
    assert seen > 15
