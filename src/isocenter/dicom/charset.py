"""Bytes of text values -> text, by Specific Character Set (PS3.3 C.12.1.1.2, PS3.5 6.1). Never fails on data.

Single-byte sets and the multi-byte ones without code extensions (UTF-8, GB18030, GBK) are Python codecs. With code
extensions (ISO 2022) text is cut into runs: escape sequences put a set into G0 (bytes below 0x80) or G1 (the others),
and each run is decoded by the set in force. What cannot be decoded becomes U+FFFD; what a character set that nobody
knows says is read as UTF-8 and, failing that, as Latin-1.
"""

import re
from dataclasses import dataclass
from functools import lru_cache

ESCAPE = 0x1B
DEFAULT_REPERTOIRE = "ISO_IR 6"

#: VRs whose text is subject to Specific Character Set (PS3.5 6.1.2.3); the others are ASCII by definition.
EXTENDED_VRS = frozenset({"LO", "LT", "PN", "SH", "ST", "UC", "UT", "UN"})

#: Number of the ISO registration -> (Python codec, whether the set is multi-byte).
_SINGLE: dict[str, str] = {
    "6": "ascii", "13": "shift_jis", "100": "latin_1", "101": "iso8859_2", "109": "iso8859_3", "110": "iso8859_4",
    "126": "iso8859_7", "127": "iso8859_6", "138": "iso8859_8", "144": "iso8859_5", "148": "iso8859_9",
    "166": "iso8859_11", "203": "iso8859_15",
}  # fmt: skip
#: Multi-byte sets that replace the whole repertoire and allow no code extensions.
_WHOLE: dict[str, str] = {"ISO_IR 192": "utf_8", "GB18030": "gb18030", "GBK": "gbk"}
#: Sets for G1 that are there from the start when the first value names them (multi-byte ones need an escape sequence).
_MULTI: dict[str, str] = {"58": "gb2312", "87": "jis_x_0208", "149": "euc_kr", "159": "jis_x_0212"}

#: Escape sequence without its ESC -> (register, how to decode a run).
_ESCAPES: dict[bytes, tuple[int, str]] = {
    b"(B": (0, "ascii"), b"(J": (0, "shift_jis"), b")I": (1, "shift_jis"), b"$B": (0, "jis_x_0208"),
    b"$@": (0, "jis_x_0208"), b"$(D": (0, "jis_x_0212"), b"$)C": (1, "euc_kr"), b"$)A": (1, "gb2312"),
    b"-A": (1, "latin_1"), b"-B": (1, "iso8859_2"), b"-C": (1, "iso8859_3"), b"-D": (1, "iso8859_4"),
    b"-F": (1, "iso8859_7"), b"-G": (1, "iso8859_6"), b"-H": (1, "iso8859_8"), b"-L": (1, "iso8859_5"),
    b"-M": (1, "iso8859_9"), b"-T": (1, "iso8859_11"), b"-b": (1, "iso8859_15"),
}  # fmt: skip
_SEQUENCE = re.compile(rb"\x1b(\$[()][ACD]|\$[@B]|\([BJ]|\)I|-[A-DFGHLMTb])")

#: Spellings met in real files -> defined term.
_ALIASES: dict[str, str] = {
    "UTF8": "ISO_IR 192", "UTF 8": "ISO_IR 192", "GB2312": "GB18030", "ISO 2022 GBK": "GBK",
    "ISO 2022 GB18030": "GB18030", "ISO 2022 58": "ISO 2022 IR 58", "LATIN1": "ISO_IR 100", "ISO8859": "ISO_IR 100",
}  # fmt: skip
_TERM = re.compile(r"ISO[ _-]?(2022)?[ _-]?IR[ _-]?(\d+)")
_PART_OF_8859 = {
    1: "100", 2: "101", 3: "109", 4: "110", 5: "144", 6: "127", 7: "126", 8: "138", 9: "148", 11: "166", 15: "203",
}  # fmt: skip
_ISO_8859 = re.compile(r"ISO[ _-]?8859[ _/-](\d+)")

#: Bytes at which the sets in force fall back to those of the start (PS3.5 6.1.2.5.3).
_RESET = re.compile(rb"[\t\n\f\r]")
_RESET_VALUES = re.compile(rb"[\\\t\n\f\r]")
_RESET_NAMES = re.compile(rb"[\\^=\t\n\f\r]")
_SINGLE_VALUED = frozenset({"LT", "ST", "UT"})


@dataclass(frozen=True, slots=True)
class _Repertoire:
    """How a Specific Character Set decodes: one codec for everything, or G0 and G1 at the start of each run."""

    codec: str = ""
    g0: str = "ascii"
    g1: str = ""


def decode_text(raw: bytes, vr: str, specific_character_set: tuple[str, ...]) -> str:
    r"""Return the text of a raw value; backslashes that separate values stay, those inside characters are gone.

    ``specific_character_set``: the values of (0008,0005), empty for the default repertoire.
    """
    if ESCAPE not in raw and raw.isascii():
        return raw.decode("ascii")
    repertoire = _repertoire(specific_character_set)
    if ESCAPE in raw and not repertoire.codec:
        return _decode_extended(raw, vr, repertoire)
    codec = repertoire.codec or repertoire.g1
    return raw.decode(codec, "replace") if codec else _decode_undeclared(raw)


