"""Modality worklist and MPPS with programs that others wrote: DCMTK's findscu and wlmscpfs, pynetdicom."""

import json
import re
from collections import Counter
from itertools import repeat
from pathlib import Path

import pytest
from pydicom import Dataset
from pydicom.data import get_testdata_file
from pynetdicom import AE, evt
from pynetdicom.sop_class import (
    ModalityPerformedProcedureStep,
    ModalityPerformedProcedureStepRetrieve,
    ModalityWorklistInformationFind,
)

from isocenter.cli import main
from isocenter.dicom.json import json_to_data_set
from isocenter.dicom.nested import Keys
from isocenter.dicom.part10 import write_file_meta
from isocenter.worklist.entry import read_entry

FINAL = "Received Final Find Response (Success)"
#: What stands in lines of the expected answers: a top-level element with its value in brackets.
_VALUE = re.compile(r"\((\w{4},\w{4})\) \w\w \[(.*?)\s*\]")
_LINE = re.compile(r"(?:I: )?\((\w{4},\w{4})\) \w\w \[(.*?)\s*\]")


def top_level(lines: list[str], form: re.Pattern[str]) -> frozenset[tuple[str, str]]:
    return frozenset((found[1], found[2].rstrip("\0")) for line in lines if (found := form.match(line)))


def printed_answers(text: str) -> Counter[frozenset[tuple[str, str]]]:
    """Return the top-level values of each answer that findscu printed."""
    parts = text.split("Find Response: ")[1:]
    return Counter(top_level(part.splitlines(), _LINE) for part in parts)


def entry(**changes: object) -> dict[str, object]:
    return {
        "PatientName": "Müller^Jörg", "PatientID": "4711", "PatientBirthDate": "19700101", "PatientSex": "M",
        "AccessionNumber": "A1", "Modality": "CT", "ScheduledStationAETitle": "CT1",
        "ScheduledProcedureStepStartDate": "20240131", "ScheduledProcedureStepStartTime": "0930",
        "RequestedProcedureDescription": "Thorax", "StudyInstanceUID": "1.2.3", "ScheduledProcedureStepID": "S1",
        "RequestedProcedureID": "R1",
        **changes,
    }  # fmt: skip


@pytest.mark.peer("findscu")
class TestFindscu:
    """findscu -W asks us."""

    @pytest.fixture
    def ask(self, run_peer, tmp_path: Path):
        def run(node, *arguments: object, dump: Path | None = None, final: str = FINAL) -> str:
            file = []
            if dump is not None:
                file = [tmp_path / "query.dcm"]
                run_peer("dump2dcm", dump, file[0])
            text = run_peer("findscu", "-W", "-v", *arguments, "127.0.0.1", node.port, *file)
            assert final in text
            return text

        return run

    @pytest.mark.real_data
    @pytest.mark.parametrize("query", range(13))
    def test_the_answers_are_those_expected(self, make_node, ask, data_dir: Path, query: int) -> None:
        """All entries at once; queries and answers come with DCMTK."""
        data = data_dir / "worklist"
        node = make_node(worklist_folder=str(data / "dcmtk"))
        text = ask(node, dump=data / "dcmtk_queries" / f"wlistqry{query}.dump")
        expected = json.loads((data / "dcmtk_expected" / f"all-{query}.json").read_text())
        assert printed_answers(text) == Counter(top_level(lines, _VALUE) for lines in expected)

    @pytest.mark.real_data
    @pytest.mark.parametrize("number", range(1, 11))
    def test_the_answers_of_one_entry_are_those_expected(
        self, make_node, ask, data_dir: Path, tmp_path: Path, number: int
    ) -> None:
        data, folder = data_dir / "worklist", tmp_path / "worklist"
        folder.mkdir()
        (folder / "one.dump").write_bytes((data / "dcmtk" / f"wklist{number}.dump").read_bytes())
        node = make_node(worklist_folder=str(folder))
        for query in range(13):
            text = ask(node, dump=data / "dcmtk_queries" / f"wlistqry{query}.dump")
            lines = json.loads((data / "dcmtk_expected" / f"single-{number}-{query}.json").read_text())
            expected = [top_level(each, _VALUE) for each in lines]
            assert printed_answers(text) == Counter(expected), query

    def test_keys_within_the_step(self, full_node, ask) -> None:
        worklist = full_node.archive.worklist
        worklist.add(entry())
        worklist.add(entry(ScheduledProcedureStepID="S2", Modality="MR", PatientName="Meier^Ida"))
        key = "ScheduledProcedureStepSequence[0]"
        text = ask(
            full_node, "-k", "PatientName=MULLER*", "-k", f"{key}.Modality=CT", "-k", f"{key}.ScheduledProcedureStepID",
            "-k", f"{key}.ScheduledProcedureStepStartDate=20240131-20240131", "-k", "SpecificCharacterSet=ISO_IR 192",
            "-k", f"{key}.ScheduledProcedureStepStartTime=0900-1000", "-k", "StudyInstanceUID",
        )  # fmt: skip
        assert text.count("Find Response: ") == 1
        for value in ("[1.2.3", "[S1", "[ISO_IR 192]", "[CT]", "[Müller^Jörg"):
            assert value in text

    def test_cancel(self, full_node, ask, monkeypatch: pytest.MonkeyPatch) -> None:
        """A worklist without end: only the cancellation can stop the answers."""
        found = full_node.archive.worklist.add(entry())
        monkeypatch.setattr(full_node.archive.worklist, "find", lambda _: repeat(found))
        ask(full_node, "--cancel", 1, "-k", "PatientName", final="Received Final Find Response (Cancel")

    def test_unsupported_keys_are_told(self, full_node, ask, tmp_path: Path) -> None:
        full_node.archive.worklist.add(entry())
        dump = tmp_path / "private.dump"
        dump.write_text("(0009,0010) LO [ACME]\n(0009,1001) LO [x]\n(0010,0020) LO []\n")
        text = ask(full_node, dump=dump)
        assert "WarningUnsupportedOptionalKeys" in text
        assert "[4711" in text


