"""A worker goes on after errors, keeps to its pauses, and ends in good order."""

import logging
import threading

import pytest

from isocenter.background import Worker

PATIENCE = 10.0


def test_rounds_follow_one_another_and_an_error_ends_none(caplog: pytest.LogCaptureFixture) -> None:
    rounds: list[int] = []
    enough = threading.Event()

    def work() -> float:
        rounds.append(len(rounds))
        if len(rounds) == 2:
            raise ValueError("broken")
        if len(rounds) == 4:
            enough.set()
            return 3600
        return 0

    worker = Worker("digging", work, 0.001)
    worker.start()
    worker.start()  # it is there already
    with caplog.at_level(logging.ERROR):
        assert enough.wait(PATIENCE)
    worker.stop()  # amid its pause of an hour
    worker.stop()
    assert rounds == [0, 1, 2, 3]
    assert "digging failed" in caplog.text


def test_a_rest_amid_a_round_is_cut_short_at_the_end() -> None:
    resting, rested = threading.Event(), threading.Event()

    def work() -> float:
        resting.set()
        worker.rest(3600)
        rested.set()
        return 3600

    worker = Worker("resting", work, 1)
    worker.start()
    assert resting.wait(PATIENCE)
    worker.stop()
    assert rested.is_set()
