"""Which action an attribute gets: Table E.1-1, its options, the supplement, and the types of the IOD (PS3.15 E.2, E.3).

Keyed on tags. Compound actions (X/Z, X/D, Z/D, X/Z/D, X/Z/U*) and the roles of the supplement are resolved by the
strongest type that any module of the object's IOD gives the attribute in its sequence: 1 -> D, 2 -> Z, 3 -> X. So is X
where the table removes what the IOD requires.
"""

from enum import Enum, auto
from functools import lru_cache

from isocenter.deid._tables.profile import ATTRIBUTES
from isocenter.deid._tables.types import MODULES, SOP_CLASSES
from isocenter.deid.options import Option, Policy
from isocenter.deid.supplement import Role, role_of
from isocenter.dicom import dictionary

__all__ = ["Action", "Rules", "attribute_type", "profile_row"]


class Action(Enum):
    """What happens to one element."""

    KEEP = auto()
    CHECK = auto()  # kept unless it holds an identifier of this object
    NUMBER = auto()  # kept when it holds numbers
    SEQUENCE = auto()  # its items are handled one by one
    REMOVE = auto()
    EMPTY = auto()
    DUMMY = auto()
    UID = auto()
    DEFINITION = auto()
    SHIFT = auto()
    CLEAN = auto()  # technical words stay; removed when nothing is left
    CLEAN_EMPTY = auto()  # the same; empty when nothing is left
    CLEAN_REQUIRED = auto()  # the same; a dummy when nothing is left
    AGE = auto()
    ICC = auto()
    OFFSETS = auto()  # kept when it holds places in this object
    CHARACTER_SET = auto()  # its defined terms stay
    PRIVATE = auto()
    SEQUESTER = auto()

    __hash__ = object.__hash__  # members are singletons, and this one is not written in Python


PATIENT_AGE = 0x00101010
ENCAPSULATED_DOCUMENT = 0x00420011
_CURVES, _OVERLAYS, _PIXELS = 0x5000, 0x6000, 0x7FE0
_DATE_VRS = frozenset({"DA", "DT", "TM"})
_ROLE_ACTIONS: dict[Role, Action] = {
    Role.TECHNICAL: Action.CHECK, Role.NUMBER: Action.NUMBER, Role.VALUE: Action.KEEP,
    Role.SEQUENCE: Action.SEQUENCE, Role.DEFINITION: Action.DEFINITION, Role.UID: Action.UID, Role.ICC: Action.ICC,
    Role.OFFSETS: Action.OFFSETS, Role.CHARACTER_SET: Action.CHARACTER_SET,
}  # fmt: skip
#: Role -> the option under which the attribute is kept or cleaned, and what it then gets.
_ROLE_OPTIONS: dict[Role, tuple[tuple[Option, Action], ...]] = {
    Role.DATE: ((Option.FULL_DATES, Action.KEEP), (Option.MODIFIED_DATES, Action.SHIFT)),
    Role.DEVICE_DATE: ((Option.FULL_DATES, Action.KEEP),),
    Role.TEXT: ((Option.DESCRIPTORS, Action.CLEAN),),
    Role.DEVICE: ((Option.DEVICE, Action.CHECK),),
    Role.UID: ((Option.UIDS, Action.KEEP),),
}
_REFERENCES = "X/Z/U*"
_TYPED: dict[str, dict[int, str]] = {
    "X": {1: "D", 2: "Z", 3: "X"},  # an object that breaks its IOD is of no use; empty says as little as removed
    "Z/D": {1: "D", 2: "Z", 3: "Z"},
    "X/Z": {1: "Z", 2: "Z", 3: "X"},
    "X/D": {1: "D", 2: "D", 3: "X"},
    "X/Z/D": {1: "D", 2: "Z", 3: "X"},
    _REFERENCES: {1: "U", 2: "U", 3: "X"},
}
#: What a cleaned text becomes when nothing is left of it, by what it would be without the option.
_CLEAN: dict[Action, Action] = {Action.EMPTY: Action.CLEAN_EMPTY, Action.DUMMY: Action.CLEAN_REQUIRED}
_BASIC: dict[str, Action] = {"X": Action.REMOVE, "Z": Action.EMPTY, "D": Action.DUMMY, "U": Action.UID}


def profile_row(tag: int) -> tuple[str, tuple[tuple[str, str], ...], str] | None:
    """Return the row of Table E.1-1: (basic action, ((option, action), ...), name)."""
    return ATTRIBUTES.get(f"{tag:08X}")


