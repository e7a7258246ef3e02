"""A video that is made of frames: a real browser plays it, and shows each frame at its time with its colours."""

import base64
from pathlib import Path

import numpy as np
import pytest
from playwright.sync_api import Browser
from pydicom.dataset import Dataset
from pydicom.uid import UltrasoundMultiFrameImageStorage

from .conftest import ROOT, Archive, _file, _patient, _pixels

pytestmark = pytest.mark.browser

STUDY, FRAMES, MILLISECONDS = f"{ROOT}.81", 30, 100
#: Goes to the middle of each frame's time and reads two pixels, once the first is as bright as expected or time is up.
READ = """async ([data, times, expected]) => {
  const video = document.createElement('video');
  video.muted = true;
  document.body.append(video);
  await new Promise((done, failed) => {
    video.onloadeddata = done;
    video.onerror = () => failed(new Error(video.error.message));
    video.src = `data:video/mp4;base64,${data}`;
  });
  const canvas = document.createElement('canvas');
  [canvas.width, canvas.height] = [video.videoWidth, video.videoHeight];
  const context = canvas.getContext('2d', {willReadFrequently: true});
  const read = () => {
    context.drawImage(video, 0, 0);
    return [[20, 20], [110, 80]].map(([x, y]) => [...context.getImageData(x, y, 1, 1).data.slice(0, 3)]);
  };
  const colours = [];
  for (const [index, time] of times.entries()) {
    const arrived = new Promise(done => { video.onseeked = done; });
    video.currentTime = time;
    await arrived;
    let seen = read();
    for (let tries = 0; tries < 100 && Math.abs(seen[0][0] - expected[index]) > 2; tries++) {
      await new Promise(requestAnimationFrame);  // a seek ends before its picture is on the screen
      seen = read();
    }
    colours.push(seen);
  }
  return {size: [video.videoWidth, video.videoHeight], duration: video.duration, colours};
}"""


def colours(frame: int) -> list[list[int]]:
    """Return the colours of a frame: left above, right below; dark and bright ones show a wrong range of values."""
    return [[8 * frame, 8 * frame, 8 * frame], [250 - 8 * frame, 20, 60]]


def cine() -> Dataset:
    dataset = _file(Dataset(), UltrasoundMultiFrameImageStorage, f"{STUDY}.1.1", STUDY, f"{STUDY}.1")
    _patient(dataset, "Video^Test", "P-060", "20240306", "Video")
    dataset.Modality, dataset.SeriesNumber, dataset.InstanceNumber = "US", 1, 1
    dataset.NumberOfFrames, dataset.FrameTime = FRAMES, MILLISECONDS
    frames = np.zeros((FRAMES, 96, 128, 3), np.uint8)
    for number, frame in enumerate(frames):
        frame[:48, :64], frame[48:, 64:] = colours(number)
    return _pixels(dataset, frames, "RGB")


def test_a_browser_plays_frames_as_video(real_archive: Archive, browser: Browser, tmp_path: Path) -> None:
    cine().save_as(tmp_path / "cine.dcm", enforce_file_format=True)
    real_archive.take(tmp_path / "cine.dcm")
    address = f"/dicom-web/studies/{STUDY}/series/{STUDY}.1/instances/{STUDY}.1.1/rendered?quality=95"
    wanted = [0, 13, 23, 24, 29, 5]  # of both fragments, and back
    times = [(number + 0.5) * MILLISECONDS / 1000 for number in wanted]
    page = browser.new_page()
    answer = page.request.get(real_archive.url + address, headers={"accept": "video/mp4"})
    assert answer.status == 200, answer.text()
    data = base64.b64encode(answer.body()).decode()
    seen = page.evaluate(READ, [data, times, [colours(number)[0][0] for number in wanted]])
    page.close()
    assert seen["size"] == [128, 96]
    assert seen["duration"] == pytest.approx(FRAMES * MILLISECONDS / 1000)
    for number, shown in zip(wanted, seen["colours"], strict=True):
        assert np.abs(np.array(shown) - colours(number)).max() <= 4, number
