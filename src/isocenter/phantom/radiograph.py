"""X-ray pictures of the thorax: what is left of a beam that goes through it, from behind or from the side.

Must not know: DICOM.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from PIL import Image

from isocenter.phantom.noise import blurred, grain

if TYPE_CHECKING:
    from collections.abc import Iterable

    from isocenter.phantom.shapes import Field

WATER = 0.021
"""Attenuation of water per millimetre, of a hard beam."""


def projected(planes: Iterable[Field], pixel: float) -> tuple[Field, Field]:
    """Return the water-equivalent paths in millimetres through axial planes, lowest first: frontal, lateral.

    Rows run from the top plane to the lowest one. The frontal picture is as if the patient faced the observer, the
    lateral one has the front on the left.
    """
    frontal, lateral = [], []
    for plane in planes:
        dense = np.maximum(plane + 1000, 0) / 1000
        dense = np.where(plane > 120, dense * (1 + 0.9 * np.clip((plane - 120) / 900, 0, 1)), dense)
        frontal.append(dense.sum(axis=0) * pixel)
        lateral.append(dense.sum(axis=1) * pixel)
    return np.stack(frontal[::-1]).astype(np.float32), np.stack(lateral[::-1]).astype(np.float32)


def film(paths: Field, size: tuple[int, int], random: np.random.Generator) -> Field:
    """Return a picture of ``size`` (columns, rows) between 0 (nothing in the way) and 1, its details raised."""
    picture = np.asarray(Image.fromarray(paths).resize(size, Image.Resampling.BICUBIC), np.float32)
    shown = 1 - np.exp(-WATER * 0.26 * np.maximum(picture, 0))
    small = Image.fromarray(shown).resize((size[0] // 24, size[1] // 24), Image.Resampling.BOX)
    slow = np.asarray(small.resize(size, Image.Resampling.BICUBIC), np.float32)
    shown = shown + np.float32(0.9) * (shown - slow)
    return np.clip(blurred(shown + 0.004 * grain(random, shown.shape), 0.1), 0, 1)
