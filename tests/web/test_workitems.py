"""UPS-RS: work items over HTTP."""

from typing import Any

import httpx
import pytest

from isocenter.dicom.json import Json
from isocenter.dicom.native_xml import json_to_xml
from isocenter.dicom.native_xml_reader import xml_to_json
from isocenter.ups.attributes import FILTERED_SUBSCRIPTION, GLOBAL_SUBSCRIPTION, Code, data_set, text
from isocenter.web.workitems import MAX_BODY

from .conftest import DICOM_JSON, Client, parts_of

ROOT = "/dicom-web/workitems"
BASE = "http://127.0.0.1:8080/dicom-web"
CODE = Code("PROC1", "99SITE", "Processor 1").as_item()
UID = "1.2.826.77"
DONE = data_set(
    UnifiedProcedureStepPerformedProcedureSequence=[
        data_set(
            PerformedStationNameCodeSequence=[CODE], PerformedProcedureStepStartDateTime="20240131",
            PerformedWorkitemCodeSequence=[CODE], PerformedProcedureStepEndDateTime="20240131",
            OutputInformationSequence=[],
        )
    ]
)  # fmt: skip


def work_item(**changes: Any) -> Json:
    """Return what most senders send: what needs a value, and little more."""
    given: dict[str, Any] = {
        "ProcedureStepState": "SCHEDULED", "ScheduledProcedureStepPriority": "MEDIUM",
        "ProcedureStepLabel": "Segment", "ScheduledProcedureStepStartDateTime": "20240131093000",
        "InputReadinessState": "READY", "PatientName": {"Alphabetic": "Müller^Jörg"}, "PatientID": "4711",
    }  # fmt: skip
    return data_set(**{name: value for name, value in (given | changes).items() if value is not None})


def send(client: Client, method: str, path: str, body: Any = None, **headers: str) -> httpx.Response:
    named = {"content-type": DICOM_JSON} | {name.replace("_", "-"): value for name, value in headers.items()}
    content = {} if body is None else {"json": body}
    return client.request(method, ROOT + path, headers=named, **content)


def create(client: Client, uid: str = UID, **changes: Any) -> str:
    answer = send(client, "POST", f"?{uid}", [work_item(**changes)])
    assert answer.status_code == 201, answer.text
    return uid


def state(client: Client, wanted: str, transaction_uid: str = "1.9", uid: str = UID) -> httpx.Response:
    body = data_set(ProcedureStepState=wanted, TransactionUID=transaction_uid)
    return send(client, "PUT", f"/{uid}/state", [body])


def refusal(answer: httpx.Response) -> tuple[int, str]:
    """Return status and text of the Warning field, of an answer in the one form of errors."""
    error = answer.json()["error"]
    assert error["status"] == answer.status_code
    assert error["message"]
    return answer.status_code, answer.headers.get("warning", "").partition('"')[2].rstrip('"')


@pytest.mark.parametrize("query", [f"?{UID}", f"?workitem={UID}", f"?AffectedSOPInstanceUID={UID}", ""])
def test_create_and_retrieve(client: Client, query: str) -> None:
    answer = send(client, "POST", query, [work_item()])
    assert answer.status_code == 201
    address = answer.headers["location"]
    assert address == answer.headers["content-location"]
    assert query == "" or address == f"{BASE}/workitems/{UID}"
    assert answer.headers["warning"] == f'299 {BASE}: "The Workitem was created with modifications."'
    found = client.get(address.removeprefix("http://127.0.0.1:8080"))
    assert (found.status_code, found.headers["content-type"]) == (200, DICOM_JSON)
    (attributes,) = found.json()
    assert text(attributes, "ProcedureStepLabel") == "Segment"
    assert text(attributes, "SOPInstanceUID") == address.rpartition("/")[2]
    assert text(attributes, "WorklistLabel") == "ISOCENTER"
    assert "00081195" not in attributes


def test_xml_both_ways(client: Client) -> None:
    headers = {"content-type": "application/dicom+xml"}
    content = json_to_xml(work_item(ScheduledWorkitemCodeSequence=[CODE]))
    assert client.request("POST", f"{ROOT}?{UID}", content=content, headers=headers).status_code == 201
    whole = client.get(f"{ROOT}/{UID}").json()[0]
    single = client.get(f"{ROOT}/{UID}", accept="application/dicom+xml")
    assert single.headers["content-type"] == "application/dicom+xml"
    ((_, part),) = parts_of(client.get(f"{ROOT}/{UID}", accept='multipart/related; type="application/dicom+xml"'))
    assert xml_to_json(single.content) == xml_to_json(part) == whole


