"""Worklist queries and reports of steps that are broken, huge or malicious: the server answers and goes on."""

import json
import random
import urllib.request

import pytest

from isocenter.dicom.writer import write_element, write_sequence
from isocenter.dimse.commands import Command, CommandField
from isocenter.net.client import connect
from isocenter.net.worklist import MPPS_PROPOSAL, WORKLIST_PROPOSAL
from isocenter.services.worklist import MODALITY_WORKLIST_FIND
from isocenter.worklist.performed import MODALITY_PERFORMED_PROCEDURE_STEP

from .conftest import TIMEOUTS, Serving, assert_alive, peer_of

STEP, PATIENT_ID, PATIENT_NAME, DATE = 0x00400100, 0x00100020, 0x00100010, 0x00400002
WRONG, SUCCESS = 0xA900, 0x0000
ENTRIES = 20


@pytest.fixture(scope="module", autouse=True)
def filled(server: Serving) -> None:
    for number in range(ENTRIES):
        body = {
            "PatientName": "DOE^JANE", "PatientID": "4711", "Modality": "CT", "ScheduledStationAETitle": "CT1",
            "ScheduledProcedureStepStartDate": "20240131", "ScheduledProcedureStepStartTime": f"{number:02d}30",
        }  # fmt: skip
        request = urllib.request.Request(
            f"{server.url}/api/worklist", json.dumps(body).encode(), {"Content-Type": "application/json"}
        )
        with urllib.request.urlopen(request, timeout=30) as response:
            assert response.status == 201


def text(tag: int, vr: str, value: str) -> bytes:
    return write_element(tag, vr, value.encode())


def step(*elements: bytes) -> bytes:
    return write_sequence(STEP, [b"".join(elements)])


def nested(depth: int) -> bytes:
    data = text(0x00080100, "SH", "C1")
    for _ in range(depth):
        data = write_sequence(0x00400008, [data])
    return step(data)


def ask(server: Serving, data: bytes) -> list[Command]:
    """Return the commands of all responses."""
    with connect(peer_of(server), [WORKLIST_PROPOSAL], timeouts=TIMEOUTS) as association:
        found = association.ask(MODALITY_WORKLIST_FIND, CommandField.C_FIND_RQ, lambda _: data)
        return [response.command for _, response in found]


REFUSED: dict[str, bytes] = {
    "a date that is none": step(text(DATE, "DA", "tomorrow")),
    "a range that is none": step(text(DATE, "DA", "20240101-20240101-20240101")),
    "10 000 patterns": text(PATIENT_ID, "LO", "\\".join(f"*{n}" for n in range(10_000))),
    "10 000 stations": step(text(0x00400001, "AE", "\\".join(f"CT{n}" for n in range(10_000)))),
    "two megabytes": text(PATIENT_ID, "LO", "x" * 2_000_000),
    "many steps": write_sequence(STEP, [text(0x00080060, "CS", "CT")] * 1000),
    "not a data set": random.Random(1).randbytes(5000),
    "cut short": text(PATIENT_ID, "LO", "x" * 1000)[:-500],
}


@pytest.mark.parametrize("data", REFUSED.values(), ids=REFUSED)
def test_refused(server: Serving, data: bytes) -> None:
    (response,) = ask(server, data)
    assert response.Status == WRONG
    assert response.ErrorComment
    assert_alive(server)


ANSWERED: dict[str, tuple[bytes, int]] = {
    "nothing": (b"", ENTRIES),
    "a value of 10 000 characters": (text(PATIENT_ID, "LO", "x" * 10_000), 0),
    "wildcards without end": (text(PATIENT_NAME, "PN", "*?" * 5_000), 0),
    "wildcards that backtrack": (text(PATIENT_NAME, "PN", "*a" * 5_000 + "*b"), 0),
    "station wildcards": (step(text(0x00400001, "AE", "*?" * 5_000)), 0),
    "stars only": (text(PATIENT_NAME, "PN", "*" * 10_000), ENTRIES),
    "SQL": (text(PATIENT_NAME, "PN", "' OR 1=1; DROP TABLE worklist_entry; --"), 0),
    "LIKE": (step(text(0x00400001, "AE", "%_*")), 0),
    "bytes that are no text": (write_element(PATIENT_NAME, "PN", b"\xff\xfe\x80*"), 0),
    "15 000 UIDs": (text(0x0020000D, "UI", "\\".join(["1.2.3.4"] * 15_000)), 0),
    "thousands of keys": (b"".join(text(0x00210000 | n, "LO", "x") for n in range(0x1000, 0x2000)), ENTRIES),
    "deeper than is read": (nested(100), ENTRIES),
    "a deep sequence that asks": (nested(50).replace(b"C1", b"  "), ENTRIES),
    "a deep sequence that restricts": (nested(50), 0),
    "numbers that are none": (text(0x00101030, "DS", "x" * 1000), 0),
}  # fmt: skip


@pytest.mark.parametrize(("data", "count"), ANSWERED.values(), ids=ANSWERED)
def test_answered(server: Serving, data: bytes, count: int) -> None:
    *pending, last = ask(server, data)
    assert (last.Status, len(pending)) == (SUCCESS, count)
    assert_alive(server)


@pytest.mark.parametrize(
    ("data", "status"),
    [
        (b"", 0x0120),
        (random.Random(2).randbytes(5000), 0x0110),
        (text(0x00400252, "CS", "IN PROGRESS") + text(0x00400270, "LO", "x"), 0x0120),
        (text(PATIENT_ID, "LO", "x" * 60_000) * 100, 0x0110),
    ],
    ids=["nothing", "not a data set", "no sequence", "six megabytes"],
)
def test_reports_that_are_none(server: Serving, data: bytes, status: int) -> None:
    request = Command(
        CommandField.N_CREATE_RQ,
        AffectedSOPClassUID=MODALITY_PERFORMED_PROCEDURE_STEP,
        AffectedSOPInstanceUID="1.2.3",
    )
    with connect(peer_of(server), [MPPS_PROPOSAL], timeouts=TIMEOUTS) as association:
        response = association.invoke(request, lambda _: data).command
    assert response.Status == status
    assert response.ErrorComment
    assert_alive(server)
