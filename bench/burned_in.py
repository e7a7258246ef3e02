"""Text burned into generated pictures: how much of it is found and blanked, how much else is, and how fast.

    python -m bench.burned_in [--pictures N] [--folder FOLDER]     FOLDER: keep pictures with the areas drawn in

Names, numbers, dates and remarks are drawn in many sizes, contrasts and directions over anatomy, in 8 and 16 bits, grey
and colour. A text counts as found if nine tenths of its strokes are in the areas; an area counts as right if it
touches a text.
"""

import argparse
import io
import sys
import time
from collections import Counter
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import ExplicitVRLittleEndian

from isocenter.deid import Area, Policy, policy, propose
from isocenter.phantom import studies

SECONDARY_CAPTURE = "1.2.840.10008.5.1.4.1.1.7"
NAMES = ("MUELLER^ANNA", "Okonkwo, Chidi", "Li Wei", "O'Brien Sean", "GARCIA LOPEZ M", "Nowak Katarzyna", "Petersen")
REMARKS = ("St. Mary Hospital", "Dr. House", "referred by Smith", "bed 4 ward C", "Tel 0351 458 2241", "F 067Y")
SIZES = (8, 9, 10, 12, 14, 18, 24, 36)
KINDS = ("8 bit", "16 bit", "colour", "16 bit, outside the window")
#: Grey of the strokes over what is under them, as a share of the whole range.
CONTRASTS = (1.0, 1.0, 0.6, 0.35)
LEGIBLE = 0.3


@dataclass
class Planted:
    """A text, what it looks like, and the pixels of its strokes."""

    text: str
    size: int
    contrast: float
    turned: int
    strokes: NDArray[np.bool_]


@cache
def backgrounds() -> list[NDArray[np.float32]]:
    """Return pictures of chest and head, from 0 to 1."""
    found = []
    for dataset in studies(only=("ct", "mr"), slices=6):
        values = dataset.pixel_array.astype(np.float32)
        low, high = np.percentile(values, (1, 99.5))
        found.append(np.clip((values - low) / max(high - low, 1), 0, 1))
    return found


def texts(random: np.random.Generator) -> list[str]:
    """Return what a machine writes into one picture."""
    day = f"{random.integers(1, 29):02d}.{random.integers(1, 13):02d}.{random.integers(1925, 2020)}"
    return [
        str(random.choice(NAMES)), f"ID: {random.integers(10**6, 10**8)}", day, str(random.choice(REMARKS)),
        f"ACC{random.integers(10**5, 10**7)}",
    ]  # fmt: skip


def strokes(text: str, size: int, turned: int) -> NDArray[np.uint8]:
    """Return a text as a picture of its own, turned by so many quarters."""
    font = ImageFont.load_default(size=size)
    left, top, right, bottom = (int(edge) for edge in font.getbbox(text))
    picture = Image.new("L", (right - left + 2, bottom - top + 2))
    ImageDraw.Draw(picture).text((1 - left, 1 - top), text, fill=255, font=font)
    return np.rot90(np.asarray(picture), turned)


def plant(random: np.random.Generator, picture: NDArray[np.float32]) -> list[Planted]:
    """Draw texts at places of their own."""
    used = np.zeros(picture.shape, bool)
    planted = []
    for text in texts(random):
        size, turned = int(random.choice(SIZES)), int(random.choice((0, 0, 0, 1, 3)))
        ink = strokes(text, size, turned)
        room = [have - need - 8 for have, need in zip(picture.shape, ink.shape, strict=True)]
        if min(room) < 1:
            continue
        for _ in range(20):
            row, column = (int(random.integers(4, 4 + space)) for space in room)
            place = np.s_[row : row + ink.shape[0], column : column + ink.shape[1]]
            margin = np.s_[max(row - 12, 0) : row + ink.shape[0] + 12, max(column - 12, 0) : column + ink.shape[1] + 12]
            if not used[margin].any():
                break
        else:
            continue
        used[place] = True
        contrast = float(random.choice(CONTRASTS))
        low, high = np.percentile(picture[place], (5, 95))
        value = max(low - contrast, 0.0) if low > 1 - high else min(high + contrast, 1.0)
        between = abs(value - float(np.median(picture[place])))
        share = ink / np.float32(255)
        if max(low - value, value - high) < LEGIBLE:  # over bright and dark: with a shadow
            picture[place][_thicker(ink > 0)] = 1.0 - value
        picture[place] = picture[place] * (1 - share) + value * share
        mask = np.zeros(picture.shape, bool)
        mask[place] = ink > 96
        planted.append(Planted(text, size, between, turned, mask))
    return planted


def _thicker(mask: NDArray[np.bool_]) -> NDArray[np.bool_]:
    padded = np.pad(mask, 1)
    rows, columns = mask.shape
    return np.any([padded[y : y + rows, x : x + columns] for y in range(3) for x in range(3)], axis=0)


