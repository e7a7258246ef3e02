"""The server on real sockets: limits, titles, messages, the graceful end, and what it counts and logs."""

import logging
import threading

import pytest

from isocenter.dimse.commands import read_command
from isocenter.dimse.status import StatusCategory
from isocenter.net.client import VERIFICATION_PROPOSAL, Proposal, connect
from isocenter.ul.pdu import (
    Abort,
    AssociateAccept,
    AssociateReject,
    DataTransfer,
    ReleaseRequest,
    ReleaseResponse,
)

CT, EXPLICIT = "1.2.840.10008.5.1.4.1.1.2", "1.2.840.10008.1.2.1"
PROPOSALS = [VERIFICATION_PROPOSAL, Proposal(CT, (EXPLICIT,))]


def status(pdu: DataTransfer) -> int:
    """Return the status in a response that is one fragment."""
    (value,) = pdu.values
    assert value.is_command
    assert value.is_last
    return read_command(value.data).Status


def test_accepts_and_announces_itself(serve, raw_peer) -> None:
    accept = raw_peer(serve(max_pdu=131072)).associate()
    assert isinstance(accept, AssociateAccept)
    assert [(r.context_id, r.result) for r in accept.results] == [(1, 0), (3, 0)]
    assert accept.user_information.max_length == 131072
    assert accept.user_information.implementation_class_uid.startswith("2.25.")


def test_release(serve, raw_peer) -> None:
    server = serve()
    peer = raw_peer(server).establish()
    peer.send(ReleaseRequest())
    assert peer.receive() == ReleaseResponse()
    peer.sock.close()
    server.stop()
    assert server.counters()["associations_released"] == 1
    assert server.counters()["associations_active"] == 0


def test_called_title_by_setting(serve, raw_peer, new_request) -> None:
    server = serve(check_called_aet=True)
    peer = raw_peer(server)
    peer.send(new_request(called_aet="OTHER"))
    assert peer.receive() == AssociateReject(1, 1, 7)
    assert isinstance(raw_peer(server).associate(), AssociateAccept)
    assert server.counters()["associations_refused_called AE title not recognized"] == 1


def test_local_limit(serve, raw_peer) -> None:
    server = serve(max_associations=2)
    first = raw_peer(server).establish()
    raw_peer(server).establish()
    assert raw_peer(server).associate() == AssociateReject(2, 3, 2)
    first.send(ReleaseRequest())
    assert first.receive() == ReleaseResponse()
    assert isinstance(raw_peer(server).associate(), AssociateAccept)


