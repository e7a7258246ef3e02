"""``isocenter transcode``: DICOM files in another transfer syntax."""

import shutil
from pathlib import Path

import click

from isocenter.cli.output import progress, visible
from isocenter.cli.sources import UNREADABLE, Rejected, find_candidates
from isocenter.codecs.writing import DEFAULT_QUALITY
from isocenter.dicom.uids import TRANSFER_SYNTAXES
from isocenter.errors import IsocenterError, UsageError
from isocenter.transcoding.files import transcode_file
from isocenter.transcoding.transcoder import WRITABLE

#: Short names for those that are asked for most.
NAMES = {
    "explicit": "1.2.840.10008.1.2.1",
    "implicit": "1.2.840.10008.1.2",
    "deflated": "1.2.840.10008.1.2.1.99",
    "jpeg": "1.2.840.10008.1.2.4.50",
    "jpeg-lossless": "1.2.840.10008.1.2.4.70",
    "jpeg-ls": "1.2.840.10008.1.2.4.80",
    "jpeg-ls-near": "1.2.840.10008.1.2.4.81",
    "jpeg2000": "1.2.840.10008.1.2.4.90",
    "jpeg2000-lossy": "1.2.840.10008.1.2.4.91",
    "jpegxl": "1.2.840.10008.1.2.4.110",
    "jpegxl-lossy": "1.2.840.10008.1.2.4.112",
    "htj2k": "1.2.840.10008.1.2.4.201",
    "htj2k-rpcl": "1.2.840.10008.1.2.4.202",
    "htj2k-lossy": "1.2.840.10008.1.2.4.203",
    "rle": "1.2.840.10008.1.2.5",
}


@click.command(name="transcode")
@click.argument("source", type=click.Path(path_type=Path))
@click.argument("out", type=click.Path(path_type=Path))
@click.option("--to", "wanted", required=True, metavar="SYNTAX", help="A UID, its keyword, or one of the names below.")
@click.option("--quality", default=DEFAULT_QUALITY, show_default=True, type=click.IntRange(1, 100),
              help="For syntaxes that lose information.")  # fmt: skip
def command(*, source: Path, out: Path, wanted: str, quality: int) -> int:
    """Write SOURCE, a file, folder or ZIP, in another transfer syntax to OUT.

    A file is written to the file OUT; more are numbered in the folder OUT. Lossless syntaxes keep every stored value;
    an object that loses information gets a SOP Instance UID of its own and names what it was made from.

    \b
    Names: explicit implicit deflated jpeg jpeg-lossless jpeg-ls jpeg-ls-near jpeg2000 jpeg2000-lossy
    jpegxl jpegxl-lossy htj2k htj2k-rpcl htj2k-lossy rle
    Example: isocenter transcode study small --to htj2k
    """  # noqa: D301 - \b is click's mark for text that keeps its lines
    uid = read_syntax(wanted)
    failed = written = 0
    single = source.is_file() and source.suffix.lower() != ".zip"
    with progress() as bar:
        task = bar.add_task("transcoding", total=None)
        for number, candidate in enumerate(find_candidates([source]), 1):
            bar.advance(task)
            path = out if single else out / f"{number:06d}.dcm"
            try:
                if isinstance(candidate, Rejected):
                    raise UsageError(candidate.reason)
                path.parent.mkdir(parents=True, exist_ok=True)
                with candidate.open() as file, transcode_file(file, uid, quality) as made, path.open("wb") as target:
                    shutil.copyfileobj(made, target)
            except (IsocenterError, *UNREADABLE) as error:
                failed += 1
                click.echo(f"failed: {visible(candidate.name)}: {visible(str(error))}", err=True)
                continue
            written += 1
    click.echo(f"wrote {written} in {TRANSFER_SYNTAXES[uid].name}; failed {failed}")
    return 1 if failed else 0


def read_syntax(text: str) -> str:
    """Return the UID of a transfer syntax that can be written.

    Raises:
        UsageError: there is none of this name.
    """
    by_keyword = {TRANSFER_SYNTAXES[uid].keyword.lower(): uid for uid in WRITABLE}
    uid = NAMES.get(text.lower()) or by_keyword.get(text.lower(), text)
    if uid not in WRITABLE:
        raise UsageError(f"no transfer syntax {visible(text)} is written here: use one of {', '.join(NAMES)}, or a UID")
    return uid
