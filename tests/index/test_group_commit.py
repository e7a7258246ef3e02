"""Group commit: everybody gets their own result, whoever commits for them."""

import threading

import pytest

from isocenter.index.group_commit import GroupCommit


def test_a_thread_alone_leads() -> None:
    commits: GroupCommit[int, int] = GroupCommit(lambda items: [item * 2 for item in items])
    assert [commits.submit(n) for n in range(3)] == [0, 2, 4]


def test_those_who_wait_go_together_and_the_lead_is_handed_over() -> None:
    batches: list[list[int]] = []
    entered, leave = threading.Event(), threading.Event()

    class Waiting(list[object]):
        def append(self, ticket: object) -> None:
            super().append(ticket)
            if len(self) == 4:
                leave.set()

    def commit(items: list[int]) -> list[int | BaseException]:
        batches.append(sorted(items))
        if items == [0]:
            commits._waiting = Waiting()
            entered.set()
            assert leave.wait(10)
        return [ValueError(str(item)) if item == 3 else item * 2 for item in items]

    commits: GroupCommit[int, int] = GroupCommit(commit)
    results: dict[int, int | str] = {}

    def submit(item: int) -> None:
        try:
            results[item] = commits.submit(item)
        except ValueError as error:
            results[item] = f"error {error}"

    threads = [threading.Thread(target=submit, args=(item,)) for item in range(5)]
    threads[0].start()
    assert entered.wait(10)
    for thread in threads[1:]:
        thread.start()
    for thread in threads:
        thread.join(10)
    assert batches == [[0], [1, 2, 3, 4]]
    assert results == {0: 0, 1: 2, 2: 4, 3: "error 3", 4: 8}


def test_a_leader_that_breaks_takes_nobody_with_it_for_ever() -> None:
    def commit(items: list[int]) -> list[int | BaseException]:
        raise ZeroDivisionError

    commits: GroupCommit[int, int] = GroupCommit(commit)
    for _ in range(2):
        with pytest.raises(ZeroDivisionError):
            commits.submit(1)


def test_nothing_is_lost_under_load() -> None:
    commits: GroupCommit[int, int] = GroupCommit(list)
    results: list[int] = []
    threads = [
        threading.Thread(target=lambda t=t: results.extend(commits.submit(1000 * t + n) for n in range(300)))
        for t in range(8)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(results) == sorted(1000 * t + n for t in range(8) for n in range(300))
