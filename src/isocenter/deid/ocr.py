"""The seam to text recognition: a picture in, lines of words with places and confidences out.

:data:`Recognizer` is all that the rest of `deid` knows of an engine, so tests may hand in one of their own. The engine
here is RapidOCR (extra ``isocenter[ocr]``; its models are in its wheel, nothing is downloaded). Must not know: DICOM.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from isocenter.codecs.image import scale
from isocenter.deid.options import Box
from isocenter.errors import ConfigurationError, UnsupportedError

if TYPE_CHECKING:
    from collections.abc import Iterator

MISSING = "text recognition is not installed; pip install 'isocenter[ocr]'"
#: Longer sides are read in overlapping tiles, and once more as a whole in a smaller copy, for large letters.
TILE, OVERLAP = 1600, 160
#: Smaller pictures are enlarged, at most so many times, so that letters of six pixels can be read.
SMALL, ENLARGED = 800, 3
#: Lines that rise less are horizontal.
_LEVEL = 0.1


@dataclass(frozen=True, slots=True)
class Word:
    """A word, the confidence of its reading (0 to 1), and its place."""

    text: str
    confidence: float
    box: Box


@dataclass(frozen=True, slots=True)
class Line:
    """A place that looks like a line of text, and the words that were read there; none where they cannot be read.

    Words of lines that are not horizontal have the place of the whole line.
    """

    box: Box
    words: tuple[Word, ...]

    @property
    def text(self) -> str:
        """The whole line."""
        return " ".join(word.text for word in self.words)


#: From a picture, 8 bit grey or RGB, to the lines in it.
Recognizer = Callable[[NDArray[np.uint8]], list[Line]]


@lru_cache(maxsize=1)
def load_recognizer() -> Recognizer:
    """Return the engine. Raises ConfigurationError when the extra is not installed."""
    try:
        import onnxruntime  # noqa: F401, PLC0415 - optional
        from rapidocr import RapidOCR  # noqa: PLC0415
    except ImportError as error:
        raise ConfigurationError(MISSING) from error
    parameters = {
        "Global.log_level": "critical", "Global.return_word_box": True,
        # more readily than the engine does by itself: what is text may not stay, what is none may go
        "Det.thresh": 0.2, "Det.box_thresh": 0.35, "Det.unclip_ratio": 2.0, "Det.limit_side_len": 32,
        "EngineConfig.onnxruntime.intra_op_num_threads": 1, "EngineConfig.onnxruntime.inter_op_num_threads": 1,
    }  # fmt: skip
    return _Engine(RapidOCR(params=parameters)).read


class _Engine:
    """RapidOCR in two steps, since its own way from picture to text drops what it cannot read."""

    def __init__(self, engine: Any) -> None:  # noqa: ANN401 - optional
        self._engine = engine

    def read(self, picture: NDArray[np.uint8]) -> list[Line]:
        """Return the lines of a picture of any size."""
        rows, columns = picture.shape[:2]
        longest = max(rows, columns)
        if longest <= TILE:
            return self._read_scaled(picture, min(ENLARGED, max(1.0, SMALL / longest)))
        lines = self._read_scaled(picture, TILE / longest)
        for top in _starts(rows):
            for left in _starts(columns):
                part = picture[top : top + TILE, left : left + TILE]
                lines += [_moved(line, left, top) for line in self._read_scaled(part, 1.0)]
        return lines

    def _read_scaled(self, picture: NDArray[np.uint8], factor: float) -> list[Line]:
        """Return the lines of a picture that the engine is shown ``factor`` times as large."""
        from rapidocr.inference_engine.onnxruntime.main import ONNXRuntimeError  # noqa: PLC0415 - optional
        from rapidocr.main import RapidOCRError  # noqa: PLC0415
        from rapidocr.utils.process_img import get_rotate_crop_image  # noqa: PLC0415

        rows, columns = picture.shape[:2]
        shown = scale(picture, max(round(columns * factor), 1), max(round(rows * factor), 1))
        if shown.ndim == 2:
            shown = np.repeat(shown[..., None], 3, axis=2)
        try:
            found = self._engine(shown, use_det=True, use_cls=False, use_rec=False)
            if found.boxes is None:
                return []
            crops = [get_rotate_crop_image(shown, np.array(corners, np.float32)) for corners in found.boxes]
            upright, turned = self._engine.cls_and_rotate(crops)
            read = self._engine.recognize_txt(upright)
        except (RapidOCRError, ONNXRuntimeError) as error:
            raise UnsupportedError("text recognition failed") from error
        return [
            _line(np.asarray(corners, float) / factor, text, parts, label == "180")
            for corners, text, parts, (label, _) in zip(
                found.boxes, read.txts, read.word_results, turned.cls_res, strict=True
            )
        ]


def _starts(length: int) -> Iterator[int]:
    """Yield where tiles begin."""
    yield from range(0, max(length - OVERLAP, 1), TILE - OVERLAP)


def _moved(line: Line, left: int, top: int) -> Line:
    words = tuple(Word(word.text, word.confidence, _shifted(word.box, left, top)) for word in line.words)
    return Line(_shifted(line.box, left, top), words)


def _shifted(box: Box, left: int, top: int) -> Box:
    return Box(box.left + left, box.top + top, box.right + left, box.bottom + top)


def _line(corners: NDArray[Any], text: str, parts: Any, turned: bool) -> Line:  # noqa: ANN401 - the engine's
    """Return a line; ``parts`` are its words, with the columns of the recognition that their letters were found in."""
    box = _around(corners)
    tilted = abs(corners[1, 1] - corners[0, 1]) > _LEVEL * abs(corners[1, 0] - corners[0, 0])
    level = not turned and not tilted and box.bottom - box.top <= box.right - box.left
    column = (box.right - box.left) / max(parts.line_txt_len, 1)
    sure = [value for sign, value in zip(text, parts.confs or (), strict=False) if not sign.isspace()]
    words, at = [], 0
    for letters, columns in zip(parts.words, parts.word_cols, strict=True):
        confidence = float(np.mean(sure[at : at + len(letters)] or [0.0]))
        at += len(letters)
        place = _part(box, (min(columns) - 1) * column, (max(columns) + 2) * column) if level else box
        words.append(Word("".join(letters), confidence, place))
    return Line(box, tuple(words))


def _part(box: Box, left: float, right: float) -> Box:
    return Box(max(box.left + int(left), box.left), box.top, min(box.left + int(right) + 1, box.right), box.bottom)


def _around(corners: NDArray[Any]) -> Box:
    left, top = np.floor(corners.min(axis=0)).astype(int)
    right, bottom = np.ceil(corners.max(axis=0)).astype(int) + 1
    return Box(int(left), int(top), int(right), int(bottom))
