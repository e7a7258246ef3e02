"""Frames written and read again: lossless ones to the bit, lossy ones nearly, and what each syntax cannot hold."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from isocenter.codecs import codestream
from isocenter.codecs.colour import to_rgb
from isocenter.codecs.registry import ADAPTERS, decode_frame
from isocenter.codecs.writing import ENCODERS, decoded, encode_frame, encoded, is_lossy, obstacle
from isocenter.dicom.pixels import ImageDescription
from isocenter.dicom.uids import TRANSFER_SYNTAXES, transfer_syntax
from isocenter.errors import UnsupportedError, UsageError

LOSSLESS = [uid for uid, encoder in ENCODERS.items() if not encoder.method]
LOSSY = [uid for uid, encoder in ENCODERS.items() if encoder.method]
JPEG, EXTENDED, SV1, JPEG_LS, NEAR, J2K_LOSSY = (
    f"1.2.840.10008.1.2.4.{end}" for end in ("50", "51", "70", "80", "81", "91")
)
HTJ2K_RPCL, HTJ2K, RLE = "1.2.840.10008.1.2.4.202", "1.2.840.10008.1.2.4.203", "1.2.840.10008.1.2.5"


Describe = Callable[..., ImageDescription]
Again = Callable[..., np.ndarray]


@pytest.fixture(scope="session")
def again(describe: Describe) -> Again:
    """Return a function that writes values in a syntax and reads them again."""

    def written_and_read(values: np.ndarray, uid: str, quality: int = 90, **changes: Any) -> np.ndarray:
        description = describe(values, **changes)
        return decode_frame(encode_frame(values, description, uid, quality), encoded(description, uid), uid)

    return written_and_read


@st.composite
def images(draw: st.DrawFn) -> tuple[np.ndarray, dict[str, Any]]:
    """Draw images of all depths, signs and colours that stored values have, up to their extremes."""
    bits = draw(st.sampled_from([1, 2, 5, 8, 9, 12, 15, 16]))
    signed = bits > 1 and draw(st.booleans())
    samples = 3 if bits > 1 and draw(st.booleans()) else 1
    rows, columns = draw(st.integers(1, 40)), draw(st.integers(1, 40))
    random = np.random.default_rng(draw(st.integers(0, 1000)))
    low = -(1 << (bits - 1)) if signed else 0
    drawn = random.integers(low, low + (1 << bits), (rows, columns, samples))
    smooth = draw(st.booleans())
    values = np.sort(drawn, axis=0) if smooth else drawn
    kind = f"{'i' if signed else 'u'}{1 if bits <= 8 else 2}"
    values = values.astype(kind) if samples == 3 else values[..., 0].astype(kind)
    return values, {"BitsStored": bits, "HighBit": bits - 1, **({"BitsAllocated": 1} if bits == 1 else {})}


@pytest.mark.parametrize("uid", LOSSLESS)
@given(image=images())
def test_lossless_to_the_bit(
    uid: str, image: tuple[np.ndarray, dict[str, Any]], again: Again, describe: Describe
) -> None:
    values, fields = image
    description = describe(values, **fields)
    if obstacle(description, uid):
        with pytest.raises(UnsupportedError, match="does not hold"):
            encode_frame(values, description, uid)
        return
    read = again(values, uid, **fields)
    assert read.dtype == values.dtype
    np.testing.assert_array_equal(read, values)


@pytest.mark.parametrize("uid", LOSSY)
@given(image=images())
def test_loss_never_turns_white_into_black(
    uid: str, image: tuple[np.ndarray, dict[str, Any]], again: Again, describe: Describe
) -> None:
    values, fields = image
    bits = fields["BitsStored"]
    if values.ndim == 3 or obstacle(describe(values, **fields), uid):
        return
    near = again(values, uid, quality=98, **fields).astype(int)
    bound = 0.6 if uid in {JPEG, EXTENDED, "1.2.840.10008.1.2.4.112"} else 0.35
    assert np.abs(near - values).max() < max(bound * (1 << bits), 3)


@pytest.mark.parametrize("uid", ["1.2.840.10008.1.2.5", "1.2.840.10008.1.2.8.1", "1.2.840.10008.1.2.1.98"])
@pytest.mark.parametrize("kind", ["u4", "i4"])
def test_32_bits(uid: str, kind: str, again: Again) -> None:
    values = np.random.default_rng(1).integers(np.iinfo(kind).min, np.iinfo(kind).max, (9, 7)).astype(kind)
    np.testing.assert_array_equal(again(values, uid), values)


@pytest.mark.parametrize("uid", LOSSY)
def test_quality_is_kept_and_costs(uid: str, ct_like: np.ndarray, again: Again, describe: Describe) -> None:
    stored = ENCODERS[uid].stored[1]
    bits = 8 if uid == JPEG else min(stored, 12)
    values = np.clip(ct_like + 1024, 0, 4095).astype("u2")
    values = (values >> 4).astype("u1") if bits == 8 else values
    description = describe(values, BitsStored=bits)
    sizes = [len(encode_frame(values, description, uid, quality)) for quality in (30, 95)]
    assert sizes[0] < sizes[1] < values.nbytes
    error = np.abs(again(values, uid, 95, BitsStored=bits).astype(int) - values)
    assert error.mean() < (1 << bits) * 0.02


@pytest.mark.parametrize("uid", LOSSY)
@pytest.mark.parametrize("photometric", ["RGB", "YBR_FULL"])
def test_lossy_colour_looks_the_same(uid: str, photometric: str, describe: Describe) -> None:
    if not ENCODERS[uid].colour:
        return
    rows, columns = np.mgrid[0:64, 0:64]
    values = np.stack([rows * 3, columns * 3, 255 - rows * 2], axis=-1).astype("u1")
    description = describe(values, PhotometricInterpretation=photometric)
    written = encoded(description, uid)
    read = decode_frame(encode_frame(values, description, uid), written, uid)
    shown = to_rgb(read, written.PhotometricInterpretation, 8).astype(int)
    assert np.abs(shown - to_rgb(values, photometric, 8)).mean() < 6


@pytest.mark.parametrize(
    ("uid", "rgb", "ybr"),
    [
        (JPEG, "YBR_FULL_422", "YBR_FULL_422"),
        (SV1, "RGB", "YBR_FULL"),
        ("1.2.840.10008.1.2.4.90", "YBR_RCT", "YBR_FULL"),
        (J2K_LOSSY, "YBR_ICT", "YBR_ICT"),
        ("1.2.840.10008.1.2.4.112", "XYB", "XYB"),
        (RLE, "RGB", "YBR_FULL"),
    ],
)
def test_photometric_interpretation(uid: str, rgb: str, ybr: str, describe: Describe) -> None:
    image = describe(np.zeros((4, 4, 3), "u1"), PlanarConfiguration=1)
    assert encoded(image, uid).PhotometricInterpretation == rgb
    assert encoded(replace(image, PhotometricInterpretation="YBR_FULL"), uid).PhotometricInterpretation == ybr
    assert encoded(image, uid).PlanarConfiguration == 0


def test_baseline_halves_the_chroma(describe: Describe) -> None:
    values = np.zeros((16, 16, 3), "u1")
    header = codestream.read_jpeg(encode_frame(values, describe(values), JPEG))
    assert (header.subsampled, header.precision, header.lossless) == (True, 8, False)


@pytest.mark.parametrize(("uid", "bits", "precision"), [(SV1, 12, 12), (SV1, 16, 16), (EXTENDED, 12, 12)])
def test_precision_of_jpeg_is_that_of_the_values(uid: str, bits: int, precision: int, describe: Describe) -> None:
    values = np.full((8, 8), (1 << bits) - 1, "u2")
    assert codestream.read_jpeg(encode_frame(values, describe(values, BitsStored=bits), uid)).precision == precision


def test_near_lossless_keeps_its_promise(ct_like: np.ndarray, again: Again) -> None:
    read = again(ct_like, NEAR, quality=99)
    assert 0 < np.abs(read.astype(int) - ct_like).max() <= (1 << 16) // 6400


def test_htj2k_rpcl_has_what_its_syntax_asks_for(describe: Describe) -> None:
    values = np.arange(256 * 200, dtype="u2").reshape(256, 200)
    stream = encode_frame(values, describe(values), HTJ2K_RPCL)
    style = stream.find(b"\xff\x52")
    assert stream[style + 5] == 2  # progression order RPCL
    assert 256 >> stream[style + 9] <= 64  # the smallest picture
    assert b"\xff\x55" in stream[: stream.find(b"\xff\x90")]  # TLM in the main header
    assert stream.count(b"\xff\x90") > 1  # a tile-part for each resolution


@pytest.mark.parametrize(
    ("uid", "changes", "reason"),
    [
        (JPEG, {"BitsAllocated": 16, "BitsStored": 12}, "12 bits stored"),
        (JPEG, {"PixelRepresentation": 1}, "signed values"),
        (JPEG, {"PhotometricInterpretation": "PALETTE COLOR"}, "a palette"),
        (JPEG_LS, {"BitsAllocated": 32, "BitsStored": 32}, "32 bits allocated"),
        (JPEG_LS, {"SamplesPerPixel": 4}, "4 samples per pixel"),
        (EXTENDED, {"BitsAllocated": 16, "BitsStored": 12, "SamplesPerPixel": 3}, "colour"),
        (RLE, {"BitsAllocated": 64, "BitsStored": 64, "SamplesPerPixel": 3}, "15 segments"),
        ("1.2.840.10008.1.2.4.102", {}, "not among those"),
    ],
)
def test_what_cannot_be_held(uid: str, changes: dict[str, Any], reason: str, describe: Describe) -> None:
    with pytest.raises(UnsupportedError, match=reason):
        encoded(describe(np.zeros((4, 4), "u1"), **changes), uid)


def test_floats_and_bad_qualities_are_refused(describe: Describe) -> None:
    values = np.zeros((4, 4), "f4")
    with pytest.raises(UnsupportedError, match="float"):
        encode_frame(values, describe(values), RLE)
    with pytest.raises(UsageError, match="quality 0"):
        encode_frame(values, describe(values), RLE, 0)


def test_half_bytes_are_widened(describe: Describe) -> None:
    assert decoded(describe(np.zeros((2, 2), "u2"), BitsAllocated=12)).BitsAllocated == 16


def test_every_encoder_has_its_decoder() -> None:
    for uid, encoder in ENCODERS.items():
        assert ADAPTERS[uid] == encoder.family
        assert uid in TRANSFER_SYNTAXES
        assert is_lossy(uid) == bool(encoder.method)
        assert not is_lossy(uid) or transfer_syntax(uid).lossy
