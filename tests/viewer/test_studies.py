"""What is done with marked studies from the list: sent to a node, saved as a disc, deleted and put back."""

import contextlib
import io
import json
import sqlite3
import zipfile
from pathlib import Path
from urllib.request import Request, urlopen

import pydicom
import pytest
from playwright.sync_api import Browser, expect

from .conftest import Archive, get_json, looking, mr_slice, report, start, stop

pytestmark = pytest.mark.browser


def held(archive: Archive) -> set[str]:
    return {study["0020000D"]["Value"][0] for study in get_json(f"{archive.url}/dicom-web/studies")}  # type: ignore[index]


def know(archive: Archive, aet: str, port: int) -> None:
    """Add a node on this machine to the peers of an archive."""
    body = json.dumps({"host": "127.0.0.1", "port": port}).encode()
    headers = {"Content-Type": "application/json"}
    with urlopen(Request(f"{archive.url}/api/peers/{aet}", body, headers, method="PUT")):
        pass


def come_to_rest(archive: Archive) -> None:
    """Let all objects have come a while ago."""
    with contextlib.closing(sqlite3.connect(archive.data / "index.sqlite")) as index, index:
        index.execute("UPDATE instance SET received = received - 60000")


def test_studies_are_sent_saved_deleted_and_put_back(browser: Browser, empty_archive: Archive, tmp_path: Path) -> None:
    for number, dataset in enumerate((mr_slice(), report())):
        dataset.save_as(tmp_path / f"{number}.dcm", enforce_file_format=True)
    empty_archive.take(*tmp_path.glob("*.dcm"))
    both = held(empty_archive)
    other = start(tmp_path / "other")
    try:
        know(empty_archive, "ISOCENTER2", get_json(f"{other.url}/api/system")["dicom_port"])  # type: ignore[call-overload, index]
        know(empty_archive, "NOBODY", 9)
        with looking(browser, empty_archive) as view:
            view.list()
            page = view.page
            for box in page.locator(".row-mark input").all():
                box.check()
            page.keyboard.press("s")
            dialog = page.get_by_role("dialog")
            dialog.get_by_label("DICOM node").select_option("NOBODY")
            dialog.get_by_role("button", name="Send").click()
            expect(dialog.get_by_role("status").last).to_contain_text("0 of 1 sent · 1 not sent: ")
            dialog.get_by_label("DICOM node").select_option("ISOCENTER2")
            dialog.get_by_role("button", name="Send").click()
            expect(dialog.get_by_role("status")).to_have_text(["1 of 1 sent"] * 2)
            assert held(other) == both
            page.keyboard.press("Escape")
            page.keyboard.press("z")
            with page.expect_download() as saved:
                dialog.get_by_role("link", name="ZIP with DICOMDIR").first.click()
            with zipfile.ZipFile(saved.value.path()) as disc:
                directory = pydicom.dcmread(io.BytesIO(disc.read("DICOMDIR")))
            assert len(directory.DirectoryRecordSequence) == 4
            page.keyboard.press("Escape")
            page.keyboard.press("Delete")
            expect(dialog).to_contain_text("can be put back for 30 days")
            assert held(empty_archive) == both
            dialog.get_by_role("button", name="Delete studies").click()
            expect(dialog.get_by_text("deleted", exact=True)).to_have_count(2)
            expect(page.locator(".row")).to_have_count(0)
            assert held(empty_archive) == set()
            dialog.get_by_role("button", name="Put back").click()
            expect(page.locator(".row")).to_have_count(2)
            assert held(empty_archive) == both
            page.keyboard.press("Escape")
            come_to_rest(empty_archive)
            page.locator(".row-mark input").first.check()
            page.keyboard.press("e")
            expect(dialog.get_by_label("Patient name")).to_be_focused()
            dialog.get_by_label("Patient ID", exact=True).fill("4711")
            dialog.get_by_label("Birth date").fill("1970-05-17")
            dialog.get_by_label("Sex").select_option("female")
            dialog.get_by_label("Why").fill("wrong patient chosen")
            dialog.get_by_role("button", name="Correct the study").click()
            expect(dialog.get_by_role("listitem")).to_contain_text("wrong patient chosen")
            expect(dialog.get_by_role("listitem")).to_contain_text("17 May 1970")
            expect(page.locator(".row").filter(has_text="4711")).to_have_count(1)
            (study,) = get_json(f"{empty_archive.url}/dicom-web/studies?PatientID=4711")
            assert study["00100030"]["Value"] == ["19700517"]  # type: ignore[index]
            dialog.get_by_role("button", name="Apply again").click()
            expect(dialog.get_by_role("alert")).to_contain_text("has these values already")
            dialog.get_by_role("button", name="Put back").click()
            expect(dialog.get_by_role("listitem").first).to_contain_text("put back no. 1")
            expect(page.locator(".row").filter(has_text="4711")).to_have_count(0)
    finally:
        stop(other)
