"""Query and retrieve: DCMTK's findscu, movescu and getscu against our node, and our commands against its dcmqrscp."""

import json
import re
import socket
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from pydicom import Dataset, dcmread
from pydicom.data import get_testdata_file
from pydicom.uid import ImplicitVRLittleEndian

from isocenter.cli import main

pytestmark = pytest.mark.peer("findscu")

LOSSY = "1.2.840.10008.1.2.4.50"
PADDING = 0xFFFCFFFC


def keys(**values: str) -> list[str]:
    """Return arguments for an identifier."""
    return [part for keyword, value in values.items() for part in ("-k", f"{keyword}={value}" if value else keyword)]


def answers(text: str, keyword: str) -> list[str]:
    return [value.strip(" \0") for value in re.findall(rf"\[(.*?)\s*\] .*{keyword}", text)]


def same(one: Dataset, other: Dataset) -> bool:
    """Compare data sets; DCMTK writes sequences and padding anew."""
    return [e for e in one if e.tag != PADDING] == [e for e in other if e.tag != PADDING]


class TestFindscu:
    """findscu asks us."""

    @pytest.fixture
    def find(self, full_node, objects, run_peer):
        def run(*options: object, **values: str) -> str:
            return run_peer("findscu", "-v", *options, *keys(**values), "127.0.0.1", full_node.port, code=None)

        return run

    @pytest.mark.parametrize("model", ["-S", "-P", "-O"])
    def test_studies_in_each_model(self, find, objects, model: str) -> None:
        for dataset in objects:
            asked = {"PatientID": dataset.PatientID} if model != "-S" else {}
            text = find(model, QueryRetrieveLevel="STUDY", StudyInstanceUID=dataset.StudyInstanceUID,
                        PatientName="", **asked)  # fmt: skip
            if not dataset.PatientID and model != "-S":
                assert "DataSetDoesNotMatchSOPClass" in text
                continue
            assert answers(text, "StudyInstanceUID")[-1] == dataset.StudyInstanceUID
            assert "Find Response: 1 (Pending)" in text
            assert "Received Final Find Response (Success)" in text

    def test_down_the_levels(self, find, objects) -> None:
        ct = objects[0]
        patients = find("-P", QueryRetrieveLevel="PATIENT", PatientID="", PatientName="compressedsamples ct?")
        assert answers(patients, "PatientID")[-1] == ct.PatientID
        series = find("-S", QueryRetrieveLevel="SERIES", StudyInstanceUID=ct.StudyInstanceUID, Modality="",
                      SeriesInstanceUID="", NumberOfSeriesRelatedInstances="")  # fmt: skip
        assert answers(series, "SeriesInstanceUID")[-1] == ct.SeriesInstanceUID
        assert answers(series, "NumberOfSeriesRelatedInstances")[-1] == "1"
        images = find("-S", QueryRetrieveLevel="IMAGE", StudyInstanceUID=ct.StudyInstanceUID,
                      SeriesInstanceUID=ct.SeriesInstanceUID, SOPInstanceUID="", InstanceAvailability="")  # fmt: skip
        assert answers(images, "SOPInstanceUID")[-1] == ct.SOPInstanceUID
        assert answers(images, "InstanceAvailability")[-1] == "ONLINE"
        assert answers(images, "RetrieveAETitle")[-1] == "ISOCENTER"

    def test_unsupported_keys_are_told(self, find) -> None:
        text = find("-S", QueryRetrieveLevel="STUDY", PatientComments="")
        assert "WarningUnsupportedOptionalKeys" in text

    def test_what_does_not_fit_is_refused(self, find) -> None:
        for values in ({"QueryRetrieveLevel": "SERIES"}, {"StudyDate": "20240101"}, {"QueryRetrieveLevel": "X"}):
            assert "DataSetDoesNotMatchSOPClass" in find("-S", **values)

    def test_cancel(self, find, full_node, objects) -> None:
        text = find("-S", "--cancel", 1, QueryRetrieveLevel="STUDY", StudyInstanceUID="")
        assert re.search(r"Received Final Find Response \((Success|Cancel)", text)
        assert "Releasing Association" in text


