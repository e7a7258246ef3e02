"""Pictures for browsers: JPEG, PNG and WebP of 8-bit arrays, and scaling to a viewport (PS3.18 8.3.5.1).

Must not know: DICOM.
"""

from __future__ import annotations

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
    steps = max(picture.shape[0] // rows, 1), max(picture.shape[1] // columns, 1)
    means = _block_means(picture, *steps)
    down = _weights(means.shape[0], rows, picture.shape[0] / rows / steps[0])
    across = _weights(means.shape[1], columns, picture.shape[1] / columns / steps[1])
    values = means.astype(np.float32, copy=False)
    planes = values[..., None] if values.ndim == 2 else values
    scaled = np.stack([down @ planes[..., plane] @ across.T for plane in range(planes.shape[2])], axis=-1)
    result = np.rint(np.clip(scaled, 0, 255)).astype(np.uint8)
    return np.asarray(result[..., 0] if values.ndim == 2 else result)


def _block_means(picture: Picture, down: int, across: int) -> NDArray[Any]:
    """Return means of whole blocks, so that the rest is less than a factor of two."""
    if down == across == 1:
        return picture
    rows, columns = -(-picture.shape[0] // down), -(-picture.shape[1] // across)
    missing = [(0, rows * down - picture.shape[0]), (0, columns * across - picture.shape[1]), (0, 0)]
    whole = np.pad(picture, missing[: picture.ndim], mode="edge")
    blocks = whole.reshape(rows, down, columns, across, *picture.shape[2:])
    return np.asarray(blocks.sum(axis=1, dtype=np.uint32).sum(axis=2) / np.float32(down * across))


def _weights(inputs: int, outputs: int, ratio: float) -> NDArray[np.float32]:
    """Return the (outputs, inputs) matrix of triangle weights, as wide as an output sample: ``ratio`` inputs."""
    centers = (np.arange(outputs) + 0.5) * ratio - 0.5
    distance = np.abs(np.arange(inputs)[None, :] - centers[:, None]) / max(ratio, 1.0)
    weights = np.maximum(1 - distance, 0)
    return np.asarray(weights / weights.sum(axis=1, keepdims=True), np.float32)