def begin(**changes: object) -> Dataset:
    """Return what a modality says when it begins with ``entry()``."""
    scheduled = Dataset()
    scheduled.StudyInstanceUID, scheduled.ScheduledProcedureStepID = "1.2.3", "S1"
    scheduled.AccessionNumber, scheduled.RequestedProcedureID = "A1", "R1"
    step = Dataset()
    step.SpecificCharacterSet = "ISO_IR 100"
    step.ScheduledStepAttributesSequence = [scheduled]
    step.PatientName, step.PatientID, step.Modality = "Müller^Jörg", "4711", "CT"
    step.PerformedProcedureStepID, step.PerformedStationAETitle = "P1", "CT1"
    step.PerformedProcedureStepStartDate, step.PerformedProcedureStepStartTime = "20240131", "093100"
    step.PerformedProcedureStepStatus = "IN PROGRESS"
    for keyword, value in changes.items():
        setattr(step, keyword, value)
    return step


def end(status: str = "COMPLETED") -> Dataset:
    series = Dataset()
    series.SeriesInstanceUID, series.ProtocolName = "1.2.3.1", "Thorax"
    step = Dataset()
    step.PerformedProcedureStepStatus = status
    step.PerformedProcedureStepEndDate, step.PerformedProcedureStepEndTime = "20240131", "094500"
    step.PerformedSeriesSequence = [series]
    return step


class TestModality:
    """A modality of pynetdicom asks us what to do, and reports what it did."""

    @pytest.fixture
    def modality(self, full_node):
        full_node.archive.worklist.add(entry())
        ae = AE(ae_title="CT1")
        for sop_class in (
            ModalityWorklistInformationFind, ModalityPerformedProcedureStep, ModalityPerformedProcedureStepRetrieve,
        ):  # fmt: skip
            ae.add_requested_context(sop_class)
        association = ae.associate("127.0.0.1", full_node.port, ae_title="ISOCENTER")
        assert association.is_established
        yield association
        association.release()

    def names(self, modality) -> list[str]:
        query, step = Dataset(), Dataset()
        step.Modality = "CT"
        query.PatientName, query.ScheduledProcedureStepSequence = "", [step]
        answers = list(modality.send_c_find(query, ModalityWorklistInformationFind))
        assert answers[-1][0].Status == 0
        return [str(data_set.PatientName) for _, data_set in answers[:-1]]

    def test_from_the_worklist_to_the_end(self, full_node, modality) -> None:
        assert self.names(modality) == ["Müller^Jörg"]
        status, _ = modality.send_n_create(begin(), ModalityPerformedProcedureStep, "1.2.9")
        assert status.Status == 0
        assert full_node.archive.performed.get("1.2.9").calling_aet == "CT1"
        (scheduled,) = full_node.archive.worklist.find(Keys(()))
        assert scheduled.status == "STARTED"
        status, _ = modality.send_n_set(end(), ModalityPerformedProcedureStep, "1.2.9")
        assert status.Status == 0
        assert self.names(modality) == []
        status, got = modality.send_n_get(
            [0x00400252, 0x00100010], ModalityPerformedProcedureStepRetrieve, "1.2.9"
        )  # fmt: skip
        assert (status.Status, got.PerformedProcedureStepStatus, str(got.PatientName)) == (
            0, "COMPLETED", "Müller^Jörg",
        )  # fmt: skip

    def test_what_is_over_is_over(self, modality) -> None:
        assert modality.send_n_create(begin(), ModalityPerformedProcedureStep, "1.2.9")[0].Status == 0
        assert modality.send_n_set(end("DISCONTINUED"), ModalityPerformedProcedureStep, "1.2.9")[0].Status == 0
        status, _ = modality.send_n_set(end(), ModalityPerformedProcedureStep, "1.2.9")
        assert (status.Status, status.ErrorID) == (0x0110, 0xA710)
        assert status.ErrorComment == "Performed Procedure Step Object may no longer be updated"

    def test_statuses(self, full_node, modality) -> None:
        def create(step: Dataset, uid: str | None = "1.2.9") -> int:
            return int(modality.send_n_create(step, ModalityPerformedProcedureStep, uid)[0].Status)

        missing = begin()
        del missing.Modality
        assert create(missing) == 0x0120
        assert create(begin(PerformedProcedureStepID="")) == 0x0121
        assert create(begin(PerformedProcedureStepStatus="COMPLETED")) == 0x0106
        assert create(begin()) == 0
        assert create(begin()) == 0x0111
        assert modality.send_n_set(end(), ModalityPerformedProcedureStep, "1.2.404")[0].Status == 0x0112
        assert modality.send_n_get([], ModalityPerformedProcedureStepRetrieve, "1.2.404")[0].Status == 0x0112
        assert create(begin(), None) == 0
        newest, first = full_node.archive.performed.find(Keys(()))
        assert (newest.SOPInstanceUID[:5], first.SOPInstanceUID) == ("2.25.", "1.2.9")


