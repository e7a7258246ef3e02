"""The days of the phantoms: all are made for the days up to `TODAY`, and can be moved to others as a whole.

Must not know: what was examined.
"""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pydicom import Dataset

TODAY = dt.date(2025, 11, 26)
"""No phantom study is younger."""


def move(dataset: Dataset, today: dt.date) -> None:
    """Move every date of ``dataset``, of birth too, so that `TODAY` becomes ``today`` (PS3.5 6.2: DA and DT)."""
    days = today - TODAY
    if not days:
        return
    for element in dataset:
        if element.VR == "SQ":
            for item in element.value:
                move(item, today)
        elif element.VR in {"DA", "DT"} and element.value:
            value = str(element.value)
            moved = dt.datetime.strptime(value[:8], "%Y%m%d").replace(tzinfo=dt.UTC) + days
            element.value = moved.strftime("%Y%m%d") + value[8:]
