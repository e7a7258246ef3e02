"""Objects that the archive makes of what was done in the viewer, stored as any other object is."""

import io
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime

from pydantic import BaseModel
from pydicom import Dataset, dcmread, dcmwrite

from isocenter.archive import Archive, Receipt, Source

#: From an object of the study, the SOP classes of the images, and the time.
Make = Callable[[Dataset, Mapping[str, str], datetime], Dataset]


class Made(BaseModel):
    """The object that was stored."""

    SeriesInstanceUID: str
    SOPInstanceUID: str


def store_made(archive: Archive, study: str, images: Iterable[Mapping[str, str]], make: Make) -> Made:
    """Store what is made of these images, with patient and study as the first of them has them.

    Raises:
        NotFoundError: one of the images is not here.
    """
    named = {image["SOPInstanceUID"]: image["SeriesInstanceUID"] for image in images}
    found = [archive.instances(study, series, sop)[0] for sop, series in named.items()]
    with archive.open_object(found[0]) as stored:
        source = dcmread(stored, stop_before_pixels=True, force=True)
    made = make(source, {one.SOPInstanceUID: one.SOPClassUID for one in found}, datetime.now().astimezone())
    receipt = store_object(archive, study, made)
    return Made(SeriesInstanceUID=receipt.SeriesInstanceUID, SOPInstanceUID=receipt.SOPInstanceUID)


def store_object(archive: Archive, study: str, made: Dataset) -> Receipt:
    """Store an object of a study as if it had been sent."""
    buffer = io.BytesIO()
    dcmwrite(buffer, made, enforce_file_format=True)
    reception = archive.receive_file(Source("web"), study_instance_uid=study)
    reception.write(buffer.getvalue())
    return reception.finish()
