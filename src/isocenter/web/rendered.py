"""WADO-RS: rendered studies, series, instances and frames, and thumbnails (PS3.18 10.4.1.1.3, 10.4.1.1.4, 8.7.4).

A presentation state is rendered as the images that it is for. Video goes out as it is stored. Of a multi-frame image
the first frame is sent, or an animation to who wants a GIF or a video; several pictures are sent as parts, each made
when it is due.
"""

import uuid
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial

from starlette.requests import Request
from starlette.responses import Response

from isocenter.archive import Instance
from isocenter.codecs.softcopy import SOP_CLASSES
from isocenter.dicom.layout import Layout
from isocenter.errors import InvalidObjectError, IsocenterError, NotFoundError, UnsupportedError
from isocenter.multipart import write_end, write_part_header
from isocenter.web.addresses import address_of, base_address
from isocenter.web.animations import GIF, MP4, Film, pieces_of
from isocenter.web.conditional import caching, is_known, not_modified
from isocenter.web.frames import frame_numbers
from isocenter.web.media_types import ANYTHING, COMPRESSED_MEDIA_TYPES, MediaRange, choose, multipart_content_type
from isocenter.web.negotiation import accepted, not_acceptable
from isocenter.web.node import Node
from isocenter.web.pictures import View, draw
from isocenter.web.ranges import ranged
from isocenter.web.states import read_state, referenced
from isocenter.web.streaming import Made, Piece, Span, StreamedResponse
from isocenter.web.views import read_view

_MEDIA_TYPES = ("image/jpeg", "image/png")
#: Made only for who wants nothing else: it takes ten times as long, or is an animation.
_ANIMATIONS = (GIF, MP4)
_OTHER_MEDIA_TYPES = ("image/webp", *_ANIMATIONS)
_THUMBNAIL_MEDIA_TYPES = (*_MEDIA_TYPES, "image/webp")
_VARY = "accept"
_THUMBNAIL_SIDE = 128
_THUMBNAIL_QUALITY = 80
_MAX_THUMBNAIL_TRIES = 5


@dataclass(frozen=True, slots=True)
class Subject:
    """A picture that is wanted: frame ``number`` (from 1) of an image, as a state shows it."""

    instance: Instance
    layout: Layout
    number: int = 1
    state: Instance | None = None


async def rendered(node: Node, request: Request) -> Response:
    """Send what the path names as pictures: one picture by itself, several as parts."""
    return await node.threads.paint(_rendered, node, request, accepted(request))  # one visit to a thread


def _rendered(node: Node, request: Request, accept: tuple[MediaRange, ...]) -> Response:
    found = subjects_of(node, request)
    if len(found) == 1 and video_type(found[0].layout):
        return stored_video(node, request, accept, found[0])
    media_type = choose(accept, _MEDIA_TYPES) or choose(accept, _OTHER_MEDIA_TYPES)
    if media_type in _ANIMATIONS:
        return _animation(node, request, found, read_view(request.query_params, media_type))
    if media_type is not None and len(found) == 1:
        return picture(node, request, found[0], read_view(request.query_params, media_type))
    part_type = _part_type(accept)
    if part_type is None:
        single = (*_MEDIA_TYPES, *_OTHER_MEDIA_TYPES) if len(found) == 1 else ()
        raise not_acceptable(*single, *(f'multipart/related; type="{offer}"' for offer in _MEDIA_TYPES))
    return _parts(node, request, found, read_view(request.query_params, part_type))


def _part_type(accept: Sequence[MediaRange]) -> str | None:
    """Return the media type of parts that the client wants most."""
    for wanted in accept or ANYTHING:
        if wanted.multipart:
            for offer in (*_MEDIA_TYPES, "image/webp"):
                if wanted.includes(offer):
                    return offer
    return None


def subjects_of(node: Node, request: Request) -> list[Subject]:
    """Return the pictures that a path names, in order. Blocks.

    Raises:
        NotFoundError: there is nothing to be shown.
    """
    path = request.path_params
    instances = node.archive.instances(path["study"], path.get("series"), path.get("instance"))
    single = "instance" in path
    numbers = frame_numbers(path["frames"]) if "frames" in path else [1]
    found: list[Subject] = []
    failure: IsocenterError = NotFoundError("there is no image to show")
    for instance in instances:
        try:
            found += _subjects(node, instance, numbers)
        except (NotFoundError, InvalidObjectError) as error:
            failure = error
            if single:
                raise
    if not found:
        raise failure if single else NotFoundError("there is no image to show")
    return found


def _subjects(node: Node, instance: Instance, numbers: Sequence[int]) -> Iterator[Subject]:
    if instance.SOPClassUID not in SOP_CLASSES:
        layout = node.layouts.layout(node.archive, instance)
        for number in numbers:
            layout.frame(number or 1)
            yield Subject(instance, layout, number)
        return
    for image, frames in referenced(node.archive, instance):
        layout = node.layouts.layout(node.archive, image)
        for number in frames or numbers:
            layout.frame(number or 1)
            yield Subject(image, layout, number, instance)


def _parts(node: Node, request: Request, found: Sequence[Subject], view: View) -> Response:
    """Return pictures as parts, each of which is made when it is due."""
    boundary = uuid.uuid4().hex
    base = base_address(request)
    pieces: list[Piece] = []
    for subject in found:
        image = subject.instance
        address = address_of(base, image.StudyInstanceUID, image.SeriesInstanceUID, image.SOPInstanceUID)
        headers = {"Content-Type": view.media_type, "Content-Location": f"{address}/frames/{subject.number}/rendered"}
        pieces += [write_part_header(boundary, headers), Made(partial(_drawn, node, subject, view))]
    pieces.append(write_end(boundary))
    return StreamedResponse(
        pieces, node.threads, headers={"content-type": multipart_content_type(boundary, view.media_type)}
    )


