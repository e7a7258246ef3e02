"""Editing: a correction of what a study says of its patient and of itself, in all of its objects, and its undoing.

Each object is written anew with the correction (``dicom/corrections.py``), durable and read back, before one
transaction (``index/edits.py``) lets the index point at all of them; until then the study is as it was. What is written
carries a seal of its own, by which what a crash leaves behind is told from a lost object. The bytes before stay in the
bin, so to put a correction back is to point at them again.
"""

import contextlib
import datetime as dt
import zlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import xxhash

from isocenter.dicom.corrections import Mark, correct
from isocenter.dicom.encoding import Buffer
from isocenter.dicom.uids import transfer_syntax
from isocenter.errors import InvalidObjectError, IsocenterError, NotFoundError, OutOfResourcesError, UsageError
from isocenter.index.database import ConstraintError, Transaction, TransientError
from isocenter.index.drafts import ChangedMeanwhileError
from isocenter.index.edits import (
    EDITABLE,
    NewEdit,
    StudyEdit,
    StudyObject,
    Swap,
    Version,
    announce_edit,
    count_kept,
    kept_versions,
    last_edit_of,
    normal,
    objects_of,
    read_history,
    store_edit,
    values_of,
)
from isocenter.index.index import Index
from isocenter.index.instances import read_at
from isocenter.index.outbox import MILLISECONDS_PER_DAY
from isocenter.inspection import describe
from isocenter.integrity import hash_of, provisional_seal
from isocenter.reading import data_set
from isocenter.settings import Settings
from isocenter.storage.storage import Storage
from isocenter.worklist.flat import check_values

__all__ = ["EDITABLE", "Editing", "StudyEdit", "StudyValues"]

#: Times that objects may come or go while others are written.
_ATTEMPTS = 20
_AT_ONCE = 5000
_KEYWORDS = {attribute.keyword: attribute for attribute in EDITABLE}
_SEXES = ("M", "F", "O")
_LONGEST_REASON = 1024


class EditError(UsageError):
    """The study cannot be corrected now; the message says why."""

    http_status = 409


@dataclass(frozen=True, slots=True)
class StudyValues:
    """What can be corrected of a study, by keyword; ``version``: the number of its last correction, or 0."""

    values: dict[str, str]
    version: int


@dataclass(frozen=True, slots=True)
class By:
    """Who corrects, why, and which version of the values was seen (None: whichever)."""

    who: str
    reason: str = ""
    version: int | None = None


