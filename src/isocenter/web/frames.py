"""WADO-RS: retrieve frames, one or several (PS3.18 10.4.1.1.6, 8.7.3).

A frame goes out as stored, straight from the file, when the client takes the stored transfer syntax; else as little
endian values, which for native pixel data are the same bytes; or encoded in a syntax that the client names. Where many
wait for the processor already, who would take something else, too, is not encoded for.
"""

import re
import uuid
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import cast

from starlette.requests import Request
from starlette.responses import Response

from isocenter.archive import Archive, Instance
from isocenter.codecs.registry import BIG_ENDIAN_PIXELS, can_decode
from isocenter.codecs.writing import ENCODERS, is_lossy
from isocenter.dicom.layout import Layout, is_compressed
from isocenter.dicom.uids import EXPLICIT_VR_LITTLE_ENDIAN, TransferSyntax
from isocenter.errors import UsageError
from isocenter.multipart import write_end, write_part_header
from isocenter.transcoding.frames import as_compressed, as_little_endian, why_not
from isocenter.web.addresses import address_of, base_address
from isocenter.web.layouts import read_frame
from isocenter.web.media_types import (
    ANYTHING,
    COMPRESSED_MEDIA_TYPES,
    DEFAULT_SYNTAXES,
    LITTLE_ENDIAN,
    OCTET_STREAM,
    MediaRange,
    multipart_content_type,
)
from isocenter.web.negotiation import accepted, in_short, not_acceptable
from isocenter.web.node import Node
from isocenter.web.streaming import Made, Piece, Span, StreamedResponse, total_length

_FRAMES = re.compile(r"[1-9][0-9]{0,8}(,[1-9][0-9]{0,8})*", re.ASCII)
#: Of parts: bytes of the object's pixel data that are in no frame its header speaks of.
SURPLUS = "Surplus-Pixel-Data"
#: Bodies up to this size are read while they are looked up; longer ones are streamed.
_SMALL = 2 << 20


@dataclass(frozen=True, slots=True)
class Form:
    """In which form frames are sent: ``decoded`` as values in little endian order, ``encoded`` newly compressed."""

    multipart: bool
    media_type: str
    transfer_syntax: str
    decoded: bool
    encoded: bool = False

    @property
    def content_type(self) -> str:
        """The Content-Type of one frame."""
        return f"{self.media_type}; transfer-syntax={self.transfer_syntax}"


@dataclass(frozen=True, slots=True)
class Answer:
    """Body and headers of a response."""

    pieces: list[Piece]
    headers: dict[str, str]


async def retrieve_frames(node: Node, request: Request) -> Response:
    """Send the frames of the path's list."""
    numbers = frame_numbers(request.path_params["frames"])
    return await frames_response(node, await node.threads.read_in_turn(_found, node, request, numbers))


def _found(node: Node, request: Request, numbers: Sequence[int]) -> Answer:
    path = request.path_params
    instance = node.archive.instances(path["study"], path["series"], path["instance"])[0]
    return read_frames(node, request, instance, node.layouts.layout(node.archive, instance), numbers)


def frame_numbers(text: str) -> list[int]:
    """Return the frame numbers of a list such as ``1,3,2``.

    Raises:
        UsageError: it is no list of numbers from 1.
    """
    if _FRAMES.fullmatch(text) is None:
        raise UsageError(f"{text[:64]!r} is no list of frame numbers, counted from 1")
    return [int(number) for number in text.split(",")]


def read_frames(node: Node, request: Request, instance: Instance, layout: Layout, numbers: Sequence[int]) -> Answer:
    """Return these frames in the form that the client wants most; what is small is read at once. Blocks.

    Raises:
        NotFoundError: one of them is not there.
        HTTPException: 406, there is no form that the client accepts.
    """
    single = len(numbers) == 1
    accept = accepted(request) or ANYTHING
    form = choose_form(accept, layout.syntax, lambda uid: not why_not(layout, uid), single=single)
    if form is not None and form.encoded and node.threads.crowded:
        form = choose_form(accept, layout.syntax, lambda _: False, single=single) or form
    if form is None:
        raise not_acceptable(*_offers(layout))
    bodies = [list(_pieces(node.archive, instance, layout, form, number)) for number in numbers]
    if not form.multipart:
        return Answer(_read_small(bodies[0]), {"content-type": form.content_type})
    boundary = uuid.uuid4().hex
    uids = (instance.StudyInstanceUID, instance.SeriesInstanceUID, instance.SOPInstanceUID)
    address = address_of(base_address(request), *uids)
    parts: list[Piece] = []
    for number, body in zip(numbers, bodies, strict=True):
        part_headers = {"Content-Type": form.content_type, "Content-Location": f"{address}/frames/{number}"}
        if layout.surplus:
            part_headers[SURPLUS] = str(layout.surplus)
        parts += [write_part_header(boundary, part_headers), *body]
    parts.append(write_end(boundary))
    content_type = multipart_content_type(boundary, form.media_type, form.transfer_syntax)
    return Answer(_read_small(parts), {"content-type": content_type})


def _read_small(pieces: list[Piece]) -> list[Piece]:
    """Return the pieces, of no great size, as one that is read now: one visit to a thread instead of two."""
    total = total_length(pieces)
    if total is None or total > _SMALL:
        return pieces
    return [b"".join(_read(piece) for piece in pieces)]


