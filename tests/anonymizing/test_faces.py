"""Faces are taken out of what an archive gives out: jobs, peers, views, single objects; found in the whole series."""

import io
from collections.abc import Callable

import numpy as np
import pydicom
import pytest

from isocenter.anonymizing.audit import Who
from isocenter.anonymizing.faces import SeriesFaces
from isocenter.anonymizing.jobs import Jobs, State, Wish, counts_of
from isocenter.anonymizing.objects import Anonymizer
from isocenter.anonymizing.projects import Facts
from isocenter.anonymizing.statement import statement
from isocenter.anonymizing.worker import Worker
from isocenter.archive import Archive
from isocenter.deid.faces import Face
from isocenter.index.peers import KnownPeer
from isocenter.services.anonymized import anonymized_for

from ..deid.heads import COLUMNS, ROWS, SLICES, Volume  # noqa: TID252 - with importlib mode there is no absolute name
from .conftest import STUDY

HEAD, SERIES = "1.2.826.0.2", "1.2.826.0.3"


@pytest.fixture(scope="module")
def volume() -> Volume:
    return Volume()


@pytest.fixture
def project(jobs: Jobs, store: Callable[..., None], volume: Volume) -> Jobs:
    """A project that takes faces out, and a head beside the other studies."""
    store(*volume.objects())
    jobs.projects.add(Facts("faceless", "research", deface=True))
    return jobs


def nose(data_set: pydicom.Dataset) -> float:
    """Return how much of the strip before the forehead is not air."""
    return float((np.frombuffer(data_set.PixelData, "<u2").reshape(ROWS, COLUMNS)[:20, 40:56] > 100).mean())


def test_a_job_takes_them_out_and_says_so(project: Jobs, volume: Volume, monkeypatch: pytest.MonkeyPatch) -> None:
    looked: list[str] = []
    find = SeriesFaces.of
    monkeypatch.setattr(SeriesFaces, "of", lambda self, *of: looked.append(of[1]) or find(self, *of))
    monkeypatch.setattr("isocenter.anonymizing.reading._MAPPED", 20_000)  # slices are mapped
    job = project.add(Wish("faceless", [HEAD, STUDY]), Who("web"), 0)
    Worker(project, clock=lambda: 1.0).work()
    assert project.get(job.id).state is State.DONE
    counts = counts_of(project.studies(job.id))
    assert (counts["output"], counts["sequestered"], counts["rejected"]) == (SLICES, 4, 0)  # three slices are no volume
    assert looked == [SERIES, f"{STUDY}.0.2"]
    read = [pydicom.dcmread(path) for path in project.folder(job.id).rglob("*.dcm")]
    read.sort(key=lambda each: each.ImagePositionPatient[2])
    after = np.stack([each.pixel_array for each in read])
    brain = volume.parts["brain"]
    assert np.array_equal(after[brain], volume.values[brain])
    assert (after[volume.parts["eyes"]] > 100).mean() < 0.45
    assert {each.RecognizableVisualFeatures for each in read} == {"NO"}
    facts = statement(project.projects.get("faceless"))
    assert facts["digest"] == project.report(job.id).policy.digest()
    assert any("Faces are taken out" in sentence for sentence in facts["sentences"])


def test_a_single_object_is_seen_in_its_series(project: Jobs, archive: Archive, volume: Volume) -> None:
    kept = project.projects.get("faceless")
    instances = archive.instances(HEAD, SERIES)
    middle = max(instances, key=lambda each: nose(at(volume, each.SOPInstanceUID)))
    assert nose(at(volume, middle.SOPInstanceUID)) > 0.1
    with Anonymizer.of(archive, kept).open(middle) as found:
        assert found.result is not None
        assert nose(found.result.dataset()) == 0
    archive.peers.add(peer := KnownPeer("LAB", "192.0.2.9", 104, deid_project="faceless"))
    with (
        anonymized_for(archive, project.projects, peer, Who("C-MOVE")) as opens,
        opens.open(middle, lambda _: True) as sent,
    ):
        assert nose(pydicom.filereader.read_dataset(sent.file, is_implicit_VR=False, is_little_endian=True)) == 0


def at(volume: Volume, uid: str) -> pydicom.Dataset:
    return pydicom.dcmread(io.BytesIO(volume.object(int(uid.rpartition(".")[2]) - 1)))


def test_what_was_found_counts_while_the_series_is_the_same(
    archive: Archive, project: Jobs, store: Callable[..., None]
) -> None:
    faces, found = SeriesFaces(archive), []
    faces._find = lambda instances, find=faces._find: found.append(len(instances)) or find(instances)  # type: ignore[method-assign]
    first = faces.of(HEAD, SERIES)
    assert isinstance(first[SERIES], Face)
    assert faces.of(HEAD, SERIES) is first
    archive.delete(HEAD, SERIES, f"{SERIES[:-1]}1.{SLICES}")
    assert faces.of(HEAD, SERIES) is not first
    assert found == [SLICES, SLICES - 1]
    assert faces.of("1.2.3", "1.2.4") == {}
    faces._find = lambda instances: archive.delete(HEAD) or {SERIES: first[SERIES]}  # type: ignore[method-assign]
    archive.delete(HEAD, SERIES, f"{SERIES[:-1]}1.2")
    assert "changed" in str(faces.of(HEAD, SERIES)[SERIES])
