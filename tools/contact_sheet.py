"""Show every feature of the viewer on the studies of `isocenter phantom`, and put the pictures on one sheet.

usage: python tools/contact_sheet.py [--studies FOLDER] [--keep FOLDER] [NAME ...]

Without a folder of studies they are made first. Only generated images may be in pictures of the documentation. A row
of `ROWS` whose study is not there is left out and named. With names only those are taken, and no sheet is written.
Pictures of `GUIDE` go to ``docs/images``, or to the folder of ``--keep`` with all others at full size.
"""

import argparse
import base64
import io
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from urllib.request import urlopen

from PIL import Image, ImageDraw, ImageFont, ImageOps
from playwright.sync_api import Error, Page, sync_playwright
from saved_files import nifti_picture, stl_picture

ROOT = Path(__file__).resolve().parent.parent
IMAGES = ROOT / "docs" / "images"
FLAGS = ["--no-sandbox", "--use-gl=angle", "--use-angle=swiftshader", "--enable-unsafe-swiftshader"]
SIZE, THUMBNAIL, LABEL, COLUMNS = (1280, 720), (400, 225), 24, 5
#: Pictures of the guide, and how large they may be.
GUIDE = (
    "list", "studies", "send", "save", "correct", "corrections", "anonymize", "local", "drop", "upload",
    "keys", "commands",
    "settings", "contrast", "nobody", "phone", "stack", "presets", "invert", "turned", "tilted", "shutter", "magnifier",
    "measure", "cobb", "freehand", "usmeasure", "calibration", "arrow", "ellipsoid", "measures", "keyimage", "view",
    "colours", "suv", "isocontour", "segmentation", "paint", "dose", "dvh", "phases", "curve", "fusion", "layout",
    "crosshair", "links", "mammogram", "stages", "report", "document", "tags", "slide", "ecg", "cine", "film", "dsa",
    "priors", "mpr", "oblique", "slab", "curved", "volume", "transfer", "clip", "scissors", "print", "contact",
    "export", "nifti", "surface", "stl",
)  # fmt: skip
#: Places in the aorta of the generated thorax, LPS mm.
AORTA = (
    (-4, -22, -170), (-14, -25, -150), (-17, -24, -128), (-12, -17, -106), (3, -2, -95), (17, 15, -98),
    (24, 29, -113), (25, 35, -135), (24, 36, -175), (19, 34, -230),
)  # fmt: skip
GUIDE_SIZE = (800, 450)
PHONE = (390, 844)
SETTLED = '.volume[data-shown="slices"][data-settled="true"]'
#: Drawn from all pixels.
WHOLE = f"{SETTLED}:not(:has(.notes))"
PATIENCE = 120_000
"""Milliseconds that a step may take: software draws volumes, on machines that do other things as well."""
DROP = """([files, x]) => {
  const dataTransfer = new DataTransfer();
  for (const [name, data] of files)
    dataTransfer.items.add(new File([Uint8Array.from(atob(data), (letter) => letter.charCodeAt(0))], name));
  const clientX = x * innerWidth, init = { dataTransfer, bubbles: true, cancelable: true, clientX };
  for (const type of ['dragover', 'drop']) window.dispatchEvent(new DragEvent(type, init));
}"""
DRAG = """([x, y]) => {
  const dataTransfer = new DataTransfer();
  dataTransfer.items.add(new File([''], 'file'));
  const place = { clientX: x * innerWidth, clientY: y * innerHeight };
  window.dispatchEvent(new DragEvent('dragover', { dataTransfer, bubbles: true, cancelable: true, ...place }));
}"""
Step = Callable[[Page], object]


@dataclass(frozen=True)
class Row:
    """A feature: what its picture is called, the label, the study (modality and part of the description), the steps."""

    name: str
    label: str
    modality: str
    steps: tuple[Step, ...] = ()
    description: str = ""
    size: tuple[int, int] = SIZE


