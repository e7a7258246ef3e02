"""What would become of an object's pixels, before anything is done: why it is caught, and what would be blanked.

Takes part of the way of ``anonymize``: rules and regions for every image, and what is read where the policy wants that.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import isocenter.deid.blanking as blanking
import isocenter.deid.gate as gate
from isocenter.deid.engine import data_set_of, read_object, text_areas
from isocenter.deid.image import KNOWN, Area
from isocenter.deid.options import READING, Policy
from isocenter.deid.tree import SequesterError

if TYPE_CHECKING:
    from isocenter.deid.image import Whole
    from isocenter.deid.ocr import Recognizer
    from isocenter.deid.options import Box
    from isocenter.dicom.encoding import Buffer


@dataclass(frozen=True, slots=True)
class Proposal:
    """``reason`` is "" for an object that is written as it is; ``burned_in``: a person may decide otherwise.

    ``areas``: where text is known or read to be, and why it goes; None where that is not known.
    """

    reason: str
    burned_in: bool
    has_pixels: bool
    rows: int
    columns: int
    frames: int
    areas: tuple[Area, ...] | None

    @property
    def boxes(self) -> tuple[Box, ...] | None:
        """The places of the areas."""
        return None if self.areas is None else tuple(area.box for area in self.areas)


def propose(data: Buffer, policy: Policy, recognize: Recognizer | None = None) -> Proposal:
    """Return what the gate says of the bytes of a DICOM file, and the areas that rules, regions and reading give.

    ``recognize`` takes the place of the engine of ``isocenter[ocr]``.

    Raises:
        InvalidObjectError: they are no DICOM object, or it is broken.
    """
    body, syntax = data_set_of(data)
    whole = read_object(body, syntax)
    header = whole.header
    finding = gate.judge(header, syntax.uid, has_pixels=whole.has_pixels)
    rows, columns, frames = (header.integer(tag, default) or default for tag, default in _SIZE)
    reason, areas = (finding.reason if finding else ""), None
    if whole.has_pixels and (finding is None or finding.burned_in):
        areas = _known(whole, policy)
    if finding is not None and finding.burned_in and policy.burned_in in READING:
        try:
            areas = tuple(text_areas(whole, finding, policy, recognize))
        except SequesterError as error:
            reason = str(error)
    return Proposal(
        reason, finding is not None and finding.burned_in, whole.has_pixels, rows, columns, frames, areas
    )  # fmt: skip


def _known(whole: Whole, policy: Policy) -> tuple[Area, ...] | None:
    boxes = blanking.boxes(whole.header, whole.values, whole.syntax, policy.device_rules)
    return None if boxes is None else tuple(Area(box, KNOWN) for box in boxes)


_SIZE = ((gate.ROWS, 0), (gate.COLUMNS, 0), (gate.FRAMES, 1))
