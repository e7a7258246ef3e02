"""WADO-RS: pictures of instances and frames, and thumbnails (PS3.18 10.4.1.1.3, 10.4.1.1.4, 8.3.5)."""

import re
import zlib
from collections.abc import Sequence
from dataclasses import replace

from starlette.datastructures import QueryParams
from starlette.requests import Request
from starlette.responses import Response

from isocenter.archive import Instance
from isocenter.codecs.presentation import Function, Window
from isocenter.errors import InvalidObjectError, IsocenterError, NotFoundError, UnsupportedError, UsageError
from isocenter.web.conditional import caching, is_known, not_modified
from isocenter.web.frames import frame_numbers
from isocenter.web.media_types import choose
from isocenter.web.negotiation import accepted, not_acceptable
from isocenter.web.node import Node
from isocenter.web.pictures import View, draw

_MEDIA_TYPES = ("image/jpeg", "image/png")
#: Made only for who wants nothing else: it takes ten times as long.
_SLOW_MEDIA_TYPES = ("image/webp",)
_FUNCTIONS: dict[str, Function] = {
    "linear": "LINEAR",
    "linear-exact": "LINEAR_EXACT",
    "linear_exact": "LINEAR_EXACT",
    "sigmoid": "SIGMOID",
}
_NUMBER = re.compile(r"[+-]?(\d{1,12}(\.\d{0,12})?|\.\d{1,12})([eE][+-]?\d{1,2})?", re.ASCII)
#: No picture is longer or wider.
MAX_SIDE = 8192
_VARY = "accept"
_THUMBNAIL_SIDE = 128
_THUMBNAIL_QUALITY = 80
_MAX_THUMBNAIL_TRIES = 5


async def rendered(node: Node, request: Request) -> Response:
    """Send a frame, the first one if the path names none, as a picture."""
    media_type = _media_type(request)
    numbers = frame_numbers(request.path_params.get("frames", "1"))
    if len(numbers) > 1:
        raise UsageError("a picture shows one frame: ask for each of them")
    view = read_view(request.query_params, media_type)
    return await node.threads.paint(_picture_of, node, request, numbers[0], view)


async def thumbnail(node: Node, request: Request) -> Response:
    """Send a small picture of what stands for a study, a series or an instance."""
    media_type = _media_type(request)
    frames = request.path_params.get("frames")
    number = frame_numbers(frames)[0] if frames else None
    asked = read_view(request.query_params, media_type, _THUMBNAIL_QUALITY)
    view = replace(asked, size=asked.size or (_THUMBNAIL_SIDE, _THUMBNAIL_SIDE))
    return await node.threads.paint(_thumbnail_of, node, request, number, view)


def _media_type(request: Request) -> str:
    accept = accepted(request)
    media_type = choose(accept, _MEDIA_TYPES) or choose(accept, _SLOW_MEDIA_TYPES)
    if media_type is None:
        raise not_acceptable(*_MEDIA_TYPES, *_SLOW_MEDIA_TYPES)
    return media_type


def read_view(parameters: QueryParams, media_type: str, quality: int = 90) -> View:
    """Return how the picture is wanted (PS3.18 8.3.5.1).

    Raises:
        UsageError: a parameter makes no sense.
    """
    text = parameters.get("quality")
    if text is not None:
        if not (text.isascii() and text.isdigit() and 1 <= int(text[:4]) <= 100):
            raise UsageError(f"quality must be a number from 1 to 100, not {text[:32]!r}")
        quality = int(text)
    crop, size = _viewport(parameters.get("viewport"))
    return View(media_type, quality, _window(parameters.get("window")), crop, size)


def _window(text: str | None) -> Window | None:
    """Read ``center,width,function`` (PS3.18 8.3.5.1.4); the function may be left out."""
    if not text:
        return None
    center, _, rest = text.partition(",")
    width, _, function = rest.partition(",")
    name = _FUNCTIONS.get(function.strip().lower() or "linear")
    if name is None:
        raise UsageError(f"the function of a window is linear, linear-exact or sigmoid, not {function[:32]!r}")
    window = Window(_number(center, "window"), _number(width, "window"), name)
    if (window.width < 1 and name == "LINEAR") or window.width <= 0:
        raise UsageError("the width of a window must be 1 or more")
    return window


def _viewport(text: str | None) -> tuple[tuple[int, int, int, int] | None, tuple[int, int] | None]:
    """Read ``width,height[,left,top,width,height]`` (PS3.18 8.3.5.1.3); return rectangle of the image and size."""
    if not text:
        return None, None
    fields = text.split(",")
    if len(fields) not in {2, 6}:
        raise UsageError("viewport is width,height or width,height,left,top,width,height")
    numbers = [_number(field, "viewport") for field in fields]
    size = (int(numbers[0]), int(numbers[1]))
    if not all(1 <= side <= MAX_SIDE for side in size):
        raise UsageError(f"the sides of a viewport must be from 1 to {MAX_SIDE}")
    if len(numbers) == 2:
        return None, size
    left, top, width, height = (int(number) for number in numbers[2:])
    if left < 0 or top < 0 or width < 1 or height < 1:
        raise UsageError("the viewport's rectangle must be inside the image")
    return (left, top, width, height), size


def _number(text: str, name: str) -> float:
    if _NUMBER.fullmatch(text.strip()) is None:
        raise UsageError(f"{name} has {text[:32]!r} where a number is due")
    return float(text)


def _picture_of(node: Node, request: Request, number: int, view: View) -> Response:
    path = request.path_params
    instance = node.archive.instances(path["study"], path["series"], path["instance"])[0]
    return picture(node, request, instance, number, view)


def picture(node: Node, request: Request, instance: Instance, number: int, view: View) -> Response:
    """Return a frame as a picture, or 304 to who has it. Blocks."""
    layout = node.layouts.layout(node.archive, instance)
    etag = _etag(instance, number, request)
    if is_known(request, etag):
        return not_modified(etag, _VARY)
    return Response(
        draw(node.archive, instance, layout, number, view), headers=caching(etag, _VARY), media_type=view.media_type
    )


def _thumbnail_of(node: Node, request: Request, number: int | None, view: View) -> Response:
    path = request.path_params
    instances = node.archive.instances(path["study"], path.get("series"), path.get("instance"))
    failure: IsocenterError = NotFoundError("there is no image to show")
    for instance in representatives(instances):
        etag = _etag(instance, number or 0, request)
        if is_known(request, etag):
            return not_modified(etag, _VARY)
        try:
            layout = node.layouts.layout(node.archive, instance)
            shown = number or (len(layout.frames) + 1) // 2
            body = draw(node.archive, instance, layout, shown, view)
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


def _etag(instance: Instance, number: int, request: Request) -> str:
    """Objects never change under their hash, so that and the question identify the answer."""
    asked = f"{number} {request.url.query} {request.headers.get('accept', '')}"
    return f'"{instance.hash.hex()}-{zlib.crc32(asked.encode()):08x}"'
