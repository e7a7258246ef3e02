"""The outbox: events in order, positions that only go forward, one reader at a time."""

from collections.abc import Callable

from isocenter.index.entry import Entry
from isocenter.index.index import Index
from isocenter.index.outbox import Consumer, Event

DAY = 86_400_000


def test_events_tell_what_happened(index: Index, make_entry: Callable[..., Entry]) -> None:
    for number in (1, 2):
        index.file(make_entry(number, received=1000 * number))
    index.delete("1.2.3", "", "", 5000)
    events = Consumer(index.database, "test", "me").read(0)
    assert [event.event for event in events] == [Event.STORED, Event.STORED, Event.DELETED]
    assert [event.time for event in events] == [1000, 2000, 5000]
    assert len({event.series_id for event in events}) == 1


def test_one_holder_at_a_time(index: Index) -> None:
    mine, theirs = (Consumer(index.database, "test", name) for name in ("me", "you"))
    assert mine.lease(1000, 60)
    assert not theirs.lease(1030, 60)
    assert mine.lease(1050, 60)
    assert not theirs.lease(1100, 60)
    assert theirs.lease(1111, 60)
    theirs.release()
    assert mine.lease(1112, 60)


def test_position_survives_and_never_goes_back(index: Index, make_entry: Callable[..., Entry]) -> None:
    consumer = Consumer(index.database, "test", "me")
    assert consumer.position() == 0
    consumer.lease(0, 1)
    for number in range(1, 4):
        index.file(make_entry(number))
    ids = [event.id for event in consumer.read(0)]
    for position in (ids[1], ids[0]):
        with index.database.write() as transaction:
            consumer.advance(transaction, position, 0, 30)
    assert consumer.position() == ids[1]
    assert [event.id for event in consumer.read(consumer.position())] == ids[2:]


def test_old_events_go_but_numbers_never_begin_again(index: Index, make_entry: Callable[..., Entry]) -> None:
    consumer = Consumer(index.database, "test", "me")
    consumer.lease(0, 1)
    for number in range(1, 4):
        index.file(make_entry(number))
    last = consumer.read(0)[-1].id
    with index.database.write() as transaction:
        consumer.advance(transaction, last, 40 * DAY, 30)
    assert [event.id for event in consumer.read(0)] == [last]
    index.file(make_entry(9))
    assert consumer.read(last)[0].id > last
