"""The acceptor's policy against what peers propose."""

import pytest

from isocenter.ul.items import ContextResult, PresentationContext
from isocenter.ul.negotiation import AcceptorPolicy, GrantedRoles, negotiate
from isocenter.ul.pdu import AssociateAccept, AssociateReject, write_pdu
from isocenter.ul.user_information import (
    AsynchronousOperationsWindow,
    RoleSelection,
    UserIdentity,
    UserInformation,
)

CT, MR, PRIVATE = "1.2.840.10008.5.1.4.1.1.2", "1.2.840.10008.5.1.4.1.1.4", "1.2.3.4"
IMPLICIT, EXPLICIT, JPEG = "1.2.840.10008.1.2", "1.2.840.10008.1.2.1", "1.2.840.10008.1.2.4.70"
ACCEPTED, NO_ABSTRACT, NO_TRANSFER = ContextResult(0), ContextResult(3), ContextResult(4)


def policy(**changes: object) -> AcceptorPolicy:
    values: dict[str, object] = {"aet": "ARCHIVE", "transfer_syntaxes": {CT: (EXPLICIT, IMPLICIT)}}
    return AcceptorPolicy(**(values | changes))


@pytest.mark.parametrize(
    ("abstract_syntax", "offered", "result", "chosen"),
    [
        pytest.param(CT, (IMPLICIT, EXPLICIT), ACCEPTED, EXPLICIT, id="our order, not theirs"),
        pytest.param(CT, (JPEG, IMPLICIT), ACCEPTED, IMPLICIT, id="first acceptable"),
        pytest.param(CT, (JPEG,), NO_TRANSFER, "", id="no transfer syntax"),
        pytest.param(MR, (EXPLICIT,), NO_ABSTRACT, "", id="no abstract syntax"),
    ],
)
def test_contexts(new_request, abstract_syntax, offered, result, chosen) -> None:
    request = new_request(contexts=(PresentationContext(7, abstract_syntax, offered),))
    answer = negotiate(request, policy())
    assert isinstance(answer, AssociateAccept)
    assert [(r.context_id, r.result, r.transfer_syntax) for r in answer.results] == [(7, result, chosen)]


@pytest.mark.parametrize(
    ("abstract_syntax", "result"),
    [(PRIVATE, ACCEPTED), (MR, ACCEPTED), ("not a uid", NO_ABSTRACT), ("1..2", NO_ABSTRACT), ("", NO_ABSTRACT)],
)
def test_unknown_abstract_syntaxes_by_policy(new_request, abstract_syntax, result) -> None:
    request = new_request(contexts=(PresentationContext(1, abstract_syntax, (IMPLICIT,)),))
    answer = negotiate(request, policy(unknown_abstract_syntaxes=(EXPLICIT, IMPLICIT)))
    assert answer.results[0].result is result


@pytest.mark.parametrize(
    ("changes", "check", "expected"),
    [
        pytest.param({"called_aet": "OTHER"}, True, AssociateReject(1, 1, 7), id="called title"),
        pytest.param({"called_aet": ""}, False, AssociateReject(1, 1, 7), id="no called title"),
        pytest.param({"calling_aet": ""}, False, AssociateReject(1, 1, 3), id="no calling title"),
        pytest.param({"application_context": "1.2"}, False, AssociateReject(1, 1, 2), id="application context"),
        pytest.param({"contexts": ()}, False, AssociateReject(1, 1, 1), id="no context"),
    ],
)
def test_rejections(new_request, changes, check, expected) -> None:
    assert negotiate(new_request(**changes), policy(check_called_aet=check)) == expected


def test_another_called_title_is_fine_where_it_is_not_checked(new_request) -> None:
    answer = negotiate(new_request(called_aet="OTHER"), policy())
    assert (answer.called_aet, answer.calling_aet) == ("OTHER", "SCANNER")


def test_roles_are_granted_as_far_as_the_policy_goes(new_request) -> None:
    asked = (RoleSelection(CT, True, True), RoleSelection(MR, False, True))
    request = new_request(user_information=UserInformation(roles=asked))
    answer = negotiate(request, policy(roles={MR: GrantedRoles(scu=False, scp=True)}))
    assert answer.user_information.roles == (RoleSelection(CT, True, False), RoleSelection(MR, False, True))


def test_roles_for_what_is_no_uid_are_not_answered(new_request) -> None:
    """Such an item could not be written."""
    asked = tuple(RoleSelection(uid, True, True) for uid in ("", "x" * 70, CT))
    answer = negotiate(new_request(user_information=UserInformation(roles=asked)), policy())
    assert [role.sop_class_uid for role in answer.user_information.roles] == [CT]
    write_pdu(answer)


def test_what_is_announced(new_request) -> None:
    asked = UserInformation(
        max_length=16384,
        asynchronous_operations_window=AsynchronousOperationsWindow(0, 0),
        user_identity=UserIdentity(1, b"me", positive_response_requested=True),
    )
    answer = negotiate(
        new_request(user_information=asked),
        policy(max_length=131072, implementation_class_uid="1.2", implementation_version_name="V"),
    )
    assert answer.user_information == UserInformation(
        max_length=131072,
        implementation_class_uid="1.2",
        implementation_version_name="V",
        asynchronous_operations_window=AsynchronousOperationsWindow(1, 1),
    )