def test_a_life(client: Client) -> None:
    create(client)
    assert refusal(state(client, "IN PROGRESS", "")) == (400, "The Transaction UID is missing.")
    inconsistent = (409, "The submitted request is inconsistent with the state of the UPS Instance.")
    assert refusal(state(client, "COMPLETED")) == inconsistent
    assert refusal(state(client, "SCHEDULED")) == inconsistent
    assert state(client, "IN PROGRESS").status_code == 200
    assert refusal(state(client, "IN PROGRESS", "1.8")) == inconsistent
    assert refusal(state(client, "COMPLETED")) == inconsistent  # nothing says what was done
    assert refusal(state(client, "COMPLETED", "1.8")) == (400, "The Transaction UID is incorrect.")
    assert refusal(send(client, "POST", f"/{UID}", [DONE]))[0] == 400
    for query, body in (("?1.9", DONE), ("?transaction-uid=1.9", DONE), ("", DONE | data_set(TransactionUID="1.9"))):
        answer = send(client, "POST", f"/{UID}{query}", [body])
        assert (answer.status_code, answer.headers["content-location"]) == (200, f"{BASE}/workitems/{UID}")
    assert state(client, "COMPLETED").status_code == 200
    again = state(client, "COMPLETED")
    assert again.status_code == 200
    assert again.headers["warning"].endswith('"The UPS is already in the requested state of COMPLETED."')
    assert refusal(state(client, "CANCELED")) == inconsistent
    message = "The submitted request is inconsistent with the current state of the Workitem."
    assert refusal(send(client, "POST", f"/{UID}?1.9", [DONE])) == (400, message)
    assert refusal(send(client, "POST", f"/{UID}/cancelrequest")) == (409, "The UPS is already COMPLETED.")


def test_who_was_not_claimed_is_updated_without_a_transaction_uid(client: Client) -> None:
    create(client)
    assert send(client, "POST", f"/{UID}", data_set(ProcedureStepLabel="Other")).status_code == 200
    assert text(client.get(f"{ROOT}/{UID}").json()[0], "ProcedureStepLabel") == "Other"
    answer = send(client, "POST", f"/{UID}?1.9", data_set(ProcedureStepLabel="Again"))
    assert refusal(answer) == (409, "The target URI did not reference a claimed Workitem.")


def test_cancel(client: Client) -> None:
    create(client)
    reason = data_set(ReasonForCancellation="Patient left")
    assert send(client, "POST", f"/{UID}/cancelrequest/RIS", [reason]).status_code == 202
    assert text(client.get(f"{ROOT}/{UID}").json()[0], "ProcedureStepState") == "CANCELED"
    again = send(client, "POST", f"/{UID}/cancelrequest?requester=RIS")
    assert again.status_code == 202
    assert again.headers["warning"].endswith('"The UPS is already in the requested state of CANCELED."')
    assert send(client, "POST", f"/{UID}/cancelrequest?requester={'X' * 17}").status_code == 400
    other = create(client, "1.5")
    assert state(client, "IN PROGRESS", uid=other).status_code == 200
    nobody = send(client, "POST", f"/{other}/cancelrequest")
    assert refusal(nobody) == (409, "The performer cannot be contacted.")


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", ""), ("POST", ""), ("PUT", "/state"), ("POST", "/cancelrequest"), ("POST", "/subscribers/X"),
        ("DELETE", "/subscribers/X"),
    ],
)  # fmt: skip
def test_unknown_work_items(client: Client, method: str, path: str) -> None:
    body = data_set(ProcedureStepState="IN PROGRESS", TransactionUID="1.9") if path == "/state" else {}
    assert send(client, method, f"/9.9{path}", body if method != "GET" else None).status_code == 404


