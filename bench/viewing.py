"""The viewer beside OHIF in headless Chromium: same server, data, window and link; a new browser for each measurement.

Nothing is asked of the page while it works. The browser records what it shows (a screencast), and a view counts from
the first frame on whose viewport area looks like the one it ends with: correlation of at least 0.8 at a sixteenth of
the size. Times are those of the frames; the picture at the end is kept, for somebody to look at.
"""

import base64
import contextlib
import io
import json
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from PIL import Image
from playwright.sync_api import Browser, Page, sync_playwright

WIDTH, HEIGHT = 1400, 900
_SMALL = (350, 225)
#: Left, top, right and bottom of the area of the images, as parts of the window: without bars and thumbnails of both.
_AREA = (0.22, 0.08, 0.96, 0.97)
_ALIKE = 0.8
_BRIGHT, _IMAGE = 60, 0.05
#: Seconds without anything new that end a recording, and the longest one.
_QUIET, _LONGEST = 5.0, 90.0
_FLAGS = [
    "--no-sandbox", "--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-component-update",
    "--disable-sync", "--use-gl=angle", "--use-angle=swiftshader", "--enable-unsafe-swiftshader",
]  # fmt: skip


@dataclass(frozen=True, slots=True)
class Product:
    """A viewer: how its addresses and its controls are found."""

    name: str
    viewer: Path
    row: str

    def show_planes(self, page: Page) -> None:
        """Ask for the planes, as a user does; the last press is what time counts from."""
        if self.name == "isocenter":
            page.keyboard.press("m")
        else:
            page.click('[data-cy="MPR"]')

    def prepare_planes(self, page: Page) -> None:
        """Open the menu that has them, where there is one."""
        if self.name != "isocenter":
            page.click('[data-cy="Layout"]')
            page.wait_for_selector('[data-cy="MPR"]')


@dataclass
class Film:
    """What the page showed: times in seconds since 1970, and small grey pictures."""

    times: list[float] = field(default_factory=list)
    pictures: list[bytes] = field(default_factory=list)

    def shows_image(self, *, changed: bool) -> bool:
        """Tell whether more than a twentieth of the area is bright, which no text and no spinner is."""
        last = _area(self.pictures[-1])
        if changed and _alike(last, _area(self.pictures[0])) >= _ALIKE:
            return False
        return bool((last > _BRIGHT).mean() > _IMAGE)

    def seen(self, since: float) -> float:
        """Return the milliseconds from ``since`` until the area looked as it does at the end."""
        last = _area(self.pictures[-1])
        for moment, picture in zip(self.times, self.pictures, strict=True):
            if moment >= since and _alike(_area(picture), last) >= _ALIKE:
                return (moment - since) * 1000
        raise RuntimeError("the page never showed what it ended with")


def _area(picture: bytes) -> npt.NDArray[np.float64]:
    image = Image.open(io.BytesIO(picture)).convert("L")
    width, height = image.size
    box = tuple(round(part * side) for part, side in zip(_AREA, (width, height, width, height), strict=True))
    return np.asarray(image.crop(box).reduce(4), float)  # type: ignore[arg-type]


def _alike(one: npt.NDArray[np.float64], other: npt.NDArray[np.float64]) -> float:
    if one.std() < 1 or other.std() < 1:
        return 0.0
    return float(np.corrcoef(one.ravel(), other.ravel())[0, 1])


