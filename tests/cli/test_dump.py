import json
import struct
from pathlib import Path

import pytest

from isocenter.cli import main
from isocenter.dicom.part10 import write_file_meta
from isocenter.dicom.uids import EXPLICIT_VR_LITTLE_ENDIAN
from isocenter.dicom.writer import write_element, write_sequence

CT = "1.2.840.10008.5.1.4.1.1.2"
META = write_file_meta(CT, "1.2.3", EXPLICIT_VR_LITTLE_ENDIAN, "SENDER")
INNER = write_element(0x00081150, "UI", CT.encode()) + write_element(0x00081155, "UI", b"1.2.4")
DATA_SET = b"".join([
    write_element(0x00080005, "CS", b"ISO_IR 100"),
    write_element(0x00080008, "CS", b"ORIGINAL\\PRIMARY"),
    write_sequence(0x00081140, [INNER]),
    write_element(0x00100010, "PN", b"M\xfcller^J\xf6rg"),
    write_element(0x00100020, "LO", b""),
    write_element(0x00104000, "LT", b"one\x1b[31m\r\ntwo"),
    write_element(0x00189087, "FD", struct.pack("<d", 0.25)),
    write_element(0x00280009, "AT", b"\x18\0\x63\x10"),
    write_element(0x00280010, "US", b"\0\2"),
    write_element(0x00430010, "LO", b"GEMS_PARM_01"),
    write_element(0x00431001, "SS", b"\1\0\2\0"),
    write_element(0x00431101, "UN", b"ab"),
    write_element(0x7FE00010, "OW", bytes(range(256))),
])  # fmt: skip


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "image.dcm"
    path.write_bytes(META + DATA_SET)
    return path


def run(*arguments: object) -> int:
    with pytest.raises(SystemExit) as ended:
        main(["dump", *map(str, arguments)])
    assert isinstance(ended.value.code, int)
    return ended.value.code


def lines(text: str) -> list[str]:
    """The lines, each with single spaces."""
    return [line[: len(line) - len(line.lstrip())] + " ".join(line.split()) for line in text.splitlines()]


