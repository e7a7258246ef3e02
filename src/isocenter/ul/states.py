"""The state table of the upper layer (PS3.8 9.2) as data: states, events, actions, and which cell holds which.

Owns no behaviour: ``association`` carries the effects out. Names are readable, values are the standard's codes.
An event without a cell cannot happen in that state: from the local user it is a LocalProtocolError.
"""

from dataclasses import dataclass
from enum import Enum


class State(Enum):
    """Where an association stands (PS3.8 Tables 9-1 to 9-5)."""

    IDLE = "Sta1"
    AWAITING_ASSOCIATE_REQUEST = "Sta2"
    AWAITING_LOCAL_ASSOCIATE_RESPONSE = "Sta3"
    AWAITING_TRANSPORT_OPEN = "Sta4"
    AWAITING_ASSOCIATE_RESPONSE = "Sta5"
    ESTABLISHED = "Sta6"
    AWAITING_RELEASE_RESPONSE = "Sta7"
    AWAITING_LOCAL_RELEASE_RESPONSE = "Sta8"
    COLLISION_REQUESTOR_AWAITING_LOCAL_RESPONSE = "Sta9"
    COLLISION_ACCEPTOR_AWAITING_RELEASE_RESPONSE = "Sta10"
    COLLISION_REQUESTOR_AWAITING_RELEASE_RESPONSE = "Sta11"
    COLLISION_ACCEPTOR_AWAITING_LOCAL_RESPONSE = "Sta12"
    AWAITING_TRANSPORT_CLOSE = "Sta13"


class Trigger(Enum):
    """What can happen to an association (rows of PS3.8 Table 9-10)."""

    ASSOCIATE_REQUEST = "Evt1"
    TRANSPORT_CONFIRMED = "Evt2"
    ASSOCIATE_ACCEPT_PDU = "Evt3"
    ASSOCIATE_REJECT_PDU = "Evt4"
    TRANSPORT_INDICATED = "Evt5"
    ASSOCIATE_REQUEST_PDU = "Evt6"
    ASSOCIATE_RESPONSE_ACCEPT = "Evt7"
    ASSOCIATE_RESPONSE_REJECT = "Evt8"
    DATA_REQUEST = "Evt9"
    DATA_PDU = "Evt10"
    RELEASE_REQUEST = "Evt11"
    RELEASE_REQUEST_PDU = "Evt12"
    RELEASE_RESPONSE_PDU = "Evt13"
    RELEASE_RESPONSE = "Evt14"
    ABORT_REQUEST = "Evt15"
    ABORT_PDU = "Evt16"
    TRANSPORT_CLOSED = "Evt17"
    ARTIM_EXPIRED = "Evt18"
    INVALID_PDU = "Evt19"


class Effect(Enum):
    """What an action does; an action is a sequence of these."""

    OPEN_TRANSPORT = "the glue opens the connection"
    SEND_REQUEST = "send the A-ASSOCIATE-RQ that was kept"
    SEND = "send the PDU of the primitive"
    SEND_USER_ABORT = "send A-ABORT, source service-user"
    SEND_PROVIDER_ABORT = "send A-ABORT, source service-provider, with the reason"
    INDICATE = "give the local user the event"
    CLOSE = "the glue closes the connection"
    START_ARTIM = "start or restart the ARTIM timer"
    STOP_ARTIM = "stop the ARTIM timer"


class Action(Enum):
    """The actions of PS3.8 Tables 9-6 to 9-9."""

    AE_1 = "AE-1"
    AE_2 = "AE-2"
    AE_3 = "AE-3"
    AE_4 = "AE-4"
    AE_5 = "AE-5"
    AE_6 = "AE-6"
    AE_7 = "AE-7"
    AE_8 = "AE-8"
    DT_1 = "DT-1"
    DT_2 = "DT-2"
    AR_1 = "AR-1"
    AR_2 = "AR-2"
    AR_3 = "AR-3"
    AR_4 = "AR-4"
    AR_5 = "AR-5"
    AR_6 = "AR-6"
    AR_7 = "AR-7"
    AR_8 = "AR-8"
    AR_9 = "AR-9"
    AR_10 = "AR-10"
    AA_1 = "AA-1"
    AA_2 = "AA-2"
    AA_3 = "AA-3"
    AA_4 = "AA-4"
    AA_5 = "AA-5"
    AA_6 = "AA-6"
    AA_7 = "AA-7"
    AA_8 = "AA-8"


@dataclass(frozen=True, slots=True)
class Outcome:
    """The effects of an action and the state after it.

    ``otherwise`` holds the second possibility of the two actions that have one: AE-6 when the request is not
    acceptable to the service provider, AR-8 on the acceptor's side.
    """

    effects: tuple[Effect, ...]
    state: State
    otherwise: "Outcome | None" = None


_SEND, _INDICATE, _CLOSE = Effect.SEND, Effect.INDICATE, Effect.CLOSE
_START, _STOP = Effect.START_ARTIM, Effect.STOP_ARTIM
_CLOSING = State.AWAITING_TRANSPORT_CLOSE

