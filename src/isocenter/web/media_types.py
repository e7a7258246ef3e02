"""Media types: reading Accept and Content-Type, and choosing a representation (RFC 9110 12.5.1, PS3.18 8.7).

Pure. Knows which media types PS3.18 8.7.3 gives to which transfer syntaxes, and nothing of archive or HTTP server.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache

from isocenter.dicom.uids import EXPLICIT_VR_LITTLE_ENDIAN, IMPLICIT_VR_LITTLE_ENDIAN

DICOM = "application/dicom"
DICOM_JSON = "application/dicom+json"
DICOM_XML = "application/dicom+xml"
JSON = "application/json"
OCTET_STREAM = "application/octet-stream"
ZIP = "application/zip"
MULTIPART = "multipart/related"

#: PS3.18 Table 8.7.3-2, 8.7.3-5 and 8.7.3-6: transfer syntax of encapsulated frames -> media type of one frame.
COMPRESSED_MEDIA_TYPES: dict[str, str] = {
    "1.2.840.10008.1.2.4.50": "image/jpeg",
    "1.2.840.10008.1.2.4.51": "image/jpeg",
    "1.2.840.10008.1.2.4.57": "image/jpeg",
    "1.2.840.10008.1.2.4.70": "image/jpeg",
    "1.2.840.10008.1.2.4.80": "image/jls",
    "1.2.840.10008.1.2.4.81": "image/jls",
    "1.2.840.10008.1.2.4.90": "image/jp2",
    "1.2.840.10008.1.2.4.91": "image/jp2",
    "1.2.840.10008.1.2.4.92": "image/jpx",
    "1.2.840.10008.1.2.4.93": "image/jpx",
    "1.2.840.10008.1.2.4.110": "image/jxl",
    "1.2.840.10008.1.2.4.111": "image/jxl",
    "1.2.840.10008.1.2.4.112": "image/jxl",
    "1.2.840.10008.1.2.4.201": "image/jphc",
    "1.2.840.10008.1.2.4.202": "image/jphc",
    "1.2.840.10008.1.2.4.203": "image/jphc",
    "1.2.840.10008.1.2.5": "image/dicom-rle",
    "1.2.840.10008.1.2.4.100": "video/mpeg2",
    "1.2.840.10008.1.2.4.101": "video/mpeg2",
    "1.2.840.10008.1.2.4.102": "video/mp4",
    "1.2.840.10008.1.2.4.103": "video/mp4",
    "1.2.840.10008.1.2.4.104": "video/mp4",
    "1.2.840.10008.1.2.4.105": "video/mp4",
    "1.2.840.10008.1.2.4.106": "video/mp4",
    "1.2.840.10008.1.2.4.107": "video/mp4",
    "1.2.840.10008.1.2.4.108": "video/mp4",
}
#: What a media type without a transfer syntax stands for, where frames are compressed for it (Table 8.7.3-2).
DEFAULT_SYNTAXES: dict[str, str] = {
    "image/jpeg": "1.2.840.10008.1.2.4.70",
    "image/jls": "1.2.840.10008.1.2.4.80",
    "image/jp2": "1.2.840.10008.1.2.4.90",
    "image/jxl": "1.2.840.10008.1.2.4.110",
    "image/jphc": "1.2.840.10008.1.2.4.201",
    "image/dicom-rle": "1.2.840.10008.1.2.5",
}
#: What is called uncompressed little endian by clients; frames are the same bytes in both.
LITTLE_ENDIAN = frozenset({EXPLICIT_VR_LITTLE_ENDIAN, IMPLICIT_VR_LITTLE_ENDIAN})

_MAX_LENGTH = 8192
_ITEM = re.compile(r'(?:[^,"]|"(?:[^"\\]|\\.)*")+')
_FIELD = re.compile(r'(?:[^;"]|"(?:[^"\\]|\\.)*")+')


@dataclass(frozen=True, slots=True)
class MediaRange:
    """One media type or range of an Accept field; names and type are lower case, ``q`` is not among the parameters."""

    type: str
    parameters: Mapping[str, str]
    quality: float = 1.0

    @property
    def multipart(self) -> bool:
        """Whether a multipart answer is asked for or allowed."""
        return self.type in {MULTIPART, "multipart/*", "*/*"}

    @property
    def part(self) -> str:
        """The media type or range of a part, or of the whole when it is not multipart."""
        return self.parameters.get("type", "*/*").lower() if self.multipart else self.type

    @property
    def transfer_syntax(self) -> str:
        """The transfer syntax asked for, ``*`` for as stored, or ``""``."""
        return self.parameters.get("transfer-syntax", "")

    def includes(self, media_type: str) -> bool:
        """Return whether a part, or the whole, may be of this type."""
        wanted = self.part
        return wanted in {media_type, "*/*", "*"} or (wanted.endswith("/*") and media_type.startswith(wanted[:-1]))


#: What a client that says nothing accepts.
ANYTHING = (MediaRange("*/*", {}),)


@lru_cache(maxsize=512)
def parse_accept(text: str) -> tuple[MediaRange, ...]:
    """Return the ranges of an Accept field, most wanted first; those with ``q=0`` are left out."""
    ranges = [r for item in _ITEM.findall(text[:_MAX_LENGTH]) if (r := parse_media_type(item)).type]
    return tuple(sorted((r for r in ranges if r.quality > 0), key=lambda r: -r.quality))


def parse_media_type(text: str) -> MediaRange:
    """Return one media type with its parameters; quotes are taken off, nonsense gives an empty type."""
    fields = _FIELD.findall(text)
    parameters: dict[str, str] = {}
    quality = 1.0
    for field in fields[1:]:
        name, _, value = field.partition("=")
        name, value = name.strip().lower(), _unquoted(value.strip())
        if name == "q":
            quality = _quality(value)
        else:
            parameters[name] = value
    media_type = fields[0].strip().lower() if fields else ""
    return MediaRange(media_type if "/" in media_type else "", parameters, quality)


def _unquoted(value: str) -> str:
    if len(value) >= 2 and value[0] == value[-1] == '"':
        return re.sub(r"\\(.)", r"\1", value[1:-1])
    return value


def _quality(value: str) -> float:
    try:
        return min(1.0, max(0.0, float(value)))
    except ValueError:
        return 1.0


def choose(accept: tuple[MediaRange, ...], offers: tuple[str, ...]) -> str | None:
    """Return the offered media type that the client wants most, or None; no Accept takes the first."""
    if not accept:
        return offers[0]
    for wanted in accept:
        for offer in offers:
            if wanted.type in {offer, "*/*"} or (wanted.type.endswith("/*") and offer.startswith(wanted.type[:-1])):
                return offer
    return None


def choose_model(accept: tuple[MediaRange, ...]) -> str | None:
    """Return in what attributes are sent: JSON as one document, or XML in parts (PS3.18 8.7.2); None if in neither."""
    for wanted in accept or ANYTHING:
        in_parts = wanted.type in {MULTIPART, "multipart/*"}
        found = DICOM_XML if in_parts and wanted.includes(DICOM_XML) else choose((wanted,), (DICOM_JSON, JSON))
        if found is not None:
            return found
    return None


def multipart_content_type(boundary: str, part_type: str, transfer_syntax: str = "") -> str:
    """Return the Content-Type of a multipart answer (PS3.18 8.6.1.2.1)."""
    syntax = f"; transfer-syntax={transfer_syntax}" if transfer_syntax else ""
    return f'{MULTIPART}; type="{part_type}"{syntax}; boundary={boundary}'
