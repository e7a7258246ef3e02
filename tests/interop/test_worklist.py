"""Modality worklist and MPPS with programs that others wrote: DCMTK's findscu and wlmscpfs, pynetdicom."""

import json
import re
from collections import Counter
from pathlib import Path

import pytest
from pydicom import Dataset
from pynetdicom import AE
from pynetdicom.sop_class import (
    ModalityPerformedProcedureStep,
    ModalityPerformedProcedureStepRetrieve,
    ModalityWorklistInformationFind,
)

from isocenter.dicom.nested import Keys

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
        def run(node, *arguments: object, dump: Path | None = None) -> str:
            file = []
            if dump is not None:
                file = [tmp_path / "query.dcm"]
                run_peer("dump2dcm", dump, file[0])
            text = run_peer("findscu", "-W", "-v", *arguments, "127.0.0.1", node.port, *file)
            assert FINAL in text
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
