"""A frame of a stored image as a picture: decoded, windowed, cropped, scaled, written. Blocks: for a reader thread."""

import struct
from dataclasses import dataclass

import pydicom

from isocenter.archive import Archive, Instance
from isocenter.codecs.display import render
from isocenter.codecs.image import fit, write_picture
from isocenter.codecs.presentation import Presentation, Window, read_presentation
from isocenter.codecs.registry import decode_frame
from isocenter.errors import InvalidObjectError, UsageError
from isocenter.web.layouts import Layout, read_frame

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
    try:
        with archive.open_object(instance) as file:
            header = pydicom.dcmread(file, stop_before_pixels=True, force=True)
        return read_presentation(header, number - 1)
    except _UNREADABLE as error:
        raise InvalidObjectError(f"the header cannot be read for display: {error}") from error
