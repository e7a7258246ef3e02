"""Broken and hostile objects by C-STORE, STOW-RS and import: the three agree, say why, and nothing is harmed.

The table says what is right for each file: what names itself, and is whole, is kept as it is, however odd it may be;
what does not name itself, or is cut short, is refused.
"""

import contextlib
import http.client
import json
import re
import struct
import urllib.error
import urllib.parse
import urllib.request
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from isocenter.cli import main
from isocenter.dicom.encoding import UNDEFINED, BrokenDataSetError
from isocenter.dicom.part10 import read_preamble_and_meta, write_file_meta
from isocenter.dicom.scanner import scan
from isocenter.dicom.uids import (
    DEFLATED_EXPLICIT_VR_LITTLE_ENDIAN,
    EXPLICIT_VR_LITTLE_ENDIAN,
    is_valid_uid,
    transfer_syntax,
)
from isocenter.errors import InvalidObjectError

from .conftest import (
    AS_STORED,
    CT_IMAGE,
    Serving,
    assert_alive,
    c_store,
    fsck,
    half_received,
    image,
    part10,
    process_status,
    reset_peak,
    stow,
    uid_of,
)

STORED = {
    "ExplVR_BigEndNoMeta.dcm", "ExplVR_LitEndNoMeta.dcm", "Issue154-d1.dcm", "JPEG2000-embedded-sequence-delimiter.dcm",
    "badVR.dcm", "bigendian_undefined_length.dcm", "rows_65535_oob.dcm",
}  # fmt: skip
NO_SOP_CLASS = "SOPClassUID is missing"
CUT_SHORT = "the data set is cut short"
NO_FILE = "this is no DICOM file"
#: Name -> the words by which file and data set are refused; they differ where the file is not even one.
REFUSED = {
    "GH223.dcm": "StudyInstanceUID is missing",
    "Issue195.dcm": NO_SOP_CLASS,
    "MR_truncated.dcm": CUT_SHORT,
    "UN_sequence.dcm": NO_SOP_CLASS,
    "bad_sequence.dcm": "SOPInstanceUID is not a valid UID",
    "empty_charset_LEI.dcm": NO_SOP_CLASS,
    "emri_small_jpeg_2k_lossless_too_short.dcm": CUT_SHORT,
    "meta_missing_tsyntax.dcm": NO_SOP_CLASS,
    "nested_priv_SQ.dcm": NO_SOP_CLASS,
    "no_meta.dcm": NO_FILE,  # a stray byte before the data set
    "no_meta_group_length.dcm": NO_SOP_CLASS,
    "no_number_of_rows.dcm": NO_SOP_CLASS,
    "no_preamble_dicm_in_data.dcm": NO_SOP_CLASS,
    "rtplan_truncated.dcm": CUT_SHORT,
    "zip_MR.gz": NO_FILE,
}
#: The same without a file around: what a C-STORE says of what is no data set.
REFUSED_DATA_SETS = REFUSED | {"no_meta.dcm": CUT_SHORT, "zip_MR.gz": "broken data set"}


@pytest.fixture(scope="module", autouse=True)
def unharmed(server: Serving) -> Iterator[None]:
    """Whatever the tests of this module did to the server: at the end it and its data are as they should be."""
    yield
    assert_alive(server)
    report = fsck(server)
    assert report["clean"]
    assert report["findings"] == []
    assert half_received(server.data) == []
    assert list((server.data / "lost+found").iterdir()) == []
    log = server.data.with_suffix(".log").read_text()
    assert "Traceback" not in log
    assert "alert(1)" not in log
    assert all(re.match(r"\d{4}-\d\d-\d\d [ -~]+$", line) for line in log.splitlines())


@dataclass(frozen=True)
class Answer:
    """Whether an object was taken, and the words of the refusal."""

    stored: bool
    reason: str = ""


@dataclass(frozen=True)
class Announcement:
    """What a C-STORE says of a data set: its own UIDs, or those of the file, or invented ones."""

    sop_class: str
    sop_instance: str
    syntax: str
    data_set: bytes


