"""C-ECHO."""

from isocenter.dimse.commands import CommandField
from isocenter.services.echo import EchoService


def test_success(context, command) -> None:
    handler = EchoService().begin(context, command(CommandField.C_ECHO_RQ, CommandDataSetType=0x0101))
    (response,) = handler.finish()
    assert (response.CommandField, response.MessageIDBeingRespondedTo) == (CommandField.C_ECHO_RSP, 5)
    assert response.Status == 0x0000


def test_another_command_is_not_recognized(context, command) -> None:
    handler = EchoService().begin(context, command(CommandField.C_FIND_RQ))
    handler.write(memoryview(b"query"))
    (response,) = handler.finish()
    assert (response.CommandField, response.Status) == (CommandField.C_FIND_RSP, 0x0211)
    handler.discard()
