"""Encrypted Attributes Sequence: what was changed, for the holder of a private key to put back (PS3.15 E.1.1, E.1.2).

The content of (0400,0520) is a CMS envelope (RFC 5652: RSA key transport, AES-256-CBC) around a data set with one item
of Modified Attributes Sequence (0400,0550), in the transfer syntax of (0400,0510). In it is every element of the data
set's top level that the output has not, or has otherwise, but for pixels.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from operator import itemgetter
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, RSAPublicKey
from cryptography.hazmat.primitives.ciphers import algorithms
from cryptography.hazmat.primitives.serialization import Encoding as Form
from cryptography.hazmat.primitives.serialization import load_pem_private_key, pkcs7

from isocenter.deid.engine import Result, Status, deflate
from isocenter.dicom.encoded_writer import write_element, write_items
from isocenter.dicom.encoding import UNDEFINED, Buffer, Encoding, effective_encoding, encoding_of
from isocenter.dicom.part10 import read_preamble_and_meta, write_file_meta
from isocenter.dicom.scanner import behind_undefined, inflate, iter_elements, iter_items, scan
from isocenter.dicom.uids import EXPLICIT_VR_LITTLE_ENDIAN, IMPLICIT_VR_LITTLE_ENDIAN, TransferSyntax, transfer_syntax
from isocenter.errors import ConfigurationError, InvalidObjectError, NotFoundError

ENCRYPTED, SYNTAX, CONTENT, MODIFIED = 0x04000500, 0x04000510, 0x04000520, 0x04000550
CHARACTER_SET, SOP_CLASS_UID, SOP_INSTANCE_UID, IDENTITY_REMOVED = 0x00080005, 0x00080016, 0x00080018, 0x00120062
#: What de-identification adds, and who puts the originals back takes away.
_ADDED = frozenset({ENCRYPTED, IDENTITY_REMOVED, 0x00120063, 0x00120064, 0x00280303})
_PIXELS, _LONGEST, _INFLATED = 0x7FE00000, 1 << 20, 1 << 31


def read_certificate(path: Path) -> x509.Certificate:
    """Return the certificate of a PEM or DER file. Raises ConfigurationError when it is none with an RSA key."""
    try:
        raw = path.read_bytes()
        found = (x509.load_pem_x509_certificate if b"-----BEGIN" in raw else x509.load_der_x509_certificate)(raw)
    except (OSError, ValueError) as error:
        raise ConfigurationError(f"{path} is no certificate") from error
    if not isinstance(found.public_key(), RSAPublicKey):
        raise ConfigurationError(f"{path} has no RSA key, which the Encrypted Attributes Sequence needs")
    return found


def read_private_key(path: Path, password: str | None = None) -> RSAPrivateKey:
    """Return the key of a PEM file. Raises ConfigurationError when it is none of RSA, or the password is wrong."""
    try:
        found = load_pem_private_key(path.read_bytes(), password.encode() if password else None)
    except (OSError, ValueError, TypeError) as error:
        raise ConfigurationError(
            f"{path} is no private key in PEM form, or its password is missing or wrong"
        ) from error
    if not isinstance(found, RSAPrivateKey):
        raise ConfigurationError(f"{path} is no RSA key")
    return found


def enclose(original: Buffer, result: Result, certificate: x509.Certificate) -> Result:
    """Return a result that carries, encrypted, what it has not of its original."""
    if result.status is not Status.OUTPUT:
        return result
    made = result.data
    one, other = _opened(original), _opened(made)
    if one.encoding != other.encoding or one.encoding.big_endian:
        reason = "the Encrypted Attributes Sequence is not written for big endian objects and odd encodings"
        return Result(Status.SEQUESTERED, reason)
    content = write_items(MODIFIED, [_changed(one, other)], one.encoding)
    envelope = (
        pkcs7.PKCS7EnvelopeBuilder().set_data(content).add_recipient(certificate)
        .set_content_encryption_algorithm(algorithms.AES256)
        .encrypt(Form.DER, [pkcs7.PKCS7Options.Binary])
    )  # fmt: skip
    uid = (IMPLICIT_VR_LITTLE_ENDIAN if one.encoding.implicit else EXPLICIT_VR_LITTLE_ENDIAN).encode("ascii")
    item = write_element(SYNTAX, "UI", uid, one.encoding) + write_element(CONTENT, "OB", envelope, one.encoding)
    pieces = list(_with(other, {ENCRYPTED: write_items(ENCRYPTED, [item], one.encoding)}, frozenset()))
    return replace(result, pieces=(other.head, *(deflate(pieces) if other.syntax.deflated else pieces)))


def restore(data: Buffer, certificate: x509.Certificate, key: RSAPrivateKey) -> bytes:
    """Return an object with its original attributes, marked as identified.

    Raises:
        NotFoundError: there is nothing encrypted in it, or not for this key.
        InvalidObjectError: the object or what is encrypted is broken.
    """
    opened = _opened(data)
    elements = {IDENTITY_REMOVED: write_element(IDENTITY_REMOVED, "CS", b"NO", opened.encoding)}
    content = _decrypted(opened, certificate, key)
    elements |= {tag: piece for tag, _, piece in _pieces(content, opened.encoding) if tag != IDENTITY_REMOVED}
    plain = b"".join(_with(opened, elements, _ADDED))
    values = scan(plain, opened.syntax, frozenset({SOP_CLASS_UID, SOP_INSTANCE_UID})).values
    sop_class, instance = (
        bytes(values.get(tag, b"")).decode("ascii", "replace").strip("\0 ") for tag in (SOP_CLASS_UID, SOP_INSTANCE_UID)
    )
    body = deflate([plain]) if opened.syntax.deflated else [plain]
    return b"".join((write_file_meta(sop_class, instance, opened.syntax.uid), *body))


@dataclass(frozen=True, slots=True)
class _Opened:
    """A file, taken apart: preamble and meta, data set, inflated, its syntax and the layout of its elements."""

    head: Buffer
    data: Buffer
    syntax: TransferSyntax
    encoding: Encoding


def _opened(data: Buffer) -> _Opened:
    meta = read_preamble_and_meta(data, final=True)
    assert meta is not None
    syntax = transfer_syntax(meta.transfer_syntax_uid)
    view = memoryview(data)
    body: Buffer = view[meta.data_set_offset :]
    body = inflate(body, _INFLATED) if syntax.deflated else body
    encoding = effective_encoding(body, 0, len(body), encoding_of(syntax))
    return _Opened(view[: meta.data_set_offset], body, syntax, encoding)


def _pieces(data: Buffer, encoding: Encoding) -> Iterator[tuple[int, bytes, Buffer]]:
    """Yield the elements of the top level: tag, value, and all of their bytes; pixels without their value."""
    view, start = memoryview(data), 0
    for element in iter_elements(data, encoding):
        end = element.offset + element.length
        if element.length == UNDEFINED:
            end = behind_undefined(data, element, len(data), encoding)
        value = b"" if element.tag >= _PIXELS else bytes(view[element.offset : end])
        yield element.tag, value, view[start:end]
        start = end


def _changed(original: _Opened, made: _Opened) -> bytes:
    """Return the elements that the output has not, or has with another value; and the character set."""
    kept = {(tag, value) for tag, value, _ in _pieces(made.data, made.encoding)} - {(CHARACTER_SET, b"")}
    return b"".join(
        piece
        for tag, value, piece in _pieces(original.data, original.encoding)
        if tag & 0xFFFF and tag < _PIXELS and len(piece) <= _LONGEST
        and (tag == CHARACTER_SET or (tag, value) not in kept)
    )  # fmt: skip


def _with(opened: _Opened, elements: dict[int, Buffer], without: frozenset[int]) -> Iterator[Buffer]:
    """Yield the top level with elements put in or replaced, in the order of tags, and others left out."""
    pending = sorted(elements.items(), key=itemgetter(0))
    for tag, _, piece in _pieces(opened.data, opened.encoding):
        while pending and pending[0][0] <= tag:
            yield pending.pop(0)[1]
        if tag not in elements and tag not in without:
            yield piece
    yield from (piece for _, piece in pending)


def _decrypted(opened: _Opened, certificate: x509.Certificate, key: RSAPrivateKey) -> bytes:
    """Return the item of Modified Attributes Sequence that this key opens."""
    for syntax, envelope in _envelopes(opened):
        try:
            content = pkcs7.pkcs7_decrypt_der(_der(envelope), certificate, key, [])
        except ValueError:
            continue  # for somebody else
        if syntax != opened.encoding:
            raise InvalidObjectError("what is encrypted has another encoding than the object")
        for element in iter_elements(content, syntax):
            for item in iter_items(content, element, syntax):
                return content[item.offset : item.end]
    raise NotFoundError("there is nothing encrypted in this object for this key")


def _envelopes(opened: _Opened) -> Iterator[tuple[Encoding, bytes]]:
    for element in iter_elements(opened.data, opened.encoding):
        if element.tag != ENCRYPTED:
            continue
        for item in iter_items(opened.data, element, opened.encoding):
            found = {
                inner.tag: bytes(opened.data[inner.offset : inner.offset + inner.length])
                for inner in iter_elements(opened.data, item.encoding, item.offset, item.end)
            }
            uid = found.get(SYNTAX, b"").decode("ascii", "replace").strip("\0 ")
            yield encoding_of(transfer_syntax(uid)), found.get(CONTENT, b"")


def _der(raw: bytes) -> bytes:
    """Return a DER structure without the padding behind it."""
    if len(raw) < 2:
        return raw
    count = raw[1] & 0x7F if raw[1] & 0x80 else 0
    length = int.from_bytes(raw[2 : 2 + count], "big") if count else raw[1]
    return raw[: 2 + count + length]
