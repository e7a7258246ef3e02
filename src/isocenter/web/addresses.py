"""Addresses of studies, series and instances, as this server is reached by whoever asks (PS3.18 10.1)."""

from starlette.requests import Request

ROOT = "/dicom-web"
_SEGMENTS = ("studies", "series", "instances")


def base_address(request: Request) -> str:
    """Return ``http://host:port/dicom-web`` with the host that the client used."""
    host = request.headers.get("host", "localhost")
    return f"{request.scope.get('scheme', 'http')}://{host}{ROOT}"


def address_of(base: str, *uids: str) -> str:
    """Return the address of a study, of a series or of an instance, by the UIDs down to it."""
    return base + "".join(f"/{segment}/{uid}" for segment, uid in zip(_SEGMENTS, uids, strict=False))
