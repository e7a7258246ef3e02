"""What an output is worth: planted tokens that are gone, and what had to stay and did, by kind of check.

In the manner of MIDI-B: each check is one point, removed and retained count alike. An object that may be put aside and
was not written passes what had to go; nothing of it had to stay. Any other that is missing fails what had to stay.
"""

import base64
import io
import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pydicom
from pydicom.dataset import Dataset

from bench.deid_score.corpus import inflated
from bench.deid_score.planting import Answer
from isocenter.codecs.registry import decode_frame
from isocenter.deid._tables.profile import ATTRIBUTES
from isocenter.dicom.layout import read_layout
from isocenter.dicom.part10 import read_preamble_and_meta
from isocenter.dicom.scanner import inflate
from isocenter.dicom.uids import transfer_syntax, uid_name
from isocenter.errors import IsocenterError

NUMBERS = frozenset({"CS", "DS", "IS", "US", "SS", "UL", "SL", "FL", "FD", "SV", "UV"})
CODES = frozenset({"CodeValue", "CodingSchemeDesignator", "CodeMeaning"})
SCHEMES = frozenset({"DCM", "SCT", "SRT", "LN", "UCUM"})
#: Written anew by de-identification itself.
MARKERS = frozenset({0x00120062, 0x00120063, 0x00120064, 0x00280303, 0x00280301, 0x00280302, 0x00080005})
CONTENT_SEQUENCE = 0x0040A730
#: How blanked pixels are encoded: PhotometricInterpretation, PlanarConfiguration, LossyImageCompression.
ENCODED = ("/00280004", "/00280006", "/00282110")
LINKS = ("StudyInstanceUID", "SeriesInstanceUID", "SOPInstanceUID", "FrameOfReferenceUID")
#: Kinds of check whose outcome is a matter of options, not of the Basic Profile.
BY_OPTION = frozenset({
    "safe private attributes", "words of descriptions", "patient characteristics", "intervals of dates",
    "content of reports",
})  # fmt: skip
Tally = dict[str, list[int]]


@dataclass(slots=True)
class Score:
    """Passed and all checks by kind, and the failures."""

    written: int = 0
    inputs: int = 0
    removed: Tally = field(default_factory=lambda: defaultdict(lambda: [0, 0]))
    retained: Tally = field(default_factory=lambda: defaultdict(lambda: [0, 0]))
    failures: list[str] = field(default_factory=list)

    def note(self, tally: Tally, kind: str, passed: int, count: int, what: str = "") -> None:
        """Count checks."""
        tally[kind][0] += passed
        tally[kind][1] += count
        if passed < count:
            self.failures.append(f"{kind}: {what}")

    def percent(self, tallies: Iterable[Mapping[str, list[int]]], leave_out: frozenset[str] = frozenset()) -> float:
        """Return the share of passed checks."""
        rows = [row for tally in tallies for kind, row in tally.items() if kind not in leave_out]
        return 100 * sum(row[0] for row in rows) / max(1, sum(row[1] for row in rows))


def judge(answers: list[Answer], inputs: Path, outputs: Mapping[str, Path]) -> Score:
    """Return the score of a run; ``outputs``: input name -> file."""
    score, links = Score(inputs=len(answers)), _Links()
    for answer in answers:
        path = outputs.get(answer.name)
        before = pydicom.dcmread(inputs / answer.name)
        if path is None:
            _missing(score, answer, before)
            continue
        score.written += 1
        data = path.read_bytes()
        _judge_removed(score, answer, data)
        try:
            after = pydicom.dcmread(io.BytesIO(data))
            _judge_retained(score, answer, before, after, (inputs / answer.name).read_bytes(), data)
            links.add(answer, before, after)
        except Exception as error:  # noqa: BLE001 - an output that cannot be read keeps nothing
            score.note(score.retained, "readable", 0, 1, f"{answer.name} {type(error).__name__}")
    links.judge(score)
    return score


def _missing(score: Score, answer: Answer, before: Dataset) -> None:
    for kind, _ in answer.removed:
        score.note(score.removed, kind, 1, 1)
    if not answer.aside:
        for kind, found in _retainable(before).items():
            score.note(score.retained, kind, 0, found.total(), f"{answer.name} is missing")


def _judge_removed(score: Score, answer: Answer, data: bytes) -> None:
    data += inflated(data)
    cut = data.rfind(b"\xe0\x7f\x10\0")
    header = data if cut < 0 else data[: cut + 64] + data[-1024:]
    for kind, token in answer.removed:
        gone = token.encode() not in data and not is_in_disguise(token, header)
        score.note(score.removed, kind, int(gone), 1, f"{answer.name} {token}")


def is_in_disguise(token: str, data: bytes) -> bool:
    """Tell whether a token of some length is in there backwards, as base64, hexadecimal digits or UTF-16."""
    raw = token.encode()
    forms = (raw[::-1], base64.b64encode(raw), raw.hex().encode(), token.encode("utf-16-le"))
    return len(raw) >= 9 and any(form in data for form in forms)


