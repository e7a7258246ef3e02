"""Every cell of PS3.8 Table 9-10, driven through the association's door in every role that can reach it."""

import pytest

from isocenter.errors import LocalProtocolError
from isocenter.ul.association import Association, Role
from isocenter.ul.events import (
    AssociationAccepted,
    AssociationRejected,
    AssociationRequested,
    ConnectionLost,
    DataReceived,
    PeerAborted,
    ProtocolViolated,
    ReleaseConfirmed,
    ReleaseRequested,
    SendData,
    TransportOpened,
)
from isocenter.ul.pdu import (
    Abort,
    AssociateAccept,
    AssociateReject,
    AssociateRequest,
    DataTransfer,
    PresentationDataValue,
    ReleaseRequest,
    ReleaseResponse,
    read_pdu,
    write_pdu,
)
from isocenter.ul.states import ACTIONS, TABLE, Action, Effect, State, Trigger

NOW, ARTIM = 1000.0, 30.0
DATA = DataTransfer((PresentationDataValue(1, False, True, b"abcd"),))
GARBAGE = b"GET / HTTP/1.1\r\n"
REJECT = AssociateReject(1, 1, 1)

Step = object  # a primitive, or bytes from the peer

REMOTE = {
    Trigger.ASSOCIATE_ACCEPT_PDU: AssociationAccepted,
    Trigger.ASSOCIATE_REJECT_PDU: AssociationRejected,
    Trigger.ASSOCIATE_REQUEST_PDU: AssociationRequested,
    Trigger.DATA_PDU: DataReceived,
    Trigger.RELEASE_REQUEST_PDU: ReleaseRequested,
    Trigger.RELEASE_RESPONSE_PDU: ReleaseConfirmed,
    Trigger.ABORT_PDU: PeerAborted,
    Trigger.TRANSPORT_CLOSED: ConnectionLost,
    Trigger.INVALID_PDU: None,
}


@pytest.fixture
def steps(request_pdu: AssociateRequest, accept_pdu: AssociateAccept) -> dict[Trigger, Step]:
    """What makes each event happen."""
    return {
        Trigger.ASSOCIATE_REQUEST: request_pdu,
        Trigger.TRANSPORT_CONFIRMED: TransportOpened(),
        Trigger.ASSOCIATE_ACCEPT_PDU: write_pdu(accept_pdu),
        Trigger.ASSOCIATE_REJECT_PDU: write_pdu(REJECT),
        Trigger.TRANSPORT_INDICATED: TransportOpened(),
        Trigger.ASSOCIATE_REQUEST_PDU: write_pdu(request_pdu),
        Trigger.ASSOCIATE_RESPONSE_ACCEPT: accept_pdu,
        Trigger.ASSOCIATE_RESPONSE_REJECT: REJECT,
        Trigger.DATA_REQUEST: SendData(1, False, True, b"abcd"),
        Trigger.DATA_PDU: write_pdu(DATA),
        Trigger.RELEASE_REQUEST: ReleaseRequest(),
        Trigger.RELEASE_REQUEST_PDU: write_pdu(ReleaseRequest()),
        Trigger.RELEASE_RESPONSE_PDU: write_pdu(ReleaseResponse()),
        Trigger.RELEASE_RESPONSE: ReleaseResponse(),
        Trigger.ABORT_REQUEST: Abort(),
        Trigger.ABORT_PDU: write_pdu(Abort(2, 1)),
        Trigger.TRANSPORT_CLOSED: b"",
        Trigger.ARTIM_EXPIRED: None,
        Trigger.INVALID_PDU: GARBAGE,
    }


_ACCEPTED = [Trigger.TRANSPORT_INDICATED, Trigger.ASSOCIATE_REQUEST_PDU, Trigger.ASSOCIATE_RESPONSE_ACCEPT]
_CONNECTED = [Trigger.ASSOCIATE_REQUEST, Trigger.TRANSPORT_CONFIRMED, Trigger.ASSOCIATE_ACCEPT_PDU]
_COLLISION = [Trigger.RELEASE_REQUEST, Trigger.RELEASE_REQUEST_PDU]

