"""Presentation states of the archive, and the images that they are for (PS3.3 A.33)."""

from collections.abc import Iterator

import pydicom

from isocenter.archive import Archive, Instance
from isocenter.codecs.softcopy import SOP_CLASSES, references
from isocenter.errors import InvalidObjectError, NotFoundError, UsageError


def read_state(archive: Archive, instance: Instance) -> pydicom.Dataset:
    """Return the data set of a presentation state. Blocks.

    Raises:
        UsageError: it is none.
        InvalidObjectError: it cannot be read.
    """
    if instance.SOPClassUID not in SOP_CLASSES:
        raise UsageError("this object is no presentation state that can be applied")
    with archive.open_object(instance) as file:
        try:
            return pydicom.dcmread(file)
        except (OSError, EOFError, ValueError, TypeError, KeyError, AttributeError, NotImplementedError) as error:
            raise InvalidObjectError(f"the presentation state cannot be read: {error}") from error


def referenced(archive: Archive, state: Instance) -> Iterator[tuple[Instance, tuple[int, ...]]]:
    """Yield the images of a state that are here, each with its frames, of which none are all. Blocks.

    Raises:
        NotFoundError: none is here.
    """
    found = False
    for reference in references(read_state(archive, state)):
        try:
            images = archive.instances(state.StudyInstanceUID, reference.SeriesInstanceUID, reference.SOPInstanceUID)
        except NotFoundError:
            continue
        found = True
        yield images[0], reference.frames
    if not found:
        raise NotFoundError("none of the images that this presentation state is for is here")
