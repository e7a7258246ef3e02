"""Metadata and bulk data of a STOW-RS body, put together (PS3.18 8.6.1.2.2, 10.5.2).

The metadata comes first: one part of DICOM JSON with all objects, or one part of XML for each. A bulk data part belongs
to the attributes whose BulkDataURI is its Content-Location; as soon as an object has all of its parts it is stored, and
their room is given back. Addresses are compared, never fetched.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from isocenter.archive import Receipt, Source
from isocenter.dicom.native_xml_reader import xml_to_json
from isocenter.dicom.pixels import PIXEL_DATA
from isocenter.dicom.uids import NON_PATIENT_SOP_CLASSES, new_uid, transfer_syntax
from isocenter.errors import InvalidObjectError, IsocenterError, UsageError
from isocenter.web.bulk_part import BulkPart, Spool
from isocenter.web.compose import compose
from isocenter.web.intake import Intake
from isocenter.web.json_attributes import Json, normal, number_of, put, text_of
from isocenter.web.media_types import DICOM_JSON, DICOM_XML, JSON, MediaRange
from isocenter.web.node import Node

#: Media types of metadata.
METADATA_TYPES = (DICOM_JSON, DICOM_XML, JSON)
_MAX_METADATA = 32 << 20
_MAX_OBJECTS = 20_000
_DEEPEST = 64
_BLOCK = 1 << 20


@dataclass(slots=True, eq=False)
class Draft:
    """An object that is not whole yet: what it still needs, and how often."""

    attributes: Json
    missing: dict[str, int]
    parts: dict[str, list[BulkPart]] = field(default_factory=dict)

    @property
    def names(self) -> tuple[str, str]:
        """SOP class and instance UID."""
        return text_of(self.attributes, "SOPClassUID"), text_of(self.attributes, "SOPInstanceUID")


class Assembly:
    """Takes metadata and bulk data parts and hands whole objects to the intake."""

    def __init__(self, node: Node, intake: Intake, study: str, metadata_type: str) -> None:
        self._node = node
        self._intake = intake
        self._study = study
        self._is_xml = metadata_type == DICOM_XML
        self._metadata: bytearray | None = None  # of the part that is coming in
        self._metadata_size = 0
        self._objects: list[Json] = []
        self._waiting: dict[str, list[Draft]] | None = None  # by URI; None until the metadata is there
        self._known: set[str] = set()
        self._series: dict[str, str] = {}
        self._spool = Spool()
        self._part: BulkPart | None = None
        self._location = ""
        self._block = bytearray()

    async def begin(self, media_type: MediaRange, location: str) -> None:
        """Begin a part: metadata first, then bulk data."""
        if media_type.type in METADATA_TYPES and location not in (self._waiting or {}):
            if self._waiting is not None:
                raise UsageError("the metadata must come before the bulk data")
            self._metadata = bytearray()
            return
        if self._waiting is None:
            await self._read_metadata()
        users = (self._waiting or {}).get(location, [])
        if not users:
            again = "came more often than its objects need it" if location in self._known else "is named by no object"
            await self._intake.refuse(InvalidObjectError(f"the part {location[:64]!r} {again}"))
            return
        self._location = location
        self._part = BulkPart(self._spool, media_type.type, media_type.parameters, len(users))

    async def write(self, data: memoryview | bytes) -> None:
        """Take bytes of the part."""
        if self._metadata is not None:
            self._metadata_size += len(data)
            if self._metadata_size > _MAX_METADATA:
                raise UsageError(f"the metadata is longer than {_MAX_METADATA} bytes: send several requests")
            self._metadata += data
        elif self._part is None:
            await self._intake.write(data)
        else:
            self._block += data
            if len(self._block) >= _BLOCK:
                await self._write_block()

    async def _write_block(self) -> None:
        if self._part is not None:
            block, self._block = self._block, bytearray()
            try:
                await self._node.threads.write(self._part.write, block)
            except IsocenterError as error:
                self._part.close()
                self._part = None
                await self._fail(self._location, error)

    async def end(self) -> None:
        """Give the part to the objects that wait for it; those that are whole now are stored."""
        if self._metadata is not None:
            body, self._metadata = bytes(self._metadata), None
            self._objects += await self._node.threads.paint(self._parse, body)
            if len(self._objects) > _MAX_OBJECTS:
                raise UsageError(f"the metadata has more than {_MAX_OBJECTS} objects: send several requests")
            return
        await self._write_block()
        part, self._part = self._part, None
        if part is None or self._waiting is None:
            return
        drafts = self._waiting[self._location]
        for draft in list(drafts):
            draft.parts.setdefault(self._location, []).append(part)
            draft.missing[self._location] -= 1
            if not draft.missing[self._location] or not _is_frame(part):
                del draft.missing[self._location]
                drafts.remove(draft)
            if not draft.missing:
                await self._submit(draft)
        if not drafts:
            del self._waiting[self._location]

    async def finish(self) -> None:
        """Refuse the objects that are not whole."""
        if self._waiting is None:
            await self._read_metadata()
        while self._waiting:
            location = next(iter(self._waiting))
            await self._fail(location, InvalidObjectError(f"there is no part for the BulkDataURI {location[:64]!r}"))

    def abandon(self) -> None:
        """Give the room of all parts back that nobody will use."""
        if self._part is not None:
            self._part.close()
            self._part = None
        for drafts in (self._waiting or {}).values():
            for draft in drafts:
                _release(draft)

    async def _fail(self, location: str, error: IsocenterError) -> None:
        """Refuse the objects that wait for a part."""
        assert self._waiting is not None
        for draft in self._waiting.pop(location):
            for other in draft.missing.keys() - {location}:
                self._waiting[other].remove(draft)
                if not self._waiting[other]:
                    del self._waiting[other]
            _release(draft)
            await self._intake.refuse(error, draft.names)

    async def _submit(self, draft: Draft) -> None:
        size = sum(part.size for parts in draft.parts.values() for part in parts)
        make = partial(_store, self._node, self._intake.source, self._study, draft)
        future = await self._intake.submit(make, lambda: draft.names, size)
        future.add_done_callback(lambda _: _release(draft))

    def _parse(self, body: bytes) -> list[Json]:
        """Return the objects of a metadata part."""
        if self._is_xml:
            return [xml_to_json(body)]
        try:
            found = json.loads(body)
        except (ValueError, RecursionError) as error:
            raise UsageError(f"the metadata is no JSON: {error}") from error
        objects = found if isinstance(found, list) else [found]
        if not all(isinstance(each, dict) for each in objects):
            raise UsageError("the metadata must be an array of DICOM JSON objects (PS3.18 F.2.1)")
        return objects

    async def _read_metadata(self) -> None:
        """Make drafts of the objects; those without bulk data are whole."""
        if not self._objects:
            raise UsageError("the body begins without metadata: the first part has it")
        self._waiting = {}
        for attributes in self._objects:
            draft = Draft(attributes, {})
            try:
                draft.attributes = self._named(normal(attributes))
                draft.missing = _wishes(draft.attributes)
            except IsocenterError as error:
                await self._intake.refuse(error, draft.names)
                continue
            self._known.update(draft.missing)
            for uri in draft.missing:
                self._waiting.setdefault(uri, []).append(draft)
            if not draft.missing:
                await self._submit(draft)
        self._objects = []

    def _named(self, attributes: Json) -> Json:
        """Give an object the UIDs that its metadata lacks: the study of the path, a series of this request, its own."""
        if not text_of(attributes, "SOPInstanceUID"):
            put(attributes, "SOPInstanceUID", new_uid())
        if text_of(attributes, "SOPClassUID") in NON_PATIENT_SOP_CLASSES:
            return attributes
        if self._study and not text_of(attributes, "StudyInstanceUID"):
            put(attributes, "StudyInstanceUID", self._study)
        if not text_of(attributes, "SeriesInstanceUID"):
            key = f"{text_of(attributes, 'StudyInstanceUID')} {text_of(attributes, 'SOPClassUID')}"
            put(attributes, "SeriesInstanceUID", self._series.setdefault(key, new_uid()))
        return attributes


def _wishes(attributes: Json) -> dict[str, int]:
    """Return how many parts each BulkDataURI wants: pixel data may come in one for each frame."""
    missing: dict[str, int] = {}
    for tag, uri in _references(attributes, 0):
        frames = (number_of(attributes, "NumberOfFrames") or 1) if tag == f"{PIXEL_DATA:08X}" else 1
        missing[uri] = max(frames, missing.get(uri, 1))
    return missing


def _is_frame(part: BulkPart) -> bool:
    """Tell whether a part of pixel data is one frame and not all of them."""
    syntax = part.parameters.get("transfer-syntax", "")
    return part.media_type.startswith("image/") or bool(syntax and transfer_syntax(syntax).encapsulated)


def _references(attributes: Any, depth: int) -> Iterator[tuple[str, str]]:  # noqa: ANN401 - whatever JSON holds
    """Yield tag and BulkDataURI of each attribute that has one."""
    if depth > _DEEPEST or not isinstance(attributes, dict):
        raise UsageError(f"the metadata is no DICOM JSON object, or nested deeper than {_DEEPEST}")
    for tag, attribute in attributes.items():
        if not isinstance(attribute, dict):
            raise UsageError(f"DICOM JSON: {tag[:8]} is no attribute")
        uri = attribute.get("BulkDataURI")
        if isinstance(uri, str):
            yield (tag if not depth else "", uri)
        elif attribute.get("vr") == "SQ" and isinstance(attribute.get("Value"), list):
            for item in attribute["Value"]:
                yield from _references(item or {}, depth + 1)


def _store(node: Node, source: Source, study: str, draft: Draft) -> Receipt:
    """Write an object into the archive. Blocks."""
    composed = compose(draft.attributes, draft.parts)
    reception = node.archive.receive_file(source, study_instance_uid=study)
    try:
        for piece in composed.pieces:
            reception.write(piece)
        return reception.finish()
    except BaseException:
        reception.discard()
        raise


def _release(draft: Draft) -> None:
    for parts in draft.parts.values():
        for part in parts:
            part.release()
    draft.parts = {}
