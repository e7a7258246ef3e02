"""The program as a whole: help, exit codes, one-line errors."""

import json
import subprocess
import sys
from pathlib import Path

import click
import pytest

from isocenter.cli import COMMANDS, main, program
from isocenter.errors import ConfigurationError, PeerError


def run(*arguments: str) -> int:
    with pytest.raises(SystemExit) as ended:
        main(list(arguments))
    assert isinstance(ended.value.code, int)
    return ended.value.code


@pytest.mark.parametrize("name", COMMANDS)
def test_each_command_explains_itself_with_an_example(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(name, "--help") == 0
    text = capsys.readouterr().out
    assert f"isocenter {name}" in text.split("Example", 1)[1]


def test_program_alone_lists_all_commands(capsys: pytest.CaptureFixture[str]) -> None:
    run()
    captured = capsys.readouterr()
    text = captured.out + captured.err
    assert all(f"  {name} " in text for name in COMMANDS)


@pytest.mark.parametrize("arguments", [["nonsense"], ["settings", "--nonsense"], ["serve", "--dicom-port", "99999"]])
def test_wrong_use_exits_with_2(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert run(*arguments) == 2
    assert capsys.readouterr().err


@pytest.mark.parametrize(
    ("error", "code", "line"),
    [
        (
            PeerError("PACS@10.0.0.1:104 refused the connection"),
            1,
            "isocenter: PACS@10.0.0.1:104 refused the connection\n",
        ),
        (ConfigurationError("port 1 is taken"), 2, "isocenter: port 1 is taken\n"),
        (
            ZeroDivisionError("oops"),
            1,
            "isocenter: unexpected ZeroDivisionError: oops; run again with --debug for details\n",
        ),
        (KeyboardInterrupt(), 1, "stopped\n"),
    ],
)
def test_errors_are_one_line(
    error: BaseException, code: int, line: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    @click.command()
    def failing() -> None:
        raise error

    monkeypatch.setattr(program, "get_command", lambda ctx, name: failing)
    assert run("failing") == code
    assert capsys.readouterr().err.endswith(line)


def test_debug_shows_the_traceback(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    @click.command()
    def failing() -> None:
        raise PeerError("refused")

    monkeypatch.setattr(program, "get_command", lambda ctx, name: failing)
    assert run("--debug", "failing") == 1
    assert "Traceback" in capsys.readouterr().err


def test_settings_with_source(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "site.toml"
    file.write_text('aet = "SITE"\n')
    monkeypatch.setenv("ISOCENTER_WORKERS", "3")
    assert run("settings", "--config", str(file), "--json") == 0
    rows = {row["name"]: row for row in json.loads(capsys.readouterr().out)}
    assert (rows["aet"]["value"], rows["aet"]["source"]) == ("SITE", f"file {file}")
    assert (rows["workers"]["value"], rows["workers"]["source"]) == (3, "environment")
    assert run("settings", "--config", str(file)) == 0
    assert "SITE" in capsys.readouterr().out


def test_python_dash_m() -> None:
    done = subprocess.run([sys.executable, "-m", "isocenter", "--version"], capture_output=True, text=True, check=True)
    assert done.stdout.startswith("isocenter ")


def test_light_commands_start_without_the_heavy_libraries() -> None:
    code = (
        "import sys, isocenter.cli; from isocenter.cli import settings, dump; "
        "print([m for m in ('sqlalchemy', 'fastapi', 'numpy', 'imagecodecs') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
