"""A frame of a stored image as a picture: decoded, windowed, annotated, cropped, scaled, written (PS3.18 8.3.5).

Blocks: for a thread.
"""

import struct
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np
import pydicom
from pydicom.dataelem import RawDataElement
from pydicom.tag import BaseTag

from isocenter.archive import Archive, Instance
from isocenter.codecs import overlays, shutters
from isocenter.codecs.colour_profile import convert, embedded
from isocenter.codecs.display import render
from isocenter.codecs.drawing import Canvas
from isocenter.codecs.image import fit, write_picture
from isocenter.codecs.presentation import KEYWORDS, SIMPLE, Presentation, Window, read_presentation, read_simple
from isocenter.codecs.registry import BIG_ENDIAN_PIXELS, decode_frame
from isocenter.codecs.softcopy import State
from isocenter.dicom import dictionary
from isocenter.dicom.encoding import Buffer, Encoding, effective_encoding, encoding_of
from isocenter.dicom.header import decode_values
from isocenter.dicom.layout import Layout
from isocenter.dicom.scanner import scan
from isocenter.dicom.uids import TransferSyntax
from isocenter.errors import InvalidObjectError, UsageError
from isocenter.web import annotations
from isocenter.web.layouts import opened, read_frame

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Picture = NDArray[np.uint8]

T = TypeVar("T")

_ICC_PROFILE = 0x00282000
_OPTICAL_PATHS = 0x00480105
_DISPLAY_TAGS = frozenset(map(dictionary.tag, KEYWORDS | shutters.KEYWORDS)) | overlays.TAGS
_SIMPLE_TAGS = {dictionary.tag(keyword): keyword for keyword in SIMPLE}
_WITH_PROFILE = _DISPLAY_TAGS | {_ICC_PROFILE, _OPTICAL_PATHS}
#: What pydicom raises over broken data sets.
UNREADABLE = (OSError, EOFError, ValueError, TypeError, KeyError, AttributeError, NotImplementedError, struct.error)


@dataclass(frozen=True, slots=True)
class View:
    """How a picture is wanted: window, the rectangle (left, top, width, height) of the image, the size to fit into.

    ``mirrored`` is left and right, ``upside_down`` top and bottom exchanged; ``profile`` is the value of iccprofile.
    """

    media_type: str
    quality: int = 90
    window: Window | None = None
    crop: tuple[int, int, int, int] | None = None
    size: tuple[int, int] | None = None
    mirrored: bool = False
    upside_down: bool = False
    annotations: tuple[str, ...] = ()
    profile: str = ""
    state: pydicom.Dataset | None = None


def draw(archive: Archive, instance: Instance, layout: Layout, number: int, view: View) -> bytes:
    """Return frame ``number``, counted from 1, as a picture.

    Raises:
        UnsupportedError: nothing here decodes the transfer syntax.
        InvalidObjectError: the frame is broken.
        UsageError: the rectangle is outside the image.
    """
    header, texts = _read_header(archive, instance, view)
    picture = _shown(archive, instance, layout, number, view, header)
    picture = _annotated(_placed(picture, view), texts)
    if not view.profile or picture.ndim == 2:
        return write_picture(picture, view.media_type, view.quality)
    picture, profile = convert(picture, _profile(header.dataset), view.profile)
    return embedded(write_picture(picture, view.media_type, view.quality), view.media_type, profile)


def pictures_of(
    archive: Archive, instance: Instance, layout: Layout, numbers: Sequence[int], view: View
) -> "Iterator[Picture]":
    """Yield frames, counted from 1, as they are to be seen; all are of one size."""
    header, texts = _read_header(archive, instance, view)
    for number in numbers:
        yield _annotated(_placed(_shown(archive, instance, layout, number, view, header), view), texts)


def _shown(
    archive: Archive, instance: Instance, layout: Layout, number: int, view: View, header: "Header"
) -> "Picture":
    """Return the whole frame as it is to be seen."""
    raw = read_frame(archive, instance, layout, number)
    frame = decode_frame(raw, layout.description, layout.syntax.uid, vr=layout.vr, number=number - 1)
    presentation = header.presentation(number)
    if view.state is None and header.simple:  # nothing lies over it
        return render(frame, layout.description, presentation, view.window)
    dataset, words = header.dataset, _words(raw, layout, header.dataset)
    if view.state is None:
        picture = render(frame, layout.description, presentation, view.window)
        planes = _understood(partial(overlays.read_overlays, dataset, number - 1, words))
        return _understood(partial(shutters.close, overlays.burn(picture, planes), dataset))
    state = State(view.state, instance.SOPInstanceUID, number)
    picture = render(frame, layout.description, _understood(partial(state.presentation, presentation)), view.window)
    planes = _understood(partial(overlays.read_overlays, dataset, number - 1, words, state.overlay_groups))
    return _understood(partial(state.applied, picture, planes))


