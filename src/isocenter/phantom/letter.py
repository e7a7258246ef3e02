"""The report of the follow-up as a page of paper. Must not know: DICOM."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from isocenter.phantom.nodule import DAYS_BETWEEN, PRIOR_DIAMETER, Nodule
from isocenter.phantom.paper import WIDTH, Page

if TYPE_CHECKING:
    from isocenter.phantom.objects import Study

BLUE, PALE, RED = (0.09, 0.33, 0.55), (0.90, 0.94, 0.97), (0.80, 0.25, 0.20)


def doubling_time(before: float, after: float) -> float:
    """Return in how many days a volume doubles that grows from ``before`` to ``after`` between the examinations."""
    return DAYS_BETWEEN * math.log(2) / math.log(after / before)


def written(study: Study, nodule: Nodule) -> bytes:
    """Return the report as a PDF."""
    before = Nodule(nodule.center, PRIOR_DIAMETER)
    page = Page()
    page.box(0, 770, WIDTH, 72, BLUE)
    page.content.append("1 g BT /F2 20 Tf 50 800 Td (Phantom Hospital) Tj ET")
    page.content.append("1 g BT /F1 11 Tf 50 783 Td (Department of Radiology) Tj ET")
    page.text(50, 735, "CT thorax, follow-up of a nodule", 16, bold=True)
    family, given = study.PatientName.split("^")
    page.text(50, 714, f"{given} {family}, {study.PatientID}. An invented patient: computed, not examined.", 10)
    lines = (
        ("Technique", ("Low dose CT of the thorax without contrast medium, slices of 2.5 mm.",
                       "Compared with the examination of half a year before.")),
        ("Findings", ("Solid nodule with strands in the right upper lobe,",
                      f"{nodule.diameter:.0f} mm across ({nodule.volume:.2f} ml).",
                      f"Half a year ago it was {before.diameter:.0f} mm across ({before.volume:.2f} ml).",
                      f"The volume doubles in {doubling_time(before.volume, nodule.volume):.0f} days.",
                      "No effusion, no enlarged lymph nodes, upper abdomen unremarkable.")),
        ("Impression", ("A nodule that grows. PET/CT and discussion in the tumour board are advised.",)),
    )  # fmt: skip
    top = 680
    for heading, paragraph in lines:
        page.text(50, top, heading, 12, bold=True)
        for line in paragraph:
            top -= 17
            page.text(50, top, line)
        top -= 30
    page.box(50, top - 170, WIDTH - 100, 180, PALE)
    page.text(65, top - 12, "Volume of the nodule", 11, bold=True)
    for number, (label, volume, colour) in enumerate(
        (("Half a year ago", before.volume, BLUE), ("Now", nodule.volume, RED))
    ):
        place = top - 65 - 55 * number
        page.box(170, place, 290 * volume / nodule.volume, 28, colour)
        page.text(65, place + 9, label, 10)
        page.text(178 + 290 * volume / nodule.volume, place + 9, f"{volume:.2f} ml", 10)
    return page.write()
