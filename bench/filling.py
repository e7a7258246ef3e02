"""Filling an archive with tiny instances, over HTTP with several connections, the same for both servers."""

import concurrent.futures
import http.client
from collections.abc import Iterator
from io import BytesIO
from itertools import islice

from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.filewriter import dcmwrite
from pydicom.uid import ExplicitVRLittleEndian

from bench.data import MR_IMAGE, ROOT, Kind, image
from bench.servers import Server

TINY = Kind("tiny", MR_IMAGE, 8, 1, 1)
CONNECTIONS = 4


def _template() -> bytes:
    """Return a tiny object whose UIDs, name and ID are marks of fixed length, to be replaced."""
    ds: Dataset = image(TINY, 0, 0)
    ds.SOPInstanceUID, ds.StudyInstanceUID, ds.SeriesInstanceUID = (
        f"{ROOT}.{arc}.9000000.9000000" for arc in (7, 5, 6)
    )
    ds.PatientName, ds.PatientID = "Tiny^P0000000", "T0000000"
    meta = FileMetaDataset()
    meta.TransferSyntaxUID = ExplicitVRLittleEndian
    meta.MediaStorageSOPClassUID, meta.MediaStorageSOPInstanceUID = ds.SOPClassUID, ds.SOPInstanceUID
    ds.file_meta = meta
    out = BytesIO()
    dcmwrite(out, ds, enforce_file_format=True)
    return out.getvalue()


def objects(studies: int, images: int) -> Iterator[bytes]:
    """Yield ``studies`` x ``images`` Part 10 objects, each study with one series and a patient of its own."""
    template = _template()
    for study in range(1_000_000, 1_000_000 + studies):
        body = template.replace(b"P0000000", b"P%07d" % study).replace(b"T0000000", b"T%07d" % study)
        for arc in (5, 6):
            mark = f"{ROOT}.{arc}.9000000.9000000".encode()
            body = body.replace(mark, f"{ROOT}.{arc}.{study}.1000000".encode())
        mark = f"{ROOT}.7.9000000.9000000".encode()
        for number in range(1_000_000, 1_000_000 + images):
            yield body.replace(mark, f"{ROOT}.7.{study}.{number}".encode())


def fill_isocenter(server: Server, studies: int, images: int) -> None:
    """Store over STOW-RS, a hundred instances in a request."""
    items = objects(studies, images)
    bodies = []
    while batch := list(islice(items, 100)):
        parts = (b"--b\r\nContent-Type: application/dicom\r\n\r\n" + item + b"\r\n" for item in batch)
        bodies.append(b"".join([*parts, b"--b--\r\n"]))
    headers = {
        "Content-Type": 'multipart/related; type="application/dicom"; boundary=b',
        "Accept": "application/dicom+json",
    }
    _post(server, "/dicom-web/studies", bodies, headers)


def fill_orthanc(server: Server, studies: int, images: int) -> None:
    """Store over Orthanc's own REST upload, its fastest way in."""
    _post(server, "/instances", list(objects(studies, images)), {"Content-Type": "application/dicom"})


def _post(server: Server, path: str, bodies: list[bytes], headers: dict[str, str]) -> None:
    def work(mine: list[bytes]) -> None:
        connection = http.client.HTTPConnection("127.0.0.1", server.http_port, timeout=300)
        for body in mine:
            connection.request("POST", path, body, headers)
            response = connection.getresponse()
            answer = response.read()
            if response.status != http.client.OK:
                raise RuntimeError(f"{server.name}: {response.status} {answer[:300]!r}")
        connection.close()

    with concurrent.futures.ThreadPoolExecutor(CONNECTIONS) as pool:
        for future in [pool.submit(work, bodies[n::CONNECTIONS]) for n in range(CONNECTIONS)]:
            future.result()