#: The way to each state, in each role that has one.
PATHS: dict[tuple[Role, State], list[Trigger]] = {
    (Role.ACCEPTOR, State.IDLE): [],
    (Role.ACCEPTOR, State.AWAITING_ASSOCIATE_REQUEST): _ACCEPTED[:1],
    (Role.ACCEPTOR, State.AWAITING_LOCAL_ASSOCIATE_RESPONSE): _ACCEPTED[:2],
    (Role.ACCEPTOR, State.ESTABLISHED): _ACCEPTED,
    (Role.ACCEPTOR, State.AWAITING_RELEASE_RESPONSE): [*_ACCEPTED, Trigger.RELEASE_REQUEST],
    (Role.ACCEPTOR, State.AWAITING_LOCAL_RELEASE_RESPONSE): [*_ACCEPTED, Trigger.RELEASE_REQUEST_PDU],
    (Role.ACCEPTOR, State.COLLISION_ACCEPTOR_AWAITING_RELEASE_RESPONSE): [*_ACCEPTED, *_COLLISION],
    (Role.ACCEPTOR, State.COLLISION_ACCEPTOR_AWAITING_LOCAL_RESPONSE): [
        *_ACCEPTED, *_COLLISION, Trigger.RELEASE_RESPONSE_PDU,
    ],
    (Role.ACCEPTOR, State.AWAITING_TRANSPORT_CLOSE): [*_ACCEPTED[:2], Trigger.ASSOCIATE_RESPONSE_REJECT],
    (Role.REQUESTOR, State.IDLE): [],
    (Role.REQUESTOR, State.AWAITING_TRANSPORT_OPEN): _CONNECTED[:1],
    (Role.REQUESTOR, State.AWAITING_ASSOCIATE_RESPONSE): _CONNECTED[:2],
    (Role.REQUESTOR, State.ESTABLISHED): _CONNECTED,
    (Role.REQUESTOR, State.AWAITING_RELEASE_RESPONSE): [*_CONNECTED, Trigger.RELEASE_REQUEST],
    (Role.REQUESTOR, State.AWAITING_LOCAL_RELEASE_RESPONSE): [*_CONNECTED, Trigger.RELEASE_REQUEST_PDU],
    (Role.REQUESTOR, State.COLLISION_REQUESTOR_AWAITING_LOCAL_RESPONSE): [*_CONNECTED, *_COLLISION],
    (Role.REQUESTOR, State.COLLISION_REQUESTOR_AWAITING_RELEASE_RESPONSE): [
        *_CONNECTED, *_COLLISION, Trigger.RELEASE_RESPONSE,
    ],
    (Role.REQUESTOR, State.AWAITING_TRANSPORT_CLOSE): [*_CONNECTED, Trigger.ABORT_REQUEST],
}  # fmt: skip

#: The other role's event of the transport, which the same primitive stands for.
NOT_IN_ROLE = {
    Role.ACCEPTOR: Trigger.TRANSPORT_CONFIRMED,
    Role.REQUESTOR: Trigger.TRANSPORT_INDICATED,
}


def do(core: Association, step: Step, now: float = NOW) -> list[object]:
    """Make one event happen and return what the association says to it."""
    if step is None:
        core.handle_timeout(now + ARTIM)
    elif isinstance(step, bytes):
        core.receive_data(step, now)
    else:
        core.send(step, now)
    events = []
    while (event := core.next_event()) is not None:
        events.append(event)
    return events


def reach(role: Role, state: State, steps: dict[Trigger, Step]) -> Association:
    core = Association(role, artim_seconds=ARTIM)
    for trigger in PATHS[role, state]:
        do(core, steps[trigger])
    core.data_to_send()
    assert core.state is state
    return core


def sent(core: Association) -> list[object]:
    data = b"".join(core.data_to_send())
    pdus = []
    while data:
        pdu, size = read_pdu(data)
        pdus.append(pdu)
        data = data[size:]
    return pdus


CELLS = [
    pytest.param(role, state, trigger, id=f"{role.value}-{state.value}-{trigger.value}")
    for role, state in PATHS
    for trigger in Trigger
    if trigger is not NOT_IN_ROLE[role] and not (role is Role.ACCEPTOR and trigger is Trigger.ASSOCIATE_REQUEST)
]


