"""Which transfer syntaxes frames can be written in, and what the header says then (PS3.5 8.2, A.4, PS3.3 C.7.6.3.1.2).

The other half of `registry`: one row for each syntax, an adapter with ``encode(values, target: Target) -> bytes``.
Lossless ones give every stored value back. Must not know: files, archive, display.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from importlib import import_module
from typing import TYPE_CHECKING, Any

from isocenter.codecs.registry import decoded_photometric
from isocenter.errors import InvalidObjectError, UnsupportedError, UsageError

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from isocenter.dicom.pixels import ImageDescription

DEFAULT_QUALITY = 90
WHOLE_BYTES = frozenset({8, 16})
WITH_BITS = WHOLE_BYTES | {1}
ANY = WITH_BITS | {32, 64}
MOST_SEGMENTS = 15


@dataclass(frozen=True, slots=True)
class Encoder:
    """A syntax that can be written: for which BitsAllocated and (from, to) BitsStored, and what becomes of RGB.

    ``method`` is the LossyImageCompressionMethod (PS3.3 C.7.6.1.1.5.1) of one that loses information, else ``""``.
    """

    family: str
    allocated: frozenset[int] = WHOLE_BYTES
    stored: tuple[int, int] = (1, 16)
    signed: bool = True
    colour: bool = True
    photometric: str = ""
    method: str = ""


ENCODERS: dict[str, Encoder] = {
    "1.2.840.10008.1.2.1.98": Encoder("native", ANY, (1, 64)),
    "1.2.840.10008.1.2.4.50": Encoder(
        "jpeg", stored=(8, 8), signed=False, photometric="YBR_FULL_422", method="ISO_10918_1"
    ),
    "1.2.840.10008.1.2.4.51": Encoder("jpeg", stored=(12, 12), signed=False, colour=False, method="ISO_10918_1"),
    "1.2.840.10008.1.2.4.57": Encoder("jpeg", stored=(2, 16)),
    "1.2.840.10008.1.2.4.70": Encoder("jpeg", stored=(2, 16)),
    "1.2.840.10008.1.2.4.80": Encoder("jpegls", stored=(2, 16)),
    "1.2.840.10008.1.2.4.81": Encoder("jpegls", stored=(2, 16), method="ISO_14495_1"),
    "1.2.840.10008.1.2.4.90": Encoder("jpeg2000", WITH_BITS, photometric="YBR_RCT"),
    "1.2.840.10008.1.2.4.91": Encoder("jpeg2000", photometric="YBR_ICT", method="ISO_15444_1"),
    "1.2.840.10008.1.2.4.110": Encoder("jpegxl"),
    "1.2.840.10008.1.2.4.112": Encoder("jpegxl", signed=False, photometric="XYB", method="ISO_18181_1"),
    "1.2.840.10008.1.2.4.201": Encoder("htj2k", WITH_BITS, photometric="YBR_RCT"),
    "1.2.840.10008.1.2.4.202": Encoder("htj2k", WITH_BITS, photometric="YBR_RCT"),
    "1.2.840.10008.1.2.4.203": Encoder("htj2k", photometric="YBR_ICT", method="ISO_15444_15"),
    "1.2.840.10008.1.2.5": Encoder("rle", ANY, (1, 64)),
    "1.2.840.10008.1.2.8.1": Encoder("deflated", ANY, (1, 64)),
}  # fmt: skip
YBR_FULL = "YBR_FULL"


def is_lossy(transfer_syntax_uid: str) -> bool:
    """Return whether frames that are written in this syntax lose information."""
    encoder = ENCODERS.get(transfer_syntax_uid)
    return encoder is not None and bool(encoder.method)


def obstacle(description: ImageDescription, transfer_syntax_uid: str) -> str:
    """Return why an image of this description cannot be written in a syntax, ``""`` where it can."""
    encoder = ENCODERS.get(transfer_syntax_uid)
    if encoder is None:
        return "it is not among those that are written here"
    low, high = encoder.stored
    samples = description.SamplesPerPixel
    reasons = {
        f"{description.BitsAllocated} bits allocated": _container(description) not in encoder.allocated,
        f"{description.BitsStored} bits stored": not low <= description.BitsStored <= high,
        "signed values": description.PixelRepresentation == 1 and not encoder.signed,
        "colour": samples > 1 and not encoder.colour,
        f"{samples} samples per pixel": samples not in {1, 3},
        "indices of a palette, with loss": description.PhotometricInterpretation == "PALETTE COLOR"
        and bool(encoder.method),
        "more than 15 segments": encoder.family == "rle" and _segments(description) > MOST_SEGMENTS,
    }
    return next((f"it does not hold {reason}" for reason, applies in reasons.items() if applies), "")


def _container(description: ImageDescription) -> int:
    """Return BitsAllocated once decoded: odd ones are widened to whole bytes."""
    bits = description.BitsAllocated
    return bits if bits in ANY else next((size for size in (8, 16, 32, 64) if bits < size), bits)


def _segments(description: ImageDescription) -> int:
    return description.SamplesPerPixel * -(-description.BitsAllocated // 8)


def decoded(description: ImageDescription) -> ImageDescription:
    """Return the description of an image's decoded frames."""
    return replace(
        description,
        PhotometricInterpretation=decoded_photometric(description),
        PlanarConfiguration=0,
        BitsAllocated=_container(description),
    )


