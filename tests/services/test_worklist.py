"""C-FIND of the worklist, over one that only remembers."""

from collections.abc import Iterator
from typing import Any

import pytest

from isocenter.dicom.json import data_set_to_json, json_to_data_set
from isocenter.dicom.nested import Keys
from isocenter.dicom.uids import transfer_syntax
from isocenter.dimse.commands import Command, CommandField, write_command
from isocenter.errors import IsocenterError
from isocenter.index.worklist import WorklistEntry
from isocenter.services.service import Response, ServiceContext
from isocenter.services.worklist import MODALITY_WORKLIST_FIND, WorklistService
from isocenter.settings import load_settings

EXPLICIT, IMPLICIT = "1.2.840.10008.1.2.1", "1.2.840.10008.1.2"
PENDING, WITHOUT_KEYS, CANCELLED, WRONG = 0xFF00, 0xFF01, 0xFE00, 0xA900
COMMAND = Command(
    CommandField.C_FIND_RQ, MessageID=9, CommandDataSetType=1, AffectedSOPClassUID=MODALITY_WORKLIST_FIND, Priority=0
)


def data_set(name: str = "Doe^Jane", **step: Any) -> dict[str, Any]:
    inner = {"00080060": {"vr": "CS", "Value": ["CT"]}, "00400009": {"vr": "SH", "Value": ["S1"]}, **step}
    return {
        "00100010": {"vr": "PN", "Value": [{"Alphabetic": name}]},
        "00100020": {"vr": "LO", "Value": ["4711"]},
        "00400100": {"vr": "SQ", "Value": [inner]},
    }


class FakeWorklist:
    def __init__(self, *data_sets: dict[str, Any], error: Exception | None = None) -> None:
        self.data_sets = data_sets
        self.error = error
        self.asked: list[Keys] = []

    def find(self, keys: Keys) -> Iterator[WorklistEntry]:
        self.asked.append(keys)
        for number, each in enumerate(self.data_sets):
            yield WorklistEntry(number, "", "SCHEDULED", 0, each)
        if self.error is not None:
            raise self.error


def context(syntax: str = EXPLICIT) -> ServiceContext:
    return ServiceContext(1, "CT1", "ISOCENTER", "192.0.2.7", 1, MODALITY_WORKLIST_FIND, syntax)


QUERY = {
    "00100010": {"vr": "PN"},
    "00100040": {"vr": "CS"},
    "00400100": {"vr": "SQ", "Value": [{"00080060": {"vr": "CS", "Value": ["CT"]}, "00400009": {"vr": "SH"}}]},
}


def ask(
    worklist: FakeWorklist, data: bytes, syntax: str = EXPLICIT, **settings: object
) -> tuple[list[Response], Command]:
    handler = WorklistService(worklist, load_settings(settings)).begin(context(syntax), COMMAND)
    for start in range(0, len(data), 50):
        handler.write(memoryview(data)[start : start + 50])
    *pending, last = handler.finish()
    assert all(isinstance(response, Response) for response in pending)
    write_command(last)  # it can be sent
    return pending, last


def read(response: Response, syntax: str = EXPLICIT) -> dict[str, Any]:
    assert response.data_set is not None
    return data_set_to_json(response.data_set, transfer_syntax(syntax), bulk_data_uri=None)


@pytest.mark.parametrize("syntax", [EXPLICIT, IMPLICIT])
def test_answers_nest_as_the_query_does(syntax: str) -> None:
    worklist = FakeWorklist(data_set(), data_set("Roe^Ada"))
    pending, last = ask(worklist, json_to_data_set(QUERY, implicit=syntax == IMPLICIT), syntax)
    assert [response.command.Status for response in pending] == [PENDING, PENDING]
    assert read(pending[1], syntax) == {
        "00100010": {"vr": "PN", "Value": [{"Alphabetic": "Roe^Ada"}]},
        "00100040": {"vr": "CS"},
        "00400100": {
            "vr": "SQ",
            "Value": [{"00080060": {"vr": "CS", "Value": ["CT"]}, "00400009": {"vr": "SH", "Value": ["S1"]}}],
        },
    }
    assert (last.Status, last.MessageIDBeingRespondedTo) == (0, 9)