def picture(node: Node, request: Request, subject: Subject, view: View) -> Response:
    """Return a frame as a picture, or 304 to who has it. Blocks."""
    etag = _etag(subject, subject.number, request)
    if is_known(request, etag):
        return not_modified(etag, _VARY)
    body = _drawn(node, subject, view)
    return Response(body, headers=caching(etag, _VARY), media_type=view.media_type)


def _drawn(node: Node, subject: Subject, view: View) -> bytes:
    return draw(node.archive, subject.instance, subject.layout, subject.number, _with_state(node, subject, view))


def _with_state(node: Node, subject: Subject, view: View) -> View:
    return view if subject.state is None else replace(view, state=read_state(node.archive, subject.state))


def _animation(node: Node, request: Request, found: Sequence[Subject], view: View) -> Response:
    """Return frames of one image as an animation: those that the path names, else all."""
    if any(subject.instance != found[0].instance for subject in found):
        raise UnsupportedError("an animation shows the frames of one image: ask for an instance")
    named = [subject.number for subject in found] if "frames" in request.path_params else None
    return animation(node, request, found[0], view, named)


def animation(
    node: Node, request: Request, subject: Subject, view: View, numbers: Sequence[int] | None = None
) -> Response:
    """Return frames of an image, all unless some are named, as a GIF or as a video. Blocks."""
    etag = _etag(subject, 0, request)
    if is_known(request, etag):
        return not_modified(etag, _VARY)
    wanted = numbers or range(1, len(subject.layout.frames) + 1)
    film = Film(node.archive, subject.instance, subject.layout, wanted, _with_state(node, subject, view))
    headers = {"content-type": view.media_type, **caching(etag, _VARY)}
    return StreamedResponse(pieces_of(film), node.threads, headers=headers)


def video_type(layout: Layout) -> str:
    """Return the media type of an image that is stored as a video, else ``""``."""
    media_type = COMPRESSED_MEDIA_TYPES.get(layout.syntax.uid, "")
    return media_type if media_type.startswith("video/") else ""


def stored_video(node: Node, request: Request, accept: tuple[MediaRange, ...], subject: Subject) -> Response:
    """Return a video as it is stored.

    Raises:
        HTTPException: 406, the client takes no video.
    """
    instance, layout = subject.instance, subject.layout
    media_type = video_type(layout)
    if choose(accept, (media_type,)) is None:
        raise not_acceptable(media_type)
    opener = partial(node.archive.open_object, instance)
    spans = [Span(opener, instance.data_set_offset + start, size) for frame in layout.frames for start, size in frame]
    headers = {"content-type": media_type}
    if len(spans) == 1:
        return ranged(request, spans[0], node.threads, headers, f'"{instance.hash.hex()}-video"')
    return StreamedResponse(spans, node.threads, headers=headers)


async def thumbnail(node: Node, request: Request) -> Response:
    """Send a small picture of what stands for a study, a series or an instance."""
    media_type = choose(accepted(request), _THUMBNAIL_MEDIA_TYPES)
    if media_type is None:
        raise not_acceptable(*_THUMBNAIL_MEDIA_TYPES)
    frames = request.path_params.get("frames")
    number = frame_numbers(frames)[0] if frames else None
    asked = read_view(request.query_params, media_type, _THUMBNAIL_QUALITY)
    view = replace(asked, size=asked.size or (_THUMBNAIL_SIDE, _THUMBNAIL_SIDE))
    return await node.threads.paint(_thumbnail_of, node, request, number, view)


def _thumbnail_of(node: Node, request: Request, number: int | None, view: View) -> Response:
    path = request.path_params
    instances = node.archive.instances(path["study"], path.get("series"), path.get("instance"))
    failure: IsocenterError = NotFoundError("there is no image to show")
    for instance in representatives(instances):
        try:
            subject = next(_subjects(node, instance, [0]))
            etag = _etag(subject, number or 0, request)
            if is_known(request, etag):
                return not_modified(etag, _VARY)
            shown = number or subject.number or (len(subject.layout.frames) + 1) // 2
            body = _drawn(node, replace(subject, number=shown), view)
        except (InvalidObjectError, NotFoundError, UnsupportedError) as error:
            failure = error
            continue
        return Response(body, headers=caching(etag, _VARY), media_type=view.media_type)
    raise failure if len(instances) == 1 else NotFoundError("there is no image to show")


def representatives(instances: Sequence[Instance]) -> list[Instance]:
    """Return the few instances to try, the best first: the middle of the first series, then of the others."""
    by_series: dict[str, list[Instance]] = {}
    for instance in instances:
        by_series.setdefault(instance.SeriesInstanceUID, []).append(instance)
    return [of_series[len(of_series) // 2] for of_series in by_series.values()][:_MAX_THUMBNAIL_TRIES]


def _etag(subject: Subject, number: int, request: Request) -> str:
    """Objects never change under their hash, so that and the question identify the answer."""
    state = subject.state.hash.hex() if subject.state is not None else ""
    asked = f"{number} {request.url.query} {request.headers.get('accept', '')} {state}"
    return f'"{subject.instance.hash.hex()}-{zlib.crc32(asked.encode()):08x}"'
