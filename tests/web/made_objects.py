"""Objects that the archive made itself, as whoever retrieves them gets them."""

import subprocess
from pathlib import Path

from pydicom import Dataset, dcmread

from .conftest import STUDY, Client, parts_of

STOWED = 'multipart/related; type="application/dicom"'


def address_of(uids: dict[str, str]) -> str:
    """Return where an object of the study is."""
    return f"/dicom-web/studies/{STUDY}/series/{uids['SeriesInstanceUID']}/instances/{uids['SOPInstanceUID']}"


def retrieved(client: Client, uids: dict[str, str]) -> bytes:
    """Return the file of the object."""
    ((_, body),) = parts_of(client.get(address_of(uids), accept=STOWED))
    return body


def made_object(client: Client, folder: Path, uids: dict[str, str]) -> Dataset:
    """Return the object, in which dciodvfy finds no error."""
    path = folder / "made.dcm"
    path.write_bytes(retrieved(client, uids))
    done = subprocess.run(["dciodvfy", str(path)], capture_output=True, text=True, check=False)
    assert [line for line in done.stderr.splitlines() if line.startswith("Error")] == []
    return dcmread(path)
