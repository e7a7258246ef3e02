"""Run the viewer's own checks with whatever Node there is. Standard library only.

usage: python tools/test_viewer.py [--check]        ``npm test``, or ``npm run check`` (tsc and eslint)
"""

import sys

from build_viewer import run_npm

if __name__ == "__main__":
    sys.exit(run_npm("--silent", *(["run", "check"] if "--check" in sys.argv[1:] else ["test"])))
