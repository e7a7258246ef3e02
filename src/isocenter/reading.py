"""Reading a stored object: its data set as bytes, inflated where its transfer syntax is deflated (PS3.5 A.5)."""

import contextlib
from collections.abc import Iterator

from isocenter.dicom.scanner import inflate
from isocenter.dicom.uids import TransferSyntax
from isocenter.storage.storage import Storage

#: A deflated data set may not become larger than this in memory.
INFLATED_LIMIT = 1 << 28


@contextlib.contextmanager
def mapped(storage: Storage, location: str, offset: int) -> Iterator[memoryview]:
    """Give the bytes of an object from ``offset`` on, readable while the context is open.

    Raises:
        NotFoundError: the object is gone, or was deleted while the context was open.
    """
    with storage.open(location) as file, file.mapped() as whole, whole[offset:] as data:
        yield data


@contextlib.contextmanager
def data_set(storage: Storage, location: str, offset: int, syntax: TransferSyntax) -> Iterator[memoryview]:
    """Give the data set that begins at ``offset`` of an object, readable while the context is open.

    Raises:
        NotFoundError: the object's file is gone.
        InvalidObjectError: a deflated data set is broken or becomes too large.
    """
    with mapped(storage, location, offset) as data:
        yield memoryview(inflate(data, INFLATED_LIMIT)) if syntax.deflated else data
