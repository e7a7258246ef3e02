"""What the header says once frames are in another syntax: how they are laid out, and what was lost on the way.

An image that loses information becomes another, derived one (PS3.3 C.7.6.1.1.5, C.7.6.1.1.3, PS3.4 B.4.1): new SOP
Instance UID, ImageType DERIVED, a reference to its source, and the method and ratio of the compression. Must not know:
frames, files, archive.
"""

import struct
import uuid
from dataclasses import dataclass

from isocenter.codecs.writing import ENCODERS, decoded, encoded
from isocenter.dicom.encoding import Buffer
from isocenter.dicom.header import decode_values
from isocenter.dicom.layout import Layout
from isocenter.dicom.pixels import ImageDescription
from isocenter.dicom.scanner import scan
from isocenter.dicom.uids import TransferSyntax, transfer_syntax
from isocenter.dicom.writer import write_element, write_sequence
from isocenter.transcoding.rewriter import Rewriter

_IMAGE_TYPE, _SOP_CLASS, _SOP_INSTANCE = 0x00080008, 0x00080016, 0x00080018
_DESCRIPTION, _SOURCES, _DERIVATION = 0x00082111, 0x00082112, 0x00089215
_PHOTOMETRIC, _PLANAR, _BITS_ALLOCATED, _SAMPLES = 0x00280004, 0x00280006, 0x00280100, 0x00280002
_LOSSY, _RATIO, _METHOD = 0x00282110, 0x00282112, 0x00282114
#: Digital signatures, which are of what an object was before: MAC Parameters, Digital Signatures.
_SIGNATURES = (0x4FFE0001, 0xFFFAFFFA)
_WANTED = frozenset({_IMAGE_TYPE, _SOP_CLASS, _SOP_INSTANCE, _DESCRIPTION, _LOSSY, _RATIO, _METHOD})
#: Syntaxes that cannot be anything but lossy, with their methods: for headers that keep silent about it.
_SURELY_LOSSY = {f"1.2.840.10008.1.2.4.{end}": "ISO_10918_1" for end in ("50", "51", "53", "55")}

Elements = dict[int, bytes]


@dataclass(frozen=True, slots=True)
class Sizes:
    """Bytes of all frames: as values, as they were stored, and as they are written now."""

    values: int
    stored: int
    written: int


def of_pixels(layout: Layout, target_uid: str) -> Elements:
    """Return the elements of the Image Pixel module that change."""
    before = layout.description
    if not layout.compressed and target_uid not in ENCODERS:
        return {}  # the same values in another byte order
    after = encoded(before, target_uid) if target_uid in ENCODERS else decoded(before)
    elements = {}
    if after.PhotometricInterpretation != before.PhotometricInterpretation:
        elements[_PHOTOMETRIC] = write_element(_PHOTOMETRIC, "CS", after.PhotometricInterpretation.encode("ascii"))
    if after.SamplesPerPixel > 1:
        elements[_PLANAR] = _number(_PLANAR, 0)
    if after.BitsAllocated != before.BitsAllocated:
        elements[_BITS_ALLOCATED] = _number(_BITS_ALLOCATED, after.BitsAllocated)
    return elements


def value_bytes(description: ImageDescription) -> int:
    """Return the bytes of a frame's decoded values."""
    after = decoded(description)
    return -(-after.Rows * after.Columns * after.SamplesPerPixel * after.BitsAllocated // 8)


def of_loss(rewriter: Rewriter, data: Buffer, syntax: TransferSyntax, target_uid: str, sizes: Sizes) -> Elements:
    """Return the elements that tell of lossy compression, now or before where the header forgot it."""
    raw = scan(data, syntax, _WANTED).values
    header = {tag: list(values) for tag, values in decode_values(raw, syntax).items()}
    elements: Elements = {}
    if header.get(_LOSSY) != ["01"] and syntax.uid in _SURELY_LOSSY:
        header |= {_RATIO: [_ratio(sizes.values, sizes.stored)], _METHOD: [_SURELY_LOSSY[syntax.uid]]}
        elements |= _compressed(header)
    method = ENCODERS[target_uid].method if target_uid in ENCODERS else ""
    if method:
        header[_RATIO] = [*header.get(_RATIO, ()), _ratio(sizes.values, sizes.written)]
        header[_METHOD] = [*header.get(_METHOD, ()), method]
        elements |= _compressed(header) | _derived(rewriter, header, target_uid, raw.get(_DESCRIPTION, b""))
    return elements


def derived_uid(sop_instance_uid: str, target_uid: str, quality: int) -> str:
    """Return the SOP Instance UID of the lossy version, the same whenever it is made."""
    name = f"{sop_instance_uid} {target_uid} {quality}"
    return f"2.25.{uuid.uuid5(uuid.NAMESPACE_OID, name).int}"


def _compressed(header: dict[int, list[str]]) -> Elements:
    return {
        _LOSSY: _text(_LOSSY, "CS", "01"),
        _RATIO: _text(_RATIO, "DS", *header[_RATIO]),
        _METHOD: _text(_METHOD, "CS", *header[_METHOD]),
    }


def _derived(rewriter: Rewriter, header: dict[int, list[str]], target_uid: str, description: bytes) -> Elements:
    """Return what makes an object a derived one; its SOP Instance UID is not among them.

    Its description so far stays in the character set that it is in, which holds ASCII too.
    """
    kinds = header.get(_IMAGE_TYPE) or ["ORIGINAL", "PRIMARY"]
    predecessor = [
        _text(0x00081150, "UI", *header.get(_SOP_CLASS, ())),
        _text(0x00081155, "UI", *header.get(_SOP_INSTANCE, ())),
        write_sequence(0x0040A170, [_code("121320", "Uncompressed predecessor")]),
    ]
    name = transfer_syntax(target_uid).name.split(" (")[0]
    sentences = [before] if (before := bytes(description).rstrip(b" \0")) else []
    description = b"; ".join([*sentences, f"Lossy compression: {name}".encode("ascii", "replace")])
    return {
        _IMAGE_TYPE: _text(_IMAGE_TYPE, "CS", "DERIVED", *kinds[1:]),
        _DESCRIPTION: write_element(_DESCRIPTION, "ST", description),
        _SOURCES: write_sequence(_SOURCES, [*rewriter.items(_SOURCES), b"".join(predecessor)]),
        _DERIVATION: write_sequence(_DERIVATION, [*rewriter.items(_DERIVATION), _code("113040", "Lossy Compression")]),
        **dict.fromkeys(_SIGNATURES, b""),
    }


def _code(value: str, meaning: str) -> bytes:
    return _text(0x00080100, "SH", value) + _text(0x00080102, "SH", "DCM") + _text(0x00080104, "LO", meaning)


def _ratio(whole: int, compressed: int) -> str:
    return f"{whole / max(compressed, 1):.2f}"


def _text(tag: int, vr: str, *values: str) -> bytes:
    return write_element(tag, vr, "\\".join(values).encode("utf-8", "replace"))


def _number(tag: int, value: int) -> bytes:
    return write_element(tag, "US", struct.pack("<H", value))


def sop_instance(uid: str) -> Elements:
    """Return the element of a SOP Instance UID."""
    return {_SOP_INSTANCE: _text(_SOP_INSTANCE, "UI", uid)}