def _read(piece: Piece) -> bytes:
    """Return the bytes of a piece that is none to be made.

    Raises:
        OSError: the file is shorter than its row in the index says.
    """
    if not isinstance(piece, Span):
        return cast("bytes", piece)
    with piece.opener() as file:
        file.seek(piece.offset)
        data = file.read(piece.length)
        file.check()
    if len(data) < piece.length:
        raise OSError(f"a file ends {piece.length - len(data)} bytes early")
    return data


async def frames_response(node: Node, answer: Answer) -> Response:
    """Return the response; a frame that has to be made alone is made now, so that a failure can still be told."""
    pieces = answer.pieces
    if sum(isinstance(piece, Made) for piece in pieces) == 1:
        pieces = [await node.threads.paint(piece.make) if isinstance(piece, Made) else piece for piece in pieces]
    if len(pieces) == 1 and isinstance(pieces[0], bytes):
        return Response(pieces[0], headers=answer.headers)
    return StreamedResponse(pieces, node.threads, headers=answer.headers)


def choose_form(
    accept: Sequence[MediaRange],
    syntax: TransferSyntax,
    can_encode: Callable[[str], bool] = ENCODERS.__contains__,
    *,
    single: bool,
) -> Form | None:
    """Return the form that the client wants most and that can be had, or None.

    Of equals one that needs no encoding, then one that loses nothing.
    """
    as_stored = _compressed_form if is_compressed(syntax) else _native_form
    forms: list[tuple[float, bool, bool, Form]] = []
    for wanted in accept:
        if wanted.multipart or single:
            form = as_stored(wanted, syntax) or _encoded_form(wanted, can_encode)
            if form is not None:
                loses = form.encoded and is_lossy(form.transfer_syntax)
                forms.append((-wanted.quality, form.encoded, loses, form))
    return min(forms, key=lambda each: each[:3])[3] if forms else None


def _encoded_form(wanted: MediaRange, can_encode: Callable[[str], bool]) -> Form | None:
    """Return the form of frames that are compressed anew, in the syntax asked for or the one of the media type."""
    uid = wanted.transfer_syntax or DEFAULT_SYNTAXES.get(wanted.part, "")
    if uid not in ENCODERS or not can_encode(uid):
        return None
    for media_type in (COMPRESSED_MEDIA_TYPES.get(uid, OCTET_STREAM), OCTET_STREAM):
        if wanted.includes(media_type):
            return Form(wanted.multipart, media_type, uid, decoded=False, encoded=True)
    return None


def _native_form(wanted: MediaRange, syntax: TransferSyntax) -> Form | None:
    fits = wanted.transfer_syntax in {"", "*", syntax.uid, *LITTLE_ENDIAN}
    if not fits or not wanted.includes(OCTET_STREAM):
        return None
    return Form(wanted.multipart, OCTET_STREAM, EXPLICIT_VR_LITTLE_ENDIAN, decoded=True)


def _compressed_form(wanted: MediaRange, syntax: TransferSyntax) -> Form | None:
    own_type = COMPRESSED_MEDIA_TYPES.get(syntax.uid, OCTET_STREAM)
    asked = wanted.transfer_syntax
    if asked in {"*", syntax.uid} and wanted.includes(OCTET_STREAM):
        return Form(wanted.multipart, OCTET_STREAM, syntax.uid, decoded=False)
    if wanted.includes(OCTET_STREAM) and asked in {"", *LITTLE_ENDIAN} and can_decode(syntax.uid):
        return Form(wanted.multipart, OCTET_STREAM, EXPLICIT_VR_LITTLE_ENDIAN, decoded=True)
    if asked in {"", "*", syntax.uid} and wanted.includes(own_type):
        return Form(wanted.multipart, own_type, syntax.uid, decoded=False)
    return None


def _offers(layout: Layout) -> list[str]:
    syntax = layout.syntax
    offers = [f"{OCTET_STREAM}; transfer-syntax=*"]
    if can_decode(syntax.uid):
        offers.append(f"{OCTET_STREAM}; transfer-syntax={EXPLICIT_VR_LITTLE_ENDIAN}")
    if syntax.uid in COMPRESSED_MEDIA_TYPES:
        offers.append(COMPRESSED_MEDIA_TYPES[syntax.uid])
    written = [uid for uid in ENCODERS if uid != syntax.uid and not why_not(layout, uid)]
    types = dict.fromkeys(COMPRESSED_MEDIA_TYPES.get(uid, OCTET_STREAM) for uid in written)
    return [*offers, f"{' or '.join(types)}; {in_short(written)}"] if written else offers


def _pieces(archive: Archive, instance: Instance, layout: Layout, form: Form, number: int) -> Iterator[Piece]:
    """Return spans of the file where its bytes are what is wanted, else something to be made."""
    pieces = layout.frame(number)
    if form.encoded or layout.syntax.deflated or (form.decoded and not _little_endian_in_file(layout)):
        yield Made(partial(_made, archive, instance, layout, form, number))
        return
    for offset, length in pieces:
        yield Span(partial(archive.open_object, instance), instance.data_set_offset + offset, length)


def _little_endian_in_file(layout: Layout) -> bool:
    if is_compressed(layout.syntax) or layout.syntax.uid in BIG_ENDIAN_PIXELS:
        return False
    return layout.description.frame_bits % 8 == 0


def _made(archive: Archive, instance: Instance, layout: Layout, form: Form, number: int) -> bytes:
    """Return a frame, counted from 1, that is not in the file as it is wanted."""
    raw = read_frame(archive, instance, layout, number)
    if form.encoded:
        return as_compressed(raw, layout, number, form.transfer_syntax)
    return as_little_endian(raw, layout, number) if form.decoded else raw
