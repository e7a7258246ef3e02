"""``isocenter find`` against a running node: what is asked, and what is printed."""

import csv
import io
import json
import socket
import threading
from collections.abc import Iterator
from typing import Any

import pytest

from isocenter.cli import main
from isocenter.dicom import dictionary
from isocenter.index.query import Level, Query
from isocenter.index.site_keys import SiteKey
from isocenter.net.server import DicomServer
from isocenter.services.find import FindService
from isocenter.settings import load_settings

STUDY = {
    "00080020": {"vr": "DA", "Value": ["20240131"]},
    "00080061": {"vr": "CS", "Value": ["CT", "SR"]},
    "00100010": {"vr": "PN", "Value": [{"Alphabetic": "Müller^Jörg", "Ideographic": "山田"}]},
    "00100020": {"vr": "LO"},
    "00201208": {"vr": "IS", "Value": [12]},
    "0020000D": {"vr": "UI", "Value": ["1.2.3"]},
}


class Finder:
    """Has a number of answers; waits with each page after the first until it is cancelled or its peer is gone."""

    def __init__(self) -> None:
        self.pages = 1
        self.given = 0
        self.queries: list[Query] = []

    def added_keys(self) -> list[SiteKey]:
        return []

    def find_pages(self, query: Query, size: int) -> Iterator[list[dict[str, Any]]]:
        self.queries.append(query)
        for _ in range(self.pages):
            self.given += 1
            yield [STUDY]


@pytest.fixture
def finder() -> Finder:
    return Finder()


@pytest.fixture
def peer(finder: Finder) -> Iterator[str]:
    settings = load_settings({"check_called_aet": True})
    server = DicomServer(settings, [FindService(finder, settings)], socket.create_server(("127.0.0.1", 0)))
    thread = threading.Thread(target=server.serve)
    thread.start()
    yield f"ISOCENTER@127.0.0.1:{server.address[1]}"
    server.stop(0)
    thread.join()


def run(*arguments: str) -> int:
    with pytest.raises(SystemExit) as ended:
        main(["find", *arguments])
    return int(ended.value.code or 0)


def tag(keyword: str) -> int:
    return dictionary.tag(keyword)


def test_a_table(peer: str, finder: Finder, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(peer, "PatientName=MÜL*", "StudyDate=20240101-", "00080090") == 0
    head, line = capsys.readouterr().out.splitlines()
    assert head.split()[:3] == ["StudyDate", "StudyTime", "PatientName"]
    assert "ReferringPhysicianName" in head
    assert line.split() == ["20240131", "Müller^Jörg=山田", "CT\\SR", "12", "1.2.3"]
    (query,) = finder.queries
    assert query.level is Level.STUDY
    assert query.keys == {tag("PatientName"): "MÜL*", tag("StudyDate"): "20240101-"}
    assert tag("ReferringPhysicianName") in query.include


def test_csv(peer: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(peer, "--csv") == 0
    (row,) = csv.DictReader(io.StringIO(capsys.readouterr().out))
    assert (row["PatientName"], row["ModalitiesInStudy"], row["PatientID"]) == ("Müller^Jörg=山田", "CT\\SR", "")


def test_json(peer: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(peer, "--json") == 0
    (answer,) = json.loads(capsys.readouterr().out)
    assert {key: answer[key] for key in STUDY} == STUDY
    assert answer["00080054"]["Value"] == ["ISOCENTER"]


def test_nothing_found(peer: str, finder: Finder, capsys: pytest.CaptureFixture[str]) -> None:
    finder.pages = 0
    assert run(peer) == 0
    assert capsys.readouterr().out == "nothing found\n"


def test_a_limit_cancels(peer: str, finder: Finder, capsys: pytest.CaptureFixture[str]) -> None:
    finder.pages = 1_000_000
    assert run(peer, "--limit", "3", "--csv") == 0
    assert len(capsys.readouterr().out.splitlines()) == 4
    assert finder.given < 1_000_000


@pytest.mark.parametrize(
    ("arguments", "level"),
    [
        (["SeriesInstanceUID=1.2", "--relational"], Level.SERIES),
        (["--level", "image", "--relational"], Level.INSTANCE),
        (["--level", "PATIENT"], Level.PATIENT),
        (["--model", "patient", "PatientID=1"], Level.PATIENT),
        (["--level", "SERIES", "StudyInstanceUID=1.2"], Level.SERIES),
    ],
)
def test_levels(peer: str, finder: Finder, arguments: list[str], level: Level) -> None:
    assert run(peer, *arguments) == 0
    assert finder.queries[0].level is level


def test_fuzzy(peer: str, finder: Finder) -> None:
    assert run(peer, "--fuzzy", "PatientName=mul") == 0
    assert finder.queries[0].fuzzy


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (["--level", "SERIES"], 1, "needs one StudyInstanceUID"),
        (["StudyDate=soon"], 1, "StudyDate: no date"),
        (["Nonsense=1"], 2, "'Nonsense' is neither a DICOM keyword"),
        (["--level", "SERIES", "--model", "patient-study"], 2, "choose another --model"),
    ],
)
def test_what_is_wrong_is_said(
    peer: str, arguments: list[str], code: int, message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(peer, *arguments) == code
    assert message in capsys.readouterr().err
