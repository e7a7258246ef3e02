"""Objects that are no stack of images: stored views, an ECG, a video, raw data; and a film of a clip."""

import base64
import re
import struct
from pathlib import Path
from urllib.request import Request, urlopen

import numpy as np
import pydicom
import pytest
from PIL import Image
from playwright.sync_api import Browser, Download, expect
from pydicom.dataset import Dataset
from pydicom.encaps import encapsulate
from pydicom.uid import (
    MPEG4HP41,
    GeneralECGWaveformStorage,
    RawDataStorage,
    VideoPhotographicImageStorage,
)

from .conftest import CT_STUDY, FRAMES, ROOT, US_STUDY, Archive, View, _file, _patient, get_json, looking

pytestmark = pytest.mark.browser
STUDY = f"{ROOT}.31"
_PLAYS = """() => { const video = document.querySelector('video');
                     return video?.videoWidth === 160 && video.currentTime > 0; }"""
_RECORD = """async () => {
  const canvas = Object.assign(document.createElement('canvas'), { width: 160, height: 120 });
  const context = canvas.getContext('2d');
  const recorder = new MediaRecorder(canvas.captureStream(25), { mimeType: 'video/mp4;codecs=avc1.42E01E' });
  const parts = [];
  recorder.ondataavailable = ({ data }) => parts.push(data);
  const stopped = new Promise((done) => { recorder.onstop = done; });
  recorder.start();
  for (let i = 0; i < 12; i += 1) {
    context.fillStyle = i < 11 ? '#c80000' : '#00c800';
    context.fillRect(0, 0, 160, 120);
    await new Promise((done) => setTimeout(done, 40));
  }
  recorder.stop();
  await stopped;
  const bytes = new Uint8Array(await new Blob(parts).arrayBuffer());
  return btoa(String.fromCharCode(...bytes));
}"""


def _code(value: str, meaning: str) -> Dataset:
    item = Dataset()
    item.CodeValue, item.CodingSchemeDesignator, item.CodeMeaning = value, "UCUM", meaning
    return item


