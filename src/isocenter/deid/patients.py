"""Pseudonyms that somebody gives: a table of ``PatientID,pseudonym[,issuer]``, and nobody else is let through.

A patient is PatientID and issuer (PS3.3 C.7.1.1), as everywhere: an ID with an issuer needs a row with that issuer, so
that two patients with one ID never become one.
"""

import csv
import re
from collections.abc import Iterable, Mapping
from pathlib import Path

from isocenter.errors import ConfigurationError

#: (issuer, PatientID) -> pseudonym.
Patients = Mapping[tuple[str, str], str]
_COLUMNS = ("PatientID", "pseudonym")
#: A value of LO that is a folder's name, too.
_PSEUDONYM = re.compile(r"[A-Za-z0-9][A-Za-z0-9._ -]{0,62}[A-Za-z0-9]|[A-Za-z0-9]")


def read_patients(path: Path) -> dict[tuple[str, str], str]:
    """Return the pseudonyms of a CSV file.

    Raises:
        ConfigurationError: it cannot be read, a column is missing, or a row contradicts another.
    """
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            reader = csv.DictReader(file)
            if not set(_COLUMNS) <= set(reader.fieldnames or ()):
                raise ConfigurationError(f"{path} needs the columns PatientID, pseudonym and, at will, issuer")
            return _patients(path, reader)
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise ConfigurationError(f"{path} cannot be read as CSV in UTF-8") from error


def _patients(path: Path, rows: Iterable[dict[str, str]]) -> dict[tuple[str, str], str]:
    found: dict[tuple[str, str], str] = {}
    taken: dict[str, tuple[str, str]] = {}
    for number, row in enumerate(rows, 2):
        patient_id, pseudonym = (str(row[column] or "").strip() for column in _COLUMNS)
        key = (str(row.get("issuer") or "").strip(), patient_id)
        problem = _problem(key, pseudonym, found, taken)
        if problem:
            raise ConfigurationError(f"{path}, line {number}: {problem}")
        found[key], taken[pseudonym.casefold()] = pseudonym, key
    return found


def _problem(key: tuple[str, str], pseudonym: str, found: Patients, taken: Mapping[str, tuple[str, str]]) -> str:
    """Return what is wrong with a row, without its values."""
    if not key[1]:
        return "the PatientID is empty; an empty one is nobody's"
    if not _PSEUDONYM.fullmatch(pseudonym):
        return "a pseudonym has 1 to 64 letters, digits, dots, spaces, _ and -"
    if found.get(key, pseudonym) != pseudonym:
        return "this patient has another pseudonym above"
    if taken.get(pseudonym.casefold(), key) != key:
        return "this pseudonym is another patient's above"
    return "the pseudonym is the PatientID itself" if pseudonym.casefold() == key[1].casefold() else ""
