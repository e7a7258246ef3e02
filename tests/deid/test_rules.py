"""Which action an attribute gets: each row of Table E.1-1 alone and with each option, types, no gap in the roles."""

import pytest

from isocenter.deid._tables.profile import ATTRIBUTES as ROWS
from isocenter.deid._tables.profile import EDITION
from isocenter.deid._tables.safe_private import SAFE_PRIVATE
from isocenter.deid._tables.types import SOP_CLASSES
from isocenter.deid.options import CODES, PROFILES, Option, Policy, policy
from isocenter.deid.rules import Action, Rules, attribute_type
from isocenter.deid.supplement import _LISTS, REVIEWED_VRS, ROLES, Role, role_of
from isocenter.dicom import dictionary
from isocenter.dicom._tables.attributes import ATTRIBUTES
from isocenter.errors import UsageError

CT, SR = "1.2.840.10008.5.1.4.1.1.2", "1.2.840.10008.5.1.4.1.1.88.33"
BASIC = Policy()
SIMPLE = {"X": Action.REMOVE, "Z": Action.EMPTY, "D": Action.DUMMY, "U": Action.UID}
TAGS = {key: int(key, 16) for key in ROWS if key.isalnum() and "x" not in key and key != "P"}


def expected(code: str, tag: int) -> set[Action]:
    """Return the actions that do what a code says; sequences are emptied, removed, or cleaned item by item."""
    found = {SIMPLE[part] for part in code.replace("*", "").split("/")}
    if code == "X" and attribute_type(tag, 0, CT) < 3:
        return {Action.EMPTY, Action.DUMMY}
    if dictionary.vr(tag) == "SQ" and found & {Action.DUMMY, Action.UID}:
        found.add(Action.SEQUENCE)
    return found


def test_the_table_is_the_edition_that_is_claimed() -> None:
    assert EDITION == "2026d"
    assert len(ROWS) == 657
    assert len(SAFE_PRIVATE) > 450


@pytest.mark.parametrize("key", TAGS)
def test_basic_action_of_every_row(key: str) -> None:
    tag, (basic, _, _) = TAGS[key], ROWS[key]
    action = Rules(BASIC, CT).action(tag)
    if tag == 0x00420011:
        assert action is Action.SEQUESTER
    elif tag >> 16 <= 4:
        assert action is Action.REMOVE
    else:
        assert action in expected(basic, tag)


KEPT = {Action.KEEP, Action.CHECK, Action.NUMBER, Action.AGE, Action.SEQUENCE}
CLEANED = {Action.SHIFT, Action.CLEAN, Action.CLEAN_EMPTY, Action.CLEAN_REQUIRED, Action.SEQUENCE}


@pytest.mark.parametrize("option", [o for o in Option if o not in {Option.PIXEL_DATA, Option.VISUAL_FEATURES}])
def test_action_of_every_row_with_one_option(option: Option) -> None:
    rules, basic = Rules(Policy("one", frozenset({option})), CT), Rules(BASIC, CT)
    seen = 0
    for key, tag in TAGS.items():
        if tag >> 16 <= 4:
            continue
        code = dict(ROWS[key][1]).get(option)
        action = rules.action(tag)
        if code == "K":
            assert action in KEPT, key
        elif code == "C" and dictionary.vr(tag) in {"DA", "DT", "TM", "SQ", "LO", "LT", "ST", "UT", "UC"}:
            assert action in CLEANED or action is basic.action(tag), key
        elif code is None and ROWS[key][0] != "X/Z/U*":
            assert action is basic.action(tag), key
        seen += code is not None
    assert seen or option in {Option.SAFE_PRIVATE, Option.GRAPHICS}


def test_private_attributes_go_without_the_option() -> None:
    assert Rules(BASIC, CT).action(0x00091001) is Action.REMOVE
    assert Rules(policy("tcia"), CT).action(0x00091001) is Action.PRIVATE


@pytest.mark.parametrize(
    ("tag", "sop_class", "parent", "strongest"),
    [
        (0x00081140, CT, 0, 3),
        (0x00181000, CT, 0, 3),
        (0x0040A075, SR, 0x0040A073, 1),
        (0x0040A160, SR, 0x0040A730, 1),
        (0x00080020, CT, 0, 2),
        (0x00080020, "1.2.3.4", 0, 2),  # of a class that is not known: the strongest of all
    ],
)  # fmt: skip
def test_types_come_from_the_iod(tag: int, sop_class: str, parent: int, strongest: int) -> None:
    assert attribute_type(tag, parent, sop_class) == strongest


