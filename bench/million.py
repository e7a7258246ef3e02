"""Searches of a large index beside the same ones of a small index: service time in the archive, on both databases.

Each search has as many answers in both, so what is measured is what the size of the archive costs. The two are asked in
turn, and what counts is the 95th percentile. PostgreSQL is left out where it is not installed.
"""

import contextlib
import gc
import random
import statistics
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from starlette.datastructures import QueryParams

from bench.generating import LARGE, LARGE_SERIES, SAME, SERIES, date, family, fill, studies_for, uid
from bench.servers import postgresql
from isocenter.cli.process import COLLECT_AFTER
from isocenter.index.index import Index
from isocenter.index.query import Level, Query
from isocenter.web.qido import read_search

SMALL = 10_000
SAMPLES, FEW_SAMPLES, WARM_UP = 300, 60, 5
LIMIT_MS, GROWTH = 20, 2


@dataclass(frozen=True, slots=True)
class Searched:
    """One search; ``query`` makes it for a study, and finds between ``least`` and ``most`` answers."""

    name: str
    query: Callable[[int], Query]
    least: int
    most: int


def _search(level: Level, **parameters: str) -> Query:
    path = {name: parameters.pop(name) for name in ("study", "series") if name in parameters}
    return read_search(level, path, QueryParams(parameters)).query


def _study(number: int) -> str:
    return uid("study", number)


def _large(number: int) -> tuple[str, str]:
    number -= number % LARGE
    return _study(number), uid("series", number * SERIES)


def _instances(number: int) -> Query:
    study, series = _large(number)
    return _search(Level.INSTANCE, study=study, series=series)


SEARCHES = (
    Searched("studies by the beginning of a name",
             lambda n: _search(Level.STUDY, PatientName=f"{family(n // SAME)}*", limit="25"), SAME, 25),
    Searched("studies by a name, fuzzy",
             lambda n: _search(Level.STUDY, PatientName=family(n // SAME), fuzzymatching="true", limit="25"), SAME, 25),
    Searched("studies by PatientID", lambda n: _search(Level.STUDY, PatientID=f"P{n:07d}"), 1, 1),
    Searched("studies of a day", lambda n: _search(Level.STUDY, StudyDate=date(n // SAME)), SAME, SAME),
    Searched("studies of two days",
             lambda n: _search(Level.STUDY, StudyDate=f"{date(n // SAME)}-{date(n // SAME + 1)}", limit="25"),
             SAME, 2 * SAME),
    Searched("newest 25 studies", lambda _: _search(Level.STUDY, limit="25"), 25, 25),
    Searched("newest 25 studies of a modality",
             lambda n: _search(Level.STUDY, ModalitiesInStudy=("CT", "MR", "US", "CR")[n % 4], limit="10"), 10, 10),
    Searched("series of a study", lambda n: _search(Level.SERIES, study=_study(n)), 1, SERIES),
    Searched("instances of a series of 1000", _instances, 1000, 1000),
    Searched("a study by its UID", lambda n: _search(Level.STUDY, StudyInstanceUID=_study(n)), 1, 1),
)  # fmt: skip


@contextlib.contextmanager
def filled(url: str, studies: int) -> Iterator[Index]:
    """Give an index that holds so many studies."""
    index = Index.open(url, durable=False)
    try:
        fill(index.database, studies)
        yield index
    finally:
        index.close()


def compare(large: Index, small: Index, search: Searched, studies: tuple[int, int]) -> tuple[float, float]:
    """Return the 95th percentiles in milliseconds of the same search of both."""
    chance = random.Random(search.name)
    samples: tuple[list[float], list[float]] = ([], [])
    for turn in range((SAMPLES if search.most < LARGE_SERIES else FEW_SAMPLES) + WARM_UP):
        for index, count, times in zip((large, small), studies, samples, strict=True):
            query = search.query(chance.randrange(count))
            started = time.perf_counter()
            found = index.find(query)
            elapsed = time.perf_counter() - started
            if not search.least <= len(found) <= search.most:
                raise RuntimeError(f"{search.name}: {len(found)} answers")
            if turn >= WARM_UP:
                times.append(elapsed)
    large_p95, small_p95 = (statistics.quantiles(times, n=20)[-1] * 1000 for times in samples)
    return large_p95, small_p95


def measure(report: Callable[[str, str, float, float], None], instances: int, folder: Path) -> None:
    """Measure all searches on each database; ``report`` takes database, name and both times."""
    gc.set_threshold(COLLECT_AFTER)  # as in a server
    with contextlib.ExitStack() as stack:
        address = stack.enter_context(postgresql())
        urls = {"SQLite": (f"sqlite:///{folder}/large.sqlite", f"sqlite:///{folder}/small.sqlite")}
        if address:
            urls["PostgreSQL"] = (address("large"), address("small"))
        counts = studies_for(instances), studies_for(SMALL)
        for name, pair in urls.items():
            with contextlib.ExitStack() as opened:
                large, small = (opened.enter_context(filled(*each)) for each in zip(pair, counts, strict=True))
                for search in SEARCHES:
                    report(name, search.name, *compare(large, small, search, counts))