def decode_exactly(raw: bytes, vr: str, specific_character_set: tuple[str, ...]) -> str | None:
    """Return the text of a raw value, None where its character set does not explain every byte of it."""
    repertoire = _repertoire(specific_character_set)
    if not raw.isascii() and not (repertoire.codec or repertoire.g1):
        return None
    text = decode_text(raw, vr, specific_character_set)
    return None if "\ufffd" in text else text


def _decode_undeclared(raw: bytes) -> str:
    """Return text of bytes above 0x7F that no character set explains."""
    try:
        return raw.decode("utf_8")
    except UnicodeDecodeError:
        return raw.decode("latin_1")


def codec_of(specific_character_set: tuple[str, ...]) -> str | None:
    """Return the Python codec that writes all text of a character set, or None where that takes code extensions."""
    if len(specific_character_set) != 1 or specific_character_set[0].strip().upper().startswith("ISO 2022"):
        return None
    term = _defined_term(specific_character_set[0])
    number = term.rpartition(" ")[2]
    if term in _WHOLE:
        return _WHOLE[term]
    return _SINGLE.get(number) if number not in {"6", "13"} else None


def is_defined_term(text: str) -> bool:
    """Tell whether a value of Specific Character Set names a set that is known here; none stands for the default."""
    term = _defined_term(text)
    number = term.removeprefix("ISO_IR ")
    return not term or term in _WHOLE or (number != term and (number in _SINGLE or number in _MULTI))


@lru_cache(maxsize=256)
def _repertoire(terms: tuple[str, ...]) -> _Repertoire:
    """Return how text under these defined terms is decoded."""
    known = [_defined_term(term) for term in terms]
    for term in known:
        if term in _WHOLE:
            return _Repertoire(codec=_WHOLE[term])
    first = known[0] if known else ""
    number = first.rpartition(" ")[2]
    if number == "13":
        return _Repertoire(g0="shift_jis", g1="shift_jis")
    if number in _SINGLE and number != "6":
        return _Repertoire(g1=_SINGLE[number])
    others = [term.rpartition(" ")[2] for term in known]
    fallback = next((_MULTI[n] for n in others if n in {"58", "149"}), "")
    fallback = fallback or next((_SINGLE[n] for n in others[1:] if n in _SINGLE and n != "6"), "")
    return _Repertoire(g1=fallback)


def _defined_term(text: str) -> str:
    """Return the defined term that a value of Specific Character Set stands for, as ``ISO_IR n`` or a name."""
    term = text.strip(" \0").upper()
    term = _ALIASES.get(term.replace("-", " ").replace("_", " ") if term.startswith("UTF") else term, term)
    if part := _ISO_8859.fullmatch(term):
        return f"ISO_IR {_PART_OF_8859.get(int(part[1]), '100')}"
    if match := _TERM.fullmatch(term):
        return f"ISO_IR {match[2]}"
    return term


def _decode_extended(raw: bytes, vr: str, start: _Repertoire) -> str:
    """Return the text of a value with escape sequences."""
    reset = _RESET_NAMES if vr == "PN" else _RESET if vr in _SINGLE_VALUED else _RESET_VALUES
    registers = [start.g0, start.g1]
    text: list[str] = []
    position = 0
    for match in [*_SEQUENCE.finditer(raw), None]:
        end = match.start() if match else len(raw)
        text.append(_decode_segment(raw[position:end], registers, start, reset))
        if match is None:
            break
        register, codec = _ESCAPES.get(match[1], (0, "ascii"))
        registers[register] = codec
        position = match.end()
    return "".join(text)


def _decode_segment(raw: bytes, registers: list[str], start: _Repertoire, reset: re.Pattern[bytes]) -> str:
    """Decode what is between two escape sequences; delimiters in it put the start's sets back into ``registers``."""
    if registers[0] in {"jis_x_0208", "jis_x_0212"}:  # pairs of 7-bit codes: any byte may be half of a character
        line = re.search(rb"[\t\n\f\r]", raw)
        end = line.start() if line else len(raw)
        text = _decode_pairs(raw[:end], registers[0])
        if line is None:
            return text
        registers[:] = [start.g0, start.g1]
        return text + _decode_segment(raw[end:], registers, start, reset)
    text, position = "", 0
    for match in reset.finditer(raw):
        text += _decode_run(raw[position : match.end()], registers)
        registers[:] = [start.g0, start.g1]
        position = match.end()
    return text + _decode_run(raw[position:], registers)


def _decode_run(raw: bytes, registers: list[str]) -> str:
    """Decode bytes of single-byte G0 and any G1."""
    if raw.isascii():
        return raw.decode("ascii")
    return raw.decode(registers[1], "replace") if registers[1] else _decode_undeclared(raw)


def _decode_pairs(raw: bytes, charset: str) -> str:
    """Decode two-byte 7-bit codes of JIS X 0208 or JIS X 0212 by way of EUC-JP, where they have the high bits set."""
    high = bytes(byte | 0x80 for byte in raw)
    if charset == "jis_x_0208":
        return high.decode("euc_jp", "replace")
    pairs = (b"\x8f" + high[at : at + 2] for at in range(0, len(high), 2))
    return b"".join(pairs).decode("euc_jp", "replace")
