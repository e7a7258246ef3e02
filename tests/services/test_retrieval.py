"""What C-MOVE and C-GET share, over a route that does what it is told: choosing, counting, cancelling, telling."""

from collections.abc import Generator, Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from isocenter.archive import Instance
from isocenter.dicom import dictionary
from isocenter.dicom.header import read_header
from isocenter.dicom.json import json_to_data_set
from isocenter.dicom.uids import transfer_syntax
from isocenter.dimse.commands import Command, CommandField, write_command
from isocenter.errors import IsocenterError, NotFoundError, PeerError
from isocenter.index.query import Level, Query
from isocenter.services.information_model import PATIENT_ROOT, STUDY_ROOT, InformationModel
from isocenter.services.retrieval import RefusedError, Retrieval, Tally
from isocenter.services.service import Message, Response, ServiceContext

CT, EXPLICIT = "1.2.840.10008.5.1.4.1.1.2", "1.2.840.10008.1.2.1"
FAILED_UIDS = 0x00080058
PENDING, SUCCESS, CANCELLED, SOME_FAILED, ALL_FAILED, WRONG = 0xFF00, 0, 0xFE00, 0xB000, 0xA702, 0xA900


def instance(number: int) -> Instance:
    return Instance("1", "1.1", f"1.1.{number}", CT, number, None, EXPLICIT, "", 0, 0, b"")


class FakeSource:
    """An archive of so many objects in each study that is found."""

    def __init__(self, count: int, studies: int = 1) -> None:
        self._count = count
        self._studies = studies
        self.queries: list[Query] = []
        self.asked: list[tuple[str, ...]] = []

    def find_pages(self, query: Query, size: int) -> Iterator[list[dict[str, Any]]]:
        self.queries.append(query)
        uids = {f"{tag:08X}": {"vr": "UI", "Value": [f"{tag & 0xFF}"]} for tag in query.include or ()}
        yield [uids] * self._studies

    def instances(self, *uids: str) -> list[Instance]:
        self.asked.append(uids)
        if not self._count:
            raise NotFoundError("deleted meanwhile")
        return [instance(number) for number in range(self._count)]


class FakeRoute:
    """Answers each object with the next of ``answers``, the last one for all further; an error is raised."""

    def __init__(self, *answers: int | Exception) -> None:
        self.answers = list(answers)
        self.sent: list[str] = []
        self.closed = False

    @contextmanager
    def __call__(self, instances: list[Instance]) -> Iterator["FakeRoute"]:
        try:
            yield self
        finally:
            self.closed = True

    def send(self, instance: Instance) -> Generator[Message, None, int]:
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        if isinstance(answer, Exception):
            raise answer
        self.sent.append(instance.SOPInstanceUID)
        yield from ()
        return answer


def identifier(**keys: str) -> bytes:
    return json_to_data_set({
        f"{dictionary.tag(keyword):08X}": {"vr": dictionary.vr(dictionary.tag(keyword)), "Value": value.split("\\")}
        for keyword, value in keys.items()
    })  # fmt: skip


STUDY = identifier(QueryRetrieveLevel="STUDY", StudyInstanceUID="1")
COMMAND = Command(CommandField.C_GET_RQ, 3, CommandDataSetType=1, AffectedSOPClassUID=STUDY_ROOT.get, Priority=0)


def make(
    source: FakeSource, route: FakeRoute, data: bytes = STUDY, model: InformationModel = STUDY_ROOT,
    extended: bytes = b"", **more: Any,
) -> Retrieval:  # fmt: skip
    context = ServiceContext(1, "SCU", "ISOCENTER", "192.0.2.7", 1, model.get, EXPLICIT, extended)
    retrieval = Retrieval(source, context, COMMAND, model, route, **more)
    retrieval.write(memoryview(data))
    return retrieval


def run(retrieval: Retrieval) -> tuple[list[Command], Response]:
    *pending, last = retrieval.finish()
    assert isinstance(last, Response)
    write_command(last.command._replace(CommandDataSetType=0x0101 if last.data_set is None else 1))
    return pending, last


def counts(command: Command) -> tuple[int | None, ...]:
    return (
        command.NumberOfRemainingSuboperations, command.NumberOfCompletedSuboperations,
        command.NumberOfFailedSuboperations, command.NumberOfWarningSuboperations,
    )  # fmt: skip


def failed(response: Response) -> tuple[str, ...]:
    if response.data_set is None:
        return ()
    return read_header(response.data_set, transfer_syntax(EXPLICIT), (FAILED_UIDS,))[FAILED_UIDS]


def test_each_object_is_counted_and_told() -> None:
    route = FakeRoute(SUCCESS, 0xB000, 0xA700, SUCCESS)
    pending, last = run(make(FakeSource(4), route))
    assert [command.Status for command in pending] == [PENDING] * 4
    assert [counts(command) for command in pending] == [(3, 1, 0, 0), (2, 1, 0, 1), (1, 1, 1, 1), (0, 2, 1, 1)]
    assert (last.command.Status, counts(last.command)) == (SOME_FAILED, (None, 2, 1, 1))
    assert failed(last) == ("1.1.2",)
    assert "out of resources" in last.command.ErrorComment
    assert route.closed


