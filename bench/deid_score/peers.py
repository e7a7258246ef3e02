"""Other programs over the same files, as their documentation says; run by an interpreter that has them.

usage: python peers.py NAME INPUT OUTPUT

Must not import anything of this project. Outputs have the names of the inputs; what a program refuses is not there.
"""

# A script for an interpreter of its own; each program is imported where it is used.
# ruff: noqa: ANN001, ANN201, ANN202, BLE001, PLC0415
import logging
import shutil
import sys
import tempfile
import warnings
from pathlib import Path

warnings.simplefilter("ignore")
logging.disable(logging.CRITICAL)


def dicom_anonymizer(files, out):
    from dicomanonymizer import anonymize_dicom_file

    for file in files:
        _each(file, lambda file=file: anonymize_dicom_file(str(file), str(out / file.name)))


def dicognito(files, out):
    import pydicom
    from dicognito.anonymizer import Anonymizer

    anonymizer = Anonymizer()

    def one(file):
        with pydicom.dcmread(file, force=False) as ds:
            anonymizer.anonymize(ds)
            ds.save_as(out / file.name, enforce_file_format=True)

    for file in files:
        _each(file, lambda file=file: one(file))


def deid(files, out):
    from deid.config import DeidRecipe
    from deid.dicom import replace_identifiers

    recipe = DeidRecipe(deid="dicom")
    for file in files:
        _each(
            file,
            lambda file=file: replace_identifiers(
                dicom_files=str(file), deid=recipe, save=True, remove_private=True, output_folder=str(out)
            ),
        )


def _each(file, work):
    try:
        work()
    except Exception as error:
        print(f"{file.name}: {type(error).__name__}", file=sys.stderr)


if __name__ == "__main__":
    name, source, out = sys.argv[1], Path(sys.argv[2]), Path(sys.argv[3])
    with tempfile.TemporaryDirectory() as copy:
        mine = Path(copy) / "in"
        shutil.copytree(source, mine)  # some write into what they read
        {"dicom-anonymizer": dicom_anonymizer, "dicognito": dicognito, "deid": deid}[name](
            sorted(mine.glob("*.dcm")), out
        )
