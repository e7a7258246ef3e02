"""Video (PS3.5 A.4.6-A.4.11, MPEG-2, H.264, H.265, SMPTE ST 2110): kept and sent as it is, not decoded.

Must not know: display.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from isocenter.errors import UnsupportedError

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from isocenter.codecs.frame import EncodedFrame


def decode(frame: EncodedFrame) -> NDArray[Any]:
    """Raise UnsupportedError: single frames cannot be cut out of a video stream here."""
    raise UnsupportedError(
        f"video of {frame.description.NumberOfFrames} frames is not decoded by the server: "
        "retrieve the object as stored and play its pixel data"
    )