@pytest.mark.parametrize(
    ("asked", "declared", "encoded"),
    [("", "ISO_IR 192", "Müller".encode()), ("ISO_IR 100", "ISO_IR 100", "Müller".encode("latin_1"))],
)
def test_answers_are_in_the_character_set_of_the_query(asked: str, declared: str, encoded: bytes) -> None:
    query = QUERY | ({"00080005": {"vr": "CS", "Value": [asked]}} if asked else {})
    pending, _ = ask(FakeWorklist(data_set("Müller")), json_to_data_set(query))
    assert encoded in pending[0].data_set
    assert read(pending[0])["00080005"]["Value"] == [declared]


def test_a_query_is_read_in_its_character_set() -> None:
    worklist = FakeWorklist()
    query = {"00100010": {"vr": "PN", "Value": [{"Alphabetic": "Müller*"}]}}
    ask(worklist, json_to_data_set(query, character_set=("ISO_IR 100",)))
    assert worklist.asked[0].get(0x00100010).matches("MULLER^X")


def test_keys_that_cannot_be_are_told() -> None:
    query = QUERY | {"00091010": {"vr": "LO", "Value": ["x"]}}
    pending, last = ask(FakeWorklist(data_set()), json_to_data_set(query))
    assert [response.command.Status for response in pending] == [WITHOUT_KEYS]
    assert "00091010" not in read(pending[0])
    assert last.Status == 0


def test_cancel_ends_it() -> None:
    handler = WorklistService(FakeWorklist(*[data_set()] * 5), load_settings({})).begin(context(), COMMAND)
    handler.write(memoryview(json_to_data_set(QUERY)))
    answers = iter(handler.finish())
    next(answers)
    handler.cancel()
    assert [last.Status for last in answers] == [CANCELLED]


def test_the_limit_is_said() -> None:
    pending, last = ask(FakeWorklist(*[data_set()] * 3), json_to_data_set(QUERY), find_limit=2)
    assert len(pending) == 2
    assert last.Status == 0xA700
    assert "find_limit" in last.ErrorComment
    assert ask(FakeWorklist(*[data_set()] * 2), json_to_data_set(QUERY), find_limit=2)[1].Status == 0


@pytest.mark.parametrize(
    ("data", "comment", "offending"),
    [
        (b"\x10\x00\x20\x00LO\xff\x00x", "", None),
        (json_to_data_set({"00100030": {"vr": "DA", "Value": ["soon"]}}), "PatientBirthDate", (0x00100030,)),
        (json_to_data_set({"00400100": {"vr": "SQ", "Value": [QUERY, QUERY]}}), "more than one item", (0x00400100,)),
        (bytes(5_000_000), "longer than", None),
    ],
)
def test_what_is_no_query_is_refused(data: bytes, comment: str, offending: tuple[int, ...] | None) -> None:
    pending, last = ask(FakeWorklist(data_set()), data)
    assert (pending, last.Status, last.OffendingElement) == ([], WRONG, offending)
    assert comment in last.ErrorComment
    assert "soon" not in last.ErrorComment


def test_errors_of_the_worklist_are_failures() -> None:
    pending, last = ask(
        FakeWorklist(data_set(), error=IsocenterError("the index does not work")), json_to_data_set(QUERY)
    )
    assert (len(pending), last.Status) == (1, 0xC001)


def test_other_commands_are_not_its_business() -> None:
    service = WorklistService(FakeWorklist(), load_settings({}))
    (last,) = service.begin(context(), COMMAND._replace(CommandField=CommandField.C_MOVE_RQ)).finish()
    assert last.Status == 0x0211
