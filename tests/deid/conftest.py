"""Objects with planted identifiers: a token of its own in every attribute, at any depth, in any encoding."""

import sys
import zlib
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, timedelta
from types import ModuleType

import pytest

from isocenter.deid import Option, Policy, Project
from isocenter.deid.rules import profile_row
from isocenter.deid.supplement import Role, role_of
from isocenter.dicom import dictionary
from isocenter.dicom._tables.attributes import ATTRIBUTES
from isocenter.dicom.encoded_writer import write_element, write_header
from isocenter.dicom.encoding import EXPLICIT_LITTLE, IMPLICIT_LITTLE, Encoding, encoding_of
from isocenter.dicom.part10 import write_file_meta
from isocenter.dicom.uids import transfer_syntax

CT = "1.2.840.10008.5.1.4.1.1.2"
EXPLICIT = "1.2.840.10008.1.2.1"
PATIENT_ID = "MRN4711X"
SOP_INSTANCE = "1.2.826.0.1.77.1"
TEXTS = {"AE", "LO", "LT", "SH", "ST", "UC", "UR", "UT"}
BYTES = {"OB", "UN"}


@dataclass
class Plants:
    """Makes tokens and remembers them."""

    tokens: set[bytes] = field(default_factory=set)
    times: set[bytes] = field(default_factory=set)  # times of day stay when dates are shifted

    def value(self, tag: int, vr: str) -> bytes | None:
        """Return a value with a token for an attribute, None where its VR cannot hold one."""
        number = len(self.tokens)
        role = role_of(tag)
        if tag == 0x00100020:
            return PATIENT_ID.encode()
        if role is Role.VALUE and vr in BYTES:
            return None  # pixels, tables, coordinates: bytes that are the image
        if role in {Role.TECHNICAL, Role.NUMBER, Role.DEFINITION} and vr in TEXTS | {"DS", "IS"}:
            return PATIENT_ID.encode()
        made = {
            "PN": f"Kvx{number}Fam^Qzw{number}Giv=Ide{number}o",
            "UI": f"1.2.826.0.1.3680043.99.{number}",
            "AS": "097Y",
            "DA": (date(1901, 1, 1) + timedelta(days=number)).strftime("%Y%m%d"),
            "DT": (date(1901, 1, 1) + timedelta(days=number)).strftime("%Y%m%d113355.77"),
            "TM": f"{number % 24:02d}5959.{number:06d}",
        }.get(vr)
        if vr in TEXTS | BYTES:
            made = f"Zq{number}Xk"
        if made is None:
            return None
        if vr == "TM":
            self.times.add(made.encode())
        self.tokens.add(made.split(".77")[0].encode() if vr == "DT" else made.encode())
        return made.encode()

    def attributes(self, tags: list[int], encoding: Encoding = EXPLICIT_LITTLE) -> bytes:
        """Return the elements of these attributes, each with a token."""
        written = []
        for tag in tags:
            vr = dictionary.vr(tag)
            value = self.value(tag, vr)
            if value is not None:
                written.append(write_element(tag, vr, value, encoding))
        return b"".join(written)

    def found_in(self, output: bytes, *, times: bool = True) -> list[bytes]:
        """Return the tokens that are left."""
        tokens = {*self.tokens, PATIENT_ID.encode()} - (set() if times else self.times)
        return sorted(token for token in tokens if token in output)


def retained(tag: int, policy: Policy) -> bool:
    """Tell whether an option says that this attribute is retained, so that its token stays."""
    row = profile_row(tag)
    if row is None:
        return role_of(tag) is Role.DEVICE and Option.DEVICE in policy.options
    return any(code == "K" and option in policy.options for option, code in row[1])


def removable(policy: Policy) -> list[int]:
    """Return the attributes of the dictionary that the policy does not retain."""
    return [tag for tag in ALL_TAGS if not retained(tag, policy)]


#: Written by every object itself, or holding what makes an object an image.
_OWN = {0x00080016, 0x00080018, 0x00080005, 0x00080008, 0x00080060, 0x00420011, 0x00280301, 0x0008103E, 0x00080064}
ALL_TAGS = sorted(tag for tag in ATTRIBUTES if tag >> 16 > 0x0002 and tag not in _OWN and tag & 0xFFFF)


def build(body: bytes, encoding: Encoding = EXPLICIT_LITTLE, sop_class: str = CT) -> bytes:
    """Return a data set: the class, the instance and the elements of ``body``, which follow group 0008,0018."""
    head = write_element(0x00080016, "UI", sop_class.encode(), encoding)
    return head + write_element(0x00080018, "UI", SOP_INSTANCE.encode(), encoding) + body


def wrap(data_set: bytes, syntax: str = EXPLICIT, sop_class: str = CT, preamble: bytes = b"") -> bytes:
    """Return the Part 10 file; deflated where the syntax says so."""
    if transfer_syntax(syntax).deflated:
        stream = zlib.compressobj(wbits=-zlib.MAX_WBITS)
        data_set = stream.compress(data_set) + stream.flush()
    return preamble.ljust(128, b"\0") + write_file_meta(sop_class, SOP_INSTANCE, syntax)[128:] + data_set


def un_sequence(tag: int, items: list[bytes], *, undefined: bool, encoding: Encoding = EXPLICIT_LITTLE) -> bytes:
    """Return a sequence as old archives store it: VR UN, items in implicit VR (PS3.5 6.2.2)."""
    body = b"".join(write_header(0xFFFEE000, "", len(item), IMPLICIT_LITTLE) + item for item in items)
    if not undefined:
        return write_header(tag, "UN", len(body), encoding) + body
    end = write_header(0xFFFEE0DD, "", 0, IMPLICIT_LITTLE)
    return write_header(tag, "UN", 0xFFFFFFFF, encoding) + body + end


def undefined_sequence(tag: int, items: list[bytes], encoding: Encoding) -> bytes:
    """Return a sequence and items of undefined length."""
    item_head = write_header(0xFFFEE000, "", 0xFFFFFFFF, IMPLICIT_LITTLE)
    item_end, end = (write_header(t, "", 0, IMPLICIT_LITTLE) for t in (0xFFFEE00D, 0xFFFEE0DD))
    body = b"".join(item_head + item + item_end for item in items)
    return write_header(tag, "SQ", 0xFFFFFFFF, encoding) + body + end


def layout(syntax: str) -> Encoding:
    """Return the element layout of a transfer syntax."""
    return encoding_of(transfer_syntax(syntax))


@pytest.fixture(scope="session")
def kit() -> ModuleType:
    """Return this module, whose builders the tests use."""
    return sys.modules[__name__]


@pytest.fixture
def plants() -> Plants:
    return Plants()


@pytest.fixture(scope="session")
def project() -> Project:
    return Project(bytes(range(32)))


@pytest.fixture(scope="session")
def make() -> Callable[..., bytes]:
    """Return a function that makes a file of (tag, VR, value) rows."""

    def made(rows: list[tuple[int, str, bytes]], sop_class: str = CT, syntax: str = EXPLICIT) -> bytes:
        encoding = layout(syntax)
        body = b"".join(write_element(tag, vr, value, encoding) for tag, vr, value in sorted(rows))
        return wrap(build(body, encoding, sop_class), syntax, sop_class)

    return made
