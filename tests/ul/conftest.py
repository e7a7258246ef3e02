"""What the tests of the upper layer share: typical PDUs, and two cores joined by a link that is none."""

from collections.abc import Callable
from dataclasses import dataclass, field

import pytest

from isocenter.ul.association import Association, Role
from isocenter.ul.events import Event, Primitive, TransportOpened
from isocenter.ul.items import ContextResult, PresentationContext, PresentationResult
from isocenter.ul.pdu import AssociateAccept, AssociateRequest
from isocenter.ul.user_information import UserInformation

VERIFICATION = "1.2.840.10008.1.1"
CT = "1.2.840.10008.5.1.4.1.1.2"
IMPLICIT = "1.2.840.10008.1.2"
EXPLICIT = "1.2.840.10008.1.2.1"


def make_request(**changes: object) -> AssociateRequest:
    values: dict[str, object] = {
        "called_aet": "ARCHIVE",
        "calling_aet": "SCANNER",
        "contexts": (
            PresentationContext(1, VERIFICATION, (IMPLICIT,)),
            PresentationContext(3, CT, (EXPLICIT, IMPLICIT)),
        ),
        "user_information": UserInformation(max_length=16384, implementation_class_uid="1.2.3"),
    }
    return AssociateRequest(**(values | changes))


def make_accept(request: AssociateRequest, max_length: int = 32768) -> AssociateAccept:
    return AssociateAccept(
        request.called_aet,
        request.calling_aet,
        tuple(
            PresentationResult(c.context_id, ContextResult.ACCEPTANCE, c.transfer_syntaxes[0]) for c in request.contexts
        ),
        UserInformation(max_length=max_length, implementation_class_uid="1.2.3"),
    )


@dataclass
class AssociationPair:
    """A requestor and an acceptor; what one sends the other receives, in pieces of ``chunk`` bytes."""

    requestor: Association = field(default_factory=lambda: Association(Role.REQUESTOR, artim_seconds=30))
    acceptor: Association = field(default_factory=lambda: Association(Role.ACCEPTOR, artim_seconds=30))
    chunk: int = 1 << 30
    now: float = 0.0

    def send(self, core: Association, *primitives: Primitive) -> list[Event]:
        """Send primitives and return the events of the other side, slices as bytes."""
        for primitive in primitives:
            core.send(primitive, self.now)
        return self.deliver(core)

    def deliver(self, core: Association) -> list[Event]:
        other = self.acceptor if core is self.requestor else self.requestor
        data = b"".join(core.data_to_send())
        events: list[Event] = []
        for start in range(0, len(data), self.chunk):
            other.receive_data(data[start : start + self.chunk], self.now)
            while (event := other.next_event()) is not None:
                events.append(event)
        return events

    def establish(self, request: AssociateRequest | None = None, max_length: int = 32768) -> list[Event]:
        request = make_request() if request is None else request
        self.acceptor.send(TransportOpened(), self.now)
        events = self.send(self.requestor, request, TransportOpened())
        return events + self.send(self.acceptor, make_accept(request, max_length))


@pytest.fixture
def request_pdu() -> AssociateRequest:
    return make_request()


@pytest.fixture
def accept_pdu(request_pdu: AssociateRequest) -> AssociateAccept:
    return make_accept(request_pdu)


@pytest.fixture(scope="session")
def new_request() -> Callable[..., AssociateRequest]:
    return make_request


@pytest.fixture(scope="session")
def new_accept() -> Callable[..., AssociateAccept]:
    return make_accept


@pytest.fixture
def pair() -> AssociationPair:
    return AssociationPair()


@pytest.fixture
def established(pair: AssociationPair) -> AssociationPair:
    pair.establish()
    return pair


@pytest.fixture(scope="session")
def new_pair() -> type[AssociationPair]:
    return AssociationPair