@lru_cache(maxsize=1)
def _all_modules() -> tuple[int, ...]:
    return tuple(range(len(MODULES)))


def attribute_type(tag: int, parent: int, sop_class: str) -> int:
    """Return 1, 2 or 3: the strongest type in the IOD, in all IODs for a SOP class that is not known."""
    key = parent << 32 | tag
    return min((MODULES[number].get(key, 3) for number in SOP_CLASSES.get(sop_class, _all_modules())), default=3)


class Rules:
    """The actions of one policy for one SOP class, found on first use; ``parent`` is the enclosing sequence's tag."""

    def __init__(self, policy: Policy, sop_class: str) -> None:
        self.policy = policy
        self.sop_class = sop_class
        self._known: dict[int, Action] = {}

    def action(self, tag: int, parent: int = 0) -> Action:
        """Return what happens to an element."""
        key = parent << 32 | tag
        found = self._known.get(key)
        if found is None:
            found = self._known[key] = self._find(tag, parent)
        return found

    def _find(self, tag: int, parent: int) -> Action:
        group = tag >> 16
        if group % 2:
            return Action.PRIVATE if Option.SAFE_PRIVATE in self.policy.options else Action.REMOVE
        if not tag & 0xFFFF or group <= 0x0004 or group & 0xFF00 in {_CURVES, _OVERLAYS}:
            return Action.REMOVE
        if tag == ENCAPSULATED_DOCUMENT:
            return Action.SEQUESTER
        if parent and group == _PIXELS:
            return Action.REMOVE  # a picture in an item, as icons are: nobody has looked at it
        row = profile_row(tag)
        action = self._by_role(tag, parent) if row is None else self._by_row(tag, parent, row[0], dict(row[1]))
        return _fit(tag, action)

    def _by_role(self, tag: int, parent: int) -> Action:
        role = role_of(tag)
        for option, action in _ROLE_OPTIONS.get(role, ()):
            if option in self.policy.options:
                return self._clean("X/Z/D", tag, parent) if action is Action.CLEAN else action
        return _ROLE_ACTIONS.get(role) or self._typed("X/Z/D", tag, parent)

    def _by_row(self, tag: int, parent: int, basic: str, options: dict[str, str]) -> Action:
        chosen = {option: code for option, code in options.items() if option in self.policy.options}
        if Option.MODIFIED_DATES in chosen:
            movable = dictionary.vr(tag) in _DATE_VRS and Option.DEVICE not in options
            return Action.SHIFT if movable else self._typed(basic, tag, parent)
        if "K" in chosen.values():
            return self._kept(tag, chosen)
        if chosen:
            if dictionary.vr(tag) == "SQ":
                return Action.SEQUENCE
            return Action.DUMMY if Option.DEVICE in chosen else self._clean(basic, tag, parent)
        return self._typed(basic, tag, parent)

    @staticmethod
    def _kept(tag: int, chosen: dict[str, str]) -> Action:
        if tag == PATIENT_AGE:
            return Action.AGE
        exact = chosen.keys() & {Option.FULL_DATES, Option.UIDS, Option.INSTITUTION}
        if exact or dictionary.vr(tag) in {"UI", *_DATE_VRS}:
            return Action.KEEP
        return Action.NUMBER if dictionary.vr(tag) in {"DS", "IS"} else Action.CHECK

    def _clean(self, basic: str, tag: int, parent: int) -> Action:
        return _CLEAN.get(self._typed(basic, tag, parent), Action.CLEAN)

    def _typed(self, code: str, tag: int, parent: int) -> Action:
        if code == _REFERENCES and self.policy.options:
            return Action.UID  # a mapped reference identifies nothing, and viewers need it
        if code in _TYPED:
            code = _TYPED[code][attribute_type(tag, parent, self.sop_class)]
        return _BASIC[code]


def _fit(tag: int, action: Action) -> Action:
    """Return the action that a sequence, whose items are what identifies, can have."""
    if dictionary.vr(tag) != "SQ":
        return action
    if action in {Action.UID, Action.KEEP, Action.CHECK, Action.CLEAN, Action.CLEAN_EMPTY, Action.CLEAN_REQUIRED}:
        return Action.SEQUENCE
    if action is Action.DUMMY and not dictionary.keyword(tag).endswith("CodeSequence"):
        return Action.SEQUENCE  # what identifies in it has rows of its own
    return action
