"""All real data through the whole product: sent over DICOM, reported truthfully, fetched back byte for byte."""

import json
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from isocenter.cli import main
from isocenter.cli.identify import identify
from isocenter.cli.sources import UNREADABLE, Candidate, find_candidates
from isocenter.errors import IsocenterError

pytestmark = [pytest.mark.real_data, pytest.mark.timeout(600)]


def run(capsys: pytest.CaptureFixture[str], *arguments: str) -> Any:
    with pytest.raises(SystemExit):
        main([*arguments, "--json"])
    return json.loads(capsys.readouterr().out)


def data_sets(folder: Path) -> dict[str, list[bytes]]:
    """Return the data set bytes of each SOP instance, as the files have them, in the order they are sent."""
    found: dict[str, list[bytes]] = {}
    for candidate in find_candidates([folder]):
        if not isinstance(candidate, Candidate):
            continue
        try:
            with candidate.open() as file:
                item = identify(candidate, file)
            with candidate.open() as file:
                content = file.read()[item.data_set_offset :]
        except (IsocenterError, *UNREADABLE):
            continue
        found.setdefault(item.sop_instance_uid, []).append(content)
    return found


def part10(multipart: bytes) -> bytes:
    """Return the one file of a multipart answer."""
    boundary, _, rest = multipart.lstrip(b"\r\n").partition(b"\r\n")
    return rest.partition(b"\r\n\r\n")[2].rpartition(b"\r\n" + boundary + b"--")[0]


def test_everything_storable_is_kept_and_comes_back(
    serving: Callable[..., Any], data_dir: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    server = serving().start()
    report = run(capsys, "send", f"ISOCENTER@127.0.0.1:{server.dicom_port}", str(data_dir), "--jobs", "2")
    assert report["sent"] > 1750
    assert all(row["reason"] for row in report["failed"])
    originals = data_sets(data_dir)
    instances = server.json("/dicom-web/instances?limit=100000")
    wrong = []
    for instance in instances:
        study, series, sop = (instance[tag]["Value"][0] for tag in ("0020000D", "0020000E", "00080018"))
        answer = server.get(
            f"/dicom-web/studies/{study}/series/{series}/instances/{sop}",
            'multipart/related; type="application/dicom"; transfer-syntax=*',
        )
        stored = part10(answer)
        if not any(stored.endswith(content) for content in originals[sop]):
            wrong.append(sop)
    assert wrong == []
    # Every object sent is an instance, a conflict, or was there already.
    conflicts = run(capsys, "conflicts", "--data", str(server.data))
    assert len(instances) + len(conflicts) <= report["sent"] + len(report["warnings"])
    assert len(instances) > 1600
    check = run(capsys, "fsck", "--deep", "--data", str(server.data))
    assert check["clean"], Counter(f["problem"] for f in check["findings"])
