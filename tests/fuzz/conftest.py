"""Mutation of real byte streams, seeded: every case has a number and gives the same bytes on every machine.

``ISOCENTER_FUZZ_ROUNDS`` multiplies the number of cases (1 takes some 15 s for all targets), ``ISOCENTER_FUZZ_SEED`` is
the number of the first. A failure names its case; that number as seed makes it the first case of the next run.

A case fails when its target raises what it should not, takes more than ``CPU_SECONDS``, or asks for more than
``HEADROOM`` bytes of memory. Inputs are of some ten kilobytes.
"""

import os
import resource
import signal
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from random import Random

import pytest

ROUNDS = int(os.environ.get("ISOCENTER_FUZZ_ROUNDS", "1"))
SEED = int(os.environ.get("ISOCENTER_FUZZ_SEED", "0"))
CPU_SECONDS = 5.0
HEADROOM = 64 << 20
#: Numbers that lengths, counts and tags go wrong at.
EDGES = (0, 1, 2, 3, 7, 8, 0x7F, 0x80, 0xFF, 0x100, 0x7FFF, 0x8000, 0xFFFE, 0xFFFF, 0x7FFFFFFF, 0xFFFFFFFE, 0xFFFFFFFF)
#: Most changes are made in the first bytes, where headers are.
FRONT = 2048


class TookTooLongError(Exception):
    """A case used up its processor time."""


def mutate(data: bytes, corpus: Sequence[bytes], random: Random) -> bytes:
    """Return the data with one to eight changes."""
    raw = bytearray(data)
    for _ in range(random.choice((1, 1, 1, 2, 2, 3, 5, 8))):
        random.choice(CHANGES)(raw, corpus, random)
    return bytes(raw)


def _place(raw: bytearray, random: Random) -> int:
    return random.randrange(min(len(raw), FRONT) if random.random() < 0.8 else len(raw)) if raw else 0


def _span(raw: bytes | bytearray, random: Random) -> tuple[int, int]:
    start = random.randrange(len(raw)) if raw else 0
    return start, start + random.choice((1, 2, 4, 8, 16, 60, 300))


def _flip(raw: bytearray, _: Sequence[bytes], random: Random) -> None:
    if raw:
        raw[_place(raw, random)] ^= 1 << random.randrange(8)


def _overwrite(raw: bytearray, _: Sequence[bytes], random: Random) -> None:
    place = _place(raw, random)
    raw[place : place + random.choice((1, 2, 4))] = random.randbytes(random.choice((1, 2, 4)))


def _edge(raw: bytearray, _: Sequence[bytes], random: Random) -> None:
    size, place = random.choice((1, 2, 4)), _place(raw, random)
    number = random.choice(EDGES) & (1 << 8 * size) - 1
    raw[place : place + size] = number.to_bytes(size, random.choice(("little", "big")))


def _remove(raw: bytearray, _: Sequence[bytes], random: Random) -> None:
    start, end = _span(raw, random)
    del raw[start:end]


def _repeat(raw: bytearray, _: Sequence[bytes], random: Random) -> None:
    start, end = _span(raw, random)
    raw[start:start] = raw[start:end] * random.choice((1, 1, 2, 30))


def _splice(raw: bytearray, corpus: Sequence[bytes], random: Random) -> None:
    other = random.choice(corpus)
    start, end = _span(other, random)
    place = _place(raw, random)
    raw[place:place] = other[start:end]


def _cut(raw: bytearray, _: Sequence[bytes], random: Random) -> None:
    del raw[_place(raw, random) :]


CHANGES = (_flip, _flip, _overwrite, _edge, _edge, _edge, _remove, _repeat, _splice, _cut)


def pieces(data: bytes, random: Random) -> Iterator[bytes]:
    """Yield the data in pieces as a connection might give them."""
    longest = random.choice((1, 7, 100, 5000, 1 << 20))
    position = 0
    while position < len(data):
        size = random.randint(1, longest)
        yield data[position : position + size]
        position += size


@contextmanager
def little_memory() -> Iterator[None]:
    """Let the process grow by ``HEADROOM`` at most."""
    used = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
    soft, hard = resource.getrlimit(resource.RLIMIT_AS)
    resource.setrlimit(resource.RLIMIT_AS, (used + HEADROOM, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_AS, (soft, hard))


def _too_long(*_: object) -> None:
    raise TookTooLongError


@pytest.fixture
def fuzz() -> Iterator[Callable[..., None]]:
    """Run a target over cases; it is called with the mutated bytes and with what it may draw chances from."""
    before = signal.signal(signal.SIGVTALRM, _too_long)

    def run(corpus: Sequence[bytes], target: Callable[[bytes, Random], object], cases: int) -> None:
        for number in range(SEED, SEED + cases * ROUNDS):
            random = Random(number)
            data = mutate(random.choice(corpus), corpus, random)
            failure: BaseException | None = None
            signal.setitimer(signal.ITIMER_VIRTUAL, CPU_SECONDS)
            try:
                with little_memory():
                    target(data, random)
            except Exception as error:  # noqa: BLE001 - whatever it raises is a finding
                failure = error
            finally:
                signal.setitimer(signal.ITIMER_VIRTUAL, 0)
            if failure is not None:
                message = f"case {number}: {type(failure).__name__}: {failure}; {len(data)} bytes: {data[:3000].hex()}"
                raise AssertionError(message) from failure

    yield run
    signal.signal(signal.SIGVTALRM, before)


@pytest.fixture
def in_pieces() -> Callable[[bytes, Random], Iterator[bytes]]:
    return pieces


@pytest.fixture
def changed() -> Callable[[bytes, Sequence[bytes], Random], bytes]:
    return mutate
