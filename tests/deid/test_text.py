"""Text: what stays of a description, and finding an object's own identifiers."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from isocenter.deid._tables.words import WORDS
from isocenter.deid.text import scrubber

DOE = {
    0x00100010: b"Doe^Jane", 0x00100020: b"MRN-4711", 0x00100030: b"19700312", 0x00080090: b"Hand^Albert",
    0x00080080: b"St. Mercywood", 0x00080050: b"ACC99",
}  # fmt: skip


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        (b"CT Thorax with contrast 5.0mm", b"CT Thorax with contrast 5.0mm"),
        (b"T1 SE axial", b"T1 SE axial"),
        (b"CHEST Jane Doe", b"CHEST"),
        (b"DOE, JANE knee MR", b"knee MR"),
        (b"doe^jane", b""),
        (b"head, referred by Dr. Kowalski", b"head, by"),
        (b"head for Prof Brown", b"head for"),
        (b"hand left", b"left"),  # the referring physician is called Hand
        (b"born 12.03.1970, thorax", b"thorax"),
        (b"call 030 1234567 knee", b"knee"),
        (b"jane@example.org liver", b"liver"),
        (b"see http://host/x?id=4711 liver", b"liver"),
        (b"MRN-4711 abdomen", b"abdomen"),
        (b"accession ACC99", b"accession"),
        (b"1.2.826.77.4711 lung", b"lung"),
        (b"lung 987654", b"lung"),
        (b"Mustermann", b""),
        (b"chest\\Doe", b"chest\\"),
        (b"\x1b$B;3ED\x1b(B lung", b"lung"),
        (b"", b""),
    ],
)
def test_cleaning(raw: bytes, expected: bytes) -> None:
    cleaned = scrubber(DOE).clean(raw)
    assert cleaned.replace(b" ", b"") == expected.replace(b" ", b"") or cleaned == expected


@given(st.binary(max_size=60))
def test_only_known_words_come_out(raw: bytes) -> None:
    for word in scrubber(DOE).clean(raw).decode("ascii").replace("\\", " ").split():
        letters = "".join(c if c.isalpha() else " " for c in word).lower().split()
        assert all(len(part) <= 9 or part in WORDS for part in letters)


@given(st.text(st.characters(codec="ascii", categories=["Lu", "Ll"]), min_size=4, max_size=12))
def test_a_word_that_nobody_knows_is_gone(word: str) -> None:
    found = scrubber({}).clean(f"thorax {word} axial".encode()).decode().split()
    assert word not in found or word.lower() in WORDS or len(word) < 10


@pytest.mark.parametrize(
    ("raw", "found"),
    [
        (b"JANE DOE", True), (b"protocol of doe", True), (b"MRN-4711", True), (b"xMRN-4711x", False),
        (b"12.03.1970", True), (b"1970-03-12", True), (b"Mercywood", True), (b"Does not", False),
        (b"Hand", False), (b"SIEMENS", False), (b"", False),
    ],
)  # fmt: skip
def test_identifiers_in_values_that_stay(raw: bytes, found: bool) -> None:
    """Eponyms and anatomy (Hand) stay in technical values although somebody is called so."""
    assert scrubber(DOE).found_in(raw) is found


def test_the_institution_may_be_retained() -> None:
    assert not scrubber(DOE, keep_institution=True).found_in(b"Mercywood")
