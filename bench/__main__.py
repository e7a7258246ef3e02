"""``make bench``: run the rows and print the table.

usage: python -m bench [--quick] [--only TEXT] [--fill N] [--json FILE]

``--quick`` repeats less and fills less (for a look, not for a claim). The full archive of the last rows is filled with
``--fill`` (100 000) tiny instances. The searches of a million instances need no peer: ``--only "a million instances"``.
"""

import argparse
import json
import os
import platform
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from bench import data as workload
from bench import imaging, million
from bench.filling import fill_isocenter, fill_orthanc
from bench.headers import header_scan_ratio
from bench.mixed import Mixed, frame_paths, read_beside, store_alone
from bench.rows import ROWS, Data, Row, store
from bench.servers import Server, start_isocenter, start_orthanc, start_storescp

CACHE = Path(__file__).resolve().parent.parent / ".cache" / "bench"
#: Seconds in which an archive that was just filled settles its series; what is measured is what a full archive costs.
REST = 60
#: Seconds after its first answer in which a server, whichever, may finish its start.
START_UP = 3
START: dict[str, Callable[[Path], Server]] = {
    "isocenter": start_isocenter,
    "orthanc": start_orthanc,
    "storescp": start_storescp,
}


class Run:
    """One run: its data, its folder, and the results so far."""

    def __init__(self, folder: Path, repeats: int | None) -> None:
        self.folder = folder
        self.repeats = repeats
        self.results: list[dict[str, object]] = []
        self.memory = 0.0
        ct, mr = workload.series_folders(workload.CT, CACHE), workload.series_folders(workload.MR, CACHE)
        self._folders = (ct, mr)
        self._count = 0

    def data(self, repetition: int) -> Data:
        """Return the data of one repetition: another series each time, so that no cache answers."""
        ct, mr = self._folders
        turn = repetition % len(ct)
        uids = workload.uids(workload.CT, turn, 100)
        return Data(ct[turn:] + ct[:turn], mr, *uids)

    def start(self, name: str) -> Server:
        """Start a server in a folder of its own."""
        self._count += 1
        server = START[name](self.folder / f"{name}{self._count}")
        time.sleep(START_UP)
        return server

    def stop(self, server: Server) -> None:
        """Stop it, remembering what memory ours took."""
        if server.name == "isocenter":
            self.memory = max(self.memory, server.peak_memory())
        server.stop()

    def measure(self, row: Row, servers: dict[str, Server]) -> None:
        """Measure a row, the sides alternating, and print its line."""
        samples: dict[str, list[float]] = {name: [] for name in ["isocenter", *row.peers]}
        for repetition in range(self.repeats or row.repeats):
            data = self.data(repetition)
            workload.read_ahead([*data.ct, *data.mr])
            for name, values in samples.items():
                os.sync()  # what the side before left to be written must not slow this one down
                server = self.start(name) if row.fresh else servers[name]
                try:
                    values.append(row.measure(server, data))
                finally:
                    if row.fresh:
                        self.stop(server)
        ours = statistics.median(samples["isocenter"])
        for peer, goal in row.peers.items():
            self.report(row.name, row.unit, ours, peer, statistics.median(samples[peer]), goal, is_rate=row.is_rate)

    def report(
        self, name: str, unit: str, ours: float, peer: str, theirs: float, goal: float, *, is_rate: bool
    ) -> None:
        """Add one line to the table and print it."""
        ratio = ours / theirs
        met = "" if not goal else ("ok" if (ratio >= goal if is_rate else ratio <= goal) else "MISSED")
        bound = f"{'>=' if is_rate else '<='} {goal:g}" if goal else "-"
        print(
            f"{name:64}{ours:10.2f} {unit:9}{peer:>12}{theirs:10.2f}   ratio {ratio:7.3f}  goal {bound:8}{met}",
            flush=True,
        )
        line = {
            "row": name,
            "unit": unit,
            "isocenter": ours,
            "peer": peer,
            "theirs": theirs,
            "ratio": ratio,
            "goal": goal,
            "met": met,
        }
        self.results.append(line)


def machine() -> str:
    """Describe the machine and the versions measured."""
    cpu = next(
        (x.split(":")[1].strip() for x in Path("/proc/cpuinfo").read_text().splitlines() if "model name" in x), "?"
    )
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    orthanc = subprocess.run(["Orthanc", "--version"], capture_output=True, text=True, check=False).stdout.split("\n")[
        0
    ]
    system = f"{platform.system()} {platform.release()}, Python {platform.python_version()}"
    return f"{os.cpu_count()} x {cpu}, {memory:.0f} GiB, {system}; {orthanc}"


def run_rows(run: Run, rows: list[Row], studies: int, images: int) -> None:
    """Measure the rows that store, then those that query, against servers that hold other studies too."""
    for row in rows:
        if row.fresh:
            run.measure(row, {})
    queries = [row for row in rows if not row.fresh]
    if not queries:
        return
    servers = {name: run.start(name) for name in ("isocenter", "orthanc")}
    try:
        for server in servers.values():
            store(run.data(0).ct, server)
        fill_isocenter(servers["isocenter"], studies, images)
        fill_orthanc(servers["orthanc"], studies, images)
        for row in queries:
            run.measure(row, servers)
    finally:
        for server in servers.values():
            run.stop(server)


