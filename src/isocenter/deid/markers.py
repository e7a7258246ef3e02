"""What an object says about its own de-identification (PS3.15 E.1.1 step 8, E.2, PS3.3 C.12.1).

Added to what earlier de-identification wrote: methods accumulate, and a code that is there is not written twice.
"""

from collections.abc import Iterable
from functools import lru_cache

from isocenter.deid._tables.methods import METHODS
from isocenter.deid.options import CODES, Option, Policy
from isocenter.deid.text import Scrubber
from isocenter.dicom.encoded_writer import write_element, write_items
from isocenter.dicom.encoding import Element, Encoding
from isocenter.dicom.scanner import iter_elements, iter_items

IDENTITY_REMOVED, METHOD, METHOD_CODES = 0x00120062, 0x00120063, 0x00120064
LONGITUDINAL, BURNED_IN, RECOGNIZABLE = 0x00280303, 0x00280301, 0x00280302
#: Elements that are written anew, whatever the object says.
TAGS: frozenset[int] = frozenset({IDENTITY_REMOVED, METHOD, METHOD_CODES, LONGITUDINAL})
CODE_VALUE, SCHEME, MEANING = 0x00080100, 0x00080102, 0x00080104
_MAX_METHOD = 64


def method_text(policy: Policy) -> str:
    """Return the value for De-identification Method (0012,0063)."""
    return f"Isocenter PS3.15 2026d {policy.name} {policy.digest()}"[:_MAX_METHOD]


def write_markers(
    values: dict[int, bytes], policy: Policy, encoding: Encoding, scrubber: Scrubber, burned_in: str,
    *, defaced: bool = False,
) -> list[tuple[int, bytes]]:  # fmt: skip
    """Return (tag, element) of every marker; ``values``: raw values of :data:`TAGS` as the object has them.

    ``burned_in``: NO when text was blanked, YES when pixels that may show some are kept, "" to leave what is there.
    ``defaced``: the face was taken out.
    """
    earlier = (values.get(METHOD, b""), values.get(METHOD_CODES, b""))
    return list(_markers(*earlier, policy, encoding, scrubber, burned_in, defaced))


@lru_cache(maxsize=64)
def _markers(
    method: bytes, codes: bytes, policy: Policy, encoding: Encoding, scrubber: Scrubber, burned_in: str, defaced: bool
) -> tuple[tuple[int, bytes], ...]:
    """Return the markers; the objects of a series have the same."""
    methods = [part.strip(b"\0 ") for part in method.split(b"\\")]
    methods = [part for part in methods if part and not scrubber.found_in(part)]
    own = method_text(policy).encode()
    methods = methods if own in methods else [*methods, own]
    claimed = policy.codes() + ([CODES[Option.PIXEL_DATA]] if burned_in == "NO" else [])
    claimed += [CODES[Option.VISUAL_FEATURES]] if defaced else []
    items = [_code_item(code, encoding) for code in dict.fromkeys([*earlier_codes(codes, encoding), *claimed])]
    written = [
        (IDENTITY_REMOVED, write_element(IDENTITY_REMOVED, "CS", b"YES", encoding)),
        (METHOD, write_element(METHOD, "LO", b"\\".join(methods), encoding)),
        (METHOD_CODES, write_items(METHOD_CODES, items, encoding)),
        (LONGITUDINAL, write_element(LONGITUDINAL, "CS", policy.longitudinal().encode(), encoding)),
    ]
    if burned_in:
        written.append((BURNED_IN, write_element(BURNED_IN, "CS", burned_in.encode(), encoding)))
    if defaced:
        written.append((RECOGNIZABLE, write_element(RECOGNIZABLE, "CS", b"NO", encoding)))
    return tuple(sorted(written))


def write_code(code: str, scheme: str, meaning: str, encoding: Encoding) -> bytes:
    """Return the elements of a coded entry (PS3.3 8.8)."""
    rows = ((CODE_VALUE, "SH", code), (SCHEME, "SH", scheme), (MEANING, "LO", meaning))
    return b"".join(write_element(tag, vr, text.encode("ascii"), encoding) for tag, vr, text in rows)


def _code_item(code: str, encoding: Encoding) -> bytes:
    return write_code(code, "DCM", METHODS[code], encoding)


def earlier_codes(raw: bytes, encoding: Encoding) -> Iterable[str]:
    """Yield the codes of CID 7050 in the items of (0012,0064); others say nothing that we could vouch for."""
    for item in iter_items(raw, Element(METHOD_CODES, "SQ", 0, len(raw)), encoding):
        for inner in iter_elements(raw, item.encoding, item.offset, item.end):
            code = raw[inner.offset : inner.offset + inner.length].decode("ascii", "replace").strip("\0 ")
            if inner.tag == CODE_VALUE and code in METHODS:
                yield code
