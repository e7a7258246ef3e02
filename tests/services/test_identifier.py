"""Identifiers: answers are written in the same bytes by the quick way and by the general one."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from isocenter.dicom.json import json_to_data_set
from isocenter.dicom.uids import EXPLICIT_VR_LITTLE_ENDIAN, IMPLICIT_VR_LITTLE_ENDIAN, transfer_syntax
from isocenter.services.identifier import write_identifier

TEXT = st.one_of(st.none(), st.text("aB^ .*", max_size=5), st.text("aé山", max_size=3))
VALUES = {
    "00080020": st.builds(lambda values: {"vr": "DA", "Value": values}, st.lists(st.text("0123456789", max_size=8))),
    "00100010": st.builds(
        lambda values: {"vr": "PN", "Value": values},
        st.lists(st.one_of(st.none(), st.fixed_dictionaries({}, optional={"Alphabetic": st.text("Doe^"),
                                                                           "Phonetic": st.text("やj")}))),
    ),
    "00100020": st.builds(lambda values: {"vr": "LO", "Value": values}, st.lists(TEXT)),
    "00100030": st.just({"vr": "DA"}),
    "00101030": st.builds(lambda values: {"vr": "DS", "Value": values}, st.lists(st.floats(-9, 9))),
    "0020000D": st.builds(lambda values: {"vr": "UI", "Value": values}, st.lists(st.text("12.", max_size=9))),
    "00201208": st.builds(lambda values: {"vr": "IS", "Value": values}, st.lists(st.integers(0, 10**6))),
    "00280010": st.builds(lambda values: {"vr": "US", "Value": values}, st.lists(st.integers(0, 65535))),
}  # fmt: skip


@pytest.mark.parametrize("uid", [EXPLICIT_VR_LITTLE_ENDIAN, IMPLICIT_VR_LITTLE_ENDIAN])
@pytest.mark.parametrize("declared", [(), ("ISO_IR 100",)])
@given(attributes=st.fixed_dictionaries({}, optional=VALUES))
def test_both_ways_write_the_same(uid: str, declared: tuple[str, ...], attributes: dict[str, Any]) -> None:
    syntax = transfer_syntax(uid)
    general = json_to_data_set(attributes, implicit=syntax.implicit, character_set=declared)
    assert write_identifier(attributes, syntax, declared) == general


def test_long_values_go_the_general_way() -> None:
    attributes = {"00100020": {"vr": "LO", "Value": ["x" * 70_000]}}
    assert write_identifier(attributes, transfer_syntax(EXPLICIT_VR_LITTLE_ENDIAN), ()) == json_to_data_set(attributes)