@pytest.mark.parametrize(("role", "state", "trigger"), CELLS)
def test_cell(role: Role, state: State, trigger: Trigger, steps: dict[Trigger, Step]) -> None:
    core = reach(role, state, steps)
    action = TABLE.get((state, trigger))
    if action is None:
        check_empty_cell(core, state, trigger, steps[trigger])
        return
    events = do(core, steps[trigger])
    outcome = ACTIONS[action]
    if action is Action.AR_8 and role is Role.ACCEPTOR:
        outcome = outcome.otherwise
    assert core.state is outcome.state
    assert core.finished is (Effect.CLOSE in outcome.effects or trigger is Trigger.TRANSPORT_CLOSED)
    check_timer(core, state, outcome.effects)
    check_events(events, action, trigger)
    check_sent(sent(core), action, steps[Trigger.ASSOCIATE_REQUEST if action is Action.AE_2 else trigger])


def check_empty_cell(core: Association, state: State, trigger: Trigger, step: Step) -> None:
    """What the table does not have is our own mistake, or passes without a trace."""
    if step is None or isinstance(step, bytes):
        assert do(core, step) == []
    else:
        with pytest.raises(LocalProtocolError, match=state.name):
            do(core, step)
    assert core.state is state
    assert sent(core) == []


def check_timer(core: Association, before: State, effects: tuple[Effect, ...]) -> None:
    ran = before in {State.AWAITING_ASSOCIATE_REQUEST, State.AWAITING_TRANSPORT_CLOSE}
    if Effect.START_ARTIM in effects:
        assert core.next_timeout() == NOW + ARTIM
    elif Effect.STOP_ARTIM in effects:
        assert core.next_timeout() is None
    else:
        assert (core.next_timeout() is not None) == ran


def check_events(events: list[object], action: Action, trigger: Trigger) -> None:
    aborting = {Action.AA_8, Action.AA_1}
    if action in aborting and trigger in REMOTE:
        assert [type(event) for event in events] == [ProtocolViolated]
        assert events[0].reason == (1 if trigger is Trigger.INVALID_PDU else 2)
    elif Effect.INDICATE in ACTIONS[action].effects:
        assert [type(event) for event in events] == [REMOTE[trigger]]
    else:
        assert events == []


def check_sent(pdus: list[object], action: Action, step: Step) -> None:
    expected: dict[Action, list[object]] = {
        Action.AE_2: [step],
        Action.AE_7: [step],
        Action.AE_8: [step],
        Action.DT_1: [DATA],
        Action.AR_7: [DATA],
        Action.AR_1: [ReleaseRequest()],
        Action.AR_4: [ReleaseResponse()],
        Action.AR_9: [ReleaseResponse()],
        Action.AA_1: [Abort(0, 0)],
        Action.AA_7: [Abort(2, 1 if step == GARBAGE else 2)],
        Action.AA_8: [Abort(2, 1 if step == GARBAGE else 2)],
    }
    assert pdus == expected.get(action, [])


def test_table_is_whole() -> None:
    """Counts of PS3.8 Table 9-10, taken from the standard, not from our table."""
    assert len(State) == 13
    assert len(Trigger) == 19
    assert len(Action) == 28
    assert set(ACTIONS) == set(Action) == set(TABLE.values())
    per_state = {state.value: sum(s is state for s, _ in TABLE) for state in State}
    assert per_state == {
        "Sta1": 2, "Sta2": 10, "Sta3": 12, "Sta4": 3, "Sta5": 10, "Sta6": 12, "Sta7": 10, "Sta8": 12,
        "Sta9": 11, "Sta10": 10, "Sta11": 10, "Sta12": 11, "Sta13": 10,
    }  # fmt: skip


def test_every_state_is_reached() -> None:
    assert {state for _, state in PATHS} == set(State)


def test_request_of_another_protocol_version_is_rejected(steps: dict[Trigger, Step]) -> None:
    core = reach(Role.ACCEPTOR, State.AWAITING_ASSOCIATE_REQUEST, steps)
    request = bytearray(steps[Trigger.ASSOCIATE_REQUEST_PDU])
    request[6:8] = b"\x00\x02"
    assert do(core, bytes(request)) == []
    assert core.state is State.AWAITING_TRANSPORT_CLOSE
    assert sent(core) == [AssociateReject(result=1, source=2, reason=2)]
    assert core.next_timeout() == NOW + ARTIM


def test_timer_does_not_expire_early(steps: dict[Trigger, Step]) -> None:
    core = reach(Role.ACCEPTOR, State.AWAITING_ASSOCIATE_REQUEST, steps)
    core.handle_timeout(NOW + ARTIM - 0.001)
    assert not core.finished
    core.handle_timeout(NOW + ARTIM)
    assert core.finished
