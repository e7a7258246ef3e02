"""A curved plane: values along a drawn path and across it against numpy, what it says of itself, what it refuses."""

import time

import numpy as np
import pytest
from playwright.sync_api import expect

from .conftest import CT_STUDY, SLICES, View, ct_slice, get_json
from .test_measure import choose, numbers
from .test_mpr import AXIAL, CORONAL, Reference, all_drawn, compare, enter, shown, summary

pytestmark = pytest.mark.browser
STRAIGHTENED, SECTION = 3, 4
#: Of the standard planes, by the axis across them: to the right, and where they face.
FACING = (((0, 1, 0), (-1, 0, 0)), ((1, 0, 0), (0, 1, 0)), ((1, 0, 0), (0, 0, 1)))


def spline(points: np.ndarray) -> np.ndarray:
    """Return a centripetal Catmull-Rom spline through points, finely."""
    ends = 2 * points[[0, -1]] - points[[1, -2]]
    all_points = np.vstack([ends[:1], points, ends[1:]])
    fine = []
    for four in (all_points[at : at + 4] for at in range(len(points) - 1)):
        knots = np.concatenate([[0], np.cumsum(np.sqrt(np.linalg.norm(np.diff(four, axis=0), axis=1)))])
        t = np.linspace(knots[1], knots[2], 2000, endpoint=False)[:, None]
        level = [np.broadcast_to(point, (len(t), 3)) for point in four]
        for span in (1, 2, 3):
            level = [
                ((knots[k + span] - t) * level[k] + (t - knots[k]) * level[k + 1]) / (knots[k + span] - knots[k])
                if span < 3
                else ((knots[2] - t) * level[0] + (t - knots[1]) * level[1]) / (knots[2] - knots[1])
                for k in range(len(level) - 1)
            ]
        fine.append(level[0])
    return np.vstack([*fine, points[-1:]])


class Path:
    """A path by its length of arc, with a frame that is only ever turned as far as the path bends."""

    def __init__(self, points: np.ndarray) -> None:
        self.places = spline(points)
        steps = np.diff(self.places, axis=0)
        lengths = np.linalg.norm(steps, axis=1)
        self.arc = np.concatenate([[0], np.cumsum(lengths)])
        self.length = float(self.arc[-1])
        tangents = steps / lengths[:, None]
        tangents = np.vstack([tangents, tangents[-1:]])
        middle = int(np.searchsorted(self.arc, self.length / 2))
        right, facing = (np.array(v, float) for v in FACING[int(np.argmax(abs(tangents[middle])))])
        sign = np.sign(facing @ tangents[middle])
        self.frames: dict[int, tuple[np.ndarray, np.ndarray]] = {}
        for way in (range(middle, -1, -1), range(middle, len(tangents))):
            across = right
            for at in way:
                across = across - (across @ tangents[at]) * tangents[at]
                across /= np.linalg.norm(across)
                self.frames[at] = (across, np.cross(sign * tangents[at], across))

    def at(self, along: float, across: float, degrees: float) -> np.ndarray:
        """Return the place of a pixel of the straightened picture, in mm along and across the path."""
        nearest = int(np.searchsorted(self.arc, along).clip(0, len(self.arc) - 1))
        right, down = self.frames[nearest]
        turn = np.radians(degrees)
        return self.places[nearest] + across * (down * np.cos(turn) - right * np.sin(turn))


def draw(view: View) -> np.ndarray:
    """Click a path through planes at different depths; return its points."""
    points = []
    for cell, across, down, notches in (
        (AXIAL, 0.42, 0.36, 0), (AXIAL, 0.5, 0.5, 0), (AXIAL, 0.56, 0.52, 7), (CORONAL, 0.5, 0.72, 0),
    ):  # fmt: skip
        size = summary(view, cell)
        column, row = int(size["columns"] * across), int(size["rows"] * down)
        shown(view, cell, column, row)
        for notch in range(notches):
            view.page.mouse.wheel(0, -100)
            view.page.wait_for_function(
                "([c, i]) => window.__isocenter.summary(c).index === i", arg=[cell, size["index"] - notch - 1]
            )
        all_drawn(view)
        points.append(shown(view, cell, column, row)[0])
        view.page.mouse.down()
        view.page.mouse.up()
    return np.array(points)


