"""WADO-URI: one object by query parameters, as a DICOM file or as a picture (PS3.18 9).

``/wado?requestType=WADO&studyUID=…&seriesUID=…&objectUID=…`` with contentType, transferSyntax, frameNumber, rows,
columns, region, windowCenter, windowWidth, imageQuality, annotation, presentationSeriesUID and presentationUID. What
would change what a picture means and is not done here (anonymize) is refused, not left out.
"""

import math
from dataclasses import replace

from starlette.datastructures import QueryParams
from starlette.requests import Request
from starlette.responses import Response

from isocenter.archive import Instance
from isocenter.codecs.presentation import Window
from isocenter.dicom.layout import Layout
from isocenter.dicom.uids import EXPLICIT_VR_LITTLE_ENDIAN, transfer_syntax
from isocenter.errors import NotFoundError, UnsupportedError, UsageError
from isocenter.web.animations import GIF, MP4
from isocenter.web.annotations import read_annotations
from isocenter.web.frames import frame_numbers
from isocenter.web.media_types import DICOM, choose, parse_accept
from isocenter.web.negotiation import not_acceptable
from isocenter.web.node import Node
from isocenter.web.pictures import View
from isocenter.web.rendered import Subject, animation, picture, stored_video, video_type
from isocenter.web.retrieve import AS_STORED, Choice, send, syntaxes_of
from isocenter.web.views import MAX_SIDE

_PICTURES = ("image/jpeg", "image/png")
_ANIMATIONS = (GIF, MP4)
_UIDS = ("studyUID", "seriesUID", "objectUID")
_REFUSED = ("anonymize",)
_STATE = ("presentationSeriesUID", "presentationUID")
_DEFAULT_QUALITY = 90


async def wado(node: Node, request: Request) -> Response:
    """Send the object that the parameters name."""
    parameters = request.query_params
    uids = read_uids(parameters)
    instance = (await node.threads.read(node.archive.instances, *uids))[0]
    layout = await node.threads.read(_layout, node, instance)
    media_type = _media_type(request, layout)
    if media_type == DICOM:
        return await _object(node, request, instance)
    if layout is None:
        raise NotFoundError("there is no image to show")
    return await node.threads.paint(_shown, node, request, Subject(instance, layout), media_type)


def _shown(node: Node, request: Request, subject: Subject, media_type: str) -> Response:
    """Return a frame as a picture, or all of them as an animation unless one is named. Blocks."""
    parameters = request.query_params
    if video_type(subject.layout):
        return stored_video(node, request, parse_accept(media_type), subject)
    named = parameters.get("frameNumber")
    numbers = frame_numbers(named or "1")
    if len(numbers) > 1:
        raise UsageError("frameNumber is one number")
    view = read_view(parameters, media_type, subject.layout)
    subject = replace(subject, number=numbers[0], state=_state(node, subject.instance, parameters))
    if media_type in _ANIMATIONS:
        return animation(node, request, subject, view, numbers if named else None)
    return picture(node, request, subject, view)


def _state(node: Node, image: Instance, parameters: QueryParams) -> Instance | None:
    """Return the presentation state that the parameters name, which is of the same study (9.1.2.2.2.8)."""
    series, uid = (parameters.get(name, "") for name in _STATE)
    if bool(series) != bool(uid):
        raise UsageError(f"{' and '.join(_STATE)} come together")
    return node.archive.instances(image.StudyInstanceUID, series, uid)[0] if uid else None


def read_uids(parameters: QueryParams) -> tuple[str, str, str]:
    """Return the UIDs of study, series and object.

    Raises:
        UsageError: one is missing, or this is no request of WADO.
        UnsupportedError: something is asked for that is not done here.
    """
    if parameters.get("requestType") != "WADO":
        raise UsageError("requestType must be WADO")
    study, series, sop = (parameters.get(name, "") for name in _UIDS)
    if not (study and series and sop):
        raise UsageError(f"{', '.join(_UIDS)} are all needed")
    for name in _REFUSED:
        if parameters.get(name):
            raise UnsupportedError(f"{name} is not supported: leave it out")
    return study, series, sop


