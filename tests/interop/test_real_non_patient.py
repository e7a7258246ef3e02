"""Real hanging protocols and colour palettes: sent, stored, imported, and fetched back byte for byte, in no study."""

import http.client
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from isocenter.cli import main
from isocenter.cli.identify import identify
from isocenter.cli.sources import Candidate, find_candidates
from isocenter.multipart import write_end, write_part_header

pytestmark = pytest.mark.real_data

FOLDERS = {"color-palettes": "sop/color_palette", "hanging-protocols": "sop/hanging_protocol"}
COUNTS = {"color-palettes": 8, "hanging-protocols": 1}
STOW = 'multipart/related; type="application/dicom"; boundary=b'


def run(capsys: pytest.CaptureFixture[str], *arguments: str) -> Any:
    with pytest.raises(SystemExit) as ended:
        main([*arguments, "--json"])
    assert not ended.value.code
    return json.loads(capsys.readouterr().out)


def data_sets(folder: Path) -> dict[str, bytes]:
    """Return the data set of each object in a folder, as its file has it."""
    found = {}
    for candidate in find_candidates([folder]):
        assert isinstance(candidate, Candidate)
        with candidate.open() as file:
            item = identify(candidate, file)
        with candidate.open() as file:
            found[item.sop_instance_uid] = file.read()[item.data_set_offset :]
    return found


def check(server: Any, data_dir: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Check that all are there, as they were, and nowhere else."""
    for category, folder in FOLDERS.items():
        originals = data_sets(data_dir / folder)
        assert len(originals) == COUNTS[category]
        answers = server.json(f"/dicom-web/{category}")
        assert {answer["00080018"]["Value"][0] for answer in answers} == originals.keys()
        for answer in answers:
            address = answer["00081190"]["Value"][0].removeprefix(server.url)
            file = server.get(address, "application/dicom")
            assert file[128:132] == b"DICM"
            uid = answer["00080018"]["Value"][0]
            assert file.endswith(originals[uid])
            assert server.json(address)[0]["00080018"]["Value"] == [uid]
    for level in ("studies", "series", "instances"):
        assert server.json(f"/dicom-web/{level}") == []
    held = run(capsys, "stats", "--data", str(server.data))
    assert (held["non_patient_objects"], held["patients"], held["instances"], held["conflicts"]) == (9, 0, 0, 0)
    report = run(capsys, "fsck", "--deep", "--data", str(server.data))
    assert (report["clean"], report["instances"], report["findings"]) == (True, 9, [])


def test_sent(serving: Callable[..., Any], data_dir: Path, capsys: pytest.CaptureFixture[str]) -> None:
    server = serving().start()
    paths = [str(data_dir / folder) for folder in FOLDERS.values()]
    report = run(capsys, "send", f"ISOCENTER@127.0.0.1:{server.dicom_port}", *paths)
    assert (report["sent"], report["failed"]) == (9, [])
    check(server, data_dir, capsys)
    server.kill()
    server.start()
    check(server, data_dir, capsys)


def test_stored(serving: Callable[..., Any], data_dir: Path, capsys: pytest.CaptureFixture[str]) -> None:
    server = serving().start()
    files = [path.read_bytes() for folder in FOLDERS.values() for path in sorted((data_dir / folder).glob("*.dcm"))]
    parts = (write_part_header("b", {"Content-Type": "application/dicom"}) + file for file in files)
    connection = http.client.HTTPConnection("127.0.0.1", server.http_port, timeout=30)
    connection.request("POST", "/dicom-web/studies", b"".join(parts) + write_end("b"), {"Content-Type": STOW})
    answer = connection.getresponse()
    assert answer.status == 200
    stored = json.loads(answer.read())["00081199"]["Value"]
    connection.close()
    assert len(stored) == 9
    assert all(server.get(item["00081190"]["Value"][0].removeprefix(server.url)) for item in stored)
    check(server, data_dir, capsys)


def test_imported(serving: Callable[..., Any], data_dir: Path, capsys: pytest.CaptureFixture[str]) -> None:
    server = serving().start()
    paths = [str(data_dir / folder) for folder in FOLDERS.values()]
    assert run(capsys, "import", "--data", str(server.data), *paths)["stored"] == 9
    assert run(capsys, "import", "--data", str(server.data), *paths)["duplicate"] == 9
    check(server, data_dir, capsys)