@pytest.mark.parametrize(
    ("answers", "status"),
    [
        ([SUCCESS], SUCCESS),
        ([0xB006], SUCCESS),
        ([0xA700], ALL_FAILED),
        ([PeerError("gone")], ALL_FAILED),
        ([0x1234], ALL_FAILED),
        ([SUCCESS, PeerError("gone")], SOME_FAILED),
        ([NotFoundError("deleted"), SUCCESS], SOME_FAILED),
    ],
)
def test_how_it_ends(answers: list, status: int) -> None:
    _, last = run(make(FakeSource(3), FakeRoute(*answers)))
    assert last.command.Status == status
    assert (last.command.ErrorComment is None) is (status == SUCCESS)
    assert len(failed(last)) == last.command.NumberOfFailedSuboperations


def test_nothing_found_is_a_success_and_opens_nothing() -> None:
    for source in (FakeSource(3, studies=0), FakeSource(0)):
        route = FakeRoute(SUCCESS)
        pending, last = run(make(source, route))
        assert (pending, last.command.Status, counts(last.command)) == ([], SUCCESS, (None, 0, 0, 0))
        assert not route.closed


def test_cancel_tells_what_remains() -> None:
    route = FakeRoute(SUCCESS, PeerError("gone"), SUCCESS)
    retrieval = make(FakeSource(5), route)
    answers = iter(retrieval.finish())
    next(answers)
    next(answers)
    retrieval.cancel()
    (last,) = answers
    assert (last.command.Status, counts(last.command)) == (CANCELLED, (3, 1, 1, 0))
    assert failed(last) == ("1.1.1",)
    assert (route.sent, route.closed) == (["1.1.0"], True)


def test_an_association_that_ends_closes_the_route() -> None:
    route = FakeRoute(SUCCESS)
    answers = make(FakeSource(5), route).finish()
    next(iter(answers))
    answers.close()
    assert route.closed


@pytest.mark.parametrize(
    ("data", "model", "extended", "expected"),
    [
        (STUDY, STUDY_ROOT, b"", (Level.STUDY, {"StudyInstanceUID": "1"})),
        (
            identifier(QueryRetrieveLevel="PATIENT", PatientID="P"),
            PATIENT_ROOT, b"", (Level.STUDY, {"PatientID": "P"}),
        ),
        (
            identifier(QueryRetrieveLevel="SERIES", StudyInstanceUID="1", SeriesInstanceUID="1.1\\1.2"),
            STUDY_ROOT, b"", (Level.SERIES, {"StudyInstanceUID": "1", "SeriesInstanceUID": "1.1\\1.2"}),
        ),
        (
            identifier(QueryRetrieveLevel="IMAGE", SOPInstanceUID="1.1.1"),
            STUDY_ROOT, b"\1", (Level.INSTANCE, {"SOPInstanceUID": "1.1.1"}),
        ),
        (
            identifier(QueryRetrieveLevel="STUDY", StudyInstanceUID="1", PatientName="ignored"),
            STUDY_ROOT, b"", (Level.STUDY, {"StudyInstanceUID": "1"}),
        ),
    ],
)  # fmt: skip
def test_what_is_chosen(data: bytes, model: InformationModel, extended: bytes, expected: tuple) -> None:
    source = FakeSource(1)
    _, last = run(make(source, FakeRoute(SUCCESS), data, model, extended))
    assert last.command.Status == SUCCESS
    (query,) = source.queries
    named = {dictionary.keyword(tag): key for tag, key in query.keys.items() if key}
    assert (query.level, named) == expected
    assert [len(uids) for uids in source.asked] == [max(query.level.value, 1)]


@pytest.mark.parametrize(
    "data",
    [
        b"",
        identifier(QueryRetrieveLevel="STUDY"),
        identifier(QueryRetrieveLevel="STUDY", StudyInstanceUID="1.*"),
        identifier(QueryRetrieveLevel="SERIES", SeriesInstanceUID="1.1"),
        identifier(QueryRetrieveLevel="IMAGE", StudyInstanceUID="1\\2", SeriesInstanceUID="1", SOPInstanceUID="1"),
        identifier(QueryRetrieveLevel="PATIENT", PatientID="P"),
    ],
)
def test_identifiers_that_do_not_fit(data: bytes) -> None:
    source = FakeSource(1)
    pending, last = run(make(source, FakeRoute(SUCCESS), data))
    assert (pending, last.command.Status, source.queries) == ([], WRONG, [])
    assert last.command.OffendingElement


def test_refusals_and_failures_of_the_archive() -> None:
    def refuse(_: object) -> None:
        raise RefusedError(0xA801, "nobody there")

    _, last = run(make(FakeSource(1), FakeRoute(SUCCESS), check=refuse))
    assert (last.command.Status, last.command.ErrorComment) == (0xA801, "nobody there")
    source = FakeSource(1)
    source.instances = lambda *uids: (_ for _ in ()).throw(IsocenterError("the index does not work"))
    _, last = run(make(source, FakeRoute(SUCCESS)))
    assert (last.command.Status, last.command.ErrorComment) == (0xC001, "the index does not work")


def test_counts_that_do_not_fit_say_the_most_they_can() -> None:
    tally = Tally(100_000, completed=70_000)
    command = tally.counted(
        Command(CommandField.C_GET_RSP, MessageIDBeingRespondedTo=1, Status=PENDING), remaining=True
    )
    assert counts(command) == (65535, 65535, 0, 0)
    write_command(command)