def keys(*names: str) -> Step:
    """Press keys, one after the other."""

    def step(page: Page) -> None:
        for name in names:
            page.keyboard.press(name)

    return step


def drag(*places: tuple[float, float], button: str = "left", pane: int = 0) -> Step:
    """Drag through places of a pane, given in parts of it."""

    def step(page: Page) -> None:
        box = page.locator(".pane-surface, .volume-canvas").nth(pane).bounding_box()
        assert box is not None
        points = [(box["x"] + x * box["width"], box["y"] + y * box["height"]) for x, y in places]
        page.mouse.move(*points[0])
        page.mouse.down(button=button)  # type: ignore[arg-type]
        for point in points[1:]:
            page.mouse.move(*point)
        page.mouse.up(button=button)  # type: ignore[arg-type]

    return step


def hover(x: float, y: float) -> Step:
    """Move the pointer over the first pane."""

    def step(page: Page) -> None:
        box = page.locator(".pane-surface").first.bounding_box()
        assert box is not None
        page.mouse.move(box["x"] + x * box["width"], box["y"] + y * box["height"])

    return step


def measure(key: str, *places: tuple[float, float]) -> Step:
    """Choose a measuring tool and draw with it."""

    def step(page: Page) -> None:
        page.keyboard.press(key)
        page.locator("[data-measuring=ready]").first.wait_for()
        drag(*places)(page)

    return step


def clicked(key: str, *places: tuple[float, float], pane: int = 0) -> Step:
    """Choose a measuring tool and click its points, given in parts of a pane."""

    def step(page: Page) -> None:
        page.keyboard.press(key)
        page.locator("[data-measuring=ready]").first.wait_for()
        for place in places:
            drag(place, pane=pane)(page)

    return step


def filled(**values: str) -> Step:
    """Fill in fields of a dialog, by their labels with _ for spaces."""

    def step(page: Page) -> None:
        for label, value in values.items():
            page.get_by_role("dialog").get_by_label(label.replace("_", " "), exact=True).fill(value)

    return step


def chosen(label: str, value: str) -> Step:
    """Choose from a list of a dialog."""
    return lambda page: page.get_by_role("dialog").get_by_label(label).select_option(value)


def pressed(name: str) -> Step:
    """Press a button by its name."""
    return lambda page: page.get_by_role("button", name=name, exact=True).first.click()


def marked(*names: str) -> Step:
    """Mark the studies of these patients in the list."""

    def step(page: Page) -> None:
        for name in names:
            page.locator(".row").filter(has_text=name).locator(".row-mark input").check()

    return step


def known(aet: str) -> Step:
    """Let the archive know a node, which is itself by another name."""

    def step(page: Page) -> None:
        root = "/".join(page.url.split("/")[:3])
        port = page.request.get(f"{root}/api/system").json()["dicom_port"]
        page.request.put(f"{root}/api/peers/{aet}", data={"host": "127.0.0.1", "port": port})

    return step


def written(text: str) -> Step:
    """Write where the focus is, and Enter."""

    def step(page: Page) -> None:
        page.keyboard.type(text)
        page.keyboard.press("Enter")

    return step


def menu(button: str, command: str = "") -> Step:
    """Open a menu of the toolbar, and choose a command in it."""

    def step(page: Page) -> None:
        page.get_by_role("button", name=button, exact=True).click()
        if command:
            page.locator(f'.menu [data-command="{command}"]').click()

    return step


def click(selector: str) -> Step:
    """Click on the first that fits."""
    return lambda page: page.locator(selector).first.click()