class Editing:
    """Corrects studies; used by many threads and processes at once."""

    def __init__(self, storage: Storage, index: Index, settings: Settings) -> None:
        self._storage = storage
        self._index = index
        self._system = f"ISOCENTER {settings.aet}"
        self._kept = settings.bin_days * MILLISECONDS_PER_DAY
        self._quiet = round(settings.settle_seconds * 1000)

    def values(self, study: str) -> StudyValues:
        """Return what can be corrected of a study.

        Raises:
            NotFoundError: there is no such study.
        """
        history = self.history(study)
        values = values_of(self._index.database, study)
        if values is None:
            raise NotFoundError("there is no such study")
        return StudyValues(values, history[-1].id if history else 0)

    def kept(self) -> tuple[int, int]:
        """Return how many objects from before corrections the bin has, and their bytes."""
        return count_kept(self._index.database)

    def history(self, study: str) -> list[StudyEdit]:
        """Return the corrections of a study, oldest first; also of one that is deleted."""
        return read_history(self._index.database, study)

    def edit(self, study: str, values: Mapping[str, str], by: By, now: float) -> StudyEdit:
        """Correct values, by keyword ("" empties one), in all objects of a study.

        Raises:
            UsageError: a value is none, or nothing would change.
            NotFoundError: there is no such study.
            EditError: objects are arriving, or one cannot be read.
            InvalidObjectError: an object's character set cannot express the values.
            ChangedMeanwhileError: another correction came before.
            OutOfResourcesError: there is no room.
        """
        checked = read_values(values)
        moment = round(now * 1000)
        edit = NewEdit(study, checked, by.who, _reason(by), moment, moment + self._kept)
        written = _Written(self._storage, self._index)
        with written:
            for _ in range(_ATTEMPTS):
                self._write(edit, written)
                with contextlib.suppress(TransientError, ConstraintError):
                    number = self._commit(edit, by, written)
                    if number:
                        return self._made(study, number)
        raise EditError("objects of this study come and go; wait a moment and try again")

    def put_back(self, study: str, number: int, by: By, now: float) -> StudyEdit:
        """Let the objects of a study be what they were before a correction, byte by byte.

        Objects that came or were deleted since stay as they are.

        Raises:
            NotFoundError: there is no such correction of this study.
            EditError: its objects were corrected again since, or their bytes are not kept any more.
            ChangedMeanwhileError: another correction came before.
        """
        found = next((each for each in self.history(study) if each.id == number), None)
        if found is None:
            raise NotFoundError(f"this study has no correction {number}")
        moment = round(now * 1000)
        values = {keyword: before for keyword, (before, _) in found.changes.items()}
        edit = NewEdit(study, values, by.who, _reason(by), moment, moment + self._kept, found.id)
        for version, _, _ in kept_versions(self._index.database, study, number).values():
            if hash_of(self._storage, version.location, version.data_set_offset) != version.hash:
                raise EditError("an object from before this correction cannot be read any more; run 'isocenter fsck'")
        for _ in range(_ATTEMPTS):
            with contextlib.suppress(TransientError, ConstraintError), self._index.database.write() as transaction:
                _check_seen(transaction, study, by)
                swaps = _swaps_back(transaction, study, number)
                made = store_edit(transaction, edit, swaps)
                announce_edit(transaction, edit, swaps)
                break
        else:
            raise EditError("objects of this study come and go; wait a moment and try again")
        return self._made(study, made)

    def _made(self, study: str, number: int) -> StudyEdit:
        return next(each for each in self.history(study) if each.id == number)

    def _write(self, edit: NewEdit, written: "_Written") -> None:
        """Write what is not written yet."""
        objects = objects_of(self._index.database, edit.study)
        self._check(objects, edit)
        tags = {_KEYWORDS[keyword].tag: text for keyword, text in edit.values.items()}
        time = dt.datetime.fromtimestamp(edit.now / 1000, dt.UTC).strftime("%Y%m%d%H%M%S+0000")
        for each in objects:
            if each.version.location not in written.versions:
                try:
                    written.write(each, tags, Mark(time, self._system))
                except NotFoundError as error:
                    if each in objects_of(self._index.database, edit.study):
                        raise EditError(str(error)) from error

    def _check(self, objects: list[StudyObject], edit: NewEdit) -> None:
        if not objects:
            raise NotFoundError("there is no such study")
        if max(each.received for each in objects) > edit.now - self._quiet:
            seconds = self._quiet / 1000
            raise EditError(f"objects of this study are still arriving; wait until none has come for {seconds:g} s")

    def _commit(self, edit: NewEdit, by: By, written: "_Written") -> int:
        """Let the index point at what is written; return 0 where something is lacking."""
        with self._index.database.write() as transaction:
            objects = objects_of(transaction, edit.study)
            self._check(objects, edit)
            _check_seen(transaction, edit.study, by)
            if any(each.version.location not in written.versions for each in objects):
                return 0
            made = ((each, written.versions[each.version.location]) for each in objects)
            swaps = [Swap(each, version) for each, version in made if version is not None]
            known = values_of(transaction, edit.study) or {}
            if not swaps and all(known[keyword] == text for keyword, text in normal(edit.values).items()):
                raise UsageError("the study has these values already")
            number = store_edit(transaction, edit, swaps)
            transaction.serialize_events()
            if not written.all_there(transaction, swaps):
                raise TransientError("a check took what was written for garbage")
            announce_edit(transaction, edit, swaps)
        written.keep(swaps)
        return number


