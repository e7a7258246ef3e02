"""``isocenter anonymize``: counts that add up, nothing original in the output, runs that can be repeated."""

import csv
import errno
import json
import os
import stat
import subprocess
import sys
import time
import zipfile
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pydicom
import pytest

from isocenter.anonymizing.folder import incoming
from isocenter.cli import main
from isocenter.cli.anonymizer import Job, run_all, shares
from isocenter.cli.file_set import write_directory
from isocenter.cli.sources import Candidate, Rejected
from isocenter.deid import Project, policy
from isocenter.dicom import dictionary
from isocenter.dicom.part10 import write_file_meta
from isocenter.dicom.writer import write_element
from isocenter.errors import ConfigurationError, UsageError

CT, SC = "1.2.840.10008.5.1.4.1.1.2", "1.2.840.10008.5.1.4.1.1.7"
EXPLICIT = "1.2.840.10008.1.2.1"


def object_file(number: int, sop_class: str = CT, **more: str) -> bytes:
    values = {
        "SOPClassUID": sop_class, "SOPInstanceUID": f"1.2.826.77.{number}", "StudyDate": "20240131",
        "AccessionNumber": "ZqACC1Xk", "PatientName": "ZqDoeXk^Jane", "PatientID": "ZqMRN1Xk",
        "StudyInstanceUID": "1.2.826.76", "SeriesInstanceUID": "1.2.826.75", "InstanceNumber": str(number), **more,
    }  # fmt: skip
    rows = sorted((dictionary.tag(keyword), value) for keyword, value in values.items())
    body = b"".join(write_element(tag, dictionary.vr(tag), value.encode()) for tag, value in rows)
    size = write_element(0x00280010, "US", b"\x08\0") + write_element(0x00280011, "US", b"\x08\0")
    pixels = write_element(0x7FE00010, "OB", bytes(64))
    return write_file_meta(sop_class, values["SOPInstanceUID"], EXPLICIT) + body + size + pixels


@pytest.fixture
def inputs(tmp_path: Path) -> Path:
    folder = tmp_path / "ZqDoeXk" / "in"
    folder.mkdir(parents=True)
    for number in range(40):
        (folder / f"ZqDoeXk-{number:02d}.dcm").write_bytes(object_file(number))
    (folder / "screen.dcm").write_bytes(object_file(99, SC))
    (folder / "notes.txt").write_text("ZqDoeXk came today")
    with zipfile.ZipFile(folder / "more.zip", "w") as archive:
        archive.writestr("a.dcm", object_file(50))
        archive.writestr("b.dcm", object_file(1))  # the same as a file before
    return folder


@pytest.fixture
def anonymize(tmp_path: Path, inputs: Path, capsys: pytest.CaptureFixture[str]) -> Callable[..., tuple[int, Any]]:
    def run(*options: str, out: str = "out", project: str = "key") -> tuple[int, Any]:
        arguments = [
            "anonymize",
            str(inputs),
            "-o",
            str(tmp_path / out),
            "--project",
            str(tmp_path / project),
            "--json",
        ]
        with pytest.raises(SystemExit) as ended:
            main([*arguments, *options])
        text = capsys.readouterr().out
        return int(str(ended.value.code)), json.loads(text) if text else None

    return run


