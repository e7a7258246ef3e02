"""Pixel data from a video file: the file is the one fragment, its header fills in what describes it (PS3.5 8.2.5)."""

from isocenter.codecs.video_file import Video, read_video
from isocenter.errors import InvalidObjectError
from isocenter.web.bulk_part import BulkPart
from isocenter.web.json_attributes import Json, first_value, put, require_number, text_of
from isocenter.web.still_pixels import Fragment, Value, encapsulated, tell_loss

_FRAME_TIME = 0x00181063


def video(attributes: Json, parts: list[BulkPart]) -> tuple[Value, str]:
    """Return the pixel data of a video, and its transfer syntax."""
    if len(parts) > 1:
        raise InvalidObjectError(f"there are {len(parts)} parts for a video; it is one")
    part = parts[0]
    found = read_video(part.read, part.size)
    said = part.parameters.get("transfer-syntax", found.transfer_syntax_uid)
    if said != found.transfer_syntax_uid:
        raise InvalidObjectError(f"the part is said to be {said[:64]}, the video is {found.transfer_syntax_uid}")
    _describe(attributes, found)
    ratio = found.rows * found.columns * found.frames * 1.5 * (found.bits + 7) // 8 / part.size
    tell_loss(attributes, found.method, ratio)
    return encapsulated(attributes, [Fragment(part, 0, part.size)]), found.transfer_syntax_uid


def _describe(attributes: Json, found: Video) -> None:
    allocated = 8 if found.bits <= 8 else 16
    numbers = {
        "Rows": found.rows, "Columns": found.columns, "NumberOfFrames": found.frames, "SamplesPerPixel": 3,
        "BitsAllocated": allocated, "BitsStored": found.bits, "HighBit": found.bits - 1, "PixelRepresentation": 0,
    }  # fmt: skip
    for keyword, value in numbers.items():
        require_number(attributes, keyword, value)
    if text_of(attributes, "PhotometricInterpretation") not in {"", "YBR_PARTIAL_420", "YBR_FULL_422", "RGB"}:
        raise InvalidObjectError("PhotometricInterpretation of a video is YBR_PARTIAL_420")
    put(attributes, "PhotometricInterpretation", "YBR_PARTIAL_420")
    put(attributes, "PlanarConfiguration", 0)
    if first_value(attributes, "FrameTime") is None:
        put(attributes, "FrameTime", f"{found.frame_time:.6g}")
    if first_value(attributes, "FrameIncrementPointer") is None:
        put(attributes, "FrameIncrementPointer", f"{_FRAME_TIME:08X}")
    for keyword in ("CineRate", "RecommendedDisplayFrameRate"):
        if first_value(attributes, keyword) is None:
            put(attributes, keyword, str(round(1000 / found.frame_time)))
