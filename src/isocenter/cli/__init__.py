"""The program ``isocenter``: one module per command, found by the table below.

A command module defines ``command`` (a ``click.Command``); it is imported only when that command runs, so ``--help``
and the light commands start at once. This is the border where errors become one line and an exit code: 0 done,
1 something failed, 2 wrong use.
"""

import importlib
import logging
import sys
import traceback

import click

import isocenter
from isocenter.errors import IsocenterError

#: Command name -> module below ``isocenter.cli`` and the line that ``isocenter`` alone prints for it.
COMMANDS: dict[str, tuple[str, str]] = {
    "serve": ("serve", "Start the archive: DICOM node, DICOMweb and viewer."),
    "demo": ("demo", "Start an archive with demonstration studies in it."),
    "import": ("import_", "Take files, folders and ZIPs straight into a data folder."),
    "send": ("send", "Send files, folders and ZIPs to a DICOM node (C-STORE)."),
    "commit": ("commit", "Ask a DICOM node whether it keeps objects for sure (storage commitment)."),
    "anonymize": ("anonymize", "Write de-identified copies of files, folders and ZIPs."),
    "deid": ("deid", "Check what was de-identified; look pseudonyms up."),
    "projects": ("projects", "List and make the de-identification projects of an archive."),
    "echo": ("echo", "Ask a DICOM node whether it answers (C-ECHO)."),
    "find": ("find", "Ask a DICOM node what it has (C-FIND)."),
    "move": ("move", "Have a DICOM node send objects to another (C-MOVE)."),
    "get": ("get", "Fetch objects from a DICOM node (C-GET)."),
    "worklist": ("worklist", "Ask a DICOM node what is scheduled; keep the archive's worklist."),
    "mpps": ("mpps", "Report to a DICOM node what is done with a scheduled step (MPPS)."),
    "ups": ("ups", "List, show and cancel an archive's work items (UPS)."),
    "peers": ("peers", "List and edit the DICOM nodes that an archive knows."),
    "keys": ("keys", "List and edit the attributes that a site adds to its searches."),
    "reindex": ("reindex", "Read the objects for the keys that the site has added."),
    "tls": ("tls", "Make and look at certificates for TLS."),
    "transcode": ("transcode", "Write files, folders and ZIPs in another transfer syntax."),
    "dump": ("dump", "Print the header of a DICOM file."),
    "stats": ("stats", "Print what an archive holds."),
    "edit": ("edit", "Correct patient and study data of a study, or put that back."),
    "bin": ("bin", "List, restore or empty what was deleted."),
    "conflicts": ("conflicts", "List objects that contradict what was there before."),
    "fsck": ("fsck", "Check index against storage, both ways."),
    "phantom": ("phantom", "Write demonstration studies."),
    "settings": ("settings", "Print all settings, their values and where those come from."),
}


class Program(click.Group):
    """A group whose commands are modules imported on use."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's signature
        """Return the names in the table's order."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002 - click's signature
        """Import the command's module."""
        if cmd_name not in COMMANDS:
            return None
        module = importlib.import_module(f"isocenter.cli.{COMMANDS[cmd_name][0]}")
        command = module.command
        assert isinstance(command, click.Command)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002 - click's
        """List the commands without importing them."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, line) for name, (_, line) in COMMANDS.items()])


def _show_version(ctx: click.Context, _: click.Parameter, value: bool) -> None:
    if value:
        click.echo(f"isocenter {isocenter.__version__}")
        ctx.exit()


@click.group(cls=Program, context_settings={"help_option_names": ["-h", "--help"]})
@click.option(
    "--version", is_flag=True, expose_value=False, is_eager=True, callback=_show_version, help="Show the version."
)
@click.option("--debug", is_flag=True, help="Show the traceback of an error.")
@click.pass_context
def program(ctx: click.Context, *, debug: bool) -> None:
    """Isocenter: a complete DICOM archive and web viewer.

    \b
    isocenter serve                                start everything and print where it is
    isocenter send ISOCENTER@127.0.0.1:11112 DIR   send a folder to it
    isocenter COMMAND --help                       explain one command, with an example
    """  # noqa: D301 - \b is click's mark for text that keeps its lines
    ctx.obj = {"debug": debug}


def main(arguments: list[str] | None = None) -> None:
    """Run the program and exit with its code."""
    debug = "--debug" in (sys.argv[1:] if arguments is None else arguments)
    try:
        result = program.main(args=arguments, prog_name="isocenter", standalone_mode=False)
        code = result if isinstance(result, int) else 0
    except click.ClickException as error:
        error.show()
        code = 2
    except (click.Abort, KeyboardInterrupt):
        click.echo("stopped", err=True)
        code = 1
    except IsocenterError as error:
        if debug:
            traceback.print_exc()
        click.echo(f"isocenter: {error}", err=True)
        code = error.exit_code
    except BrokenPipeError:
        sys.stderr.close()
        code = 1
    except Exception as error:
        if debug:
            traceback.print_exc()
        logging.getLogger(__name__).debug("unexpected error", exc_info=True)
        click.echo(
            f"isocenter: unexpected {type(error).__name__}: {error}; run again with --debug for details",
            err=True,
        )
        code = 1
    sys.exit(code)
