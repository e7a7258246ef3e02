"""Orthanc with its DICOMweb plug-in and our node, over DIMSE and DICOMweb, in both directions.

Orthanc is a process of its own, told what to do by its REST API. Everything that went across is compared, element by
element and in its transfer syntax.
"""

import json
import shutil
import socket
import threading
import urllib.request
from collections.abc import Callable, Iterator
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from dicomweb_client.api import DICOMwebClient
from pydicom import Dataset, dcmread
from pydicom.data import get_testdata_file
from pydicom.dataelem import DataElement

from isocenter.cli import main
from isocenter.cli.dicom_part import delivery_of
from isocenter.web.app import create_app
from isocenter.web.server import HttpServer

PLUGIN = "/usr/share/orthanc/plugins/libOrthancDicomWeb.so"
pytestmark = pytest.mark.peer("Orthanc", PLUGIN)

#: Native in both VRs, and compressed without and with loss; two of them are of one study.
OBJECTS = ["CT_small.dcm", "MR_small_implicit.dcm", "SC_rgb_rle.dcm", "JPEG2000.dcm", "SC_rgb_jpeg_dcmtk.dcm"]
FILES = [Path(get_testdata_file(name)) for name in OBJECTS]
PADDING = 0xFFFCFFFC
AS_STORED = (("application/dicom", "*"),)


def contents(dataset: Dataset) -> tuple[str, list[DataElement]]:
    """Return what has to be the same on both sides; both drop padding, and DCMTK writes sequences anew."""
    return str(dataset.file_meta.TransferSyntaxUID), [element for element in dataset if element.tag != PADDING]


class Orthanc:
    """A running Orthanc, by its REST API."""

    def __init__(self, http_port: int, dicom_port: int) -> None:
        self.url = f"http://127.0.0.1:{http_port}"
        self.peer = f"ORTHANC@127.0.0.1:{dicom_port}"
        self.dicom_port = dicom_port

    def call(self, path: str, body: Any = None, method: str | None = None) -> Any:
        """Return the JSON answer to a GET, or to a POST of ``body``."""
        data = body if isinstance(body, bytes) or body is None else json.dumps(body).encode()
        request = urllib.request.Request(self.url + path, data, method=method or ("POST" if data else "GET"))
        with urllib.request.urlopen(request, timeout=30) as answer:
            return json.loads(answer.read() or b"null")

    def take(self, paths: list[Path]) -> list[str]:
        """Take files in, and return Orthanc's names for them."""
        return [self.call("/instances", path.read_bytes())["ID"] for path in paths]

    def objects(self) -> dict[str, Dataset]:
        """Return all objects by SOP Instance UID."""
        found = {}
        for name in self.call("/instances"):
            with urllib.request.urlopen(f"{self.url}/instances/{name}/file", timeout=30) as answer:
                dataset = dcmread(BytesIO(answer.read()))
            found[str(dataset.SOPInstanceUID)] = dataset
        return found


@pytest.fixture
def orthanc(start_peer: Callable[..., int], free_port: Callable[[], int], tmp_path: Path) -> Orthanc:
    """An empty Orthanc."""
    dicom, http = free_port(), free_port()
    configuration = {
        "StorageDirectory": str(tmp_path / "storage"), "IndexDirectory": str(tmp_path / "index"), "HttpPort": http,
        "DicomPort": dicom, "DicomAet": "ORTHANC", "RemoteAccessAllowed": False, "AuthenticationEnabled": False,
        "DicomAlwaysAllowStore": True, "DicomAlwaysAllowEcho": True, "DicomAlwaysAllowFind": True,
        "DicomAlwaysAllowGet": True, "DicomAlwaysAllowMove": True, "Plugins": [PLUGIN],
        "DicomWeb": {"Enable": True, "Root": "/dicom-web/"},
    }  # fmt: skip
    (tmp_path / "orthanc.json").write_text(json.dumps(configuration))
    start_peer(shutil.which("Orthanc"), tmp_path / "orthanc.json", port=http)
    return Orthanc(http, dicom)