@pytest.mark.peer("getscu")
class TestGetscu:
    """getscu fetches from us."""

    def get(self, run_peer, node, folder: Path, study: str, *options: str) -> str:
        return run_peer(
            "getscu", "-v", "-S", *options, "-od", folder, *keys(QueryRetrieveLevel="STUDY", StudyInstanceUID=study),
            "127.0.0.1", node.port, code=None,
        )  # fmt: skip

    def test_objects_come_whole(self, run_peer, full_node, objects, tmp_path: Path) -> None:
        """getscu proposes uncompressed syntaxes, so what is compressed comes decompressed."""
        for study, count in Counter(dataset.StudyInstanceUID for dataset in objects).items():
            text = self.get(run_peer, full_node, tmp_path, study)
            assert f"Number of Completed Suboperations : {count}" in text, text
            assert "Number of Failed Suboperations    : 0" in text
        got = {
            found.SOPInstanceUID: found for found in (dcmread(path) for path in tmp_path.iterdir() if path.is_file())
        }
        assert set(got) == {dataset.SOPInstanceUID for dataset in objects}
        for dataset in objects:
            found = got[dataset.SOPInstanceUID]
            if not dataset.file_meta.TransferSyntaxUID.is_compressed:
                assert same(found, dataset)
            assert not found.file_meta.TransferSyntaxUID.is_compressed
            if dataset.file_meta.TransferSyntaxUID != LOSSY:
                np.testing.assert_array_equal(found.pixel_array, dataset.pixel_array)

    def test_nothing_to_send(self, run_peer, full_node, tmp_path: Path) -> None:
        text = self.get(run_peer, full_node, tmp_path, "1.2.3")
        assert "Number of Completed Suboperations : 0" in text
        assert "Number of Failed Suboperations    : 0" in text


@pytest.mark.peer("movescu", "storescp")
class TestMovescu:
    """movescu has us send to storescp."""

    def move(self, run_peer, node, aet: str, study: str, *options: object) -> str:
        return run_peer(
            "movescu", "-v", "-S", "-aem", aet, *options,
            *keys(QueryRetrieveLevel="STUDY", StudyInstanceUID=study), "127.0.0.1", node.port, code=None,
        )  # fmt: skip

    def test_as_stored(self, run_peer, start_peer, full_node, objects, tmp_path: Path) -> None:
        full_node.know("THERE", start_peer("storescp", "-aet", "THERE", "+xa", "-od", tmp_path))
        for dataset in objects:
            text = self.move(run_peer, full_node, "THERE", dataset.StudyInstanceUID)
            assert "Received Final Move Response (Success)" in text, text
        got = {
            found.SOPInstanceUID: found for found in (dcmread(path) for path in tmp_path.iterdir() if path.is_file())
        }
        for dataset in objects:
            found = got[dataset.SOPInstanceUID]
            assert found.file_meta.TransferSyntaxUID == dataset.file_meta.TransferSyntaxUID
            assert same(found, dataset)

    def test_to_one_that_knows_implicit_only(self, run_peer, start_peer, full_node, objects, tmp_path: Path) -> None:
        full_node.know("OLD", start_peer("storescp", "-aet", "OLD", "+xi", "-od", tmp_path))
        for dataset in objects:
            text = self.move(run_peer, full_node, "OLD", dataset.StudyInstanceUID)
            assert "Received Final Move Response (Success)" in text, text
        got = {
            found.SOPInstanceUID: found for found in (dcmread(path) for path in tmp_path.iterdir() if path.is_file())
        }
        for dataset in objects:
            found = got[dataset.SOPInstanceUID]
            assert found.file_meta.TransferSyntaxUID == ImplicitVRLittleEndian
            if dataset.file_meta.TransferSyntaxUID != LOSSY:
                np.testing.assert_array_equal(found.pixel_array, dataset.pixel_array)

    def test_back_to_the_one_that_asks(self, run_peer, full_node, objects, tmp_path: Path) -> None:
        with socket.create_server(("127.0.0.1", 0)) as free:
            port = int(free.getsockname()[1])
        full_node.know("MOVESCU", port)
        text = self.move(run_peer, full_node, "MOVESCU", objects[0].StudyInstanceUID, "-od", tmp_path, "--port", port)
        assert "Received Final Move Response (Success)" in text, text
        (path,) = tmp_path.glob("CT*")
        assert same(dcmread(path), objects[0])

    @pytest.mark.parametrize("destination", ["NOBODY", "ISOCENTER"])
    def test_unknown_destinations(self, run_peer, full_node, objects, destination: str) -> None:
        text = self.move(run_peer, full_node, destination, objects[0].StudyInstanceUID)
        assert "Refused: MoveDestinationUnknown" in text

    def test_a_destination_that_does_not_answer(self, run_peer, full_node, objects) -> None:
        with socket.socket() as sock:
            sock.bind(("127.0.0.1", 0))
            full_node.know("GONE", sock.getsockname()[1])
            text = self.move(run_peer, full_node, "GONE", objects[0].StudyInstanceUID)
        assert "Refused: OutOfResourcesSubOperations" in text


