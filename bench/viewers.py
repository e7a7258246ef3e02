"""The viewer beside OHIF: ``python -m bench.viewers [--repeats N] [--series FOLDER] [--json FILE] …``.

Each row alternates between both, each time in a new browser. Data: the phantom's thorax CT of 200 slices (or another
series, of a folder of files), one of 1000 made of it, and an index of 10 000 studies. Over loopback, and over a link of
30 Mbit/s with 10 ms there and back.
"""

import argparse
import contextlib
import io
import json
import statistics
import tempfile
import time
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pydicom
from pydicom.uid import generate_uid

from bench import ohif
from bench.generating import fill
from bench.link import Link
from bench.viewing import (
    Product,
    chromium,
    frames_asked,
    memory,
    new_page,
    open_list,
    open_study,
    scripts_until,
    served,
    show_planes,
    step_through,
    unwatched,
)
from isocenter.archive import Archive, Source
from isocenter.phantom import studies
from isocenter.settings import load_settings
from isocenter.web.viewer import STATIC

_RATE, _DELAY = 30e6 / 8, 0.005
_LONG = 1000
_STEPS = 40
#: Seconds after which a browser has started, or asks for nothing more.
_START = 4


@dataclass
class Run:
    """The data folders, and what was measured: row -> product -> values."""

    products: list[Product]
    thorax: tuple[Path, str]
    long: tuple[Path, str]
    listed: Path
    pictures: Path | None
    values: dict[str, dict[str, list[float]]] = field(default_factory=dict)

    def note(self, row: str, product: Product, value: float) -> None:
        """Keep a value."""
        self.values.setdefault(row, {}).setdefault(product.name, []).append(value)

    def keep(self, product: Product, what: str, picture: bytes) -> None:
        """Keep what was seen at the end, for somebody to look at."""
        if self.pictures is not None:
            (self.pictures / f"{product.name}-{what}.jpg").write_bytes(picture)


@contextlib.contextmanager
def linked(port: int, *, shaped: bool) -> Iterator[str]:
    """Give the address at which the server is reached."""
    if not shaped:
        yield f"http://127.0.0.1:{port}"
        return
    link = Link(port, _RATE, _DELAY)
    yield f"http://127.0.0.1:{link.port}"
    link.close()


def read(run: Run, product: Product, *, shaped: bool) -> None:
    """Open the thorax CT; then, anew, its planes as soon as it shows an image."""
    data, study = run.thorax
    where = "30 Mbit/s, 10 ms" if shaped else "loopback"
    log = data.with_suffix(".log")
    with served(product, data, log) as port, linked(port, shaped=shaped) as root, chromium() as browser:
        page = new_page(browser)
        started, first, film = open_study(page, root, study)
        run.note(f"first image, {where} (ms)", product, first)
        run.keep(product, f"image-{shaped}", film.pictures[-1])
        if not shaped:
            run.note("JavaScript before the first image (MB)", product, scripts_until(log, started + first / 1000))
    with served(product, data, log) as port, linked(port, shaped=shaped) as root, chromium() as browser:
        page = new_page(browser)
        open_study(page, root, study, whole=False)
        planes, film = show_planes(page, product)
        run.note(f"first planes, {where} (ms)", product, planes)
        run.keep(product, f"planes-{shaped}", film.pictures[-1])


def scroll(run: Run, product: Product) -> None:
    """Go through images that are there."""
    data, study = run.thorax
    with served(product, data, data.with_suffix(".log")) as port, chromium() as browser:
        page = new_page(browser)
        open_study(page, f"http://127.0.0.1:{port}", study)
        run.note("script of a step to a cached image (ms)", product, step_through(page, _STEPS))


def list_studies(run: Run, product: Product) -> None:
    """Open the study list."""
    with served(product, run.listed, run.listed.with_suffix(".log")) as port, chromium() as browser:
        run.note(
            "list of 10 000 studies (ms)", product, open_list(new_page(browser), f"http://127.0.0.1:{port}", product)
        )


