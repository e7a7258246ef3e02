"""Write the viewer's tables from the package's own: keyword, VR and name of each attribute, names of SOP classes.

Run from the repository root after the package is installed: ``python viewer/build/make_tables.py``. The results are
committed; this is only needed when the standard has a new edition.
"""

import json
from pathlib import Path

from pydicom._dicom_dict import DicomDictionary, RepeatersDictionary

from isocenter.dicom.uids import SOP_CLASSES

FOLDER = Path(__file__).resolve().parent.parent / "src" / "core" / "data"


def main() -> None:
    """Write both tables, sorted, one entry a line."""
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


if __name__ == "__main__":
    main()