def test_a_header_as_people_know_it(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(file) == 0
    found = lines(capsys.readouterr().out)
    for expected in [
        "(0002,0010) UI [1.2.840.10008.1.2.1] Explicit VR Little Endian # 20, 1 TransferSyntaxUID",
        "(0002,0001) OB 00\\01 # 2, 1 FileMetaInformationVersion",
        "# Used TransferSyntax: Explicit VR Little Endian (1.2.840.10008.1.2.1)",
        "(0008,0008) CS [ORIGINAL\\PRIMARY] # 16, 2 ImageType",
        "(0008,1140) SQ (Sequence with explicit length) # 56, 1 ReferencedImageSequence",
        "  (fffe,e000) na (Item #1) # 48, 1 Item",
        f"    (0008,1150) UI [{CT}] CT Image Storage # 26, 1 ReferencedSOPClassUID",
        "(0010,0010) PN [Müller^Jörg] # 12, 1 PatientName",
        "(0010,0020) LO (no value available) # 0, 0 PatientID",
        "(0018,9087) FD 0.25 # 8, 1 DiffusionBValue",
        "(0028,0009) AT (0018,1063) # 4, 1 FrameIncrementPointer",
        "(0028,0010) US 512 # 2, 1 Rows",
        "(0043,0010) LO [GEMS_PARM_01] # 12, 1 PrivateCreator",
        "(0043,1001) SS 1\\2 # 4, 2 GEMS_PARM_01: Bitmap of prescan options",
        "(0043,1101) UN 61\\62 # 2, 1 no creator: unknown private element",
    ]:
        assert expected in found, expected


def test_control_characters_do_not_reach_the_terminal(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run(file)
    text = capsys.readouterr().out
    assert "[one\\x1b[31m\\r\\ntwo]" in text
    assert all(character.isprintable() or character == "\n" for character in text)


def test_long_values_are_cut(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run(file, "--tag", "PixelData", "--length", "20")
    assert lines(capsys.readouterr().out) == ["(7fe0,0010) OW 0100\\0302\\0504\\07... # 256, 1 PixelData"]
    run(file, "--tag", "PixelData", "--all-values")
    assert "\\fdfc\\fffe" in capsys.readouterr().out


def test_tags_are_picked_at_any_depth(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run(file, "--tag", "PatientName", "--tag", "00081155", "--tag", "(0002,0003)")
    found = [line.strip().split(" ", 1)[0] for line in capsys.readouterr().out.splitlines()]
    assert found == ["(0002,0003)", "(0008,1155)", "(0010,0010)"]


def test_a_picked_sequence_is_shown_whole(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run(file, "--tag", "ReferencedImageSequence")
    assert len(capsys.readouterr().out.splitlines()) == 4


def test_a_tag_that_is_none_is_wrong_use(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(file, "--tag", "Patient") == 2
    assert "neither a DICOM keyword nor a tag" in capsys.readouterr().err


def test_json(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(file, "--json") == 0
    found = json.loads(capsys.readouterr().out)
    assert found["00100010"] == {"vr": "PN", "Value": [{"Alphabetic": "Müller^Jörg"}]}
    assert found["00081140"]["Value"][0]["00081155"]["Value"] == ["1.2.4"]
    assert "00020010" not in found
    run(file, "--json", "--tag", "Rows")
    assert json.loads(capsys.readouterr().out) == {"00280010": {"vr": "US", "Value": [512]}}


def test_without_preamble(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    bare = tmp_path / "bare"
    bare.write_bytes(DATA_SET)
    assert run(bare) == 0
    assert "(0010,0010) PN [Müller^Jörg]" in capsys.readouterr().out


BREAKS = {
    "inside a value": (DATA_SET[:-10], f"offset {len(META + DATA_SET) - 268}: 7FE00010 claims 256 bytes, 246 are left"),
    "inside an item": (
        DATA_SET[: DATA_SET.index(b"1.2.4")],
        f"offset {len(META) + DATA_SET.index(INNER) - 20}: 00081140 claims 56 bytes",
    ),
    "no element": (DATA_SET[:-268] + b"\x50\0\x10\0\1\2" + b"\xff" * 9, "unknown VR b'\\x01\\x02' of 00500010"),
}


@pytest.mark.parametrize("name", BREAKS)
@pytest.mark.parametrize("option", ["--all-values", "--json"])
def test_broken_files_are_shown_up_to_the_break(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], name: str, option: str
) -> None:
    data, reason = BREAKS[name]
    path = tmp_path / "broken.dcm"
    path.write_bytes(META + data)
    assert run(path, option) == 1
    captured = capsys.readouterr()
    assert reason in captured.err
    assert len(captured.err.splitlines()) == 1
    assert "ORIGINAL" in captured.out
    if option == "--json":
        assert "00080008" in json.loads(captured.out)
    elif name == "inside an item":
        assert "ReferencedSOPClassUID" in captured.out
    else:
        assert "PatientName" in captured.out


@pytest.mark.parametrize("content", [b"", b"no image at all" * 20])
def test_what_is_no_dicom(tmp_path: Path, capsys: pytest.CaptureFixture[str], content: bytes) -> None:
    path = tmp_path / "text"
    path.write_bytes(content)
    assert run(path) == 1
    assert "empty" in capsys.readouterr().err if not content else "no DICOM file"


@pytest.mark.real_data
@pytest.mark.parametrize("folder", ["malformed", "charset", "dicomdir"])
def test_real_files(data_dir: Path, capsys: pytest.CaptureFixture[str], folder: str) -> None:
    for path in sorted((data_dir / folder).rglob("*.dcm")):
        for option in ("--json", "--length=20"):
            code = run(path, option)
            captured = capsys.readouterr()
            assert (code == 0) == (captured.err == ""), path
            assert code in (0, 1), path
            assert "unexpected" not in captured.err, (path, captured.err)
