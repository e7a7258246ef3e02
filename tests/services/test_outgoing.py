"""What objects go out in: as stored if that is taken, else uncompressed, else not at all."""

import io
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from pydicom import dcmread
from pydicom.data import get_testdata_file

from isocenter.archive import Archive, Instance, Source
from isocenter.cli.dicom_part import services_of
from isocenter.dicom.uids import TRANSFER_SYNTAXES
from isocenter.errors import NotFoundError, UnsupportedError
from isocenter.services.move import MoveService
from isocenter.services.outgoing import Outgoing, needed_contexts, possible_syntaxes
from isocenter.settings import load_settings

EXPLICIT, IMPLICIT, RLE, JPEG = (
    "1.2.840.10008.1.2.1", "1.2.840.10008.1.2", "1.2.840.10008.1.2.5", "1.2.840.10008.1.2.4.50",
)  # fmt: skip
FILES = {"MR_small_implicit.dcm": IMPLICIT, "CT_small.dcm": EXPLICIT, "SC_rgb_rle.dcm": RLE}


@pytest.fixture
def archive(tmp_path: Path) -> Iterator[Archive]:
    with Archive.open(tmp_path / "data", load_settings({"durability": "os"})) as opened:
        yield opened


@pytest.fixture
def outgoing(archive: Archive) -> Outgoing:
    (move,) = (s for s in services_of(archive, load_settings()) if isinstance(s, MoveService))
    return move._outgoing


def stored(archive: Archive, name: str) -> Instance:
    reception = archive.receive_file(Source("import"))
    reception.write(Path(get_testdata_file(name)).read_bytes())
    receipt = reception.finish()
    (instance,) = archive.instances(receipt.StudyInstanceUID, receipt.SeriesInstanceUID, receipt.SOPInstanceUID)
    return instance


@pytest.mark.parametrize(("name", "syntax"), FILES.items())
def test_as_stored(archive: Archive, outgoing: Outgoing, name: str, syntax: str) -> None:
    instance = stored(archive, name)
    with outgoing.open(instance, lambda uid: True) as (file, uid, _):
        data = file.read()
    assert uid == syntax
    assert Path(get_testdata_file(name)).read_bytes().endswith(data)
    assert len(data) == instance.size - instance.data_set_offset


@pytest.mark.parametrize("name", FILES)
@pytest.mark.parametrize("target", [EXPLICIT, IMPLICIT])
def test_rewritten(archive: Archive, outgoing: Outgoing, name: str, target: str) -> None:
    instance = stored(archive, name)
    with outgoing.open(instance, lambda uid: uid == target) as (file, uid, _):
        data = file.read()
    assert uid == target
    dataset = dcmread(io.BytesIO(data), force=True)
    original = dcmread(get_testdata_file(name))
    dataset.file_meta.TransferSyntaxUID = uid
    np.testing.assert_array_equal(dataset.pixel_array, original.pixel_array)
    assert dataset.PatientName == original.PatientName


@pytest.mark.parametrize("target", ["1.2.840.10008.1.2.4.70", "1.2.840.10008.1.2.4.80", RLE])
def test_lossless_compression_for_who_takes_nothing_else(archive: Archive, outgoing: Outgoing, target: str) -> None:
    instance = stored(archive, "CT_small.dcm")
    with outgoing.open(instance, lambda uid: uid == target) as (file, uid, _):
        dataset = dcmread(io.BytesIO(file.read()), force=True)
    assert uid == target
    assert dataset.SOPInstanceUID == instance.SOPInstanceUID
    dataset.file_meta.TransferSyntaxUID = uid
    np.testing.assert_array_equal(dataset.pixel_array, dcmread(get_testdata_file("CT_small.dcm")).pixel_array)


def test_lossy_objects_are_not_compressed_anew(archive: Archive, outgoing: Outgoing) -> None:
    instance = stored(archive, "SC_rgb_jpeg_dcmtk.dcm")
    with pytest.raises(UnsupportedError, match="does not take"), outgoing.open(instance, lambda uid: uid == RLE):
        pass


def test_what_is_not_taken_is_not_sent(archive: Archive, outgoing: Outgoing) -> None:
    instance = stored(archive, "CT_small.dcm")
    with pytest.raises(UnsupportedError, match="does not take SOP class"), outgoing.open(instance, lambda _: False):
        pass


def test_what_is_gone_is_not_sent(archive: Archive, outgoing: Outgoing) -> None:
    instance = stored(archive, "CT_small.dcm")
    archive.delete(instance.StudyInstanceUID)
    archive.bin.empty_all()
    with pytest.raises(NotFoundError), outgoing.open(instance, lambda _: True):
        pass


def test_possible_syntaxes() -> None:
    assert possible_syntaxes(EXPLICIT)[0] == IMPLICIT
    assert possible_syntaxes(IMPLICIT)[0] == EXPLICIT
    assert possible_syntaxes(RLE)[:2] == possible_syntaxes(JPEG) == (EXPLICIT, IMPLICIT)
    assert not any(TRANSFER_SYNTAXES[uid].lossy for uid in possible_syntaxes(EXPLICIT))
    assert possible_syntaxes("1.2.840.10008.1.2.4.102") == ()
    assert possible_syntaxes("1.2.3.4") == ()
    assert all(uid not in possible_syntaxes(uid) for uid in TRANSFER_SYNTAXES)


def test_needed_contexts() -> None:
    def instance(sop_class: str, syntax: str) -> Instance:
        return Instance("1", "1", "1", sop_class, None, None, syntax, "", 0, 0, b"")

    instances = [instance("1.1", RLE), instance("1.2", IMPLICIT), instance("1.1", EXPLICIT), instance("1.1", RLE)]
    assert needed_contexts(instances) == [
        ("1.1", IMPLICIT), ("1.1", EXPLICIT), ("1.1", RLE), ("1.2", EXPLICIT), ("1.2", IMPLICIT),
    ]  # fmt: skip
