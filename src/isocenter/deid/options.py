"""The options of the Basic Application Confidentiality Profile (PS3.15 E.3), and the profiles made of them.

A :class:`Policy` is what a run does; contradictions are refused when it is made, so none reaches a data set.
"""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from isocenter.deid._tables.methods import METHODS
from isocenter.deid._tables.profile import DIGEST, EDITION
from isocenter.errors import UsageError

BASIC_CODE = "113100"


class Option(StrEnum):
    """An option by its column in Table E.1-1."""

    PIXEL_DATA = "clean_pixel_data"
    VISUAL_FEATURES = "clean_recognizable_visual_features"
    GRAPHICS = "clean_graphics"
    STRUCTURED_CONTENT = "clean_structured_content"
    DESCRIPTORS = "clean_descriptors"
    FULL_DATES = "retain_longitudinal_full_dates"
    MODIFIED_DATES = "retain_longitudinal_modified_dates"
    PATIENT = "retain_patient_characteristics"
    DEVICE = "retain_device_identity"
    UIDS = "retain_uids"
    SAFE_PRIVATE = "retain_safe_private"
    INSTITUTION = "retain_institution_identity"


#: Option -> code of CID 7050 (PS3.16).
CODES: dict[Option, str] = {
    Option.PIXEL_DATA: "113101", Option.VISUAL_FEATURES: "113102", Option.GRAPHICS: "113103",
    Option.STRUCTURED_CONTENT: "113104", Option.DESCRIPTORS: "113105", Option.FULL_DATES: "113106",
    Option.MODIFIED_DATES: "113107", Option.PATIENT: "113108", Option.DEVICE: "113109", Option.UIDS: "113110",
    Option.SAFE_PRIVATE: "113111", Option.INSTITUTION: "113112",
}  # fmt: skip

#: What ``--keep`` calls an option.
KEEP: dict[str, Option] = {
    "dates": Option.FULL_DATES, "modified-dates": Option.MODIFIED_DATES, "patient": Option.PATIENT,
    "device": Option.DEVICE, "institution": Option.INSTITUTION, "uids": Option.UIDS, "private": Option.SAFE_PRIVATE,
    "descriptors": Option.DESCRIPTORS, "structured": Option.STRUCTURED_CONTENT, "graphics": Option.GRAPHICS,
}  # fmt: skip

_CLEANING = {Option.DESCRIPTORS, Option.STRUCTURED_CONTENT, Option.GRAPHICS}
#: Profile -> its options. All of them do what the Basic Profile demands.
PROFILES: dict[str, frozenset[Option]] = {
    "basic": frozenset(),
    "tcia": frozenset({Option.MODIFIED_DATES, Option.PATIENT, Option.DEVICE, Option.SAFE_PRIVATE} | _CLEANING),
    "research": frozenset({Option.MODIFIED_DATES, Option.PATIENT, Option.SAFE_PRIVATE} | _CLEANING),
    "teaching": frozenset({Option.PATIENT} | _CLEANING),
}
#: Options that cannot be had together.
CONTRADICTIONS: tuple[frozenset[Option], ...] = (frozenset({Option.FULL_DATES, Option.MODIFIED_DATES}),)
#: Options that are decided object by object, or that this version does not do.
_NOT_CHOSEN = {
    Option.PIXEL_DATA: "clean_pixel_data follows from what is blanked in each object; it cannot be asked for",
    Option.VISUAL_FEATURES: "clean_recognizable_visual_features follows from faces taken out; it cannot be asked for",
}


class BurnedIn(StrEnum):
    """What becomes of objects that may show text in their pixels."""

    SEQUESTER = "sequester"  # set aside
    BLANK = "blank"  # blanked where a device rule or the ultrasound regions say, else set aside
    OCR = "ocr"  # the same, and all text that is read in what remains
    OCR_TECHNICAL = "ocr-technical"  # the same, but words that are technical stay
    KEEP = "keep"  # written with their pixels as they are, and not marked as free of text


#: Those for which text is read.
READING: frozenset[BurnedIn] = frozenset({BurnedIn.OCR, BurnedIn.OCR_TECHNICAL})


