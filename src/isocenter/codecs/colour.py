"""Colour frames to 8-bit RGB (PS3.3 C.7.6.3.1.2): RGB, the YBR family, palettes.

Must not know: transfer syntaxes, grey scale.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from isocenter.errors import InvalidObjectError, UnsupportedError

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from isocenter.codecs.lookup import Lookup

RGB = frozenset({"RGB", "YBR_RCT", "YBR_ICT", "XYB"})
"""XYB is what JPEG XL decoders turn into RGB; RCT and ICT are undone by JPEG 2000 decoders."""
YBR = {"YBR_FULL": True, "YBR_FULL_422": True, "YBR_PARTIAL_422": False, "YBR_PARTIAL_420": False}
"""Whether Y uses the full range (ITU-T T.871) or 16..235 (ITU-R BT.601)."""
CR_TO_RED, CB_TO_GREEN, CR_TO_GREEN, CB_TO_BLUE = 1.402, -0.344136, -0.714136, 1.772


def to_rgb(frame: NDArray[Any], photometric: str, bits_stored: int) -> NDArray[np.uint8]:
    """Return (rows, columns, 3) uint8 of a frame of three samples.

    Raises:
        UnsupportedError: a colour space that is no longer in the standard (HSV, ARGB, CMYK).
    """
    if frame.ndim != 3 or frame.shape[2] < 3:
        raise InvalidObjectError(f"{photometric} with {frame.shape[2] if frame.ndim == 3 else 1} samples per pixel")
    narrow = _eight_bits(frame[..., :3], bits_stored)
    if photometric in RGB:
        return narrow
    if photometric in YBR:
        return _from_ybr(narrow, full=YBR[photometric])
    raise UnsupportedError(f"colour space {photometric} cannot be shown: retrieve the object as stored")


def apply_palette(frame: NDArray[Any], palette: tuple[Lookup, Lookup, Lookup]) -> NDArray[np.uint8]:
    """Return (rows, columns, 3) uint8 of a frame of palette indices."""
    tables = [table.to_8_bit() for table in palette]
    longest = max(len(table) for table in tables)
    merged = np.empty((longest, 3), np.uint8)
    for channel, table in enumerate(tables):
        merged[: len(table), channel] = table
        merged[len(table) :, channel] = table[-1]
    index = frame.astype(np.int64) - palette[0].first if palette[0].first else frame
    return merged.take(index, axis=0, mode="clip")


def _eight_bits(frame: NDArray[Any], bits_stored: int) -> NDArray[np.uint8]:
    if bits_stored > 8:
        frame = frame >> (bits_stored - 8)
    elif bits_stored < 8:
        frame = frame.astype(np.uint16) * 255 // ((1 << bits_stored) - 1)
    return frame.astype(np.uint8, copy=False)


def _from_ybr(frame: NDArray[np.uint8], *, full: bool) -> NDArray[np.uint8]:
    """Return RGB by tables of 256 entries: the transform is a sum of functions of one sample each."""
    values = np.arange(256, dtype=np.float64)
    luma = values if full else (values - 16) * (255 / 219)
    chroma = (values - 128) * (1 if full else 255 / 224)
    y = np.rint(luma * 64).astype(np.int16).take(frame[..., 0])
    rgb = np.empty(frame.shape, np.uint8)
    for channel, (cb, cr) in enumerate(((0, CR_TO_RED), (CB_TO_GREEN, CR_TO_GREEN), (CB_TO_BLUE, 0))):
        mixed = y + 32
        for factor, samples in ((cb, frame[..., 1]), (cr, frame[..., 2])):
            if factor:
                mixed += np.rint(chroma * factor * 64).astype(np.int16).take(samples)
        rgb[..., channel] = np.clip(mixed >> 6, 0, 255, out=mixed)
    return rgb
