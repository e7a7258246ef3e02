"""What the tests of services share: where a message comes from, and an archive that only remembers."""

from collections.abc import Callable

import pytest

from isocenter.archive import Outcome, Receipt, Source
from isocenter.dimse.commands import Command, CommandField
from isocenter.services.service import ServiceContext

CT = "1.2.840.10008.5.1.4.1.1.2"


class FakeReception:
    def __init__(self, archive: "FakeArchive") -> None:
        self._archive = archive
        self.data = b""
        self.state = "open"

    def write(self, *chunks: memoryview) -> None:
        self._archive.fail("write")
        self.data += b"".join(chunks)

    def finish(self) -> Receipt:
        self._archive.fail("finish")
        self.state = "finished"
        return Receipt(self._archive.outcome, "1.1", "1.2", "1.3", CT, self._archive.warnings)

    def discard(self) -> None:
        self.state = "discarded"


class FakeArchive:
    """Keeps what it receives; fails where it is told to."""

    def __init__(self) -> None:
        self.received: list[tuple[Source, str, str, str]] = []
        self.receptions: list[FakeReception] = []
        self.outcome = Outcome.STORED
        self.warnings: tuple[str, ...] = ()
        self.failures: dict[str, Exception] = {}

    def fail(self, where: str) -> None:
        if where in self.failures:
            raise self.failures[where]

    def receive(
        self, source: Source, transfer_syntax_uid: str, *, sop_class_uid: str = "", sop_instance_uid: str = ""
    ) -> FakeReception:
        self.fail("receive")
        self.received.append((source, transfer_syntax_uid, sop_class_uid, sop_instance_uid))
        self.receptions.append(FakeReception(self))
        return self.receptions[-1]


@pytest.fixture
def archive() -> FakeArchive:
    return FakeArchive()


@pytest.fixture
def context() -> ServiceContext:
    return ServiceContext(9, "SCANNER", "ARCHIVE", "192.0.2.7", 1, CT, "1.2.840.10008.1.2.1")


@pytest.fixture
def command() -> Callable[..., Command]:
    def make(field: int = CommandField.C_STORE_RQ, **changes: object) -> Command:
        values: dict[str, object] = {
            "MessageID": 5,
            "CommandDataSetType": 1,
            "AffectedSOPClassUID": CT,
            "AffectedSOPInstanceUID": "1.3",
            "Priority": 0,
        }
        return Command(field, **(values | changes))

    return make