def _understood(read: Callable[[], T]) -> T:
    """Return what ``read`` gives; what pydicom makes of broken values becomes one error."""
    try:
        return read()
    except UNREADABLE as error:
        raise InvalidObjectError(f"the header cannot be read for display: {error}") from error


def _words(raw: bytes, layout: Layout, header: pydicom.Dataset) -> "NDArray[Any] | None":
    """Return the native values with all their bits, if an overlay is among these."""
    description = layout.description
    if layout.compressed or description.BitsAllocated != 16 or not overlays.in_unused_bits(header):
        return None
    kind = ">u2" if layout.syntax.uid in BIG_ENDIAN_PIXELS else "<u2"
    count = description.Rows * description.Columns
    return np.frombuffer(raw, kind, count).reshape(description.Rows, description.Columns)


def _placed(picture: "Picture", view: View) -> "Picture":
    """Return the part that is wanted, in the size that is wanted."""
    if view.crop is not None:
        left, top, width, height = view.crop
        rows, columns = picture.shape[:2]
        picture = picture[top : top + height, left : left + width]
        if not picture.size:
            raise UsageError(f"the viewport's rectangle is outside the image of {columns} x {rows}")
    picture = picture[:: -1 if view.upside_down else 1, :: -1 if view.mirrored else 1]
    return picture if view.size is None else fit(picture, *view.size)


def _annotated(picture: "Picture", texts: annotations.Texts) -> "Picture":
    """Return ``picture`` with text of its own size, so that it is readable in every scale."""
    if not texts:
        return picture
    canvas = Canvas(picture)
    annotations.write(canvas, texts)
    return canvas.picture


@dataclass(frozen=True, slots=True)
class Header:
    """The raw elements of a data set that say how its image is to be shown."""

    values: dict[int, bytes]
    syntax: TransferSyntax
    encoding: Encoding

    @property
    def simple(self) -> bool:
        """Whether there are no sequences, tables, overlays and shutters among them."""
        return self.values.keys() <= _SIMPLE_TAGS.keys()

    @property
    def dataset(self) -> pydicom.Dataset:
        """The elements as a data set."""
        implicit, little = self.encoding.implicit, not self.encoding.big_endian
        return pydicom.Dataset({
            BaseTag(tag): RawDataElement(BaseTag(tag), None, len(raw), raw, 0, implicit, little)
            for tag, raw in self.values.items()
        })  # fmt: skip

    def presentation(self, number: int) -> Presentation:
        """Return how frame ``number``, counted from 1, is to be shown."""
        if self.simple:
            texts = decode_values(self.values, self.syntax)
            with suppress(ValueError):
                return read_simple({_SIMPLE_TAGS[tag]: values for tag, values in texts.items()})
        return _understood(partial(read_presentation, self.dataset, number - 1))


def _read_header(archive: Archive, instance: Instance, view: View) -> tuple[Header, annotations.Texts]:
    with opened(archive, instance) as (data, syntax):
        header = display_header(data, syntax, _WITH_PROFILE if view.profile else _DISPLAY_TAGS)
        texts = annotations.texts_of(data, syntax, view.annotations) if view.annotations else {}
    return header, texts


def display_header(data: Buffer, syntax: TransferSyntax, tags: frozenset[int] = _DISPLAY_TAGS) -> Header:
    """Return the elements of a data set that say how its image is to be shown; nothing is decoded yet.

    Raises:
        InvalidObjectError: the data set is broken.
    """
    encoding = effective_encoding(data, 0, len(data), encoding_of(syntax))
    return Header(scan(data, syntax, tags).values, syntax, encoding)


def _profile(header: pydicom.Dataset) -> bytes:
    """Return the ICC profile of an image or of its first optical path, empty without one."""
    with suppress(*UNREADABLE):
        for holder in (header, *(header.get("OpticalPathSequence") or [])[:1]):
            if holder.get("ICCProfile"):
                return bytes(holder.ICCProfile)
    return b""
