"""Addresses of studies, series and instances, as this server is reached by whoever asks (PS3.18 10.1, 12.1.1)."""

from urllib.parse import urlsplit

from starlette.requests import Request

from isocenter.archive import Instance, Receipt
from isocenter.dicom.uids import NON_PATIENT_SOP_CLASSES

ROOT = "/dicom-web"
_SEGMENTS = ("studies", "series", "instances")


#: Where the border leaves the address outside, if a trusted proxy says one.
PUBLIC = "isocenter.public_address"


def base_address(request: Request) -> str:
    """Return ``http://host:port/dicom-web`` with the host that the client used."""
    public = request.scope.get(PUBLIC)
    if public is None:
        host = request.headers.get("host", "localhost")
        public = f"{request.scope.get('scheme', 'http')}://{host}"
    return f"{public}{ROOT}"


def prefix_of(request: Request) -> str:
    """Return the path below which a proxy shows this server, ``""`` where there is none."""
    return urlsplit(request.scope.get(PUBLIC) or "").path


def address_of(base: str, *uids: str) -> str:
    """Return the address of a study, of a series or of an instance, by the UIDs down to it."""
    return base + "".join(f"/{segment}/{uid}" for segment, uid in zip(_SEGMENTS, uids, strict=False))


def address_of_object(base: str, named: Instance | Receipt) -> str:
    """Return the address of an object, wherever it belongs."""
    if not named.StudyInstanceUID:
        return f"{base}/{NON_PATIENT_SOP_CLASSES[named.SOPClassUID]}/{named.SOPInstanceUID}"
    return address_of(base, named.StudyInstanceUID, named.SeriesInstanceUID, named.SOPInstanceUID)
