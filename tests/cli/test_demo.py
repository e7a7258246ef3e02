"""``isocenter demo``: what a newcomer sees first."""

import re
import socket
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from isocenter.cli.demo_studies import EXAMPLES


def demo(data: Path, *options: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "isocenter", "demo", "--data", str(data), "--exit", *options]
    return subprocess.run(command, capture_output=True, text=True, check=True, timeout=120)


@pytest.fixture
def taken() -> Any:
    """A port that somebody else has."""
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        sock.listen()
        yield sock.getsockname()[1]


def test_sends_the_studies_once_and_finds_free_ports(tmp_path: Path, taken: int, serving: Callable[..., Any]) -> None:
    options = ("--slices", "3", "--http-port", "0", "--dicom-port", str(taken))
    first = demo(tmp_path / "demo", *options)
    assert f"DICOM port {taken} is taken; using " in first.stdout
    assert re.search(r"Viewer    http://127\.0\.0\.1:\d+/\n", first.stdout)
    assert "not accepted" not in first.stderr
    assert re.search(r"All were accepted; look at them at http://127\.0\.0\.1:\d+/\n", first.stdout)
    second = demo(tmp_path / "demo", *options)
    assert "Sending" not in second.stdout
    server = serving(data=tmp_path / "demo").start()
    names = {s["00100010"]["Value"][0]["Alphabetic"] for s in server.json("/dicom-web/studies")}
    assert {"Phantom^Thorax", "Phantom^Brain", "Phantom^Echo"} <= names
    assert len(names) >= len(EXAMPLES) // 2
    instances = server.json("/dicom-web/instances?includefield=Rows,NumberOfFrames")
    pictures = [one for one in instances if one["00280010"].get("Value")]
    assert len(pictures) > 30
    for one in pictures:
        last = one.get("00280008", {}).get("Value", [1])[0]
        study, series, instance = (one[tag]["Value"][0] for tag in ("0020000D", "0020000E", "00080018"))
        assert server.get(f"/dicom-web/studies/{study}/series/{series}/instances/{instance}/frames/{last}")


def test_an_interrupted_start_sends_again(tmp_path: Path) -> None:
    options = ("--slices", "2", "--http-port", "0", "--dicom-port", "0")
    demo(tmp_path / "demo", *options)
    (tmp_path / "demo" / "demonstration-studies-sent").unlink()
    assert "Sending" in demo(tmp_path / "demo", *options).stdout
    with sqlite3.connect(tmp_path / "demo" / "index.sqlite") as index:
        assert index.execute("SELECT COUNT(*) FROM conflict").fetchone() == (0,)
    index.close()
