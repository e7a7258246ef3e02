"""C-STORE over an archive that only remembers: what it is given, and what each of its answers becomes."""

import logging

import pytest

from isocenter.archive import Outcome, Source
from isocenter.dicom.uids import STORAGE_SOP_CLASSES, TRANSFER_SYNTAXES
from isocenter.dimse.commands import CommandField, write_command
from isocenter.errors import InvalidObjectError, MismatchError, OutOfResourcesError
from isocenter.services.store import PREFERENCE, StoreService
from isocenter.settings import load_settings


@pytest.fixture
def service(archive) -> StoreService:
    return StoreService(archive, load_settings())


def store(service, context, command, *pieces: bytes):
    handler = service.begin(context, command)
    for piece in pieces:
        handler.write(memoryview(piece), memoryview(b""))
    (response,) = handler.finish()
    write_command(response)  # it can be sent
    return response


def test_everything_reaches_the_archive(service, archive, context, command) -> None:
    response = store(service, context, command(), b"first", b"second")
    assert archive.received == [
        (Source("dimse", "SCANNER", "192.0.2.7"), "1.2.840.10008.1.2.1", context.abstract_syntax, "1.3")
    ]
    assert archive.receptions[0].data == b"firstsecond"
    assert archive.receptions[0].state == "finished"
    assert response.CommandField == CommandField.C_STORE_RSP
    assert (response.MessageIDBeingRespondedTo, response.Status, response.ErrorComment) == (5, 0, None)
    assert (response.AffectedSOPClassUID, response.AffectedSOPInstanceUID) == (context.abstract_syntax, "1.3")


@pytest.mark.parametrize(
    ("outcome", "status"), [(Outcome.STORED, 0), (Outcome.DUPLICATE, 0), (Outcome.CONFLICT, 0xB000)]
)
def test_outcomes(service, archive, context, command, outcome, status) -> None:
    archive.outcome = outcome
    response = store(service, context, command(), b"data")
    assert response.Status == status
    assert bool(response.ErrorComment) == (outcome is Outcome.CONFLICT)


@pytest.mark.parametrize("where", ["receive", "write", "finish"])
@pytest.mark.parametrize(
    ("error", "status"),
    [
        (InvalidObjectError("SOPInstanceUID is missing"), 0xC000),
        (MismatchError("SOPClassUID is another one"), 0xA900),
        (OutOfResourcesError("no space left"), 0xA700),
    ],
)
def test_errors_are_answered_at_the_end(service, archive, context, command, where, error, status, caplog) -> None:
    archive.failures[where] = error
    with caplog.at_level(logging.WARNING):
        response = store(service, context, command(), b"first", b"second")
    assert (response.Status, response.ErrorComment) == (status, str(error))
    assert "SCANNER@192.0.2.7" in caplog.text
    assert str(error) in caplog.text
    if where == "write":
        assert archive.receptions[0].state == "discarded"


def test_a_long_reason_is_cut_for_the_comment(service, archive, context, command) -> None:
    archive.failures["finish"] = InvalidObjectError("x" * 100)
    assert store(service, context, command(), b"").ErrorComment == "x" * 64


def test_warnings_are_logged(service, archive, context, command, caplog) -> None:
    archive.warnings = ("PatientID belongs to two patients",)
    with caplog.at_level(logging.WARNING):
        assert store(service, context, command(), b"data").Status == 0
    assert "two patients" in caplog.text


def test_discarded_when_the_association_dies(service, archive, context, command) -> None:
    handler = service.begin(context, command())
    handler.write(memoryview(b"half"))
    handler.discard()
    handler.discard()
    assert archive.receptions[0].state == "discarded"


def test_another_command_is_not_recognized(service, archive, context, command) -> None:
    response = store(service, context, command(CommandField.C_FIND_RQ), b"query")
    assert response.Status == 0x0211
    assert archive.received == []


def test_all_storage_classes_in_all_transfer_syntaxes(service) -> None:
    assert set(service.abstract_syntaxes) == STORAGE_SOP_CLASSES
    assert PREFERENCE[:2] == ("1.2.840.10008.1.2.1", "1.2.840.10008.1.2")
    assert len(set(PREFERENCE)) == len(PREFERENCE)
    left_out = {TRANSFER_SYNTAXES[uid].keyword for uid in set(TRANSFER_SYNTAXES) - set(PREFERENCE)}
    assert left_out == {
        "RFC2557MIMEEncapsulation",
        "XMLEncoding",
        "SMPTEST211020UncompressedProgressiveActiveVideo",
        "SMPTEST211020UncompressedInterlacedActiveVideo",
        "SMPTEST211030PCMDigitalAudio",
    }


def test_lossy_syntaxes_come_last() -> None:
    lossless = [i for i, uid in enumerate(PREFERENCE) if not TRANSFER_SYNTAXES[uid].lossy]
    common = {uid for uid in PREFERENCE[:12] if TRANSFER_SYNTAXES[uid].lossy}
    lossy = [i for i, uid in enumerate(PREFERENCE) if TRANSFER_SYNTAXES[uid].lossy and uid not in common]
    assert max(lossless) < min(lossy)


@pytest.mark.parametrize("accept", [True, False])
def test_unknown_classes_by_setting(archive, accept) -> None:
    service = StoreService(archive, load_settings({"accept_unknown_sop_classes": accept}))
    assert bool(service.unknown_abstract_syntaxes) is accept


def test_what_is_no_uid_does_not_reach_the_log(service, archive, context, command, caplog) -> None:
    archive.failures["finish"] = InvalidObjectError("no UID")
    store(service, context, command(AffectedSOPInstanceUID="Doe^Jane\n"), b"data")
    store(service, context, command(AffectedSOPInstanceUID="1.2.3"), b"data")
    assert "Doe" not in caplog.text
    assert "object 1.2.3 refused: no UID" in caplog.text