def traced(place: tuple[float, float, float]) -> Step:
    """Click a place of the patient in the axial plane through it."""

    def step(page: Page) -> None:
        page.keyboard.press("Home")
        corners = "[[0, 0], [1, 1]].map(([x, y]) => window.__isocenter.pixelToPatient(x, y, 0))"
        shown = "at => document.querySelector('.pane').dataset.shown === String(at)"
        page.wait_for_function(shown, arg=0)
        (x, y, z), (right, below, _) = page.evaluate(corners)
        page.keyboard.press("ArrowDown")
        page.wait_for_function(shown, arg=1)
        index = round((place[2] - z) / (page.evaluate(corners)[0][2] - z))
        for _ in range(index - 1):
            page.keyboard.press("ArrowDown")
        page.wait_for_function(shown, arg=index)
        pixel = [(place[0] - x) / (right - x), (place[1] - y) / (below - y), 0]
        dx, dy = page.evaluate("pixel => window.__isocenter.pixelToPane(...pixel)", pixel)
        page.locator(".pane-surface").first.click(position={"x": dx, "y": dy})

    return step


def cells(place: str) -> Step:
    """Choose a layout in the open picker, "2x2", and fill its panes."""

    def step(page: Page) -> None:
        page.locator(f".layout-cell[data-place='{place}']").click()
        page.locator(".pane").nth(1).wait_for()

    return step


def ticked() -> Step:
    """Show everything in the list of structures."""

    def step(page: Page) -> None:
        page.locator(".structures-object input[type=checkbox]").first.wait_for()
        for box in page.locator(".structures-object input[type=checkbox]").all():
            box.check()

    return step


def until(selector: str) -> Step:
    """Wait for something to be seen."""
    return lambda page: page.locator(selector).first.wait_for()


def zoomed(selector: str, x: float, y: float, notches: int) -> Step:
    """Turn the wheel over a place."""

    def step(page: Page) -> None:
        box = page.locator(selector).first.bounding_box()
        assert box is not None
        page.mouse.move(box["x"] + x * box["width"], box["y"] + y * box["height"])
        for _ in range(notches):
            page.mouse.wheel(0, -120)

    return step


def found(words: str) -> Step:
    """Search the commands."""

    def step(page: Page) -> None:
        page.keyboard.press("Control+k")
        page.get_by_role("combobox", name="Search commands").fill(words)

    return step


def sharp(note: str = "Preview") -> Step:
    """Wait until all slices of a volume are there, which a note tells until then."""
    return lambda page: page.wait_for_function(
        "note => ![...document.querySelectorAll('.notes')].some((one) => one.textContent.includes(note))", arg=note
    )


def ready(count: int) -> Step:
    """Wait for panes with pictures."""
    return until(f'.pane[data-status="ready"] >> nth={count - 1}')


def reopened(count: int) -> Step:
    """Open the address of the page anew, as somebody does who was sent it."""

    def step(page: Page) -> None:
        page.goto(page.url)
        ready(count)(page)

    return step


def disc_of(page: Page, description: str) -> str:
    """Return the ZIP of a study, in base 64."""
    root = "/".join(page.url.split("/")[:3])
    (study, *_) = page.request.get(f"{root}/dicom-web/studies?StudyDescription=*{description}*").json()
    uid = study["0020000D"]["Value"][0]
    packed = page.request.get(f"{root}/dicom-web/studies/{uid}", headers={"Accept": "application/zip"}).body()
    return base64.b64encode(packed).decode()


def dropped(description: str) -> Step:
    """Drop the files of a study on the study list, as a ZIP of the disc they came on."""

    def step(page: Page) -> None:
        page.evaluate(DROP, [[["disc.zip", disc_of(page, description)]], 0.25])
        page.get_by_test_id("local-badge").wait_for()
        ready(1)(page)

    return step


def dragged(x: float, y: float) -> Step:
    """Drag a file over a place of the page, given in parts of it."""
    return lambda page: page.evaluate(DRAG, [x, y])


def stored(description: str) -> Step:
    """Drop the files of a study for the archive, where they are already, beside a text."""

    def step(page: Page) -> None:
        text = base64.b64encode(b"Words of no use to an archive.").decode()
        page.evaluate(DROP, [[["disc.zip", disc_of(page, description)], ["notes.txt", text]], 0.75])
        page.locator("[data-testid=upload-panel][data-phase=done] summary").click()

    return step


