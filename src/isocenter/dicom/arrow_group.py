"""An arrow with text, or a text at a place, as a measurement group of TID 1410 (PS3.16) that measures nothing.

What it points at is the region, a point; the line from there to the text is a path beside it. The text is the comment
of the group and what it is tracked by, where viewers look for labels.
"""

from collections.abc import Mapping
from typing import Any

from pydicom.dataset import Dataset

from isocenter.dicom.content_items import Code, container, item, template
from isocenter.dicom.measured_place import place
from isocenter.dicom.uids import new_uid

_REGION: Code = ("111030", "DCM", "Image Region")
_PATH: Code = ("121055", "DCM", "Path")
_COMMENT: Code = ("121106", "DCM", "Comment")


def arrow_group(draft: Mapping[str, Any], classes: Mapping[str, str]) -> Dataset:
    """Return the group of one arrow; ``classes`` are SOP classes by instance."""
    text, points = draft.get("name", ""), draft["points"]
    content = [
        item("HAS OBS CONTEXT", "TEXT", ("112039", "DCM", "Tracking Identifier"), TextValue=text or "Arrow"),
        item("HAS OBS CONTEXT", "UIDREF", ("112040", "DCM", "Tracking Unique Identifier"), UID=new_uid()),
        place({**draft, "kind": "probe", "points": points[:1]}, classes, "CONTAINS", _REGION),
    ]
    if len(points) > 1:
        content.append(place({**draft, "kind": "length"}, classes, "CONTAINS", _PATH))
    if text:
        content.append(item("CONTAINS", "TEXT", _COMMENT, TextValue=text))
    group = container("CONTAINS", ("125007", "DCM", "Measurement Group"), content)
    group.ContentTemplateSequence = template("1410")
    return group
