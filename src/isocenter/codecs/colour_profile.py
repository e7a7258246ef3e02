"""ICC profiles: colours into a known space, and the profile into the picture (PS3.18 8.3.5.1.5, PS3.3 C.11.15).

JPEG has profiles in APP2 segments, PNG in a chunk; other pictures are written without. Must not know: DICOM files.
"""

from __future__ import annotations

import struct
import zlib
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import imagecodecs
import numpy as np

from isocenter.errors import UnsupportedError

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Picture = NDArray[np.uint8]

AS_IT_IS, SRGB, ADOBE_RGB, ROMM_RGB = "yes", "srgb", "adobergb", "rommrgb"
SPACES = (AS_IT_IS, SRGB, ADOBE_RGB, ROMM_RGB)
D50 = (0.3457, 0.3585)
ROMM_PRIMARIES = (0.7347, 0.2653, 1, 0.1596, 0.8404, 1, 0.0366, 0.0001, 1)
MOST_IN_SEGMENT = 65519
PNG_HEADER = 33


@lru_cache(maxsize=4)
def profile_of(space: str) -> bytes:
    """Return the ICC profile of one of the known spaces."""
    if space == ROMM_RGB:
        made = imagecodecs.cms_profile("rgb", whitepoint=D50, primaries=ROMM_PRIMARIES, gamma=1.8)
    else:
        made = imagecodecs.cms_profile(space)
    return bytes(made)


def convert(picture: Picture, own: bytes, space: str) -> tuple[Picture, bytes]:
    """Return a colour picture in a space, and the profile of that; without ``own`` the picture is taken for sRGB.

    Raises:
        UnsupportedError: the profile of the image cannot be used.
    """
    source = own or profile_of(SRGB)
    if space == AS_IT_IS:
        return picture, source
    target = profile_of(space)
    try:
        moved: Any = imagecodecs.cms_transform(
            np.ascontiguousarray(picture), source, target, colorspace="rgb", outcolorspace="rgb"
        )
    except (RuntimeError, ValueError) as error:
        raise UnsupportedError(f"the ICC profile of the image cannot be used: {error}") from error
    return np.asarray(moved, np.uint8), target


def embedded(encoded: bytes, media_type: str, profile: bytes) -> bytes:
    """Return a picture with a profile in it, where its kind has room for one."""
    writer = WRITERS.get(media_type)
    return writer(encoded, profile) if writer is not None else encoded


def _into_jpeg(encoded: bytes, profile: bytes) -> bytes:
    parts = [profile[start : start + MOST_IN_SEGMENT] for start in range(0, len(profile), MOST_IN_SEGMENT)]
    segments = [
        struct.pack(">HH", 0xFFE2, len(part) + 16) + b"ICC_PROFILE\0" + bytes([number, len(parts)]) + part
        for number, part in enumerate(parts, 1)
    ]
    behind = 4 + int.from_bytes(encoded[4:6], "big") if encoded[2:4] == b"\xff\xe0" else 2
    return encoded[:behind] + b"".join(segments) + encoded[behind:]


def _into_png(encoded: bytes, profile: bytes) -> bytes:
    body = b"iCCP" + b"icc\0\0" + zlib.compress(profile)
    chunk = struct.pack(">I", len(body) - 4) + body + struct.pack(">I", zlib.crc32(body))
    return encoded[:PNG_HEADER] + chunk + encoded[PNG_HEADER:]


WRITERS = {"image/jpeg": _into_jpeg, "image/png": _into_png}
