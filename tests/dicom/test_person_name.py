import pytest
from hypothesis import given
from hypothesis import strategies as st

from isocenter.dicom.person_name import PersonName, fold, parse


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("Doe^John", PersonName("Doe^John")),
        ("Doe^John^^^ ", PersonName("Doe^John")),
        ("Yamada^Tarou=山田^太郎=やまだ^たろう", PersonName("Yamada^Tarou", "山田^太郎", "やまだ^たろう")),
        ("=王^小東", PersonName("", "王^小東")),
        ("", PersonName()),
        ("a=b=c=d", PersonName("a", "b", "c")),
    ],
)
def test_parse(text: str, name: PersonName) -> None:
    assert parse(text) == name


def test_a_name_prints_without_empty_groups_at_its_end() -> None:
    assert str(PersonName("A^B", "", "C")) == "A^B==C"
    assert str(PersonName("A^B")) == "A^B"


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Müller^Jörg", "MULLER, JORG"),
        ("Doe^John^^", "doe john"),
        ("Strauß", "STRAUSS"),
        ("Łukasz^Żółć", "lukasz zolc"),
        ("Øster^Ærø", "oster aero"),
        ("ﾔﾏﾀﾞ^ﾀﾛｳ", "ヤマダ^タロウ"),
        ("Ｄｏｅ", "doe"),  # noqa: RUF001 - full width on purpose
        ("Buc^Jérôme", "buc jerome"),
        ("김^희중", "김 희중"),
        ("İstanbul", "istanbul"),
    ],
)
def test_names_that_are_the_same_to_who_searches(one: str, other: str) -> None:
    assert fold(one) == fold(other)


def test_fold_keeps_what_makes_another_name() -> None:
    assert fold("がく") != fold("かく")
    assert fold("Doe*") == "doe*"
    assert fold("a=b") == "a=b"


@given(st.text())
def test_fold_is_idempotent_and_never_fails(text: str) -> None:
    assert fold(fold(text)) == fold(text)
