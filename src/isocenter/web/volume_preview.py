"""A small volume of a series' real values, so that other planes can be shown before its slices have come. Pure.

Which frames are parallel slices is taken from their headers (PS3.3 C.7.6.2, C.7.6.16.2). Neighbouring pixels and slices
are averaged after rescaling (PS3.3 C.11.1) and rounded to one of about five hundred steps. The body is one line of JSON
that says what is what, then the differences of neighbours along a row, the low bytes of all before the high bytes.
"""

import json
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from isocenter.web.frame_headers import Json, frames_of

#: Sides of the small volume: pixels of a row or column, and slices.
MOST_PIXELS, MOST_SLICES = 104, 64
#: A series with fewer voxels is there as soon as its preview would be.
FEWEST_VOXELS = 4_000_000
_STEPS = 512
_SAME_PLACE = 0.01  # mm


@dataclass(frozen=True, slots=True)
class Slice:
    """One frame of a volume: ``number`` counts from 1, ``place`` is mm along the normal."""

    SOPInstanceUID: str
    number: int
    rows: int
    columns: int
    place: float
    slope: float
    intercept: float


def slices_of(headers: Sequence[Json]) -> list[Slice]:
    """Return the parallel slices of a series in the order they lie; of several such stacks the largest.

    Of frames in one place the first is taken. An empty list: there is nothing worth a preview.
    """
    stacks: defaultdict[tuple[object, ...], list[Slice]] = defaultdict(list)
    for header in headers:
        for key, one in _frames(header):
            stacks[key].append(one)
    stack = max(stacks.values(), key=len, default=[])
    stack.sort(key=lambda one: one.place)
    apart = [one for at, one in enumerate(stack) if at == 0 or one.place - stack[at - 1].place > _SAME_PLACE]
    return apart if apart and len(apart) * apart[0].rows * apart[0].columns >= FEWEST_VOXELS else []


def _frames(header: Json) -> Iterator[tuple[tuple[object, ...], Slice]]:
    """Yield each frame that has a place in the patient, with what all slices of a stack share."""
    for one in frames_of(header):
        if one.placed and one.samples == 1:
            place = float(np.dot(np.cross(one.orientation[:3], one.orientation[3:]), one.position))
            key = (one.rows, one.columns, *(round(value, 3) for value in (*one.orientation, *one.spacing)))
            yield (
                key,
                Slice(one.SOPInstanceUID, one.number, one.rows, one.columns, place, one.slope, one.intercept),
            )


def write_preview(slices: Sequence[Slice], read: Callable[[Slice], NDArray[Any]], *, sparse: bool = False) -> bytes:
    """Return the body of a preview; ``read`` gives the stored values (rows, columns) of a slice.

    ``sparse``: of each group of slices only the middle one is read, where reading is dear.
    """
    factor = -(-max(slices[0].rows, slices[0].columns) // MOST_PIXELS)
    together = -(-len(slices) // MOST_SLICES)
    groups = [slices[start : start + together] for start in range(0, len(slices), together)]
    if sparse:
        groups = [[group[len(group) // 2]] for group in groups]
    volume = np.stack([np.mean([_reduced(one, read(one), factor) for one in group], axis=0) for group in groups])
    low, high = (float(value) for value in np.percentile(volume, (0.1, 99.9)))
    step = (high - low) / _STEPS or 1.0
    steps = np.clip(np.rint((volume - low) / step), -32768, 32767).astype(np.int16)
    header = {
        "columns": volume.shape[2],
        "rows": volume.shape[1],
        "factor": factor,
        "together": together,
        "low": low,
        "step": step,
        "slices": [[[one.SOPInstanceUID, one.number] for one in group] for group in groups],
    }
    return json.dumps(header, separators=(",", ":")).encode() + b"\n" + _differences(steps)


def _reduced(one: Slice, values: NDArray[Any], factor: int) -> NDArray[np.float32]:
    """Return means of squares of ``factor`` pixels, in real values; squares at the edge repeat their last pixels."""
    missing = [(0, -side % factor) for side in values.shape]
    padded = np.pad(values, missing, mode="edge") if any(after for _, after in missing) else values
    rows, columns = (side // factor for side in padded.shape)
    means = padded.reshape(rows, factor, columns, factor).mean(axis=(1, 3), dtype=np.float32)
    return np.asarray(means * np.float32(one.slope) + np.float32(one.intercept))


def _differences(steps: NDArray[np.int16]) -> bytes:
    """Return each value less its left neighbour, that of the first column less the one above; low bytes, high bytes."""
    differences = steps.copy()
    differences[:, :, 1:] -= steps[:, :, :-1]
    differences[:, 1:, 0] -= steps[:, :-1, 0]
    pairs = differences.astype("<i2").view(np.uint8).reshape(-1, 2)
    return pairs[:, 0].tobytes() + pairs[:, 1].tobytes()
