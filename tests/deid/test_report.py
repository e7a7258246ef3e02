"""Reports: counts per study and in all, no original values, markup that cannot be broken."""

import csv
import io
import pickle
from collections import Counter
from dataclasses import fields

from isocenter.deid import Policy, Result, Status, policy
from isocenter.deid.report import OUTCOMES, RunReport


def result(patient: str = "P", study: str = "2.25.1", series: str = "2.25.2") -> Result:
    actions = Counter({(0x00100010, "empty"): 1, (0x00091001, "remove"): 2, (0x00080FFF, "remove"): 1})
    return Result(Status.OUTPUT, report=actions, patient=patient, study=study, series=series, instance="2.25.3")


def run() -> RunReport:
    report = RunReport(policy("research"), "fingerprint")
    report.add("output", result=result())
    report.add("unchanged", result=result(series="2.25.4"))
    report.add("output", result=result("Q", ""))
    report.add("output", result=result("R", ""))
    report.add("sequestered", "a <b>secondary</b> capture", Result(Status.SEQUESTERED, "x"))
    report.add("rejected", "this is no DICOM file: words of somebody else")
    return report


def test_counts_add_up() -> None:
    facts = run().as_json()
    assert facts["inputs"] == sum(facts[outcome] for outcome in OUTCOMES) == 6
    assert facts["studies"] == 3
    assert list(facts["codes"]) == policy("research").codes()


def test_one_study() -> None:
    study = run().studies["P", "2.25.1"]
    facts = study.as_json()
    assert (facts["objects"], facts["series"]) == (2, {"2.25.2": 1, "2.25.4": 1})
    rows = list(csv.DictReader(io.StringIO(study.as_csv())))
    assert [(row["tag"], row["keyword"], row["action"], row["count"]) for row in rows] == [
        ("(0008,0FFF)", "unknown", "remove", "2"),
        ("(0009,1001)", "private", "remove", "4"),
        ("(0010,0010)", "PatientName", "empty", "2"),
    ]


def test_objects_without_a_study_stay_with_their_patient() -> None:
    names = {study.name for study in run().studies.values()}
    assert names == {"P-2.25.1", "Q-no study", "R-no study"}


def test_the_page_is_escaped_and_says_what_is_claimed() -> None:
    page = run().as_html()
    assert "<b>" not in page
    assert "a &lt;b&gt;secondary" in page
    assert "words of somebody else" not in page
    assert "113107" in page
    assert Policy().digest() not in page


def test_a_result_goes_to_another_process_as_it_is() -> None:
    values = (Status.OUTPUT, "reason", (b"piece",), Counter({(0x00100010, "dummy"): 2}), "a", "b", "c", "d")
    result = Result(*values)
    assert tuple(getattr(result, each.name) for each in fields(result)) == values
    assert pickle.loads(pickle.dumps(result)) == result
