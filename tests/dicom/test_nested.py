"""Keys that nest, against data sets that do."""

from typing import Any

import pytest

from isocenter.dicom import dictionary
from isocenter.dicom.matching import Range, Universal
from isocenter.dicom.nested import BrokenKeyError, compile_keys, matches, select


def js(**attributes: Any) -> dict[str, Any]:
    """Return a DICOM JSON Model object; lists of dicts are sequences, keywords may be tags as t00091010."""
    made = {}
    for keyword, value in attributes.items():
        tag = int(keyword[1:], 16) if keyword[0] == "t" else dictionary.tag(keyword)
        values = value if isinstance(value, list) else [value] if value else []
        vr = dictionary.vr(tag)
        if vr == "PN":
            values = [{"Alphabetic": v} if isinstance(v, str) else v for v in values]
        made[f"{tag:08X}"] = {"vr": vr, "Value": values} if values else {"vr": vr}
    return made


STEP = js(
    Modality="CT", ScheduledStationAETitle=["CT1", "CT2"], ScheduledProcedureStepStartDate="20240705",
    ScheduledProcedureStepStartTime="0930", ScheduledPerformingPhysicianName="Łuk^Ada",
    ScheduledProtocolCodeSequence=[js(CodeValue="C1", CodeMeaning="one"), js(CodeValue="C2", CodeMeaning="two")],
)  # fmt: skip
ENTRY = js(
    PatientName={"Alphabetic": "Müller^Jörg", "Ideographic": "山田^太郎"},
    PatientID="7", PatientWeight=81.5, ScheduledProcedureStepSequence=[STEP],
)  # fmt: skip


def step(**keys: Any) -> dict[str, Any]:
    return js(ScheduledProcedureStepSequence=[js(**keys)])


@pytest.mark.parametrize(
    ("query", "fits"),
    [
        (js(), True),
        (js(PatientID="7"), True),
        (js(PatientID="8"), False),
        (js(PatientName="MULLER*"), True),
        (js(PatientName="山田*"), True),
        (js(PatientName="Meier*"), False),
        (js(PatientComments="x"), False),
        (js(PatientComments="*"), True),
        (js(PatientComments='""'), True),
        (js(PatientWeight=81.5), True),
        (js(ScheduledProcedureStepSequence=[]), True),
        (js(ScheduledProcedureStepSequence=[{}]), True),
        (step(Modality="CT"), True),
        (step(Modality="MR"), False),
        (step(Modality=["MR", "CT"]), True),
        (step(ScheduledStationAETitle="CT2"), True),
        (step(ScheduledStationAETitle="CT"), False),
        (step(ScheduledStationAETitle="CT*"), True),
        (step(ScheduledPerformingPhysicianName="luk*"), True),
        (step(ScheduledProcedureStepStartDate="20240701-20240705"), True),
        (step(ScheduledProcedureStepStartDate="20240706-"), False),
        (step(ScheduledProtocolCodeSequence=[js(CodeValue="C2")]), True),
        (step(ScheduledProtocolCodeSequence=[js(CodeValue="C2", CodeMeaning="one")]), False),
        (js(RequestedProcedureCodeSequence=[js(CodeValue="C2")]), False),
        (js(RequestedProcedureCodeSequence=[js(CodeValue="")]), True),
        (js(SpecificCharacterSet="ISO_IR 100", TimezoneOffsetFromUTC="+0100"), True),
    ],
)
def test_matches(query: dict[str, Any], fits: bool) -> None:
    assert matches(compile_keys(query), ENTRY) is fits


@pytest.mark.parametrize(
    ("dates", "times", "fits"),
    [
        ("20240704-20240706", "1000-1200", True),  # from the 4th at ten to the 6th at noon, not each day so
        ("20240705-20240706", "1000-1200", False),
        ("20240704-20240705", "1000-0900", False),
        ("20240704-20240705", "1000-0930", True),
        ("20240705-20240705", "0930-0930", True),
        ("20240705-", "0931-", False),
        ("-20240705", "-0929", False),
        ("20240705", "0900-1000", True),
        ("20240705", "1000-", False),
        ("", "0900-1000", True),
        ("", "1000-", False),
        ("20240706-20240707", "0900-1000", False),
    ],
)
def test_ranges_of_date_and_time_are_one_span(dates: str, times: str, fits: bool) -> None:
    query = step(ScheduledProcedureStepStartDate=dates, ScheduledProcedureStepStartTime=times)
    assert matches(compile_keys(query), ENTRY) is fits


def test_without_date_nothing_is_in_a_span() -> None:
    query = step(ScheduledProcedureStepStartDate="20240101-", ScheduledProcedureStepStartTime="0900-")
    assert not matches(compile_keys(query), js(ScheduledProcedureStepSequence=[js(Modality="CT")]))


def test_select_gives_what_was_asked_for() -> None:
    query = js(PatientID="", PatientSex="", ScheduledProcedureStepSequence=[
        js(Modality="CT", ScheduledStationName="", ScheduledProtocolCodeSequence=[js(CodeValue="")]),
    ])  # fmt: skip
    assert select(compile_keys(query), ENTRY) == {
        **js(PatientID="7", PatientSex=""),
        **js(ScheduledProcedureStepSequence=[
            js(Modality="CT", ScheduledStationName="",
               ScheduledProtocolCodeSequence=[js(CodeValue="C1"), js(CodeValue="C2")]),
        ]),
    }  # fmt: skip


@pytest.mark.parametrize("items", [[], [{}]])
def test_an_empty_sequence_asks_for_all_of_it(items: list) -> None:
    query = js(ScheduledProcedureStepSequence=items, RequestedProcedureCodeSequence=items)
    found = select(compile_keys(query), ENTRY)
    assert found == js(ScheduledProcedureStepSequence=[STEP], RequestedProcedureCodeSequence=[])


def test_what_cannot_be_a_key_is_told_and_passed_over() -> None:
    private = {"00091010": {"vr": "LO", "Value": ["x"]}}
    assert not compile_keys(js(PatientID="7")).unsupported
    for query in (
        private,
        js(ScheduledProcedureStepSequence=[private]),
        {"00340001": {"vr": "OB", "InlineBinary": "AA=="}},
    ):
        keys = compile_keys(query)
        assert keys.unsupported
        assert matches(keys, ENTRY)
    assert select(compile_keys(private), ENTRY) == {}


@pytest.mark.parametrize(
    ("query", "tag"),
    [
        (step(ScheduledProcedureStepStartDate="tomorrow"), 0x00400002),
        (js(PatientBirthDate="1-2-3"), 0x00100030),
        (js(PatientID=[f"P{n}" for n in range(201)]), 0x00100020),
        (js(ScheduledProcedureStepSequence=[js(Modality="CT"), js(Modality="MR")]), 0x00400100),
    ],
)
def test_broken_keys_are_named(query: dict[str, Any], tag: int) -> None:
    with pytest.raises(BrokenKeyError, match=dictionary.keyword(tag)) as error:
        compile_keys(query)
    assert error.value.tag == tag
    assert "tomorrow" not in str(error.value)


def test_get_finds_how_a_path_is_restricted() -> None:
    keys = compile_keys(step(ScheduledProcedureStepStartDate="20240101-"))
    assert isinstance(keys.get(0x00400100, 0x00400002), Range)
    for path in ((0x00400100, 0x00080060), (0x00100020,), (0x00100020, 0x00080060)):
        assert isinstance(keys.get(*path), Universal)
