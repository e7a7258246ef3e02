"""What a run did, without a single original value: per study as JSON and CSV, and a summary as HTML.

Tags, actions, counts, new UIDs and reasons only. Which input became which output is not here: that stays by the key.
"""

import csv
import html
import io
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from isocenter.deid._tables.profile import EDITION
from isocenter.deid.engine import Result, Status
from isocenter.deid.options import Policy, meaning
from isocenter.dicom import dictionary

#: Outcome of an object -> how people read it.
OUTCOMES: dict[str, str] = {
    "output": "written",
    "unchanged": "there before, with the same bytes",
    "sequestered": "set aside",
    "rejected": "rejected",
}
#: The same for inputs, which may be no objects.
INPUT_OUTCOMES: dict[str, str] = {**OUTCOMES, "directory": "DICOMDIR, standing for its files"}

_FACES = {
    True: "taken out of head CT and MR, which reduces and does not exclude that somebody is recognised",
    False: "not taken out",
}


@dataclass(slots=True)
class StudyReport:
    """What was done to the objects of one study, by their new UIDs."""

    patient: str
    study: str
    series: Counter[str] = field(default_factory=Counter)
    actions: Counter[tuple[int, str]] = field(default_factory=Counter)

    @property
    def name(self) -> str:
        """The name of its files; objects without a study count for their patient."""
        return f"{self.patient}-{self.study or 'no study'}"

    def as_json(self) -> dict[str, Any]:
        """Return the report of the study."""
        return {
            "PatientID": self.patient,
            "StudyInstanceUID": self.study,
            "objects": self.series.total(),
            "series": dict(sorted(self.series.items())),
            "attributes": [
                {"tag": tag, "keyword": keyword, "action": action, "count": count}
                for tag, keyword, action, count in self.rows()
            ],
        }

    def rows(self) -> list[tuple[str, str, str, int]]:
        """Return (tag, keyword, action, count) of every attribute that was changed or left out."""
        return [
            (f"({tag >> 16:04X},{tag & 0xFFFF:04X})", _keyword(tag), action, count)
            for (tag, action), count in sorted(self.actions.items())
        ]

    def as_csv(self) -> str:
        """Return the same as CSV."""
        text = io.StringIO()
        writer = csv.writer(text, lineterminator="\n")
        writer.writerows([("tag", "keyword", "action", "count"), *self.rows()])
        return text.getvalue()


def _keyword(tag: int) -> str:
    return "private" if tag & 0x10000 else dictionary.keyword(tag) or "unknown"


@dataclass(slots=True)
class RunReport:
    """All studies of a run, the outcomes of its inputs, and the reasons of those that were not written."""

    policy: Policy
    project: str
    studies: dict[tuple[str, str], StudyReport] = field(default_factory=dict)
    outcomes: Counter[str] = field(default_factory=Counter)
    reasons: Counter[tuple[str, str]] = field(default_factory=Counter)

    def add(self, outcome: str, reason: str = "", result: Result | None = None) -> None:
        """Count one input; ``result`` where there is an object."""
        self.outcomes[outcome] += 1
        if outcome == "rejected":
            reason = reason.partition(":")[0]  # what follows are offsets, or words of other programs
        if result is None or result.status is not Status.OUTPUT or outcome not in {"output", "unchanged"}:
            self.reasons[outcome, reason] += 1
            return
        study = self.studies.get((result.patient, result.study))
        if study is None:
            study = self.studies[result.patient, result.study] = StudyReport(result.patient, result.study)
        study.series[result.series] += 1
        study.actions.update(result.report)

    def as_json(self) -> dict[str, Any]:
        """Return the summary of the run."""
        return {
            "profile": self.policy.name,
            "options": sorted(self.policy.options),
            "burned_in": self.policy.burned_in,
            "faces": _FACES[self.policy.deface],
            "edition": EDITION,
            "digest": self.policy.digest(),
            "project": self.project,
            "codes": {code: meaning(code) for code in self.policy.codes()},
            "inputs": self.outcomes.total(),
            **{outcome: self.outcomes[outcome] for outcome in INPUT_OUTCOMES},
            "studies": len(self.studies),
            "reasons": [
                {"outcome": outcome, "reason": reason, "count": count}
                for (outcome, reason), count in sorted(self.reasons.items())
            ],
        }

    def as_html(self) -> str:
        """Return the summary as one page that needs nothing else."""
        facts = self.as_json()
        claims = _list(f"{code} {text}" for code, text in facts["codes"].items())
        studies = [(s.patient, s.study, len(s.series), s.series.total(), s.actions.total()) for s in self._sorted()]
        parts = [
            f"<h1>De-identification, profile {html.escape(self.policy.name)}</h1>",
            (
                f"<p>PS3.15 {EDITION}; burned-in text: {html.escape(self.policy.burned_in)}; "
                f"faces: {_FACES[self.policy.deface]}; digest {facts['digest']}</p>"
            ),
            claims,
            "<h2>Inputs</h2>"
            + _table(("outcome", "count"), [(t, self.outcomes[o]) for o, t in INPUT_OUTCOMES.items()]),
            "<h2>Not written</h2>" + _table(("outcome", "reason", "count"), [(*k, n) for k, n in self.reasons.items()]),
            "<h2>Studies</h2>" + _table(("PatientID", "study", "series", "objects", "changes"), studies),
            "<h2>Attributes</h2>" + _table(("tag", "keyword", "action", "count"), self._all().rows()),
        ]
        return f"<!doctype html><meta charset=utf-8><title>De-identification</title>{_STYLE}{''.join(parts)}\n"

    def _sorted(self) -> list[StudyReport]:
        return [self.studies[key] for key in sorted(self.studies)]

    def _all(self) -> StudyReport:
        whole = StudyReport("", "")
        for study in self.studies.values():
            whole.actions.update(study.actions)
        return whole


_STYLE = (
    "<style>body{font:15px/1.5 system-ui,sans-serif;margin:2rem auto;max-width:70rem;padding:0 1rem}"
    "table{border-collapse:collapse}td,th{text-align:left;padding:.15rem .8rem;border-bottom:1px solid #ddd}</style>"
)


def _list(lines: Iterable[str]) -> str:
    return "<ul>" + "".join(f"<li>{html.escape(line)}</li>" for line in lines) + "</ul>"


def _table(head: tuple[str, ...], rows: Iterable[tuple[object, ...]]) -> str:
    lines = "".join("<tr>" + "".join(f"<td>{html.escape(str(c))}</td>" for c in row) + "</tr>" for row in rows)
    return "<table><tr>" + "".join(f"<th>{html.escape(name)}</th>" for name in head) + f"</tr>{lines}</table>"