ACTIONS: dict[Action, Outcome] = {
    Action.AE_1: Outcome((Effect.OPEN_TRANSPORT,), State.AWAITING_TRANSPORT_OPEN),
    Action.AE_2: Outcome((Effect.SEND_REQUEST,), State.AWAITING_ASSOCIATE_RESPONSE),
    Action.AE_3: Outcome((_INDICATE,), State.ESTABLISHED),
    Action.AE_4: Outcome((_INDICATE, _CLOSE), State.IDLE),
    Action.AE_5: Outcome((_START,), State.AWAITING_ASSOCIATE_REQUEST),
    Action.AE_6: Outcome(
        (_STOP, _INDICATE),
        State.AWAITING_LOCAL_ASSOCIATE_RESPONSE,
        otherwise=Outcome((_STOP, _SEND, _START), _CLOSING),
    ),
    Action.AE_7: Outcome((_SEND,), State.ESTABLISHED),
    Action.AE_8: Outcome((_SEND, _START), _CLOSING),
    Action.DT_1: Outcome((_SEND,), State.ESTABLISHED),
    Action.DT_2: Outcome((_INDICATE,), State.ESTABLISHED),
    Action.AR_1: Outcome((_SEND,), State.AWAITING_RELEASE_RESPONSE),
    Action.AR_2: Outcome((_INDICATE,), State.AWAITING_LOCAL_RELEASE_RESPONSE),
    Action.AR_3: Outcome((_INDICATE, _CLOSE), State.IDLE),
    Action.AR_4: Outcome((_SEND, _START), _CLOSING),
    Action.AR_5: Outcome((_STOP,), State.IDLE),
    Action.AR_6: Outcome((_INDICATE,), State.AWAITING_RELEASE_RESPONSE),
    Action.AR_7: Outcome((_SEND,), State.AWAITING_LOCAL_RELEASE_RESPONSE),
    Action.AR_8: Outcome(
        (_INDICATE,),
        State.COLLISION_REQUESTOR_AWAITING_LOCAL_RESPONSE,
        otherwise=Outcome((_INDICATE,), State.COLLISION_ACCEPTOR_AWAITING_RELEASE_RESPONSE),
    ),
    Action.AR_9: Outcome((_SEND,), State.COLLISION_REQUESTOR_AWAITING_RELEASE_RESPONSE),
    Action.AR_10: Outcome((_INDICATE,), State.COLLISION_ACCEPTOR_AWAITING_LOCAL_RESPONSE),
    Action.AA_1: Outcome((Effect.SEND_USER_ABORT, _START), _CLOSING),
    Action.AA_2: Outcome((_STOP, _CLOSE), State.IDLE),
    Action.AA_3: Outcome((_INDICATE, _CLOSE), State.IDLE),
    Action.AA_4: Outcome((_INDICATE,), State.IDLE),
    Action.AA_5: Outcome((_STOP,), State.IDLE),
    Action.AA_6: Outcome((), _CLOSING),
    Action.AA_7: Outcome((Effect.SEND_PROVIDER_ABORT,), _CLOSING),
    Action.AA_8: Outcome((Effect.SEND_PROVIDER_ABORT, _INDICATE, _START), _CLOSING),
}

#: PS3.8 Table 9-10, one line per event: the action in each state, "-" where the table is empty.
_MATRIX = """
        Sta1 Sta2 Sta3 Sta4 Sta5 Sta6 Sta7 Sta8 Sta9 Sta10 Sta11 Sta12 Sta13
Evt1    AE-1 -    -    -    -    -    -    -    -    -     -     -     -
Evt2    -    -    -    AE-2 -    -    -    -    -    -     -     -     -
Evt3    -    AA-1 AA-8 -    AE-3 AA-8 AA-8 AA-8 AA-8 AA-8  AA-8  AA-8  AA-6
Evt4    -    AA-1 AA-8 -    AE-4 AA-8 AA-8 AA-8 AA-8 AA-8  AA-8  AA-8  AA-6
Evt5    AE-5 -    -    -    -    -    -    -    -    -     -     -     -
Evt6    -    AE-6 AA-8 -    AA-8 AA-8 AA-8 AA-8 AA-8 AA-8  AA-8  AA-8  AA-7
Evt7    -    -    AE-7 -    -    -    -    -    -    -     -     -     -
Evt8    -    -    AE-8 -    -    -    -    -    -    -     -     -     -
Evt9    -    -    -    -    -    DT-1 -    AR-7 -    -     -     -     -
Evt10   -    AA-1 AA-8 -    AA-8 DT-2 AR-6 AA-8 AA-8 AA-8  AA-8  AA-8  AA-6
Evt11   -    -    -    -    -    AR-1 -    -    -    -     -     -     -
Evt12   -    AA-1 AA-8 -    AA-8 AR-2 AR-8 AA-8 AA-8 AA-8  AA-8  AA-8  AA-6
Evt13   -    AA-1 AA-8 -    AA-8 AA-8 AR-3 AA-8 AA-8 AR-10 AR-3  AA-8  AA-6
Evt14   -    -    -    -    -    -    -    AR-4 AR-9 -     -     AR-4  -
Evt15   -    -    AA-1 AA-2 AA-1 AA-1 AA-1 AA-1 AA-1 AA-1  AA-1  AA-1  -
Evt16   -    AA-2 AA-3 -    AA-3 AA-3 AA-3 AA-3 AA-3 AA-3  AA-3  AA-3  AA-2
Evt17   -    AA-5 AA-4 AA-4 AA-4 AA-4 AA-4 AA-4 AA-4 AA-4  AA-4  AA-4  AR-5
Evt18   -    AA-2 -    -    -    -    -    -    -    -     -     -     AA-2
Evt19   -    AA-1 AA-8 -    AA-8 AA-8 AA-8 AA-8 AA-8 AA-8  AA-8  AA-8  AA-7
"""


def _read_matrix(text: str) -> dict[tuple[State, Trigger], Action]:
    heads, *rows = (line.split() for line in text.strip().splitlines())
    states = [State(code) for code in heads]
    return {
        (state, Trigger(row[0])): Action(code)
        for row in rows
        for state, code in zip(states, row[1:], strict=True)
        if code != "-"
    }


#: (state, event) -> action; a missing key is an empty cell.
TABLE: dict[tuple[State, Trigger], Action] = _read_matrix(_MATRIX)
