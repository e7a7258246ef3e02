"""``isocenter stats``: what an archive holds."""

from dataclasses import asdict
from pathlib import Path
from typing import Any

import click

from isocenter.archive import Archive
from isocenter.cli.options import existing_archive, json_option, resolve, setting_options
from isocenter.cli.output import print_json, print_table, size


@click.command(name="stats")
@setting_options("data")
@json_option
def command(*, config: Path | None, as_json: bool, **given: Any) -> None:  # noqa: ANN401 - click\'s values
    """Print how many patients, studies, series, objects and bytes there are, and of which modalities.

    \b
    Example: isocenter stats --data ~/images
    """  # noqa: D301 - \b is click's mark for text that keeps its lines
    settings = resolve(config, given)
    with Archive.open(existing_archive(settings), settings) as archive:
        held, deleted = archive.statistics(), archive.bin.deletions()
        replaced, replaced_bytes = archive.editing.kept()
    binned = {"objects": sum(each.objects for each in deleted), "bytes": sum(each.bytes for each in deleted)}
    if as_json:
        print_json(asdict(held) | {"bin": binned, "corrected": {"objects": replaced, "bytes": replaced_bytes}})
        return
    columns = ("MODALITY", "SERIES", "INSTANCES", "SIZE")
    rows = [(each.Modality or "(none)", each.series, each.instances, size(each.bytes)) for each in held.modalities]
    print_table(columns, [*rows, ("all", held.series, held.instances, size(held.bytes))])
    if held.non_patient_objects:
        click.echo(f"{held.non_patient_objects} objects of no patient ({size(held.non_patient_bytes)})")
    if binned["objects"]:
        click.echo(f"{binned['objects']} deleted objects in the bin ({size(binned['bytes'])})")
    if replaced:
        click.echo(f"{replaced} objects from before corrections in the bin ({size(replaced_bytes)})")
    click.echo(f"{held.patients} patients, {held.studies} studies, {held.conflicts} in the conflict list")
