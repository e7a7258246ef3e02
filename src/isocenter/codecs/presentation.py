"""How a data set wants its pixels to be shown (PS3.3 C.7.6.16.2.9-10, C.7.9, C.11.1, C.11.2, C.7.5.1.1.2).

Reads a pydicom data set (pixel data not needed) into plain values; per-frame and shared functional groups come before
the top level. Must not know: pixels, files.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal, cast

from isocenter.codecs.lookup import Lookup, read_lookup, read_segmented
from isocenter.errors import InvalidObjectError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from pydicom import Dataset

Function = Literal["LINEAR", "LINEAR_EXACT", "SIGMOID"]
FUNCTIONS: frozenset[str] = frozenset({"LINEAR", "LINEAR_EXACT", "SIGMOID"})
COLOURS = ("Red", "Green", "Blue")
#: Whose values count decays: nothing is black, and the most is white.
_NUCLEAR = ("NM", "PT")
#: The attributes that `read_presentation` looks at, at the top level.
KEYWORDS: frozenset[str] = frozenset({
    "Modality", "PhotometricInterpretation", "PixelRepresentation", "PixelPaddingValue", "PixelPaddingRangeLimit",
    "RescaleSlope", "RescaleIntercept", "ModalityLUTSequence", "VOILUTSequence", "VOILUTFunction",
    "WindowCenter", "WindowWidth", "WindowCenterWidthExplanation", "PresentationLUTShape", "PixelPresentation",
    "SharedFunctionalGroupsSequence", "PerFrameFunctionalGroupsSequence",
    *(f"{colour}PaletteColorLookupTable{part}" for colour in COLOURS for part in ("Descriptor", "Data")),
    *(f"Segmented{colour}PaletteColorLookupTableData" for colour in COLOURS),
})  # fmt: skip


#: Those of them that `read_simple` is enough for; explanations of windows are left out.
SIMPLE: frozenset[str] = frozenset({
    "Modality", "PhotometricInterpretation", "PixelRepresentation", "PixelPaddingValue", "PixelPaddingRangeLimit",
    "RescaleSlope", "RescaleIntercept", "WindowCenter", "WindowWidth", "VOILUTFunction", "WindowCenterWidthExplanation",
    "PresentationLUTShape",
})  # fmt: skip


@dataclass(frozen=True, slots=True)
class Window:
    """A VOI window in modality units (HU for CT); PS3.3 C.11.2.1.2."""

    center: float
    width: float
    function: Function = "LINEAR"
    explanation: str = ""


@dataclass(frozen=True, slots=True, eq=False)
class Presentation:
    """Everything between stored values and the screen. ``padding`` is a closed range of stored values.

    ``supplemental``: the palette is for stored values from its first one on, those below are grey (C.7.6.19).
    ``fixed_shape``: ``inverse`` stands for itself, whatever PhotometricInterpretation says (C.11.6).
    ``counts``: without a window the picture goes from nothing to its largest value.
    """

    slope: float = 1.0
    intercept: float = 0.0
    modality_lut: Lookup | None = None
    windows: tuple[Window, ...] = ()
    voi_luts: tuple[Lookup, ...] = ()
    palette: tuple[Lookup, Lookup, Lookup] | None = field(default=None)
    inverse: bool = False
    padding: tuple[int, int] | None = None
    supplemental: bool = False
    fixed_shape: bool = False
    presentation_lut: Lookup | None = None
    counts: bool = False


def read_presentation(dataset: Dataset, number: int = 0) -> Presentation:
    """Return how frame ``number`` (from 0) of ``dataset`` is to be shown."""
    slope, intercept = _rescale(dataset, number)
    signed = dataset.get("PixelRepresentation", 0) == 1
    modality = next(read_lookups(dataset.get("ModalityLUTSequence"), signed=signed), None)
    return Presentation(
        slope=slope,
        intercept=intercept,
        modality_lut=modality,
        windows=tuple(_windows(dataset, number)),
        voi_luts=tuple(read_lookups(dataset.get("VOILUTSequence"), signed=signed or intercept < 0)),
        palette=_palette(dataset, signed=signed),
        inverse="INVERSE" in str(dataset.get("PresentationLUTShape", "")),
        padding=_padding(dataset, signed=signed),
        supplemental=_has_supplemental_palette(dataset),
        counts=str(dataset.get("Modality", "")) in _NUCLEAR,
    )


def read_simple(texts: Mapping[str, tuple[str, ...]]) -> Presentation:
    """Return the same from the texts of `SIMPLE` elements by keyword, where there are no others; ten times as quick.

    Raises:
        ValueError: one of them is no number.
    """

    def numbers(keyword: str) -> list[float]:
        return [float(text) for text in texts.get(keyword, ()) if text]

    def word(keyword: str) -> str:
        return (texts.get(keyword) or ("",))[0]

    signed = word("PixelRepresentation") == "1"
    function = word("VOILUTFunction")
    shown = cast("Function", function if function in FUNCTIONS else "LINEAR")
    pairs = zip(numbers("WindowCenter"), numbers("WindowWidth"), strict=False)
    padding = [_signed(int(value), signed=signed) for value in numbers("PixelPaddingValue")[:1]]
    padding += [_signed(int(value), signed=signed) for value in numbers("PixelPaddingRangeLimit")[:1] if padding]
    return Presentation(
        slope=(numbers("RescaleSlope") or [1.0])[0] or 1.0,
        intercept=(numbers("RescaleIntercept") or [0.0])[0],
        windows=tuple(Window(center, width, shown) for center, width in pairs if width > 0),
        inverse="INVERSE" in word("PresentationLUTShape"),
        padding=(min(padding), max(padding)) if padding else None,
        counts=word("Modality") in _NUCLEAR,
    )


def _groups(dataset: Dataset, number: int, macro: str) -> Iterator[Dataset]:
    """Yield where a macro's attributes may be: the frame's group, the shared one, the top level."""
    frames = dataset.get("PerFrameFunctionalGroupsSequence") or []
    shared = dataset.get("SharedFunctionalGroupsSequence") or []
    for group in [*frames[number : number + 1], *shared[:1]]:
        yield from (group.get(macro) or [])[:1]
    yield dataset


def _numbers(value: Any) -> list[float]:  # noqa: ANN401 - a pydicom value is one number, a list or None
    if value is None or value == "":
        return []
    values = value if isinstance(value, (list, tuple)) or hasattr(value, "append") else [value]
    return [float(item) for item in values if item not in (None, "")]


def _rescale(dataset: Dataset, number: int) -> tuple[float, float]:
    """Return slope and intercept; a slope of 0 would erase the image and is read as 1."""
    for group in _groups(dataset, number, "PixelValueTransformationSequence"):
        slope, intercept = (_numbers(group.get(f"Rescale{name}")) for name in ("Slope", "Intercept"))
        if slope or intercept:
            return (slope[0] if slope and slope[0] else 1.0), (intercept[0] if intercept else 0.0)
    return 1.0, 0.0


def _windows(dataset: Dataset, number: int) -> Iterator[Window]:
    for group in _groups(dataset, number, "FrameVOILUTSequence"):
        centers, widths = _numbers(group.get("WindowCenter")), _numbers(group.get("WindowWidth"))
        function = str(group.get("VOILUTFunction", "") or "LINEAR")
        names = group.get("WindowCenterWidthExplanation") or []
        names = [names] if isinstance(names, str) else list(names)
        found = [
            Window(center, width, cast("Function", function if function in FUNCTIONS else "LINEAR"), str(name))
            for center, width, name in zip(centers, widths, [*names, *[""] * len(centers)], strict=False)
            if width > 0
        ]
        if found:
            yield from found
            return


def read_lookups(sequence: Any, *, signed: bool) -> Iterator[Lookup]:  # noqa: ANN401 - a pydicom sequence or None
    """Yield the tables of a sequence of LUTs."""
    for item in sequence or []:
        descriptor, data = item.get("LUTDescriptor"), item.get("LUTData")
        if descriptor is not None and data is not None and len(descriptor) >= 3:
            yield read_lookup(descriptor, data, str(item.get("LUTExplanation", "")), signed=signed)


def _palette(dataset: Dataset, *, signed: bool) -> tuple[Lookup, Lookup, Lookup] | None:
    if dataset.get("PhotometricInterpretation") != "PALETTE COLOR" and not _has_supplemental_palette(dataset):
        return None
    red, green, blue = (_colour_table(dataset, colour, signed=signed) for colour in COLOURS)
    return red, green, blue


def _has_supplemental_palette(dataset: Dataset) -> bool:
    coloured = dataset.get("PixelPresentation") in {"COLOR", "MIXED"}
    return coloured and "RedPaletteColorLookupTableDescriptor" in dataset and _is_grey(dataset)


def _is_grey(dataset: Dataset) -> bool:
    return str(dataset.get("PhotometricInterpretation", "")).startswith("MONOCHROME")


def _colour_table(dataset: Dataset, colour: str, *, signed: bool) -> Lookup:
    descriptor = dataset.get(f"{colour}PaletteColorLookupTableDescriptor")
    plain = dataset.get(f"{colour}PaletteColorLookupTableData")
    segmented = dataset.get(f"Segmented{colour}PaletteColorLookupTableData")
    if descriptor is None or len(descriptor) < 3 or (plain is None and segmented is None):
        raise InvalidObjectError(f"PALETTE COLOR without a {colour.lower()} lookup table")
    if plain is not None:
        return read_lookup(descriptor, plain, signed=signed)
    return read_segmented(descriptor, segmented, signed=signed)


def _padding(dataset: Dataset, *, signed: bool) -> tuple[int, int] | None:
    """Return the closed range of stored values that are not image (PS3.3 C.7.5.1.1.2)."""
    value = dataset.get("PixelPaddingValue")
    if not isinstance(value, int):
        return None
    limit = dataset.get("PixelPaddingRangeLimit")
    ends = [_signed(value, signed=signed), _signed(limit if isinstance(limit, int) else value, signed=signed)]
    return min(ends), max(ends)


def _signed(value: int, *, signed: bool) -> int:
    return value - 0x10000 if signed and value >= 0x8000 else value
