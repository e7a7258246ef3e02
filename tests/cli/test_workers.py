"""The processes that answer the web, seen from the one that starts them: questions, replacements, the end."""

import os
import socket
import threading
from collections.abc import Callable, Iterator
from multiprocessing.connection import Connection
from types import SimpleNamespace
from typing import Any
from unittest.mock import Mock

import pytest

from isocenter.arrivals import Arrivals
from isocenter.cli import workers as module
from isocenter.cli.ports import Sockets
from isocenter.cli.workers import Workers, _Questions
from isocenter.errors import ConfigurationError
from isocenter.settings import load_settings

PATIENCE = 20
COUNTED = {"associations_active": 3}


@pytest.fixture
def ends(monkeypatch: pytest.MonkeyPatch) -> list[Connection]:
    """Return the pipes' other ends, those of processes that are none: the tests are what is behind them."""
    found: list[Connection] = []
    context = module.multiprocessing.get_context("spawn")

    def process(target: object, args: tuple[Any, ...]) -> Mock:
        del target
        found.append(Connection(os.dup(args[-1].fileno())))
        return Mock(pid=1, exitcode=-9)

    fake = SimpleNamespace(Pipe=context.Pipe, Process=process)
    monkeypatch.setattr(module.multiprocessing, "get_context", lambda _: fake)
    return found


@pytest.fixture
def workers(ends: list[Connection]) -> Iterator[Workers]:
    del ends
    with socket.socket() as http:
        yield Workers(load_settings({"workers": 2}), Sockets(None, None, http), Arrivals.shared(), lambda: COUNTED)


def beside(function: Callable[..., object], *arguments: object) -> threading.Thread:
    """Call a function in a thread."""
    thread = threading.Thread(target=function, args=arguments, daemon=True)
    thread.start()
    return thread


def answer(end: Connection) -> dict[str, int]:
    """Ask as a web process does."""
    found: list[dict[str, int]] = []
    beside(lambda: found.append(_Questions(end).counters())).join(PATIENCE)
    return found[0]


def test_one_that_does_not_come_up_keeps_no_other_waiting(workers: Workers, ends: list[Connection]) -> None:
    stop = threading.Event()
    starting = beside(workers.start, stop)
    assert [end.recv() for end in ends] == ["go", "go"]
    ends[0].send("ready")
    assert answer(ends[0]) == COUNTED  # the second is not there yet
    ends[1].send("ready")
    starting.join(PATIENCE)
    assert not starting.is_alive()
    watching = beside(workers.watch, stop)
    ends[0].close()
    assert answer(ends[1]) == COUNTED
    assert ends[2].recv() == "go"  # in place of the first
    assert answer(ends[1]) == COUNTED  # which is not there yet
    stop.set()
    watching.join(PATIENCE)
    assert not watching.is_alive()


def test_the_end_does_not_wait_for_the_start(workers: Workers, ends: list[Connection]) -> None:
    stop = threading.Event()
    starting = beside(workers.start, stop)
    assert ends[0].recv() == "go"
    stop.set()
    starting.join(PATIENCE)
    assert not starting.is_alive()


def test_who_asks_at_the_end_gets_nothing(workers: Workers, ends: list[Connection]) -> None:
    found: list[dict[str, int]] = []
    asking = beside(lambda: found.append(_Questions(ends[1]).counters()))
    assert workers._workers[1].pipe.poll(PATIENCE)
    workers.stop()
    asking.join(PATIENCE)
    assert found == [{}]


def test_a_successor_that_cannot_start_ends_it(
    workers: Workers, ends: list[Connection], monkeypatch: pytest.MonkeyPatch
) -> None:
    stop = threading.Event()
    for end in ends:
        end.send("ready")
    workers.start(stop)
    ends[0].close()
    begin = module._Worker.begin

    def dies(worker: Any) -> None:
        begin(worker)
        ends[-1].close()

    monkeypatch.setattr(module._Worker, "begin", dies)
    with pytest.raises(ConfigurationError, match="could not start"):
        workers.watch(stop)