def printed(make: Step) -> Step:
    """Print, and look at the sheet."""

    def step(page: Page) -> None:
        page.evaluate("window.print = () => undefined")
        make(page)
        page.locator(".print-sheet").wait_for(state="attached")
        page.emulate_media(media="print")

    return step


def saved(page: Page, command: str, confirm: str = "") -> bytes:
    """Run a command of the export menu, press a button of its dialog where it has one; return the file."""
    with page.expect_download() as download:
        menu("Export", command)(page)
        if confirm:
            page.get_by_role("button", name=confirm, exact=True).click()
    return download.value.path().read_bytes()


def shown(page: Page, image: Image.Image) -> None:
    """Show a picture in place of the viewer."""
    buffer = io.BytesIO()
    image.save(buffer, "png")
    page.goto("about:blank")
    data = base64.b64encode(buffer.getvalue()).decode()
    page.set_content(f"<body style='margin:0;background:#16181d'><img src='data:image/png;base64,{data}'>")


def as_stl(page: Page) -> None:
    """Save the surface and show what is in the file."""
    shown(page, stl_picture(saved(page, "export.surface", "Save"), SIZE))


def as_nifti(page: Page) -> None:
    """Save the volume and show what is in the file."""
    shown(page, nifti_picture(saved(page, "export.nifti"), SIZE, (40, 400)))


def as_film(page: Page) -> None:
    """Save a film and play the file."""
    film = base64.b64encode(saved(page, "export.film")).decode()
    page.goto("about:blank")
    page.set_content(
        "<body style='margin:0;background:#000;display:grid;place-items:center;height:100vh'>"
        f"<video controls muted style='height:100vh' src='data:video/mp4;base64,{film}'></video>"
    )
    page.evaluate(
        "async () => { const video = document.querySelector('video'); await video.play();"
        " await new Promise((done) => setTimeout(done, 600)); video.pause(); }"
    )


