"""Demonstration studies that are computed, not copied: `studies(seed)` streams them, one kind after the other.

Each kind is a module of one form: ``study(seed) -> Study``, ``instances(seed, slices) -> Iterator[Dataset]``,
``objects(slices) -> int`` and ``DEFAULT_SLICES``; what they show lives beside them. What can be measured on them is
in `answers`. Imported by no server code.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

from isocenter.errors import UsageError
from isocenter.phantom.dates import TODAY, move

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Iterable, Iterator

    from pydicom import Dataset

#: Kind, which is its module, and what it is; in the order in which they are made.
WHAT = {
    "petct": "PET/CT of a thorax with lesions of known SUV",
    "slide": "histology: whole-slide pyramid with a follicle of known size, label and overview",
    "xa": "carotid angiography that subtracts itself, with an aneurysm of known size",
    "heart": "heart CT in ten phases",
    "mg": "screening mammograms, four views, with a mass and microcalcifications",
    "us": "echocardiogram, colour cine",
    "thin": "thorax CT of a thousand slices",
    "followup": "two thorax CTs with a growing nodule; segmentation, measurements, view, key image and letter of it",
    "mr": "brain MR: T1, T2, FLAIR",
    "ct": "thorax CT with contrast medium",
    "plan": "radiotherapy of the lung: CT, structures, plan, dose",
    "nm": "bone scan of the whole body, front and back, with lesions of known counts",
    "dx": "chest radiographs, PA and lateral",
    "ecg": "electrocardiogram of twelve leads",
}
KINDS = tuple(WHAT)


def studies(
    seed: int = 1, only: Iterable[str] = KINDS, slices: int | None = None, today: dt.date = TODAY
) -> Iterator[Dataset]:
    """Yield the objects of the studies ``only``, one after the other as they are computed.

    Args:
        seed: the same seed gives the same bytes; others give other vessels, folds, noise and identifiers.
        only: of `KINDS`.
        slices: of series of slices, frames of cines; None for the whole.
        today: the day of the youngest study; the others keep their distance.

    Raises:
        UsageError: no such kind, or no slices.
    """
    for kind in _known(only):
        module = import_module(f"isocenter.phantom.{kind}")
        for dataset in module.instances(seed, _checked(slices) or module.DEFAULT_SLICES):
            move(dataset, today)
            yield dataset


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