@pytest.fixture
def web(full_node) -> Iterator[str]:
    """The address of our DICOMweb over the node's archive."""
    sock = socket.create_server(("127.0.0.1", 0))
    server = HttpServer(create_app(full_node.archive, full_node.settings), sock, grace=5)
    thread = threading.Thread(target=server.run)
    thread.start()
    assert server.started.wait(20)
    yield f"http://127.0.0.1:{server.port}/dicom-web"
    server.stop()
    thread.join(20)


@pytest.fixture
def joined(orthanc: Orthanc, full_node, web: str) -> Orthanc:
    """Orthanc and our node know each other, over DIMSE and DICOMweb."""
    full_node.know("ORTHANC", orthanc.dicom_port)
    here = {"AET": "ISOCENTER", "Host": "127.0.0.1", "Port": full_node.port}
    orthanc.call("/modalities/isocenter", here, method="PUT")
    orthanc.call("/dicom-web/servers/isocenter", {"Url": web}, method="PUT")
    return orthanc


@pytest.fixture
def sent() -> dict[str, Dataset]:
    """What goes across, by SOP Instance UID."""
    return {str(dataset.SOPInstanceUID): dataset for dataset in map(dcmread, FILES)}


def check(found: dict[str, Dataset], sent: dict[str, Dataset]) -> None:
    assert found.keys() == sent.keys()
    for uid, dataset in sent.items():
        assert contents(found[uid]) == contents(dataset)


def kept(node) -> dict[str, Dataset]:
    """Return all objects of our archive."""
    found = {}
    for study in {str(dataset.StudyInstanceUID) for dataset in map(dcmread, FILES)}:
        for instance in node.archive.instances(study):
            with node.archive.open_object(instance) as file:
                found[instance.SOPInstanceUID] = dcmread(BytesIO(file.read()))
    return found


def command(*arguments: object) -> int:
    with pytest.raises(SystemExit) as ended:
        main([str(argument) for argument in arguments])
    return int(ended.value.code or 0)


class TestOrthancSends:
    """Orthanc is the sender."""

    def test_by_c_store(self, joined: Orthanc, full_node, sent: dict[str, Dataset]) -> None:
        answer = joined.call("/modalities/isocenter/store", joined.take(FILES))
        assert (answer["InstancesCount"], answer["FailedInstancesCount"]) == (5, 0)
        check(kept(full_node), sent)

    def test_by_stow(self, joined: Orthanc, full_node, sent: dict[str, Dataset]) -> None:
        """In chunks, and with a boundary of 73 characters."""
        resources = {"Resources": joined.take(FILES), "Synchronous": True}
        assert joined.call("/dicom-web/servers/isocenter/stow", resources)["InstancesCount"] == "5"
        check(kept(full_node), sent)


