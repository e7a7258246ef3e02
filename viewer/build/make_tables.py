"""Write the viewer's tables: keyword, VR and name of each attribute, names of SOP classes, palettes of PS3.6 B.1.

Run from the repository root after the package is installed: ``python viewer/build/make_tables.py``. The results are
committed; this is only needed when the standard has a new edition.
"""

import json
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from pydicom import dcmread
from pydicom._dicom_dict import DicomDictionary, RepeatersDictionary
from pydicom.data import get_palette_files

from isocenter.dicom.uids import SOP_CLASSES

FOLDER = Path(__file__).resolve().parent.parent / "src" / "core" / "data"
CHANNELS = ("Red", "Green", "Blue")
#: The viewer's name of a palette, and the file that pydicom has of it.
PALETTES = {"hotIron": "hotiron", "pet": "pet", "pet20Step": "pet20step", "hotMetalBlue": "hotmetalblue"}


def palette(name: str) -> NDArray[np.uint8]:
    """Return a palette of PS3.6 B.1 as 256 rows of red, green and blue."""
    dataset = dcmread(get_palette_files(f"{name}.dcm")[0])
    return np.stack([np.frombuffer(dataset[f"{c}PaletteColorLookupTableData"].value, np.uint8) for c in CHANNELS], 1)


def points(table: NDArray[np.uint8]) -> list[list[int]]:
    """Return the fewest entries (index, red, green, blue) that give the table back by straight lines between them."""
    kept, last = [0], len(table) - 1
    while kept[-1] < last:
        start = kept[-1]
        kept.append(next(end for end in range(last, start, -1) if _straight(table[start : end + 1])))
    return [[index, *map(int, table[index])] for index in kept]


def _straight(part: NDArray[np.uint8]) -> bool:
    share = np.linspace(0, 1, len(part))[:, None]
    return bool(np.abs(part[0] + (part[-1].astype(float) - part[0]) * share - part).max() < 0.5)


def main() -> None:
    """Write the tables, sorted, one entry a line."""
    attributes = {
        f"{tag:08X}": f"{vr}|{keyword}" for tag, (vr, _, _, _, keyword) in sorted(DicomDictionary.items()) if keyword
    }
    attributes |= {
        tag.upper().replace("X", "x"): f"{vr}|{keyword}"
        for tag, (vr, _, _, _, keyword) in sorted(RepeatersDictionary.items())
        if keyword
    }
    classes = {uid: entry.name for uid, entry in sorted(SOP_CLASSES.items())}
    FOLDER.mkdir(parents=True, exist_ok=True)
    for name, table in (("dictionary", attributes), ("sop-classes", classes)):
        (FOLDER / f"{name}.json").write_text(json.dumps(table, indent=0, ensure_ascii=False) + "\n", encoding="utf-8")
    rows = [f'"{name}": {json.dumps(points(palette(file)))}' for name, file in PALETTES.items()]
    (FOLDER / "palettes.json").write_text("{\n" + ",\n".join(rows) + "\n}\n", encoding="utf-8")


if __name__ == "__main__":
    main()
