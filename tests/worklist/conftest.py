"""A worklist in a temporary index, and what an entry looks like."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from isocenter.dicom import dictionary
from isocenter.dicom.nested import compile_keys
from isocenter.index.index import Index
from isocenter.settings import load_settings
from isocenter.worklist.flat import read_pairs
from isocenter.worklist.keys import placed
from isocenter.worklist.worklist import Worklist

FLAT = {
    "PatientName": "Müller^Jörg", "PatientID": "4711", "Modality": "CT", "ScheduledStationAETitle": "CT1",
    "ScheduledProcedureStepStartDate": "20240131", "ScheduledProcedureStepStartTime": "0930",
}  # fmt: skip


@pytest.fixture
def flat() -> dict[str, Any]:
    return dict(FLAT)


@pytest.fixture
def index(tmp_path: Path) -> Iterator[Index]:
    opened = Index.open(f"sqlite:///{tmp_path}/index.sqlite", durable=False)
    yield opened
    opened.close()


@pytest.fixture
def make_worklist(index: Index) -> Callable[..., Worklist]:
    def make(**settings: object) -> Worklist:
        return Worklist(index.database, load_settings(settings))

    return make


@pytest.fixture
def worklist(make_worklist: Callable[..., Worklist]) -> Worklist:
    return make_worklist()


@pytest.fixture
def ids() -> Callable[..., list[str]]:
    """Return a function that gives the step IDs of what matches flat keys."""

    def find(worklist: Worklist, finished: bool | None = None, **keys: str) -> list[str]:
        pairs = {dictionary.tag(keyword): value for keyword, value in keys.items()}
        found = worklist.find(compile_keys(placed(read_pairs(pairs))), finished=finished)
        return [e.data_set["00400100"]["Value"][0]["00400009"]["Value"][0] for e in found]

    return find
