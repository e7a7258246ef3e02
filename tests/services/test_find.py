"""C-FIND over an archive that only remembers: how identifiers are read, what is asked, what the answers look like."""

from collections.abc import Iterator
from typing import Any

import pytest

from isocenter.dicom import dictionary
from isocenter.dicom.json import data_set_to_json, json_to_data_set
from isocenter.dicom.uids import transfer_syntax
from isocenter.dicom.writer import write_element
from isocenter.dimse.commands import Command, CommandField, write_command
from isocenter.errors import IsocenterError, OutOfResourcesError, UsageError
from isocenter.index.query import Level, Query
from isocenter.index.site_keys import SiteKey
from isocenter.services.find import FindService
from isocenter.services.service import Response, ServiceContext
from isocenter.services.zones import Zone
from isocenter.settings import load_settings

PATIENT_ROOT, STUDY_ROOT, PATIENT_STUDY_ONLY = (f"1.2.840.10008.5.1.4.1.2.{n}.1" for n in (1, 2, 3))
EXPLICIT, IMPLICIT = "1.2.840.10008.1.2.1", "1.2.840.10008.1.2"
SYNTAX = transfer_syntax("1.2.840.10008.1.2.1")
PENDING, WITHOUT_KEYS, CANCELLED, WRONG = 0xFF00, 0xFF01, 0xFE00, 0xA900


class FakeFinder:
    def __init__(self, *pages: list[dict[str, Any]] | Exception) -> None:
        self.pages = pages
        self.queries: list[Query] = []
        self.added: list[SiteKey] = []

    def added_keys(self) -> list[SiteKey]:
        return self.added

    def find_pages(self, query: Query, size: int) -> Iterator[list[dict[str, Any]]]:
        self.queries.append(query)
        for page in self.pages:
            if isinstance(page, Exception):
                raise page
            yield page


def tag(keyword: str) -> int:
    return dictionary.tag(keyword)


def identifier(*, implicit: bool = False, character_set: str = "", **keys: str) -> bytes:
    """Return an identifier as bytes; keys may be tags as t00091010."""
    attributes = {}
    for keyword, value in keys.items():
        number = int(keyword[1:], 16) if keyword[0] == "t" else tag(keyword)
        vr = "LO" if keyword[0] == "t" else dictionary.vr(number)
        attributes[f"{number:08X}"] = {"vr": vr, "Value": value.split("\\")} if value and vr != "SQ" else {"vr": vr}
    if character_set:
        attributes["00080005"] = {"vr": "CS", "Value": [character_set]}
    return json_to_data_set(attributes, implicit=implicit, character_set=(character_set,))


def answer(name: str = "Doe^Jane") -> dict[str, Any]:
    return {"00100010": {"vr": "PN", "Value": [{"Alphabetic": name}]}}


def context(model: str = STUDY_ROOT, syntax: str = EXPLICIT, extended: bytes = b"") -> ServiceContext:
    return ServiceContext(1, "SCU", "ISOCENTER", "192.0.2.7", 1, model, syntax, extended)


COMMAND = Command(CommandField.C_FIND_RQ, MessageID=9, CommandDataSetType=1, AffectedSOPClassUID=STUDY_ROOT, Priority=0)


def ask(
    finder: FakeFinder, data: bytes, where: ServiceContext | None = None, **settings: object
) -> tuple[list[Response], Command]:
    """Return the pending responses and the last one."""
    handler = FindService(finder, load_settings(settings)).begin(where or context(), COMMAND)
    for start in range(0, len(data), 1000):
        handler.write(memoryview(data)[start : start + 1000])
    *pending, last = handler.finish()
    assert all(isinstance(response, Response) for response in pending)
    write_command(last)  # it can be sent
    return pending, last


def read(response: Response, syntax: str = EXPLICIT) -> dict[str, Any]:
    assert response.data_set is not None
    found = data_set_to_json(response.data_set, transfer_syntax(syntax), bulk_data_uri=None)
    return {dictionary.keyword(int(key, 16)): value.get("Value") for key, value in found.items()}


