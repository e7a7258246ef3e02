"""What ``anonymize`` reads of a DICOM node: studies that it gives (C-GET).

Objects are fetched into a private temporary folder that is gone afterwards. With ``--resume`` a study is not fetched
again when all its objects are in the output.
"""

import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

from isocenter.cli.get import FolderService, sop_classes
from isocenter.cli.output import progress
from isocenter.errors import PeerError
from isocenter.index.query import Level
from isocenter.net.client import ClientAssociation, Proposal, connect
from isocenter.net.credentials import Credentials
from isocenter.net.peer import Peer
from isocenter.net.query import find, query_proposal
from isocenter.net.retrieve import all_syntaxes, get, get_proposals
from isocenter.services.information_model import STUDY_ROOT

#: Opens an association for these proposals.
Call = Callable[[Sequence[Proposal]], ClientAssociation]
_STUDY, _SERIES, _SOP = 0x0020000D, 0x0020000E, 0x00080018


@contextmanager
def fetched(
    peer: Peer, studies: Sequence[str], aet: str, credentials: Credentials, present: Callable[[str], bool] | None
) -> Iterator[tuple[Path, list[str]]]:
    """Give a folder with the objects of these studies, and the SOP Instance UIDs of those that were left out.

    A study is left out when all its objects are ``present``.

    Raises:
        PeerError: the node cannot be reached, or did not give everything.
    """
    left_out: list[str] = []
    call = partial(connect, peer, calling_aet=aet, credentials=credentials)
    with tempfile.TemporaryDirectory(prefix="isocenter-") as name, progress() as bar:
        task = bar.add_task(f"fetching from {peer.aet}", total=len(studies))
        for study in studies:
            known = [] if present is None else _objects(call, study)
            if present is not None and known and all(map(present, known)):
                left_out += known
            else:
                _fetch(call, peer, study, Path(name))
            bar.advance(task)
        yield Path(name), left_out


def _fetch(call: Call, peer: Peer, study: str, folder: Path) -> None:
    wanted = {_STUDY: study}
    proposals = get_proposals(STUDY_ROOT, all_syntaxes(sop_classes(call, STUDY_ROOT, wanted)), relational=False)
    with call(proposals) as association:
        *_, last = get(association, STUDY_ROOT, Level.STUDY, wanted, FolderService(folder))
    if last.failed or not last.completed + last.warning:
        raise PeerError(f"{peer} did not give all of study {study}: {last}")


def _objects(call: Call, study: str) -> list[str]:
    """Return the SOP Instance UIDs that a node has of a study, series by series as the hierarchy wants it."""
    with call([query_proposal(STUDY_ROOT)]) as association:
        keys = {_STUDY: study, _SERIES: ""}
        series = [_value(each, _SERIES) for each in find(association, STUDY_ROOT, Level.SERIES, keys)]
        return [
            _value(each, _SOP)
            for uid in series
            for each in find(association, STUDY_ROOT, Level.INSTANCE, {_STUDY: study, _SERIES: uid, _SOP: ""})
        ]


def _value(answer: dict[str, Any], tag: int) -> str:
    return str(answer.get(f"{tag:08X}", {}).get("Value", [""])[0])
