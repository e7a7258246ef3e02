"""An object in another transfer syntax, as a Part 10 file (PS3.5 A, PS3.10 7).

It is written to a temporary file, value by value and frame by frame, so that a large object does not have to fit into
memory. Must not know: archive, sockets.
"""

import os
import struct
import tempfile
import zlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import IO

from isocenter.codecs.registry import BIG_ENDIAN_PIXELS, can_decode
from isocenter.codecs.writing import DEFAULT_QUALITY, ENCODERS, is_lossy
from isocenter.dicom.encoding import Buffer
from isocenter.dicom.implicit import implicit_vr
from isocenter.dicom.layout import Layout, read_layout
from isocenter.dicom.part10 import write_file_meta
from isocenter.dicom.scanner import scan
from isocenter.dicom.uids import (
    DEFLATED_EXPLICIT_VR_LITTLE_ENDIAN,
    EXPLICIT_VR_LITTLE_ENDIAN,
    IMPLICIT_VR_LITTLE_ENDIAN,
    TransferSyntax,
    transfer_syntax,
)
from isocenter.errors import NotFoundError, UnsupportedError
from isocenter.storage import ObjectFile
from isocenter.transcoding import attributes
from isocenter.transcoding.frames import as_compressed, as_little_endian, side_by_side, why_not
from isocenter.transcoding.rewriter import Rewriter

#: Kept in memory up to this size.
_SPOOLED = 8 << 20
_CHUNK = 1 << 20
_MAX_VALUE = 0xFFFFFFFE
_MAX_OFFSET = 0xFFFFFFFF
_OVERLAY_BIT = frozenset(0x60000102 + (group << 16) for group in range(0, 32, 2))
#: Syntaxes whose pixel data is not compressed.
NATIVE = frozenset({EXPLICIT_VR_LITTLE_ENDIAN, IMPLICIT_VR_LITTLE_ENDIAN, DEFLATED_EXPLICIT_VR_LITTLE_ENDIAN})
#: Every syntax that an object can be rewritten in.
WRITABLE = NATIVE | frozenset(ENCODERS)


@dataclass(frozen=True, slots=True)
class Identity:
    """What the file meta information says of an object."""

    sop_class_uid: str
    sop_instance_uid: str


def can_transcode(stored: str, wanted: str) -> bool:
    """Return whether objects of one syntax can be had in another, as far as the syntaxes say."""
    syntax = transfer_syntax(stored)
    return wanted in WRITABLE and (not syntax.encapsulated or can_decode(stored))


def obstacle(data: Buffer, layout: Layout | None, wanted: str) -> str:
    """Return why this object cannot be had in a syntax, ``""`` where it can; without an image there is nothing to do.

    Args:
        data: the data set.
        layout: of its image, None without one.
        wanted: a transfer syntax UID.
    """
    if layout is None or wanted in NATIVE:
        return ""
    if not layout.compressed and _has_embedded_overlays(data, layout):
        return "overlays in unused bits of the pixel data would be lost"
    return why_not(layout, wanted)


def _has_embedded_overlays(data: Buffer, layout: Layout) -> bool:
    found = scan(data, layout.syntax, _OVERLAY_BIT, 0x60FF0000).values
    return any(any(position) for position in found.values())


def written_syntax(layout: Layout | None, wanted: str) -> str:
    """Return the syntax that an object with this image, or with none, is in when it was made for ``wanted``."""
    return wanted if wanted in NATIVE or layout is not None else EXPLICIT_VR_LITTLE_ENDIAN


def layout_of(data: Buffer, syntax: TransferSyntax) -> Layout | None:
    """Return the layout of the image in a data set, None where there is none."""
    try:
        return read_layout(data, syntax)
    except NotFoundError:
        return None


def transcode(
    data: Buffer, syntax: TransferSyntax, identity: Identity, wanted: str, quality: int = DEFAULT_QUALITY
) -> ObjectFile:
    """Return an object in another transfer syntax, as a temporary file that goes with its descriptor.

    An object without an image goes into a syntax of compressed frames as it is, in explicit VR little endian.

    Args:
        data: its data set, inflated.
        syntax: that it is in.
        identity: of the object; a lossy syntax gives it another SOP Instance UID.
        wanted: the transfer syntax UID.
        quality: 1..100, where the syntax loses information.

    Raises:
        UnsupportedError: it cannot be had in this syntax, or would be too long in it.
        InvalidObjectError: the data set or a frame is broken.
    """
    layout = layout_of(data, syntax)
    reason = obstacle(data, layout, wanted) if can_transcode(syntax.uid, wanted) else "nothing here converts these"
    if reason:
        raise UnsupportedError(f"an object in {syntax.name} cannot be had in {transfer_syntax(wanted).name}: {reason}")
    with tempfile.SpooledTemporaryFile(_SPOOLED) as file:
        _Writing(data, syntax, layout, identity, wanted, quality).to(file)
        return _kept(file)


def _kept(file: "tempfile.SpooledTemporaryFile[bytes]") -> ObjectFile:
    """Return what was written as an object; its bytes go with the last descriptor."""
    file.rollover()
    file.flush()
    return ObjectFile(os.dup(file.fileno()), 0, file.tell())


