"""Pictures for browsers: JPEG, PNG and WebP of 8-bit arrays, and scaling to a viewport (PS3.18 8.3.5.1).

Must not know: DICOM.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Any

import imagecodecs
import numpy as np

from isocenter.errors import UnsupportedError, UsageError

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    Picture = NDArray[np.uint8]

FAST_PNG = {"level": 1, "strategy": 3, "filter": 16}
"""Run lengths of differences: five times faster than the default, a tenth larger."""
DEFAULT_QUALITY = 90


def write_jpeg(picture: Picture, quality: int = DEFAULT_QUALITY) -> bytes:
    """Return a baseline JPEG of (rows, columns) grey or (rows, columns, 3) RGB; ``quality`` 1..100."""
    if not 1 <= quality <= 100:
        raise UsageError(f"quality {quality} is not between 1 and 100")
    return bytes(imagecodecs.jpeg8_encode(np.ascontiguousarray(picture), level=quality))


def write_png(picture: Picture, quality: int = 100) -> bytes:  # noqa: ARG001 - writers have one form
    """Return a PNG of (rows, columns) grey or (rows, columns, 3) RGB."""
    return bytes(imagecodecs.png_encode(np.ascontiguousarray(picture), **FAST_PNG))


def write_webp(picture: Picture, quality: int = DEFAULT_QUALITY) -> bytes:
    """Return a lossy WebP, grey as RGB."""
    colour = picture if picture.ndim == 3 else np.repeat(picture[..., None], 3, axis=2)
    return bytes(imagecodecs.webp_encode(np.ascontiguousarray(colour), level=quality, lossless=False))


WRITERS: dict[str, Callable[[Any, int], bytes]] = {
    "image/jpeg": write_jpeg,
    "image/png": write_png,
    "image/webp": write_webp,
}
"""Media type to writer."""


def write_picture(picture: Picture, media_type: str, quality: int = DEFAULT_QUALITY) -> bytes:
    """Return ``picture`` in one of the media types of `WRITERS`."""
    if media_type not in WRITERS:
        raise UnsupportedError(f"{media_type} is not among {', '.join(WRITERS)}")
    return WRITERS[media_type](picture, quality)


def fit(picture: Picture, columns: int, rows: int) -> Picture:
    """Return ``picture`` scaled to the largest size within ``columns`` x ``rows`` that keeps its proportions."""
    if columns < 1 or rows < 1:
        raise UsageError(f"a viewport of {columns} x {rows} holds nothing")
    factor = min(columns / picture.shape[1], rows / picture.shape[0])
    return scale(picture, max(round(picture.shape[1] * factor), 1), max(round(picture.shape[0] * factor), 1))


def scale(picture: Picture, columns: int, rows: int) -> Picture:
    """Return ``picture`` of ``rows`` x ``columns``: means of areas when smaller, bilinear when larger."""
    if columns < 1 or rows < 1:
        raise UsageError(f"a viewport of {columns} x {rows} holds nothing")
    if picture.shape[:2] == (rows, columns):
        return picture
    values: NDArray[Any] = picture
    for axis, size in enumerate((rows, columns)):
        values = np.moveaxis(_resampled(np.moveaxis(values, axis, 0), size), 0, axis)
    return np.ascontiguousarray(np.rint(np.clip(values, 0, 255)), np.uint8)


def _resampled(values: NDArray[Any], size: int) -> NDArray[np.float32]:
    """Return ``values`` with ``size`` entries along the first axis, means of neighbours weighted by distance."""
    whole = len(values)
    step = max(whole // size, 1)
    means = _block_means(values, step)
    places, weights = _taps(len(means), size, whole / size / step)
    shape = (-1, *[1] * (values.ndim - 1))
    result = means[places[0]] * weights[0].reshape(shape)
    for place, weight in zip(places[1:], weights[1:], strict=True):
        result += means[place] * weight.reshape(shape)
    return np.asarray(result)


def _block_means(values: NDArray[Any], step: int) -> NDArray[np.float32]:
    """Return means of ``step`` entries along the first axis; what remains is less than a factor of two."""
    if step == 1:
        return values.astype(np.float32)
    count = len(values) // step
    sums = values[: count * step].reshape(count, step, *values.shape[1:]).sum(axis=1, dtype=np.float32)
    means = sums / np.float32(step)
    if count * step < len(values):
        rest = values[count * step :].mean(axis=0, dtype=np.float32, keepdims=True)
        means = np.concatenate([means, rest])
    return np.asarray(means)


@lru_cache(maxsize=64)
def _taps(inputs: int, outputs: int, ratio: float) -> tuple[NDArray[np.intp], NDArray[np.float32]]:
    """Return (taps, outputs) places and weights of triangles as wide as an output: ``ratio`` inputs."""
    centers = (np.arange(outputs) + 0.5) * ratio - 0.5
    width = max(ratio, 1.0)
    count = int(np.ceil(2 * width)) + 1
    places = np.floor(centers - width).astype(np.intp) + 1 + np.arange(count)[:, None]
    weights = np.maximum(1 - np.abs(places - centers) / width, 0)
    weights[(places < 0) | (places >= inputs)] = 0
    weights /= weights.sum(axis=0)
    return places.clip(0, inputs - 1), weights.astype(np.float32)
