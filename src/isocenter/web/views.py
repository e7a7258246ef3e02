"""How a picture is wanted: the query parameters of rendered resources (PS3.18 8.3.5.1)."""

import re
from dataclasses import dataclass

from starlette.datastructures import QueryParams

from isocenter.codecs.colour_profile import SPACES
from isocenter.codecs.presentation import Function, Window
from isocenter.errors import UsageError
from isocenter.web.annotations import read_annotations
from isocenter.web.pictures import View

_FUNCTIONS: dict[str, Function] = {
    "linear": "LINEAR",
    "linear-exact": "LINEAR_EXACT",
    "linear_exact": "LINEAR_EXACT",
    "sigmoid": "SIGMOID",
}
_NUMBER = re.compile(r"[+-]?(\d{1,12}(\.\d{0,12})?|\.\d{1,12})([eE][+-]?\d{1,2})?", re.ASCII)
#: No picture is longer or wider.
MAX_SIDE = 8192
_WHOLE = 1 << 24


def read_view(parameters: QueryParams, media_type: str, quality: int = 90) -> View:
    """Return how the picture is wanted.

    Raises:
        UsageError: a parameter makes no sense.
    """
    text = parameters.get("quality")
    if text is not None:
        if not (text.isascii() and text.isdigit() and 1 <= int(text[:4]) <= 100):
            raise UsageError(f"quality must be a number from 1 to 100, not {text[:32]!r}")
        quality = int(text)
    viewport = read_viewport(parameters.get("viewport"))
    return View(
        media_type,
        quality,
        read_window(parameters.get("window")),
        viewport.crop,
        viewport.size,
        viewport.mirrored,
        viewport.upside_down,
        read_annotations(parameters.get("annotation")),
        _profile(parameters.get("iccprofile")),
    )


def _profile(text: str | None) -> str:
    """Return the space that colours are to be in, empty for no ICC profile."""
    name = (text or "no").strip().lower()
    if name not in {"no", *SPACES}:
        raise UsageError(f"iccprofile is no, {', '.join(SPACES)}, not {name[:32]!r}")
    return "" if name == "no" else name


def read_window(text: str | None) -> Window | None:
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


@dataclass(frozen=True, slots=True)
class Viewport:
    """The part of the image, as (left, top, width, height), the size to fit it into, and how it is flipped."""

    crop: tuple[int, int, int, int] | None = None
    size: tuple[int, int] | None = None
    mirrored: bool = False
    upside_down: bool = False


def read_viewport(text: str | None) -> Viewport:
    """Read ``width,height[,left,top,width,height]`` (PS3.18 8.3.5.1.3); the last four may be empty, sizes negative.

    Raises:
        UsageError: it is no such list.
    """
    if not text:
        return Viewport()
    fields = text.split(",")
    if len(fields) not in {2, 6}:
        raise UsageError("viewport is width,height or width,height,left,top,width,height")
    size = (int(_number(fields[0], "viewport")), int(_number(fields[1], "viewport")))
    if not all(1 <= side <= MAX_SIDE for side in size):
        raise UsageError(f"the sides of a viewport must be from 1 to {MAX_SIDE}")
    if not any(field.strip() for field in fields[2:]):
        return Viewport(None, size)
    defaults = (0, 0, _WHOLE, _WHOLE)
    left, top, width, height = (
        int(_number(field, "viewport")) if field.strip() else default
        for field, default in zip(fields[2:], defaults, strict=True)
    )
    if left < 0 or top < 0 or not width or not height:
        raise UsageError("the viewport's rectangle must be inside the image")
    return Viewport((left, top, abs(width), abs(height)), size, width < 0, height < 0)


def _number(text: str, name: str) -> float:
    if _NUMBER.fullmatch(text.strip()) is None:
        raise UsageError(f"{name} has {text[:32]!r} where a number is due")
    return float(text)