ROWS = (
    Row("list", "Study list: search, filters", ""),
    Row("search", "Search by name (/)", "", (
        keys("/"), lambda page: page.keyboard.type("brain"),
        lambda page: page.wait_for_function("() => document.querySelectorAll('.row').length === 1"))),
    Row("local", "Local files, dropped, never sent", "", (dropped("PA and lateral"),)),
    Row("drop", "Dropped: shown here, or put into the archive", "", (dragged(0.75, 0.5), until(".drop-target"))),
    Row("upload", "Put into the archive, what became of it (Ctrl U)", "", (stored("PA and lateral"),)),
    Row("anonymize", "Anonymise marked studies (A)", "", (
        keys("ArrowDown", " ", "ArrowDown", " ", "a"), until("dialog[open]"))),
    Row("studies", "Marked studies: sent, saved, deleted (S Z Del)", "", (
        keys("ArrowDown", " ", "ArrowDown", " ", "Delete"), until("dialog[open] .danger"))),
    Row("send", "Marked studies sent to a DICOM node (S)", "", (
        known("WORKSTATION"), marked("Echo", "Vera"), keys("s"), pressed("Send"),
        until("dialog[open] li:nth-child(2):has-text('sent')"))),
    Row("save", "Marked studies as ZIP with a DICOMDIR (Z)", "", (
        marked("Echo", "Vera"), keys("z"), until("dialog[open] a"))),
    Row("correct", "Correct study data, with history (E)", "", (
        marked("Norma"), keys("e"), until("dialog[open] .studies-fields"),
        filled(Patient_ID="NM1-0002", Birth_date="1961-03-09", Why="wrong patient chosen"))),
    Row("stack", "Stack, corner text, letters, scale", "CT", (hover(0.5, 0.5),), "contrast"),
    Row("window", "Window by drag (W)", "CT", (keys("w"), drag((0.5, 0.5), (0.7, 0.35))), "contrast"),
    Row("preset", "Lung preset (3)", "CT", (keys("3"),), "contrast"),
    Row("presets", "Window menu", "CT", (click(".preset-button"),), "contrast"),
    Row("invert", "Invert (N)", "CT", (keys("n"),), "contrast"),
    Row("turned", "Rotate, flip (R, H, V)", "CT", (keys("r", "h"),), "contrast"),
    Row("tilted", "Free rotation (Ctrl J)", "MR", (keys("Control+j"), drag((0.7, 0.3), (0.78, 0.5)))),
    Row("zoom", "Zoom and pan (Z, T)", "CT", (keys("+", "+", "+"),), "contrast"),
    Row("colours", "Colours for grey images", "MR", (found("hot iron"), keys("Enter"))),
    Row("overlay", "Overlay: the letter of the side (O)", "DX", (ready(2),)),
    Row("shutter", "Shutter (O)", "XA", (keys("Space"),)),
    Row("notext", "Corner text minimal (I)", "CT", (keys("i"),), "contrast"),
    Row("layout", "Layouts (Shift L), lines (J)", "MR", (keys("Shift+l"), cells("2x2"), keys("j"))),
    Row("crosshair", "Crosshair in all panes (X)", "MR", (
        keys("Shift+l"), cells("1x2"), keys("x"), drag((0.5, 0.4), (0.55, 0.45)))),
    Row("links", "Links between panes (L)", "MR", (keys("Shift+l"), cells("1x2"), menu("Links"))),
    Row("link", "A link brings all of it back", "MR", (keys("Shift+l"), cells("1x2"), reopened(2))),
    Row("mammogram", "Mammograms hang: chest walls inwards", "MG", (ready(4),)),
    Row("stages", "Stages of a hanging protocol (< >)", "MG", (ready(4), keys("Shift+l"))),
    Row("priors", "Current beside prior (>)", "CT", (
        keys(">"), ready(2), keys(*["ArrowDown"] * 24)), "ollow"),
    Row("mpr", "Planes of a volume (M)", "CT", (keys("m"), until(".pane:nth-of-type(3)"), sharp()), "contrast"),
    Row("oblique", "Oblique planes", "CT", (
        keys("m"), until(".pane:nth-of-type(3)"), sharp(), drag((0.8, 0.5), (0.8, 0.62)),
        until("button:text-is('Straighten')"), sharp()), "contrast"),
    Row("curved", "Curved plane along a path (Shift O)", "CT", (
        keys("m"), until(".pane:nth-of-type(3)"), sharp(), keys("Shift+o"), until(".curve-bar"),
        *(traced(place) for place in AORTA), keys("Enter"), ready(5), *[keys("ArrowDown")] * 11), "contrast"),
    Row("slab", "Slab, maximum (])", "CT", (
        keys("m"), until(".pane:nth-of-type(3)"), keys(*["]"] * 12), until(".notes:has-text('MIP')"),
        sharp()), "contrast"),
    Row("volume", "Volume in 3D (Shift V)", "CT", (
        keys("Shift+V"), until(".volume-canvas"), until(SETTLED), drag((0.5, 0.5), (0.38, 0.46)), until(WHOLE)),
        "contrast"),
    Row("transfer", "Transfer function with histogram (3D)", "CT", (
        keys("Shift+V"), until(".volume-canvas"), until(SETTLED), click("button[aria-label='Transfer function']"),
        until(".volume-panel"),
        until(WHOLE)), "contrast"),
    Row("clip", "Clipping box and planes (3D)", "CT", (
        keys("Shift+V"), until(".volume-canvas"), until(SETTLED), click("button:text-is('Clip')"),
        lambda page: page.get_by_label("Depth of the plane").fill("0.5"), until(WHOLE)), "contrast"),
    Row("scissors", "Scissors: a part cut away (3D)", "CT", (
        keys("Shift+V"), until(".volume-canvas"), until(SETTLED), click("button[aria-label='Scissors']"),
        drag((0.55, 0.1), (0.9, 0.1), (0.9, 0.5), (0.55, 0.5), (0.55, 0.12)), until(WHOLE)), "contrast"),
    Row("phases", "Phases (Shift with the wheel)", "CT", (keys("Shift+ArrowRight"),), "eart"),
    Row("curve", "Curve of a region over time (Shift Q)", "CT", (
        measure("e", (0.35, 0.42), (0.41, 0.5)), keys("Shift+q"), until(".curve-chart")), "eart"),
    Row("fusion", "PET over CT (Shift Y)", "PT", (ready(3), sharp("Upper series:"))),
    Row("suv", "PET in SUV", "PT", (
        ready(3), keys("Shift+l"), cells("1x2"), keys("Tab"), click(".preset-button"))),
    Row("isocontour", "Isocontour region: SUVmax, SUVpeak (Shift I)", "PT", (
        ready(3), click(".pane-surface >> nth=1"), keys("m"), until(".mpr-bar"), sharp("slices"),
        drag((0.35, 0.3), (0.358, 0.325), pane=1), keys("Shift+i"), until("[data-measuring=ready]"),
        drag((0.358, 0.325), (0.4, 0.325), (0.43, 0.325), pane=1), until(".measurement tspan"))),
    Row("nm", "Bone scan", "NM"),
    Row("cine", "Ultrasound plays by itself; lossy is said", "US"),
    Row("dsa", "Subtraction by the file's mask (Shift D)", "XA", (
        keys("Space", "Home", *["ArrowDown"] * 9, "Shift+d"), until(".notes:has-text('Subtracted')"))),
    Row("slide", "Whole slide: tiles of a pyramid", "SM", (
        until(".slide[data-waiting='0']"), zoomed(".slide-surface", 0.42, 0.45, 2), until(".slide[data-waiting='0']"))),
    Row("ecg", "ECG on its grid", "ECG"),
    Row("measure", "Length, bidirectional, ellipse, probe", "CT", (
        measure("d", (0.35, 0.5), (0.47, 0.45)), measure("b", (0.55, 0.35), (0.66, 0.35)),
        measure("e", (0.55, 0.55), (0.62, 0.64)), measure("p", (0.45, 0.7), (0.45, 0.7))), "1000"),
    Row("cobb", "Angle and Cobb angle (A, Shift A)", "DX", (
        ready(2), clicked("a", (0.3, 0.5), (0.16, 0.74), (0.32, 0.64)),
        clicked("Shift+a", (0.43, 0.32), (0.57, 0.29), (0.43, 0.6), (0.57, 0.64)))),
    Row("calibration", "Calibrated by a line of known length (Shift C)", "DX", (
        ready(2), measure("Shift+c", (0.3, 0.5), (0.7, 0.5)), until("dialog[open] .calibration"),
        keys("1", "0", "0"))),
    Row("measures", "List of measurements (Q)", "CT", (
        measure("d", (0.35, 0.5), (0.47, 0.45)), measure("e", (0.55, 0.55), (0.62, 0.64)), keys("q")), "1000"),
    Row("measuremenu", "Measuring tools", "CT", (menu("Measure"),), "contrast"),
    Row("usmeasure", "Ultrasound measured in its region", "US", (
        keys("Space"), measure("d", (0.45, 0.4), (0.55, 0.55)))),
    Row("keyimage", "Key images (K)", "CT", (keys("k"),), "eart"),
    Row("view", "Presentation state applied", "PR", (click(".card:has-text('PR')"),)),
    Row("dose", "Contours, dose, DVH", "RTDOSE", (keys("u"), ticked())),
    Row("segmentation", "Segmentation (U)", "SEG", (keys("u"), ticked())),
    Row("dvh", "Dose-volume histogram", "RTDOSE", (
        keys("u"), ticked(), pressed("Dose-volume histogram"), until("dialog[open] svg"))),
    Row("paint", "A segmentation painted (Shift B X T G)", "CT", (
        keys("u"), pressed("New segmentation"), keys("Shift+b", "]", "]", "]"),
        drag((0.4, 0.5), (0.45, 0.45), (0.48, 0.5)))),
    Row("report", "Structured report", "SR", (click(".card:has-text('SR')"),)),
    Row("document", "Encapsulated PDF", "DOC", (click(".card:has-text('DOC')"),)),
    Row("magnifier", "Magnifying glass (Shift Z)", "CT", (keys("Shift+z"), hover(0.4, 0.55)), "1000"),
    Row("freehand", "Region drawn by hand (Ctrl E)", "CT", (
        measure("Control+e", (0.42, 0.45), (0.46, 0.38), (0.53, 0.38), (0.58, 0.46), (0.55, 0.55), (0.47, 0.56)),),
        "1000"),
    Row("arrow", "Arrow with text (Shift J)", "CT", (
        measure("Shift+j", (0.46, 0.4), (0.58, 0.3)), written("Nodule? Not there in 2024"), keys("w"),), "1000"),
    Row("ellipsoid", "Ellipsoid volume, the third diameter in another plane (Ctrl B)", "CT", (
        keys("m"), until(".pane:nth-of-type(3)"), sharp(), measure("Control+b", (0.36, 0.44), (0.66, 0.44)),
        drag((0.46, 0.3), (0.46, 0.6)), drag((0.5, 0.2), (0.5, 0.48), pane=1)), "contrast"),
    Row("nobody", "Who it is hidden by one click (Shift H)", "CT", (keys("Shift+h"),), "contrast"),
    Row("export", "Export and print", "CT", (menu("Export"),), "contrast"),
    Row("film", "A clip saved as MP4, the file played", "US", (keys("Space"), as_film)),
    Row("surface", "A surface to be saved: at which value", "CT", (
        menu("Export", "export.surface"), until("dialog[open]")), "contrast"),
    Row("stl", "A surface saved as STL, drawn from the file", "CT", (as_stl,), "contrast"),
    Row("nifti", "A volume saved as NIfTI, planes of the file", "CT", (as_nifti,), "contrast"),
    Row("print", "Printed on paper (Ctrl P)", "DX", (ready(2), printed(keys("Control+p")))),
    Row("contact", "Contact sheet on paper (export menu)", "CT", (
        printed(menu("Export", "export.contact")),), "ollow"),
    Row("tags", "Tag browser (G)", "CT", (keys("g"),), "contrast"),
    Row("commands", "Search commands (Ctrl K)", "CT", (found("wind"),), "contrast"),
    Row("keys", "Key sheet (?)", "CT", (keys("?"),), "contrast"),
    Row("settings", "Settings (Ctrl ,)", "CT", (keys("Control+,"),), "contrast"),
    Row("contrast", "High contrast (Ctrl ,)", "CT", (
        keys("Control+,"), chosen("Theme", "contrast"), keys("Escape")), "contrast"),
    Row("phone", "On a phone", "CT", (), "contrast", PHONE),
    Row("corrections", "What was corrected, put back by a button (E)", "", (
        marked("Norma"), keys("e"), until("dialog[open] .studies-fields"),
        filled(Patient_ID="NM1-0002", Birth_date="1961-03-09", Why="wrong patient chosen"),
        pressed("Correct the study"), until(".studies-history li"))),
)  # fmt: skip


