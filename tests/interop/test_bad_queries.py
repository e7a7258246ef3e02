"""Bad identifiers sent to a whole node: each gets the standard's status and a comment, and the node goes on."""

from collections.abc import Iterator
from typing import Any

import pytest

from isocenter.dicom.json import json_to_data_set
from isocenter.dimse.commands import CommandField
from isocenter.dimse.status import StatusCategory, category
from isocenter.net.client import ClientAssociation, Proposal, connect
from isocenter.net.peer import Peer
from isocenter.services.information_model import IDENTIFIER_SYNTAXES, STUDY_ROOT
from isocenter.ups.attributes import element, key

from .conftest import FullNode

LONG = "9" * 10_000
OK, WRONG = 0x0000, 0xA900
LEVEL, UID = element("QueryRetrieveLevel", "STUDY"), element("StudyInstanceUID")


@pytest.fixture(scope="module")
def node(tmp_path_factory: pytest.TempPathFactory) -> Iterator[FullNode]:
    made = FullNode(tmp_path_factory.mktemp("archive"))
    made.fill("CT_small.dcm", "MR_small_implicit.dcm")
    yield made
    made.close()


@pytest.fixture(scope="module")
def association(node: FullNode) -> Iterator[ClientAssociation]:
    """One association for all, so that each query shows that it survived the one before."""
    with connect(Peer("ISOCENTER", "127.0.0.1", node.port), [Proposal(STUDY_ROOT.find, IDENTIFIER_SYNTAXES)]) as opened:
        yield opened


def ask(association: ClientAssociation, identifier: bytes) -> tuple[int, int, str]:
    """Return the number of answers, the last status and its comment."""
    for answers, (_, response) in enumerate(
        association.ask(STUDY_ROOT.find, CommandField.C_FIND_RQ, lambda _: identifier)
    ):
        status = response.command.Status or 0
        if category(status) is not StatusCategory.PENDING:
            return answers, status, response.command.ErrorComment or ""
    raise AssertionError("no last response")


def query(**keys: Any) -> bytes:
    """Return an identifier; ``t00091001`` is a tag."""
    attributes = {"00080052": LEVEL, "0020000D": UID}
    for name, value in keys.items():
        if name[0] == "t":
            attributes[name[1:]] = {"vr": "LO", "Value": [value]}
        else:
            made = element(name, value)
            attributes[key(name)] = made | ({"Value": [{"Alphabetic": value}]} if made["vr"] == "PN" else {})
    return json_to_data_set(dict(sorted(attributes.items())), implicit=False, character_set=("ISO_IR 192",))


#: 3200 elements of 16 private groups.
PRIVATE = {f"t{(9 + 2 * group) << 16 | 0x1000 | number:08X}": "1" for group in range(16) for number in range(200)}


@pytest.mark.parametrize(
    ("identifier", "answers", "status", "comment"),
    [
        # keys that do not exist: everything else counts
        pytest.param(query(t00091001="x", t00311077="y"), 2, OK, "", id="unknown"),
        pytest.param(query(**PRIVATE), 2, OK, "", id="thousands of keys"),
        # keys that do not parse
        pytest.param(query(StudyDate="31.01.2024"), 0, WRONG, "StudyDate", id="no date"),
        pytest.param(query(StudyTime="noon"), 0, WRONG, "StudyTime", id="no time"),
        pytest.param(query(StudyDate="20250101-20240101"), 0, OK, "", id="empty range"),
        # 10 000 characters
        *(pytest.param(query(**{name: LONG}), 0, OK, "", id=f"long {name}")
          for name in ("PatientID", "PatientName", "AccessionNumber", "StudyInstanceUID", "ModalitiesInStudy")),
        pytest.param(query(StudyDate=LONG), 0, WRONG, "StudyDate", id="long date"),
        # floods of wildcards, and SQL
        pytest.param(query(PatientName="*?" * 5000), 0, OK, "", id="wildcards"),
        pytest.param(query(PatientID="*a" * 5000), 0, OK, "", id="wildcards with letters"),
        *(pytest.param(query(PatientID=text), 0, OK, "", id=f"sql {number}") for number, text in enumerate(
            ("' OR 1=1 --", "1'); DROP TABLE study; --", "%", "_", "a%' ESCAPE 'x"))),
        # the wrong level, and what is no data set
        pytest.param(json_to_data_set({"00080052": element("QueryRetrieveLevel", "PATIENT")}), 0, WRONG,
                     "QueryRetrieveLevel", id="wrong level"),
        pytest.param(json_to_data_set({"00080052": element("QueryRetrieveLevel", "IMAGE")}), 0, WRONG,
                     "StudyInstanceUID", id="nothing above"),
        pytest.param(json_to_data_set({"00100020": element("PatientID", "1")}), 0, WRONG, "QueryRetrieveLevel",
                     id="no level"),
        pytest.param(query()[:-3], 0, WRONG, "cut short", id="cut short"),
        pytest.param(b"\xff" * 500, 0, WRONG, "identifier", id="noise"),
        pytest.param(query() + bytes(2_000_000), 0, WRONG, "longer than", id="too long"),
    ],
)  # fmt: skip
def test_bad_identifiers(
    association: ClientAssociation, identifier: bytes, answers: int, status: int, comment: str
) -> None:
    found = ask(association, identifier)
    assert found[:2] == (answers, status), found
    assert comment in found[2]
    assert len(found[2]) <= 64  # LO
    assert ask(association, query())[:2] == (2, OK)
