"""``isocenter projects``: the de-identification projects of an archive, what they do, and what was done under them."""

import tomllib
from dataclasses import asdict
from pathlib import Path
from typing import Any

import click

from isocenter.anonymizing.audit import FILE, events
from isocenter.anonymizing.projects import Facts, KeptProject, Projects, device_rules_of
from isocenter.anonymizing.statement import as_html, as_text, statement
from isocenter.cli.options import existing_archive, json_option, resolve, setting_options
from isocenter.cli.output import print_json, print_table, visible
from isocenter.deid import KEEP, PROFILES, BurnedIn, DeviceRule
from isocenter.errors import ConfigurationError


@click.group(name="projects")
def command() -> None:
    """List and make the de-identification projects of an archive.

    A project is a profile and a secret key, for one recipient. What it does is fixed when it is made. The key stays in
    the data folder (projects/NAME/key) and is shown by nothing: back it up, since a lost one cannot be replaced.

    \b
    Example: isocenter projects add trial --profile research --comment "for the trial's core lab" --data /srv/images
             isocenter projects show trial --data /srv/images
             isocenter projects log trial --data /srv/images
    """  # noqa: D301 - \b is click's mark for text that keeps its lines


@command.command(name="list")
@setting_options("data")
@json_option
def list_projects(*, config: Path | None, as_json: bool, **given: Any) -> None:  # noqa: ANN401 - click's values
    """List them."""
    found = [(each, each.facts.policy()) for each in _projects(config, given).all()]
    if as_json:
        print_json([_plain(project) | {"digest": policy.digest()} for project, policy in found])
    elif not found:
        click.echo("no projects; make one with 'isocenter projects add NAME'")
    else:
        rows = [
            (
                p.name,
                p.facts.profile,
                " ".join(p.facts.keep),
                p.facts.burned_in,
                "out" if p.facts.deface else "stay",
                policy.digest(),
                p.facts.comment,
            )
            for p, policy in found
        ]
        print_table(("PROJECT", "PROFILE", "KEEPS BESIDES", "BURNED-IN", "FACES", "DIGEST", "COMMENT"), rows)


@command.command(name="add")
@click.argument("name")
@click.option("--profile", type=click.Choice(list(PROFILES)), default="basic", show_default=True,
              help="What to retain.")  # fmt: skip
@click.option("--keep", default="", metavar="WHAT", help=f"Retain besides, with commas: {', '.join(KEEP)}.")
@click.option("--burned-in", type=click.Choice([choice.value for choice in BurnedIn]), default="sequester",
              show_default=True, help="Objects whose pixels may show text.")  # fmt: skip
@click.option(
    "--regions", type=click.Path(exists=True, dir_okay=False, path_type=Path), help="TOML file of device rules."
)
@click.option(
    "--deface", is_flag=True, help="Take faces out of head CT and MR: reduces, does not exclude, recognition."
)
@click.option("--comment", default="", help="For whom, and what for.")
@setting_options("data")
def add_project(
    *, name: str, profile: str, keep: str, burned_in: str, regions: Path | None, deface: bool, comment: str,
    config: Path | None, **given: Any,  # noqa: ANN401 - click's values
) -> None:  # fmt: skip
    """Make a project with a new key."""
    kept = tuple(word.strip() for word in keep.split(",") if word.strip())
    facts = Facts(name, profile, kept, burned_in, comment, read_device_rules(regions), deface=deface)
    made = _projects(config, given).add(facts)
    click.echo(f"project {made.name} is made; its key is in {made.folder}: back it up")


@command.command(name="show")
@click.argument("name")
@click.option("--html", "html", is_flag=True, help="Print a web page.")
@setting_options("data")
@json_option
def show_project(*, name: str, html: bool, config: Path | None, as_json: bool, **given: Any) -> None:  # noqa: ANN401 - click's values
    """Print a project's conformance statement (PS3.15 E.1.3)."""
    facts = statement(_projects(config, given).get(name))
    if as_json:
        print_json(facts)
    else:
        click.echo(as_html(facts) if html else as_text(facts))


@command.command(name="log")
@click.argument("name")
@setting_options("data")
@json_option
def show_log(*, name: str, config: Path | None, as_json: bool, **given: Any) -> None:  # noqa: ANN401 - click's values
    """Print what was done under a project, one line for each run; NAME may be a project's folder."""
    folder = Path(name) if (Path(name) / "key").is_file() else _projects(config, given).get(name).folder
    found = events(folder)
    if as_json:
        print_json(found)
    elif not found:
        click.echo(f"nothing was done yet ({folder / FILE})")
    else:
        print_table(("TIME", "WHO", "WHAT", "DIGEST", "INPUTS", "COUNTS"), [_line(event) for event in found])


def _line(event: dict[str, Any]) -> tuple[str, ...]:
    who = " ".join(visible(str(value)) for value in event["who"].values())
    counts = ", ".join(f"{count} {outcome}" for outcome, count in event["counts"].items() if count)
    return event["time"], who, visible(event["what"]), event["digest"], str(event["inputs"]), counts


def _projects(config: Path | None, given: dict[str, Any]) -> Projects:
    return Projects(existing_archive(resolve(config, given)))


def _plain(project: KeptProject) -> dict[str, Any]:
    return asdict(project.facts)


def read_device_rules(path: Path | None) -> tuple[DeviceRule, ...]:
    """Return the device rules of a TOML file: [[device]] with manufacturer, model, rows, columns and boxes.

    Raises:
        ConfigurationError: it holds something else.
    """
    if path is None:
        return ()
    try:
        return device_rules_of(tomllib.loads(path.read_text(encoding="utf-8"))["device"])
    except (KeyError, TypeError, ValueError) as error:
        form = "[[device]] with manufacturer, model, rows, columns and boxes = [[left, top, right, bottom], ...]"
        raise ConfigurationError(f"{path} does not hold device rules; it needs {form}") from error
