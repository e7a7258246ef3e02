"""What words read from pixels are: identifying for certain, technical, or neither."""

import pytest

from isocenter.deid.identifying import Identifiers, is_technical

NAME, ID, BIRTH, DOCTOR, ACCESSION, STUDY_DATE = 0x00100010, 0x00100020, 0x00100030, 0x00080090, 0x00080050, 0x00080020
OWN = Identifiers({
    NAME: ("Müller-Okonkwo^Anna Lí",), ID: ("MRN 4711-0815",), BIRTH: ("19560312",), DOCTOR: ("House^Gregory",),
    ACCESSION: ("A123",), STUDY_DATE: ("20240229",),
})  # fmt: skip


@pytest.mark.parametrize(
    ("words", "reason"),
    [
        ("MUELLER", "PatientName"),
        ("MULLER, ANNA", "PatientName"),
        ("Mü1ler", "PatientName"),  # one for l
        ("0K0NKW0", "PatientName"),
        ("0konkvvo", "PatientName"),
        ("ANNA", "PatientName"),
        ("patient:okonkwoanna", "PatientName"),
        ("ID MRN4711O815", "PatientID"),
        ("MRN 4711 0815", "PatientID"),
        ("Dr. House", "ReferringPhysicianName"),
        ("12.03.1956", "PatientBirthDate"),
        ("12/03/56", "PatientBirthDate"),
        ("03121956", "PatientBirthDate"),
        ("12 MAR 1956", "date"),
        ("Feb 29, 2024", "date"),
        ("29.02.2024", "StudyDate"),
        ("1.1.99", "date"),
        ("30 JAN 94", "date"),
        ("11:24:58", "time"),
        ("9:04 am", "time"),
        ("H-998127", "number"),
        ("0351 458 2241", "number"),
        ("kV 120", ""),
        ("SUPINE", ""),
        ("ANNALS", ""),
        ("4.5 MHz", ""),
        ("", ""),
    ],
)
def test_reasons(words: str, reason: str) -> None:
    assert OWN.reason(words) == reason


def test_a_header_without_values_knows_dates_and_numbers_only() -> None:
    assert Identifiers({}).reason("MUELLER") == ""
    assert Identifiers({}).reason("12.03.1956") == "date"


@pytest.mark.parametrize(
    "word", ["L", "AP", "kV", "120kV", "4.0cm", "TIS:0.5", "MI", "SUPINE", "12.5", "-120", "3/4", "60dB", "(R)", "512x"]
)
def test_technical_words(word: str) -> None:
    assert is_technical(word)


@pytest.mark.parametrize("word", ["Anna", "MUELLER", "1956", "056Y", "CCHS", "4711081", "12-20-2", "House"])
def test_other_words(word: str) -> None:
    assert not is_technical(word)