class TestOrthancAsks:
    """Orthanc finds what we hold, and fetches it."""

    @pytest.fixture(autouse=True)
    def filled(self, full_node) -> None:
        full_node.fill(*OBJECTS)

    def ask(self, orthanc: Orthanc, level: str, **keys: str) -> tuple[str, list[dict[str, Any]]]:
        query = orthanc.call("/modalities/isocenter/query", {"Level": level, "Query": keys})["Path"]
        return query, orthanc.call(f"{query}/answers?expand&simplify")

    def test_by_c_find(self, joined: Orthanc, sent: dict[str, Dataset]) -> None:
        _, studies = self.ask(joined, "Study", PatientName="")
        assert {answer["StudyInstanceUID"] for answer in studies} == {d.StudyInstanceUID for d in sent.values()}
        ct = dcmread(FILES[0])
        _, (study,) = self.ask(joined, "Study", PatientName="compressedsamples^ct*", StudyDate="20040101-")
        assert (study["PatientID"], study["RetrieveAETitle"]) == (ct.PatientID, "ISOCENTER")
        _, (series,) = self.ask(joined, "Series", StudyInstanceUID=str(ct.StudyInstanceUID), Modality="CT")
        assert series["SeriesInstanceUID"] == ct.SeriesInstanceUID
        uids = {"StudyInstanceUID": str(ct.StudyInstanceUID), "SeriesInstanceUID": str(ct.SeriesInstanceUID)}
        _, (instance,) = self.ask(joined, "Instance", **uids)
        assert instance["SOPInstanceUID"] == ct.SOPInstanceUID

    def test_by_c_move(self, joined: Orthanc, sent: dict[str, Dataset]) -> None:
        query, _ = self.ask(joined, "Study", StudyInstanceUID="")
        joined.call(f"{query}/retrieve", {"TargetAet": "ORTHANC", "Synchronous": True})
        check(joined.objects(), sent)

    def test_by_qido(self, joined: Orthanc, sent: dict[str, Dataset]) -> None:
        ct = dcmread(FILES[0])
        question = {"Uri": "/studies", "Arguments": {"PatientName": "CompressedSamples^CT*"}}
        (study,) = joined.call("/dicom-web/servers/isocenter/qido", question)
        assert study["0020000D"]["Value"] == ct.StudyInstanceUID
        assert len(joined.call("/dicom-web/servers/isocenter/qido", {"Uri": "/instances"})) == len(sent)

    def test_by_wado(self, joined: Orthanc, sent: dict[str, Dataset]) -> None:
        resources = [{"Study": uid} for uid in {str(dataset.StudyInstanceUID) for dataset in sent.values()}]
        answer = joined.call("/dicom-web/servers/isocenter/retrieve", {"Resources": resources, "Synchronous": True})
        assert answer["ReceivedInstancesCount"] == "5"
        check(joined.objects(), sent)


class TestWeAsk:
    """Our commands with Orthanc."""

    def test_send(self, joined: Orthanc, sent: dict[str, Dataset], capsys: pytest.CaptureFixture[str]) -> None:
        assert command("send", joined.peer, *FILES, "--json") == 0
        assert json.loads(capsys.readouterr().out)["sent"] == 5
        check(joined.objects(), sent)

    def test_find(self, joined: Orthanc, capsys: pytest.CaptureFixture[str]) -> None:
        joined.take(FILES)
        ct = dcmread(FILES[0])
        assert command("find", joined.peer, "PatientName=CompressedSamples^CT*", "--json") == 0
        (answer,) = json.loads(capsys.readouterr().out)
        assert answer["0020000D"]["Value"] == [ct.StudyInstanceUID]
        question = [f"StudyInstanceUID={ct.StudyInstanceUID}", f"SeriesInstanceUID={ct.SeriesInstanceUID}"]
        assert command("find", joined.peer, "--level", "IMAGE", *question, "SOPInstanceUID", "--json") == 0
        (answer,) = json.loads(capsys.readouterr().out)
        assert answer["00080018"]["Value"] == [ct.SOPInstanceUID]

    def test_get(self, joined: Orthanc, sent: dict[str, Dataset], tmp_path: Path) -> None:
        joined.take(FILES)
        for study in {dataset.StudyInstanceUID for dataset in sent.values()}:
            assert command("get", joined.peer, f"StudyInstanceUID={study}", "--to", tmp_path / "here") == 0
        found = [dcmread(path) for path in (tmp_path / "here").iterdir()]
        check({str(dataset.SOPInstanceUID): dataset for dataset in found}, sent)

    def test_move(self, joined: Orthanc, full_node, sent: dict[str, Dataset]) -> None:
        joined.take(FILES)
        for study in {dataset.StudyInstanceUID for dataset in sent.values()}:
            assert command("move", joined.peer, "ISOCENTER", f"StudyInstanceUID={study}") == 0
        check(kept(full_node), sent)


