"""Objects on their way out: as stored where the receiver takes that, else rewritten into what it takes (PS3.4 C.4.3).

Uncompressed objects change between explicit and implicit VR, compressed ones are decompressed. Who takes nothing
uncompressed is given lossless compression where that is possible; nothing is ever compressed with loss. Bytes come from
files, in bounded memory.
"""

from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import BinaryIO, NamedTuple, Protocol

from isocenter.anonymizing.audit import Who
from isocenter.archive import Instance
from isocenter.dicom.uids import EXPLICIT_VR_LITTLE_ENDIAN, IMPLICIT_VR_LITTLE_ENDIAN, transfer_syntax
from isocenter.errors import UnsupportedError
from isocenter.index.peers import KnownPeer
from isocenter.storage import ObjectFile
from isocenter.transcoding.files import data_set_offset
from isocenter.transcoding.transcoder import can_transcode

#: What objects are rewritten in, best first; the compressed ones, all lossless, only for who takes none of the others.
_UNCOMPRESSED = (EXPLICIT_VR_LITTLE_ENDIAN, IMPLICIT_VR_LITTLE_ENDIAN)
_COMPRESSED = tuple(f"1.2.840.10008.1.2.{end}" for end in ("4.201", "4.70", "4.80", "4.90", "5"))

#: Gives an object as a Part 10 file in a transfer syntax; UnsupportedError where that cannot be.
Transcode = Callable[[Instance, str], ObjectFile]


class Objects(Protocol):
    """The part of ``archive.Archive`` that is used here."""

    def open_object(self, instance: Instance) -> ObjectFile:
        """Open the Part 10 file of an object."""


class Outbound(NamedTuple):
    """An object on its way: a file that stands at the data set, its transfer syntax, and its SOP Instance UID there."""

    file: BinaryIO
    transfer_syntax_uid: str
    sop_instance_uid: str


class Opens(Protocol):
    """What gives objects to a receiver."""

    def open(self, instance: Instance, takes: Callable[[str], bool]) -> AbstractContextManager[Outbound]:
        """Give an object in a transfer syntax that the receiver takes."""


#: Gives what opens objects de-identified, for a peer that gets no others and for who asked.
Anonymized = Callable[[KnownPeer, Who], AbstractContextManager[Opens]]


class Outgoing:
    """Opens objects in a transfer syntax that their receiver takes."""

    def __init__(self, archive: Objects, transcode: Transcode, anonymized: Anonymized | None = None) -> None:
        self._archive = archive
        self._transcode = transcode
        self._anonymized = anonymized

    @contextmanager
    def towards(self, peer: KnownPeer | None, who: Who) -> Iterator[Opens]:
        """Give what opens objects for this peer: de-identified ones where its ``deid_project`` says so.

        Raises:
            NotFoundError, ConfigurationError: the project is not there, or its key; nothing goes out.
            UnsupportedError: nothing here de-identifies.
        """
        if peer is None or not peer.deid_project:
            yield self
        elif self._anonymized is None:
            raise UnsupportedError(f"{peer.aet} gets de-identified objects only, and nothing here makes these")
        else:
            with self._anonymized(peer, who) as opens:
                yield opens

    @contextmanager
    def open(self, instance: Instance, takes: Callable[[str], bool]) -> Iterator[Outbound]:
        """Give an object; ``takes`` says which transfer syntaxes the receiver takes.

        Raises:
            UnsupportedError: the receiver takes nothing that this object can be given in.
            NotFoundError, InvalidObjectError: it is gone, or broken.
        """
        stored = instance.transfer_syntax_uid
        if takes(stored):
            with self._archive.open_object(instance) as file:
                file.seek(instance.data_set_offset)
                yield Outbound(file, stored, instance.SOPInstanceUID)
            return
        file, syntax = self._rewritten(instance, takes)
        with file:
            file.seek(data_set_offset(file))
            yield Outbound(file, syntax, instance.SOPInstanceUID)

    def _rewritten(self, instance: Instance, takes: Callable[[str], bool]) -> tuple[ObjectFile, str]:
        """Return the object in the first syntax that it can be had in and that the receiver takes."""
        stored = instance.transfer_syntax_uid
        name = transfer_syntax(stored).name or stored
        failure = UnsupportedError(f"the receiver does not take SOP class {instance.SOPClassUID} in {name}")
        for uid in filter(takes, possible_syntaxes(stored)):
            try:
                return self._transcode(instance, uid), uid
            except UnsupportedError as error:
                failure = error
        raise failure


def possible_syntaxes(stored: str) -> tuple[str, ...]:
    """Return what an object of this transfer syntax can be rewritten in, best first."""
    wanted = _UNCOMPRESSED if transfer_syntax(stored).lossy else (*_UNCOMPRESSED, *_COMPRESSED)
    return tuple(uid for uid in wanted if uid != stored and can_transcode(stored, uid))


def needed_contexts(instances: Iterable[Instance]) -> list[tuple[str, str]]:
    """Return the pairs of SOP class and transfer syntax to propose for these objects, those of a class together.

    Compressing is not among them: who is asked like this has to take an uncompressed syntax (PS3.5 10.1).
    The syntax that an object is stored in comes last: gdcmscu reads all objects in that of the last context.
    """
    stored = dict.fromkeys((each.SOPClassUID, each.transfer_syntax_uid) for each in instances)
    pairs = [
        (sop_class, uid)
        for sop_class, syntax in stored
        for uid in (*(uid for uid in reversed(possible_syntaxes(syntax)) if uid in _UNCOMPRESSED), syntax)
    ]
    order = {sop_class: place for place, (sop_class, _) in enumerate(reversed(stored))}
    return sorted(dict.fromkeys(pairs), key=lambda pair: -order[pair[0]])
