"""A view as a softcopy presentation state: grey scale (PS3.3 A.33.1) or colour (A.33.2).

Builds the object from what the viewer shows of one image; knows neither archive nor HTTP.
"""

import datetime as dt
from collections.abc import Mapping, Sequence
from typing import Any

from pydicom.dataset import Dataset
from pydicom.uid import ColorSoftcopyPresentationStateStorage, GrayscaleSoftcopyPresentationStateStorage

from isocenter.dicom.content_items import dataset, reference
from isocenter.dicom.new_object import new_object

_LAYER, _OVERLAYS = "GRAPHICS", "OVERLAYS"
_SHUTTER = (
    "ShutterShape", "ShutterLeftVerticalEdge", "ShutterRightVerticalEdge", "ShutterUpperHorizontalEdge",
    "ShutterLowerHorizontalEdge", "CenterOfCircularShutter", "RadiusOfCircularShutter", "VerticesOfThePolygonalShutter",
)  # fmt: skip
_OVERLAY_GROUPS = range(0x6000, 0x6020, 2)


def make_presentation_state(
    source: Dataset, view: Mapping[str, Any], classes: Mapping[str, str], now: dt.datetime, profile: bytes
) -> Dataset:
    """Return the state that shows the image ``source`` as ``view`` says; ``profile``: ICC, for colour images."""
    colour = int(source.get("SamplesPerPixel", 1)) > 1
    sop_class = ColorSoftcopyPresentationStateStorage if colour else GrayscaleSoftcopyPresentationStateStorage
    made = new_object(source, sop_class, "PR", "Presentation states", now)
    made.ContentLabel, made.ContentDescription = "VIEW", view["label"][:64]
    made.PresentationCreationDate, made.PresentationCreationTime = made.ContentDate, made.ContentTime
    made.ContentCreatorName = None
    made.Laterality = source.get("Laterality", "")
    image = reference(view["image"]["SOPInstanceUID"], classes, view["image"]["frame"])
    series = dataset(SeriesInstanceUID=view["image"]["SeriesInstanceUID"], ReferencedImageSequence=[image])
    made.ReferencedSeriesSequence = [series]
    made.DisplayedAreaSelectionSequence = [_area(view["area"], source)]
    if view["rotation"] or view["flipped"]:
        made.ImageRotation, made.ImageHorizontalFlip = view["rotation"], "Y" if view["flipped"] else "N"
    if colour:
        made.ICCProfile = profile
    else:
        _grey(made, source, view)
    _shutter(made, source)
    _layers(made, source, view)
    return made


def _area(area: Sequence[int], source: Dataset) -> Dataset:
    left, top, right, bottom = area
    spacing = source.get("PixelSpacing") or source.get("ImagerPixelSpacing")
    shape = {"PresentationPixelSpacing": spacing} if spacing else {"PresentationPixelAspectRatio": _aspect(source)}
    return dataset(
        DisplayedAreaTopLeftHandCorner=[left, top],
        DisplayedAreaBottomRightHandCorner=[right, bottom],
        PresentationSizeMode="SCALE TO FIT",
        **shape,
    )


def _aspect(source: Dataset) -> list[int]:
    return list(source.get("PixelAspectRatio") or [1, 1])


def _grey(made: Dataset, source: Dataset, view: Mapping[str, Any]) -> None:
    if "RescaleSlope" in source:
        made.RescaleSlope, made.RescaleIntercept = source.RescaleSlope, source.get("RescaleIntercept", 0)
        made.RescaleType = source.get("RescaleType") or ("HU" if source.get("Modality") == "CT" else "US")
    elif "ModalityLUTSequence" in source:
        made.ModalityLUTSequence = source.ModalityLUTSequence
    window = view["window"]
    if window is not None:
        voi = dataset(WindowCenter=f"{window['center']:.10g}", WindowWidth=f"{window['width']:.10g}")
        if window["function"] != "LINEAR":
            voi.VOILUTFunction = window["function"]
        made.SoftcopyVOILUTSequence = [voi]
    made.PresentationLUTShape = "INVERSE" if view["inverse"] else "IDENTITY"


def _shutter(made: Dataset, source: Dataset) -> None:
    """Keep the shutter of the image: a state without one would open it."""
    if "ShutterShape" not in source:
        return
    for keyword in _SHUTTER:
        if keyword in source:
            setattr(made, keyword, source[keyword].value)
    made.ShutterPresentationValue = source.get("ShutterPresentationValue", 0)
    if made.SOPClassUID == ColorSoftcopyPresentationStateStorage:
        made.ShutterPresentationColorCIELabValue = [0, 32896, 32896]


def _layers(made: Dataset, source: Dataset, view: Mapping[str, Any]) -> None:
    layers: list[str] = []
    if view["graphics"]:
        made.GraphicAnnotationSequence = [_annotation(graphic) for graphic in view["graphics"]]
        layers.append(_LAYER)
    groups = [group for group in _OVERLAY_GROUPS if (group, 0x10) in source] if view["overlays"] else []
    for group in groups:
        made.add_new((group, 0x1001), "CS", _OVERLAYS)
    layers += [_OVERLAYS] if groups else []
    if layers:
        made.GraphicLayerSequence = [
            dataset(GraphicLayer=name, GraphicLayerOrder=n) for n, name in enumerate(layers, 1)
        ]


def _annotation(graphic: Mapping[str, Any]) -> Dataset:
    """Return lines and text of one measurement; pixels begin with 0, 0 in the corner of the first (C.10.5)."""
    made = dataset(GraphicLayer=_LAYER)
    if graphic["lines"]:
        made.GraphicObjectSequence = [_line(points) for points in graphic["lines"]]
    if graphic["text"]:
        (left, top), (right, bottom) = graphic["box"]
        text = dataset(
            BoundingBoxAnnotationUnits="PIXEL",
            UnformattedTextValue="\r\n".join(graphic["text"].splitlines())[:1024],
            BoundingBoxTopLeftHandCorner=[left, top],
            BoundingBoxBottomRightHandCorner=[right, bottom],
            BoundingBoxTextHorizontalJustification="LEFT",
        )
        if graphic.get("anchor"):
            text.AnchorPointAnnotationUnits, text.AnchorPoint = "PIXEL", list(graphic["anchor"])
            text.AnchorPointVisibility = "N"  # the line to it is drawn
        made.TextObjectSequence = [text]
    return made


def _line(points: Sequence[Sequence[float]]) -> Dataset:
    closed = len(points) > 2 and points[0] == points[-1]
    made = dataset(
        GraphicAnnotationUnits="PIXEL",
        GraphicDimensions=2,
        NumberOfGraphicPoints=len(points),
        GraphicData=[coordinate for point in points for coordinate in point],
        GraphicType="POLYLINE" if len(points) > 1 else "POINT",
    )
    if closed:
        made.GraphicFilled = "N"
    return made
