"""Install the foreign programs that tests speak to, where this may be done. Standard library only.

Debian packages, as root or with a sudo that asks for no password; elsewhere it does nothing and the end of the test run
says what was left out and what to install.
"""

import os
import shutil
import subprocess
from pathlib import Path

#: A program or file that the package brings -> the package.
PEERS = {
    "storescu": "dcmtk",
    "dciodvfy": "dicom3tools",
    "chromium": "chromium",
    "gdcmscu": "libgdcm-tools",
    "curl": "curl",
    "Orthanc": "orthanc",
    "/usr/share/orthanc/plugins/libOrthancDicomWeb.so": "orthanc-dicomweb",
}


def postgresql_is_there() -> bool:
    """Tell whether a PostgreSQL server could be started."""
    return any(Path("/usr/lib/postgresql").glob("*/bin/initdb")) or shutil.which("initdb") is not None


def become_root() -> list[str] | None:
    """Return the prefix that runs a command as root, or None."""
    if os.geteuid() == 0:
        return []
    if (
        shutil.which("sudo")
        and subprocess.run(["sudo", "-n", "true"], capture_output=True, check=False).returncode == 0
    ):
        return ["sudo", "-n"]
    return None


def main() -> None:
    """Install what is missing."""
    missing = [package for name, package in PEERS.items() if shutil.which(name) is None and not Path(name).is_file()]
    if not postgresql_is_there():
        missing.append("postgresql")
    root = become_root()
    if not missing or shutil.which("apt-get") is None or root is None:
        return
    print("installing", *missing, "...", flush=True)
    apt = [*root, "env", "DEBIAN_FRONTEND=noninteractive", "apt-get", "-qq"]
    subprocess.run([*apt, "update"], check=False, stdout=subprocess.DEVNULL)
    install = [*apt, "install", "-y", "--no-install-recommends", *missing]
    if subprocess.run(install, check=False, stdout=subprocess.DEVNULL).returncode != 0:
        print("could not install", *missing, "- their tests will be left out", flush=True)


if __name__ == "__main__":
    main()
