"""Option groups that several commands share, written once."""

import functools
import inspect
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar, cast

import click

from isocenter.errors import ConfigurationError
from isocenter.settings import BY_NAME, Settings, load_settings

Function = TypeVar("Function", bound=Callable[..., Any])

json_option = click.option("--json", "as_json", is_flag=True, help="Print JSON.")


def grouped(
    name: str, make: Callable[..., object], *options: Callable[[Function], Function]
) -> Callable[[Function], Function]:
    """Return what adds options that the command receives as one value, ``name``: what ``make`` returns for them.

    The options are named as the parameters of ``make``.
    """
    names = tuple(inspect.signature(make).parameters)

    def add(function: Function) -> Function:
        @functools.wraps(function)
        def command(**given: Any) -> Any:  # noqa: ANN401 - click's values
            made = make(**{each: given.pop(each) for each in names})
            return function(**given, **{name: made})

        for option in reversed(options):
            command = option(command)
        return cast("Function", command)

    return add


def setting_options(*names: str) -> Callable[[Function], Function]:
    """Add one option per setting, named and explained by the table, and ``--config``.

    The command receives ``config: Path | None`` and each setting under its own name, None when not given; pass them
    to :func:`resolve`.
    """

    def add(function: Function) -> Function:
        for name in reversed(names):
            function = _setting_option(name)(function)
        file = click.Path(exists=True, dir_okay=False, path_type=Path)
        return click.option("--config", type=file, help="TOML file with settings.")(function)

    return add


def _setting_option(name: str) -> Callable[[Function], Function]:
    setting = BY_NAME[name]
    flag = "--" + name.replace("_", "-")
    if isinstance(setting.default, bool):
        return click.option(f"{flag}/--no-{flag[2:]}", name, default=None, help=f"{setting.help}.")
    return click.option(flag, name, default=None, help=f"{setting.help} [default: {setting.default}].")


def resolve(config: Path | None, given: dict[str, Any]) -> Settings:
    """Return the settings in force for this command line."""
    return load_settings(given, os.environ, config)


def existing_archive(settings: Settings) -> Path:
    """Return the data folder, for commands that look at an archive and must not make one.

    Raises:
        ConfigurationError: there is no archive in it.
    """
    data = Path(settings.data)
    if not (data / "index.sqlite").exists():
        raise ConfigurationError(f"there is no archive in {data}; name its folder with --data")
    return data
