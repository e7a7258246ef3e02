"""``isocenter get``: fetch objects from a DICOM node over one association (C-GET)."""

import contextlib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import BinaryIO

import click

from isocenter.cli.calling import credential_options
from isocenter.cli.options import json_option
from isocenter.cli.querying import query_options, read_keys, read_level, read_model, watch
from isocenter.dicom.part10 import write_file_meta
from isocenter.dicom.uids import is_valid_uid
from isocenter.dimse import status
from isocenter.dimse.commands import Command, respond
from isocenter.errors import IsocenterError, UsageError
from isocenter.index.query import Level
from isocenter.net.client import ClientAssociation, Proposal, connect
from isocenter.net.credentials import Credentials
from isocenter.net.peer import Peer
from isocenter.net.query import find, query_proposal
from isocenter.net.retrieve import all_syntaxes, get, get_proposals
from isocenter.services.information_model import InformationModel
from isocenter.services.service import Answer, Handler, Message, Service, ServiceContext

_SOP_CLASSES_IN_STUDY = 0x00080062


@click.command(name="get")
@click.argument("peer", metavar="AET@HOST:PORT")
@click.argument("keys", nargs=-1, required=True, metavar="KEY=VALUE...")
@query_options
@click.option("--relational", is_flag=True, help="Ask for retrieval without the unique keys above the level.")
@click.option(
    "--to",
    "folder",
    type=click.Path(file_okay=False, path_type=Path),
    help="Write files into this folder, named by SOPInstanceUID [default: here].",
)
@click.option("--data", type=click.Path(file_okay=False, path_type=Path), help="Take them into this data folder.")
@credential_options
@json_option
def command(
    *, peer: str, keys: tuple[str, ...], level: str | None, model: str, aet: str, relational: bool,
    folder: Path | None, data: Path | None, credentials: Credentials, as_json: bool,
) -> int:  # fmt: skip
    """Fetch objects from a DICOM node over the same association (C-GET).

    KEY=VALUE names them by their unique keys (PatientID, StudyInstanceUID, SeriesInstanceUID, SOPInstanceUID), those of
    the levels above too. They come as they are stored there, as far as the node says what it has. Ctrl-C
    cancels it, and says what was done.

    \b
    Example: isocenter get PACS@10.0.0.2:104 StudyInstanceUID=1.2.3 --to ~/study
             isocenter get PACS@10.0.0.2:104 PatientID=4711 --data /srv/images
    """  # noqa: D301 - \b is click's mark for text that keeps its lines
    if folder is not None and data is not None:
        raise UsageError("choose one of --to and --data")
    wanted = read_keys(keys)
    chosen = read_level(level, wanted)
    information = read_model(model, chosen)
    node = Peer.parse(peer)
    call = partial(connect, node, calling_aet=aet, credentials=credentials)
    classes = sop_classes(call, information, wanted)
    proposals = get_proposals(information, all_syntaxes(classes), relational=relational)
    with _taker(folder, data) as service, call(proposals) as association:
        return watch(association, get(association, information, chosen, wanted, service), as_json=as_json)


def sop_classes(
    call: Callable[[Sequence[Proposal]], ClientAssociation], model: InformationModel, keys: Mapping[int, str]
) -> list[str]:
    """Return the SOP classes of what is wanted, as far as the node tells; nothing where it does not."""
    question = {tag: key for tag, key in keys.items() if tag in (0x00100020, 0x0020000D)} | {_SOP_CLASSES_IN_STUDY: ""}
    try:
        with call([query_proposal(model)]) as association:
            answers = list(find(association, model, Level.STUDY, question))
    except IsocenterError:
        return []
    found = (answer.get(f"{_SOP_CLASSES_IN_STUDY:08X}", {}).get("Value", []) for answer in answers)
    return sorted({uid for uids in found for uid in uids})


@contextlib.contextmanager
def _taker(folder: Path | None, data: Path | None) -> Iterator[Service]:
    """Give the service that takes what comes."""
    if data is None:
        target = folder or Path()
        target.mkdir(parents=True, exist_ok=True)
        yield FolderService(target)
        return
    from isocenter.archive import Archive  # noqa: PLC0415 - heavy, and for one option only
    from isocenter.services.store import StoreService  # noqa: PLC0415
    from isocenter.settings import load_settings  # noqa: PLC0415

    settings = load_settings({"data": str(data)})
    with Archive.open(data, settings) as archive:
        yield StoreService(archive, settings)


class FolderService(Service):
    """Takes C-STOREs into a folder, one Part 10 file each; a file appears when it is whole."""

    abstract_syntaxes: Mapping[str, tuple[str, ...]] = {}

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def begin(self, context: ServiceContext, command: Command) -> Handler:
        """Begin a file."""
        uid = command.AffectedSOPInstanceUID or ""
        if not is_valid_uid(uid):
            return Answer(respond(command, status.CANNOT_UNDERSTAND, "no valid SOPInstanceUID"))
        return _File(self._folder / f"{uid}.dcm", context, command)


class _File(Handler):
    """One object on its way into a file."""

    def __init__(self, path: Path, context: ServiceContext, command: Command) -> None:
        self._path = path
        self._part = path.with_suffix(".part")
        self._command = command
        self._error = ""
        self._file: BinaryIO | None = None
        meta = write_file_meta(
            command.AffectedSOPClassUID or context.abstract_syntax, command.AffectedSOPInstanceUID or "",
            context.transfer_syntax_uid, context.calling_aet,
        )  # fmt: skip
        try:
            self._file = self._part.open("wb")
            self._file.write(meta)
        except OSError as error:
            self._fail(error)

    def write(self, *chunks: memoryview) -> None:
        """Append the slices; after an error they go nowhere."""
        if self._file is not None:
            try:
                self._file.writelines(chunks)
            except OSError as error:
                self._fail(error)

    def finish(self) -> Iterable[Message]:
        """Give the file its name."""
        if self._file is not None:
            try:
                self._file.close()
                self._part.replace(self._path)
            except OSError as error:
                self._fail(error)
        if self._error:
            return (respond(self._command, status.OUT_OF_RESOURCES, self._error),)
        return (respond(self._command, status.SUCCESS),)

    def discard(self) -> None:
        """Remove what there is."""
        file, self._file = self._file, None
        if file is not None:
            with contextlib.suppress(OSError):
                file.close()
            self._part.unlink(missing_ok=True)

    def _fail(self, error: OSError) -> None:
        self._error = f"cannot write the file: {error.strerror}"
        self.discard()
