"""Builders of images for the tests of codecs: from arrays, and from files read by pydicom (not by the package)."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pydicom
import pytest
from pydicom.encaps import generate_frames

from isocenter.codecs.registry import decode_frame
from isocenter.dicom.pixels import ImageDescription

NATIVE = {"1.2.840.10008.1.2", "1.2.840.10008.1.2.1", "1.2.840.10008.1.2.2", "1.2.840.10008.1.2.1.99"}
FIELDS = {
    "Rows": 0, "Columns": 0, "SamplesPerPixel": 1, "PhotometricInterpretation": "MONOCHROME2", "BitsAllocated": 8,
    "BitsStored": 8, "HighBit": 7, "PixelRepresentation": 0, "PlanarConfiguration": 0, "NumberOfFrames": 1,
}  # fmt: skip


@dataclass(frozen=True)
class StoredImage:
    dataset: pydicom.Dataset
    description: ImageDescription
    transfer_syntax_uid: str
    vr: str
    frames: list[bytes]

    def decode(self, number: int = 0) -> np.ndarray:
        return decode_frame(self.frames[number], self.description, self.transfer_syntax_uid, vr=self.vr, number=number)

    def decode_all(self) -> np.ndarray:
        decoded = [self.decode(number) for number in range(len(self.frames))]
        return decoded[0] if len(decoded) == 1 else np.stack(decoded)


def description_of(array: np.ndarray, **changes: Any) -> ImageDescription:
    """Describe an array (rows, columns[, samples]) as its header would."""
    bits = array.dtype.itemsize * 8
    fields = {
        "Rows": array.shape[0],
        "Columns": array.shape[1],
        "SamplesPerPixel": array.shape[2] if array.ndim == 3 else 1,
        "PhotometricInterpretation": "RGB" if array.ndim == 3 else "MONOCHROME2",
        "BitsAllocated": bits,
        "BitsStored": bits,
        "HighBit": bits - 1,
        "PixelRepresentation": int(array.dtype.kind == "i"),
    }
    return ImageDescription(**(fields | changes))


def read_file(path: Path) -> StoredImage:
    dataset = pydicom.dcmread(path, force=True)
    fields = {name: type(default)(dataset.get(name) or default) for name, default in FIELDS.items()}
    fields["BitsStored"] = int(dataset.get("BitsStored", fields["BitsAllocated"]))
    description = ImageDescription(**fields)
    element = next(dataset[name] for name in ("PixelData", "FloatPixelData", "DoubleFloatPixelData") if name in dataset)
    uid = str(dataset.file_meta.get("TransferSyntaxUID", "1.2.840.10008.1.2"))
    if uid in NATIVE:
        frames = list(_native_frames(element.value, description))
    else:
        frames = list(generate_frames(element.value, number_of_frames=description.NumberOfFrames))
    return StoredImage(dataset, description, uid, element.VR, frames)


def _native_frames(data: bytes, description: ImageDescription):
    bits = description.Rows * description.Columns * description.SamplesPerPixel * description.BitsAllocated
    if description.PhotometricInterpretation == "YBR_FULL_422":
        bits = bits * 2 // 3
    for number in range(description.NumberOfFrames):
        end = -(-(number + 1) * bits // 8)
        last = number == description.NumberOfFrames - 1
        yield data[number * bits // 8 : None if last else end]


@pytest.fixture(scope="session")
def describe() -> Callable[..., ImageDescription]:
    return description_of


@pytest.fixture(scope="session")
def read_image(data_dir: Path) -> Callable[[str], StoredImage]:
    return lambda path: read_file(data_dir / path)


@pytest.fixture(scope="session")
def ct_like() -> np.ndarray:
    """64 x 48 smooth signed values with noise, -1024..2000."""
    rows, columns = np.mgrid[0:64, 0:48]
    noise = np.random.default_rng(7).normal(0, 20, rows.shape)
    values = 1500 * np.sin(rows / 9) * np.cos(columns / 7) + 400 + noise
    return np.clip(values, -1024, 2000).astype(np.int16)