@pytest.mark.parametrize("size", [0, 1, 5000, 300_000])
def test_a_data_set_arrives_as_it_was_sent(serve, size: int) -> None:
    server = serve()
    data = bytes(range(251)) * (size // 251 + 1)
    with connect(server.peer, PROPOSALS) as association:
        response = association.store(
            data[:size], sop_class_uid=CT, sop_instance_uid="1.2.3", transfer_syntax_uid=EXPLICIT
        )
    assert response.Status == 0
    assert server.service.data == {"1.2.3": data[:size]}
    assert server.service.contexts[0].transfer_syntax_uid == EXPLICIT
    assert server.service.contexts[0].address == "127.0.0.1"


def test_many_fragments_in_one_pdu(serve, raw_peer, new_data_pdu, message) -> None:
    server = serve()
    peer = raw_peer(server).establish()
    whole = message(b"")
    command = whole[: -len(new_data_pdu(3, b""))]
    peer.send(
        command + new_data_pdu(3, b"ab", is_last=False) + new_data_pdu(3, b"", is_last=False) + new_data_pdu(3, b"cd")
    )
    assert status(peer.receive()) == 0
    assert server.service.data == {"1.2.3": b"abcd"}


@pytest.mark.parametrize("where", ["begin", "write", "finish"])
def test_a_broken_service_answers_and_the_association_goes_on(serve, raw_peer, message, where, caplog) -> None:
    server = serve()
    peer = raw_peer(server).establish()
    server.service.failing = where
    peer.send(message(b"x" * 100))
    assert status(peer.receive()) == 0x0110
    assert f"broken {where}" in caplog.text
    server.service.failing = ""
    peer.send(message(b"y", "1.2.4"))
    assert status(peer.receive()) == 0
    assert server.service.data == {"1.2.4": b"y"}


def test_associations_do_not_wait_for_one_another(serve, raw_peer, message) -> None:
    server = serve()
    server.service.gate.clear()
    slow = raw_peer(server).establish()
    slow.send(message(b"slow"))
    with connect(server.peer, PROPOSALS) as association:
        assert association.echo().Status == 0
    server.service.gate.set()
    assert status(slow.receive()) == 0


def test_a_command_that_is_not_ours_is_not_recognized(serve, raw_peer, new_data_pdu, message) -> None:
    """A C-STORE on the context of Verification."""
    peer = raw_peer(serve()).establish()
    stored = message(b"x")
    command = stored[12 : stored.index(new_data_pdu(3, b"x"))]
    peer.send(new_data_pdu(1, command, is_command=True) + new_data_pdu(1, b"x"))
    assert status(peer.receive()) == 0x0211


def test_counters(serve, raw_peer, message) -> None:
    server = serve()
    server.service.status = 0xA700
    peer = raw_peer(server).establish()
    peer.send(message(b"x"))
    assert status(peer.receive()) == 0xA700
    assert server.counters()["associations_active"] == 1
    peer.send(Abort())
    assert peer.receive() is None
    server.stop()
    counted = server.counters()
    assert counted[f"messages_C_STORE_{StatusCategory.FAILURE.value}"] == 1
    assert counted["associations_aborted"] == 1
    assert counted["associations_active"] == 0
    assert counted["bytes_received"] > 200


def test_the_log_tells_who_and_how_much(serve, raw_peer, message, caplog) -> None:
    with caplog.at_level(logging.INFO, "isocenter"):
        server = serve()
        peer = raw_peer(server).establish()
        peer.send(message(b"Doe^Jane"))
        assert status(peer.receive()) == 0
        peer.send(ReleaseRequest())
        assert peer.receive() == ReleaseResponse()
        server.stop()
    assert "association 1: SCANNER@127.0.0.1 calling ISOCENTER accepted, 2 of 2 contexts" in caplog.text
    assert "association 1: SCANNER@127.0.0.1 released: 1 answered, 0 failed" in caplog.text
    assert "Doe" not in caplog.text


class TestStop:
    """The graceful end."""

    def test_an_idle_association_is_aborted_at_once(self, serve, raw_peer) -> None:
        server = serve()
        peer = raw_peer(server).establish()
        server.stop(grace=60)
        assert peer.receive() == Abort(0, 0)
        assert peer.receive() is None
        assert server.counters()["associations_stopped"] == 1

    def test_a_running_store_finishes(self, serve, raw_peer, new_data_pdu, message) -> None:
        server = serve()
        peer = raw_peer(server).establish()
        whole = message(b"")
        peer.send(whole[: -len(new_data_pdu(3, b""))] + new_data_pdu(3, b"first", is_last=False))
        assert server.service.written.wait(10)
        stopping = threading.Thread(target=server.stop, args=(60,))
        stopping.start()
        peer.send(new_data_pdu(3, b"second"))
        assert status(peer.receive()) == 0
        assert peer.receive() == Abort(0, 0)
        stopping.join()
        assert server.service.data == {"1.2.3": b"firstsecond"}

    def test_a_store_that_does_not_finish_is_discarded(self, serve, raw_peer, new_data_pdu, message) -> None:
        server = serve()
        peer = raw_peer(server).establish()
        whole = message(b"")
        peer.send(whole[: -len(new_data_pdu(3, b""))] + new_data_pdu(3, b"first", is_last=False))
        assert server.service.written.wait(10)
        server.stop(grace=0.05)
        assert peer.receive() == Abort(0, 0)
        assert server.service.discarded.is_set()
        assert server.service.data == {}

    def test_nobody_is_accepted_any_more(self, serve, raw_peer) -> None:
        server = serve()
        server.stop()
        with pytest.raises(ConnectionRefusedError):
            raw_peer(server)

    def test_no_thread_is_left(self, serve, raw_peer) -> None:
        before = threading.active_count()
        server = serve()
        for _ in range(5):
            raw_peer(server).establish()
        server.stop()
        assert threading.active_count() == before