class _Written:
    """What was written for a correction, by the location of the object as it is; None: that one stays as it is.

    Whatever the index does not point at in the end is removed.
    """

    def __init__(self, storage: Storage, index: Index) -> None:
        self._storage = storage
        self._index = index
        self._made: set[str] = set()
        self._used: set[str] | None = None
        self.versions: dict[str, Version | None] = {}

    def __enter__(self) -> None:
        """Begin."""

    def __exit__(self, *_: object) -> None:
        with contextlib.suppress(IsocenterError):  # where nobody can tell, the bytes stay, and a check finds them
            if self._used is None:
                made = sorted(self._made)
                pieces = (made[at : at + _AT_ONCE] for at in range(0, len(made), _AT_ONCE))
                self._used = set().union(*(read_at(self._index.database, piece) for piece in pieces))
            self._storage.delete(self._made - self._used)

    def keep(self, swaps: Iterable[Swap]) -> None:
        """Note that the index points at these."""
        self._used = {swap.new.location for swap in swaps}

    def all_there(self, transaction: Transaction, swaps: Iterable[Swap]) -> bool:
        """Tell whether no check after a crash has taken one for garbage; such are forgotten, to be written again."""
        lost = {
            swap.object.version.location
            for swap in swaps
            if transaction.rows("SELECT 1 FROM garbage WHERE location = :location", location=swap.new.location)
            or self._storage.size(swap.new.location) != swap.new.size
        }
        for location in lost:
            del self.versions[location]
        return not lost

    def write(self, each: StudyObject, values: Mapping[int, str], mark: Mark) -> None:
        """Write an object with these values, durable, and read it back.

        Raises:
            EditError: the object cannot be read, or was not written as it should have been.
            InvalidObjectError: it cannot be corrected.
            NotFoundError: it was deleted.
        """
        old, syntax = each.version, transfer_syntax(each.transfer_syntax_uid)
        if hash_of(self._storage, old.location, old.data_set_offset) != old.hash:
            raise NotFoundError(f"object {each.SOPInstanceUID} cannot be read; run 'isocenter fsck --deep'")
        with data_set(self._storage, old.location, old.data_set_offset, syntax) as data:
            made = self._correct(data, each, values, mark)
        if isinstance(made, IsocenterError):
            raise made
        if made is not None:
            self._check(each, made, values)
        self.versions[old.location] = made

    def _correct(
        self, data: Buffer, each: StudyObject, values: Mapping[int, str], mark: Mark
    ) -> Version | IsocenterError | None:
        """Return what was written; an error is returned, for one that is raised keeps the file mapped that it saw."""
        syntax = transfer_syntax(each.transfer_syntax_uid)
        try:
            pieces = correct(data, syntax, values, mark)
            if pieces is None:
                return None
            return self._store(each, _deflated(pieces) if syntax.deflated else pieces)
        except InvalidObjectError as error:
            return InvalidObjectError(f"object {each.SOPInstanceUID} cannot be corrected: {error}")
        except OutOfResourcesError as error:
            return OutOfResourcesError(str(error))
        except IsocenterError as error:
            return IsocenterError(str(error))

    def _store(self, each: StudyObject, pieces: list[Buffer]) -> Version:
        """Write the file anew: head as before, and the pieces of the data set."""
        offset = each.version.data_set_offset
        with self._storage.open(each.version.location) as file:
            head = file.read(offset)
        digest = xxhash.xxh3_128()
        for piece in pieces:
            digest.update(piece)
        upload = self._storage.create()
        try:
            upload.write([head, *pieces])
            location = upload.commit(provisional_seal(digest.digest()))
        except BaseException:
            upload.discard()
            raise
        self._made.add(location)
        return Version(location, offset + sum(map(len, pieces)), offset, digest.digest())

    def _check(self, each: StudyObject, made: Version, values: Mapping[int, str]) -> None:
        """Read back what was written."""
        entry = describe(self._storage, made.location, 0)
        said = entry.header.columns_of(attribute for attribute in EDITABLE if attribute.tag in values)
        wanted = normal({attribute.keyword: values[attribute.tag] for attribute in EDITABLE if attribute.tag in values})
        same = (entry.SOPInstanceUID, entry.hash, entry.size) == (each.SOPInstanceUID, made.hash, made.size)
        if not same or any(said[keyword] != text for keyword, text in wanted.items()):
            raise EditError(f"object {each.SOPInstanceUID} does not read as it was written; nothing was changed")


def read_values(given: Mapping[str, str]) -> dict[str, str]:
    """Return values that may be written, by keyword.

    Raises:
        UsageError: one is none of its attribute, or that cannot be corrected.
    """
    if not given:
        raise UsageError("name at least one attribute to correct")
    return {keyword: _checked(keyword, text.strip()) for keyword, text in given.items()}


def _checked(keyword: str, text: str) -> str:
    attribute = _KEYWORDS.get(keyword)
    if attribute is None:
        raise UsageError(f"{keyword} cannot be corrected; these can: {', '.join(_KEYWORDS)}")
    if not text:
        return ""
    check_values({f"{attribute.tag:08X}": {"vr": attribute.vr, "Value": [text]}})
    if "\\" in text or not text.isprintable():
        raise UsageError(f"{keyword}: use characters that can be printed, and no backslash")
    if attribute.vr == "PN" and any(group.count("^") > 4 for group in text.split("=")):
        raise UsageError(f"{keyword}: use at most five parts: FAMILY^GIVEN^MIDDLE^PREFIX^SUFFIX")
    if keyword == "PatientSex" and text not in _SEXES:
        raise UsageError(f"PatientSex: use one of {', '.join(_SEXES)}, or nothing")
    return text


def _reason(by: By) -> str:
    reason = by.reason.strip()
    if len(reason) > _LONGEST_REASON or not reason.replace("\n", "").isprintable():
        raise UsageError(f"a reason has at most {_LONGEST_REASON} characters that can be printed")
    return reason


def _check_seen(transaction: Transaction, study: str, by: By) -> None:
    if by.version is not None and by.version != last_edit_of(transaction, study):
        raise ChangedMeanwhileError("the study was corrected meanwhile: read it again")


def _swaps_back(transaction: Transaction, study: str, number: int) -> list[Swap]:
    """Return what undoes a correction of objects that are as it left them."""
    kept = kept_versions(transaction, study, number)
    swaps = []
    for each in objects_of(transaction, study):
        before, made, deletion = kept.get(each.SOPInstanceUID, (each.version, each.version.hash, 0))
        if each.version.hash == before.hash:
            continue
        if each.version.hash != made:
            raise EditError(f"object {each.SOPInstanceUID} was changed since; put that back first")
        swaps.append(Swap(each, before, deletion))
    if not swaps:
        raise EditError("what was before this correction is not kept any more")
    return swaps


def _deflated(pieces: Iterable[Buffer]) -> list[Buffer]:
    """Return a data set as a deflate stream of even length (PS3.5 A.5)."""
    stream = zlib.compressobj(wbits=-zlib.MAX_WBITS)
    body = b"".join(stream.compress(piece) for piece in pieces) + stream.flush()
    return [body + b"\0" if len(body) % 2 else body]
