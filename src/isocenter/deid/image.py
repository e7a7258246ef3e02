"""An image with what was read of it once, and places in it: what the steps that look at pixels hand to one another."""

from dataclasses import dataclass

from isocenter.deid.options import Box
from isocenter.dicom.encoding import Buffer
from isocenter.dicom.header import Header
from isocenter.dicom.uids import TransferSyntax

#: Why an area goes that nobody had to read.
KNOWN = "device rule or region"


@dataclass(frozen=True, slots=True)
class Whole:
    """An object: its bytes and syntax, raw values by tag, the texts of its header, and whether it has pixel data.

    ``header_end``: where what is before the group of the pixels ends.
    """

    data: Buffer
    syntax: TransferSyntax
    values: dict[int, bytes]
    header: Header
    has_pixels: bool
    header_end: int


@dataclass(frozen=True, slots=True)
class Area:
    """A place that is blanked in every frame, and why.

    ``reason``: "device rule or region", the keyword of the attribute whose value is read there, "date", "time",
    "number" or "text"; ``confidence`` (0 to 1) and ``frame`` (from 0) say how and where it was read first.
    """

    box: Box
    reason: str
    confidence: float = 1.0
    frame: int = 0
