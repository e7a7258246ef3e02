"""The adversary's walk: tokens planted in every kind of object are in nothing that leaves an archive de-identified.

Over each way that objects take: C-MOVE and C-GET of a peer with a project, C-STORE to a peer, back into the archive, a
folder and its ZIP file, WADO-RS in parts and as ZIP, and from there into another archive by STOW-RS. Looked at are
bodies, fields, names of files, answers, logs, audit events and what searches and metadata then say.
"""

import io
import logging
import shutil
import sys
import zipfile
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from itertools import chain
from pathlib import Path

import httpx
import pydicom
import pytest

from isocenter.anonymizing.audit import Who
from isocenter.anonymizing.jobs import Jobs, State, Wish
from isocenter.anonymizing.projects import Facts
from isocenter.anonymizing.worker import Worker
from isocenter.archive import Archive, Source
from isocenter.dimse.commands import CommandField
from isocenter.services.anonymized import PeerTarget, anonymized_for
from isocenter.services.get import GetService
from isocenter.services.information_model import STUDY_ROOT
from isocenter.services.move import MoveService
from isocenter.services.outgoing import Outgoing
from isocenter.settings import load_settings
from isocenter.web.app import create_app

from ..web.conftest import Client, parts_of  # noqa: TID252 - with importlib mode there is no absolute name
from .test_dimse import LAB, Destination, Sent, ask

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from bench.deid_score.corpus import inflated, write_corpus
from bench.deid_score.judging import is_in_disguise
from bench.deid_score.planting import Answer

pytestmark = pytest.mark.filterwarnings("ignore")
WRITTEN = 20  # of 25: documents, raw data and a secondary capture are put aside

#: Always the same, for numbers of random UIDs are a planted day once in a while.
KEY = f"isocenter-project-key-1 {bytes(range(32)).hex()}\n"


class Walk:
    """An archive of the planted objects, in one study, with a project and a peer that gets no originals."""

    def __init__(self, archive: Archive, data: Path, answers: list[Answer], files: list[bytes]) -> None:
        self.archive, self.data = archive, data
        self.tokens = {token for answer in answers for _, token in answer.removed}
        self.planted = b"".join(files)
        for each in files:
            reception = archive.receive_file(Source("import"))
            reception.write(each)
            reception.finish()
        read = [pydicom.dcmread(io.BytesIO(each), stop_before_pixels=True) for each in files]
        self.study = str(read[0].StudyInstanceUID)
        self.kinds = {(str(each.SOPClassUID), str(each.file_meta.TransferSyntaxUID)) for each in read}
        self.instances = list(archive.instances(self.study))
        self.jobs = Jobs(archive, data)
        kept = self.jobs.projects.add(Facts("trial", "tcia", burned_in="blank"))
        (kept.folder / "key").write_text(KEY)
        archive.peers.add(LAB)

    def outgoing(self) -> Outgoing:
        return Outgoing(self.archive, lambda *_: None, partial(anonymized_for, self.archive, self.jobs.projects))

    def job(self, target: str, detail: str = "", *worker: object) -> str:
        job = self.jobs.add(Wish("trial", [self.study], target, detail), Who("web"), 0)
        Worker(self.jobs, *worker).work()
        assert self.jobs.get(job.id).state is State.DONE
        return job.id

    def left_in(self, pieces: Iterable[bytes]) -> list[str]:
        """Return the tokens that are in any of these, as they are or in disguise."""
        whole = b"\n".join(chain.from_iterable((piece, _inflated(piece)) for piece in pieces))
        return sorted(token for token in self.tokens if token.encode() in whole or is_in_disguise(token, whole))


def _inflated(piece: bytes) -> bytes:
    return inflated(piece) if piece[128:132] == b"DICM" else b""


@pytest.fixture(scope="module")
def walk(tmp_path_factory: pytest.TempPathFactory, empty_data: Path) -> Iterator[Walk]:
    place = tmp_path_factory.mktemp("walk")
    (place / "in").mkdir()
    answers = write_corpus(place / "in", None)
    files = [(place / "in" / answer.name).read_bytes() for answer in answers]
    data = Path(shutil.copytree(empty_data, place / "data"))
    with Archive.open(data, load_settings({"data": str(data), "durability": "os"})) as archive:
        yield Walk(archive, data, answers, files)


@pytest.fixture
def client(walk: Walk, tmp_path: Path) -> Iterator[Client]:
    yield from opened(walk.archive, walk.data, tmp_path)


def opened(archive: Archive, data: Path, place: Path) -> Iterator[Client]:
    app = create_app(archive, load_settings({"data": str(data), "durability": "os"}), static=place / "static")
    client = Client(app)
    yield client
    client.close()
    app.node.close()


