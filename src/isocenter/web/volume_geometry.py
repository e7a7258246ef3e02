"""Whether the images of a series are a volume, and where its voxels lie (PS3.3 C.7.6.2). Pure.

Slices may be unevenly spaced and shifted along a line against their normal (gantry tilt); anything else is refused, for
the same reasons as the viewer has (``viewer/src/core/volume.ts``). A series' single images are one stack, each
multi-frame object is one of its own.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from isocenter.errors import InvalidObjectError, NotFoundError
from isocenter.web.frame_headers import FrameHeader, Json, Numbers, first_number, first_text, frames_of

Vector = NDArray[np.float64]

_FEWEST = 3
#: Cosine of the greatest angle (about three degrees) between planes that count as parallel.
_PARALLEL = 0.9986
_SAME_PLACE = 0.01  # mm
_TILTED = 0.5  # degrees
_EVEN = 0.02
_PHOTOMETRIC, _UID, _NUMBER, _TIME, _SOP_CLASS = "00280004", "00080018", "00200013", "00200100", "00080016"
_UNITS, _MODALITY, _RESCALE_TYPE = "00541001", "00080060", "00281054"
_CENTER, _WIDTH = "00281050", "00281051"
_SEGMENTATIONS = ("1.2.840.10008.5.1.4.1.1.66.4", "1.2.840.10008.5.1.4.1.1.66.7")


@dataclass(frozen=True, slots=True, eq=False)
class Volume:
    """Parallel slices: unit vectors ``row``, ``column`` and ``line`` (from slice to slice), distances in mm.

    ``places`` has where each slice lies along the line, from the first. ``window``: centre and width in its header.
    """

    columns: int
    rows: int
    origin: Vector
    row: Vector
    column: Vector
    line: Vector
    column_step: float
    row_step: float
    places: Vector
    slices: tuple[FrameHeader, ...]
    notes: tuple[str, ...]
    unit: str
    window: tuple[float, float] | None
    inverse: bool

    def to_voxels(self, step: Vector) -> tuple[float, float, float]:
        """Return a direction in the patient as columns, rows, and mm along the line of slices."""
        normal = np.cross(self.row, self.column)
        along = float(step @ normal / (self.line @ normal))
        rest = step - along * self.line
        return float(rest @ self.row) / self.column_step, float(rest @ self.column) / self.row_step, along

    def corners(self) -> Vector:
        """Return the middles of the eight voxels at the corners, in the patient."""
        i, j, s = np.meshgrid((0, self.columns - 1), (0, self.rows - 1), (0.0, self.places[-1]))
        across, down = np.outer(i * self.column_step, self.row), np.outer(j * self.row_step, self.column)
        return np.asarray(self.origin + across + down + np.outer(s, self.line))


def volume_of(headers: Sequence[Json], instance: str = "") -> Volume:
    """Return the volume that the images of a series are, or that the frames of one multi-frame object are.

    Raises:
        InvalidObjectError: they are none; the message says why.
        NotFoundError: there is no such image.
    """
    images = _stack(headers, instance)
    frames = [frame for header in images for frame in frames_of(header)]
    reason = _reason_against(images, frames)
    if reason:
        raise _refusal(reason)
    slices = _in_order(frames)
    if len(slices) < _FEWEST:
        raise _refusal("all images lie in one place")
    positions = np.array([one.position for one in slices])
    line = (positions[-1] - positions[0]) / np.linalg.norm(positions[-1] - positions[0])
    places = (positions - positions[0]) @ line
    first, row, column, normal = slices[0], *_directions(slices[0])
    astray = float(np.linalg.norm(positions - positions[0] - np.outer(places, line), axis=1).max())
    if astray > max(0.5, first.spacing[1]):
        raise _refusal(f"the slices are shifted against one another by up to {astray:.1f} mm")
    tilt = math.degrees(math.acos(min(1.0, abs(float(line @ normal)))))
    middle = images[len(images) // 2]
    return Volume(
        first.columns, first.rows, positions[0], row, column, line, first.spacing[1], first.spacing[0],
        places, tuple(slices), tuple(_notes(places, tilt, len(frames) - len(slices))), _unit(middle),
        _window(middle), first_text(middle, _PHOTOMETRIC) == "MONOCHROME1",
    )  # fmt: skip


def _stack(headers: Sequence[Json], instance: str) -> list[Json]:
    """Return the images that belong together, in the order of their times and numbers."""
    images = [header for header in headers if first_text(header, _SOP_CLASS) not in _SEGMENTATIONS]
    images = [header for header in images if next(frames_of(header), None) is not None]
    singles = [header for header in images if _is_single(header)]
    if instance:
        named = [header for header in images if header[_UID]["Value"][0] == instance]
        if not named:
            raise NotFoundError("there is no such image in the series")
        chosen = singles if _is_single(named[0]) else named
    else:
        chosen = singles or images[:1]
    return sorted(chosen, key=lambda h: (first_number(h, _TIME) or 0, first_number(h, _NUMBER) or 0, str(h[_UID])))


def _is_single(header: Json) -> bool:
    return (first_number(header, "00280008") or 1) <= 1


def _refusal(reason: str) -> InvalidObjectError:
    return InvalidObjectError(f"the images are no volume: {reason}")


def _directions(frame: FrameHeader) -> tuple[Vector, Vector, Vector]:
    row, column = np.array(frame.orientation[:3]), np.array(frame.orientation[3:])
    return row, column, np.cross(row, column)


def _is_placed(frame: FrameHeader) -> bool:
    """Whether position, spacing and two unit vectors at right angles are there."""
    if not frame.placed or min(frame.spacing) <= 0:
        return False
    row, column, _ = _directions(frame)
    wrong = (np.linalg.norm(row) - 1, np.linalg.norm(column) - 1, row @ column)
    return max(abs(float(each)) for each in wrong) < 0.01


def _reason_against(images: Sequence[Json], frames: Sequence[FrameHeader]) -> str:
    """Return why frames are no volume, ``""`` where nothing is against it."""
    if len(frames) < _FEWEST:
        return "fewer than three images"
    if any(one.samples > 1 for one in frames) or any(first_text(h, _PHOTOMETRIC) == "PALETTE COLOR" for h in images):
        return "colour images are not reformatted"
    missing = sum(not _is_placed(one) for one in frames)
    if missing:
        return f"position, orientation or pixel spacing is missing in {missing} of {len(frames)} images"
    first = frames[0]
    for differs, reason in _DIFFERENCES:
        if any(differs(one, first) for one in frames):
            return reason
    return ""


@lru_cache(maxsize=1024)
def _are_parallel(one: Numbers, other: Numbers) -> bool:
    """Tell whether two orientations are the same, within three degrees."""
    (row, column), (other_row, other_column) = (np.array(each).reshape(2, 3) for each in (one, other))
    along = np.cross(row, column) @ np.cross(other_row, other_column)
    return bool(abs(along) > _PARALLEL and row @ other_row >= _PARALLEL)


def _has_other_spacing(one: FrameHeader, first: FrameHeader) -> bool:
    return any(abs(a - b) > 1e-3 * b for a, b in zip(one.spacing, first.spacing, strict=True))


#: What tells a frame from the first one, so that they are no volume, and how that is said.
_DIFFERENCES: tuple[tuple[Callable[[FrameHeader, FrameHeader], bool], str], ...] = (
    (lambda one, first: not _are_parallel(one.orientation, first.orientation), "the images are not parallel"),
    (lambda one, first: (one.rows, one.columns) != (first.rows, first.columns), "the images differ in size"),
    (_has_other_spacing, "the images differ in pixel spacing"),
)


def _in_order(frames: Sequence[FrameHeader]) -> list[FrameHeader]:
    """Return frames in the order they lie along the normal; of several in one place the first."""
    _, _, normal = _directions(frames[0])
    placed = sorted(((float(normal @ one.position), one) for one in frames), key=lambda pair: pair[0])
    kept = [placed[0][1]]
    kept += [one for (before, _), (place, one) in pairwise(placed) if place - before > _SAME_PLACE]
    return kept


def _notes(places: Vector, tilt: float, left_out: int) -> list[str]:
    low, high = float(np.diff(places).min()), float(np.diff(places).max())
    notes = []
    if high - low > max(_EVEN, _EVEN * high):
        notes.append(f"irregular spacing {low:.2f} to {high:.2f} mm, interpolated")
    if tilt > _TILTED:
        notes.append(f"gantry tilt {tilt:.1f} degrees, corrected")
    if left_out:
        notes.append(f"{left_out} further images in the same places left out")
    return notes


def _unit(header: Json) -> str:
    """Return what the values are in: Units of PET, Rescale Type, HU of CT, else nothing is known."""
    named = first_text(header, _UNITS) or first_text(header, _RESCALE_TYPE)
    named = "" if named == "US" else named  # unspecified
    return named or ("HU" if first_text(header, _MODALITY) == "CT" else "")


def _window(header: Json) -> tuple[float, float] | None:
    center, width = first_number(header, _CENTER), first_number(header, _WIDTH)
    return (center, width) if center is not None and width is not None and width >= 1 else None


def slice_step(places: Vector) -> float:
    """Return the distance between slices; of unequal ones the least, but not less than a quarter of the mean."""
    mean = float(places[-1]) / (len(places) - 1)
    least = float(np.diff(places).min())
    return mean if mean - least < _EVEN * mean else max(least, mean / 4)


def finest_step(volume: Volume) -> float:
    """Return pixels as fine as those of the slices, or as the slices where these are thinner and few."""
    longest = max(volume.columns * volume.column_step, volume.rows * volume.row_step, float(volume.places[-1]))
    return min(volume.column_step, volume.row_step, max(slice_step(volume.places), longest / 512))


def voxel_step(volume: Volume, direction: Vector) -> float:
    """Return the distance between voxels in a direction: that of the voxel axis it is nearest to."""
    axes: list[tuple[Any, float]] = [
        (volume.row, volume.column_step), (volume.column, volume.row_step), (volume.line, slice_step(volume.places)),
    ]  # fmt: skip
    share, step = max(((abs(float(axis @ direction)), step) for axis, step in axes), key=lambda pair: pair[0])
    return step * share
