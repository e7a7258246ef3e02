"""Text, lines and areas on pictures, by Pillow. Must not know: DICOM."""

from __future__ import annotations

import io
import unicodedata
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import numpy as np
from PIL import Image, ImageDraw, ImageFont

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    Picture = NDArray[np.uint8]
    Point = tuple[float, float]

SMALLEST_TEXT, LARGEST_TEXT = 9, 64
TEXT_TO_SIDE = 32
#: What has no decomposition to a letter of the font.
LETTERS = str.maketrans({"ß": "ss", "ł": "l", "Ł": "L", "ø": "o", "Ø": "O", "æ": "ae", "Æ": "AE", "đ": "d", "Đ": "D"})


class Canvas:
    """A picture that is drawn on; grey levels are 0..255, ``x`` and ``y`` are in pixels from the corner."""

    def __init__(self, picture: Picture) -> None:
        self._image = Image.fromarray(np.ascontiguousarray(picture))
        self._draw = ImageDraw.Draw(self._image)

    @property
    def picture(self) -> Picture:
        """What is on it now."""
        return np.asarray(self._image)

    def lines(self, points: Sequence[Point], grey: int = 255, *, filled: bool = False) -> None:
        """Draw a line through the points; ``filled``: the area that they enclose."""
        if filled and len(points) > 2:
            self._draw.polygon(list(points), fill=self._colour(grey))
        elif len(points) == 1:
            self.cross(points[0], grey)
        else:
            self._draw.line(list(points), fill=self._colour(grey), width=self._width)

    def cross(self, point: Point, grey: int = 255) -> None:
        """Mark a point."""
        x, y = point
        arm = 3 * self._width
        self._draw.line([(x - arm, y), (x + arm, y)], fill=self._colour(grey), width=self._width)
        self._draw.line([(x, y - arm), (x, y + arm)], fill=self._colour(grey), width=self._width)

    def text(self, point: Point, text: str, grey: int = 255, *, from_below: bool = False) -> None:
        """Write lines of text, readable on any ground, with their upper or lower left corner at the point."""
        size = min(max(min(self._image.size) // TEXT_TO_SIDE, SMALLEST_TEXT), LARGEST_TEXT)
        self._draw.multiline_text(
            point, plain(text), font=_font(size), fill=self._colour(grey), anchor="ld" if from_below else "la",
            stroke_width=max(size // 12, 1), stroke_fill=self._colour(0),
        )  # fmt: skip

    @property
    def _width(self) -> int:
        return max(min(self._image.size) // 400, 1)

    def _colour(self, grey: int) -> Any:  # noqa: ANN401 - a number or a triple, as the picture has it
        return grey if self._image.mode == "L" else (grey, grey, grey)


def polygon(shape: tuple[int, ...], corners: Sequence[tuple[int, int]]) -> NDArray[np.bool_]:
    """Return the (rows, columns) that lie inside or on the edge of a polygon of (x, y)."""
    image = Image.new("1", (shape[1], shape[0]))
    ImageDraw.Draw(image).polygon(list(corners), fill=1, outline=1)
    return np.asarray(image).astype(bool)


def plain(text: str) -> str:
    """Return ``text`` in the letters that the font has: accents are left out, what is unknown becomes ``?``."""
    apart = unicodedata.normalize("NFKD", text.translate(LETTERS))
    letters = "".join(letter for letter in apart if not unicodedata.combining(letter))
    return letters.encode("ascii", "replace").decode("ascii")


@lru_cache(maxsize=64)
def _font(size: int) -> Any:  # noqa: ANN401 - Pillow has several kinds of fonts
    return ImageFont.load_default(size)


def write_gif(pictures: Sequence[Picture], milliseconds: float) -> bytes:
    """Return pictures of one size, grey or RGB, as a GIF that runs for ever."""
    images = [Image.fromarray(np.ascontiguousarray(picture)) for picture in pictures]
    buffer = io.BytesIO()
    images[0].save(buffer, "GIF", save_all=True, append_images=images[1:], duration=max(milliseconds, 20), loop=0)
    return buffer.getvalue()