def test_compound_actions_follow_the_type() -> None:
    rules = Rules(BASIC, CT)
    assert rules.action(0x00180010) is Action.EMPTY  # Contrast/Bolus Agent, Z/D, type 2
    assert rules.action(0x00181000) is Action.REMOVE  # Device Serial Number, X/Z/D, type 3
    assert Rules(BASIC, SR).action(0x0040A160, 0x0040A730) is Action.DUMMY


def test_every_attribute_of_the_dictionary_has_a_reviewed_role() -> None:
    gaps = [
        f"{tag:08X} {row[2]}"
        for tag, row in ATTRIBUTES.items()
        if row[2]
        and tag >> 16 > 2
        and f"{tag:08X}" not in ROWS
        and dictionary.vr(tag) in REVIEWED_VRS
        and row[2] not in ROLES
    ]
    assert gaps == []


def test_the_supplement_names_what_exists_once_and_only_strengthens() -> None:
    words = [word for text in _LISTS.values() for word in text.split()]
    assert len(words) == len(set(words))
    tags = {row[2]: tag for tag, row in ATTRIBUTES.items()}
    assert [word for word in words if word not in tags] == []
    assert [word for word in words if f"{tags[word]:08X}" in ROWS] == []


@pytest.mark.parametrize("vr", ["DA", "DT", "TM", "PN"])
def test_dates_and_names_are_never_kept_by_default(vr: str) -> None:
    rules = Rules(BASIC, CT)
    kept = [tag for tag in ATTRIBUTES if dictionary.vr(tag) == vr and rules.action(tag) in KEPT]
    assert kept == []


def test_uids_are_mapped_or_defined() -> None:
    rules = Rules(BASIC, CT)
    allowed = {Action.UID, Action.DEFINITION, Action.REMOVE, Action.EMPTY, Action.DUMMY}
    assert [tag for tag in ATTRIBUTES if dictionary.vr(tag) == "UI" and rules.action(tag) not in allowed] == []


def test_an_unknown_attribute_has_the_strictest_role() -> None:
    assert role_of(0x00080FFF) is Role.IDENTIFYING
    assert Rules(policy("tcia"), CT).action(0x00080FFF) is Action.REMOVE


def test_contradictions_and_what_is_not_available_are_refused() -> None:
    with pytest.raises(UsageError, match="contradict"):
        Policy("x", frozenset({Option.FULL_DATES, Option.MODIFIED_DATES}))
    with pytest.raises(UsageError, match="contradict"):
        policy("research", ["dates", "modified-dates"])
    with pytest.raises(UsageError, match="faces"):
        Policy("x", frozenset({Option.VISUAL_FEATURES}))
    with pytest.raises(UsageError, match="no profile"):
        policy("nonsense")
    with pytest.raises(UsageError, match="does not know"):
        policy("basic", ["nonsense"])


def test_device_dates_do_not_disclose_the_offset() -> None:
    """Kept calibration dates beside shifted ones would give the offset away, so Device Identity is not claimed then."""
    both = policy("tcia")
    assert Rules(both, CT).action(0x00181200) is Action.REMOVE
    assert CODES[Option.DEVICE] not in both.codes()
    assert CODES[Option.DEVICE] in policy("basic", ["device"]).codes()
    assert Rules(policy("basic", ["device"]), CT).action(0x00181200) is Action.KEEP


@pytest.mark.parametrize("name", PROFILES)
def test_policies_are_told_apart(name: str) -> None:
    assert sum(policy(other).digest() == policy(name).digest() for other in PROFILES) == 1
    assert policy(name).codes()[0] == "113100"


def test_what_an_iod_requires_is_never_removed_and_never_emptied() -> None:
    """Every row in every IOD: type 1 has a value afterwards, type 2 is there (PS3.15 E.1.1, PS3.5 7.4)."""
    wrong = []
    one_of_each = {tuple(modules): sop_class for sop_class, modules in SOP_CLASSES.items()}
    for sop_class in one_of_each.values():
        for name in ("basic", "tcia"):
            rules = Rules(policy(name), sop_class)
            for tag in TAGS.values():
                strongest = attribute_type(tag, 0, sop_class)
                forbidden = {1: {Action.REMOVE, Action.EMPTY}, 2: {Action.REMOVE}}.get(strongest, set())
                if rules.action(tag) in forbidden:
                    wrong.append((sop_class, name, f"{tag:08X}", strongest, rules.action(tag).name))
    assert wrong == []