def files(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_every_input_is_counted_once(anonymize: Callable[..., tuple[int, Any]]) -> None:
    code, report = anonymize()
    assert code == 1  # something was set aside and something rejected
    counts = {name: report[name] for name in ("output", "unchanged", "sequestered", "rejected", "directory")}
    assert counts == {"output": 41, "unchanged": 1, "sequestered": 1, "rejected": 1, "directory": 0}
    assert report["inputs"] == sum(counts.values()) == 44


def test_neither_copies_nor_reports_hold_an_original_value(tmp_path: Path, inputs: Path, anonymize) -> None:
    day = 1_000_000_000  # on which the inputs were made
    for path in inputs.iterdir():
        os.utime(path, (day, day))
    anonymize("--profile", "research")
    assert all(path.stat().st_mtime != day for path in (tmp_path / "out").rglob("*"))
    written = files(tmp_path / "out")
    assert any(name.endswith("summary.html") for name in written)
    for name, content in written.items():
        assert "Zq" not in name
        assert b"Zq" not in content, name
        assert b"1.2.826.7" not in content, name


def test_key_and_list_are_for_the_owner_only(tmp_path: Path, anonymize) -> None:
    anonymize()
    key, listing = tmp_path / "key" / "key", tmp_path / "key" / "runs" / "0001.csv"
    assert stat.S_IMODE(key.stat().st_mode) == stat.S_IMODE(listing.stat().st_mode) == 0o600
    with listing.open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == 44
    assert all((tmp_path / "out" / row["output"]).is_file() for row in rows if row["outcome"] == "output")
    assert {row["outcome"] for row in rows if "screen" in row["input"]} == {"sequestered"}


def test_the_same_bytes_whatever_the_jobs_and_the_run(tmp_path: Path, anonymize) -> None:
    anonymize(out="one")
    anonymize("--jobs", "2", out="two")
    one, two = files(tmp_path / "one"), files(tmp_path / "two")
    assert one == two


@pytest.mark.parametrize(("count", "largest"), [(0, 0), (1, 1), (20, 1), (500, 16), (30_000, 64)])
def test_every_process_gets_its_share(count: int, largest: int) -> None:
    names = [Rejected(f"{number}", "") for number in range(count)]
    chunks = list(shares(iter(names), 2))
    assert [name for _, part in chunks for name in part] == names
    assert [first for first, _ in chunks] == [names.index(part[0]) for _, part in chunks]
    assert max((len(part) for _, part in chunks), default=0) == largest


def test_work_begins_while_inputs_are_found(tmp_path: Path, inputs: Path) -> None:
    """The last input is found when the first object is written; how many there are is told when all are found."""
    told: list[int] = []
    job = Job((inputs,), tmp_path / "key", policy("basic"), tmp_path / "out")
    Project.open(job.project)

    def found() -> Iterator[Candidate | Rejected]:
        yield from job.inputs()
        deadline = time.monotonic() + 30
        while not list(job.incoming.glob("*/0")):
            assert time.monotonic() < deadline
            time.sleep(0.01)
        yield Rejected("last", "found late")

    with closing(run_all(job, found(), 2, told.append)) as outcomes:
        assert not told
        results = list(outcomes)
    assert told == [len(results)]
    assert (results[-1].name, results[-1].outcome) == ("last", "rejected")
    assert [each.name for each in results[:-1]] == [each.name for each in job.inputs()]


def test_inputs_that_change_while_they_are_read_end_the_run(tmp_path: Path, inputs: Path) -> None:
    """Members of a ZIP archive are found by each process for itself."""
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        for number in range(3):
            archive.writestr(f"{number}", object_file(number))
    job = Job((tmp_path / "a.zip",), tmp_path / "key", policy("basic"), None)
    Project.open(job.project)
    other = [found._replace(name="other") for found in job.inputs()]
    with pytest.raises(UsageError, match="changed while they were read"):
        list(run_all(job, other, 2))
    assert [each.outcome for each in run_all(job, job.inputs(), 2)] == ["output"] * 3


def test_another_key_gives_nothing_in_common(tmp_path: Path, anonymize) -> None:
    anonymize(out="one")
    anonymize(out="two", project="other")
    names = [{n for n in files(tmp_path / out) if n.endswith(".dcm")} for out in ("one", "two")]
    assert names[0]
    assert not {part for n in names[0] for part in n.split("/")} & {part for n in names[1] for part in n.split("/")}


def test_a_run_goes_on_where_it_was(tmp_path: Path, anonymize) -> None:
    anonymize()
    whole = files(tmp_path / "out")
    copies = sorted((tmp_path / "out").rglob("*.dcm"))
    for copy in copies[::2]:
        copy.unlink()
    _, report = anonymize()
    assert (report["output"], report["unchanged"]) == (21, 21)
    assert set(files(tmp_path / "out")) == whole.keys()


def test_what_a_killed_run_left_goes_with_the_next_unless_a_run_holds_it(tmp_path: Path, anonymize) -> None:
    left, held = (tmp_path / "out" / f".incoming-{name}" for name in ("0123", "4567"))
    (left / "77").mkdir(parents=True)
    (left / "77" / "3").write_bytes(b"half")
    with incoming(held):
        (held / "0").write_bytes(b"half")
        anonymize()
        assert not left.exists()
        assert (held / "0").exists()
    assert not list((tmp_path / "out").glob(".*"))


def test_a_lost_key_is_not_made_anew(tmp_path: Path, anonymize) -> None:
    anonymize()
    (tmp_path / "key" / "key").unlink()
    assert anonymize(out="again") == (2, None)
    assert not (tmp_path / "again").exists()
    assert not (tmp_path / "key" / "key").exists()
    with pytest.raises(ConfigurationError, match="restore its key"):
        Project.open(tmp_path / "key")


def test_another_profile_does_not_mix_into_the_folder(tmp_path: Path, anonymize, capsys) -> None:
    anonymize()
    code, report = anonymize("--profile", "research")
    assert (code, report) == (2, None)


def test_another_object_with_the_same_uid_is_set_aside(inputs: Path, anonymize) -> None:
    (inputs / "z.dcm").write_bytes(object_file(1, BodyPartExamined="HEAD"))
    _, report = anonymize()
    assert {"outcome": "sequestered", "reason": "another object with the same UID was written before", "count": 1} in (
        report["reasons"]
    )


def test_files_need_neither_archive_nor_network() -> None:
    """Half of the command's start was loading the index, which files do not need."""
    code = "import isocenter.cli.anonymize, sys; print([m for m in ('sqlalchemy', 'isocenter.net.client', "
    code += "'isocenter.archive') if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_processes_are_copied_and_not_made_anew() -> None:
    """What is loaded for the work starts no thread (numpy does): else each process takes a second to start."""
    code = "import isocenter.cli.anonymize, sys; from isocenter.cli.anonymizer import _may_fork; "
    code += "print('numpy' in sys.modules, _may_fork())"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["False", str(sys.platform == "linux")]


def test_of_two_objects_with_one_uid_the_first_is_written_whatever_the_jobs(
    tmp_path: Path, inputs: Path, anonymize
) -> None:
    for number in range(40):
        (inputs / f"second-{number:02d}.dcm").write_bytes(object_file(number, BodyPartExamined="HEAD"))
    reports = [anonymize("--jobs", jobs, out=f"jobs{jobs}")[1] for jobs in ("1", "2")]
    assert reports[0] == reports[1]
    assert reports[0]["sequestered"] == 41
    assert files(tmp_path / "jobs1") == files(tmp_path / "jobs2")
    assert not [name for name in files(tmp_path / "jobs1") if "incoming" in name]


@pytest.fixture
def disc(tmp_path: Path) -> Path:
    """A medium as PS3.10 has it: a DICOMDIR with the names of its patient, and the files it lists."""
    folder = tmp_path / "disc"
    (folder / "DICOM").mkdir(parents=True)
    for number in range(3):
        (folder / "DICOM" / f"IM{number}").write_bytes(object_file(number))
    write_directory(folder)
    assert b"ZqDoeXk" in (folder / "DICOMDIR").read_bytes()
    with zipfile.ZipFile(tmp_path / "disc.zip", "w") as archive:
        for path in sorted(path for path in folder.rglob("*") if path.is_file()):
            archive.write(path, path.relative_to(folder))
    return folder


@pytest.mark.parametrize("named", ["disc", "disc/DICOMDIR", "disc.zip"])
@pytest.mark.parametrize("asked", [(), ("--dicomdir",), ("--dicomdir", "--jobs", "2")])
def test_a_dicomdir_is_counted_and_made_anew_where_asked(
    tmp_path: Path, disc: Path, capsys: pytest.CaptureFixture[str], named: str, asked: tuple[str, ...]
) -> None:
    out = tmp_path / "out"
    paths = [str(tmp_path / named), "-o", str(out), "--project", str(tmp_path / "key")]
    with pytest.raises(SystemExit) as ended:
        main(["anonymize", *paths, *asked, "--json"])
    assert ended.value.code == 0
    report = json.loads(capsys.readouterr().out)
    assert (report["inputs"], report["output"], report["directory"], report["rejected"]) == (4, 3, 1, 0)
    with (tmp_path / "key" / "runs" / "0001.csv").open(encoding="utf-8") as file:
        assert [row["outcome"] for row in csv.DictReader(file)].count("directory") == 1
    event = json.loads((tmp_path / "key" / "audit.jsonl").read_text(encoding="utf-8"))
    assert event["inputs"] == 4
    written = files(out)
    assert not [name for name, content in written.items() if b"ZqDoeXk" in content or b"1.2.826.7" in content]
    if not asked:
        assert "DICOMDIR" not in written
        return
    records = pydicom.dcmread(out / "DICOMDIR").DirectoryRecordSequence
    listed = {"/".join(record.ReferencedFileID) for record in records if "ReferencedFileID" in record}
    assert listed == {name for name in written if name.startswith("DICOM/")}
    assert len(listed) == 3
    (study,) = [record for record in records if record.DirectoryRecordType == "STUDY"]
    assert (study.StudyDate, study.StudyTime) == ("20000101", "000000")  # both must have a value (PS3.3 F.5.2)


@pytest.mark.parametrize("mixed", ["out", "key"])
def test_nothing_is_written_beside_a_dicomdir_that_is_read(tmp_path: Path, disc: Path, mixed: str) -> None:
    places = {"out": tmp_path / "out", "key": tmp_path / "key", mixed: disc / mixed}
    with pytest.raises(SystemExit) as ended:
        main(["anonymize", str(disc / "DICOMDIR"), "-o", str(places["out"]), "--project", str(places["key"])])
    assert ended.value.code == 2
    assert not (disc / mixed).exists()


def test_a_damaged_dicomdir_does_no_harm(inputs: Path, anonymize) -> None:
    (inputs / "DICOMDIR").write_bytes(write_file_meta("1.2.840.10008.1.3.10", "1.2.826.1", EXPLICIT) + bytes(8))
    (inputs / "dicomdir.old").write_text("ZqDoeXk, no DICOMDIR at all")
    _, report = anonymize()
    assert (report["output"], report["rejected"], report["directory"]) == (41, 2, 1)
    assert any("DICOMDIR" in row["reason"] for row in report["reasons"])


def test_dry_run_writes_nothing(tmp_path: Path, anonymize) -> None:
    _, report = anonymize("--dry-run")
    assert (report["output"], report["sequestered"]) == (42, 1)
    assert not (tmp_path / "out").exists()
    assert not (tmp_path / "key" / "runs").exists()


@pytest.mark.parametrize(
    "options",
    [["--keep", "dates,modified-dates"], ["--keep", "faces"], ["--profile", "none"], ["--burned-in", "ignore"]],
)
def test_contradictions_are_refused(options: list[str], anonymize) -> None:
    assert anonymize(*options)[0] == 2


def test_key_and_output_stay_apart(tmp_path: Path, inputs: Path, anonymize) -> None:
    assert anonymize(project="out/key")[0] == 2
    assert anonymize(out="ZqDoeXk/in/out")[0] == 2
    assert anonymize(project="ZqDoeXk/in/key")[0] == 2
    assert not (tmp_path / "out").exists()


def test_device_rules_blank_and_are_checked(tmp_path: Path, inputs: Path, anonymize) -> None:
    (inputs / "screen.dcm").write_bytes(object_file(99, SC, Manufacturer="Maker", ManufacturerModelName="M1"))
    rules = tmp_path / "rules.toml"
    rules.write_text("[[device]]\nmanufacturer='Maker'\nmodel='M'\nrows=8\ncolumns=9\nboxes=[[0,0,8,1]]\n")
    assert anonymize("--burned-in", "blank", "--regions", str(rules))[1]["sequestered"] == 1
    rules.write_text("[[device]]\nmanufacturer='Maker'\n")
    assert anonymize("--burned-in", "blank", "--regions", str(rules), out="other")[0] == 2


def test_a_folder_that_cannot_be_written_ends_the_run(tmp_path: Path, anonymize) -> None:
    (tmp_path / "out").write_text("a file")
    assert anonymize()[0] != 0
    assert (tmp_path / "out").read_text() == "a file"


def test_file_systems_without_hard_links(tmp_path: Path, anonymize, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise OSError(errno.EPERM, "not here")

    anonymize(out="linked")
    monkeypatch.setattr("os.link", refuse)
    assert anonymize(out="renamed")[1]["unchanged"] == 1
    assert files(tmp_path / "linked") == files(tmp_path / "renamed")
    assert anonymize(out="renamed")[1]["output"] == 0


def test_large_inputs_are_mapped(tmp_path: Path, anonymize, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is larger than the limit is never read whole, in a ZIP neither, and gives the same bytes."""
    anonymize(out="read")
    monkeypatch.setattr("isocenter.cli.anonymizer._MAPPED", 100)
    monkeypatch.setattr("isocenter.cli.anonymizer._BLOCK", 1)
    anonymize(out="mapped")
    assert files(tmp_path / "read") == files(tmp_path / "mapped")


@pytest.mark.parametrize("fails", [1, 7, 39])
def test_a_disk_that_fills_in_the_middle(
    tmp_path: Path, anonymize, monkeypatch: pytest.MonkeyPatch, capsys, fails: int
) -> None:
    """Nothing half-written has a final name, and the next run gives what an undisturbed one gives."""
    anonymize(out="whole")
    whole, written, real = files(tmp_path / "whole"), [], os.writev

    def full(descriptor: int, pieces: list[memoryview]) -> int:
        written.append(descriptor)
        if len(written) >= fails:
            real(descriptor, [pieces[0][:100]])
            raise OSError(errno.ENOSPC, "No space left on device")
        return real(descriptor, pieces)

    monkeypatch.setattr("os.writev", full)
    assert anonymize()[0] == 1
    monkeypatch.setattr("os.writev", real)
    left = {name: data for name, data in files(tmp_path / "out").items() if name.endswith(".dcm")}
    assert all(whole[name] == data for name, data in left.items())
    assert not [path for path in (tmp_path / "out").iterdir() if path.name.startswith(".incoming")]
    anonymize()
    assert {n: d for n, d in files(tmp_path / "out").items() if n.endswith(".dcm")} == {
        n: d for n, d in whole.items() if n.endswith(".dcm")
    }
