"""STOW-RS: what is stored, what is refused, and what the answer says about each part."""

import httpx
import pytest

from isocenter.archive import Archive
from isocenter.errors import OutOfResourcesError

from .conftest import STOW, STUDY, Client, ct, multipart, part10

SUCCESS, FAILED, OTHER_FAILURES = "00081199", "00081198", "0008119A"


def reasons(answer: httpx.Response, sequence: str) -> list[int]:
    return [item["00081197"]["Value"][0] for item in answer.json()[sequence]["Value"]]


def test_stores_each_part_and_says_where_it_is(client: Client, archive: Archive) -> None:
    answer = client.stow(part10(ct(1)), part10(ct(2)))
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "application/dicom+json"
    content = answer.json()
    assert content["00081190"]["Value"] == [f"http://127.0.0.1:8080/dicom-web/studies/{STUDY}"]
    stored = [item["00081155"]["Value"][0] for item in content[SUCCESS]["Value"]]
    assert stored == [f"{STUDY}.1.1", f"{STUDY}.1.2"]
    address = content[SUCCESS]["Value"][0]["00081190"]["Value"][0]
    assert address.endswith(f"/studies/{STUDY}/series/{STUDY}.1/instances/{STUDY}.1.1")
    assert client.get(address).status_code == 200
    assert len(archive.instances(STUDY)) == 2
    assert FAILED not in content


def test_one_instance_needs_no_multipart(client: Client, archive: Archive) -> None:
    answer = client.request(
        "POST", "/dicom-web/studies", content=part10(ct(1)), headers={"content-type": "application/dicom"}
    )
    assert answer.status_code == 200
    assert len(archive.instances(STUDY)) == 1


def test_what_is_refused_is_named_with_its_reason(client: Client, archive: Archive) -> None:
    whole = part10(ct(2))
    answer = client.stow(part10(ct(1)), whole[:-10], b"this is no DICOM file, whatever its label says" * 9)
    assert answer.status_code == 202
    content = answer.json()
    assert [item["00081155"]["Value"][0] for item in content[SUCCESS]["Value"]] == [f"{STUDY}.1.1"]
    assert [item["00081155"]["Value"][0] for item in content[FAILED]["Value"]] == [f"{STUDY}.1.2"]
    assert reasons(answer, FAILED) == [0xC000]
    assert "cut short" in content[FAILED]["Value"][0]["00000902"]["Value"][0]
    assert reasons(answer, OTHER_FAILURES) == [0xC000]
    assert len(archive.instances(STUDY)) == 1


@pytest.mark.parametrize("keyword", ["StudyInstanceUID", "SeriesInstanceUID", "SOPInstanceUID"])
def test_nothing_stored_is_409(client: Client, keyword: str) -> None:
    dataset = ct(1)
    delattr(dataset, keyword)
    answer = client.stow(part10(dataset))
    assert answer.status_code == 409
    assert reasons(answer, FAILED) == [0xC000]
    assert SUCCESS not in answer.json()


def test_another_study_than_the_one_in_the_path(client: Client, archive: Archive) -> None:
    answer = client.stow(part10(ct(1)), part10(ct(1, study="1.2.826.2")), study=STUDY)
    assert answer.status_code == 202
    assert reasons(answer, FAILED) == [0xA900]
    assert len(archive.instances(STUDY)) == 1
    assert client.get("/dicom-web/studies/1.2.826.2").status_code == 404


def test_the_same_again_is_a_success(client: Client, archive: Archive) -> None:
    assert client.stow(part10(ct(1))).status_code == 200
    answer = client.stow(part10(ct(1)))
    assert answer.status_code == 200
    assert "warning" not in answer.headers
    assert len(archive.instances(STUDY)) == 1


def test_another_object_under_a_known_uid_is_a_warning(client: Client, archive: Archive) -> None:
    client.stow(part10(ct(1)))
    answer = client.stow(part10(ct(1, StudyDescription="Something else")))
    assert answer.status_code == 202
    assert answer.json()[SUCCESS]["Value"][0]["00081196"]["Value"] == [0xB000]
    assert answer.headers["warning"].startswith("299 http://127.0.0.1:8080/dicom-web: ")
    assert len(archive.conflicts()) == 1


