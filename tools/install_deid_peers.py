"""Install other de-identification programs beside the project, in ``.cache/deid-peers``; standard library only.

They are what ``make deid-score`` and ``python -m bench.deid`` compare with, never dependencies. Prints the interpreter
that has them; where the registry cannot be reached it says so and leaves nothing.
"""

import shutil
import subprocess
import sys
import venv
from pathlib import Path

PEERS = ("dicom-anonymizer==2.1.0", "dicognito==0.19.0", "deid==0.4.13")
PLACE = Path(__file__).resolve().parent.parent / ".cache" / "deid-peers"


def main() -> int:
    """Make the environment when it is not there."""
    python, done = PLACE / "bin" / "python", PLACE / "complete"
    if not done.exists() or done.read_text(encoding="utf-8") != "\n".join(PEERS):
        shutil.rmtree(PLACE, ignore_errors=True)
        venv.create(PLACE, with_pip=True)
        command = [str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check", *PEERS]
        if subprocess.run(command, check=False, stdout=sys.stderr).returncode:
            shutil.rmtree(PLACE, ignore_errors=True)
            print("the peers could not be installed; the score goes without them", file=sys.stderr)
            return 1
        done.write_text("\n".join(PEERS), encoding="utf-8")
    print(python)
    return 0


if __name__ == "__main__":
    sys.exit(main())