def image(picture: NDArray[np.float32], kind: str) -> Dataset:
    """Return a secondary capture of a picture."""
    dataset = Dataset()
    dataset.SOPClassUID, dataset.SOPInstanceUID = SECONDARY_CAPTURE, "1.2.826.0.1.3680043.8.498.1"
    dataset.PatientName, dataset.PatientID = "Schmidt^Eva", "H-99812"
    dataset.Rows, dataset.Columns = picture.shape
    colour, wide = kind == "colour", kind.startswith("16")
    dataset.SamplesPerPixel, dataset.PhotometricInterpretation = (3, "RGB") if colour else (1, "MONOCHROME2")
    if colour:
        dataset.PlanarConfiguration = 0
    dataset.BitsAllocated = 16 if wide else 8
    dataset.BitsStored = 12 if wide else 8
    dataset.HighBit, dataset.PixelRepresentation = dataset.BitsStored - 1, 0
    values = np.rint(picture * ((1 << dataset.BitsStored) - 1)).astype(np.uint16 if wide else np.uint8)
    if kind == "16 bit, outside the window":
        dataset.WindowCenter, dataset.WindowWidth = 400, 800
    dataset.PixelData = (np.repeat(values[..., None], 3, axis=2) if colour else values).tobytes()
    dataset.file_meta = FileMetaDataset()
    dataset.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    return dataset


def text_areas(dataset: Dataset, chosen: Policy) -> list[Area]:
    """Return the areas that would be blanked."""
    dataset.save_as(buffer := io.BytesIO(), enforce_file_format=True)
    return list(propose(buffer.getvalue(), chosen).areas or ())


def covered(areas: list[Area], shape: tuple[int, ...]) -> NDArray[np.bool_]:
    """Return the pixels of the areas."""
    mask = np.zeros(shape, bool)
    for area in areas:
        mask[area.box.top : area.box.bottom, area.box.left : area.box.right] = True
    return mask


def draw(picture: NDArray[np.float32], areas: list[Area], missed: list[Planted], path: Path) -> None:
    """Write a picture with the areas in yellow, and what was missed in red."""
    shown = Image.fromarray(np.rint(picture * 255).astype(np.uint8)).convert("RGB")
    pen = ImageDraw.Draw(shown)
    for area in areas:
        pen.rectangle((area.box.left, area.box.top, area.box.right - 1, area.box.bottom - 1), outline=(255, 220, 0))
    for text in missed:
        rows, columns = np.nonzero(text.strokes)
        pen.rectangle((columns.min() - 2, rows.min() - 2, columns.max() + 2, rows.max() + 2), outline=(255, 0, 0))
    shown.save(path)


def main() -> None:
    """Draw, search, count."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--pictures", type=int, default=48)
    parser.add_argument("--folder", type=Path)
    options = parser.parse_args()
    chosen, random = policy("research", burned_in="ocr"), np.random.default_rng(5)
    counts: Counter[str] = Counter()
    text_areas(image(backgrounds()[0], "8 bit"), chosen)  # loads the models
    spent, wrong = 0.0, 0
    for number in range(options.pictures):
        picture = backgrounds()[number % len(backgrounds())].copy()
        planted = plant(random, picture) if number % 6 else []  # every sixth has none
        started = time.process_time()
        areas = text_areas(image(picture, KINDS[number % len(KINDS)]), chosen)
        spent += time.process_time() - started
        mask = covered(areas, picture.shape)
        missed = [text for text in planted if mask[text.strokes].mean() < 0.9]
        ink = np.any([text.strokes for text in planted], axis=0) if planted else np.zeros(picture.shape, bool)
        right = sum(ink[a.box.top : a.box.bottom, a.box.left : a.box.right].any() for a in areas)
        counts.update(texts=len(planted), found=len(planted) - len(missed), areas=len(areas), right=int(right))
        wrong += int((mask & ~ink).sum()) if not planted else 0
        for text in missed:
            sys.stdout.write(f"missed in {number} ({KINDS[number % 4]}): {text.text!r}, {text.size} px, "
                             f"contrast {text.contrast:.2f}, turned {text.turned}\n")  # fmt: skip
        if options.folder:
            draw(picture, areas, missed, options.folder / f"{number:03d}.png")
    blank = sum(backgrounds()[n % len(backgrounds())].size for n in range(0, options.pictures, 6))
    sys.stdout.write(
        f"{counts['found']} of {counts['texts']} texts found ({counts['found'] / counts['texts']:.1%}), "
        f"{counts['right']} of {counts['areas']} areas on text ({counts['right'] / counts['areas']:.1%}), "
        f"{wrong / blank:.3%} of pictures without text blanked, {options.pictures / spent:.2f} pictures/s (CPU)\n"
    )


if __name__ == "__main__":
    main()
