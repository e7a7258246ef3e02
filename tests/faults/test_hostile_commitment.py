"""Requests for storage commitment that are broken, huge or contradictory, and peers that leave amid them."""

import random

import pytest

from isocenter.commitment import Reference
from isocenter.dicom.json import json_to_data_set
from isocenter.dicom.uids import new_uid
from isocenter.dicom.writer import write_element
from isocenter.dimse.commands import Command, CommandField
from isocenter.net.client import connect
from isocenter.net.commit import COMMIT_PROPOSAL
from isocenter.services.commit import ReportService
from isocenter.services.commit_report import STORAGE_COMMITMENT, STORAGE_COMMITMENT_INSTANCE, Report, write_request

from .conftest import CT_IMAGE, TIMEOUTS, Serving, assert_alive, c_store, image, peer_of, uid_of

STORED = Reference(CT_IMAGE, uid_of(900, 1))
FAILED, BAD_VALUE, NO_SUCH_OBJECT, CONFLICT = 0x0110, 0x0115, 0x0112, 0x0119
PATIENCE = 60.0


@pytest.fixture(scope="module", autouse=True)
def filled(server: Serving) -> None:
    assert c_store(server, image(900, 1), *STORED).Status == 0


def act(association, data: bytes, reports: ReportService) -> Command:
    command = Command(
        CommandField.N_ACTION_RQ, RequestedSOPClassUID=STORAGE_COMMITMENT,
        RequestedSOPInstanceUID=STORAGE_COMMITMENT_INSTANCE, ActionTypeID=1,
    )  # fmt: skip
    return association.invoke(command, lambda _: data, service=reports).command


def ask(server: Serving, data: bytes, reports: int = 0) -> tuple[Command, list[Report]]:
    """Return the answer to a request, and so many reports."""
    taken: list[Report] = []
    service = ReportService(taken.append)
    with connect(peer_of(server), [COMMIT_PROPOSAL], calling_aet="HOSTILE", timeouts=TIMEOUTS) as association:
        answer = act(association, data, service)
        association.attend(service, PATIENCE if reports else 0, lambda: len(taken) >= reports)
    return answer, taken


def request(*references: Reference, uid: str | None = None) -> bytes:
    return json_to_data_set(write_request(new_uid() if uid is None else uid, references))


def sequence_in(depth: int) -> bytes:
    return b"\x08\0\x99\x11SQ\0\0\xff\xff\xff\xff\xfe\xff\0\xe0\xff\xff\xff\xff" * depth


BAD: dict[str, tuple[bytes, int]] = {
    "nothing": (b"", BAD_VALUE),
    "no references": (request(), BAD_VALUE),
    "no transaction": (request(STORED, uid=""), BAD_VALUE),
    "a transaction of 10 000 digits": (write_element(0x00081195, "UI", b"1" * 10_000), BAD_VALUE),
    "a reference without class": (request(STORED, Reference("", "1.2")), BAD_VALUE),
    "SQL": (request(Reference(CT_IMAGE, "1'; DROP TABLE commitment; --")), BAD_VALUE),
    "not a data set": (random.Random(1).randbytes(5000), FAILED),
    "cut short": (request(STORED)[:-7], FAILED),
    "sequences without end": (sequence_in(200), FAILED),
    "text instead of the sequence": (
        write_element(0x00081195, "UI", b"1.2") + write_element(0x00081199, "LO", b"x"),
        BAD_VALUE,
    ),
    "five megabytes": (request(*(Reference(CT_IMAGE, f"1.2.{n}") for n in range(80_000))), FAILED),
}


@pytest.mark.parametrize(("data", "status"), BAD.values(), ids=BAD)
def test_refused(server: Serving, data: bytes, status: int) -> None:
    answer, _ = ask(server, data)
    assert answer.Status == status
    assert answer.ErrorComment
    assert_alive(server)


def test_twenty_thousand_objects(server: Serving) -> None:
    unknown = [Reference(CT_IMAGE, f"1.2.{number}") for number in range(20_000)]
    answer, (report,) = ask(server, request(STORED, *unknown), reports=1)
    assert answer.Status == 0
    assert report.committed == (STORED,)
    assert {failure.reason for failure in report.failed} == {NO_SUCH_OBJECT}
    assert len(report.failed) == len(unknown)


def test_one_object_under_two_classes(server: Serving) -> None:
    other = Reference("1.2.840.10008.5.1.4.1.1.4", STORED.sop_instance_uid)
    _, (report,) = ask(server, request(STORED, other, STORED), reports=1)
    assert report.committed == (STORED,)
    assert [failure.reason for failure in report.failed] == [CONFLICT]


def test_many_requests_and_none_is_waited_for(server: Serving) -> None:
    """Reports and answers cross on the wire; each request gets its report."""
    taken: list[Report] = []
    service = ReportService(taken.append)
    with connect(peer_of(server), [COMMIT_PROPOSAL], calling_aet="HOSTILE", timeouts=TIMEOUTS) as association:
        for _ in range(50):
            assert act(association, request(STORED), service).Status == 0
        association.attend(service, PATIENCE, lambda: len(taken) == 50)
    assert len({report.transaction_uid for report in taken}) == 50


@pytest.mark.parametrize("how", ["abort", "release"])
def test_gone_amid_it(server: Serving, how: str) -> None:
    for _ in range(5):
        association = connect(peer_of(server), [COMMIT_PROPOSAL], calling_aet="GONE", timeouts=TIMEOUTS)
        assert (
            act(association, request(STORED, *(Reference(CT_IMAGE, f"1.{n}") for n in range(2000))), NOBODY).Status == 0
        )
        getattr(association, how)()
    assert_alive(server)
    assert {each["state"] for each in server.json("/api/commitments?limit=5")} <= {"pending", "undelivered"}


NOBODY = ReportService(lambda _: None)