def hold(run: Run, product: Product) -> None:
    """Open a thousand slices and wait until no more are asked for; what an empty browser takes is not counted."""
    data, study = run.long
    log = data.with_suffix(".log")
    with unwatched("about:blank") as pid:
        time.sleep(_START)
        before = memory(pid)
    with (
        served(product, data, log) as port,
        unwatched(f"http://127.0.0.1:{port}/viewer?StudyInstanceUIDs={study}") as pid,
    ):
        asked = 0
        while asked == 0 or asked != frames_asked(log):
            asked = frames_asked(log)
            time.sleep(_START)
        run.note("memory for a CT of 1000 slices (MB)", product, memory(pid) - before)
        run.note("frames asked for, of 1000", product, asked)


ROWS: list[Callable[[Run, Product], None]] = [
    lambda run, product: read(run, product, shaped=False),
    lambda run, product: read(run, product, shaped=True),
    scroll,
    list_studies,
    hold,
]


def prepare(folder: Path, series: Path | None) -> Run:
    """Make the archives; instead of the phantom's thorax with the files of a series."""
    thorax = [pydicom.dcmread(file) for file in sorted(series.iterdir())] if series else list(studies(1, ["ct"]))
    products = [
        Product("isocenter", STATIC, "[role=row]"),
        Product("ohif", ohif.ready(), "tr"),
    ]
    long = (folder / "long", generate_uid())
    run = Run(products, (folder / "thorax", str(thorax[0].StudyInstanceUID)), long, folder / "listed", None)
    _store(run.thorax[0], thorax)
    _store(long[0], _lengthen(thorax, long[1]))
    for data, study in (run.thorax, long):
        _settle(products[0], data, study)
    with Archive.open(run.listed, load_settings({"data": str(run.listed)})) as archive:
        fill(archive.index.database, 10_000, objects=False)
    return run


def _store(data: Path, objects: "Iterator[pydicom.Dataset] | list[pydicom.Dataset]") -> None:
    with Archive.open(data, load_settings({"data": str(data), "durability": "os", "settle_seconds": "0"})) as archive:
        for dataset in objects:
            buffer = io.BytesIO()
            dataset.save_as(buffer, enforce_file_format=True)
            reception = archive.receive_file(Source("import"))
            reception.write(buffer.getvalue())
            reception.finish()


def _settle(product: Product, data: Path, study: str) -> None:
    """Have made what is made while nobody looks: metadata and the preview."""
    with served(product, data, data.with_suffix(".log")) as port:
        root = f"http://127.0.0.1:{port}"
        with urllib.request.urlopen(f"{root}/dicom-web/studies/{study}/series") as answer:
            series = json.load(answer)[0]["0020000E"]["Value"][0]
        one = f"studies/{study}/series/{series}"
        for path in (f"/dicom-web/{one}/metadata", f"/api/{one}/preview"):
            urllib.request.urlopen(root + path, timeout=300).close()


def _lengthen(thorax: list[pydicom.Dataset], study: str) -> "Iterator[pydicom.Dataset]":
    """Yield a thousand slices: the thorax up and down again, as thin as they have to be."""
    series, frame = generate_uid(), generate_uid()
    turn = [*thorax, *reversed(thorax)]
    for number in range(_LONG):
        dataset = turn[number % len(turn)].copy()
        dataset.StudyInstanceUID, dataset.SeriesInstanceUID, dataset.FrameOfReferenceUID = study, series, frame
        dataset.SOPInstanceUID = dataset.file_meta.MediaStorageSOPInstanceUID = generate_uid()
        dataset.InstanceNumber, dataset.SliceThickness = number + 1, 0.5
        dataset.ImagePositionPatient = [*dataset.ImagePositionPatient[:2], number * 0.5]
        yield dataset


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="python -m bench.viewers", description=__doc__.split("\n")[0])
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--only", type=int, help="one of the measurements, by its number from 0")
    parser.add_argument("--series", type=Path, help="files of a series, instead of the thorax")
    parser.add_argument("--pictures", type=Path, help="folder for what was seen")
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    if options.pictures:
        options.pictures.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        run = prepare(Path(folder), options.series)
        run.pictures = options.pictures
        for row in ROWS if options.only is None else [ROWS[options.only]]:
            for _ in range(options.repeats):
                for product in run.products:
                    row(run, product)
    for name, values in run.values.items():
        ours, theirs = (statistics.median(values[product.name]) for product in run.products)
        print(f"{name:48} {ours:10.2f} {theirs:10.2f} {ours / theirs if theirs else 0:7.3f}")
    if options.json:
        options.json.write_text(json.dumps(run.values, indent=1))


if __name__ == "__main__":
    main()