@contextlib.contextmanager
def chromium() -> Iterator[Browser]:
    """Give a browser of its own."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path="/usr/bin/chromium", headless=True, args=_FLAGS)
        yield browser
        browser.close()


@contextlib.contextmanager
def unwatched(url: str) -> Iterator[int]:
    """Give the process ID of a browser that shows a page and to which nothing is attached.

    For whoever watches the network, as Playwright does, a browser keeps hundreds of MB of the answers.
    """
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as profile:
        command = ["/usr/bin/chromium", "--headless=new", "--incognito", f"--user-data-dir={profile}", *_FLAGS]
        process = subprocess.Popen(
            [*command, f"--window-size={WIDTH},{HEIGHT}", url], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        try:
            yield process.pid
        finally:
            process.terminate()
            process.wait(30)


@contextlib.contextmanager
def served(product: Product, data: Path, log: Path) -> Iterator[int]:
    """Give the port of a server of the data with this viewer in front."""
    command = [sys.executable, "-m", "bench.viewer_server", str(data), str(product.viewer), str(log)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    try:
        yield int(process.stdout.readline())
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(30)


def new_page(browser: Browser) -> Page:
    """Return a page that has seen nothing yet, and no guided tour either, once the browser itself has started.

    Its first picture waits until the software GPU runs, which is neither viewer's time. It is black: a film that begins
    with a white one would take it for an image.
    """
    page = browser.new_page(viewport={"width": WIDTH, "height": HEIGHT})
    page.set_content('<body style="background: black">')
    page.screenshot()
    page.add_init_script("""localStorage.setItem('shownTours', '["basicViewerTour"]')""")
    return page


@contextlib.contextmanager
def filmed(page: Page) -> Iterator[Film]:
    """Record what the page shows inside the block."""
    film, session = Film(), page.context.new_cdp_session(page)

    def take(event: dict[str, Any]) -> None:
        film.times.append(event["metadata"]["timestamp"])
        film.pictures.append(base64.b64decode(event["data"]))
        session.send("Page.screencastFrameAck", {"sessionId": event["sessionId"]})

    session.on("Page.screencastFrame", take)
    options = {"format": "jpeg", "quality": 60, "maxWidth": _SMALL[0], "maxHeight": _SMALL[1], "everyNthFrame": 1}
    session.send("Page.startScreencast", options)
    yield film
    session.send("Page.stopScreencast")
    session.detach()


def rest(page: Page, film: Film, *, changed: bool = False, quiet: float = _QUIET) -> None:
    """Wait until an image is shown (``changed``: another than at first) and nothing new has come for ``quiet`` s."""
    end = time.time() + _LONGEST
    while not (film.times and time.time() - film.times[-1] >= quiet and film.shows_image(changed=changed)):
        if time.time() > end:
            raise RuntimeError("the page showed no image in time")
        page.wait_for_timeout(200)


def open_study(page: Page, root: str, study: str, *, whole: bool = True) -> tuple[float, float, Film]:
    """Open a study; return when (seconds since 1970), the milliseconds to its first image, and the film.

    ``whole``: until it rests, not only until an image is there.
    """
    with filmed(page) as film:
        started = time.time()
        page.goto(f"{root}/viewer?StudyInstanceUIDs={study}", wait_until="commit")
        rest(page, film, quiet=_QUIET if whole else 0)
    return started, film.seen(started), film


def show_planes(page: Page, product: Product) -> tuple[float, Film]:
    """Show the open series as planes; return the milliseconds to the first picture of all three, and the film."""
    product.prepare_planes(page)
    page.wait_for_timeout(500)
    with filmed(page) as film:
        started = time.time()
        product.show_planes(page)
        rest(page, film, changed=True)
    return film.seen(started), film


def open_list(page: Page, root: str, product: Product) -> float:
    """Open the study list; return the milliseconds until rows are there."""
    page.add_init_script(
        f"const look = () => document.querySelectorAll({json.dumps(product.row)}).length >= 10 "
        "? (window.rowsAt = Date.now()) : requestAnimationFrame(look); look();"
    )
    started = time.time()
    page.goto(f"{root}/", wait_until="commit")
    time.sleep(_QUIET)  # who asks the page puts a script of his own into it first
    page.wait_for_function("window.rowsAt", timeout=60_000)
    return float(page.evaluate("window.rowsAt")) - started * 1000


def step_through(page: Page, steps: int) -> float:
    """Go through images that are there; return the milliseconds of script for one."""
    session = page.context.new_cdp_session(page)
    session.send("Performance.enable")

    def spent() -> float:
        found = {each["name"]: each["value"] for each in session.send("Performance.getMetrics")["metrics"]}
        return float(found["ScriptDuration"]) * 1000

    page.mouse.move(WIDTH * 0.6, HEIGHT * 0.5)
    for key in ("ArrowDown", "ArrowUp"):  # there and back, so that all are cached
        for _ in range(steps):
            page.keyboard.press(key)
            page.wait_for_timeout(50)
    before = spent()
    for _ in range(steps):
        page.keyboard.press("ArrowDown")
        page.wait_for_timeout(50)
    return (spent() - before) / steps


def memory(browser_pid: int) -> float:
    """Return the MB that the processes of a browser take (proportional set size)."""
    total = 0
    for pid in _tree(browser_pid):
        with contextlib.suppress(OSError):
            text = Path(f"/proc/{pid}/smaps_rollup").read_text()
            total += next(int(line.split()[1]) for line in text.splitlines() if line.startswith("Pss:"))
    return total / 1000


def _tree(pid: int) -> Iterator[int]:
    yield pid
    with contextlib.suppress(OSError):
        for task in Path(f"/proc/{pid}/task").iterdir():
            for child in (task / "children").read_text().split():
                yield from _tree(int(child))


def scripts_until(log: Path, moment: float) -> float:
    """Return the MB of script that a server had been asked for by then, as they went over the wire."""
    rows = [json.loads(line) for line in log.read_text().splitlines()]
    return sum(row["bytes"] for row in rows if row["at"] <= moment and row["path"].endswith((".js", ".mjs"))) / 1e6


def frames_asked(log: Path) -> int:
    """Return how many frames a server was asked for."""
    return sum("/frames/" in json.loads(line)["path"] for line in log.read_text().splitlines())
