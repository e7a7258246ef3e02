"""Several processes on one archive: nothing twice, no deadlock, and nothing acknowledged is lost when one is killed."""

import random
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from isocenter.archive import Archive
from isocenter.settings import Settings

Build = Callable[..., bytes]
EXPLICIT = "1.2.840.10008.1.2.1"

#: Stores every data set of a folder, on several threads, and prints what was acknowledged.
STORE = """
import sys, threading
from pathlib import Path
from isocenter.archive import Archive, Source
from isocenter.settings import load_settings

data, objects, threads = Path(sys.argv[1]), sorted(Path(sys.argv[2]).iterdir()), int(sys.argv[3])
archive = Archive.open(data, load_settings())
lock = threading.Lock()
print("ready", flush=True)
sys.stdin.readline()

def work(part):
    for path in part:
        reception = archive.receive(Source("dimse"), "1.2.840.10008.1.2.1")
        reception.write(path.read_bytes())
        receipt = reception.finish()
        with lock:
            print(receipt.outcome.value, path.name, flush=True)

workers = [threading.Thread(target=work, args=(objects[n::threads],)) for n in range(threads)]
for worker in workers:
    worker.start()
for worker in workers:
    worker.join()
archive.close()
"""


def start(data: Path, objects: Path, threads: int) -> "subprocess.Popen[str]":
    arguments = [sys.executable, "-c", STORE, str(data), str(objects), str(threads)]
    process = subprocess.Popen(arguments, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    assert process.stdout.readline() == "ready\n"
    return process


def go(*processes: "subprocess.Popen[str]") -> None:
    for process in processes:
        assert process.stdin is not None
        process.stdin.write("\n")
        process.stdin.flush()


def write_objects(folder: Path, build: Build, count: int, **attributes: str) -> None:
    folder.mkdir()
    for number in range(1, count + 1):
        content = build(number, SeriesInstanceUID=f"1.2.3.0.{number % 3}", **attributes)
        (folder / f"1.2.3.{number}").write_bytes(content)


def test_two_processes_store_the_same_new_study(tmp_path: Path, build: Build, settings: Settings) -> None:
    write_objects(tmp_path / "objects", build, 40)
    processes = [start(tmp_path / "data", tmp_path / "objects", 2) for _ in range(2)]
    go(*processes)
    answers = [process.communicate(timeout=60)[0].split() for process in processes]
    assert [process.returncode for process in processes] == [0, 0]
    outcomes = [word for answer in answers for word in answer[::2]]
    assert (outcomes.count("stored"), outcomes.count("duplicate")) == (40, 40)
    with Archive.open(tmp_path / "data", settings) as archive:
        held = archive.statistics()
        assert (held.patients, held.studies, held.series, held.instances) == (1, 1, 3, 40)
        assert archive.check(deep=True).findings == []


@pytest.mark.parametrize("seed", range(3))
def test_a_killed_process_loses_nothing_it_acknowledged(
    tmp_path: Path, build: Build, settings: Settings, seed: int
) -> None:
    write_objects(tmp_path / "objects", build, 300)
    process = start(tmp_path / "data", tmp_path / "objects", 3)
    go(process)
    assert process.stdout is not None
    lines = [process.stdout.readline() for _ in range(random.Random(seed).randrange(1, 120))]
    process.kill()
    lines += process.communicate()[0].splitlines()
    acknowledged = [words[1] for words in map(str.split, lines) if len(words) == 2]
    with Archive.open(tmp_path / "data", settings) as archive:
        assert not list((tmp_path / "data" / "incoming").glob("*/*"))
        for name in acknowledged:
            (instance,) = archive.instances("1.2.3", None, name)
            with archive.open_object(instance) as file:
                assert file.read()[instance.data_set_offset :] == (tmp_path / "objects" / name).read_bytes()
        assert archive.check(deep=True).findings == []
