"""Queries and retrievals that are broken, huge or malicious, and peers that leave amid the answers.

Each gets the standard's status and a comment that helps from a real server, which goes on as if nothing had been.
"""

import random
import socket
import struct
from collections.abc import Iterator

import pytest

from isocenter.dicom.writer import write_element, write_sequence
from isocenter.dimse.commands import DATA_SET_FOLLOWS, Command, CommandField, Priority, write_command
from isocenter.net.client import Proposal, connect
from isocenter.services.information_model import PATIENT_ROOT, STUDY_ROOT
from isocenter.ul.items import PresentationContext
from isocenter.ul.pdu import (
    Abort,
    AssociateRequest,
    DataTransfer,
    PresentationDataValue,
    ReleaseRequest,
    ReleaseResponse,
    write_pdu,
)
from isocenter.ul.user_information import UserInformation

from .conftest import (
    CT_IMAGE,
    TIMEOUTS,
    Serving,
    assert_alive,
    c_store,
    image,
    peer_of,
    process_status,
    reset_peak,
    uid_of,
)

EXPLICIT = "1.2.840.10008.1.2.1"
WRONG, UNKNOWN_DESTINATION, SUCCESS = 0xA900, 0xA801, 0x0000
LEVEL = 0x00080052
STUDIES = 40


@pytest.fixture(scope="module", autouse=True)
def filled(server: Serving) -> None:
    """Some studies, so that there is something to answer."""
    for study in range(STUDIES):
        described = image(study, 1, description=(0x00081030, "LO", "a" * 64))
        assert c_store(server, described, CT_IMAGE, uid_of(study, 1)).Status == 0


def text(tag: int, vr: str, value: str) -> bytes:
    return write_element(tag, vr, value.encode())


def study_level(*elements: bytes) -> bytes:
    return b"".join(sorted([text(LEVEL, "CS", "STUDY"), *elements], key=lambda e: struct.unpack("<HH", e[:4])))


def ask(server: Serving, data: bytes, field: CommandField = CommandField.C_FIND_RQ, **elements: str) -> list[Command]:
    """Return the commands of all responses."""
    model = {"C_FIND_RQ": STUDY_ROOT.find, "C_MOVE_RQ": STUDY_ROOT.move, "C_GET_RQ": STUDY_ROOT.get}[field.name]
    with connect(peer_of(server), [Proposal(model, (EXPLICIT,))], timeouts=TIMEOUTS) as association:
        return [response.command for _, response in association.ask(model, field, lambda _: data, **elements)]


REFUSED: dict[str, bytes] = {
    "no level": text(0x00100020, "LO", "x"),
    "level of another model": text(LEVEL, "CS", "PATIENT"),
    "level that is none": text(LEVEL, "CS", "NONSENSE"),
    "level that is a list": text(LEVEL, "CS", "STUDY\\SERIES"),
    "level of 10 000 characters": text(LEVEL, "CS", "S" * 10_000),
    "keys above are missing": text(LEVEL, "CS", "IMAGE"),
    "a date that is none": study_level(text(0x00080020, "DA", "yesterday")),
    "a range that is none": study_level(text(0x00080020, "DA", "20240101-20240101-20240101")),
    "a time of 10 000 characters": study_level(text(0x00080030, "TM", "1" * 10_000)),
    "10 000 patterns": study_level(text(0x00100020, "LO", "\\".join(f"*{n}" for n in range(10_000)))),
    "10 000 ranges": study_level(text(0x00080020, "DA", "\\".join(["2024-"] * 6_000))),
    "two megabytes": study_level(text(0x00100020, "LO", "x" * 2_000_000)),
    "not a data set": random.Random(1).randbytes(5000),
    "cut short": study_level(text(0x00100020, "LO", "x" * 1000))[:-500],
    "nothing": b"",
    "a sequence of 100 items": study_level(write_sequence(0x00400100, [text(0x00080060, "CS", "CT")] * 100)),
    "sequences without end": study_level()
    + b"\x40\0\0\1SQ\0\0\xff\xff\xff\xff"
    + b"\xfe\xff\0\xe0\xff\xff\xff\xff" * 200,
}


@pytest.mark.parametrize("data", REFUSED.values(), ids=REFUSED)
def test_refused(server: Serving, data: bytes) -> None:
    (response,) = ask(server, data)
    assert response.Status == WRONG
    assert response.ErrorComment
    assert_alive(server)