@dataclass(frozen=True, slots=True)
class _Writing:
    """One object on its way into another syntax."""

    data: Buffer
    syntax: TransferSyntax
    layout: Layout | None
    identity: Identity
    wanted: str
    quality: int

    def to(self, file: IO[bytes]) -> None:
        """Write the file."""
        lossy = self.layout is not None and is_lossy(self.wanted)
        uid = self.identity.sop_instance_uid
        uid = attributes.derived_uid(uid, self.wanted, self.quality) if lossy else uid
        syntax = written_syntax(self.layout, self.wanted)
        file.write(write_file_meta(self.identity.sop_class_uid, uid, syntax))
        pieces = self._elements(attributes.sop_instance(uid) if lossy else {})
        if self.wanted == IMPLICIT_VR_LITTLE_ENDIAN:
            pieces = _implicit(pieces)
        if self.wanted == DEFLATED_EXPLICIT_VR_LITTLE_ENDIAN:
            pieces = _deflated(pieces)
        for piece in pieces:
            file.write(piece)

    def _elements(self, replacements: attributes.Elements) -> Iterator[bytes | memoryview]:
        """Yield the data set in explicit VR little endian."""
        layout = self.layout
        rewriter = Rewriter(self.data, self.syntax, layout is not None and layout.compressed)
        if layout is None or self._keeps_pixels(layout):
            yield from rewriter.before_pixels()
            yield from rewriter.native_pixels()
            yield from rewriter.behind_pixels()
            return
        with tempfile.SpooledTemporaryFile(_SPOOLED) as frames:
            lengths = [frames.write(frame) for frame in self._written(layout)]
            sizes = self._sizes(layout, sum(lengths))
            rewriter.replacements = {
                **replacements,
                **attributes.of_pixels(layout, self.wanted),
                **attributes.of_loss(rewriter, self.data, self.syntax, self.wanted, sizes),
            }
            heads = _native_head(layout, sum(lengths)) if self.wanted in NATIVE else _Fragments(lengths)
            rewriter.replacements |= heads.before
            yield from rewriter.before_pixels()
            frames.seek(0)
            yield from heads.pixels(frames)
        yield from rewriter.behind_pixels()

    def _keeps_pixels(self, layout: Layout) -> bool:
        return self.wanted in NATIVE and not layout.compressed and self.syntax.uid not in BIG_ENDIAN_PIXELS

    def _written(self, layout: Layout) -> Iterator[bytes]:
        bits = layout.description.frame_bits
        if self.wanted in NATIVE and layout.description.BitsAllocated == 1 and bits % 8:
            return side_by_side(self._frames(layout), bits)
        return self._frames(layout)

    def _frames(self, layout: Layout) -> Iterator[bytes]:
        for number in range(1, len(layout.frames) + 1):
            raw = b"".join(self.data[offset : offset + length] for offset, length in layout.frame(number))
            if self.wanted in NATIVE:
                yield as_little_endian(raw, layout, number)
            else:
                frame = as_compressed(raw, layout, number, self.wanted, self.quality)
                yield frame + b"\0" * (len(frame) % 2)

    def _sizes(self, layout: Layout, written: int) -> attributes.Sizes:
        stored = sum(length for frame in layout.frames for _, length in frame)
        return attributes.Sizes(attributes.value_bytes(layout.description) * len(layout.frames), stored, written)


@dataclass(frozen=True, slots=True)
class _Native:
    """Pixel Data as one value."""

    vr: bytes
    length: int
    before: attributes.Elements

    def pixels(self, frames: IO[bytes]) -> Iterator[bytes]:
        padding = self.length % 2
        yield struct.pack("<HH2sHI", 0x7FE0, 0x0010, self.vr, 0, self.length + padding)
        yield from iter(lambda: frames.read(_CHUNK), b"")
        yield b"\0" * padding


def _native_head(layout: Layout, length: int) -> _Native:
    if length > _MAX_VALUE:
        raise UnsupportedError(
            "decoded, the pixel data is too long for one element: retrieve it as stored, or by frames"
        )
    return _Native(b"OW" if layout.description.BitsAllocated > 8 else b"OB", length, {})


class _Fragments:
    """Pixel Data as fragments, one for each frame, with the offset table that their size asks for (PS3.5 A.4)."""

    def __init__(self, lengths: list[int]) -> None:
        self._lengths = lengths
        starts = [0]
        for length in lengths:
            starts.append(starts[-1] + 8 + length)
        self._starts = starts[:-1]
        self._extended = starts[-1] > _MAX_OFFSET
        self.before: attributes.Elements = {}
        if self._extended:
            for tag, numbers in ((0x7FE00001, self._starts), (0x7FE00002, lengths)):
                value = struct.pack(f"<{len(numbers)}Q", *numbers)
                self.before[tag] = struct.pack("<HH2sHI", tag >> 16, tag & 0xFFFF, b"OV", 0, len(value)) + value

    def pixels(self, frames: IO[bytes]) -> Iterator[bytes]:
        table = b"" if self._extended else struct.pack(f"<{len(self._starts)}I", *self._starts)
        yield struct.pack("<HH2sHIHHI", 0x7FE0, 0x0010, b"OB", 0, 0xFFFFFFFF, 0xFFFE, 0xE000, len(table)) + table
        for length in self._lengths:
            yield struct.pack("<HHI", 0xFFFE, 0xE000, length) + frames.read(length)
        yield struct.pack("<HHI", 0xFFFE, 0xE0DD, 0)


def _implicit(pieces: Iterable[bytes | memoryview]) -> Iterator[bytes | memoryview]:
    """Yield the data set in implicit VR; it is written once more, to be read as a whole."""
    with tempfile.SpooledTemporaryFile(_SPOOLED) as file:
        for piece in pieces:
            file.write(piece)
        with _kept(file) as explicit, explicit.mapped() as data:
            yield from implicit_vr(data)


def _deflated(pieces: Iterable[bytes | memoryview]) -> Iterator[bytes]:
    stream = zlib.compressobj(wbits=-zlib.MAX_WBITS)
    length = 0
    for piece in pieces:
        made = stream.compress(piece)
        length += len(made)
        yield made
    rest = stream.flush()
    yield rest + b"\0" * ((length + len(rest)) % 2)
