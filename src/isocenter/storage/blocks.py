"""What the kernel does with the blocks of a file and Python's ``os`` does not offer: Linux by way of libc.

Each is an improvement, not a need: where the system or the file system lacks it, the function says so by its result
and nothing is lost but speed (``preallocate``, ``start_writeback``) or room (``punch``).
"""

import ctypes
import errno
import os
from collections.abc import Callable

_PUNCH_HOLE = 0x02
_KEEP_SIZE = 0x01
_START_WRITE = 0x02
_LACKING = frozenset({errno.EOPNOTSUPP, errno.ENOSYS, errno.EINVAL, errno.ENODEV})

_libc = ctypes.CDLL(None, use_errno=True)


def _function(name: str, *arguments: object) -> Callable[..., int] | None:
    function = getattr(_libc, name, None)
    if function is not None:
        function.argtypes = arguments
        function.restype = ctypes.c_int
    return function


_fallocate = _function("fallocate", ctypes.c_int, ctypes.c_int, ctypes.c_int64, ctypes.c_int64)
_sync_file_range = _function("sync_file_range", ctypes.c_int, ctypes.c_int64, ctypes.c_int64, ctypes.c_uint)


def preallocate(descriptor: int, offset: int, length: int) -> bool:
    """Give a file blocks, which read as zeros, and make it as long; False where that cannot be done.

    Raises:
        OSError: there is no room.
    """
    return _allocate(descriptor, 0, offset, length)


def punch(descriptor: int, offset: int, length: int) -> bool:
    """Give blocks of a file back to the file system, so that they read as zeros; False where that cannot be done."""
    return _allocate(descriptor, _PUNCH_HOLE | _KEEP_SIZE, offset, length)


def start_writeback(descriptor: int, offset: int, length: int) -> None:
    """Let the disk begin with what was written there, without waiting for it (sync_file_range(2)).

    Says nothing about durability: ``fdatasync`` does, and then has less left to wait for.
    """
    if _sync_file_range is not None:
        _sync_file_range(descriptor, offset, length, _START_WRITE)


def next_data(descriptor: int, offset: int, size: int) -> int:
    """Return where the next bytes at or behind ``offset`` are that are not a hole, ``size`` where there are none."""
    try:
        return os.lseek(descriptor, offset, os.SEEK_DATA)
    except OSError as error:
        return size if error.errno == errno.ENXIO else offset


def _allocate(descriptor: int, mode: int, offset: int, length: int) -> bool:
    if _fallocate is None:
        return False
    while _fallocate(descriptor, mode, offset, length) != 0:
        number = ctypes.get_errno()
        if number in _LACKING:
            return False
        if number != errno.EINTR:
            raise OSError(number, os.strerror(number))
    return True