def announce(file: bytes) -> Announcement:
    try:
        meta = read_preamble_and_meta(file, final=True)
    except InvalidObjectError:
        meta = None
    syntax = meta.transfer_syntax_uid if meta else EXPLICIT_VR_LITTLE_ENDIAN
    data_set = file[meta.data_set_offset :] if meta else file
    try:
        found = scan(data_set, transfer_syntax(syntax), frozenset({0x00080016, 0x00080018}), stop=0x00080019).values
    except BrokenDataSetError:
        found = {}

    def pick(tag: int, of_the_file: str, invented: str) -> str:
        own = found.get(tag, b"").decode("ascii", "replace").strip("\0 ")
        return next(uid for uid in (own, of_the_file, invented) if is_valid_uid(uid))

    return Announcement(
        pick(0x00080016, meta.sop_class_uid if meta else "", CT_IMAGE),
        pick(0x00080018, meta.sop_instance_uid if meta else "", "2.25.4711"),
        syntax,
        data_set,
    )


def by_c_store(server: Serving, file: bytes) -> Answer:
    what = announce(file)
    response = c_store(server, what.data_set, what.sop_class, what.sop_instance, what.syntax)
    return Answer(response.Status == 0, response.ErrorComment or "")


def by_stow(server: Serving, file: bytes) -> Answer:
    status, body = stow(server, file)
    if status == 200:
        return Answer(stored=True)
    assert status == 409
    (failure,) = (body.get("00081198") or body["0008119A"])["Value"]
    return Answer(stored=False, reason=failure["00000902"]["Value"][0])


def by_import(server: Serving, path: Path, capsys: pytest.CaptureFixture[str]) -> Answer:
    with pytest.raises(SystemExit):
        main(["import", "--json", "--data", str(server.data), "--durability", "os", str(path)])
    report = json.loads(capsys.readouterr().out)
    if report["failed"]:
        return Answer(stored=False, reason=report["failures"][0]["reason"])
    return Answer(stored=report["stored"] + report["duplicate"] == 1)


@pytest.mark.real_data
@pytest.mark.parametrize("name", sorted(STORED | REFUSED.keys()))
def test_malformed_file(server: Serving, data_dir: Path, capsys: pytest.CaptureFixture[str], name: str) -> None:
    path = data_dir / "malformed" / name
    file = path.read_bytes()
    answers = [by_c_store(server, file), by_stow(server, file), by_import(server, path, capsys)]
    assert [answer.stored for answer in answers] == [name in STORED] * 3
    for answer, table in zip(answers, (REFUSED_DATA_SETS, REFUSED, REFUSED), strict=True):
        assert answer.reason.startswith(table.get(name, ""))
    assert_alive(server)
    assert half_received(server.data) == []


@pytest.mark.real_data
def test_the_table_is_whole(data_dir: Path) -> None:
    assert {path.name for path in (data_dir / "malformed").iterdir()} == STORED | REFUSED.keys()


def nested(depth: int) -> bytes:
    """Return sequences within sequences, all of undefined length."""
    opening = struct.pack("<HH2sHIHHI", 0x0008, 0x1140, b"SQ", 0, UNDEFINED, 0xFFFE, 0xE000, UNDEFINED)
    closing = struct.pack("<HHIHHI", 0xFFFE, 0xE00D, 0, 0xFFFE, 0xE0DD, 0)
    return opening * depth + closing * depth


def with_sequences(sequences: bytes, number: int) -> bytes:
    before, name, after = image(300, number).partition(struct.pack("<HH2s", 0x0010, 0x0010, b"PN"))
    return before + sequences + name + after


def deflated(data_set: bytes, megabytes: int) -> bytes:
    """Return a data set whose pixels are this many megabytes of zeros: a thousandth of that when deflated."""
    stream = zlib.compressobj(9, zlib.DEFLATED, -zlib.MAX_WBITS)
    pieces = [stream.compress(data_set[:-6] + (megabytes << 20).to_bytes(4, "little"))]
    pieces += [stream.compress(bytes(1 << 20)) for _ in range(megabytes)]
    return b"".join([*pieces, stream.flush()])


