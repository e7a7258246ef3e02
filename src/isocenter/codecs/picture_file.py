"""Picture files as frames: which transfer syntax their bytes already are, and the Image Pixel module that fits them.

JPEG, JPEG-LS, JPEG 2000 and HTJ2K codestreams become frames as they are (PS3.5 8.2, A.4), without the JP2 boxes round
them. PNG and progressive JPEG, for which there is no transfer syntax in use, are decoded. Must not know: archive.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from isocenter.codecs.codestream import FRAMES, STANDALONE, START_OF_SCAN, Codestream, read_jpeg, read_jpeg2000
from isocenter.dicom.pixels import ImageDescription
from isocenter.dicom.uids import EXPLICIT_VR_LITTLE_ENDIAN
from isocenter.errors import InvalidObjectError, UnsupportedError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

#: Bytes that a picture may have once it is decoded.
MAX_DECODED = 1 << 29
_PNG, _JPEG, _JP2 = b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff", b"\x00\x00\x00\x0cjP  "
_CODESTREAM_2000 = b"\xff\x4f\xff\x51"
_BASELINE, _EXTENDED, _PROGRESSIVE, _LOSSLESS, _LS = 0xC0, 0xC1, 0xC2, 0xC3, 0xF7
_CAPABILITIES, _CODING, _START_OF_TILE = 0x50, 0x52, 0x90
_PREFIX = "1.2.840.10008.1.2.4."
#: (HTJ2K, reversible) -> transfer syntax.
_SYNTAXES_2000 = {(False, True): "90", (False, False): "91", (True, True): "201", (True, False): "203"}
_RED_GREEN_BLUE = b"RGB"


@dataclass(frozen=True, slots=True)
class Picture:
    """One frame in its transfer syntax, ``begin`` bytes behind the start of the file.

    ``method`` is the LossyImageCompressionMethod, ``""`` if nothing was lost.
    """

    transfer_syntax_uid: str
    frame: bytes
    description: ImageDescription
    method: str = ""
    begin: int = 0


def read_picture(data: bytes) -> Picture:
    """Return a picture file as a frame.

    Raises:
        UnsupportedError: it is of another kind, or nothing in DICOM holds it.
        InvalidObjectError: it is broken.
    """
    for magic, read in _READERS.items():
        if data.startswith(magic):
            return read(data)
    raise UnsupportedError("the picture is none of JPEG, JPEG-LS, JPEG 2000, HTJ2K and PNG")


def _read_jpeg(data: bytes) -> Picture:
    kind, parameter = _frame_and_scan(data)
    stream = read_jpeg(data)
    if not stream.rows or not stream.columns:
        raise UnsupportedError("the JPEG picture says its height at its end only; that is not read here")
    if kind == _PROGRESSIVE:
        return _decoded(_jpeg_values(data, stream), "ISO_10918_1")
    photometric = _jpeg_photometric(kind, stream, data)
    syntax = _jpeg_syntax(kind, parameter)
    method = {"50": "ISO_10918_1", "51": "ISO_10918_1", "81": "ISO_14495_1"}.get(syntax, "")
    return Picture(_PREFIX + syntax, data, _description(stream, photometric), method)


def _jpeg_syntax(kind: int, parameter: int) -> str:
    """Return the last part of the transfer syntax; ``parameter`` is the predictor, or NEAR of JPEG-LS."""
    if kind == _LOSSLESS:
        return "70" if parameter == 1 else "57"
    if kind == _LS:
        return "81" if parameter else "80"
    if kind not in {_BASELINE, _EXTENDED}:
        raise UnsupportedError(f"no transfer syntax in use has this kind of JPEG (marker FF{kind:02X})")
    return "50" if kind == _BASELINE else "51"


def _jpeg_photometric(kind: int, stream: Codestream, data: bytes) -> str:
    if stream.components == 1:
        return "MONOCHROME2"
    named = _component_names(data) == _RED_GREEN_BLUE
    if kind == _LS or stream.adobe_transform == 0 or named or (kind == _LOSSLESS and not stream.adobe_transform):
        return "RGB"
    return "YBR_FULL_422" if stream.subsampled else "YBR_FULL"


def _frame_and_scan(data: bytes) -> tuple[int, int]:
    """Return the start of frame marker, and predictor or NEAR of the first scan."""
    kind = 0
    for marker, body in _jpeg_segments(data):
        if marker in FRAMES:
            kind = kind or marker
        elif marker == START_OF_SCAN and kind and body and len(body) >= 2 + 2 * body[0]:
            return kind, body[1 + 2 * body[0]]
    raise InvalidObjectError("the JPEG picture has no scan: it is cut short")


def _component_names(data: bytes) -> bytes:
    body = next(body for marker, body in _jpeg_segments(data) if marker in FRAMES)
    return bytes(body[6 + 3 * number] for number in range(body[5]))


def _jpeg_segments(data: bytes) -> Iterator[tuple[int, bytes]]:
    """Yield marker and content of each segment up to the first scan (T.81 B.1.1)."""
    position = 2
    while position + 4 <= len(data) and data[position] == 0xFF:
        marker = data[position + 1]
        if marker == 0xFF or marker in STANDALONE:
            position += 1 if marker == 0xFF else 2
            continue
        length = int.from_bytes(data[position + 2 : position + 4], "big")
        if length < 2:
            return
        yield marker, data[position + 4 : position + 2 + length]
        if marker == START_OF_SCAN:
            return
        position += 2 + length


def _jpeg_values(data: bytes, stream: Codestream) -> NDArray[Any]:
    if stream.precision != 8:
        raise UnsupportedError("progressive JPEG is read with 8 bits only")
    import imagecodecs  # noqa: PLC0415 - heavy

    _check_size(stream.rows, stream.columns, stream.components)
    try:
        values: NDArray[Any] = imagecodecs.jpeg8_decode(data)
    except (RuntimeError, ValueError) as error:
        raise InvalidObjectError(f"the JPEG picture cannot be decoded: {error}") from error
    return values


def _read_jp2(data: bytes) -> Picture:
    """Take the codestream out of its boxes (T.800 I.4)."""
    position = 0
    while position + 8 <= len(data):
        length, kind = int.from_bytes(data[position : position + 4], "big"), data[position + 4 : position + 8]
        head = 8
        if length == 1:
            length, head = int.from_bytes(data[position + 8 : position + 16], "big"), 16
        end = position + length if length else len(data)
        if kind == b"jp2c":
            return replace(_read_codestream_2000(data[position + head : end]), begin=position + head)
        if end < position + head:
            break
        position = end
    raise InvalidObjectError("the JPEG 2000 file has no codestream")


def _read_codestream_2000(data: bytes) -> Picture:
    stream = read_jpeg2000(data)
    segments = dict(_segments_2000(data))
    coding = segments.get(_CODING, b"")
    if len(coding) < 10:
        raise InvalidObjectError("the JPEG 2000 picture has no coding style: it is cut short")
    reversible, mixed = coding[9] == 1, coding[4] == 1
    high_throughput = _CAPABILITIES in segments
    photometric = "MONOCHROME2"
    if stream.components == 3:
        photometric = ("YBR_RCT" if reversible else "YBR_ICT") if mixed else "RGB"
    lossy = "ISO_15444_15" if high_throughput else "ISO_15444_1"
    return Picture(
        _PREFIX + _SYNTAXES_2000[high_throughput, reversible],
        data,
        _description(stream, photometric),
        "" if reversible else lossy,
    )


def _segments_2000(data: bytes) -> Iterator[tuple[int, bytes]]:
    """Yield the segments of the main header (T.800 A.2)."""
    position = 2
    while position + 4 <= len(data) and data[position] == 0xFF and data[position + 1] != _START_OF_TILE:
        length = int.from_bytes(data[position + 2 : position + 4], "big")
        yield data[position + 1], data[position + 4 : position + 2 + length]
        position += 2 + max(length, 2)


def _description(stream: Codestream, photometric: str) -> ImageDescription:
    if stream.components not in {1, 3} or not 1 <= stream.precision <= 16:
        raise UnsupportedError(
            f"the picture has {stream.components} components of {stream.precision} bits; 1 or 3 up to 16 can be stored"
        )
    if stream.rows > 0xFFFF or stream.columns > 0xFFFF:
        raise UnsupportedError("the picture has more than 65535 rows or columns")
    return ImageDescription(
        Rows=stream.rows,
        Columns=stream.columns,
        SamplesPerPixel=stream.components,
        PhotometricInterpretation=photometric,
        BitsAllocated=8 if stream.precision <= 8 else 16,
        BitsStored=stream.precision,
        HighBit=stream.precision - 1,
        PixelRepresentation=int(stream.signed),
    )


def _read_png(data: bytes) -> Picture:
    import imagecodecs  # noqa: PLC0415 - heavy

    columns, rows = (int.from_bytes(data[at : at + 4], "big") for at in (16, 20))
    _check_size(rows, columns, 8)
    try:
        values = imagecodecs.png_decode(data)
    except (RuntimeError, ValueError) as error:
        raise InvalidObjectError(f"the PNG picture cannot be decoded: {error}") from error
    return _decoded(_opaque(values), "")


def _opaque(values: NDArray[Any]) -> NDArray[Any]:
    """Return the picture without transparency: as it looks on white."""
    channels = values.shape[2] if values.ndim == 3 else 1
    if channels in {1, 3}:
        return values
    colour, alpha = values[..., :-1], values[..., -1:]
    top = 255 if values.dtype.itemsize == 1 else 65535
    if (alpha != top).any():
        colour = ((colour * alpha.astype("u8") + top * (top - alpha.astype("u8"))) // top).astype(values.dtype)
    return colour[..., 0] if channels == 2 else colour


def _decoded(values: NDArray[Any], method: str) -> Picture:
    samples = values.shape[2] if values.ndim == 3 else 1
    bits = values.dtype.itemsize * 8
    stream = Codestream(values.shape[0], values.shape[1], samples, bits)
    frame = values.astype(values.dtype.newbyteorder("<")).tobytes()
    photometric = "RGB" if samples == 3 else "MONOCHROME2"
    return Picture(EXPLICIT_VR_LITTLE_ENDIAN, frame, _description(stream, photometric), method)


def _check_size(rows: int, columns: int, bytes_per_pixel: int) -> None:
    if not rows or not columns or rows * columns * bytes_per_pixel > MAX_DECODED:
        raise UnsupportedError(f"a picture of {rows} x {columns} pixels is not decoded here")


_READERS = {_PNG: _read_png, _JPEG: _read_jpeg, _JP2: _read_jp2, _CODESTREAM_2000: _read_codestream_2000}
