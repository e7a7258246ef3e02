"""Bad input, one kind after the other: a clear error or set aside, never a leak and never a hang."""

import struct
import zlib
from collections.abc import Callable
from types import ModuleType

import pydicom.datadict
import pytest

from isocenter.deid import Project, Result, Status, anonymize, policy
from isocenter.deid._tables.profile import ATTRIBUTES
from isocenter.deid._tables.safe_private import SAFE_PRIVATE
from isocenter.dicom import dictionary
from isocenter.dicom.encoded_writer import write_element, write_header, write_items
from isocenter.dicom.encoding import EXPLICIT_LITTLE, IMPLICIT_LITTLE, UNDEFINED
from isocenter.errors import IsocenterError

TOKEN = b"Zq77Xk"
CONTENT_SEQUENCE = 0x0040A730
IMPLICIT = "1.2.840.10008.1.2"


def leaks(file: bytes, project: Project, profile: str = "basic") -> bool:
    """Return whether a run over a file gives the token away: in the output, a reason or an error."""
    try:
        result = anonymize(file, project, policy(profile))
    except IsocenterError as error:
        return TOKEN.decode() in str(error)
    return TOKEN in result.data or TOKEN.decode() in result.reason


def deep(depth: int, *, undefined: bool) -> bytes:
    """Return sequences in one another, a name in the innermost; built from inside by pieces, for depth costs length."""
    name = write_element(0x00100010, "PN", TOKEN, EXPLICIT_LITTLE)
    if undefined:
        start = write_header(CONTENT_SEQUENCE, "SQ", UNDEFINED, EXPLICIT_LITTLE) + b"\xfe\xff\x00\xe0\xff\xff\xff\xff"
        return start * depth + name + (b"\xfe\xff\x0d\xe0\0\0\0\0" + b"\xfe\xff\xdd\xe0\0\0\0\0") * depth
    heads, length = [], len(name)
    for _ in range(depth):
        heads.append(
            write_header(CONTENT_SEQUENCE, "SQ", length + 8, EXPLICIT_LITTLE)
            + struct.pack("<HHI", 0xFFFE, 0xE000, length)
        )
        length += 20
    return b"".join(reversed(heads)) + name


@pytest.mark.parametrize("undefined", [False, True])
@pytest.mark.parametrize("depth", [100, 10_000])
def test_nesting_without_end(kit: ModuleType, project: Project, depth: int, *, undefined: bool) -> None:
    file = kit.wrap(kit.build(deep(depth, undefined=undefined)))
    assert not leaks(file, project)
    try:
        assert anonymize(file, project).status is Status.SEQUESTERED
    except IsocenterError as error:
        assert "nested" in str(error)  # noqa: PT017 - either is right


@pytest.mark.parametrize("length", [0, 1, 3, 7, 100, 0x7FFF, 0xFFFF])
def test_lengths_that_lie(kit: ModuleType, project: Project, length: int) -> None:
    body = write_element(0x00081070, "PN", TOKEN + b"^Jane", EXPLICIT_LITTLE)
    lying = body[:6] + struct.pack("<H", length) + body[8:]
    assert not leaks(kit.wrap(kit.build(lying)), project)
    assert not leaks(kit.wrap(kit.build(lying + write_element(0x00280010, "US", b"\1\0", EXPLICIT_LITTLE))), project)


@pytest.mark.parametrize("length", [0, 5, 20, 4000, 0x7FFFFFFF, 0xFFFFFFFE])
def test_items_that_lie(kit: ModuleType, project: Project, length: int) -> None:
    inner = write_element(0x00100010, "PN", TOKEN, EXPLICIT_LITTLE)
    whole = write_items(0x00081140, [inner], EXPLICIT_LITTLE)
    lying = whole[:16] + struct.pack("<I", length) + whole[20:]
    assert not leaks(kit.wrap(kit.build(lying)), project, "research")


@pytest.mark.parametrize("vr", ["OB", "US", "SQ", "DA", "UI", "FD", "UN", "CS", "DS", "AT", "ZZ", "\1\2"])
@pytest.mark.parametrize("tag", [0x00100010, 0x00081030, 0x00180050, 0x00280010, 0x00200013, 0x00080104])
def test_wrong_vrs(kit: ModuleType, project: Project, tag: int, vr: str) -> None:
    patient = write_element(0x00100020, "LO", TOKEN, EXPLICIT_LITTLE)
    value = TOKEN + b" 10"
    long = vr in {"OB", "SQ", "UN"}
    head = struct.pack("<HH2s", tag >> 16, tag & 0xFFFF, vr.encode("latin_1"))
    head += struct.pack("<HI", 0, len(value)) if long else struct.pack("<H", len(value))
    body = (head + value + patient) if tag < 0x00100020 else (patient + head + value)
    for profile in ("basic", "research"):
        assert not leaks(kit.wrap(kit.build(body)), project, profile)


@pytest.mark.parametrize(
    "term", ["", "ISO_IR 6", "ISO_IR 999", "latin1", "GB18030", "ISO 2022 IR 87", "\\" * 8, "\0", "utf8"]
)
def test_wrong_character_sets(make: Callable[..., bytes], project: Project, term: str) -> None:
    name = "Grüße^Œuvré"
    for codec in ("utf-8", "cp1252", "utf-16-le"):
        raw = name.encode(codec)
        rows = [(0x00080005, "CS", term.encode()), (0x00100010, "PN", raw), (0x0008103E, "LO", b"thorax " + raw)]
        rows += [(0x00080104, "LO", raw), (0x00104000, "LT", raw)]
        result = anonymize(make(rows), project, policy("research"))
        assert raw not in result.data
        assert raw[6:] not in result.data