@pytest.mark.parametrize(
    ("content_type", "status"),
    [
        ("text/plain", 415),
        ("", 415),
        ('multipart/related; type="image/jpeg"; boundary=b', 415),
        ("multipart/form-data; boundary=b", 415),
        ("multipart/related; type=application/dicom", 400),
        (f'multipart/related; type="application/dicom"; boundary="{"x" * 201}"', 400),
        (STOW, 400),
    ],
)
def test_bodies_that_are_not_read(client: Client, content_type: str, status: int) -> None:
    answer = client.request("POST", "/dicom-web/studies", content=b"?", headers={"content-type": content_type})
    assert answer.status_code == status
    assert answer.json()["error"]["status"] == status


def test_no_part_is_400(client: Client) -> None:
    assert client.stow().status_code == 400


def test_unquoted_parameters_are_understood(client: Client) -> None:
    headers = {"content-type": "Multipart/Related; TYPE=application/dicom; boundary=the-boundary"}
    answer = client.request("POST", "/dicom-web/studies", content=multipart(part10(ct(1))), headers=headers)
    assert answer.status_code == 200


def test_a_part_of_another_type_is_refused_and_the_others_stored(client: Client, archive: Archive) -> None:
    body = multipart(part10(ct(1))).replace(
        b"\r\n--the-boundary--", b"\r\n--the-boundary\r\nContent-Type: image/jpeg\r\n\r\nx\r\n--the-boundary--"
    )
    answer = client.request("POST", "/dicom-web/studies", content=body, headers={"content-type": STOW})
    assert answer.status_code == 202
    assert reasons(answer, OTHER_FAILURES) == [0x0122]
    assert len(archive.instances(STUDY)) == 1


def test_only_parts_of_another_type_is_415(client: Client) -> None:
    body = multipart(b"x", content_type="image/jpeg")
    answer = client.request("POST", "/dicom-web/studies", content=body, headers={"content-type": STOW})
    assert answer.status_code == 415


def test_a_body_that_ends_early_stores_what_was_whole(client: Client, archive: Archive) -> None:
    body = multipart(part10(ct(1)), part10(ct(2)))[:-200]
    answer = client.request("POST", "/dicom-web/studies", content=body, headers={"content-type": STOW})
    assert answer.status_code == 202
    assert len(answer.json()[OTHER_FAILURES]["Value"]) == 1
    assert len(archive.instances(STUDY)) == 1
    only = client.request(
        "POST", "/dicom-web/studies", content=multipart(part10(ct(3)))[:-20], headers={"content-type": STOW}
    )
    assert only.status_code == 400
    assert only.json()["error"]["code"] == "UsageError"
    assert len(archive.instances(STUDY)) == 1


def test_xml_is_not_to_be_had(client: Client) -> None:
    assert client.stow(part10(ct(1)), accept="application/dicom+xml").status_code == 406


def test_no_room_is_507(client: Client, archive: Archive, monkeypatch: pytest.MonkeyPatch) -> None:
    def full() -> None:
        raise OutOfResourcesError("the disk is full")

    monkeypatch.setattr(archive.storage, "create", full)
    answer = client.stow(part10(ct(1)))
    assert answer.status_code == 507
    assert reasons(answer, FAILED) == [0xA700]


def test_an_unexpected_error_is_a_failure_and_told_as_such(
    client: Client, archive: Archive, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def broken() -> None:
        raise RuntimeError("secret detail")

    monkeypatch.setattr(archive.storage, "create", broken)
    answer = client.stow(part10(ct(1)))
    assert answer.status_code == 409
    assert reasons(answer, FAILED) == [0x0110]
    assert "secret" not in answer.text
    assert "secret detail" in caplog.text


def test_many_parts_are_answered_in_order(client: Client) -> None:
    files = [part10(ct(number)) for number in range(1, 101)]
    answer = client.stow(*files)
    stored = [item["00081155"]["Value"][0] for item in answer.json()[SUCCESS]["Value"]]
    assert stored == [f"{STUDY}.1.{number}" for number in range(1, 101)]


def test_stores_are_counted(client: Client) -> None:
    client.stow(part10(ct(1)), b"no object")
    page = client.get("/metrics").text
    assert 'isocenter_http_stores_total{outcome="stored"} 1.0' in page
    assert 'isocenter_http_stores_total{outcome="failed"} 1.0' in page


def test_large_parts_arrive_whole(client: Client, archive: Archive) -> None:
    dataset = ct(1, Rows=1500, Columns=1200)
    assert client.stow(part10(dataset), part10(ct(2))).status_code == 200
    first = archive.instances(STUDY)[0]
    with archive.open_object(first) as file:
        assert file.read().endswith(dataset.PixelData)
