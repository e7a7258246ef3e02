"""Stored objects in the transfer syntax that a client asks for: which one it will be, and the object made for it."""

from isocenter.archive import Archive, Instance
from isocenter.dicom.uids import transfer_syntax
from isocenter.reading import data_set
from isocenter.transcoding.transcoder import (
    NATIVE,
    Identity,
    can_transcode,
    layout_of,
    obstacle,
    transcode,
    written_syntax,
)
from isocenter.web.layouts import opened
from isocenter.web.streaming import Span


def resolved(archive: Archive, instance: Instance, wanted: str) -> str | None:
    """Return the syntax that an object will be in when ``wanted`` is asked for, None where it cannot be had. Blocks.

    An object without an image stays in explicit VR little endian where compressed frames are asked for.
    """
    stored = instance.transfer_syntax_uid
    if wanted in {"*", stored}:
        return stored
    if not can_transcode(stored, wanted):
        return None
    if wanted in NATIVE:
        return wanted
    with opened(archive, instance) as (data, syntax):
        layout = layout_of(data, syntax)
        return None if obstacle(data, layout, wanted) else written_syntax(layout, wanted)


def transcoded(archive: Archive, instance: Instance, wanted: str) -> Span:
    """Return the whole object as a file in another transfer syntax. Blocks.

    Raises:
        UnsupportedError: it cannot be had in it.
        InvalidObjectError: the data set or a frame is broken.
    """
    syntax = transfer_syntax(instance.transfer_syntax_uid)
    identity = Identity(instance.SOPClassUID, instance.SOPInstanceUID)
    with data_set(archive.storage, instance.location, instance.data_set_offset, syntax) as data:
        made = transcode(data, syntax, identity, wanted)
    return Span(lambda: made, 0, made.length)