def test_answers_are_pending_and_then_success() -> None:
    finder = FakeFinder([answer("Doe^Jane"), answer("Roe^Ada")], [answer("Doe^John")])
    pending, last = ask(finder, identifier(QueryRetrieveLevel="STUDY", PatientName="", StudyDate="2024-"))
    assert [response.command.Status for response in pending] == [PENDING] * 3
    assert read(pending[2]) == {
        "QueryRetrieveLevel": ["STUDY"],
        "RetrieveAETitle": ["ISOCENTER"],
        "PatientName": [{"Alphabetic": "Doe^John"}],
    }
    assert (last.Status, last.MessageIDBeingRespondedTo, last.ErrorComment) == (0, 9, None)
    (query,) = finder.queries
    assert (query.level, query.keys, query.limit) == (Level.STUDY, {tag("StudyDate"): "2024-"}, None)
    assert query.include == {tag("PatientName"), tag("StudyDate")}


@pytest.mark.parametrize("syntax", [EXPLICIT, IMPLICIT])
def test_answers_are_in_the_transfer_syntax_of_the_question(syntax: str) -> None:
    data = identifier(QueryRetrieveLevel="STUDY", PatientName="", InstanceAvailability="", implicit=syntax == IMPLICIT)
    pending, _ = ask(FakeFinder([answer()]), data, context(syntax=syntax))
    found = read(pending[0], syntax)
    assert found["PatientName"] == [{"Alphabetic": "Doe^Jane"}]
    assert found["InstanceAvailability"] == ["ONLINE"]


@pytest.mark.parametrize(
    ("asked", "name", "declared", "encoded"),
    [
        ("", "Doe^Jane", None, b"Doe^Jane"),
        ("", "Müller", ["ISO_IR 192"], "Müller".encode()),
        ("ISO_IR 192", "Müller", ["ISO_IR 192"], "Müller".encode()),
        ("ISO_IR 100", "Müller", ["ISO_IR 100"], "Müller".encode("latin_1")),
        ("ISO_IR 100", "Łuk", ["ISO_IR 192"], "Łuk".encode()),
        ("ISO_IR 101", "Łuk", ["ISO_IR 101"], "Łuk".encode("iso8859_2")),
        ("GB18030", "王", ["GB18030"], "王".encode("gb18030")),
        ("ISO 2022 IR 87", "山", ["ISO_IR 192"], "山".encode()),
        ("ISO_IR 13", "ﾔ", ["ISO_IR 192"], "ﾔ".encode()),
        ("nonsense", "é", ["ISO_IR 192"], "é".encode()),
    ],
)
def test_the_character_set_of_an_answer(asked: str, name: str, declared: list | None, encoded: bytes) -> None:
    data = identifier(QueryRetrieveLevel="STUDY", PatientName="", character_set=asked)
    pending, _ = ask(FakeFinder([answer(name)]), data)
    assert read(pending[0]).get("SpecificCharacterSet") == declared
    assert encoded in pending[0].data_set


def test_keys_are_read_in_their_character_set() -> None:
    finder = FakeFinder()
    ask(finder, identifier(QueryRetrieveLevel="STUDY", PatientName="Müller*", character_set="ISO_IR 100"))
    assert finder.queries[0].keys == {tag("PatientName"): "Müller*"}