def _layout(node: Node, instance: Instance) -> Layout | None:
    try:
        return node.layouts.layout(node.archive, instance)
    except NotFoundError:
        return None


def _media_type(request: Request, layout: Layout | None) -> str:
    """Return what to send; unless the client says something, images are pictures and the rest is DICOM (9.1.2.2.1)."""
    offers: tuple[str, ...] = (DICOM,)
    if layout is not None:
        video = video_type(layout)
        offers = (video, DICOM) if video else (*_PICTURES, DICOM, *_ANIMATIONS)
    asked = request.query_params.get("contentType") or ", ".join(request.headers.getlist("accept"))
    media_type = choose(parse_accept(asked), offers)
    if media_type is None:
        raise not_acceptable(*offers)
    return media_type


async def _object(node: Node, request: Request, instance: Instance) -> Response:
    """Send the file in the transfer syntax asked for; else in explicit little endian where nothing was lost yet."""
    asked = request.query_params.get("transferSyntax")
    lossy = transfer_syntax(instance.transfer_syntax_uid).lossy
    for wanted in (asked,) if asked else (AS_STORED if lossy else EXPLICIT_VR_LITTLE_ENDIAN, AS_STORED):
        choice = Choice(multipart=False, transfer_syntax=wanted)
        syntaxes = await node.threads.read(syntaxes_of, node, [instance], choice)
        if syntaxes is not None:
            return await send(node, request, [instance], syntaxes, multipart=False)
    raise not_acceptable(f"transferSyntax={instance.transfer_syntax_uid}")


def read_view(parameters: QueryParams, media_type: str, layout: Layout) -> View:
    """Return how the picture is wanted (PS3.18 9.1.2.2.2).

    Raises:
        UsageError: a parameter makes no sense.
    """
    quality = _whole(parameters, "imageQuality", 100) or _DEFAULT_QUALITY
    rows, columns = (_whole(parameters, name, MAX_SIDE) for name in ("rows", "columns"))
    size = (columns or MAX_SIDE, rows or MAX_SIDE) if rows or columns else None
    center, width = (_numbers(parameters, name, 1) for name in ("windowCenter", "windowWidth"))
    if bool(center) != bool(width):
        raise UsageError("windowCenter and windowWidth come together")
    if width and width[0] < 1:
        raise UsageError("windowWidth must be 1 or more")
    window = Window(center[0], width[0]) if center else None
    crop = _crop(_numbers(parameters, "region", 4), layout)
    return View(media_type, quality, window, crop, size, annotations=read_annotations(parameters.get("annotation")))


def _crop(region: list[float], layout: Layout) -> tuple[int, int, int, int] | None:
    """Return the rectangle of a region, whose corners are in parts of the image: left, top, right, bottom."""
    if not region:
        return None
    left, top, right, bottom = region
    if not (0 <= left < right <= 1 and 0 <= top < bottom <= 1):
        raise UsageError("region is left,top,right,bottom, each from 0 to 1")
    columns, rows = layout.description.Columns, layout.description.Rows
    x, y = math.floor(left * columns), math.floor(top * rows)
    return x, y, max(1, math.ceil(right * columns) - x), max(1, math.ceil(bottom * rows) - y)


def _whole(parameters: QueryParams, name: str, most: int) -> int | None:
    text = parameters.get(name)
    if not text:
        return None
    if not (text.isascii() and text.isdigit() and 1 <= int(text[:9]) <= most):
        raise UsageError(f"{name} must be a number from 1 to {most}, not {text[:32]!r}")
    return int(text)


def _numbers(parameters: QueryParams, name: str, count: int) -> list[float]:
    text = parameters.get(name)
    if not text:
        return []
    try:
        numbers = [float(field) for field in text.split(",")]
    except ValueError:
        numbers = []
    if len(numbers) != count or not all(map(math.isfinite, numbers)):
        raise UsageError(f"{name} must be {count} number{'s' * (count > 1)}, not {text[:32]!r}")
    return numbers