def drag_point(view: View, cell: int, dx: int, dy: int) -> None:
    """Drag the last point of the path in a pane."""
    point = view.page.locator(".pane").nth(cell).locator(".path-point").last
    x, y = (float(point.get_attribute(name)) for name in ("cx", "cy"))
    box = view.page.locator(".pane-surface").nth(cell).bounding_box()
    view.page.mouse.move(box["x"] + x, box["y"] + y)
    view.page.mouse.down()
    view.page.mouse.move(box["x"] + x + dx, box["y"] + y + dy, steps=4)
    view.page.mouse.up()


def compare_along(view: View, path: Path, reference: Reference, degrees: float) -> None:
    """Compare values under the cursor in the straightened picture with those of the places they come from."""
    size = summary(view, STRAIGHTENED)
    step = path.length / (size["columns"] - 1)
    checked = 0
    for across, down in ((0.08, 0.5), (0.25, 0.42), (0.5, 0.5), (0.61, 0.58), (0.93, 0.46)):
        column, row = int(size["columns"] * across), int(size["rows"] * down)
        _, text = shown(view, STRAIGHTENED, column, row)
        expected = reference.at(path.at(column * step, (row - (size["rows"] - 1) / 2) * step, degrees))
        if expected is None:
            continue
        checked += 1
        assert numbers(text)[0] == pytest.approx(expected, abs=1.0), (across, down)
    assert checked >= 3


def test_a_curved_plane_has_the_values_of_its_places_and_claims_no_others(view: View) -> None:
    view.study(CT_STUDY)
    enter(view)
    view.page.keyboard.press("Shift+o")
    length = view.page.get_by_test_id("path-length")
    path = Path(draw(view))
    expect(length).to_have_text(f"4 points · {path.length:.1f} mm")
    at_last = view.page.locator(".pane").nth(CORONAL).locator(".path-point").last
    before = at_last.get_attribute("cy")
    drag_point(view, CORONAL, 0, 25)
    expect(at_last).not_to_have_attribute("cy", before)
    expect(length).to_contain_text("4 points")
    drag_point(view, CORONAL, 0, -25)
    expect(length).to_have_text(f"4 points · {path.length:.1f} mm")
    shown(view, AXIAL, 20, 20)
    view.page.mouse.down()
    view.page.mouse.up()
    expect(length).to_contain_text("5 points")
    view.page.keyboard.press("Backspace")
    expect(length).to_have_text(f"4 points · {path.length:.1f} mm")
    view.page.keyboard.press("Control+z")
    expect(length).to_contain_text("5 points")
    view.page.keyboard.press("Control+y")
    expect(length).to_have_text(f"4 points · {path.length:.1f} mm")
    view.page.keyboard.press("Enter")
    expect(view.page.locator('.pane[data-status="ready"]')).to_have_count(5)
    all_drawn(view)
    panes = view.page.locator(".pane")
    flat, across = panes.nth(STRAIGHTENED), panes.nth(SECTION)
    reference = Reference([ct_slice(n) for n in range(1, SLICES + 1)])

    # Along the path, from two sides.
    expect(flat.locator(".notes")).to_contain_text("Straightened along a path")
    expect(flat.locator(".edge")).to_have_count(0)
    expect(flat.get_by_test_id("scale-bar")).to_contain_text("along the path")
    compare_along(view, path, reference, 0)
    flat.hover()
    for turned in ("5", "10"):
        view.page.mouse.wheel(0, 100)
        expect(flat.locator(".corner-bl")).to_contain_text(f"Turned {turned}°")
    all_drawn(view)
    compare_along(view, path, reference, 10)

    # Across it, at a place that the wheel moves along.
    index = summary(view, SECTION)["index"]
    across.hover()
    view.page.mouse.wheel(0, 100)
    view.page.wait_for_function("([c, i]) => window.__isocenter.summary(c).index === i", arg=[SECTION, index + 1])
    all_drawn(view)
    at = path.length * (index + 1) / (summary(view, SECTION)["count"] - 1)
    expect(across.locator(".corner-bl")).to_contain_text(f"{at:.1f} of {path.length:.1f} mm")
    middle = summary(view, SECTION)["columns"] // 2
    centre = view.page.evaluate(f"window.__isocenter.pixelToPatient({middle}, {middle}, {SECTION})")
    assert centre == pytest.approx(list(path.at(at, 0, 0)), abs=0.1)
    line = float(flat.locator('.cut-line[data-role="path"]').get_attribute("x1"))
    assert line == pytest.approx(
        view.page.evaluate(f"window.__isocenter.pixelToPane({index + 1}, 0, {STRAIGHTENED})[0]"), abs=0.1
    )
    compare(view, reference, (SECTION,))

    # Measured across it, not along it.
    choose(view, "d")
    shown(view, STRAIGHTENED, 10, 10)
    view.page.mouse.down()
    view.page.mouse.up()
    expect(view.page.get_by_role("alert")).to_contain_text("Nothing is measured in a straightened picture")
    ends = []
    for share in (0.4, 0.6):
        ends.append(shown(view, SECTION, int(2 * middle * share), middle)[0])
        view.page.mouse.down()
        view.page.mouse.up()
    text = across.locator('.measurement[data-kind="length"] tspan').text_content()
    assert numbers(text)[0] == pytest.approx(float(np.linalg.norm(ends[1] - ends[0])), abs=0.06)
    expect(flat.locator(".measurement")).to_have_count(0)
    view.page.keyboard.press("Delete")
    view.page.keyboard.press("Escape")
    expect(panes).to_have_count(3)


