"""Objects on their way out: as stored where the receiver takes that, else rewritten into what it takes (PS3.4 C.4.3).

Uncompressed objects change between explicit and implicit VR, compressed ones are decompressed; nothing is compressed on
the way, so nothing is lost. Bytes come from files, in bounded memory.
"""

import tempfile
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import BinaryIO, Protocol, cast

from isocenter.archive import Instance
from isocenter.codecs.registry import can_decode
from isocenter.dicom.implicit import implicit_vr
from isocenter.dicom.part10 import read_preamble_and_meta
from isocenter.dicom.uids import EXPLICIT_VR_LITTLE_ENDIAN, IMPLICIT_VR_LITTLE_ENDIAN, transfer_syntax
from isocenter.errors import UnsupportedError
from isocenter.storage import ObjectFile

#: Kept in memory up to this size.
_SPOOLED = 8 << 20

#: Gives an object as a Part 10 file in Explicit VR Little Endian.
Decompress = Callable[[Instance], ObjectFile]


class Objects(Protocol):
    """The part of ``archive.Archive`` that is used here."""

    def open_object(self, instance: Instance) -> ObjectFile:
        """Open the Part 10 file of an object."""


class Outgoing:
    """Opens objects in a transfer syntax that their receiver takes."""

    def __init__(self, archive: Objects, decompress: Decompress) -> None:
        self._archive = archive
        self._decompress = decompress

    @contextmanager
    def open(self, instance: Instance, takes: Callable[[str], bool]) -> Iterator[tuple[BinaryIO, str]]:
        """Give a file that stands at the data set, and its transfer syntax; ``takes`` says what the receiver takes.

        Raises:
            UnsupportedError: the receiver takes nothing that this object can be given in.
            NotFoundError, InvalidObjectError: it is gone, or broken.
        """
        stored = instance.transfer_syntax_uid
        target = next((uid for uid in (stored, *possible_syntaxes(stored)) if takes(uid)), None)
        if target is None:
            name = transfer_syntax(stored).name or stored
            raise UnsupportedError(f"the receiver does not take SOP class {instance.SOPClassUID} in {name}")
        if target == stored:
            with self._archive.open_object(instance) as file:
                file.seek(instance.data_set_offset)
                yield file, stored
            return
        with self._decompress(instance) as explicit:
            if target == EXPLICIT_VR_LITTLE_ENDIAN:
                explicit.seek(_behind_meta(explicit))
                yield explicit, target
                return
            with _as_implicit(explicit) as implicit:
                yield implicit, target


def possible_syntaxes(stored: str) -> tuple[str, ...]:
    """Return what an object of this transfer syntax can be rewritten in, best first."""
    if transfer_syntax(stored).encapsulated and not can_decode(stored):
        return ()
    return tuple(uid for uid in (EXPLICIT_VR_LITTLE_ENDIAN, IMPLICIT_VR_LITTLE_ENDIAN) if uid != stored)


def needed_contexts(instances: Iterable[Instance]) -> list[tuple[str, str]]:
    """Return the pairs of SOP class and transfer syntax that objects may go out in, those of a class together.

    The syntax that an object is stored in comes last: gdcmscu reads all objects in that of the last context.
    """
    stored = dict.fromkeys((each.SOPClassUID, each.transfer_syntax_uid) for each in instances)
    pairs = [(sop_class, uid) for sop_class, syntax in stored for uid in (*reversed(possible_syntaxes(syntax)), syntax)]
    order = {sop_class: place for place, (sop_class, _) in enumerate(reversed(stored))}
    return sorted(dict.fromkeys(pairs), key=lambda pair: -order[pair[0]])


def _behind_meta(file: ObjectFile) -> int:
    with file.mapped() as data:
        meta = read_preamble_and_meta(data, final=True)
    assert meta is not None
    return meta.data_set_offset


@contextmanager
def _as_implicit(explicit: ObjectFile) -> Iterator[BinaryIO]:
    offset = _behind_meta(explicit)
    with tempfile.SpooledTemporaryFile(_SPOOLED) as file:
        with explicit.mapped() as data:
            for piece in implicit_vr(data, offset):
                file.write(piece)
        file.seek(0)
        yield cast("BinaryIO", file)