@pytest.mark.parametrize(
    ("keys", "status"),
    [
        ({"PatientName": "A*"}, PENDING),
        ({"PatientComments": ""}, WITHOUT_KEYS),
        ({"PatientComments": "x"}, WITHOUT_KEYS),
        ({"t00091010": "private"}, WITHOUT_KEYS),
        ({"RequestAttributesSequence": ""}, WITHOUT_KEYS),
        ({"NumberOfStudyRelatedInstances": ""}, PENDING),
        ({"NumberOfStudyRelatedInstances": "3"}, WITHOUT_KEYS),
        ({"ModalitiesInStudy": "CT"}, PENDING),
        ({"Modality": "CT"}, WITHOUT_KEYS),  # it restricts, but a study has none to answer
        ({"TimezoneOffsetFromUTC": "+0100"}, PENDING),
    ],
)
def test_keys_that_are_not_kept_are_told(keys: dict[str, str], status: int) -> None:
    finder = FakeFinder([answer()])
    pending, last = ask(finder, identifier(QueryRetrieveLevel="STUDY", **keys))
    assert (pending[0].command.Status, last.Status) == (status, 0)
    restricting = {tag(k) for k in ("PatientName", "ModalitiesInStudy", "Modality") if keys.get(k)}
    assert set(finder.queries[0].keys) == restricting


@pytest.mark.parametrize(
    ("model", "keys", "comment", "offending"),
    [
        (STUDY_ROOT, {}, "QueryRetrieveLevel must be STUDY, SERIES, IMAGE", "QueryRetrieveLevel"),
        (STUDY_ROOT, {"QueryRetrieveLevel": "PATIENT"}, "QueryRetrieveLevel must be", "QueryRetrieveLevel"),
        (STUDY_ROOT, {"QueryRetrieveLevel": "INSTANCE"}, "QueryRetrieveLevel must be", "QueryRetrieveLevel"),
        (PATIENT_STUDY_ONLY, {"QueryRetrieveLevel": "SERIES"}, "must be PATIENT, STUDY", "QueryRetrieveLevel"),
        (STUDY_ROOT, {"QueryRetrieveLevel": "SERIES"}, "SERIES level needs one StudyInstanceUID", "StudyInstanceUID"),
        (
            STUDY_ROOT,
            {"QueryRetrieveLevel": "IMAGE", "StudyInstanceUID": "1.2"},
            "IMAGE level needs one SeriesInstanceUID",
            "SeriesInstanceUID",
        ),
        (PATIENT_ROOT, {"QueryRetrieveLevel": "STUDY", "PatientID": "A*"}, "needs one PatientID", "PatientID"),
        (STUDY_ROOT, {"QueryRetrieveLevel": "STUDY", "StudyDate": "yesterday"}, "StudyDate: no date", "StudyDate"),
        (STUDY_ROOT, {"QueryRetrieveLevel": "STUDY", "StudyTime": "x-"}, "StudyTime: no time", "StudyTime"),
    ],
)
def test_what_cannot_be_answered_is_refused(model: str, keys: dict[str, str], comment: str, offending: str) -> None:
    finder = FakeFinder([answer()])
    pending, last = ask(finder, identifier(**keys), context(model))
    assert (pending, finder.queries) == ([], [])
    assert last.Status == WRONG
    assert comment in last.ErrorComment
    assert last.OffendingElement == (tag(offending),)


@pytest.mark.parametrize(
    "data",
    [
        b"\x08\x00",
        b"\xff" * 100,
        identifier(QueryRetrieveLevel="STUDY", PatientName="x" * 100)[:-40],
        identifier(QueryRetrieveLevel="STUDY", PatientID="x" * 1_100_000),
        b"\x08\x00\x52\x00SQ\0\0\xff\xff\xff\xff",
    ],
)
def test_broken_identifiers_are_refused(data: bytes) -> None:
    pending, last = ask(FakeFinder([answer()]), data)
    assert (pending, last.Status) == ([], WRONG)
    assert last.ErrorComment


def test_relational_queries_need_what_was_agreed_on() -> None:
    finder = FakeFinder([answer()])
    data = identifier(QueryRetrieveLevel="IMAGE", PatientName="Doe*", Modality="CT")
    assert ask(finder, data, context(PATIENT_ROOT))[1].Status == WRONG
    pending, last = ask(finder, data, context(PATIENT_ROOT, extended=b"\1\1\1"))
    assert (len(pending), last.Status) == (1, 0)
    (query,) = finder.queries
    assert (query.level, query.fuzzy, query.combined) == (Level.INSTANCE, True, True)
    assert set(query.keys) == {tag("PatientName"), tag("Modality")}


