"""Replacement values: dummies by VR, shifted dates and times, ages (PS3.5 6.2, PS3.15 E.3.6)."""

import re
from datetime import date, timedelta

#: VR -> a value that is valid for it and says nothing; two zero bytes for what is not text.
DUMMIES: dict[str, bytes] = {
    "AE": b"DEIDENTIFIED", "AS": b"000Y", "CS": b"DEIDENTIFIED", "DA": b"20000101", "DS": b"0", "DT": b"20000101000000",
    "IS": b"0", "LO": b"DEIDENTIFIED", "LT": b"DEIDENTIFIED", "PN": b"DEIDENTIFIED", "SH": b"DEIDENTIFIED",
    "ST": b"DEIDENTIFIED", "TM": b"000000", "UC": b"DEIDENTIFIED", "UR": b"urn:deidentified", "UT": b"DEIDENTIFIED",
}  # fmt: skip
_SIZES = {"FL": 4, "UL": 4, "SL": 4, "AT": 4, "FD": 8, "UV": 8, "SV": 8, "OF": 4, "OD": 8, "OL": 4, "OV": 8}
_DATE = re.compile(r"(\d{4})(?:([.-]?)(\d{2})(?:\2(\d{2}))?)?", re.ASCII)
_DATE_TIME = re.compile(r"(\d{4})(\d{2})?(\d{2})?(\d{2}(?:\d{2}(?:\d{2}(?:\.\d{1,6})?)?)?)?([+-]\d{4})?", re.ASCII)
_TIME = re.compile(r"\d{2}(?::?\d{2}(?::?\d{2}(?:\.\d{1,6})?)?)?", re.ASCII)
_AGE = re.compile(r"\d{1,3}[DWMY]", re.ASCII)
_OLDEST = 89


def dummy(vr: str) -> bytes:
    """Return a value that is not empty and does not identify."""
    found = DUMMIES.get(vr)
    return bytes(_SIZES.get(vr, 2)) if found is None else found


def shift(raw: bytes, vr: str, weeks: int) -> bytes:
    """Return dates moved back by whole weeks, partial ones too; the time of day stays. What is none becomes empty."""
    text = raw.decode("ascii", "replace").strip("\0 ")
    return "\\".join(_shift_value(part.strip(), vr, weeks) for part in text.split("\\")).encode("ascii", "replace")


def _shift_value(text: str, vr: str, weeks: int) -> str:
    if vr == "TM":
        return text if _is_range(text, _TIME) else ""
    one = _shift_date_time if vr == "DT" else _shift_date
    whole = one(text, weeks)
    if whole or "-" not in text:
        return whole
    ends = [one(end, weeks) for end in text.split("-", 1)]
    return "-".join(ends) if any(ends) else ""


def _is_range(text: str, form: re.Pattern[str]) -> bool:
    return all(form.fullmatch(part) or (not part and "-" in text) for part in text.split("-", 1)) and bool(text)


def _shift_date(text: str, weeks: int) -> str:
    match = _DATE.fullmatch(text)
    if match is None:
        return ""
    moved = _move(match[1], match[3], match[4], weeks)
    if moved is None:
        return ""
    parts = [f"{moved.year:04d}", f"{moved.month:02d}", f"{moved.day:02d}"]
    return "".join(parts[: 1 + bool(match[3]) + bool(match[4])])


def _shift_date_time(text: str, weeks: int) -> str:
    match = _DATE_TIME.fullmatch(text)
    if match is None or (match[4] and not match[3]):
        return ""
    moved = _move(match[1], match[2], match[3], weeks)
    if moved is None:
        return ""
    parts = [f"{moved.year:04d}", f"{moved.month:02d}", f"{moved.day:02d}"]
    return "".join(parts[: 1 + bool(match[2]) + bool(match[3])]) + (match[4] or "") + (match[5] or "")


def _move(year: str, month: str | None, day: str | None, weeks: int) -> date | None:
    """Return the day, or the first of the month or year, moved back."""
    try:
        return date(int(year), int(month or 1), int(day or 1)) - timedelta(weeks=weeks)
    except (ValueError, OverflowError):
        return None


def cap_age(raw: bytes) -> bytes:
    """Return an age; above 89 years everybody is 90 (US 45 CFR 164.514), and what is no age becomes empty."""
    text = raw.decode("ascii", "replace").strip("\0 ")
    if not _AGE.fullmatch(text):
        return b""
    years = int(text[:-1]) / {"D": 365.25, "W": 52.18, "M": 12, "Y": 1}[text[-1]]
    return b"090Y" if years > _OLDEST else text.encode()