CONFIG = """\
NetworkType = "tcp"
NetworkTCPPort = 1
MaxPDUSize = 131072
MaxAssociations = 16
HostTable BEGIN
them = (THERE, 127.0.0.1, {port})
HostTable END
VendorTable BEGIN
VendorTable END
AETable BEGIN
QRSCP {folder} RW (200, 1024mb) ANY
AETable END
"""


@pytest.mark.peer("dcmqrscp", "storescu", "storescp")
class TestDcmqrscp:
    """Our commands ask dcmqrscp."""

    @pytest.fixture
    def there(self, start_peer, tmp_path: Path) -> Path:
        folder = tmp_path / "there"
        folder.mkdir()
        (folder / "port").write_text(str(start_peer("storescp", "-aet", "THERE", "+xa", "-od", folder)))
        return folder

    @pytest.fixture
    def peer(self, start_peer, run_peer, there: Path, tmp_path: Path) -> str:
        folder = tmp_path / "qrscp"
        folder.mkdir()
        config = tmp_path / "dcmqrscp.cfg"
        config.write_text(CONFIG.format(folder=folder, port=(there / "port").read_text()))
        port = start_peer("dcmqrscp", "-c", config)
        files = [get_testdata_file(name) for name in ("CT_small.dcm", "MR_small.dcm")]
        run_peer("storescu", "-aec", "QRSCP", "127.0.0.1", port, *files)
        return f"QRSCP@127.0.0.1:{port}"

    def command(self, *arguments: object) -> int:
        with pytest.raises(SystemExit) as ended:
            main([str(argument) for argument in arguments])
        return int(ended.value.code or 0)

    def test_echo_and_send(self, peer: str, capsys: pytest.CaptureFixture[str]) -> None:
        """It takes no compressed objects: these are decompressed on the way."""
        assert self.command("echo", peer) == 0
        native, compressed = get_testdata_file("rtplan.dcm"), get_testdata_file("JPEG2000.dcm")
        capsys.readouterr()
        assert self.command("send", peer, native, compressed, "--json") == 0
        report = json.loads(capsys.readouterr().out)
        assert (report["sent"], report["failed"]) == (2, [])
        study = dcmread(native).StudyInstanceUID
        assert self.command("find", peer, f"StudyInstanceUID={study}", "--csv") == 0
        assert study in capsys.readouterr().out

    def test_find(self, peer: str, capsys: pytest.CaptureFixture[str]) -> None:
        ct = dcmread(get_testdata_file("CT_small.dcm"))
        assert self.command("find", peer, "PatientName=CompressedSamples^CT*", "--json") == 0
        (answer,) = json.loads(capsys.readouterr().out)
        assert answer["0020000D"]["Value"] == [ct.StudyInstanceUID]
        assert self.command("find", peer, "--level", "SERIES", f"StudyInstanceUID={ct.StudyInstanceUID}", "--csv") == 0
        assert ct.SeriesInstanceUID in capsys.readouterr().out
        assert self.command("find", peer, "--level", "PATIENT", "--csv") == 0
        assert ct.PatientID in capsys.readouterr().out

    def test_get(self, peer: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
        ct = dcmread(get_testdata_file("CT_small.dcm"))
        assert self.command("get", peer, f"StudyInstanceUID={ct.StudyInstanceUID}", "--to", tmp_path / "here") == 0
        assert "1 done" in capsys.readouterr().out
        (path,) = (tmp_path / "here").iterdir()
        assert path.name == f"{ct.SOPInstanceUID}.dcm"
        assert same(dcmread(path), ct)
        assert self.command("get", peer, f"StudyInstanceUID={ct.StudyInstanceUID}", "--data", tmp_path / "data") == 0
        capsys.readouterr()
        assert self.command("stats", "--data", tmp_path / "data", "--json") == 0
        assert json.loads(capsys.readouterr().out)["instances"] == 1

    def test_move(self, peer: str, there: Path, capsys: pytest.CaptureFixture[str]) -> None:
        ct = dcmread(get_testdata_file("CT_small.dcm"))
        assert self.command("move", peer, "THERE", f"StudyInstanceUID={ct.StudyInstanceUID}", "--json") == 0
        assert json.loads(capsys.readouterr().out)["completed"] == 1
        (path,) = there.glob("CT*")
        assert same(dcmread(path), ct)
        assert self.command("move", peer, "NOBODY", f"StudyInstanceUID={ct.StudyInstanceUID}") == 1
        assert "move destination unknown" in capsys.readouterr().out