def test_a_time_zone_counts_where_it_was_agreed_on() -> None:
    finder = FakeFinder([answer()])
    data = identifier(QueryRetrieveLevel="STUDY", StudyDate="20240131", TimezoneOffsetFromUTC="-0500")
    for extended in (b"", b"\0\0\0\1"):
        assert ask(finder, data, context(extended=extended))[1].Status == 0
    assert [query.timezone for query in finder.queries] == ["", "-0500"]
    wrong = identifier(QueryRetrieveLevel="STUDY", TimezoneOffsetFromUTC="CET")
    assert ask(finder, wrong, context(extended=b"\0\0\0\1"))[1].Status == WRONG


def test_answers_are_at_the_offset_that_was_asked_for() -> None:
    """A moment stays the same; what was not asked for is read, not sent."""
    found = {
        "00080020": {"vr": "DA", "Value": ["20240131"]}, "00080030": {"vr": "TM", "Value": ["023000.5"]},
        "00080201": {"vr": "SH", "Value": ["+0100"]},
    }  # fmt: skip
    finder = FakeFinder([found, found | {"00080201": {"vr": "SH"}}])
    data = identifier(QueryRetrieveLevel="STUDY", StudyDate="", TimezoneOffsetFromUTC="-0500")
    pending, _ = ask(finder, data, context(extended=b"\0\0\0\1"))
    assert finder.queries[0].include == {tag(name) for name in ("StudyDate", "StudyTime", "TimezoneOffsetFromUTC")}
    first, second = (data_set_to_json(response.data_set, SYNTAX, bulk_data_uri=None) for response in pending)
    assert (first["00080020"]["Value"], first["00080201"]["Value"]) == (["20240130"], ["-0500"])
    assert "00080030" not in first
    assert second["00080020"]["Value"] == ["20240131"]
    assert "Value" not in second["00080201"]
    pending, _ = ask(finder, data)  # nothing was agreed on
    assert data_set_to_json(pending[0].data_set, SYNTAX, bulk_data_uri=None)["00080020"]["Value"] == ["20240131"]


@pytest.mark.parametrize(
    ("day", "clock", "offset", "expected"),
    [
        ("20240131", "233000.25", "+0200", ("20240201", "003000.25")),
        ("20240131", "23", "+0130", ("20240131", "2330")),
        ("20240131", "", "+0200", ("20240131", "")),
        ("", "2330", "+0200", ("", "2330")),
        ("2024", "2330", "+0200", ("2024", "2330")),
        ("00010101", "0030", "-0100", ("00010101", "0030")),
    ],
)
def test_a_date_moves_with_its_time(day: str, clock: str, offset: str, expected: tuple[str, str]) -> None:
    dates = frozenset({tag("StudyDate"), tag("StudyTime")})
    moved = Zone(offset, dates).moved({
        "00080020": {"vr": "DA", "Value": [day]}, "00080030": {"vr": "TM", "Value": [clock]},
        "00080201": {"vr": "SH", "Value": ["+0100"]},
    })  # fmt: skip
    assert (moved["00080020"]["Value"][0], moved["00080030"]["Value"][0]) == expected


def sequence(number: int, *items: bytes) -> bytes:
    """Return a sequence element."""
    body = b"".join(b"\xfe\xff\x00\xe0" + len(item).to_bytes(4, "little") + item for item in items)
    return write_element(number, "SQ", body)


def test_keys_of_the_site_are_keys() -> None:
    finder = FakeFinder([answer()])
    paths = ("00180060", "00400275.00400009", "00400275.00401001", "0099xx0F:ACME", "00189999")
    finder.added = [SiteKey(n, path, Level.SERIES, "LO", 0, 0) for n, path in enumerate(paths)]
    inner = write_element(tag("ScheduledProcedureStepID"), "SH", b"S1")
    data = identifier(QueryRetrieveLevel="STUDY", KVP="120") + sequence(0x00400275, inner)
    data += write_element(0x00990011, "LO", b"ACME") + write_element(0x0099110F, "LO", b"x*")
    pending, _ = ask(finder, data, context())
    (query,) = finder.queries
    assert [(key.path, text) for key, text in query.site] == [(paths[0], "120"), (paths[1], "S1"), (paths[3], "x*")]
    assert query.shown == tuple(finder.added[n] for n in (0, 1, 3))
    assert pending[0].command.Status == PENDING


