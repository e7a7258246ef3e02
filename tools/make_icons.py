"""Draw the viewer's icons into viewer/public: the mark, an isocentre, as SVG and as PNGs of the usual sizes.

usage: python tools/make_icons.py

The PNGs are drawn from the distance of each pixel to each shape, so that edges are smooth at every size.
"""

from pathlib import Path
from typing import NamedTuple

import imagecodecs
import numpy as np

PUBLIC = Path(__file__).resolve().parent.parent / "viewer" / "public"
GROUND, LINE, CENTRE = "#10151c", "#5eb3ff", "#ffffff"
#: Width of the drawing, in its own units, and of its lines.
SIDE, WIDTH = 32, 2.0
CORNER, RING, DOT = 8.0, 8.0, 2.0
#: From and to, of the four arms.
ARMS = ((16, 3, 16, 10), (16, 22, 16, 29), (3, 16, 10, 16), (22, 16, 29, 16))


class Icon(NamedTuple):
    """A PNG: its pixels, and whether the system cuts it to a shape of its own, so that it needs no corners but room."""

    name: str
    pixels: int
    maskable: bool


ICONS = (Icon("icon-192.png", 192, False), Icon("icon-512.png", 512, False), Icon("icon-maskable-512.png", 512, True))
#: Of a maskable icon, what may be cut off on all sides (W3C Manifest: the safe zone has a radius of 40 %).
ROOM = 0.8


def svg() -> str:
    """Return the mark as SVG."""
    arms = "".join(f"M{x1} {y1}L{x2} {y2}" for x1, y1, x2, y2 in ARMS)
    stroke = f'fill="none" stroke="{LINE}" stroke-width="{WIDTH:g}"'
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {SIDE} {SIDE}">'
        f'<rect width="{SIDE}" height="{SIDE}" rx="{CORNER:g}" fill="{GROUND}"/>'
        f'<circle cx="{SIDE // 2}" cy="{SIDE // 2}" r="{RING:g}" {stroke}/>'
        f'<path d="{arms}" {stroke} stroke-linecap="round"/>'
        f'<circle cx="{SIDE // 2}" cy="{SIDE // 2}" r="{DOT:g}" fill="{CENTRE}"/></svg>\n'
    )


def png(icon: Icon) -> bytes:
    """Return the mark as PNG, with a transparent outside unless it is maskable."""
    unit = SIDE / icon.pixels
    middle = SIDE / 2
    across = (np.arange(icon.pixels) + 0.5) * unit - middle
    x, y = np.meshgrid(across, across)
    corner = np.hypot(np.maximum(abs(x) - middle + CORNER, 0), np.maximum(abs(y) - middle + CORNER, 0)) - CORNER
    alpha = np.ones_like(x) if icon.maskable else _coverage(corner, unit)
    if icon.maskable:
        x, y, unit = x / ROOM, y / ROOM, unit / ROOM
    radius = np.hypot(x, y)
    lines = abs(radius - RING) - WIDTH / 2
    for x1, y1, x2, y2 in ARMS:
        along = np.hypot(np.clip(x, x1 - middle, x2 - middle) - x, np.clip(y, y1 - middle, y2 - middle) - y)
        lines = np.minimum(lines, along - WIDTH / 2)
    picture = np.broadcast_to(_colour(GROUND), (*x.shape, 3))
    for distance, colour in ((lines, LINE), (radius - DOT, CENTRE)):
        share = _coverage(distance, unit)[..., None]
        picture = picture * (1 - share) + _colour(colour) * share
    drawn = np.dstack([picture, alpha * 255]).round().astype(np.uint8)
    return bytes(imagecodecs.png_encode(drawn, level=9))


def _coverage(distance: np.ndarray, unit: float) -> np.ndarray:
    """Return how much of each pixel lies inside, by its distance to the edge."""
    return np.clip(0.5 - distance / unit, 0, 1)


def _colour(text: str) -> np.ndarray:
    return np.array([int(text[at : at + 2], 16) for at in (1, 3, 5)], float)


def main() -> None:
    """Write all of them."""
    (PUBLIC / "icon.svg").write_text(svg())
    for icon in ICONS:
        (PUBLIC / icon.name).write_bytes(png(icon))


if __name__ == "__main__":
    main()