#: Data set, transfer syntax, and the words of the refusal ("" for stored): small to send, dear to read.
BOMBS = {
    "deep": (with_sequences(nested(60), 1), EXPLICIT_VR_LITTLE_ENDIAN, ""),
    "too deep": (with_sequences(nested(100_000), 2), EXPLICIT_VR_LITTLE_ENDIAN, "sequences are nested deeper than"),
    "never closed": (with_sequences(nested(50_000)[:1_000_000], 3), EXPLICIT_VR_LITTLE_ENDIAN, "sequences are nested"),
    "deflated": (deflated(image(300, 4), 20), DEFLATED_EXPLICIT_VR_LITTLE_ENDIAN, ""),
    "deflated bomb": (deflated(image(300, 5), 400), DEFLATED_EXPLICIT_VR_LITTLE_ENDIAN, "when inflated"),
}


@pytest.mark.parametrize("kind", BOMBS)
def test_bomb(server: Serving, capsys: pytest.CaptureFixture[str], tmp_path: Path, kind: str) -> None:
    data_set, syntax, phrase = BOMBS[kind]
    uid = uid_of(300, 1 + list(BOMBS).index(kind))
    file = write_file_meta(CT_IMAGE, uid, syntax) + data_set
    (tmp_path / "bomb.dcm").write_bytes(file)
    reset_peak(server)
    before = process_status(server, "VmRSS")
    response = c_store(server, data_set, CT_IMAGE, uid, syntax)
    answers = [
        Answer(response.Status == 0, response.ErrorComment or ""),
        by_stow(server, file),
        by_import(server, tmp_path / "bomb.dcm", capsys),
    ]
    assert [answer.stored for answer in answers] == [not phrase] * 3
    assert all(phrase in answer.reason for answer in answers)
    path = f"/dicom-web/studies/2.25.300/series/2.25.300.0/instances/{uid}"
    if not phrase:
        assert data_set in server.get(path, AS_STORED)
        assert len(server.json(f"{path}/metadata")) == 1
    assert process_status(server, "VmHWM") - before < 100 << 20
    assert_alive(server)


HOSTILE_TEXTS = {
    "path": "../../../../etc/passwd",
    "windows path": "..\\..\\boot.ini",
    "script": "<script>alert(1)</script>",
    "attribute": '" onmouseover="alert(1)',
    "SQL": "'; DROP TABLE instances; --",
    "wildcards": "*?%_",
    "NUL": "a\0b",
    "newlines": "a\r\nSet-Cookie: b=c\r\n\r\n",
    "escape": "\x1b[2J\x1b]0;owned\x07",
    "not UTF-8": "\udcff\udcfe",
    "format": "%s%n{0.__class__}${jndi:ldap://127.0.0.1/}",
    "long": "x" * 5000,
}
#: The index keeps at least as much of a text as its VR allows; the object has all of it.
KEPT = 64
TEXTS = {"PatientName": (0x00100010, "PN"), "PatientID": (0x00100020, "LO"), "StudyDescription": (0x00081030, "LO")}


def query(server: Serving, **keys: str) -> list[dict[str, Any]]:
    answer: list[dict[str, Any]] = server.json("/dicom-web/studies?" + urllib.parse.urlencode(keys))
    return answer


@pytest.mark.parametrize("kind", HOSTILE_TEXTS)
def test_hostile_text_is_data(server: Serving, capsys: pytest.CaptureFixture[str], tmp_path: Path, kind: str) -> None:
    study = 100 + list(HOSTILE_TEXTS).index(kind)
    raw = HOSTILE_TEXTS[kind].encode("utf-8", "surrogateescape")
    others = {name: (tag, vr, raw) for name, (tag, vr) in TEXTS.items()}
    data_set = image(study, 1, charset=(0x00080005, "CS", "ISO_IR 192"), **others)
    file = part10(data_set, uid_of(study, 1))
    (tmp_path / "hostile.dcm").write_bytes(file)
    assert c_store(server, data_set, CT_IMAGE, uid_of(study, 1)).Status == 0
    assert by_stow(server, file).stored
    assert by_import(server, tmp_path / "hostile.dcm", capsys).stored
    (found,) = query(server, StudyInstanceUID=f"2.25.{study}", includefield="all")
    assert shown(found, "00100020").startswith(visible_start(kind))
    assert shown(found, "00081030").startswith(visible_start(kind))
    assert "00100010" in found
    body = server.get(f"/dicom-web/studies/2.25.{study}/series/2.25.{study}.0/instances/{uid_of(study, 1)}")
    assert data_set in body
    assert_alive(server)