def test_both_answer_the_same(joined: Orthanc, full_node, web: str, sent: dict[str, Dataset]) -> None:
    """dicomweb-client is told the same by Orthanc and by us of the same objects."""
    joined.take(FILES)
    full_node.fill(*OBJECTS)
    ours, theirs = DICOMwebClient(web), DICOMwebClient(f"{joined.url}/dicom-web")
    for dataset in sent.values():
        uids = str(dataset.StudyInstanceUID), str(dataset.SeriesInstanceUID), str(dataset.SOPInstanceUID)
        found = [client.search_for_studies(search_filters={"StudyInstanceUID": uids[0]}) for client in (ours, theirs)]
        (study, other) = (Dataset.from_json(answers[0]) for answers in found)
        for keyword in ("PatientID", "PatientName", "StudyDate", "ModalitiesInStudy", "NumberOfStudyRelatedInstances"):
            assert study.get(keyword) == other.get(keyword), keyword
        files = [client.retrieve_instance(*uids, media_types=AS_STORED) for client in (ours, theirs)]
        assert [contents(file) for file in files] == [contents(dataset)] * 2
        ours_said, theirs_said = (client.retrieve_instance_metadata(*uids) for client in (ours, theirs))
        values = {tag for tag, element in theirs_said.items() if "Value" in element and tag[:4] != "0002"}
        assert values
        for tag in values:
            assert ours_said[tag] == theirs_said[tag], tag


class TestStorageCommitment:
    """Orthanc asks us, and we ask Orthanc; it reports over associations of its own only."""

    @pytest.fixture
    def delivering(self, full_node) -> Iterator[None]:
        delivery = delivery_of(full_node.archive, full_node.settings)
        delivery.start()
        yield
        delivery.stop()

    def _asked(self, orthanc: Orthanc, datasets: list[Dataset], seconds: float = 20.0) -> dict[str, Any]:
        """Have Orthanc ask us, and return what it was told."""
        objects = [{"SOPClassUID": d.SOPClassUID, "SOPInstanceUID": d.SOPInstanceUID} for d in datasets]
        path = orthanc.call("/modalities/isocenter/storage-commitment", {"DicomInstances": objects})["Path"]
        gate = threading.Event()
        for _ in range(round(seconds / 0.1)):
            told: dict[str, Any] = orthanc.call(path)
            if told["Status"] != "Pending":
                return told
            gate.wait(0.1)
        raise AssertionError("no report came")

    def test_it_asks_us(self, joined: Orthanc, full_node, delivering, sent) -> None:
        datasets = full_node.fill(*OBJECTS)
        assert self._asked(joined, datasets)["Status"] == "Success"
        unknown = Dataset()
        unknown.SOPClassUID, unknown.SOPInstanceUID = datasets[0].SOPClassUID, "1.2.3.4"
        told = self._asked(joined, [*datasets, unknown])
        assert told["Status"] == "Failure"
        assert len(told["Success"]) == len(datasets)
        ((failure,),) = [told["Failures"]]
        assert (failure["SOPInstanceUID"], failure["FailureReason"]) == ("1.2.3.4", 0x0112)

    def test_we_ask_it(self, orthanc: Orthanc, free_port, capsys) -> None:
        port = free_port()
        orthanc.call("/modalities/scanner", {"AET": "SCANNER", "Host": "127.0.0.1", "Port": port}, method="PUT")
        orthanc.take(FILES)
        asked = ["commit", orthanc.peer, *FILES, "--aet", "SCANNER", "--listen", port, "--json"]
        assert command(*asked) == 0
        said = json.loads(capsys.readouterr().out)
        assert (said["reported"], len(said["committed"]), said["failed"]) == (True, len(FILES), [])
        assert command(*asked, "1.2.840.10008.5.1.4.1.1.2=1.2.3.4") == 1
        said = json.loads(capsys.readouterr().out)
        assert [(f["sop_instance_uid"], f["reason"]) for f in said["failed"]] == [("1.2.3.4", 0x0112)]
