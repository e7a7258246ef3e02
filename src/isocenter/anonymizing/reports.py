"""Reports of runs as files, and of a job's studies as JSON between one process and the next; nothing original in it."""

import csv
import io
import json
from collections import Counter
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from isocenter.deid import Policy
from isocenter.deid.report import INPUT_OUTCOMES, RunReport, StudyReport

FOLDER = "reports"


def write_reports(folder: Path, report: RunReport, *, add: bool = False) -> None:
    """Write a report for each study, and the summary as JSON, CSV and HTML.

    ``add``: what an earlier run did to a study is added, since this one left out what was there.
    """
    folder.mkdir(parents=True, exist_ok=True)
    for study in report.studies.values():
        path = folder / f"{study.name}.json"
        if add and path.exists():
            _add_earlier(study, json.loads(path.read_text(encoding="utf-8")))
        path.write_text(json.dumps(study.as_json(), indent=1), encoding="utf-8")
        path.with_name(f"{study.name}.csv").write_text(study.as_csv(), encoding="utf-8")
    (folder / "summary.json").write_text(json.dumps(report.as_json(), indent=1), encoding="utf-8")
    (folder / "summary.csv").write_text(summary_csv(report), encoding="utf-8")
    (folder / "summary.html").write_text(report.as_html(), encoding="utf-8")


def summary_csv(report: RunReport) -> str:
    """Return a run as CSV: one row for each outcome and reason, one for each study."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(("kind", "patient", "study", "outcome", "reason", "series", "objects", "changes"))
    for outcome in INPUT_OUTCOMES:
        writer.writerow(("outcome", "", "", outcome, "", "", report.outcomes[outcome], ""))
    for (outcome, reason), count in sorted(report.reasons.items()):
        writer.writerow(("reason", "", "", outcome, reason, "", count, ""))
    for study in report.studies.values():
        row = (len(study.series), study.series.total(), study.actions.total())
        writer.writerow(("study", study.patient, study.study, "", "", *row))
    return text.getvalue()


def _add_earlier(study: StudyReport, earlier: Mapping[str, Any]) -> None:
    study.series.update(earlier["series"])
    for row in earlier["attributes"]:
        tag = int(row["tag"].strip("()").replace(",", ""), 16)
        study.actions[tag, row["action"]] += row["count"]


def to_json(report: RunReport, not_written: Iterable[tuple[str, str, str]], *, complete: bool) -> dict[str, Any]:
    """Return what a job keeps of one of its studies; ``not_written``: (SOPInstanceUID, outcome, reason)."""
    studies = [
        {"patient": s.patient, "study": s.study, "series": dict(s.series),
         "actions": [[tag, action, count] for (tag, action), count in s.actions.items()]}
        for s in report.studies.values()
    ]  # fmt: skip
    reasons = [[outcome, reason, count] for (outcome, reason), count in report.reasons.items()]
    return {
        "complete": complete, "outcomes": dict(report.outcomes), "reasons": reasons, "studies": studies,
        "not_written": [list(row) for row in not_written],
    }  # fmt: skip


def from_json(policy: Policy, fingerprint: str, kept: Iterable[Mapping[str, Any]]) -> RunReport:
    """Return one report of what was kept of several studies."""
    report = RunReport(policy, fingerprint)
    for each in kept:
        report.outcomes.update(each["outcomes"])
        report.reasons.update({(outcome, reason): count for outcome, reason, count in each["reasons"]})
        for row in each["studies"]:
            study = report.studies.setdefault((row["patient"], row["study"]), StudyReport(row["patient"], row["study"]))
            study.series.update(row["series"])
            study.actions.update(Counter({(tag, action): count for tag, action, count in row["actions"]}))
    return report
