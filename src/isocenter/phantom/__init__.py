"""Demonstration studies that are computed, not copied: `studies(seed)` streams a CT, an MR and an ultrasound study.

`ct`, `mr` and `us` have one form: ``study(seed) -> Study``, ``instances(seed, slices) -> Iterator[Dataset]`` and
``DEFAULT_SLICES``; what they show lives in `chest`, `head` and `echo`. Imported by no server code.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

from isocenter.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from pydicom import Dataset

KINDS = ("ct", "mr", "us")


def studies(seed: int = 1, only: Iterable[str] = KINDS, slices: int | None = None) -> Iterator[Dataset]:
    """Yield the objects of the studies ``only``, one after the other as they are computed.

    Args:
        seed: the same seed gives the same bytes; others give other vessels, folds, noise and identifiers.
        only: of `KINDS`.
        slices: of CT and MR series, frames of the cine; None for the whole.

    Raises:
        UsageError: no such kind, or no slices.
    """
    for kind in _known(only):
        module = import_module(f"isocenter.phantom.{kind}")
        yield from module.instances(seed, _checked(slices) or module.DEFAULT_SLICES)


def count(only: Iterable[str] = KINDS, slices: int | None = None) -> int:
    """Return how many objects `studies` will yield."""
    modules = {kind: import_module(f"isocenter.phantom.{kind}") for kind in _known(only)}
    return sum(module.objects(_checked(slices) or module.DEFAULT_SLICES) for module in modules.values())


def _known(only: Iterable[str]) -> list[str]:
    kinds = list(dict.fromkeys(only))
    for kind in kinds:
        if kind not in KINDS:
            raise UsageError(f"no phantom is called {kind}: choose from {', '.join(KINDS)}")
    return kinds


def _checked(slices: int | None) -> int | None:
    if slices is not None and not 1 <= slices <= 2000:
        raise UsageError(f"{slices} slices: choose 1 to 2000")
    return slices
