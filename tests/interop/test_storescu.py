"""DCMTK's storescu over folders of real data: what it says was accepted is in the archive and comes back unchanged.

storescu encodes data sets anew while it sends them (lengths of sequences, group lengths, padding), so elements are
compared, as pydicom reads them.
"""

import json
import os
import re
import subprocess
import urllib.request
from collections.abc import Callable, Iterator
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from pydicom import Dataset, dcmread

from isocenter.cli import main
from isocenter.cli.send import identify
from isocenter.cli.sources import UNREADABLE, Candidate, find_candidates
from isocenter.errors import IsocenterError

pytestmark = [
    pytest.mark.real_data,
    pytest.mark.peer("storescu"),
    pytest.mark.filterwarnings("ignore::UserWarning"),  # pydicom's, of what is odd in real files
]
PADDING = 0xFFFCFFFC
FOLDERS = ["charset", "transfer_syntax", "pixel_presentation", "patient_id_collision", "sop", "rt"]
AS_STORED = 'multipart/related; type="application/dicom"; transfer-syntax=*'
MAX_CONTEXTS = 128
SUCCESS, WARNING = "Success", "Warning: CoercionOfDataElements"
#: Why files of these folders do not get across, which is not ours: DCMTK 3.6.7's words, ours by "refused".
CANNOT_BE_READ = {
    "charset/iso_ir_13_sc.dcm",  # TODO
}


def proposals(folders: list[Path]) -> set[tuple[str, str]]:
    """Return SOP class and transfer syntax of all objects in the folders."""
    found: set[tuple[str, str]] = set()
    for candidate in find_candidates(folders):
        if isinstance(candidate, Candidate):
            try:
                with candidate.open() as file:
                    item = identify(candidate, file)
            except (IsocenterError, *UNREADABLE):
                continue
            found.add((item.sop_class_uid, item.transfer_syntax_uid))
    return found


def profile(pairs: set[tuple[str, str]]) -> str:
    """Return a configuration of storescu that proposes each SOP class in each transfer syntax that it is there in."""
    assert len(pairs) <= MAX_CONTEXTS
    syntaxes = sorted({syntax for _, syntax in pairs})
    lines = ["[[TransferSyntaxes]]"]
    for number, syntax in enumerate(syntaxes):
        lines += [f"[Syntax{number}]", f"TransferSyntax1 = {syntax}"]
    lines += ["[[PresentationContexts]]", "[All]"]
    for number, (sop_class, syntax) in enumerate(sorted(pairs), 1):
        lines.append(f"PresentationContext{number} = {sop_class}\\Syntax{syntaxes.index(syntax)}")
    return "\n".join([*lines, "[[Profiles]]", "[Default]", "PresentationContexts = All", ""])


def storescu(port: int, configuration: Path, folders: list[Path]) -> Iterator[tuple[Path, str]]:
    """Send the folders; yield each file that storescu tried, with the answer it says it got, or what it says failed."""
    command = ["storescu", "-v", "-nh", "+r", "+sd", "-xf", str(configuration), "Default", "-aec", "ISOCENTER"]
    done = subprocess.run(
        [*command, "127.0.0.1", str(port), *map(str, folders)],
        env=os.environ | {"TCP_NODELAY": "1"}, capture_output=True, timeout=60, check=False,
    )  # fmt: skip
    output = (done.stdout + done.stderr).decode("latin-1")
    for block in output.split("I: Sending file: ")[1:]:
        name, _, rest = block.partition("\n")
        answer = re.search(r"Received Store Response \((.*)\)", rest)
        failure = re.search(r"^E: (?!Store Failed)(.*)", rest, re.MULTILINE)
        yield Path(name), answer[1] if answer else failure[1] if failure else "?"


def read(file: Path | BytesIO) -> Dataset:
    return dcmread(file, force=True)


def elements(data_set: Dataset) -> dict[int, Any]:
    """Return what a data set says, without group lengths and padding of the whole."""
    return {int(element.tag): element for element in data_set if element.tag.element and element.tag != PADDING}


def part10(multipart: bytes) -> bytes:
    """Return the one file of a multipart answer."""
    boundary, _, rest = multipart.lstrip(b"\r\n").partition(b"\r\n")
    return rest.partition(b"\r\n\r\n")[2].rpartition(b"\r\n" + boundary + b"--")[0]


def test_what_storescu_sends_comes_back(
    serving: Callable[..., Any], data_dir: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    server = serving("--durability", "os").start()
    folders = [data_dir / name for name in FOLDERS]
    configuration = tmp_path / "storescu.cfg"
    configuration.write_text(profile(proposals(folders)))
    answers = dict(storescu(server.dicom_port, configuration, folders))
    import collections
    print(collections.Counter(answers.values()))
    for q,an in sorted(answers.items()):
        if an not in {SUCCESS, WARNING}: print('ROW', q.relative_to(data_dir), '|', an)
    print(set(p for f in folders for p in f.rglob('*') if p.is_file())-set(answers))
    accepted = [path for path, answer in answers.items() if answer in {SUCCESS, WARNING}]
    sent: dict[str, list[Path]] = {}
    for path in accepted:
        sent.setdefault(str(read(path).SOPInstanceUID), []).append(path)
    stored = {i["00080018"]["Value"][0]: i for i in server.json("/dicom-web/instances?limit=100000")}
    print(len(sent), len(stored), set(sent) ^ set(stored))
    for uid, paths in sent.items():
        instance = stored[uid]
        study, series = (instance[tag]["Value"][0] for tag in ("0020000D", "0020000E"))
        b = read(BytesIO(part10(server.get(f"/dicom-web/studies/{study}/series/{series}/instances/{uid}", AS_STORED))))
        a = read(paths[0])
        ea, eb = elements(a), elements(b)
        if ea != eb or a.file_meta.get("TransferSyntaxUID", b.file_meta.TransferSyntaxUID) != b.file_meta.TransferSyntaxUID:
            print(paths[0].relative_to(data_dir), a.file_meta.get("TransferSyntaxUID"), [(hex(t), str(ea.get(t))[:60], str(eb.get(t))[:60]) for t in ea.keys() | eb.keys() if ea.get(t) != eb.get(t)][:4])