def ecg() -> Dataset:
    """Return two leads of 4 s at 250 Hz whose samples can be computed from their place."""
    dataset = _file(Dataset(), GeneralECGWaveformStorage, f"{STUDY}.1.1", STUDY, f"{STUDY}.1")
    _patient(dataset, "Herz^Test", "P-031", "20240308", "ECG")
    dataset.Modality, dataset.SeriesNumber, dataset.InstanceNumber = "ECG", 1, 1
    group = Dataset()
    group.MultiplexGroupLabel, group.WaveformOriginality = "RHYTHM", "ORIGINAL"
    group.NumberOfWaveformChannels, group.NumberOfWaveformSamples, group.SamplingFrequency = 2, 1000, 250
    group.ChannelDefinitionSequence = [_channel("Lead I", "uV", 2.5, 10), _channel("Pressure", "mm[Hg]", 0.5, 0)]
    place = np.arange(1000)
    samples = np.stack([place % 200 - 100, place // 4], 1).astype("<i2")
    group.WaveformBitsAllocated, group.WaveformSampleInterpretation = 16, "SS"
    group.WaveformData = samples.tobytes()
    dataset.WaveformSequence = [group]
    note = Dataset()
    note.ReferencedWaveformChannels, note.UnformattedTextValue = [1, 0], "Sinus <b>rhythm</b>"
    dataset.WaveformAnnotationSequence = [note]
    return dataset


def _channel(name: str, unit: str, sensitivity: float, baseline: float) -> Dataset:
    item = Dataset()
    item.ChannelSourceSequence = [_code("x", name)]
    item.ChannelSensitivity, item.ChannelSensitivityCorrectionFactor, item.ChannelBaseline = sensitivity, 2, baseline
    item.ChannelSensitivityUnitsSequence = [_code(unit, unit)]
    item.WaveformBitsStored = 16
    return item


def video(stream: bytes, uid: str) -> Dataset:
    """Return a video object of a stream."""
    dataset = _file(Dataset(), VideoPhotographicImageStorage, uid, STUDY, f"{STUDY}.2")
    _patient(dataset, "Herz^Test", "P-031", "20240308", "ECG")
    dataset.Modality, dataset.SeriesNumber, dataset.InstanceNumber = "XC", 2, int(uid.rpartition(".")[2])
    dataset.Rows, dataset.Columns, dataset.SamplesPerPixel, dataset.NumberOfFrames = 120, 160, 3, 12
    dataset.PhotometricInterpretation, dataset.PlanarConfiguration = "YBR_PARTIAL_420", 0
    dataset.BitsAllocated = dataset.BitsStored = 8
    dataset.HighBit, dataset.PixelRepresentation, dataset.FrameTime = 7, 0, 40
    dataset.file_meta.TransferSyntaxUID = MPEG4HP41
    dataset.PixelData = encapsulate([stream + b"\0" * (len(stream) % 2)])
    return dataset


def raw() -> Dataset:
    """Return raw data, which nobody can show."""
    dataset = _file(Dataset(), RawDataStorage, f"{STUDY}.3.1", STUDY, f"{STUDY}.3")
    _patient(dataset, "Herz^Test", "P-031", "20240308", "ECG")
    dataset.Modality, dataset.SeriesNumber, dataset.InstanceNumber = "MR", 3, 1
    return dataset


@pytest.fixture(scope="module")
def objects(archive: Archive, browser: Browser, tmp_path_factory: pytest.TempPathFactory) -> Archive:
    """Return the archive with an ECG, two videos of which one is none, and raw data."""
    page = browser.new_page()
    page.goto(f"{archive.url}/health")
    stream = base64.b64decode(page.evaluate(_RECORD))
    page.close()
    folder = tmp_path_factory.mktemp("objects")
    made = [ecg(), video(stream, f"{STUDY}.2.1"), video(b"no video at all ", f"{STUDY}.2.2"), raw()]
    for number, dataset in enumerate(made):
        dataset.save_as(folder / f"{number}.dcm", enforce_file_format=True)
    archive.take(folder)
    return archive


def test_an_ecg_a_video_and_raw_data(objects: Archive, view: View, tmp_path: Path) -> None:
    page = view.page
    view.study(STUDY, f"&SeriesInstanceUID={STUDY}.1")
    sheet = page.get_by_test_id("waveform")
    sheet.wait_for()
    values = ecg().waveform_array(0)
    box, scale = sheet.bounding_box(), float(sheet.get_attribute("data-scale") or 0)
    assert box is not None
    readout = page.get_by_test_id("waveform-readout")
    for seconds, row, channel, factor, unit in (
        (0.5, 0, 0, 0.001, "mV"),
        (3.2, 0, 0, 0.001, "mV"),
        (2, 1, 1, 1, "mm[Hg]"),
    ):
        page.mouse.move(box["x"] + (6 + seconds * 25) * scale, box["y"] + (row * 25 + 12) * scale)
        name, second, _, value, said = readout.inner_text().split()
        expected = values[round(float(second) * 250), channel] * factor
        assert (name, said) == (("I", "Pressure")[channel], unit)
        assert float(second) == pytest.approx(seconds, abs=0.02)
        assert float(value) == pytest.approx(expected, abs=0.001 if unit == "mV" else 0.06)
    page.mouse.move(box["x"] + 20 * scale, box["y"] + 15 * scale)
    page.mouse.down()
    page.mouse.move(box["x"] + 45 * scale, box["y"] + 10 * scale)
    page.mouse.up()
    assert page.get_by_test_id("caliper").text_content() == "1000 ms · 60 bpm · 0.5 mV"
    expect(page.get_by_label("Annotations")).to_contain_text("Sinus <b>rhythm</b>")
    with page.expect_download() as saved:
        page.keyboard.press("Control+s")
    paper = np.asarray(Image.open(saved.value.path()).convert("L"))
    assert paper.shape[1] == pytest.approx(box["width"], abs=2)
    assert paper.min() < 80 < 200 < np.median(paper)  # lines on light paper
    page.locator(".card").nth(1).click()
    page.wait_for_function(_PLAYS)
    page.locator(".card").nth(2).click()
    expect(page.get_by_role("alert")).to_contain_text("cannot play the video")
    page.locator(".card").nth(3).click()
    with page.expect_download() as saved:
        page.get_by_role("button", name="Download").click()
    saved.value.save_as(tmp_path / "raw.dcm")
    assert pydicom.dcmread(tmp_path / "raw.dcm").SOPInstanceUID == f"{STUDY}.3.1"


def _menu(view: View, command: str) -> None:
    view.page.get_by_label("Export", exact=True).click()
    view.page.locator(f"[data-command='{command}']").click()


def _corners(view: View) -> list[list[float]]:
    return [view.page.evaluate(f"window.__isocenter.pixelToPane({c}, {r})") for c, r in ((30, 20), (50, 20), (40, 45))]


def test_a_stored_view_is_reopened_as_it_was(view: View) -> None:
    page = view.page
    view.study(CT_STUDY)
    page.keyboard.press("8")
    for key in ("r", "h", "n", "+", "+"):
        page.keyboard.press(key)
    before, shade, uid = _corners(view), view.brightness(40, 30), view.summary()["SOPInstanceUID"]
    _menu(view, "state.store")
    expect(page.locator(".page-note")).to_contain_text("Stored as a presentation state")
    view.study(CT_STUDY)
    page.keyboard.press("Home")
    page.locator(".preset-button").click()
    chosen = page.locator(".menu-states button")
    expect(chosen).to_have_count(1)
    chosen.click()
    page.wait_for_function("(uid) => window.__isocenter.summary().SOPInstanceUID === uid", arg=uid)
    view.settled()
    expect(page.get_by_test_id("presentation")).to_have_count(1)
    pixel = np.hypot(before[1][0] - before[0][0], before[1][1] - before[0][1]) / 20
    for place, now in zip(before, _corners(view), strict=True):
        assert now == pytest.approx(place, abs=float(pixel))
    assert abs(view.brightness(40, 30) - shade) <= 1
    found = get_json(f"{view.archive.url}/dicom-web/studies/{CT_STUDY}/series?Modality=PR")
    assert isinstance(found, list)
    series = found[0]["0020000E"]["Value"][0]
    url = f"{view.archive.url}/api/studies/{CT_STUDY}/series/{series}?confirm={series}"
    with urlopen(Request(url, method="DELETE")):
        pass


_SEEN = """async ({ film, times }) => {
  const bytes = Uint8Array.from(atob(film), (letter) => letter.charCodeAt(0));
  const video = document.createElement('video');
  video.src = URL.createObjectURL(new Blob([bytes], { type: 'video/mp4' }));
  await new Promise((done, fail) => { video.onloadeddata = done; video.onerror = () => fail(video.error.message); });
  const [width, height] = [video.videoWidth, video.videoHeight];
  const context = Object.assign(document.createElement('canvas'), { width, height }).getContext('2d');
  const seen = [];
  for (const time of times) {
    const sought = new Promise((done) => { video.onseeked = done; });
    video.currentTime = time;
    await sought;
    context.drawImage(video, 0, 0);
    seen.push([...context.getImageData(width / 2, height / 3, 1, 1).data.slice(0, 2)]);
  }
  return { seen, duration: video.duration }; }"""


def test_a_film_of_a_clip(view: View) -> None:
    """Ten frames a second, each of its own red; the film is played at the middle of every frame."""
    view.study(US_STUDY)
    view.page.get_by_role("button", name="Export").click()
    entry = view.page.locator('.menu [data-command="export.film"]')
    expect(entry).to_contain_text("MP4")
    with view.page.expect_download() as saved:
        entry.click()
    assert saved.value.suggested_filename == "US-1-film.mp4"
    film = Path(saved.value.path()).read_bytes()
    times = film.index(b"stts")
    assert struct.unpack_from(">4I", film, times + 4) == (0, 1, FRAMES, 9000)
    expect(view.page.locator(".page-note")).to_contain_text("The film is saved (MP4)")
    middles = [(frame + 0.5) / 10 for frame in range(FRAMES)]
    blank = view.page.context.new_page()  # the policy of the viewer plays no film from memory
    played = blank.evaluate(_SEEN, {"film": base64.b64encode(film).decode(), "times": middles})
    assert played["duration"] == pytest.approx(FRAMES / 10, abs=0.01)
    for frame, (red, green) in enumerate(played["seen"]):
        assert red == pytest.approx(10 * frame, abs=4)
        assert green == pytest.approx(77, abs=4)


def test_a_film_is_recorded_where_nothing_encodes(browser: Browser, archive: Archive) -> None:
    with looking(browser, archive, script="delete window.VideoEncoder;") as view:
        view.study(US_STUDY)
        view.page.get_by_role("button", name="Export").click()
        expect(view.page.locator('.menu [data-command="export.film"]')).to_contain_text("WebM")
        saved = _recorded(view)
        assert saved.suggested_filename == "US-1-film.webm"
        film = Path(saved.path()).read_bytes()
        assert film[:4] == b"\x1a\x45\xdf\xa3"
        assert len(film) > 1000  # a header alone is a film without pictures


def _recorded(view: View) -> Download:
    """Save a film; a recorder that gets no picture on a busy machine says so, and is asked again."""
    films: list[Download] = []
    view.page.on("download", lambda film: films.append(film))
    note, menu = view.page.locator(".page-note"), view.page.get_by_role("button", name="Export")
    for _ in range(3):
        view.page.locator('.menu [data-command="export.film"]').click()
        expect(note).to_contain_text(re.compile(r"The film is saved \(WebM\)|recorded no pictures"))
        if films:
            break
        menu.click()
    return films[0]