def test_a_path_is_kept_with_its_study(view: View) -> None:
    view.study(CT_STUDY)
    enter(view)
    view.page.keyboard.press("Shift+o")
    path = Path(draw(view))
    said = f"4 points · {path.length:.1f} mm"
    length, panes = view.page.get_by_test_id("path-length"), view.page.locator(".pane")
    expect(length).to_have_text(said)
    view.page.keyboard.press("Enter")
    expect(panes).to_have_count(5)
    (kept,) = drafts(view, 1)
    assert kept["path"]["length"] == pytest.approx(path.length, abs=0.1)
    view.study(CT_STUDY)
    enter(view)
    view.page.keyboard.press("Shift+o")
    expect(length).to_have_text(said)
    view.page.keyboard.press("Enter")
    expect(panes).to_have_count(5)
    view.page.keyboard.press("q")
    row = view.page.get_by_label("List of measurements").locator("li")
    expect(row).to_contain_text(f"{path.length:.1f} mm")
    row.get_by_label("Delete Path of a curved plane").click()
    expect(row).to_have_count(0)
    expect(panes).to_have_count(3)
    drafts(view, 0)
    view.page.keyboard.press("Control+z")
    expect(length).to_have_text(said)
    view.page.keyboard.press("Shift+o")
    view.page.keyboard.press("Enter")
    expect(panes).to_have_count(5)
    expect(row).to_contain_text(f"{path.length:.1f} mm")
    assert drafts(view, 1)[0]["path"] == kept["path"]
    row.get_by_label("Delete Path of a curved plane").click()
    drafts(view, 0)


def drafts(view: View, count: int) -> list[dict]:
    """Return what is kept of the study as soon as there is so much."""
    for _ in range(100):
        found = get_json(f"{view.archive.url}/api/studies/{CT_STUDY}/measurements")
        if len(found) == count:
            return found
        time.sleep(0.05)
    raise AssertionError(f"{len(found)} drafts")
