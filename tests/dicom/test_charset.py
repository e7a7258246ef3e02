"""Expected texts are those of PS3.5 Annexes H to K and of PS3.3 C.12.1.1.2."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from isocenter.dicom.charset import decode_text

E = "\x1b"


@pytest.mark.parametrize(
    ("charset", "raw", "text"),
    [
        ("", b"Doe^John", "Doe^John"),
        ("ISO_IR 100", b"Buc^J\xe9r\xf4me", "Buc^Jérôme"),
        ("ISO_IR 101", b"Wa\xb3\xeasa", "Wałęsa"),
        ("ISO_IR 109", b"\xa6\xe6", "Ĥĉ"),
        ("ISO_IR 110", b"\xa2\xbf", "ĸŋ"),
        ("ISO_IR 144", b"\xbb\xee\xda\xe1\xd5\xdc\xd1\xe3\xe0\xd3", "Люксембург"),
        ("ISO_IR 127", b"\xe2\xc8\xc7\xe6\xea^\xe4\xe6\xd2\xc7\xd1", "قباني^لنزار"),
        ("ISO_IR 126", b"\xc4\xe9\xef\xed\xf5\xf3\xe9\xef\xf2", "Διονυσιος"),
        ("ISO_IR 138", b"\xf9\xf8\xe5\xef^\xe3\xe1\xe5\xf8\xe4", "שרון^דבורה"),
        ("ISO_IR 148", b"\xc7avu\xfeo\xf0lu", "Çavuşoğlu"),
        ("ISO_IR 203", b"\xa4\xbd", "€œ"),
        ("ISO_IR 166", b"\xb9\xd2\xc1\xca\xa1\xd8\xc5", "นามสกุล"),
        ("ISO_IR 13", b"\xd4\xcf\xc0\xde^\xc0\xdb\xb3", "ﾔﾏﾀﾞ^ﾀﾛｳ"),
        ("ISO_IR 192", "Wang^XiaoDong=王^小東=".encode(), "Wang^XiaoDong=王^小東="),
        ("GB18030", "王^小东".encode("gb18030"), "王^小东"),
        ("GBK", "王^小东".encode("gbk"), "王^小东"),
        (
            "\\ISO 2022 IR 87",
            b"Yamada^Tarou=\x1b$B;3ED\x1b(B^\x1b$BB@O:\x1b(B=\x1b$B$d$^$@\x1b(B^\x1b$B$?$m$&\x1b(B",
            "Yamada^Tarou=山田^太郎=やまだ^たろう",
        ),
        (
            "ISO 2022 IR 13\\ISO 2022 IR 87",
            b"\xd4\xcf\xc0\xde^\xc0\xdb\xb3=\x1b$B;3ED\x1b(J^\x1b$BB@O:\x1b(J=\x1b$B$d$^$@\x1b(J^\x1b$B$?$m$&\x1b(J",
            "ﾔﾏﾀﾞ^ﾀﾛｳ=山田^太郎=やまだ^たろう",
        ),
        (
            "\\ISO 2022 IR 149",
            b"Hong^Gildong=\x1b$)C\xfb\xf3^\x1b$)C\xd1\xce\xd4\xd7=\x1b$)C\xc8\xab^\x1b$)C\xb1\xe6\xb5\xbf",
            "Hong^Gildong=洪^吉洞=홍^길동",
        ),
        (
            "\\ISO 2022 IR 58",
            b"Zhang^XiaoDong=\x1b$)A\xd5\xc5^\x1b$)A\xd0\xa1\xb6\xab=",
            "Zhang^XiaoDong=张^小东=",
        ),
        ("\\ISO 2022 IR 159", b"\x1b$(D\x30\x21\x1b(B", "丂"),
        (
            "ISO 2022 IR 100\\ISO 2022 IR 144\\ISO 2022 IR 126",
            b"J\xe9r\xf4me^\x1b-L\xbb\xee\xda^\x1b-F\xc4\xe9\xef",
            "Jérôme^Люк^Διο",
        ),
        ("ISO 2022 IR 6\\ISO 2022 IR 100", b"caf\xe9", "café"),
    ],
)
def test_names_of_the_standard(charset: str, raw: bytes, text: str) -> None:
    assert decode_text(raw, "PN", tuple(charset.split("\\"))) == text


@pytest.mark.parametrize(
    "term",
    [
        "ISO_IR 100",
        "ISO-IR 100",
        "ISO IR 100",
        "ISO_IR100",
        "iso_ir 100 ",
        "ISO 2022 IR 100",
        "ISO8859-1",
        "ISO 8859/1",
    ],
)
def test_spellings_of_a_term(term: str) -> None:
    assert decode_text(b"\xe9", "LO", (term,)) == "é"


@pytest.mark.parametrize("term", ["UTF-8", "utf8", "ISO IR 192", "ISO_IR_192", "ISO 2022 IR 192"])
def test_spellings_of_utf_8(term: str) -> None:
    assert decode_text("王é".encode(), "LO", (term,)) == "王é"


def test_bytes_that_no_character_set_explains_are_utf_8_or_latin_1() -> None:
    assert decode_text("Müller".encode(), "PN", ()) == "Müller"
    assert decode_text("Müller".encode("latin_1"), "PN", ()) == "Müller"
    assert decode_text(b"M\xfcller", "PN", ("NO SUCH SET",)) == "Müller"


def test_a_backslash_inside_a_character_separates_nothing() -> None:
    raw = "表示\\十".encode("gb18030")
    assert decode_text(raw, "LO", ("GB18030",)) == "表示\\十"
    jis = b"\x1b$B" + "構".encode("euc_jp").translate(bytes(b & 0x7F for b in range(256))) + b"\x1b(B\\B"
    assert decode_text(jis, "LO", ("", "ISO 2022 IR 87")) == "構\\B"


@pytest.mark.parametrize(
    ("vr", "delimiter", "falls_back"),
    [
        ("PN", "^", True),
        ("PN", "=", True),
        ("LO", "^", False),
        ("LO", "\\", True),
        ("LT", "\\", False),
        ("LT", "\n", True),
    ],
)
def test_delimiters_put_the_first_set_back(vr: str, delimiter: str, falls_back: bool) -> None:
    raw = b"\x1b-L\xbb" + delimiter.encode() + b"\xe9"
    after = "é" if falls_back else "щ"
    assert decode_text(raw, vr, ("ISO 2022 IR 100", "ISO 2022 IR 144")) == f"Л{delimiter}{after}"


def test_a_line_end_ends_double_byte_text() -> None:
    assert decode_text(b"\x1b$B;3\r\nabc", "LT", ("", "ISO 2022 IR 87")) == "山\r\nabc"


@given(
    raw=st.binary(max_size=60)
    | st.lists(st.sampled_from([b"\x1b$B", b"\x1b(B", b"\x1b$)C", b"\x1b", b"\xe9", b"A", b"\\"])).map(b"".join),
    vr=st.sampled_from(["PN", "LO", "LT"]),
    charset=st.lists(
        st.sampled_from(["", "ISO 2022 IR 87", "ISO 2022 IR 149", "ISO_IR 100", "ISO_IR 192", "GB18030", "x"]),
        max_size=3,
    ),
)
def test_any_bytes_decode_to_something(raw: bytes, vr: str, charset: list[str]) -> None:
    text = decode_text(raw, vr, tuple(charset))
    assert isinstance(text, str)
    assert len(text) <= 2 * len(raw)
