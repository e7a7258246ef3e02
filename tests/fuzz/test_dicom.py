"""Mutated files and DICOM JSON: they are read, or refused as broken, by everything that reads them in the archive."""

import copy
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from random import Random
from typing import Any

import pytest
from pydicom.data import get_testdata_file

from isocenter.dicom.implicit import implicit_vr
from isocenter.dicom.json import data_set_to_json
from isocenter.dicom.json_reader import json_to_data_set
from isocenter.dicom.layout import read_layout
from isocenter.dicom.native_xml import json_to_xml
from isocenter.dicom.part10 import read_preamble_and_meta
from isocenter.dicom.scanner import inflate
from isocenter.dicom.uids import EXPLICIT_VR_LITTLE_ENDIAN, TransferSyntax, transfer_syntax
from isocenter.errors import InvalidObjectError, NotFoundError, UnsupportedError, UsageError
from isocenter.index.attributes import Level
from isocenter.index.header import RawHeader
from isocenter.inspection import HEADER_TAGS, identify, scan_head

CASES = 5000
#: All encodings, sequences of every kind, character sets, several frames; packaged with pydicom.
NAMES = [
    "CT_small.dcm", "MR_small_bigendian.dcm", "MR_small_implicit.dcm", "JPEG2000.dcm", "SC_rgb_rle_2frame.dcm",
    "rtplan.dcm", "test-SR.dcm", "nested_priv_SQ.dcm", "UN_sequence.dcm", "image_dfl.dcm", "no_meta.dcm",
    "ExplVR_BigEndNoMeta.dcm",
]  # fmt: skip
#: So much of each file is mutated: what lies behind is pixels.
LENGTH = 12000
MOST_INFLATED = 1 << 20


@pytest.fixture(scope="module")
def corpus() -> list[bytes]:
    return [Path(get_testdata_file(name)).read_bytes()[:LENGTH] for name in NAMES]


def attempt(work: Callable[[], Any]) -> Any:
    """Return what ``work`` returns, or None when it refuses the object with a reason."""
    try:
        return work()
    except (InvalidObjectError, NotFoundError, UnsupportedError):
        return None


def show(data: bytes, syntax: TransferSyntax) -> None:
    """Write it as JSON and XML, as metadata are."""
    model = data_set_to_json(data, syntax, bulk_data_uri=lambda path: "/".join(map(str, path)))
    json.dumps(model, allow_nan=False)
    json_to_xml(model)


def cut(data: bytes, syntax: TransferSyntax) -> None:
    """Find the frames, which lie in the data."""
    frames = read_layout(data, syntax).frames
    assert all(
        offset >= 0 and length >= 0 and offset + length <= len(data) for frame in frames for offset, length in frame
    )


def index(data: bytes, syntax: TransferSyntax) -> None:
    """Find what the index wants."""
    header = RawHeader(scan_head(data, syntax).values, syntax)
    identify(header)
    for level in Level:
        header.columns(level)


def read_all(data: bytes, _: Random) -> None:
    meta = attempt(lambda: read_preamble_and_meta(data, final=True))
    if meta is None:
        return
    assert 0 <= meta.data_set_offset <= len(data)
    syntax, body = transfer_syntax(meta.transfer_syntax_uid), data[meta.data_set_offset :]
    attempt(lambda: index(body, syntax))
    if syntax.deflated:
        body = attempt(lambda: inflate(body, MOST_INFLATED, partial=True)) or b""
        syntax = transfer_syntax(EXPLICIT_VR_LITTLE_ENDIAN)
    attempt(lambda: show(body, syntax))
    attempt(lambda: cut(body, syntax))
    if not syntax.encapsulated:
        attempt(lambda: sum(len(piece) for piece in implicit_vr(body)))


def test_files(fuzz: Callable[..., None], corpus: list[bytes]) -> None:
    for data in corpus:
        read_all(data, Random(0))
    fuzz(corpus, read_all, CASES)


def nodes(value: Any) -> Iterator[tuple[Any, Any]]:
    """Yield every (container, key) of a JSON value."""
    for key in list(value) if isinstance(value, dict) else range(len(value)) if isinstance(value, list) else ():
        yield value, key
        yield from nodes(value[key])


#: What may stand anywhere in JSON.
WRONG: list[Any] = [
    None, True, 0, -1, 1e300, 10**30, "", "\0", "a" * 3000, "\ud800", "2.25.1", "00100010", "SQ", [], {}, [[]], [None],
    [{}], {"vr": "SQ"}, {"Value": [{"vr": "PN"}]}, {"Alphabetic": 5}, "AAA", "====", "NaN",
]  # fmt: skip


def test_dicom_json(fuzz: Callable[..., None], corpus: list[bytes]) -> None:
    """What is no DICOM JSON is refused, and what is taken is written as a data set that can be read."""
    models = []
    for data in corpus:
        meta = attempt(lambda data=data: read_preamble_and_meta(data, final=True))
        syntax = transfer_syntax(meta.transfer_syntax_uid) if meta else None
        if syntax is not None and not syntax.deflated:
            model = data_set_to_json(data[meta.data_set_offset :], syntax, bulk_data_uri=None, stop=0x7FE00000)
            models.append(json.dumps(model).encode())
    explicit = transfer_syntax(EXPLICIT_VR_LITTLE_ENDIAN)

    def read(_: bytes, random: Random) -> None:
        model = copy.deepcopy(json.loads(random.choice(models)))
        for _ in range(random.choice((1, 2, 6))):
            container, key = random.choice(list(nodes(model)) or [(model, "x")])
            container[key] = copy.deepcopy(random.choice(WRONG))
        try:
            written = json_to_data_set(model)
        except UsageError:
            return
        data_set_to_json(written, explicit, bulk_data_uri=None)

    fuzz(models, read, CASES // 3)


def test_the_tags_of_the_index_are_scanned() -> None:
    """A change there would leave this job without its main target."""
    assert len(HEADER_TAGS) > 20
