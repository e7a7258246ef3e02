"""Stored values to the screen (PS3.4 N.2): modality LUT, VOI LUT, presentation LUT, padding; colour through `colour`.

Grey frames of up to 16 bits go through one table over the stored values that occur, so that the arithmetic costs the
same for a large frame as for a small one. Must not know: transfer syntaxes, data sets, files.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from isocenter.codecs import colour
from isocenter.codecs.presentation import Presentation, Window
from isocenter.errors import InvalidObjectError

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from isocenter.codecs.lookup import Lookup
    from isocenter.dicom.pixels import ImageDescription

#: What a picture without a window is shown between; the viewer does the same (``core/display.ts``).
DEFAULT_SHARES = (0.01, 0.99)
#: From so many values on every second, third … is looked at.
_SAMPLES = 300_000
WHITE = 255.0
NARROW = 2.0


def render(
    frame: NDArray[Any],
    description: ImageDescription,
    presentation: Presentation | None = None,
    window: Window | None = None,
) -> NDArray[np.uint8]:
    """Return a frame as it is to be seen: (rows, columns) grey or (rows, columns, 3) RGB, 8 bit.

    Args:
        frame: stored values, as `registry.decode_frame` returns them.
        description: of the image as its header has it.
        presentation: what its data set says about showing it (`presentation.read_presentation`).
        window: takes the place of the data set's own; colour has none.
    """
    presentation = presentation or Presentation()
    if frame.ndim == 3:
        return colour.to_rgb(frame, description.PhotometricInterpretation, description.BitsStored)
    if description.PhotometricInterpretation == "PALETTE COLOR":
        if presentation.palette is None:
            raise InvalidObjectError("PALETTE COLOR without its palette")
        return colour.apply_palette(frame, presentation.palette)
    grey = _grey(frame, description, presentation, window)
    if not presentation.supplemental or presentation.palette is None:
        return grey
    mapped = frame >= presentation.palette[0].first
    shown = np.repeat(grey[..., None], 3, axis=2)
    shown[mapped] = colour.apply_palette(frame[mapped], presentation.palette)
    return shown


def _grey(
    frame: NDArray[Any], description: ImageDescription, presentation: Presentation, window: Window | None
) -> NDArray[np.uint8]:
    inverse = presentation.inverse or (
        description.PhotometricInterpretation == "MONOCHROME1" and not presentation.fixed_shape
    )
    if frame.dtype.itemsize > 2 or frame.dtype.kind == "f":
        return _directly(frame, presentation, window, inverse=inverse)
    low, high = int(frame.min()), int(frame.max())
    stored = np.arange(low, high + 1)
    values = modality_values(stored, presentation)
    if window is None and not presentation.windows and not presentation.voi_luts:
        window = _whole_range(description, presentation) or _default(frame, presentation)
    table = _table(values, presentation, window, inverse=inverse)
    if presentation.padding:
        first, last = presentation.padding
        table[(stored >= first) & (stored <= last)] = 0
    return _looked_up(frame, table, low)


def _looked_up(frame: NDArray[Any], table: NDArray[np.uint8], low: int) -> NDArray[np.uint8]:
    """Return ``table[frame - low]`` without a wider copy of the frame."""
    unsigned = frame.view(f"u{frame.dtype.itemsize}")
    full = np.zeros(1 << (8 * frame.dtype.itemsize), np.uint8)
    index = np.arange(low, low + len(table)) & (len(full) - 1)
    full[index] = table
    return full.take(unsigned)  # indexing takes three times as long


def _directly(
    frame: NDArray[Any], presentation: Presentation, window: Window | None, *, inverse: bool
) -> NDArray[np.uint8]:
    """Return the picture of float or 32-bit values, which are too many for a table."""
    values = np.nan_to_num(modality_values(frame, presentation))
    if frame.dtype.kind == "f" and window is None:
        presentation = replace(presentation, windows=tuple(map(_exact, presentation.windows)))
    if window is None and not presentation.windows and not presentation.voi_luts:
        window = _default(np.nan_to_num(frame), presentation)
    return _table(values, presentation, window, inverse=inverse)


def _exact(window: Window) -> Window:
    """Return a window of floats: LINEAR, made for whole numbers, would make a step of a narrow one (C.11.2.1.2)."""
    narrow = window.function == "LINEAR" and window.width <= NARROW
    return replace(window, function="LINEAR_EXACT") if narrow else window


def modality_values(stored: NDArray[Any], presentation: Presentation) -> NDArray[np.float64]:
    """Return what stored values mean: HU, optical density, activity … (PS3.3 C.11.1)."""
    if presentation.modality_lut is not None:
        return presentation.modality_lut(stored).astype(np.float64)
    return stored * presentation.slope + presentation.intercept


def _table(
    values: NDArray[np.float64], presentation: Presentation, window: Window | None, *, inverse: bool
) -> NDArray[np.uint8]:
    """Return 0..255 for modality values: the caller's window, else the VOI LUT, else the data set's first window."""
    if window is None and presentation.voi_luts:
        lut = presentation.voi_luts[0]
        shown = lut(values) * (WHITE / ((1 << lut.bits) - 1))
    else:
        shown = apply_window(values, window or presentation.windows[0])
    if presentation.presentation_lut is not None:
        return _by_presentation_lut(shown, presentation.presentation_lut)
    return np.asarray(np.rint(WHITE - shown if inverse else shown), np.uint8)


def _by_presentation_lut(shown: NDArray[Any], lut: Lookup) -> NDArray[np.uint8]:
    """Return 0..255 through a presentation LUT, whose inputs span the whole range (PS3.3 C.11.6.1)."""
    inputs = np.rint(shown * ((len(lut.values) - 1) / WHITE)) + lut.first
    return np.asarray(np.rint(lut(inputs) * (WHITE / ((1 << lut.bits) - 1))), np.uint8)


def apply_window(values: NDArray[np.float64], window: Window) -> NDArray[np.float64]:
    """Return 0..255 by the three functions of PS3.3 C.11.2.1.2 and C.11.2.1.3."""
    center, width = window.center, window.width
    if window.function == "SIGMOID":
        return WHITE / (1 + np.exp(np.clip(-4 * (values - center) / width, -700, 700)))
    if window.function == "LINEAR":
        center, width = center - 0.5, width - 1
    if width <= 0:
        return np.where(values > center, WHITE, 0.0)
    return np.clip((values - center) / width + 0.5, 0, 1) * WHITE


def _whole_range(description: ImageDescription, presentation: Presentation) -> Window | None:
    """Return the window that shows 8-bit and smaller pictures as they are, None where a better one must be found."""
    plain = presentation.modality_lut is None and (presentation.slope, presentation.intercept) == (1, 0)
    if presentation.counts or not plain or description.BitsStored > 8 or description.PixelRepresentation == 1:
        return None
    return _spanning(0, (1 << description.BitsStored) - 1)


def _default(frame: NDArray[Any], presentation: Presentation) -> Window:
    """Return a window between percentiles of what is not padding; of counts, from nothing to the most.

    Where that is no range, the smallest and the largest value are its ends.
    """
    flat = frame.ravel()
    sample = flat[:: max(1, flat.size // _SAMPLES)]
    if presentation.padding:
        first, last = presentation.padding
        sample = sample[(sample < first) | (sample > last)]
    sample = np.sort(sample, kind="stable")  # by radix, for whole numbers of 16 bits
    last_one = len(sample) - 1
    low, high = (sample[int(share * last_one + 0.5)] if len(sample) else 0 for share in DEFAULT_SHARES)
    if high <= low:
        low, high = flat.min(), flat.max()
    elif presentation.counts:
        low, high = 0, flat.max()
    ends = modality_values(np.array([low, high]), presentation)
    return _spanning(float(ends.min()), float(ends.max()))


def _spanning(low: float, high: float) -> Window:
    return Window((low + high) / 2, max(float(high - low), 1e-9), "LINEAR_EXACT")
