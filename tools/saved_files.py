"""Pictures of files that the viewer saves, drawn from the files alone: what another program would find in them."""

import gzip
import struct

import numpy as np
from numpy.typing import NDArray
from PIL import Image

_GROUND = (22, 24, 29)


def stl_picture(data: bytes, size: tuple[int, int]) -> Image.Image:
    """Return the triangles of a binary STL, seen from the front and a little from the side, lit from where one stands.

    Each triangle is painted as a square about its middle, those farther away first.
    """
    (count,) = struct.unpack_from("<I", data, 80)
    layout = np.dtype([("normal", "<3f4"), ("corners", "<9f4"), ("flags", "<u2")])
    triangles = np.frombuffer(data, layout, count, 84)
    places = triangles["corners"].reshape(-1, 3, 3).mean(axis=1)
    turn = np.radians(25)
    across = np.array([np.cos(turn), np.sin(turn), 0.0])
    away = np.array([-np.sin(turn), np.cos(turn), 0.0])  # LPS: from in front towards the back
    u, v, depth = places @ across, -places[:, 2], places @ away
    scale = 0.94 * min(size[0] / np.ptp(u), size[1] / np.ptp(v))
    x = (u - u.min() - np.ptp(u) / 2) * scale + size[0] / 2
    y = (v - v.min() - np.ptp(v) / 2) * scale + size[1] / 2
    light = 40 + 205 * np.abs(triangles["normal"] @ away)
    order = np.argsort(-depth)
    canvas = np.tile(np.array(_GROUND, np.uint8), (size[1], size[0], 1))
    colours = np.outer(light[order], (0.95, 0.88, 0.76)).astype(np.uint8)
    for dx, dy in np.ndindex(3, 3):
        at = (
            (y[order] + dy - 1).astype(int).clip(0, size[1] - 1),
            (x[order] + dx - 1).astype(int).clip(0, size[0] - 1),
        )
        canvas[at] = colours
    return Image.fromarray(canvas)


def nifti_picture(data: bytes, size: tuple[int, int], window: tuple[float, float]) -> Image.Image:
    """Return the three middle planes of a NIfTI-1 volume, right of the patient on the left of the picture."""
    raw = gzip.decompress(data) if data[:2] == b"\x1f\x8b" else data
    columns, rows, slices = struct.unpack_from("<3h", raw, 42)
    kind = {4: "<i2", 16: "<f4", 512: "<u2", 8: "<i4", 2: "u1"}[struct.unpack_from("<h", raw, 70)[0]]
    steps = struct.unpack_from("<3f", raw, 80)
    offset, slope, intercept = struct.unpack_from("<3f", raw, 108)
    volume = np.frombuffer(raw, kind, columns * rows * slices, int(offset)).reshape(slices, rows, columns)
    matrix = np.array([struct.unpack_from("<3f", raw, at) for at in (280, 296, 312)])
    for axis in range(3):  # towards left, back and foot, which NIfTI counts the other way round
        if matrix[2 - axis, 2 - axis] > 0:
            volume = np.flip(volume, axis)
    values = volume * (slope or 1.0) + intercept
    middles = (
        (values[slices // 2], steps[0], steps[1]),
        (values[:, rows // 2], steps[0], steps[2]),
        (values[:, :, columns // 2], steps[1], steps[2]),
    )
    whole = Image.new("RGB", size, _GROUND)
    for number, (plane, wide, high) in enumerate(middles):
        grey = _windowed(plane, *window)
        scale = min(size[0] / 3 / (plane.shape[1] * wide), size[1] / (plane.shape[0] * high))
        shown = (round(plane.shape[1] * wide * scale), round(plane.shape[0] * high * scale))
        image = Image.fromarray(grey).resize(shown, Image.Resampling.BILINEAR)
        whole.paste(image, (number * size[0] // 3, (size[1] - shown[1]) // 2))
    return whole


def _windowed(values: NDArray[np.float64], center: float, width: float) -> NDArray[np.uint8]:
    grey: NDArray[np.uint8] = (((values - center) / width + 0.5).clip(0, 1) * 255).astype(np.uint8)
    return grey
