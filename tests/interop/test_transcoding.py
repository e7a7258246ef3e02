"""What we compress, read by DCMTK, GDCM and pydicom's decoders; and sent to storescp."""

import os
import socket
import subprocess
import time
from pathlib import Path

import numpy as np
import pytest
from pydicom import dcmread
from pydicom.data import get_testdata_file

from isocenter.cli import main
from isocenter.cli.transcode import NAMES, read_syntax
from isocenter.errors import UsageError

FILES = ["CT_small.dcm", "MR_small.dcm", "SC_rgb_small_odd.dcm", "liver_1frame.dcm"]
LOSSLESS = ["jpeg-lossless", "jpeg-ls", "jpeg2000", "rle"]


def transcode(*arguments: object) -> int:
    with pytest.raises(SystemExit) as ended:
        main(["transcode", *map(str, arguments)])
    assert isinstance(ended.value.code, int)
    return ended.value.code


def holds(name: str, syntax: str) -> bool:
    return not (name == "liver_1frame.dcm" and syntax in {"jpeg-lossless", "jpeg-ls"})


CASES = [(name, syntax) for name in FILES for syntax in LOSSLESS if holds(name, syntax)]
DCMTK = {"jpeg-lossless": "dcmdjpeg", "jpeg-ls": "dcmdjpls", "rle": "dcmdrle"}


@pytest.mark.peer("dcmdjpeg", "dcmdjpls", "dcmdrle")
@pytest.mark.parametrize(("name", "syntax"), [case for case in CASES if case[1] in DCMTK and "liver" not in case[0]])
def test_dcmtk_decodes_the_same_values(tmp_path: Path, name: str, syntax: str) -> None:
    source, small, large = get_testdata_file(name), tmp_path / "small.dcm", tmp_path / "large.dcm"
    assert transcode(source, small, "--to", syntax) == 0
    subprocess.run([DCMTK[syntax], small, large], check=True, capture_output=True, timeout=60)
    np.testing.assert_array_equal(dcmread(large).pixel_array, dcmread(source).pixel_array)


@pytest.mark.peer("gdcmconv")
@pytest.mark.parametrize(("name", "syntax"), [case for case in CASES if "liver" not in case[0]])
def test_gdcm_decodes_the_same_values(tmp_path: Path, name: str, syntax: str) -> None:
    source, small, large = get_testdata_file(name), tmp_path / "small.dcm", tmp_path / "large.dcm"
    assert transcode(source, small, "--to", syntax) == 0
    subprocess.run(["gdcmconv", "--raw", small, large], check=True, capture_output=True, timeout=60)
    np.testing.assert_array_equal(dcmread(large).pixel_array, dcmread(source).pixel_array)


@pytest.mark.peer("dcmdjpeg")
def test_dcmtk_decodes_baseline(tmp_path: Path) -> None:
    source, small, large = (tmp_path / f"{name}.dcm" for name in ("source", "small", "large"))
    rows, columns = np.mgrid[0:64, 0:64]
    pixels = np.stack([rows * 3, columns * 3, 255 - rows * 2], axis=-1).astype("u1")
    colour = dcmread(get_testdata_file("SC_rgb_small_odd.dcm"))
    colour.Rows, colour.Columns, colour.PixelData = 64, 64, pixels.tobytes()
    colour.save_as(source)
    assert transcode(source, small, "--to", "jpeg", "--quality", "95") == 0
    assert dcmread(small).PhotometricInterpretation == "YBR_FULL_422"
    subprocess.run(["dcmdjpeg", small, large], check=True, capture_output=True, timeout=60)
    decoded = dcmread(large)
    assert decoded.PhotometricInterpretation == "RGB"
    assert np.abs(decoded.pixel_array.astype(int) - pixels).mean() < 2


@pytest.mark.parametrize(
    ("name", "syntax"), [case for case in CASES if case[1] != "jpeg-ls" and case != ("liver_1frame.dcm", "rle")]
)
def test_pydicom_decodes_the_same_values(tmp_path: Path, name: str, syntax: str) -> None:
    source, small = get_testdata_file(name), tmp_path / "small.dcm"
    assert transcode(source, small, "--to", syntax) == 0
    np.testing.assert_array_equal(dcmread(small).pixel_array, dcmread(source).pixel_array)


@pytest.mark.peer("storescp")
def test_who_takes_no_compression_gets_none(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as found:
        port = found.getsockname()[1]
    kept = tmp_path / "kept"
    kept.mkdir()
    environment = {**os.environ, "TCP_NODELAY": "1"}
    process = subprocess.Popen(
        ["storescp", "-v", "+xi", "-od", str(kept), str(port)], env=environment, stderr=subprocess.DEVNULL
    )
    try:
        wait_for(port)
        source = get_testdata_file("JPEG2000.dcm")
        with pytest.raises(SystemExit) as ended:
            main(["send", f"STORESCP@127.0.0.1:{port}", source])
        assert ended.value.code == 0, capsys.readouterr()
    finally:
        process.terminate()
        process.wait()
    (file,) = kept.iterdir()
    got = dcmread(file)
    assert got.file_meta.TransferSyntaxUID == "1.2.840.10008.1.2"
    np.testing.assert_array_equal(got.pixel_array, dcmread(source).pixel_array)


def wait_for(port: int, seconds: float = 10) -> None:
    """Return when something listens there."""
    deadline = time.monotonic() + seconds
    while True:
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
        except OSError:
            assert time.monotonic() < deadline, "it does not listen"
        else:
            return


def test_a_folder_is_numbered_and_failures_are_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    source = tmp_path / "in"
    source.mkdir()
    for name in ("CT_small.dcm", "MR_small.dcm"):
        (source / name).write_bytes(Path(get_testdata_file(name)).read_bytes())
    (source / "notes.txt").write_text("no object")
    assert transcode(source, tmp_path / "out", "--to", "htj2k") == 1
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == ["000001.dcm", "000002.dcm"]
    captured = capsys.readouterr()
    assert "wrote 2 in High-Throughput JPEG 2000" in captured.out
    assert "notes.txt: this is no DICOM file" in captured.err


@pytest.mark.parametrize("text", ["htj2k", "HTJ2KLossless", "1.2.840.10008.1.2.4.201"])
def test_syntaxes_have_names(text: str) -> None:
    assert read_syntax(text) == NAMES["htj2k"]


def test_an_unknown_syntax_is_wrong_use(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="jpeg-lossless"):
        read_syntax("zip")
    assert transcode(get_testdata_file("CT_small.dcm"), tmp_path / "x", "--to", "mpeg2") == 2