def _judge_retained(score: Score, answer: Answer, before: Dataset, after: Dataset, old: bytes, new: bytes) -> None:
    found = _retainable(after)
    for kind, expected in _retainable(before).items():
        if answer.aside:  # blanked pixels may be written in another way
            expected = Counter({what: n for what, n in expected.items() if not what.startswith(ENCODED)})
        missing = expected - found[kind]
        what = next(iter(missing), "")
        score.note(score.retained, kind, expected.total() - missing.total(), expected.total(), f"{answer.name} {what}")
    same = before.file_meta.TransferSyntaxUID == after.file_meta.TransferSyntaxUID or answer.aside
    score.note(score.retained, "transfer syntax", int(same), 1, answer.name)
    if "PixelData" in before:
        equal = before.PixelData == after.get("PixelData") or _same_values(old, new, answer)
        score.note(score.retained, "pixels", int(equal), 1, answer.name)


def _same_values(old: bytes, new: bytes, answer: Answer) -> bool:
    """Tell whether decoded values are equal, where text may be burned in those of the lower three quarters."""
    try:
        pairs = list(zip(_frames(old), _frames(new), strict=True))
    except (IsocenterError, ValueError):
        return False
    if not answer.aside:
        return all((one == other).all() for one, other in pairs)
    return all((one == other).mean() > 0.25 for one, other in pairs)


def _frames(data: bytes) -> Iterator[Any]:
    meta = read_preamble_and_meta(data, final=True)
    assert meta is not None
    syntax = transfer_syntax(meta.transfer_syntax_uid)
    body: Any = memoryview(data)[meta.data_set_offset :]
    body = inflate(body, 1 << 30) if syntax.deflated else body
    layout = read_layout(body, syntax)
    for number, ranges in enumerate(layout.frames):
        frame = b"".join(bytes(body[at : at + length]) for at, length in ranges)
        yield decode_frame(frame, layout.description, syntax.uid, vr=layout.vr, number=number)


def _retainable(ds: Dataset) -> dict[str, Counter[str]]:
    """Return what a de-identified object has to keep, by kind; values with a planted token are none of it."""
    found: dict[str, Counter[str]] = defaultdict(Counter)
    _collect(ds, "", found, "technical attributes")
    for keyword in ("PatientSex", "PatientWeight", "PatientSize"):
        if ds.get(keyword) not in {None, ""}:
            found["patient characteristics"][f"{keyword} {ds[keyword].value}"] += 1
    words = re.findall(r"CT Thorax|axial", str(ds.get("SeriesDescription", "")))
    found["words of descriptions"].update(words)
    if ds.get((0x0019, 0x0010)) is not None and ds.get((0x0019, 0x100C)) is not None:
        found["safe private attributes"][str(ds[0x0019, 0x100C].value)] += 1
    days = [pydicom.valuerep.DA(ds.get(name) or None) for name in ("StudyDate", "SeriesDate")]
    if all(days):
        found["intervals of dates"][str((days[1] - days[0]).days)] += 1
    return found


def _collect(ds: Dataset, path: str, found: dict[str, Counter[str]], kind: str) -> None:
    standard = str(ds.get("CodingSchemeDesignator", "")) in SCHEMES
    for element in ds:
        tag, place = int(element.tag), f"{path}/{int(element.tag):08X}"
        if element.tag.is_private or tag in MARKERS or tag >> 16 in {0x0004, 0x5000, 0x6002} or not tag & 0xFFFF:
            continue
        if tag >> 24 in {0x50, 0x60}:
            continue
        if element.VR == "SQ":
            if tag == CONTENT_SEQUENCE or not _listed(tag):
                for item in element.value or ():
                    _collect(item, place, found, "content of reports" if tag == CONTENT_SEQUENCE else kind)
        elif (element.VR in NUMBERS and not _listed(tag)) or (element.keyword in CODES and standard):
            if not element.is_empty:
                found["codes" if element.keyword in CODES and kind[0] == "t" else kind][f"{place} {element.value}"] += 1
        elif element.keyword in {"SOPClassUID", "ReferencedSOPClassUID"} and uid_name(str(element.value)):
            found["technical attributes" if kind[0] == "t" else kind][f"{place} {element.value}"] += 1


def _listed(tag: int) -> bool:
    row = ATTRIBUTES.get(f"{tag:08X}")
    return row is not None and row[0] != "K"


class _Links:
    """UIDs and patients over the whole corpus: equal ones stay equal, others apart, none is lost."""

    def __init__(self) -> None:
        self._pairs: dict[str, dict[str, set[str]]] = defaultdict(lambda: defaultdict(set))

    def add(self, answer: Answer, before: Dataset, after: Dataset) -> None:
        """Take the links of one object."""
        for keyword in LINKS:
            if before.get(keyword):
                self._pairs["UIDs consistent"][str(before[keyword].value)].add(str(after.get(keyword, "")))
        for one, other in zip(_references(before), _references(after), strict=False):
            self._pairs["UIDs consistent"][one].add(other)
        self._pairs["patients consistent"][answer.patient].add(str(after.get("PatientID", "")))

    def judge(self, score: Score) -> None:
        """Count each original once."""
        for kind, pairs in self._pairs.items():
            images = Counter(image for found in pairs.values() for image in found)
            for original, found in pairs.items():
                alone = len(found) == 1 and "" not in found and all(images[image] == 1 for image in found)
                score.note(score.retained, kind, int(alone), 1, f"{original} {sorted(found)[:3]}")


def _references(ds: Dataset) -> list[str]:
    """Return the references to instances in sequences that every profile keeps, in order."""
    found = []
    for element in ds:
        if element.VR == "SQ" and not element.tag.is_private and not _listed(int(element.tag)):
            for item in element.value or ():
                found += [str(item.ReferencedSOPInstanceUID)] if item.get("ReferencedSOPInstanceUID") else []
                found += _references(item)
    return found
