import pytest
from hypothesis import given
from hypothesis import strategies as st

from isocenter.dicom.matching import (
    AnyOf,
    Equals,
    Match,
    Range,
    Universal,
    Wildcard,
    comparable,
    compile_match,
    matches_any,
)
from isocenter.errors import UsageError


@pytest.mark.parametrize(
    ("vr", "key", "form"),
    [
        ("LO", "", Universal()),
        ("LO", "*", Universal()),
        ("LO", "**", Universal()),
        ("UI", "*", Universal()),
        ("DA", "*", Universal()),
        ("SQ", "anything", Universal()),
        ("LO", ' "" ', Equals(("",), "LO")),
        ("UI", "1.2\\1.3", Equals(("1.2", "1.3"), "UI")),
        ("UI", "1.2*", Equals(("1.2*",), "UI")),
        ("CS", "CT", Equals(("CT",), "CS")),
        ("CS", "CT\\MR", Equals(("CT", "MR"), "CS")),
        ("CS", "C*\\MR", AnyOf((Equals(("MR",), "CS"), Wildcard("C*", "CS")))),
        ("CS", "CT\\*", Universal()),
        ("LT", "a\\b", Equals(("a\\b",), "LT")),
        ("LO", "a?c*", Wildcard("a?c*", "LO")),
        ("PN", "Müller^J*", Wildcard("muller j*", "PN")),
        ("PN", "DOE^JOHN^^", Equals(("doe john",), "PN")),
        ("IS", "007", Equals(("7",), "IS")),
        ("DS", "1.50", Equals(("1.5",), "DS")),
        ("DA", "20200131", Equals(("20200131",), "DA")),
        ("DA", "2020.01.31", Equals(("20200131",), "DA")),
        ("DA", "202001", Range("20200101", "20201231"[:4] + "0131", "DA")),
        ("DA", "20200101-20200131", Range("20200101", "20200131", "DA")),
        ("DA", "20200101-", Range("20200101", None, "DA")),
        ("DA", "-20200131", Range(None, "20200131", "DA")),
        ("DA", "20200101\\20210101", Equals(("20200101", "20210101"), "DA")),
        ("TM", "101530", Equals(("101530",), "TM")),
        ("TM", "10:15:30", Equals(("101530",), "TM")),
        ("TM", "101530.500", Equals(("101530.5",), "TM")),
        ("TM", "10", Range("100000", "105959.999999", "TM")),
        ("TM", "08-1130", Range("080000", "113059.999999", "TM")),
        ("DT", "20200101-20201231", Range("20200101000000", "20201231235959.999999", "DT")),
        ("DT", "20200101120000-0500", Equals(("20200101120000",), "DT")),
        ("DT", "2020-2021", Range("20200101000000", "20211231235959.999999", "DT")),
        ("DT", "20200101+0100-20200102+0100", Range("20200101000000", "20200102235959.999999", "DT")),
    ],
)
def test_keys_become_forms(vr: str, key: str, form: Match) -> None:
    assert compile_match(vr, key) == form


@pytest.mark.parametrize(
    ("vr", "key"), [("DA", "2020-01-01"), ("DA", "today"), ("DA", "-"), ("TM", "9am"), ("DT", "x-y")]
)
def test_what_is_no_date_is_refused(vr: str, key: str) -> None:
    with pytest.raises(UsageError, match="nor a range"):
        compile_match(vr, key)


@pytest.mark.parametrize(
    ("vr", "key", "matching", "other"),
    [
        ("LO", "", ["", "x"], []),
        ("LO", '""', ["", "  "], ["x"]),
        ("LO", "abc", ["abc", " abc "], ["ABC", "abcd"]),
        ("LO", "a?c", ["abc", "a*c"], ["ac", "abbc"]),
        ("LO", "*b*", ["b", "abc"], ["ac", ""]),
        ("LO", "100%_", ["100%_"], ["100xx"]),
        ("CS", "CT\\M*", ["CT", "MR", "MG"], ["US"]),
        ("PN", "müller*", ["MULLER^HANS", "Müller^Jörg=穆勒"], ["Miller^Hans"]),
        ("PN", "山田*", ["Yamada^Tarou=山田^太郎=やまだ^たろう"], ["Yamada^Tarou"]),
        ("PN", "Yamada^Tarou=山田^太郎", ["Yamada^Tarou", "x=山田^太郎"], ["Yamada^Jirou"]),
        ("UI", "1.2\\1.3", ["1.2", "1.3\0"], ["1.2.3"]),
        ("IS", "7", ["7", "007", " 7 "], ["70", "x"]),
        ("DA", "20200101-20200131", ["20200101", "2020.01.31"], ["20191231", "20200201", ""]),
        ("TM", "10-11", ["10", "1000", "115959.9999"], ["095959", "12", ""]),
        ("DT", "2020", ["20200101", "20201231235959.5"], ["2021"]),
        ("AE", "STORE*", ["STORE1"], ["store1"]),
    ],
)
def test_values_against_keys(vr: str, key: str, matching: list[str], other: list[str]) -> None:
    match = compile_match(vr, key)
    assert [value for value in matching if not match.matches(value)] == []
    assert [value for value in other if match.matches(value)] == []


def test_one_of_several_values_is_enough_and_none_is_empty() -> None:
    assert matches_any(compile_match("CS", "MR"), ("CT", "MR"))
    assert not matches_any(compile_match("CS", "MR"), ("CT", "US"))
    assert matches_any(compile_match("CS", '""'), ())
    assert not matches_any(compile_match("CS", "MR"), ())


def test_like_escapes_what_sql_would_take_for_a_wildcard() -> None:
    assert Wildcard("a*b?%_\\", "LO").like() == "a%b_\\%\\_\\\\"
    assert Wildcard("100%*", "LO").like("!") == "100!%%"


@pytest.mark.parametrize(
    ("vr", "value", "expected"),
    [("DA", "2020.01.02", "20200102"), ("TM", "1015", "101500"), ("TM", "101530.2500", "101530.25"), ("TM", "x", "x")],
)
def test_comparable(vr: str, value: str, expected: str) -> None:
    assert comparable(vr, value) == expected


def test_a_hostile_pattern_takes_no_exponential_time() -> None:
    assert not Wildcard("*a" * 200 + "*b", "LO").matches("a" * 2000)


@given(st.text("ab*?", max_size=8), st.text("ab", max_size=8))
def test_wildcards_as_regular_expressions_have_them(pattern: str, text: str) -> None:
    import re

    expected = re.fullmatch(pattern.replace("*", ".*").replace("?", "."), text) is not None
    assert Wildcard(pattern, "LO").matches(text) is expected