def serve(data: Path) -> "tuple[subprocess.Popen[str], str]":
    """Start an archive on free ports."""
    command = [sys.executable, "-m", "isocenter", "serve", "--data", str(data), "--http-port", "0", "--dicom-port", "0"]
    process = subprocess.Popen([*command, "--json"], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    assert process.stdout is not None
    return process, json.loads(process.stdout.readline())["dicomweb"].removesuffix("/dicom-web")


def study_of(row: Row, url: str) -> str | None:
    """Return the study of a row, or None where there is none."""
    with urlopen(f"{url}/dicom-web/studies?ModalitiesInStudy={row.modality}&includefield=StudyDescription") as answer:
        found = json.load(answer) if answer.status == 200 else []
    for study in found:
        if row.description in (study.get("00081030", {}).get("Value") or [""])[0]:
            return str(study["0020000D"]["Value"][0])
    return None


def picture(page: Page, row: Row, url: str) -> Image.Image | None:
    """Walk the steps of a row and return what is on screen; what was measured is forgotten."""
    study = study_of(row, url) if row.modality else ""
    if study is None:
        return None
    page.goto(f"{url}/viewer?StudyInstanceUIDs={study}" if study else url)
    page.locator('.pane[data-status="ready"], [data-testid=document], .slide, .row').first.wait_for()
    for step in row.steps:
        step(page)
    quiet(page)
    shot = page.screenshot(timeout=90_000)
    for drafts in ("measurements", "key-images") if study else ():
        page.request.put(f"{url}/api/studies/{study}/{drafts}", data="[]", headers={"If-Match": "*"})
    return Image.open(io.BytesIO(shot)).convert("RGB")


def quiet(page: Page) -> None:
    """Wait until no slice is missing any more, and the network is at rest."""
    page.wait_for_load_state("networkidle")
    page.evaluate("new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))")


def sheet(pictures: "list[tuple[Row, Image.Image]]") -> Image.Image:
    """Return thumbnails with their labels, row by row."""
    width, height = THUMBNAIL[0] + 8, THUMBNAIL[1] + LABEL + 8
    lines = -(-len(pictures) // COLUMNS)
    whole = Image.new("RGB", (width * COLUMNS + 8, height * lines + 8), "#16181d")
    font = ImageFont.load_default(15)
    for index, (row, image) in enumerate(pictures):
        x, y = 8 + width * (index % COLUMNS), 8 + height * (index // COLUMNS)
        whole.paste(ImageOps.pad(image, THUMBNAIL, Image.Resampling.LANCZOS, "#16181d"), (x, y))
        ImageDraw.Draw(whole).text((x + 2, y + THUMBNAIL[1] + 3), row.label, "#d8dce4", font)
    return whole


def taken(url: str, names: list[str]) -> "list[tuple[Row, Image.Image]]":
    """Take the pictures in one browser, each in a new page."""
    pictures = []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=FLAGS)
        for row in ROWS:
            if names and row.name not in names:
                continue
            context = browser.new_context(viewport={"width": row.size[0], "height": row.size[1]})
            context.set_default_timeout(PATIENCE)
            begin = time.monotonic()
            try:
                image = picture(context.new_page(), row, url)
            except Error as error:
                print(f"{row.name}: FAILED, {str(error).splitlines()[0]}", flush=True)
                continue
            finally:
                context.close()
            print(
                f"{row.name}: {'no such study' if image is None else f'{time.monotonic() - begin:.1f} s'}", flush=True
            )
            if image is not None:
                pictures.append((row, image))
        browser.close()
    return pictures


def main() -> int:
    """Start an archive with the studies, take the pictures, write them."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--studies", type=Path, help="a folder that `isocenter phantom` has written")
    parser.add_argument("--keep", type=Path, help="write the single pictures here")
    parser.add_argument("names", nargs="*", help="only these rows")
    options = parser.parse_args()
    if options.keep:
        options.keep.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        studies = options.studies or Path(folder) / "studies"
        program = [sys.executable, "-m", "isocenter"]
        if options.studies is None:
            subprocess.run([*program, "phantom", str(studies)], check=True)
        subprocess.run([*program, "import", "--data", f"{folder}/data", str(studies)], check=True, capture_output=True)
        process, url = serve(Path(folder) / "data")
        try:
            pictures = taken(url, options.names)
        finally:
            process.terminate()
            process.communicate(timeout=30)
    for row, image in pictures if options.keep else ():
        image.save(options.keep / f"{row.name}.png")
    for row, image in pictures:
        if row.name in GUIDE:
            small = ImageOps.contain(image, GUIDE_SIZE, Image.Resampling.LANCZOS)
            small.save((options.keep or IMAGES) / f"guide-{row.name}.jpg", quality=75, optimize=True)
    if not options.names:
        sheet(pictures).save(IMAGES / "contact-sheet.jpg", quality=82, optimize=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