def full_archive(run: Run, instances: int) -> None:
    """Store into an archive that holds many instances, and into an empty one."""
    repeats = run.repeats or 3
    full, empty = run.start("isocenter"), None
    samples: dict[str, list[float]] = {"full": [], "empty": []}
    try:
        fill_isocenter(full, instances // 200, 200)
        time.sleep(REST)
        for number in range(repeats):
            data = run.data(number)
            workload.read_ahead(data.ct)
            os.sync()
            samples["full"].append(ROWS[0].measure(full, data))
            os.sync()
            empty = run.start("isocenter")
            samples["empty"].append(ROWS[0].measure(empty, run.data(number)))
            run.stop(empty)
    finally:
        run.stop(full)
    name = f"the same with {instances} instances already there"
    full_rate, empty_rate = (statistics.median(samples[k]) for k in ("full", "empty"))
    run.report(name, "images/s", full_rate, "empty", empty_rate, 0.8, is_rate=True)


def search_line(run: Run, instances: int, database: str, name: str, large: float, small: float) -> None:
    """Report one search of the large index: bounded by growth, and by a time that no growth excuses."""
    goal = min(million.GROWTH, million.LIMIT_MS / small)
    run.report(
        f"{name}, {database}, p95 at {instances}", "ms", large, f"at {million.SMALL}", small, goal, is_rate=False
    )


def readers_beside_a_modality(run: Run) -> None:
    """Read frames by 32 clients while CT arrive, at both servers; each round in empty archives."""
    peers: dict[str, list[Mixed]] = {"isocenter": [], "orthanc": []}
    before: list[float] = []
    for number in range(run.repeats or 5):
        read, alone, beside = _in_turn(run.data(0).ct, number)
        workload.read_ahead(run.data(0).ct)
        for name, results in peers.items():
            server = run.start(name)
            try:
                store(read, server)
                os.sync()
                if name == "isocenter":
                    before.append(store_alone(server, alone))
                    os.sync()
                paths = frame_paths(workload.uids(workload.CT, number % workload.CT.series, workload.CT.images))
                results.append(read_beside(server, paths, beside))
            finally:
                run.stop(server)
    ours, theirs = ([result.p95 for result in peers[name]] for name in ("isocenter", "orthanc"))
    failed = sum(result.failed for result in peers["isocenter"])
    title = "p95 of a frame, 32 clients beside a modality"
    run.report(f"{title}, {failed} failed", "ms", statistics.median(ours), "limit", 50, 1, is_rate=False)
    run.report(title, "ms", statistics.median(ours), "orthanc", statistics.median(theirs), 0, is_rate=False)
    rate = statistics.median(result.rate for result in peers["isocenter"])
    run.report("C-STORE in beside 32 readers", "images/s", rate, "alone", statistics.median(before), 0.5, is_rate=True)
    if failed:
        raise RuntimeError(f"{failed} frames could not be read beside a modality")


def _in_turn(folders: list[Path], number: int) -> tuple[list[Path], list[Path], list[Path]]:
    """Return the series to read, the one to store alone, and those to store beside; others each round."""
    turn = number % len(folders)
    turned = folders[turn:] + folders[:turn]
    return turned[:1], turned[1:2], turned[2:]


def main() -> None:
    """Parse the command line and run."""
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__.split("\n")[0])
    parser.add_argument("--quick", action="store_true", help="fewer repetitions, a smaller archive")
    parser.add_argument("--only", default="", help="rows whose name contains this")
    parser.add_argument("--fill", type=int, default=100_000, help="instances of the full archive")
    parser.add_argument("--json", type=Path, help="write the results here, too")
    options = parser.parse_args()
    rows = [row for row in ROWS if options.only.lower() in row.name.lower()]
    print(machine(), flush=True)
    with tempfile.TemporaryDirectory(prefix="isocenter-bench-") as folder:
        run = Run(Path(folder), 2 if options.quick else None)
        run_rows(run, rows, 30 if options.quick else 305, 20 if options.quick else 204)
        if options.only in "headers":
            ours, theirs = header_scan_ratio(workload.files(run.data(0).mr[0]))
            run.report("header scan, MR 33 KiB", "files/s", ours, "pydicom", theirs, 10, is_rate=True)
        works = [work for work in imaging.WORKS if options.only.lower() in work.name.lower()]
        if works:
            imaging.volume(Path(folder) / "native.dcm")
        for work in works:
            ours, theirs = imaging.rates(work, Path(folder))
            title = f"{work.name}, CT 512 x 512, one core"
            run.report(title, "frames/s", ours, work.peer, theirs, work.goal, is_rate=True)
        if options.only in "full archive":
            full_archive(run, options.fill // 10 if options.quick else options.fill)
        if options.only in "a million instances":
            instances = 100_000 if options.quick else 1_000_000
            million.measure(lambda *line: search_line(run, instances, *line), instances, Path(folder))
        if options.only in "readers beside a modality":
            readers_beside_a_modality(run)
        run.report("peak memory of the server", "MB", run.memory, "limit", 300, 1, is_rate=False)
        if options.json:
            options.json.write_text(json.dumps({"machine": machine(), "rows": run.results}, indent=2))
    sys.exit(1 if any(line["met"] == "MISSED" for line in run.results) else 0)


if __name__ == "__main__":
    main()