@dataclass(frozen=True, slots=True)
class Box:
    """A rectangle of pixels, ends not included."""

    left: int
    top: int
    right: int
    bottom: int


@dataclass(frozen=True, slots=True)
class DeviceRule:
    """Where a device writes text: beginnings of manufacturer and model, the picture's size, and the boxes to blank.

    Raises:
        UsageError: a box is none, or outside of the picture, so that it would blank nothing or something else.
    """

    manufacturer: str
    model: str
    rows: int
    columns: int
    boxes: tuple[Box, ...]

    def __post_init__(self) -> None:
        check_boxes(self.boxes, self.rows, self.columns)


def check_boxes(boxes: Iterable[Box], rows: int, columns: int) -> None:
    """Raise UsageError for what is no rectangle inside of a picture of this size."""
    for box in boxes:
        if not (0 <= box.left < box.right <= columns and 0 <= box.top < box.bottom <= rows):
            raise UsageError("a box has left < right and top < bottom, inside of the picture")


@dataclass(frozen=True, slots=True)
class Policy:
    """What is done to every object: a profile's name, its options, and how burned-in text and faces are met.

    Raises:
        UsageError: options contradict one another, or one is not available.
    """

    name: str = "basic"
    options: frozenset[Option] = frozenset()
    burned_in: BurnedIn = BurnedIn.SEQUESTER
    device_rules: tuple[DeviceRule, ...] = ()
    deface: bool = False

    def __post_init__(self) -> None:
        for option, reason in _NOT_CHOSEN.items():
            if option in self.options:
                raise UsageError(reason)
        for pair in CONTRADICTIONS:
            if pair <= self.options:
                raise UsageError(f"{' and '.join(sorted(pair))} contradict each other: choose one of them")

    def codes(self) -> list[str]:
        """Return the codes of CID 7050 that may be claimed, the Basic Profile first.

        With modified dates, dates of devices are not kept (they would disclose the offset), so Device Identity is then
        not claimed although the rest of it is retained.
        """
        claimed = set(self.options)
        if Option.MODIFIED_DATES in claimed:
            claimed.discard(Option.DEVICE)
        return [BASIC_CODE, *sorted(CODES[option] for option in claimed)]

    def digest(self) -> str:
        """Return what tells policies apart in reports: a hash of options, table and handling of pixels."""
        text = "\n".join([EDITION, DIGEST, self.burned_in, repr(self.device_rules), *sorted(self.options)])
        text += "\ndeface" if self.deface else ""
        return hashlib.sha256(text.encode()).hexdigest()[:16]

    def longitudinal(self) -> str:
        """Return the value of Longitudinal Temporal Information Modified (0028,0303)."""
        if Option.FULL_DATES in self.options:
            return "UNMODIFIED"
        return "MODIFIED" if Option.MODIFIED_DATES in self.options else "REMOVED"


def policy(
    profile: str = "basic",
    keep: Iterable[str] = (),
    burned_in: str = "sequester",
    device_rules: tuple[DeviceRule, ...] = (),
    *,
    deface: bool = False,
) -> Policy:
    """Return the policy of a profile and of what shall be kept besides.

    Keeping full dates replaces the modified dates of a profile. Raises UsageError for names that are not known.
    """
    if profile not in PROFILES:
        raise UsageError(f"there is no profile {profile!r}: choose one of {', '.join(PROFILES)}")
    wanted = list(keep)
    unknown = [name for name in wanted if name not in KEEP]
    if unknown:
        raise UsageError(f"--keep does not know {', '.join(unknown)}: choose from {', '.join(KEEP)}")
    added = {KEEP[name] for name in wanted}
    options = set(PROFILES[profile])
    if Option.FULL_DATES in added and Option.MODIFIED_DATES not in added:
        options.discard(Option.MODIFIED_DATES)
    return Policy(profile, frozenset(options | added), BurnedIn(burned_in), device_rules, deface)


def meaning(code: str) -> str:
    """Return the meaning of a code of CID 7050."""
    return METHODS[code]
