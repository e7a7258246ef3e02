"""A frame of a stored image as a picture: decoded, windowed, cropped, scaled, written. Blocks: for a reader thread."""

import struct
from dataclasses import dataclass

import pydicom
from pydicom.dataelem import RawDataElement
from pydicom.tag import BaseTag

from isocenter.archive import Archive, Instance
from isocenter.codecs.display import render
from isocenter.codecs.image import fit, write_picture
from isocenter.codecs.presentation import KEYWORDS, Presentation, Window, read_presentation
from isocenter.codecs.registry import decode_frame
from isocenter.dicom import dictionary
from isocenter.dicom.encoding import Buffer, effective_encoding, encoding_of
from isocenter.dicom.layout import Layout
from isocenter.dicom.scanner import scan
from isocenter.dicom.uids import TransferSyntax
from isocenter.errors import InvalidObjectError, UsageError
from isocenter.web.layouts import opened, read_frame

_DISPLAY_TAGS = frozenset(map(dictionary.tag, KEYWORDS))
#: What pydicom raises over broken data sets.
_UNREADABLE = (OSError, EOFError, ValueError, TypeError, KeyError, AttributeError, NotImplementedError, struct.error)


@dataclass(frozen=True, slots=True)
class View:
    """How a picture is wanted: window, the rectangle (left, top, width, height) of the image, the size to fit into."""

    media_type: str
    quality: int = 90
    window: Window | None = None
    crop: tuple[int, int, int, int] | None = None
    size: tuple[int, int] | None = None


def draw(archive: Archive, instance: Instance, layout: Layout, number: int, view: View) -> bytes:
    """Return frame ``number``, counted from 1, as a picture.

    Raises:
        UnsupportedError: nothing here decodes the transfer syntax.
        InvalidObjectError: the frame is broken.
        UsageError: the rectangle is outside the image.
    """
    raw = read_frame(archive, instance, layout, number)
    uid = layout.syntax.uid
    frame = decode_frame(raw, layout.description, uid, vr=layout.vr, number=number - 1)
    picture = render(frame, layout.description, _presentation(archive, instance, number), view.window)
    if view.crop is not None:
        left, top, width, height = view.crop
        picture = picture[top : top + height, left : left + width]
        if not picture.size:
            raise UsageError(f"the viewport's rectangle is outside the image of {frame.shape[1]} x {frame.shape[0]}")
    if view.size is not None:
        picture = fit(picture, *view.size)
    return write_picture(picture, view.media_type, view.quality)


def _presentation(archive: Archive, instance: Instance, number: int) -> Presentation:
    with opened(archive, instance) as (data, syntax):
        header = display_header(data, syntax)
    try:
        return read_presentation(header, number - 1)
    except _UNREADABLE as error:
        raise InvalidObjectError(f"the header cannot be read for display: {error}") from error


def display_header(data: Buffer, syntax: TransferSyntax) -> pydicom.Dataset:
    """Return the elements of a data set that say how its image is to be shown; nothing else is decoded.

    Raises:
        InvalidObjectError: the data set is broken.
    """
    encoding = effective_encoding(data, 0, len(data), encoding_of(syntax))
    implicit, little = encoding.implicit, not encoding.big_endian
    return pydicom.Dataset({
        BaseTag(tag): RawDataElement(BaseTag(tag), None, len(raw), raw, 0, implicit, little)
        for tag, raw in scan(data, syntax, _DISPLAY_TAGS).values.items()
    })  # fmt: skip