def test_a_sequence_without_an_item_asks_for_all_of_it() -> None:
    finder = FakeFinder([answer()])
    finder.added = [SiteKey(1, "00400275.00400009", Level.SERIES, "SH", 0, 0)]
    ask(finder, identifier(QueryRetrieveLevel="STUDY") + sequence(0x00400275), context())
    assert [(key.id, text) for key, text in finder.queries[0].site] == [(1, "")]


@pytest.mark.parametrize(("items", "status"), [(1, PENDING + 1), (2, WRONG)])
def test_what_is_no_key_in_a_sequence(items: int, status: int) -> None:
    inner = write_element(tag("RequestedProcedureID"), "SH", b"R1")
    data = identifier(QueryRetrieveLevel="STUDY") + sequence(0x00400275, *[inner] * items)
    pending, last = ask(FakeFinder([answer()]), data, context())
    assert status == (pending[0].command.Status if pending else last.Status)


def test_extended_negotiation() -> None:
    service = FindService(FakeFinder(), load_settings())
    assert service.agree(STUDY_ROOT, b"\1\1\1\1\1\1\1\1") == b"\1\1\1\1\0\1\1"
    assert service.agree(STUDY_ROOT, b"\1") == b"\1"
    assert service.agree(STUDY_ROOT, b"\0\1") == b"\0\1"


def test_cancel_ends_the_answers() -> None:
    finder = FakeFinder([answer()] * 10)
    handler = FindService(finder, load_settings()).begin(context(), COMMAND)
    handler.write(memoryview(identifier(QueryRetrieveLevel="STUDY")))
    answers = iter(handler.finish())
    assert next(answers).command.Status == PENDING
    handler.cancel()
    (last,) = answers
    assert last.Status == CANCELLED


@pytest.mark.parametrize(("matches", "limit", "status"), [(3, 3, 0), (4, 3, 0xA700), (4, 0, 0)])
def test_a_limit_is_told(matches: int, limit: int, status: int) -> None:
    finder = FakeFinder([answer()] * matches)
    pending, last = ask(finder, identifier(QueryRetrieveLevel="STUDY"), find_limit=limit)
    assert (len(pending), last.Status) == (min(matches, limit or matches), status)
    assert finder.queries[0].limit == (limit + 1 if limit else None)
    assert bool(last.ErrorComment) is (status != 0)


@pytest.mark.parametrize(
    ("error", "status"),
    [(UsageError("odd"), WRONG), (OutOfResourcesError("full"), 0xA700), (IsocenterError("?"), 0xC001)],
)
def test_failures_of_the_archive(error: Exception, status: int) -> None:
    pending, last = ask(FakeFinder([answer()], error), identifier(QueryRetrieveLevel="STUDY"))
    assert (len(pending), last.Status, last.ErrorComment) == (1, status, str(error))


def test_another_command_is_not_recognized() -> None:
    handler = FindService(FakeFinder(), load_settings()).begin(context(), COMMAND._replace(CommandField=0x0021))
    handler.write(memoryview(b"x"))
    (last,) = handler.finish()
    assert last.Status == 0x0211


def test_the_log_tells_no_keys(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level("INFO"):
        ask(FakeFinder([answer()]), identifier(QueryRetrieveLevel="STUDY", PatientName="Doe^Jane"))
        ask(FakeFinder([answer()]), identifier(QueryRetrieveLevel="STUDY", StudyDate="Doe^Jane"))
    assert "SCU@192.0.2.7: find, 1 answers" in caplog.text
    assert "Doe" not in caplog.text