ANSWERED: dict[str, tuple[bytes, int]] = {
    "a value of 10 000 characters": (study_level(text(0x00100020, "LO", "x" * 10_000)), 0),
    "a name of 10 000 characters": (study_level(text(0x00100010, "PN", "^x" * 5_000)), 0),
    "wildcards without end": (study_level(text(0x00100010, "PN", "*?" * 5_000)), 0),
    "wildcards that backtrack": (study_level(text(0x00081030, "LO", "*a" * 5_000 + "*b")), 0),
    "wildcards that backtrack, no longer than a value": (
        study_level(text(0x00081030, "LO", "*a" * 31 + "*b"), text(0x00100010, "PN", "*?" * 31 + "*")),
        0,
    ),
    "as many wildcards as a name has characters": (study_level(text(0x00100010, "PN", "*?" * 7)), STUDIES),
    "one more": (study_level(text(0x00100010, "PN", "*?" * 9)), 0),
    "stars only": (study_level(text(0x00100010, "PN", "*" * 10_000)), STUDIES),
    "SQL": (study_level(text(0x00100020, "LO", "' OR 1=1; DROP TABLE study; --")), 0),
    "LIKE": (study_level(text(0x00100020, "LO", "%_" * 100 + "*")), 0),
    "control characters": (study_level(text(0x00100020, "LO", "\0\x01\x1b$B\x7f")), 0),
    "bytes that are no text": (study_level(write_element(0x00100010, "PN", b"\xff\xfe\x80*")), 0),
    "a character set that is none": (study_level(text(0x00080005, "CS", "X" * 10_000)), STUDIES),
    "15 000 UIDs": (study_level(text(0x0020000D, "UI", "\\".join(["1.2.3.4", uid_of(0, 0)] * 15_000))), None),
    "thousands of keys": (
        study_level(*(text(0x00210000 | n, "LO", "x") for n in range(0x1000, 0x2000))),
        STUDIES,
    ),
    "a sequence of one item": (study_level(write_sequence(0x00400100, [text(0x00080060, "CS", "CT")])), STUDIES),
    "numbers that are none": (study_level(text(0x00201208, "IS", "x" * 1000)), STUDIES),
}  # fmt: skip


@pytest.mark.parametrize(("data", "count"), ANSWERED.values(), ids=ANSWERED)
def test_answered(server: Serving, data: bytes, count: int | None) -> None:
    *pending, last = ask(server, data)
    assert last.Status == SUCCESS
    assert count is None or len(pending) == count
    assert_alive(server)


@pytest.mark.parametrize("field", [CommandField.C_GET_RQ, CommandField.C_MOVE_RQ])
@pytest.mark.parametrize(
    "keys",
    [
        study_level(),
        study_level(text(0x0020000D, "UI", "*")),
        text(LEVEL, "CS", "SERIES") + text(0x0020000E, "UI", "1.2"),
        text(LEVEL, "CS", "PATIENT") + text(0x00100020, "LO", "P1"),
        b"\xff" * 100,
    ],
    ids=["no UID", "a pattern", "no study", "a level too high", "not a data set"],
)
def test_retrievals_that_name_nothing(server: Serving, field: CommandField, keys: bytes) -> None:
    (response,) = ask(server, keys, field, **({"MoveDestination": "X"} if field is CommandField.C_MOVE_RQ else {}))
    assert response.Status == WRONG
    assert response.ErrorComment


@pytest.mark.parametrize("destination", ["ISOCENTER", "NOBODY", " ", "A" * 16])
def test_move_to_oneself_and_to_nobody(server: Serving, destination: str) -> None:
    keys = study_level(text(0x0020000D, "UI", "1.2"))
    (response,) = ask(server, keys, CommandField.C_MOVE_RQ, MoveDestination=destination)
    assert response.Status == UNKNOWN_DESTINATION
    assert "destination" in response.ErrorComment


def data_transfer(data: bytes, *, is_command: bool = False) -> bytes:
    return write_pdu(DataTransfer((PresentationDataValue(1, is_command, True, data),)))


QUESTION = data_transfer(
    write_command(
        Command(
            CommandField.C_FIND_RQ,
            MessageID=1,
            CommandDataSetType=DATA_SET_FOLLOWS,
            AffectedSOPClassUID=PATIENT_ROOT.find,
            Priority=Priority.MEDIUM,
        )
    ),
    is_command=True,
) + data_transfer(text(LEVEL, "CS", "PATIENT") + text(0x00100010, "PN", ""))


@pytest.fixture
def established(server: Serving) -> Iterator[socket.socket]:
    """A bare socket with an association for C-FIND."""
    with socket.create_connection(("127.0.0.1", server.dicom_port), 30) as sock:
        contexts = (PresentationContext(1, PATIENT_ROOT.find, (EXPLICIT,)),)
        sock.sendall(write_pdu(AssociateRequest("ISOCENTER", "HOSTILE", contexts, UserInformation(16384, "1.2.3"))))
        assert sock.recv(65536)[0] == 2
        yield sock


def read_until(sock: socket.socket, last: bytes) -> None:
    """Read up to a PDU that is the last one; the server leaves the closing to us."""
    received = b""
    while not received.endswith(last):
        data = sock.recv(65536)
        assert data, "closed before"
        received += data


def test_release_amid_the_answers(server: Serving, established: socket.socket) -> None:
    """The release is answered, in place of the rest of the answers or behind them."""
    established.sendall(QUESTION + write_pdu(ReleaseRequest()))
    read_until(established, write_pdu(ReleaseResponse()))
    assert_alive(server)


def test_questions_without_waiting_for_answers(server: Serving, established: socket.socket) -> None:
    """More than one at a time was not negotiated: the association is aborted."""
    established.sendall(QUESTION * 100)
    read_until(established, write_pdu(Abort(0, 0)))
    assert_alive(server)


def test_peers_that_do_not_read_cost_nothing(server: Serving) -> None:
    """Each asks and leaves without reading an answer."""
    reset_peak(server)
    before = process_status(server, "VmRSS")
    for _ in range(100):
        with socket.create_connection(("127.0.0.1", server.dicom_port), 30) as sock:
            contexts = (PresentationContext(1, PATIENT_ROOT.find, (EXPLICIT,)),)
            sock.sendall(
                write_pdu(AssociateRequest("ISOCENTER", "HOSTILE", contexts, UserInformation(16384, "1.2.3")))
                + QUESTION
            )
    assert_alive(server)
    assert process_status(server, "VmHWM") - before < 40 << 20
