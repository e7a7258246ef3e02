"""Bodies of STOW-RS with metadata and bulk data, and the files that go into them."""

import json
import struct
from typing import Any

import imagecodecs
import numpy as np

from isocenter.multipart import write_end, write_part_header

from .conftest import BOUNDARY, STUDY

Json = dict[str, Any]
Bulk = tuple[str, str, bytes]  # Content-Location, Content-Type, bytes

RGB = np.ascontiguousarray((np.arange(60 * 80 * 3) % 251).astype("u1").reshape(60, 80, 3))
GREY = np.ascontiguousarray(RGB[..., 0])
GREY_16 = GREY.astype("u2") * 16


def content_type(kind: str = "dicom+json") -> str:
    return f'multipart/related; type="application/{kind}"; boundary={BOUNDARY}'


def metadata(number: int = 1, **attributes: Json) -> Json:
    """Return the metadata of an object; a keyword argument is a tag with a letter before it: ``t00280010=...``."""
    return {
        "00080018": {"vr": "UI", "Value": [f"{STUDY}.9.{number}"]},
        "00100010": {"vr": "PN", "Value": [{"Alphabetic": "Müller^Jörg"}]},
        "00100020": {"vr": "LO", "Value": ["P1"]},
        "0020000D": {"vr": "UI", "Value": [STUDY]},
        "0020000E": {"vr": "UI", "Value": [f"{STUDY}.9"]},
        "00200011": {"vr": "IS", "Value": [9]},
        "00200013": {"vr": "IS", "Value": [number]},
        **{tag[1:]: value for tag, value in attributes.items()},
    }


def pixels(uri: str = "bulk/1") -> Json:
    return {"vr": "OW", "BulkDataURI": uri}


def document(uri: str = "bulk/1") -> Json:
    return {"vr": "OB", "BulkDataURI": uri}


def body(objects: Any, *bulk: Bulk, kind: str = "dicom+json") -> bytes:
    """Return a multipart body; ``objects`` is what the first part holds: JSON, or bytes as they are."""
    first = objects if isinstance(objects, bytes) else json.dumps(objects).encode()
    parts = [write_part_header(BOUNDARY, {"Content-Type": f"application/{kind}"}) + first]
    for location, media_type, data in bulk:
        parts.append(write_part_header(BOUNDARY, {"Content-Type": media_type, "Content-Location": location}) + data)
    return b"".join(parts) + write_end(BOUNDARY)


def description(rows: int, columns: int, *, bits: int = 16) -> dict[str, Json]:
    """Return the Image Pixel module of a grey image."""
    numbers = {
        "t00280002": 1, "t00280010": rows, "t00280011": columns, "t00280100": bits, "t00280101": bits,
        "t00280102": bits - 1, "t00280103": 0,
    }  # fmt: skip
    return {
        **{tag: {"vr": "US", "Value": [number]} for tag, number in numbers.items()},
        "t00280004": {"vr": "CS", "Value": ["MONOCHROME2"]},
    }


def jpeg(values: Any = RGB) -> bytes:
    return bytes(imagecodecs.jpeg8_encode(values))


PDF = b"%PDF-1.4\n1 0 obj<</Type/Catalog>>endobj\ntrailer<</Root 1 0 R>>\n%%EOF"
STL = b"\0" * 80 + struct.pack("<I", 2) + b"\1" * 100
CDA = (
    b'<?xml version="1.0"?><ClinicalDocument xmlns="urn:hl7-org:v3"><id root="1.2.3" extension="x"/></ClinicalDocument>'
)
OBJ = b"v 0 0 0\nv 1 0 0\nv 0 1 0\nf 1 2 3\n"
MTL = b"newmtl red\nKd 1 0 0\n"


def _box(kind: bytes, *content: bytes) -> bytes:
    inner = b"".join(content)
    return struct.pack(">I4s", 8 + len(inner), kind) + inner


def mp4(frames: int = 25, *, rows: int = 48, columns: int = 64, entry: bytes = b"avc1", level: int = 41) -> bytes:
    """Return an MP4 file with the boxes that matter; its pictures are noise."""
    configuration = {
        b"avc1": _box(b"avcC", bytes([1, 100, 0, level, 0xFF])),
        b"hvc1": _box(b"hvcC", b"\1\1" + b"\0" * 10 + b"\x78"),
    }
    fixed = b"\0" * 24 + struct.pack(">HH", columns, rows) + b"\0" * 50
    sample = _box(entry, fixed, configuration.get(entry, b""))
    table = _box(
        b"stbl", _box(b"stsd", struct.pack(">II", 0, 1), sample), _box(b"stsz", struct.pack(">III", 0, 7, frames))
    )
    media = _box(b"mdhd", struct.pack(">IIIIII", 0, 0, 0, 1000, frames * 40, 0))
    handler = _box(b"hdlr", b"\0" * 8 + b"vide" + b"\0" * 12)
    track = _box(b"trak", _box(b"mdia", media, handler, _box(b"minf", table)))
    return _box(b"ftyp", b"isom\0\0\2\0") + _box(b"mdat", b"\7" * 1001) + _box(b"moov", track)


def mpeg2(frames: int = 25, *, extension: bool = True) -> bytes:
    """Return an MPEG-2 stream with the headers that matter."""
    sequence = b"\0\0\1\xb3" + bytes([64 >> 4, 0, 48, 0x13, 0xFF, 0xFF])  # 64 x 48, 25 frames a second
    extended = b"\0\0\1\xb5" + bytes([0x14, 0x82, 0, 0]) if extension else b""
    picture = b"\0\0\1\0\0\x0f" + b"\0\0\1\xb5\x8f\xff\xf7\x80" + b"\7" * 40
    return sequence + extended + picture * frames