@pytest.mark.parametrize(
    ("changes", "status"),
    [
        ({"ProcedureStepLabel": None}, 400), ({"ProcedureStepLabel": ""}, 400), ({"ProcedureStepState": "DONE"}, 400),
        ({"ProcedureStepState": None}, 400), ({"ScheduledProcedureStepPriority": "NOW"}, 400),
        ({"SOPInstanceUID": "9.9"}, 400), ({"TransactionUID": "1.9"}, 400), ({"SOPInstanceUID": UID}, 201),
    ],
)  # fmt: skip
def test_what_is_created(client: Client, changes: dict[str, Any], status: int) -> None:
    assert send(client, "POST", f"?{UID}", work_item(**changes)).status_code == status


def test_one_uid_is_created_once(client: Client) -> None:
    create(client)
    assert refusal(send(client, "POST", f"?{UID}", work_item()))[0] == 409
    assert send(client, "POST", "?no-uid", work_item()).status_code == 400


@pytest.mark.parametrize(
    "body",
    [
        b"", b"{", b"[]", b"[1]", b"[{}, {}]", b'"x"', b"{}" * 2, b"[" * 100_000, b"\xff\xfe", b"null",
        b'{"00741000": 1}', b'{"00741000": {"vr": "CS", "Value": 1}}', b'{"x": {"vr": "CS"}}',
        b'{"00741204": {"vr": "SQ", "Value": [{}]}}', b'{"00741204": {"vr": "LO", "BulkDataURI": "http://x"}}',
        b'{"00741204": {"vr": "XX", "Value": ["a"]}}', b'{"00404025": {"vr": "SQ", "Value": ["a"]}}',
        b'{"00404025": {"vr": "SQ", "Value": [{"00080100": 7}]}}', b'{"00741000": {"Value": ["SCHEDULED"]}}',
        b'{"00404025": {"vr": "SQ", "Value": [{"00080100": {"vr": "LO"}}]}}',
    ],
)  # fmt: skip
@pytest.mark.parametrize("path", ["", f"/{UID}", f"/{UID}/state", f"/{UID}/cancelrequest"])
def test_bodies_that_are_none(client: Client, body: bytes, path: str) -> None:
    if path:
        create(client)
    method = "PUT" if path.endswith("state") else "POST"
    answer = client.request(method, ROOT + path, content=body, headers={"content-type": DICOM_JSON})
    if path.endswith("cancelrequest") and body == b"":
        assert answer.status_code == 202
        return
    assert answer.status_code == 400, answer.text
    assert answer.json()["error"]["message"]


def test_bodies_of_another_kind(client: Client) -> None:
    answer = client.request("POST", ROOT, content=b"x", headers={"content-type": "text/plain"})
    assert answer.status_code == 415
    answer = client.request("POST", ROOT, content=b" " * (MAX_BODY + 1), headers={"content-type": DICOM_JSON})
    assert answer.status_code == 413
    xml = {"content-type": "application/dicom+xml"}
    for content in (b"<x/>", b"<NativeDicomModel>", b"<!DOCTYPE x [<!ENTITY a 'b'>]><NativeDicomModel/>"):
        assert client.request("POST", ROOT, content=content, headers=xml).status_code == 400
    create(client)
    assert client.get(f"{ROOT}/{UID}", accept="image/png").status_code == 406