@pytest.mark.peer("wlmscpfs")
def test_the_worklist_of_wlmscpfs(start_peer, run_peer, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Our command asks DCMTK's worklist server, whose files are those that our folder reads, too."""
    folder = tmp_path / "RIS"
    folder.mkdir()
    (folder / "lockfile").touch()
    for number, modality in enumerate(("CT", "MR"), 1):
        made = read_entry(entry(ScheduledProcedureStepID=f"S{number}", Modality=modality)).data_set
        meta = write_file_meta("1.2.840.10008.5.1.4.31", f"1.2.{number}", "1.2.840.10008.1.2.1")
        (folder / f"{number}.wl").write_bytes(meta + json_to_data_set(made, character_set=("ISO_IR 100",)))
    port = start_peer("wlmscpfs", "-dfp", tmp_path, "-cs1")
    arguments = ["worklist", "find", f"RIS@127.0.0.1:{port}", "--json"]

    def ask(*keys: str) -> list[dict]:
        with pytest.raises(SystemExit) as ended:
            main([*arguments, *keys])
        assert not ended.value.code
        return json.loads(capsys.readouterr().out)

    assert len(ask()) == 2
    (answer,) = ask("Modality=MR", "ScheduledProcedureStepStartDate=20240101-20240201", "PatientID=4711")
    (step,) = answer["00400100"]["Value"]
    assert step["00400009"]["Value"] == ["S2"]
    assert answer["00100010"]["Value"] == [{"Alphabetic": "Müller^Jörg"}]


class TestReports:
    """Our command reports to a server of pynetdicom."""

    @pytest.fixture
    def received(self) -> dict[str, Dataset]:
        return {}

    @pytest.fixture
    def port(self, received: dict[str, Dataset]):
        def create(event: evt.Event) -> tuple[int, Dataset]:
            uid = event.request.AffectedSOPInstanceUID
            received[uid] = event.attribute_list
            return 0x0000, event.attribute_list

        def change(event: evt.Event) -> tuple[int, Dataset | None]:
            step = received.get(event.request.RequestedSOPInstanceUID)
            if step is None:
                return 0x0112, None
            step.update(event.modification_list)
            return 0x0000, step

        ae = AE(ae_title="RIS")
        ae.add_supported_context(ModalityPerformedProcedureStep)
        server = ae.start_server(
            ("127.0.0.1", 0), block=False, evt_handlers=[(evt.EVT_N_CREATE, create), (evt.EVT_N_SET, change)]
        )
        yield server.socket.getsockname()[1]
        server.shutdown()

    def test_start_complete(self, full_node, port: int, received, capsys: pytest.CaptureFixture[str]) -> None:
        full_node.archive.worklist.add(entry())

        def run(*arguments: object) -> str:
            with pytest.raises(SystemExit) as ended:
                main(["mpps", *map(str, arguments)])
            output = capsys.readouterr()
            assert not ended.value.code, output.err
            return output.out.strip()

        peer, worklist = f"RIS@127.0.0.1:{port}", f"ISOCENTER@127.0.0.1:{full_node.port}"
        uid = run("start", peer, "--worklist", worklist, "--aet", "CT1", "AccessionNumber=A1")
        step = received[uid]
        assert (step.PerformedProcedureStepStatus, str(step.PatientName)) == ("IN PROGRESS", "Müller^Jörg")
        assert step.ScheduledStepAttributesSequence[0].StudyInstanceUID == "1.2.3"
        run("complete", peer, uid, get_testdata_file("CT_small.dcm"), "--aet", "CT1")
        assert received[uid].PerformedProcedureStepStatus == "COMPLETED"
        (series,) = received[uid].PerformedSeriesSequence
        assert len(series.ReferencedImageSequence) == 1
        with pytest.raises(SystemExit) as ended:
            main(["mpps", "discontinue", peer, "1.2.404"])
        assert ended.value.code == 1
        assert "no such SOP instance (0112H)" in capsys.readouterr().err
