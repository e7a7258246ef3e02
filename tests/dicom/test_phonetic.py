"""What sounds alike is one key, what does not is another."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from isocenter.dicom.person_name import fold
from isocenter.dicom.phonetic import sound, words, words_asked


@pytest.mark.parametrize(
    "alike",
    [
        ("Meyer", "Maier", "Mayer", "Meier", "Mayr"),
        ("Schmidt", "Schmitt", "Schmid", "Smith"),
        ("Müller", "Mueller", "Muller", "Moeller"),
        ("Catherine", "Katarina", "Katharina"),
        ("Jörg", "Joerg", "Jorg"),
        ("Philipp", "Filip", "Phillip"),
        ("Wagner", "Vagner"),
        ("Christian", "Kristian"),
        ("Zimmermann", "Simmerman"),
        ("Otto", "Oto"),
        ("Mohammed", "Muhamad"),
    ],
)
def test_names_that_sound_alike(alike: tuple[str, ...]) -> None:
    assert len({sound(fold(name)) for name in alike}) == 1


@pytest.mark.parametrize(
    ("one", "other"),
    [("Miller", "Müller"), ("Anna", "Inna"), ("Doe", "Roe"), ("Bach", "Bauer"), ("Otto", "Toto")],
)
def test_names_that_do_not(one: str, other: str) -> None:
    assert sound(fold(one)) != sound(fold(other))


def test_short_names_have_few_sounds() -> None:
    assert sound("maria") == sound("moore")


def test_other_scripts_have_no_sound() -> None:
    assert words(["yamada tarou", "山田 太郎", ""]) == {
        "yamada": sound("yamada"), "tarou": sound("tarou"), "山田": "", "太郎": "",
    }  # fmt: skip


def test_words_of_a_key() -> None:
    assert list(words_asked("O'Neil^Anne-Marie*")) == ["o", "neil", "anne", "marie"]
    assert words_asked("*?*") == {}


@given(st.text())
def test_any_text_has_words(text: str) -> None:
    found = words([fold(text)])
    assert all(0 < len(word) <= 64 for word in found)
    assert len(found) <= 32