class TestSearch:
    @pytest.fixture(autouse=True)
    def work(self, client: Client) -> None:
        create(client, "1.1", ProcedureStepLabel="one", ScheduledStationNameCodeSequence=[CODE])
        request = data_set(AccessionNumber="A1", StudyInstanceUID="1.2")
        create(
            client, "1.2", ProcedureStepLabel="two", ScheduledProcedureStepStartDateTime="20240202",
            ReferencedRequestSequence=[request], ScheduledProcedureStepPriority="HIGH",
        )  # fmt: skip
        create(client, "1.3", ProcedureStepLabel="three", ScheduledProcedureStepStartDateTime="20240303")

    def labels(self, client: Client, query: str) -> list[str]:
        answer = client.get(f"{ROOT}{query}")
        assert answer.status_code in {200, 204}, answer.text
        return [text(each, "ProcedureStepLabel") for each in answer.json()] if answer.content else []

    @pytest.mark.parametrize(
        ("query", "expected"),
        [
            ("", ["one", "two", "three"]),
            ("?ProcedureStepLabel=t*", ["two", "three"]),
            ("?00741204=two", ["two"]),
            ("?ScheduledProcedureStepPriority=HIGH", ["two"]),
            ("?ScheduledProcedureStepStartDateTime=20240201-20240228", ["two"]),
            ("?ScheduledStationNameCodeSequence.CodeValue=PROC1", ["one"]),
            ("?00404025.00080100=PROC1&00404025.00080102=99SITE", ["one"]),
            ("?00404025.00080100=PROC1&00404025.00080102=OTHER", []),
            ("?ReferencedRequestSequence.AccessionNumber=A1", ["two"]),
            ("?PatientName=muller*&limit=2", ["one", "two"]),
            ("?limit=1&offset=1", ["two"]),
            ("?offset=5", []),
            ("?SOPInstanceUID=1.1,1.3", ["one", "three"]),
            ("?ProcedureStepState=COMPLETED", []),
        ],
    )
    def test_matching_and_paging(self, client: Client, query: str, expected: list[str]) -> None:
        assert self.labels(client, query) == expected

    def test_what_answers_hold(self, client: Client) -> None:
        (plain,) = client.get(f"{ROOT}?SOPInstanceUID=1.1").json()
        assert "00404025" in plain
        assert "00404021" not in plain
        (more,) = client.get(f"{ROOT}?SOPInstanceUID=1.1&includefield=InputInformationSequence").json()
        assert "00404021" in more
        (whole,) = client.get(f"{ROOT}?SOPInstanceUID=1.1&includefield=all").json()
        assert whole == client.get(f"{ROOT}/1.1").json()[0]
        answer = client.get(f"{ROOT}?fuzzymatching=true", accept='multipart/related; type="application/dicom+xml"')
        assert "fuzzymatching parameter is not supported" in answer.headers["warning"]
        assert len(parts_of(answer)) == 3

    @pytest.mark.parametrize(
        "query",
        [
            "?Nonsense=1", "?limit=-1", "?offset=x", "?ScheduledProcedureStepStartDateTime=soon",
            "?ProcedureStepLabel.CodeValue=1", "?ScheduledStationNameCodeSequence=1",
            "?" + "00404025." * 9 + "00080100=1",
            "?includefield=Nonsense", "?.=1", "?00404025..00080100=1",
        ],
    )  # fmt: skip
    def test_what_makes_no_sense(self, client: Client, query: str) -> None:
        answer = client.get(ROOT + query)
        assert answer.status_code == 400, answer.text
        assert client.get(f"{ROOT}?PatientID={'*?' * 5000}").status_code == 204


class TestSubscriptions:
    def test_subscribe_unsubscribe_suspend(self, client: Client) -> None:
        create(client)
        for resource in (UID, GLOBAL_SUBSCRIPTION):
            answer = send(client, "POST", f"/{resource}/subscribers/WATCH?deletionlock=true")
            assert (answer.status_code, answer.headers["content-location"]) == (
                201, "ws://127.0.0.1:8080/ws/subscribers/WATCH",
            )  # fmt: skip
        assert send(client, "POST", f"/{GLOBAL_SUBSCRIPTION}/subscribers/WATCH/suspend").status_code == 200
        assert send(client, "POST", f"/{UID}/subscribers/WATCH/suspend").status_code == 400
        for resource in (UID, GLOBAL_SUBSCRIPTION):
            assert send(client, "DELETE", f"/{resource}/subscribers/WATCH").status_code == 200

    @pytest.mark.parametrize(
        ("query", "status"),
        [
            ("?filter=ScheduledStationNameCodeSequence.CodeValue=PROC1", 201),
            ("?filter=ProcedureStepLabel=a,SOPInstanceUID=1.1,1.2&deletionlock=true", 201),
            ("?ProcedureStepLabel=Segment*", 201),
            ("", 400), ("?filter=Nonsense=1", 400), ("?filter=ProcedureStepLabel=*", 400), ("?filter=x", 400),
        ],
    )  # fmt: skip
    def test_filters(self, client: Client, query: str, status: int) -> None:
        assert send(client, "POST", f"/{FILTERED_SUBSCRIPTION}/subscribers/WATCH{query}").status_code == status

    def test_bad_input(self, client: Client) -> None:
        create(client)
        assert send(client, "POST", f"/{UID}/subscribers/{'X' * 17}").status_code == 400
        assert send(client, "POST", f"/{UID}/subscribers/WATCH?deletionlock=perhaps").status_code == 400
