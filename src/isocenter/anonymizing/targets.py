"""Where a job's objects go: a folder of its own in the data folder, or back into the archive as new studies.

A target is opened for the objects of a study and then takes one result after the other. Peers are a target of
``services``, which knows how to send.
"""

import secrets
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Protocol

from isocenter.anonymizing.folder import (
    INCOMING,
    OTHER_OBJECT,
    Given,
    give_name,
    incoming,
    place_of,
    write_object,
)
from isocenter.archive import Archive, Instance, Source
from isocenter.archive import Outcome as Stored
from isocenter.deid import Result
from isocenter.errors import InvalidObjectError

#: Takes a result of an object, and what is to be asked before it counts: `objects.Outcome.check`; returns the outcome
#: and, where it is not written, why. Raises NotFoundError where the object was deleted meanwhile: nothing is written.
Take = Callable[[Instance, Result, Callable[[], None]], tuple[str, str]]


class Target(Protocol):
    """A place for results."""

    def open(self, instances: Sequence[Instance]) -> AbstractContextManager[Take]:
        """Open it for these objects.

        Raises:
            IsocenterError: it cannot be used; the job fails.
        """


class FolderTarget:
    """A folder; what it has already stays."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    @contextmanager
    def open(self, _instances: Sequence[Instance]) -> Iterator[Take]:
        """Give what writes into the folder."""
        on_its_way = self._folder / f"{INCOMING}{secrets.token_hex(4)}"

        def take(_instance: Instance, result: Result, check: Callable[[], None]) -> tuple[str, str]:
            written = on_its_way / "object"
            write_object(written, result.pieces)
            check()
            given = give_name(str(written), str(self._folder / place_of(result)))
            if given is Given.OTHER:
                return "sequestered", OTHER_OBJECT
            return ("output", "") if given is Given.NEW else ("unchanged", "")

        with incoming(on_its_way):
            yield take


class ArchiveTarget:
    """This archive: the results are new studies of new patients, marked as de-identified (0012,0062)."""

    def __init__(self, archive: Archive) -> None:
        self._archive = archive

    @contextmanager
    def open(self, _instances: Sequence[Instance]) -> Iterator[Take]:
        """Give what stores into the archive."""
        yield self._take

    def _take(self, instance: Instance, result: Result, check: Callable[[], None]) -> tuple[str, str]:
        if instance.StudyInstanceUID == result.study or instance.SOPInstanceUID == result.instance:
            return "sequestered", "it would be mixed with the original: its UIDs are not replaced"
        reception = self._archive.receive_file(Source("import"))
        try:
            reception.write(*result.pieces)
            check()
            receipt = reception.finish()
        except InvalidObjectError as error:
            return "rejected", f"the archive does not take it: {error}"
        except BaseException:
            reception.discard()
            raise
        if receipt.outcome is Stored.CONFLICT:
            return "sequestered", OTHER_OBJECT
        return ("output", "") if receipt.outcome is Stored.STORED else ("unchanged", "")
