"""``isocenter projects``: made, listed, shown; the key never is."""

import json
import stat
from collections.abc import Callable
from pathlib import Path

import pytest

from isocenter.anonymizing.audit import Event, Who, record
from isocenter.anonymizing.projects import Facts, Projects
from isocenter.archive import Archive
from isocenter.cli import main
from isocenter.errors import ConfigurationError, NotFoundError, UsageError
from isocenter.settings import load_settings


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("projects") / "data"
    Archive.open(folder, load_settings({"durability": "os"})).close()
    return folder


@pytest.fixture
def run(data: Path, capsys: pytest.CaptureFixture[str]) -> Callable[..., tuple[int, str]]:
    def call(*arguments: str) -> tuple[int, str]:
        with pytest.raises(SystemExit) as ended:
            main(["projects", *arguments, "--data", str(data)])
        printed = capsys.readouterr()
        return int(ended.value.code or 0), printed.out + printed.err

    return call


def test_made_listed_shown_and_the_key_never(run, data: Path, tmp_path: Path) -> None:
    rules = tmp_path / "rules.toml"
    rules.write_text("[[device]]\nmanufacturer='M'\nmodel='1'\nrows=8\ncolumns=9\nboxes=[[0,0,8,1]]\n")
    made = run("add", "trial", "--profile", "research", "--keep", "institution", "--regions", str(rules))
    assert made[0] == 0
    key = data / "projects" / "trial" / "key"
    assert stat.S_IMODE(key.stat().st_mode) == stat.S_IMODE(key.with_name("project.json").stat().st_mode) == 0o600
    assert run("add", "faceless", "--deface")[0] == 0
    assert Projects(data).get("faceless").facts.policy().deface
    assert "Faces are taken out" in run("show", "faceless")[1]
    code, said = run("add", "trial")
    assert (code, "there is a project trial already" in said) == (2, True)
    listed = json.loads(run("list", "--json")[1])
    mine = next(each for each in listed if each["name"] == "trial")
    assert (mine["profile"], mine["keep"], mine["device_rules"][0]["boxes"][0]["right"]) == (
        "research", ["institution"], 8,
    )  # fmt: skip
    shown = json.loads(run("show", "trial", "--json")[1])
    assert shown["codes"]["113112"]
    assert any("whole weeks" in sentence for sentence in shown["sentences"])
    secret = key.read_text().split()[-1]
    printed = [made[1], str(listed), str(shown), run("show", "trial")[1], run("show", "trial", "--html")[1]]
    assert not [text for text in printed if secret in text or secret[:16] in text]


@pytest.mark.parametrize("name", ["../x", "", ".hidden", "a/b", "x" * 65, "a\n"])
def test_names_that_lead_elsewhere(run, name: str, data: Path) -> None:
    assert run("add", name)[0] == 2
    assert run("show", name)[0] in {1, 2}


def test_contradictions_and_damage(run, data: Path) -> None:
    assert run("add", "two", "--keep", "dates,modified-dates")[0] == 2
    projects = Projects(data)
    with pytest.raises(UsageError):
        Facts("x", burned_in="ignore")
    kept = projects.add(Facts("broken"))
    (kept.folder / "key").unlink()
    with pytest.raises(ConfigurationError, match="key of project broken is gone"):
        kept.open()
    (kept.folder / "project.json").write_text("{}")
    with pytest.raises(ConfigurationError, match="damaged"):
        projects.get("broken")
    (kept.folder / "project.json").unlink()
    with pytest.raises(NotFoundError):
        projects.get("broken")


def test_the_log_says_who_what_and_how_many(run, data: Path) -> None:
    kept = Projects(data).add(Facts("noted"))
    assert "nothing was done yet" in run("log", "noted")[1]
    counts = {"output": 3, "sequestered": 1}
    record(
        kept.folder, Event(Who("C-MOVE", "WS1", "10.0.0.9"), "to LAB", "noted", "basic", "d1", ("2.25.1",), counts), 0
    )
    with (kept.folder / "audit.jsonl").open("a") as file:
        file.write('{"cut sh')
    (event,) = json.loads(run("log", "noted", "--json")[1])
    assert event == {
        "time": "1970-01-01T00:00:00Z", "who": {"way": "C-MOVE", "aet": "WS1", "address": "10.0.0.9"},
        "what": "to LAB", "project": "noted", "profile": "basic", "digest": "d1", "studies": ["2.25.1"], "inputs": 4,
        "counts": counts, "detail": "",
    }  # fmt: skip
    assert "C-MOVE WS1 10.0.0.9" in run("log", str(kept.folder))[1]
