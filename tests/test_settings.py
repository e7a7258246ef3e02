"""One table of settings; command line > environment > file > default."""

from pathlib import Path

import pytest

from isocenter.errors import ConfigurationError
from isocenter.settings import SETTINGS, load_settings


def test_defaults_have_their_source() -> None:
    settings = load_settings()
    for row in SETTINGS:
        assert getattr(settings, row.name) == row.default
        assert settings.source(row.name) == "default"


def test_each_default_passes_its_own_parser() -> None:
    for row in SETTINGS:
        assert row.parse(str(row.default)) == row.default


def test_precedence(tmp_path: Path) -> None:
    file = tmp_path / "site.toml"
    file.write_text('aet = "FILE"\nworkers = 3\nhttp_port = 81\ninsecure = true\n')
    settings = load_settings({"aet": "LINE", "data": None}, {"ISOCENTER_AET": "ENV", "ISOCENTER_WORKERS": "2"}, file)
    assert (settings.aet, settings.workers, settings.http_port, settings.insecure) == ("LINE", 2, 81, True)
    sources = [settings.source(n) for n in ("aet", "workers", "http_port", "data")]
    assert sources == ["command line", "environment", f"file {file}", "default"]


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("http_port", "70000"),
        ("http_port", "-1"),
        ("workers", "0"),
        ("workers", "many"),
        ("aet", "A" * 17),
        ("aet", "  "),
        ("aet", "BACK\\SLASH"),
        ("durability", "none"),
        ("insecure", "perhaps"),
        ("idle_seconds", "nan"),
    ],
)
def test_bad_values_name_setting_and_source(name: str, text: str) -> None:
    with pytest.raises(ConfigurationError, match=rf"{name} = .*environment"):
        load_settings(None, {f"ISOCENTER_{name.upper()}": text})


def test_unknown_name_in_file(tmp_path: Path) -> None:
    file = tmp_path / "site.toml"
    file.write_text("prot = 1\n")
    with pytest.raises(ConfigurationError, match="unknown setting 'prot'"):
        load_settings(None, None, file)


@pytest.mark.parametrize("content", [b"= 1", b"\xff\xfe"])
def test_broken_file(tmp_path: Path, content: bytes) -> None:
    file = tmp_path / "site.toml"
    file.write_bytes(content)
    with pytest.raises(ConfigurationError, match="not valid TOML"):
        load_settings(None, None, file)


def test_replace_keeps_the_rest() -> None:
    settings = load_settings({"aet": "ONE"}).replace(http_port=0)
    assert (settings.aet, settings.http_port, settings.source("http_port")) == ("ONE", 0, "command line")
