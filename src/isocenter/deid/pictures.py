"""Frames as people see them, for looking for text in them; and what of a frame may be text, for comparing frames.

Frames are decoded one by one, on demand. Grey frames are shown in more than one window where those differ, since text
is often written outside the window of the image. Must not know: engines, policies.
"""

from __future__ import annotations

import io
import struct
from dataclasses import replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
from pydicom.errors import BytesLengthException

from isocenter.codecs.display import modality_values, render
from isocenter.codecs.presentation import Presentation, Window, read_presentation
from isocenter.codecs.registry import decode_frame, decoded_photometric
from isocenter.dicom.encoding import effective_encoding, encoding_of
from isocenter.dicom.pixels import frame_ranges, image_description
from isocenter.dicom.scanner import scan
from isocenter.errors import InvalidObjectError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from isocenter.dicom.encoding import Buffer
    from isocenter.dicom.uids import TransferSyntax

_LAST = 0x7FE00000
#: A window whose picture differs less from one that was shown before, in more pixels, shows nothing new.
_DIFFERENT, _FEW = 24, 0.0005
_PERCENTILES = (1.0, 99.0)
#: Differences between neighbours from which they are an edge of a stroke, and the size of tiles to count these in.
_EDGE, _TILE = 32, 16
#: What pydicom raises over broken values; its words may quote them.
UNREADABLE = (
    ValueError, TypeError, KeyError, AttributeError, IndexError, OverflowError, NotImplementedError,
    BytesLengthException,
)  # fmt: skip


class Pictures:
    """The frames of one image. Raises InvalidObjectError when there are fewer than announced, or they are broken."""

    def __init__(self, data: Buffer, syntax: TransferSyntax, values: dict[int, bytes]) -> None:
        self._data, self._syntax = data, syntax
        self.description = image_description(values, syntax)
        self._ranges = frame_ranges(data, syntax, self.description)
        if len(self._ranges) != self.description.NumberOfFrames:
            raise InvalidObjectError("there are fewer frames than announced")

    def __len__(self) -> int:
        return len(self._ranges)

    @cached_property
    def dataset(self) -> Any:  # noqa: ANN401 - a pydicom data set, which is not imported at the top
        """The header as pydicom has it."""
        from pydicom.filereader import read_dataset  # noqa: PLC0415 - heavy, and seldom needed

        head = bytes(self._data[: scan(self._data, self._syntax, frozenset(), _LAST).position])
        encoding = effective_encoding(head, 0, len(head), encoding_of(self._syntax))
        try:
            return read_dataset(io.BytesIO(head), encoding.implicit, not encoding.big_endian)
        except (OSError, EOFError, struct.error, *UNREADABLE) as error:
            raise InvalidObjectError("its header is broken") from error

    def stored(self, number: int) -> NDArray[Any]:
        """Return the stored values of a frame, from 0; an array that may be written to."""
        frame = b"".join(bytes(self._data[start : start + length]) for start, length in self._ranges[number])
        return decode_frame(frame, self.description, self._syntax.uid, number=number).copy()

    def plain(self, stored: NDArray[Any]) -> NDArray[np.uint8]:
        """Return a picture of stored values over their whole range, for comparing frames: the largest of colours."""
        if stored.ndim == 3:
            return np.asarray(render(stored, self._shown()).max(axis=2))
        low, high = stored.min(), stored.max()
        return np.asarray((stored.astype(np.float32) - low) * (255 / max(float(high) - float(low), 1)), np.uint8)

    def views(self, stored: NDArray[Any], number: int) -> list[NDArray[np.uint8]]:
        """Return the pictures of a frame that differ: as the object says, its whole range, most of its range."""
        shown: list[NDArray[np.uint8]] = []
        for picture in self._rendered(stored, number):
            if all(np.mean(_differences(picture, other) > _DIFFERENT) > _FEW for other in shown):
                shown.append(picture)
        return shown

    def _rendered(self, stored: NDArray[Any], number: int) -> Iterator[NDArray[np.uint8]]:
        description = self._shown()
        try:
            presentation = read_presentation(self.dataset, number)
            yield render(stored, description, presentation)
        except (InvalidObjectError, *UNREADABLE):
            presentation = Presentation()
        if stored.ndim == 3 or description.PhotometricInterpretation == "PALETTE COLOR":
            return
        grey = replace(presentation, windows=(), voi_luts=(), padding=None, palette=None, supplemental=False)
        values = modality_values(stored, grey)
        for low, high in (np.percentile(values, (0, 100)), np.percentile(values, _PERCENTILES)):
            window = Window((low + high) / 2, max(float(high - low), 1e-6), "LINEAR_EXACT")
            yield render(stored, description, grey, window)

    def _shown(self) -> Any:  # noqa: ANN401 - an ImageDescription
        return replace(self.description, PhotometricInterpretation=decoded_photometric(self.description))


def strokes(picture: NDArray[np.uint8]) -> NDArray[np.int32]:
    """Return how many edges of strokes each tile of a grey picture has."""
    signed = picture.astype(np.int16)
    edges = np.zeros(picture.shape, np.int32)
    edges[:, 1:] = np.abs(np.diff(signed, axis=1)) > _EDGE
    rows, columns = (-size % _TILE for size in picture.shape)
    padded = np.pad(edges, ((0, rows), (0, columns)))
    tiles = padded.reshape(padded.shape[0] // _TILE, _TILE, padded.shape[1] // _TILE, _TILE)
    return np.asarray(tiles.sum(axis=(1, 3)), np.int32)


def _differences(one: NDArray[np.uint8], other: NDArray[np.uint8]) -> NDArray[np.int16]:
    return np.abs(one.astype(np.int16) - other.astype(np.int16))