def shown(answer: httpx.Response) -> list[bytes]:
    return [answer.content, str(answer.headers).encode()]


def test_the_walk_can_find_something(walk: Walk) -> None:
    assert len(walk.tokens) > 1900
    assert len(walk.instances) == 25
    assert len(walk.left_in([walk.planted])) > 0.9 * len(walk.tokens)


def test_over_associations(walk: Walk, caplog: pytest.LogCaptureFixture) -> None:
    """C-MOVE, C-GET, and C-STORE as a job."""
    caplog.set_level(logging.DEBUG)
    moved: Sent = []
    forwarded: Sent = []

    def to(sent: Sent) -> Callable[..., Destination]:
        return lambda peer, pairs: Destination(sent, [syntax for _, syntax in walk.kinds], 0)

    moving = MoveService(walk.archive, walk.archive.peers, walk.outgoing(), to(moved), load_settings())
    keys = {"0020000D": walk.study}
    answers = [ask(moving, CommandField.C_MOVE_RQ, STUDY_ROOT.move, keys, MoveDestination="LAB")]
    getting = GetService(walk.archive, walk.archive.peers, walk.outgoing())
    answers.append(ask(getting, CommandField.C_GET_RQ, STUDY_ROOT.get, keys, dict.fromkeys(walk.kinds, 1)))
    walk.job("peer", "LAB", lambda known: PeerTarget(to(forwarded), known))
    stores = [answer for answer in answers[1] if type(answer) is tuple]
    assert [len(moved), len(stores), len(forwarded)] == [WRITTEN] * 3
    sent = [data for data, _, _ in (*moved, *forwarded)] + [data for _, data in stores]
    said = [repr(each).encode() for each in (answers, [row[1:] for row in moved])]
    told = [record.getMessage().encode() for record in caplog.records]
    assert walk.left_in([*sent, *said, *told]) == []


def test_over_the_web_and_into_another_archive(
    walk: Walk, client: Client, tmp_path: Path, empty_data: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    path = f"/dicom-web/studies/{walk.study}?anonymize=trial"
    in_parts, packed = client.get(path), client.get(path, accept="application/zip")
    assert (in_parts.status_code, packed.status_code) == (206, 206)
    found = parts_of(in_parts)
    with zipfile.ZipFile(io.BytesIO(packed.content)) as archive:
        names = archive.namelist()
        unpacked = [archive.read(name) for name in names]
    assert len(found) == sum(name.endswith(".dcm") for name in names) == WRITTEN
    pieces = [*(body for _, body in found), *unpacked, *shown(in_parts), packed.content, *(n.encode() for n in names)]
    data = Path(shutil.copytree(empty_data, tmp_path / "other"))
    with Archive.open(data, load_settings({"data": str(data), "durability": "os"})) as other:
        for elsewhere in opened(other, data, tmp_path):
            stored = elsewhere.stow(*(body for _, body in found))
            (study,) = elsewhere.get("/dicom-web/studies?includefield=all").json()
            new = study["0020000D"]["Value"][0]
            paths = ("", "/series?includefield=all", "/instances?includefield=all", "/metadata")
            pieces += chain.from_iterable(shown(elsewhere.get(f"/dicom-web/studies/{new}{path}")) for path in paths)
            pieces += shown(stored)
    pieces += [record.getMessage().encode() for record in caplog.records if "stow" in record.name]
    assert stored.status_code == 200
    assert walk.left_in(pieces) == []


def test_over_jobs(walk: Walk, client: Client) -> None:
    """Into a folder, as ZIP, and back into the archive, where searches and metadata then tell of it."""
    job = walk.job("folder")
    files = [path for path in walk.jobs.folder(job).rglob("*") if path.is_file()]
    assert sum(path.suffix == ".dcm" for path in files) == WRITTEN
    pieces = [*(path.read_bytes() for path in files), *(str(path).encode() for path in files)]
    pieces += shown(client.get(f"/api/anonymization/jobs/{job}/zip"))
    pieces += shown(client.get(f"/api/anonymization/jobs/{job}/summary"))
    back = walk.job("archive")
    (study,) = {row["study"] for each in walk.jobs.studies(back) for row in each.report["studies"]}
    for path in ("/series", "/instances?includefield=all", "/metadata", ""):
        pieces += shown(client.get(f"/dicom-web/studies/{study}{path}"))
    events = walk.jobs.projects.get("trial").folder / "audit.jsonl"
    pieces += [events.read_bytes(), client.get(f"/dicom-web/studies?StudyInstanceUID={study}").content]
    assert walk.left_in(pieces) == []
    assert len(list(walk.archive.instances(study))) == WRITTEN
