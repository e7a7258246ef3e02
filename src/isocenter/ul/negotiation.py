"""How an acceptor answers an association request (PS3.8 7.1.1, 9.3.3; PS3.7 D.3.3): the policy as data, applied.

Per abstract syntax the first transfer syntax in our order of preference that the peer offers; roles and extended
negotiation as far as the policy grants them. Users are decided on elsewhere.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field

from isocenter.dicom.uids import is_valid_uid
from isocenter.ul.items import APPLICATION_CONTEXT, ContextResult, PresentationContext, PresentationResult
from isocenter.ul.pdu import AssociateAccept, AssociateReject, AssociateRequest, RejectResult, RejectSource
from isocenter.ul.user_information import (
    AsynchronousOperationsWindow,
    ExtendedNegotiation,
    RoleSelection,
    UserInformation,
)

_USER = RejectSource.SERVICE_USER
_NO_REASON, _APPLICATION_CONTEXT, _CALLING_AET, _CALLED_AET = 1, 2, 3, 7

#: The answer to one request too many (PS3.8 Table 9-21).
LOCAL_LIMIT_EXCEEDED = AssociateReject(RejectResult.TRANSIENT, RejectSource.SERVICE_PROVIDER_PRESENTATION, 2)


@dataclass(frozen=True, slots=True)
class GrantedRoles:
    """Roles a requestor may have for a SOP class; the default role of a requestor is SCU."""

    scu: bool = True
    scp: bool = False


@dataclass(frozen=True, slots=True)
class AcceptorPolicy:
    """What an acceptor accepts.

    ``transfer_syntaxes`` maps each abstract syntax to the transfer syntaxes we take, best first;
    ``unknown_abstract_syntaxes`` are those for every other abstract syntax (empty = refuse it). ``agree`` takes an
    abstract syntax and what extended negotiation proposes for it, and returns the answer (None = refuse it). ``window``
    says how many operations may be outstanding in an association of these abstract syntaxes.
    """

    aet: str
    transfer_syntaxes: Mapping[str, tuple[str, ...]]
    unknown_abstract_syntaxes: tuple[str, ...] = ()
    check_called_aet: bool = False
    roles: Mapping[str, GrantedRoles] = field(default_factory=dict)
    agree: Callable[[str, bytes], bytes | None] = lambda _uid, _proposed: None
    window: Callable[[frozenset[str]], int] = lambda _uids: 1
    max_length: int = 262144
    implementation_class_uid: str = ""
    implementation_version_name: str = ""


def negotiate(
    request: AssociateRequest,
    policy: AcceptorPolicy,
    refused: frozenset[str] = frozenset(),
    receiving: frozenset[str] = frozenset(),
) -> AssociateAccept | AssociateReject:
    """Return the answer to a request; an acceptance may hold refused contexts only, as PS3.8 allows.

    ``refused``: abstract syntaxes that this peer may not use. One that may use none of those it asks for is told that
    its AE title is not recognized, which says more than an association of refused contexts. ``receiving``: those of
    which it may be the provider (SCP) only.
    """
    reason = _refusal(request, policy)
    if reason is None and all(context.abstract_syntax in refused for context in request.contexts):
        reason = _CALLING_AET
    if reason is not None:
        return AssociateReject(RejectResult.PERMANENT, _USER, reason)
    results = tuple(_answer(context, policy, refused) for context in request.contexts)
    accepted = frozenset(
        context.abstract_syntax
        for context, result in zip(request.contexts, results, strict=True)
        if result.result is ContextResult.ACCEPTANCE
    )
    information = _answer_information(request.user_information, policy, receiving, accepted)
    return AssociateAccept(request.called_aet, request.calling_aet, results, information)


def _refusal(request: AssociateRequest, policy: AcceptorPolicy) -> int | None:
    if request.application_context != APPLICATION_CONTEXT:
        return _APPLICATION_CONTEXT
    if not request.called_aet or (policy.check_called_aet and request.called_aet != policy.aet):
        return _CALLED_AET
    if not request.calling_aet:
        return _CALLING_AET
    return None if request.contexts else _NO_REASON


def _answer(context: PresentationContext, policy: AcceptorPolicy, refused: frozenset[str]) -> PresentationResult:
    if context.abstract_syntax in refused:
        return PresentationResult(context.context_id, ContextResult.USER_REJECTION)
    ours = policy.transfer_syntaxes.get(context.abstract_syntax)
    if ours is None and is_valid_uid(context.abstract_syntax):
        ours = policy.unknown_abstract_syntaxes
    if not ours:
        return PresentationResult(context.context_id, ContextResult.ABSTRACT_SYNTAX_NOT_SUPPORTED)
    offered = frozenset(context.transfer_syntaxes)
    best = next((uid for uid in ours if uid in offered), None)
    if best is None:
        return PresentationResult(context.context_id, ContextResult.TRANSFER_SYNTAXES_NOT_SUPPORTED)
    return PresentationResult(context.context_id, ContextResult.ACCEPTANCE, best)


def _answer_information(
    asked: UserInformation, policy: AcceptorPolicy, receiving: frozenset[str], accepted: frozenset[str]
) -> UserInformation:
    window = asked.asynchronous_operations_window
    return UserInformation(
        max_length=policy.max_length,
        implementation_class_uid=policy.implementation_class_uid,
        implementation_version_name=policy.implementation_version_name,
        asynchronous_operations_window=None if window is None else _narrow(window, policy.window(accepted)),
        roles=tuple(_grant(role, policy, receiving) for role in asked.roles if is_valid_uid(role.sop_class_uid)),
        extended=tuple(_extend(asked.extended, policy)),
    )


def _narrow(asked: AsynchronousOperationsWindow, most: int) -> AsynchronousOperationsWindow:
    """Return how many operations the requestor may have outstanding, 0 being as many as it likes; we have one."""
    return AsynchronousOperationsWindow(min(asked.invoked or most, most), 1)


def _extend(asked: tuple[ExtendedNegotiation, ...], policy: AcceptorPolicy) -> Iterator[ExtendedNegotiation]:
    for item in asked:
        answer = policy.agree(item.sop_class_uid, item.information)
        if answer is not None:
            yield ExtendedNegotiation(item.sop_class_uid, answer)


def _grant(role: RoleSelection, policy: AcceptorPolicy, receiving: frozenset[str]) -> RoleSelection:
    granted = policy.roles.get(role.sop_class_uid, GrantedRoles())
    return RoleSelection(
        role.sop_class_uid, role.scu and granted.scu and role.sop_class_uid not in receiving, role.scp and granted.scp
    )