def shown(found: dict[str, Any], tag: str) -> str:
    return "\\".join(found[tag]["Value"])


def visible_start(kind: str) -> str:
    """Return how the text begins, up to what a decoder may show in its own way."""
    text = HOSTILE_TEXTS[kind]
    end = next((index for index, character in enumerate(text) if not 32 <= ord(character) < 127), len(text))
    return text[: min(end, KEPT)].strip()


@pytest.mark.parametrize("key", ["PatientName", "PatientID", "StudyDescription", "StudyInstanceUID", "00100010"])
@pytest.mark.parametrize("kind", HOSTILE_TEXTS)
def test_hostile_query_is_data(server: Serving, key: str, kind: str) -> None:
    """A query with such text finds what matches or is refused as a query; the table is still there afterwards."""
    value = HOSTILE_TEXTS[kind].encode("utf-8", "surrogateescape")
    client = http.client.HTTPConnection("127.0.0.1", server.http_port, timeout=10)
    with contextlib.closing(client):
        client.request("GET", f"/dicom-web/studies?{urllib.parse.urlencode({key: value})}")
        assert client.getresponse().status in {200, 204, 400}
    assert query(server) is not None


HOSTILE_UIDS = [
    "../../x",
    "1.2/../../3",
    "1.2\\3",
    "1.2.\0.3",
    "1.2\r\n3",
    "1.2;DROP",
    "1.2'--",
    "1..2",
    ".1",
    "<b>",
    "9" * 66,
]


@pytest.mark.parametrize("uid", HOSTILE_UIDS)
@pytest.mark.parametrize("keyword", ["SOPInstanceUID", "SeriesInstanceUID", "StudyInstanceUID", "SOPClassUID"])
def test_hostile_uid_is_refused(
    server: Serving, capsys: pytest.CaptureFixture[str], tmp_path: Path, keyword: str, uid: str
) -> None:
    tag = {
        "SOPInstanceUID": 0x00080018, "SeriesInstanceUID": 0x0020000E, "StudyInstanceUID": 0x0020000D,
        "SOPClassUID": 0x00080016,
    }[keyword]  # fmt: skip
    data_set = image(200, 1, bad=(tag, "UI", uid))
    (tmp_path / "hostile.dcm").write_bytes(part10(data_set, uid_of(200, 1)))
    response = c_store(server, data_set, CT_IMAGE, uid_of(200, 1))
    answers = [
        Answer(response.Status == 0, response.ErrorComment or ""),
        by_stow(server, part10(data_set, uid_of(200, 1))),
        by_import(server, tmp_path / "hostile.dcm", capsys),
    ]
    for answer in answers:
        assert answer.reason.startswith(f"{keyword} is not a valid UID")
    assert query(server, StudyInstanceUID="2.25.200") == []
    assert half_received(server.data) == []


@pytest.mark.parametrize(
    "uid", ["../../../etc/passwd", "%2e%2e%2f%2e%2e%2fetc%2fpasswd", "1.2%00", "<script>", "1%0d%0a2"]
)
@pytest.mark.parametrize(
    "path",
    [
        "{}",
        "{}/metadata",
        "1.2/series/{}",
        "1.2/series/3/instances/{}/frames/1",
        "1.2/series/3/instances/4/bulkdata/{}",
    ],
)
def test_hostile_address_is_refused(server: Serving, path: str, uid: str) -> None:
    address = f"{server.url}/dicom-web/studies/{path.format(urllib.parse.quote(uid, safe='%'))}"
    with pytest.raises(urllib.error.HTTPError) as caught:
        urllib.request.urlopen(address, timeout=10)
    with caught.value as refusal:
        assert 400 <= refusal.code < 500
        assert b"root:" not in refusal.read()
        assert refusal.headers["Content-Type"].startswith("application/json")
