"""The direction of dependencies (docs/design.md, "Layers"): imports go to the right only, siblings do not meet."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

PACKAGE = Path(__file__).resolve().parent.parent / "src" / "isocenter"

BOTTOM = {"errors", "settings"}
DATA = {"codecs", "dicom"} | BOTTOM
ARCHIVE_PARTS = {"archive", "storage", "index", "ups", "worklist"} | DATA
#: What the modules of a part may import from the package besides themselves.
ALLOWED: dict[str, set[str]] = {
    "errors": set(),
    "settings": {"errors"},
    "dicom": BOTTOM,
    "codecs": {"dicom"} | BOTTOM,
    "ul": {"dicom", "errors"},
    "dimse": {"dicom", "ul", "errors"},
    "multipart": {"errors"},
    "storage": DATA,
    "index": DATA,
    "worklist": {"index"} | DATA,
    "ups": {"index"} | DATA,
    "archive": ARCHIVE_PARTS,
    "phantom": DATA,
    "deid": DATA,
    "transcoding": {"storage"} | DATA,
    "anonymizing": {"deid"} | ARCHIVE_PARTS,
    "services": {"dimse", "transcoding", "anonymizing", "deid"} | ARCHIVE_PARTS,
    "net": {"services", "ul", "dimse"} | ARCHIVE_PARTS,
    "web": {"services", "multipart", "transcoding", "anonymizing", "deid"} | ARCHIVE_PARTS,
    "cli": {"net", "web", "services", "transcoding", "anonymizing", "phantom", "deid", "ul", "dimse", "cli"}
    | ARCHIVE_PARTS,
}
#: Modules beside ``archive.py`` that share its layer.
SAME_AS_ARCHIVE = {
    "arrivals",
    "background",
    "bin",
    "editing",
    "ingest",
    "reindexing",
    "settling",
    "integrity",
    "conflicts",
    "inspection",
    "metadata",
    "opening",
    "non_patient",
    "reading",
    "commitment",
}
SANS_IO = {"ul", "dimse", "multipart"}
NOT_FOR_SANS_IO = {"asyncio", "socket", "threading", "time", "logging", "select", "selectors", "ssl"}


def modules() -> list[Path]:
    return sorted(p for p in PACKAGE.rglob("*.py") if "_tables" not in p.parts)


def part_of(module: str) -> str:
    """Return the layer's name of ``isocenter.<part>...``."""
    part = module.split(".")[1] if "." in module else ""
    return "archive" if part in SAME_AS_ARCHIVE else part


def imports(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: imports are absolute"
            assert node.module is not None
            yield node.module
            if node.module == "isocenter":
                yield from (f"isocenter.{alias.name}" for alias in node.names)


def name_of(path: Path) -> str:
    parts = path.relative_to(PACKAGE).with_suffix("").parts
    return ".".join(["isocenter", *(p for p in parts if p != "__init__")])


def forbidden(part: str, imported: str) -> bool:
    if not imported.startswith("isocenter."):
        return False
    target = part_of(imported)
    is_constant = (PACKAGE / target).with_suffix(".py").exists() is False and not (PACKAGE / target).is_dir()
    return not is_constant and target != part and target not in ALLOWED[part]


@pytest.mark.parametrize("path", modules(), ids=name_of)
def test_imports_go_to_the_right_only(path: Path) -> None:
    name = name_of(path)
    if name in {"isocenter", "isocenter.__main__"}:
        return
    part = part_of(name)
    assert part in ALLOWED, f"{name} belongs to no layer: give it a row in ALLOWED"
    wrong = sorted({i for i in imports(path) if forbidden(part, i)})
    assert not wrong, f"{name} must not import {', '.join(wrong)}"


@pytest.mark.parametrize("path", [p for p in modules() if part_of(name_of(p)) in SANS_IO], ids=name_of)
def test_protocol_core_does_no_io(path: Path) -> None:
    wrong = sorted(NOT_FOR_SANS_IO & {i.split(".")[0] for i in imports(path)})
    assert not wrong, f"{name_of(path)} is sans-IO and must not import {', '.join(wrong)}"


@pytest.mark.parametrize(
    ("part", "imported", "expected"),
    [
        ("dicom", "isocenter.web.app", True),
        ("storage", "isocenter.index.schema", True),
        ("index", "isocenter.storage.local", True),
        ("net", "isocenter.web.app", True),
        ("cli", "isocenter.web.app", False),
        ("ul", "isocenter.settings", True),
        ("ul", "struct", False),
        ("web", "isocenter.__version__", False),
    ],
)
def test_the_rule_itself(part: str, imported: str, *, expected: bool) -> None:
    assert forbidden(part, imported) is expected


def test_no_import_cycles() -> None:
    graph = {name_of(p): {i for i in imports(p) if i.startswith("isocenter.")} for p in modules()}
    finished: set[str] = set()

    def visit(module: str, path: tuple[str, ...]) -> None:
        assert module not in path, " -> ".join([*path[path.index(module) :], module])
        if module in finished:
            return
        for imported in graph.get(module, ()):
            if imported != module:
                visit(imported, (*path, module))
        finished.add(module)

    for module in graph:
        visit(module, ())
