"""All real files against the gold answers of their manifest: lossless ones to the bit, lossy ones to a value."""

import contextlib
import csv
import hashlib
import os
from pathlib import Path

import numpy as np
import pytest

from isocenter.codecs.display import render
from isocenter.codecs.presentation import read_presentation
from isocenter.codecs.registry import decode_frame
from isocenter.codecs.writing import ENCODERS, encode_frame, encoded, obstacle
from isocenter.errors import InvalidObjectError

pytestmark = [pytest.mark.real_data, pytest.mark.filterwarnings("ignore:Expected explicit VR")]
ROOT = Path(__file__).resolve().parents[2]
DATA = Path(os.environ.get("ISOCENTER_TEST_DATA", ROOT.parent / "shared" / "data"))
FOLDERS = ("transfer_syntax/", "pixel_presentation/", "small/", "sop/", "dynamic/us", "dynamic/xa")
LOSSY_OR_CONVERTED = {"YBR_FULL", "YBR_FULL_422"}
"""pydicom, which made the gold answers, turned these into RGB."""


def rows() -> list[dict[str, str]]:
    manifest = DATA / "MANIFEST.csv"
    if not manifest.exists():
        return []
    with manifest.open(newline="") as table:
        return [row for row in csv.DictReader(table) if row["decode"] == "ok" and row["path"].startswith(FOLDERS)]


def is_exact(row: dict[str, str]) -> bool:
    lossy_jpeg = row["transfer_syntax_uid"].endswith((".4.50", ".4.51"))
    return row["photometric"] not in LOSSY_OR_CONVERTED and not (lossy_jpeg and row["bits_stored"] == "12")


EXACT = [pytest.param(row, id=row["path"]) for row in rows() if is_exact(row)]
OTHERS = [pytest.param(row, id=row["path"]) for row in rows() if not is_exact(row)]
BIG_ENDIAN = "1.2.840.10008.1.2.2"


@pytest.mark.parametrize("row", EXACT or [{}])
def test_stored_values_to_the_bit(row, read_image):
    image = read_image(row["path"])
    values = image.decode_all()
    order = ">" if image.transfer_syntax_uid == BIG_ENDIAN else "<"  # the gold answer hashed them as stored
    ordered = values.astype(values.dtype.newbyteorder(order))
    assert hashlib.sha256(ordered.tobytes()).hexdigest() == row["pixel_sha256"]


@pytest.mark.parametrize("row", OTHERS or [{}])
def test_lossy_and_converted_values_nearly(row, read_image):
    image = read_image(row["path"])
    values = image.decode_all()
    if values.shape[-1] == 3:
        frames = values if values.ndim == 4 else values[None]
        values = np.stack([render(frame, image.description) for frame in frames])
    assert values.mean() == pytest.approx(float(row["pix_mean"]), abs=0.5)
    assert values.max() == pytest.approx(float(row["pix_max"]), abs=2)
    assert values.min() == pytest.approx(float(row["pix_min"]), abs=2)


@pytest.mark.parametrize(
    ("path", "original"),
    [
        *(
            (f"transfer_syntax/{folder}/{name}_{kind}.dcm", f"transfer_syntax/{folder}/{name}_UNC.dcm")
            for folder, name, kinds in [
                ("wg04_ct1", "CT1", "J2KR JLSL JPLL RLE"),
                ("wg04_nm1", "NM1", "J2KR JLSL JPLL RLE"),
                ("wg04_us1_rgb", "US1", "J2KR RLE"),
            ]
            for kind in kinds.split()
        ),
        *(
            (f"transfer_syntax/seg_1bit/liver_{kind}.dcm", f"transfer_syntax/seg_1bit/{original}.dcm")
            for original in ("liver", "liver_nonbyte_aligned")
            for kind in [f"{original}_{suffix}".removeprefix("liver_") for suffix in ("j2k", "rle", "deflate")]
        ),
    ],
)  # fmt: skip
def test_lossless_compression_gives_the_original(path, original, read_image):
    np.testing.assert_array_equal(read_image(path).decode_all(), read_image(original).decode_all())


@pytest.mark.parametrize("process", ["53_JPEGProcess6_8", "55_JPEGProcess10_12"])
def test_progressive_12_bit_like_the_sequential_one(process, read_image):
    progressive = read_image(f"transfer_syntax/ge_ct/ct_1.2.840.10008.1.2.4.{process}.dcm").decode()
    sequential = read_image("transfer_syntax/ge_ct/ct_1.2.840.10008.1.2.4.51_JPEGProcess2_4.dcm").decode()
    np.testing.assert_allclose(progressive.astype(int), sequential, atol=1)


def test_jpeg_xl_gives_the_jpeg_back(read_image):
    image = read_image("transfer_syntax/jpegxl/us_multiframe_jpegxl_recompression.dcm")
    picture = render(image.decode(), image.description)
    assert picture.shape == (image.description.Rows, image.description.Columns, 3)
    assert np.median(picture) < 10  # an ultrasound picture is mostly black
    assert picture.max() > 200


def test_all_tiles_of_a_slide(read_image):
    image = read_image("sop/sm_wsi/wsi_140tiles_jpeg.dcm")
    assert image.decode_all().shape == (140, 240, 240, 3)


@pytest.mark.parametrize("name", ["rows_65535_oob", "MR_truncated", "JPEG2000-embedded-sequence-delimiter"])
def test_broken_files_end_in_an_error_or_an_image(name, read_image):
    image = read_image(f"malformed/{name}.dcm")
    with contextlib.suppress(InvalidObjectError):
        assert image.decode().shape[:2] == (image.description.Rows, image.description.Columns)


@pytest.mark.parametrize("row", [*EXACT, *OTHERS] or [{}])
def test_every_image_can_be_shown(row, read_image):
    image = read_image(row["path"])
    picture = render(image.decode(), image.description, read_presentation(image.dataset))
    assert picture.dtype == np.uint8
    assert picture.shape[:2] == (image.description.Rows, image.description.Columns)


@pytest.mark.parametrize(
    "row", [row for row in [*EXACT, *OTHERS] if row.values[0]["path"].startswith("transfer_syntax/")]
)
def test_lossless_syntaxes_give_every_image_back(row, read_image):
    image = read_image(row["path"])
    values = image.decode()
    written = [uid for uid, encoder in ENCODERS.items() if not encoder.method and not obstacle(image.description, uid)]
    assert len(written) >= 5
    for uid in written:
        frame = encode_frame(values, image.description, uid)
        again = decode_frame(frame, encoded(image.description, uid), uid)
        assert again.dtype == values.dtype, uid
        np.testing.assert_array_equal(again, values, err_msg=uid)
