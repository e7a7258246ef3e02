"""What would become of an object's pixels, before anything is done: why it is caught, and what would be blanked.

Takes part of the way of ``anonymize``; whatever else finds text (OCR) joins in ``blanking.boxes``, which both ask.
"""

from dataclasses import dataclass

import isocenter.deid.blanking as blanking
import isocenter.deid.gate as gate
from isocenter.deid.engine import data_set_of, read_object
from isocenter.deid.options import Box, Policy
from isocenter.dicom.encoding import Buffer


@dataclass(frozen=True, slots=True)
class Proposal:
    """``reason`` is "" for an object that is written as it is; ``burned_in``: a person may decide otherwise.

    ``boxes``: where text is known to be, None where that is not known.
    """

    reason: str
    burned_in: bool
    has_pixels: bool
    rows: int
    columns: int
    frames: int
    boxes: tuple[Box, ...] | None


def propose(data: Buffer, policy: Policy) -> Proposal:
    """Return what the gate says of the bytes of a DICOM file, and the boxes that rules and regions give.

    Raises:
        InvalidObjectError: they are no DICOM object, or it is broken.
    """
    body, syntax = data_set_of(data)
    whole = read_object(body, syntax)
    header = whole.header
    finding = gate.judge(header, syntax.uid, has_pixels=whole.has_pixels)
    rows, columns, frames = (header.integer(tag, default) or default for tag, default in _SIZE)
    boxes = None
    if whole.has_pixels and (finding is None or finding.burned_in):
        boxes = blanking.boxes(header, whole.values, syntax, policy.device_rules)
    return Proposal(
        finding.reason if finding else "", finding is not None and finding.burned_in, whole.has_pixels, rows, columns,
        frames, None if boxes is None else tuple(boxes),
    )  # fmt: skip


_SIZE = ((gate.ROWS, 0), (gate.COLUMNS, 0), (gate.FRAMES, 1))
