"""Which object a file is: what a command needs to know to send it, or to name it."""

from dataclasses import dataclass
from typing import BinaryIO

from isocenter.cli.sources import Candidate
from isocenter.dicom.part10 import MAX_META_LENGTH, FileMeta, read_preamble_and_meta
from isocenter.dicom.scanner import scan
from isocenter.dicom.uids import is_valid_uid, transfer_syntax
from isocenter.errors import DirectoryError, InvalidObjectError

_HEAD = 1 << 14
_SOP_CLASS_UID, _SOP_INSTANCE_UID = 0x00080016, 0x00080018


@dataclass(frozen=True, slots=True)
class Item:
    """One object, and where its data set begins."""

    candidate: Candidate
    sop_class_uid: str
    sop_instance_uid: str
    transfer_syntax_uid: str
    data_set_offset: int


def identify(candidate: Candidate, file: BinaryIO) -> Item:
    """Return what is needed to send an object.

    Raises:
        InvalidObjectError: it is no DICOM object, or does not say which; DirectoryError: it is a DICOMDIR.
    """
    head = file.read(_HEAD)
    meta = read_preamble_and_meta(head, final=len(head) < _HEAD)
    while meta is None and len(head) < 2 * MAX_META_LENGTH:
        more = file.read(MAX_META_LENGTH)
        head += more
        meta = read_preamble_and_meta(head, final=not more)
    if meta is None:
        raise InvalidObjectError("this is no DICOM file: its file meta information has no end")
    sop_class, sop_instance = _identity(head, meta)
    if meta.is_directory:
        raise DirectoryError("this is a DICOMDIR, a list of files and no object")
    for keyword, uid in (("SOPClassUID", sop_class), ("SOPInstanceUID", sop_instance)):
        if not is_valid_uid(uid):
            raise InvalidObjectError(f"it has no valid {keyword}: {uid!r}" if uid else f"it has no {keyword}")
    return Item(candidate, sop_class, sop_instance, meta.transfer_syntax_uid, meta.data_set_offset)


def _identity(head: bytes, meta: FileMeta) -> tuple[str, str]:
    """Return SOP class and instance UID: the data set's own, else those of the file meta information."""
    found: dict[int, bytes] = {}
    syntax = transfer_syntax(meta.transfer_syntax_uid)
    if not syntax.deflated:
        wanted = frozenset({_SOP_CLASS_UID, _SOP_INSTANCE_UID})
        found = scan(head, syntax, wanted, stop=_SOP_INSTANCE_UID + 1, offset=meta.data_set_offset).values

    def text(tag: int, otherwise: str) -> str:
        return found.get(tag, b"").decode("ascii", "replace").strip("\0 ") or otherwise

    return text(_SOP_CLASS_UID, meta.sop_class_uid), text(_SOP_INSTANCE_UID, meta.sop_instance_uid)
