"""What can be measured on the phantoms, and what must come out: the one table, never computed from pixels.

Volumes of ventricle, nodule and targets follow from half axes and diameters, doses from the formula of the beams, SUVs
and counts are what was put in. `isocenter phantom --list` prints it; the tests measure the made objects against it.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Answer:
    """A quantity of a kind of phantom, the same for all seeds; ``tolerance``: of a careful measurement, in percent."""

    kind: str
    what: str
    value: float
    unit: str
    tolerance: float


ANSWERS = (
    *(
        Answer("heart", f"Left ventricle at {10 * phase} %", volume, "ml", 3.0)
        for phase, volume in enumerate((101.3, 76.9, 54.0, 43.5, 42.2, 55.5, 73.7, 81.4, 84.1, 93.9))
    ),
    Answer("heart", "Ejection fraction", 58.4, "%", 3.0),
    Answer("followup", "Nodule, diameter", 14.0, "mm", 0.1),
    Answer("followup", "Nodule, volume", 1.437, "ml", 5.0),
    Answer("followup", "Nodule before, volume", 0.180, "ml", 20.0),
    Answer("followup", "Doubling time", 60.7, "days", 10.0),
    Answer("petct", "Lung, right upper lobe (37 mm)", 12.0, "SUVbw", 0.5),
    Answer("petct", "Liver (28 mm)", 9.0, "SUVbw", 0.5),
    Answer("petct", "Lymph node, left hilum (22 mm)", 8.0, "SUVbw", 0.5),
    Answer("petct", "Lung, left lower lobe (17 mm)", 7.0, "SUVbw", 0.5),
    Answer("petct", "Lymph node, right axilla (13 mm)", 6.0, "SUVbw", 0.5),
    Answer("petct", "Vertebra (10 mm)", 5.0, "SUVbw", 0.5),
    Answer("plan", "GTV, volume", 17.16, "ml", 2.0),
    Answer("plan", "GTV, mean dose", 62.87, "Gy", 0.5),
    Answer("plan", "PTV, volume", 44.60, "ml", 2.0),
    Answer("plan", "PTV, mean dose", 61.62, "Gy", 0.5),
    Answer("plan", "PTV, dose to 95 %", 57.90, "Gy", 1.0),
    Answer("mg", "Mass, left upper outer quadrant", 14.0, "mm", 3.0),
    Answer("mg", "Microcalcifications, right breast", 9, "specks", 0.0),
    Answer("xa", "Aneurysm, diameter", 9.0, "mm", 7.0),
    Answer("slide", "Lymph follicle, diameter", 0.6, "mm", 2.0),
    Answer("nm", "Lesion, left femur, in front", 6000, "counts", 5.0),
    Answer("nm", "Lesion, left femur, behind", 4200, "counts", 6.0),
)


def answer(kind: str, what: str) -> Answer:
    """Return the answer to a question of the table."""
    return next(one for one in ANSWERS if (one.kind, one.what) == (kind, what))
