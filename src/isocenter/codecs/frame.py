"""One encoded frame, and the numpy type and value range that its description asks for (PS3.5 8.1.1, PS3.3 C.7.6.3).

Every adapter takes an `EncodedFrame` and returns an array (rows, columns[, samples]); `conform` then makes stored
values of it: container by BitsAllocated, sign by PixelRepresentation and BitsStored, nothing outside the stored bits.
Those that write take such values and a `Target`.
Must not know: transfer syntaxes, files, display.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from isocenter.errors import InvalidObjectError

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from isocenter.dicom.pixels import ImageDescription

TYPE_CODES = {8: "1", 16: "2", 32: "4", 64: "8"}
FLOAT_TYPES = {"OF": "f4", "OD": "f8"}

MAX_FRAME_BYTES = 1 << 30
"""No decoded frame may be larger: 16 bit, 23 000 x 23 000."""
SMALL_FRAME_BYTES = 1 << 26
MAX_RATIO = 20_000
"""A frame beyond `SMALL_FRAME_BYTES` that is compressed more than this is a lie in the header, not an image."""


@dataclass(frozen=True, slots=True)
class EncodedFrame:
    """The bytes of one frame (its fragments joined) and what is needed to read them.

    ``vr`` is that of the pixel data element (OB, OW; OF and OD for Float and Double Float Pixel Data), ``number``
    counts from 0 and matters only where native frames do not begin on a byte (BitsAllocated 1).
    """

    data: bytes
    description: ImageDescription
    big_endian: bool = False
    vr: str = "OW"
    number: int = 0

    @property
    def shape(self) -> tuple[int, ...]:
        """Return (rows, columns) or (rows, columns, samples)."""
        description = self.description
        plane = (description.Rows, description.Columns)
        return plane if description.SamplesPerPixel == 1 else (*plane, description.SamplesPerPixel)


@dataclass(frozen=True, slots=True)
class Target:
    """What values of this description are to become; ``quality`` (1..100) counts where loss is allowed."""

    description: ImageDescription
    lossy: bool = False
    quality: int = 90
    transfer_syntax_uid: str = ""


def unsigned(values: NDArray[Any], bits: int) -> NDArray[Any]:
    """Return ``values`` as the ``bits`` bits that codestreams without a sign hold, two's complement where negative."""
    whole = values.itemsize * 8
    if values.dtype.kind == "i":
        values = values.view(f"u{values.itemsize}")
        if bits < whole:
            values = values & values.dtype.type((1 << bits) - 1)
    narrow = values.astype(np.uint8) if bits <= 8 < whole else values
    return np.ascontiguousarray(narrow)


def container_bits(description: ImageDescription) -> int:
    """Return the bits of the numpy type that holds a sample: 8, 16, 32 or 64."""
    for bits in TYPE_CODES:
        if description.BitsAllocated <= bits:
            return bits
    raise InvalidObjectError(f"BitsAllocated {description.BitsAllocated} is not possible")


def stored_type(description: ImageDescription) -> np.dtype[Any]:
    """Return the type of stored values, in the byte order of this machine."""
    kind = "i" if description.PixelRepresentation == 1 else "u"
    return np.dtype(f"{kind}{TYPE_CODES[container_bits(description)]}")


def check_size(frame: EncodedFrame) -> None:
    """Refuse a header that claims an absurd size before anything is allocated for it."""
    description = frame.description
    count = description.Rows * description.Columns * description.SamplesPerPixel
    if count <= 0:
        raise InvalidObjectError(f"an image of {' x '.join(map(str, frame.shape))} samples has no pixels")
    size = count * container_bits(description) // 8
    absurd = size > SMALL_FRAME_BYTES and description.BitsAllocated > 1 and size > MAX_RATIO * len(frame.data)
    if size > MAX_FRAME_BYTES or absurd:
        raise InvalidObjectError(f"the header claims {size} bytes for a frame that has {len(frame.data)}")


def conform(values: NDArray[Any], frame: EncodedFrame) -> NDArray[Any]:
    """Return stored values of the right shape, type and sign.

    Raises:
        InvalidObjectError: the codestream holds another matrix than the header says.
    """
    if values.shape != frame.shape:
        values = _reshaped(values, frame)
    if values.dtype.kind == "f" or frame.description.BitsAllocated == 1:
        return values
    target = stored_type(frame.description)
    if values.dtype.itemsize > target.itemsize:
        target = np.dtype(f"{target.kind}{values.dtype.itemsize}")
    return _within_stored_bits(values, target, frame.description.BitsStored)


def _reshaped(values: NDArray[Any], frame: EncodedFrame) -> NDArray[Any]:
    """Return ``values`` in the shape of ``frame``; the last tiles of a slide are filled up from their edges."""
    rows, columns = frame.shape[:2]
    if values.shape[2:] == frame.shape[2:] and values.shape[0] <= rows and values.shape[1] <= columns:
        missing = [(0, rows - values.shape[0]), (0, columns - values.shape[1])]
        return np.pad(values, [*missing, (0, 0)][: values.ndim], mode="edge")
    if values.shape[:2] == (rows, columns) and values.size == np.prod(frame.shape):
        return values.reshape(frame.shape)
    raise InvalidObjectError(f"the frame holds {values.shape}, the header says {frame.shape}")


def _within_stored_bits(values: NDArray[Any], target: np.dtype[Any], bits: int) -> NDArray[Any]:
    """Return ``values`` as ``target``, without what lies above BitsStored: retired overlays, missing signs."""
    if values.dtype != target:
        values = values.astype(target) if values.dtype.itemsize != target.itemsize else values.view(target)
    unused = target.itemsize * 8 - bits
    if unused <= 0 or not values.size:
        return values
    high = 1 << (bits - (target.kind == "i"))
    if values.max() < high and (target.kind == "u" or values.min() >= -high):
        return values
    if target.kind == "u":
        return np.asarray(values & target.type(high - 1))
    return np.asarray((values << unused) >> unused)


def sign_extended(values: NDArray[Any], bits: int) -> NDArray[Any]:
    """Return unsigned ``values`` read as two's complement of ``bits`` bits."""
    signed = values.view(np.dtype(f"i{values.dtype.itemsize}"))
    unused = values.dtype.itemsize * 8 - bits
    return np.asarray((signed << unused) >> unused)


def check_matrix(frame: EncodedFrame, rows: int, columns: int, components: int) -> None:
    """Refuse a codestream of another matrix than the header's before it is decoded; tiles may be smaller."""
    description = frame.description
    told = (description.Rows, description.Columns, description.SamplesPerPixel)
    smaller_tile = description.NumberOfFrames > 1 and 0 < rows <= told[0] and 0 < columns <= told[1]
    if components != told[2] or ((rows, columns) != told[:2] and not smaller_tile):
        raise InvalidObjectError(f"the codestream is {rows} x {columns} x {components}, the header says {told}")