def encoded(description: ImageDescription, transfer_syntax_uid: str) -> ImageDescription:
    """Return the description that the header has once frames are written in a syntax.

    Raises:
        UnsupportedError: they cannot be.
    """
    reason = obstacle(description, transfer_syntax_uid)
    if reason:
        raise UnsupportedError(f"this image cannot be written in transfer syntax {transfer_syntax_uid}: {reason}")
    encoder, description = ENCODERS[transfer_syntax_uid], decoded(description)
    colour = description.PhotometricInterpretation
    becomes = encoder.photometric and (colour == "RGB" or (encoder.method and colour == YBR_FULL))
    return replace(description, PhotometricInterpretation=encoder.photometric) if becomes else description


def encode_frame(
    values: NDArray[Any],
    description: ImageDescription,
    transfer_syntax_uid: str,
    quality: int = DEFAULT_QUALITY,
) -> bytes:
    """Return a frame of stored values, as `registry.decode_frame` returns them, in a transfer syntax.

    Args:
        values: (rows, columns) or (rows, columns, 3).
        description: of the image they come from.
        transfer_syntax_uid: one of `ENCODERS`.
        quality: 1..100, where the syntax loses information.

    Raises:
        UnsupportedError: this syntax cannot be written, or not with such values.
        UsageError: a quality that is none.
    """
    if not 1 <= quality <= 100:
        raise UsageError(f"quality {quality} is not between 1 and 100")
    encoded(description, transfer_syntax_uid)
    if values.dtype.kind == "f":
        raise UnsupportedError("float pixel data is not compressed: retrieve it uncompressed")
    encoder, plain = ENCODERS[transfer_syntax_uid], decoded(description)
    to_transform = encoder.method and encoder.photometric and encoder.family != "jpeg"
    if to_transform and plain.PhotometricInterpretation == YBR_FULL:
        colour = import_module("isocenter.codecs.colour")
        values, plain = colour.to_rgb(values, YBR_FULL, 8), replace(plain, PhotometricInterpretation="RGB")
    target = import_module("isocenter.codecs.frame").Target(plain, bool(encoder.method), quality, transfer_syntax_uid)
    adapter = import_module(f"isocenter.codecs.{encoder.family}")
    try:
        made: bytes = adapter.encode(values, target)
    except (RuntimeError, ValueError, OverflowError, MemoryError) as error:
        raise InvalidObjectError(f"{encoder.family} frame cannot be written: {error}") from error
    return made