def test_private_blocks_without_creator_and_creators_that_are_none(
    make: Callable[..., bytes], project: Project
) -> None:
    rows = [(0x00191077, "LO", TOKEN), (0x00190010, "SQ", b""), (0x00210010, "LO", b""), (0x00211001, "LO", TOKEN),
            (0x00230010, "OB", TOKEN), (0x00231001, "UN", TOKEN), (0x00250001, "LO", TOKEN)]  # fmt: skip
    assert not leaks(make(rows), project, "tcia")


def test_a_private_sequence_with_a_name_goes(kit: ModuleType, project: Project) -> None:
    creator = write_element(0x00190010, "LO", b"ACME", EXPLICIT_LITTLE)
    name = write_element(0x00100010, "PN", TOKEN, EXPLICIT_LITTLE)
    assert not leaks(kit.wrap(kit.build(creator + write_items(0x00191001, [name], EXPLICIT_LITTLE))), project, "tcia")


def test_a_deflate_bomb_is_refused_before_it_is_large(
    kit: ModuleType, project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("isocenter.deid.engine._INFLATED", 1 << 20)
    stream = zlib.compressobj(wbits=-zlib.MAX_WBITS)
    bomb = stream.compress(bytes(8 << 20)) + stream.flush()
    head = kit.wrap(b"", "1.2.840.10008.1.2.1.99")
    start = head[: len(head) - len(zlib.compress(b"", wbits=-zlib.MAX_WBITS))]
    with pytest.raises(IsocenterError):
        anonymize(start + bomb, project)


LISTED = [int(key, 16) for key in ATTRIBUTES if len(key) == 8 and set(key) <= set("0123456789ABCDEF")]
UNKNOWN_TO_PYDICOM = [tag for tag in LISTED if not pydicom.datadict.dictionary_has_tag(tag)]


@pytest.mark.parametrize("form", ["explicit", "implicit", "un"])
def test_attributes_that_other_dictionaries_lack(kit: ModuleType, project: Project, form: str) -> None:
    assert len(UNKNOWN_TO_PYDICOM) > 20
    syntax = IMPLICIT if form == "implicit" else "1.2.840.10008.1.2.1"
    encoding = kit.layout(syntax)
    left = []
    for tag in UNKNOWN_TO_PYDICOM:
        vr = dictionary.vr(tag)
        if vr == "SQ":
            inner = write_element(0x00100010, "PN", TOKEN, IMPLICIT_LITTLE if form != "explicit" else encoding)
            sequence = (
                kit.un_sequence(tag, [inner], undefined=True) if form == "un" else write_items(tag, [inner], encoding)
            )
        else:
            sequence = write_element(tag, "UN" if form == "un" else vr, TOKEN, encoding)
        if leaks(kit.wrap(kit.build(sequence, encoding), syntax), project):
            left.append(f"{tag:08X}")
    assert left == []


def test_every_safe_private_attribute_stays_with_its_creator_and_under_no_other(
    make: Callable[..., bytes], project: Project
) -> None:
    """All rows of Table E.3.10-1, at two places of the block; values that have none of the patient's."""
    values = {"SQ": b"", "UI": b"1.2.3", "DA": b"20240131", "TM": b"101112", "DT": b"20240131", "AT": b"\x10\0\x20\0"}
    texts = {"LO": b"thorax", "SH": b"thorax", "LT": b"thorax", "ST": b"thorax", "CS": b"AXIAL", "UT": b"thorax"}
    texts |= {"DS": b"1.5", "IS": b"3", "OB": b"\1\2", "UN": b"\1\2"}
    chosen, missing, foreign = policy("tcia"), [], []
    for (group, element, creator), vr in SAFE_PRIVATE.items():
        block = 0x10 if element % 2 else 0x2F
        value = {**values, **texts}.get(vr, bytes(8))
        for maker, found in ((creator, missing), ("SOMEBODY ELSE", foreign)):
            base = group << 16
            rows = [(base | block, "LO", maker.encode()), (base | block << 8 | element, vr, value)]
            ds = anonymize(make(rows), project, chosen).dataset()
            kept = (group, block << 8 | element) in ds and (group, block) in ds
            if kept is (maker != creator):
                found.append((group, element, creator))
    assert len(SAFE_PRIVATE) == 479
    assert missing == []
    assert foreign == []


@pytest.mark.parametrize("number", range(16))
def test_overlays_and_curves_of_every_group_go(make: Callable[..., bytes], project: Project, number: int) -> None:
    rows = [(base + (number << 17) + element, vr, TOKEN) for base in (0x50000000, 0x60000000)
            for element, vr in ((0x0022, "LO"), (0x1500, "LO"), (0x3000, "OW"), (0x4000, "LT"))]  # fmt: skip
    result: Result = anonymize(make(rows), project, policy("tcia"))
    assert result.status is Status.OUTPUT
    assert TOKEN not in result.data
    assert not [e for e in result.dataset() if e.tag.group & 0xFF00 in {0x5000, 0x6000}]
