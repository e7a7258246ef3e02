"""Mutated command sets, and fragments in the wrong order: they are read, or refused as the peer's fault.

Every request that can be read has a response that can be written, and what we write we read back.
"""

from collections.abc import Callable, Sequence
from random import Random

import pytest
from pydicom import Dataset
from pydicom.uid import generate_uid
from pynetdicom.dsutils import encode

from isocenter.dimse.commands import CommandField, read_command, respond, write_command
from isocenter.dimse.message import CommandReceived, DataSetChunk, MessageReader
from isocenter.errors import RemoteProtocolError
from isocenter.ul.events import DataReceived

CASES = 15000
CT = "1.2.840.10008.5.1.4.1.1.2"
#: Commands and what they have beside a class and an instance (PS3.7 9.3, 10.3).
COMMANDS: list[dict[str, object]] = [
    {"CommandField": 0x0001, "Priority": 0, "MoveOriginatorApplicationEntityTitle": "A", "MoveOriginatorMessageID": 3},
    {"CommandField": 0x0021, "Priority": 0, "MoveDestination": "WORKSTATION"},
    {"CommandField": 0x0020, "Priority": 2},
    {"CommandField": 0x0030},
    {"CommandField": 0x0FFF, "MessageIDBeingRespondedTo": 1},
    {"CommandField": 0x0130, "RequestedSOPClassUID": CT, "RequestedSOPInstanceUID": "1.2", "ActionTypeID": 1},
    {"CommandField": 0x0110, "RequestedSOPClassUID": CT, "AttributeIdentifierList": [0x00100010, 0x00100020]},
    {
        "CommandField": 0x8021, "MessageIDBeingRespondedTo": 1, "Status": 0xFF00, "NumberOfRemainingSuboperations": 7,
        "NumberOfCompletedSuboperations": 1, "NumberOfFailedSuboperations": 0, "NumberOfWarningSuboperations": 0,
    },
    {
        "CommandField": 0x8001, "MessageIDBeingRespondedTo": 1, "Status": 0xA900, "ErrorComment": "not this one",
        "OffendingElement": [0x00080016],
    },
]  # fmt: skip


def command_set(values: dict[str, object]) -> bytes:
    """Return the command set as pynetdicom writes it."""
    dataset = Dataset()
    common = {"AffectedSOPClassUID": CT, "AffectedSOPInstanceUID": str(generate_uid(entropy_srcs=["x"]))}
    for keyword, value in {"MessageID": 5, "CommandDataSetType": 1, **common, **values}.items():
        setattr(dataset, keyword, value)
    encoded = encode(dataset, is_implicit_vr=True, is_little_endian=True)
    assert encoded is not None
    dataset.CommandGroupLength = len(encoded)
    whole = encode(dataset, is_implicit_vr=True, is_little_endian=True)
    assert whole is not None
    return whole


@pytest.fixture(scope="module")
def corpus() -> list[bytes]:
    return [command_set(values) for values in COMMANDS]


def test_command_sets(fuzz: Callable[..., None], corpus: list[bytes]) -> None:
    def read(data: bytes, _: Random) -> None:
        try:
            command = read_command(data)
        except RemoteProtocolError:
            return
        if not command.is_response and command.CommandField != CommandField.C_CANCEL_RQ:
            response = respond(command, 0xA700, "no")
            again = read_command(write_command(response))
            assert again.MessageIDBeingRespondedTo == command.MessageID
            assert again.Status == 0xA700

    for data in corpus:
        read(data, Random(0))
    fuzz(corpus, read, CASES)


def fragments(data: bytes, corpus: Sequence[bytes], random: Random) -> list[DataReceived]:
    """Return a message in fragments, some of which are lost, doubled, swapped, or say what they are not."""
    made = []
    for is_command, content in ((True, data), (False, random.choice(corpus) * 3), (True, data), (False, b"")):
        size = random.choice((1, 50, 1000))
        parts = [content[start : start + size] for start in range(0, len(content), size)] or [b""]
        made += [
            DataReceived(1, is_command, number == len(parts) - 1, memoryview(part)) for number, part in enumerate(parts)
        ]
    for _ in range(random.choice((0, 0, 1, 1, 2, 5))):
        place = random.randrange(len(made))
        made[place : place + 1] = random.choice(
            (
                [],
                [made[place]] * 2,
                [made[place]._replace(context_id=3)],
                [made[place]._replace(is_last=not made[place].is_last)],
                [made[place]._replace(is_command=not made[place].is_command)],
                [random.choice(made), made[place]],
            )
        ) or [DataReceived(1, is_command=True, is_last=False, data=memoryview(b""))]
    return made


def test_fragments(fuzz: Callable[..., None], corpus: list[bytes]) -> None:
    def read(data: bytes, random: Random) -> None:
        reader = MessageReader()
        received = fragments(random.choice((data, random.choice(corpus))), corpus, random)
        given = 0
        try:
            for fragment in received:
                for event in reader.read(fragment):
                    given += len(event.data) if isinstance(event, DataSetChunk) else 0
                    assert not isinstance(event, CommandReceived) or event.context_id == fragment.context_id
        except RemoteProtocolError:
            pass
        assert given <= sum(len(fragment.data) for fragment in received)

    fuzz(corpus, read, CASES // 3)
