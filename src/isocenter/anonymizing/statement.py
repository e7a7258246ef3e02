"""What a project does, for those who get its output: the conformance statement of its profile (PS3.15 E.1.3)."""

import html
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any

from isocenter.anonymizing.projects import KeptProject
from isocenter.deid import BurnedIn, Option, Policy
from isocenter.deid._tables.profile import EDITION
from isocenter.deid.markers import method_text
from isocenter.deid.options import meaning

_BURNED_IN: dict[BurnedIn, str] = {
    BurnedIn.SEQUESTER: "Images whose pixels may show text are not given out, unless a person looked at them and said "
    "which areas are blanked.",
    BurnedIn.BLANK: "Images whose pixels may show text are blanked where device rules, their ultrasound regions or a "
    "person say where it is; others are not given out.",
    BurnedIn.OCR: "Images whose pixels may show text are blanked where device rules, their ultrasound regions or a "
    "person say where it is, and where text is read; those whose text cannot be settled are not given out.",
    BurnedIn.OCR_TECHNICAL: "Images whose pixels may show text are blanked where device rules, their ultrasound "
    "regions or a person say where it is, and where text is read that is not technical; those whose text cannot be "
    "settled are not given out.",
    BurnedIn.KEEP: "Images whose pixels may show text are given out as they are, marked with Burned In Annotation YES, "
    "but where a person said which areas are blanked.",
}
_FACES = {
    True: "Faces are taken out of head CT and MR, series by series, with Recognizable Visual Features NO and 113102 in "
    "these objects only; what may be a head but shows no face that can be taken out is not given out. This reduces, "
    "and does not exclude, that somebody is recognised.",
    False: "Faces are not taken out of heads.",
}
_DATES = {
    "REMOVED": "Dates and times of day are removed or replaced.",
    "MODIFIED": "The dates of a patient are moved back by one number of whole weeks, 1 to 520, which only the key "
    "gives; times of day, weekdays and intervals stay. Dates of devices are removed or replaced.",
    "UNMODIFIED": "Dates and times are those of the originals.",
}


def statement(project: KeptProject) -> dict[str, Any]:
    """Return the statement; nothing in it tells anything of the key but its fingerprint."""
    policy = project.facts.policy()
    return {
        "project": project.name,
        "fingerprint": project.open().fingerprint(),
        "created": datetime.fromtimestamp(project.facts.created / 1000, UTC).isoformat(timespec="seconds"),
        "profile": policy.name,
        "edition": f"PS3.15 {EDITION}",
        "digest": policy.digest(),
        "options": sorted(policy.options),
        "codes": {code: meaning(code) for code in policy.codes()},
        "method": method_text(policy),
        "sentences": list(_sentences(policy)),
    }


def _sentences(policy: Policy) -> Iterable[str]:
    """Yield what E.1.3 wants to be said: what is removed, replaced, kept; how dummies are made; how far they agree."""
    yield (
        "Every row of Table E.1-1 is applied at all levels of all sequences, with these options; attributes that it "
        "does not name are treated by their role: dates, names, free text and addresses like those that it names. "
        "What is in no dictionary is removed."
    )
    if Option.UIDS in policy.options:
        yield "UIDs are those of the originals."
    else:
        yield "UIDs are replaced by 2.25 and a number made of the original with the project's key (HMAC-SHA256)."
    yield (
        "PatientID, PatientName and AccessionNumber are replaced by pseudonyms made in the same way. Equal values have "
        "equal replacements in all output of this project, and in that of no other one."
    )
    yield _DATES[policy.longitudinal()]
    if Option.SAFE_PRIVATE in policy.options:
        yield "Private attributes are removed but for those of Table E.3.10-1 and their creators."
    else:
        yield "Private attributes are removed."
    if Option.DESCRIPTORS in policy.options:
        yield "Of descriptions, words of the standard's own vocabulary, short numbers and codes stay."
    yield _BURNED_IN[policy.burned_in]
    if policy.device_rules:
        yield f"{len(policy.device_rules)} device rules of the project say where devices write text."
    yield _FACES[policy.deface]
    yield "De-identified is not anonymous: docs/deidentification.md has the limits."
    yield "(0012,0062), (0012,0063), (0012,0064) and (0028,0303) are in every object. No attribute is encrypted."


def as_text(facts: dict[str, Any]) -> str:
    """Return a statement as people read it on a terminal."""
    lines = [f"Conformance statement of project {facts['project']}", ""]
    lines += [f"{name}: {facts[name]}" for name in ("profile", "edition", "digest", "fingerprint", "created", "method")]
    lines += ["", *(f"{code} {text}" for code, text in facts["codes"].items()), "", *facts["sentences"]]
    return "\n".join(lines)


def as_html(facts: dict[str, Any]) -> str:
    """Return a statement as one page that needs nothing else."""
    rows = "".join(
        f"<tr><th>{name}</th><td>{html.escape(str(facts[name]))}</td></tr>"
        for name in ("profile", "edition", "digest", "fingerprint", "created", "method")
    )
    codes = "".join(f"<li>{code} {html.escape(text)}</li>" for code, text in facts["codes"].items())
    text = "".join(f"<p>{html.escape(sentence)}</p>" for sentence in facts["sentences"])
    return (
        f"<!doctype html><meta charset=utf-8><title>{html.escape(facts['project'])}</title>"
        "<h1>De-identification: conformance statement</h1>"
        f"<table>{rows}</table><ul>{codes}</ul>{text}\n"
    )
