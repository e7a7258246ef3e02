"""Fetch the OHIF viewer, which a test opens our DICOMweb with, into ``.cache/ohif``. Standard library only.

npm's package ``@ohif/app`` holds the built viewer. Its version and the digest of its file are pinned here; what CT
images do not need (neural networks, microscopy, source maps) is not unpacked.
"""

import hashlib
import shutil
import sys
import tarfile
from pathlib import Path

from build_viewer import ROOT, run_npm

VERSION = "3.13.2"
SHA512 = (
    "5997719a9986eeba85816f5924b71b82bdd70ad2e2d4a0cd3e831a798e4f3dee"
    "a3e06e1f8c48e393271933a0ba664d85f3b04ac457e9abe8dde715d907d13c10"
)
TARGET = ROOT / ".cache" / "ohif"
STAMP = TARGET / "version"
INSIDE = "package/dist/"
LEAVE_OUT = ("ort/", "dicom-microscopy-viewer/")


def fetch() -> None:
    """Fetch it if this version is not there.

    Raises:
        RuntimeError: npm could not fetch it, or it is not the file that was pinned.
    """
    if STAMP.exists() and STAMP.read_text() == VERSION:
        return
    shutil.rmtree(TARGET, ignore_errors=True)
    TARGET.mkdir(parents=True)
    print(f"fetching OHIF {VERSION} ...", flush=True)
    if run_npm("pack", "--silent", "--pack-destination", str(TARGET), f"@ohif/app@{VERSION}"):
        raise RuntimeError("npm could not fetch OHIF; its test will be left out")
    packed = TARGET / f"ohif-app-{VERSION}.tgz"
    if hashlib.sha512(packed.read_bytes()).hexdigest() != SHA512:
        raise RuntimeError(f"{packed} is not the file whose digest is in {Path(__file__).name}; delete it and look why")
    _unpack(packed)
    packed.unlink()
    STAMP.write_text(VERSION)


def _unpack(packed: Path) -> None:
    with tarfile.open(packed) as archive:
        for member in archive:
            name = member.name.removeprefix(INSIDE)
            content = archive.extractfile(member)
            if content is None or name == member.name or name.startswith(LEAVE_OUT) or name.endswith(".map"):
                continue
            (TARGET / name).parent.mkdir(parents=True, exist_ok=True)
            (TARGET / name).write_bytes(content.read())


if __name__ == "__main__":
    try:
        fetch()
    except RuntimeError as error:
        print(error, file=sys.stderr)  # the test run says what was left out, and fails where it may leave nothing out
