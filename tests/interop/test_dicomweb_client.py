"""dicomweb-client, the field's Python client, against the running server with real studies."""

import socket
import threading
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pydicom
import pytest
from dicomweb_client.api import DICOMwebClient

from isocenter.archive import Archive, Source
from isocenter.settings import load_settings
from isocenter.web.app import create_app
from isocenter.web.server import HttpServer

pytestmark = pytest.mark.real_data

#: Name -> (folder or file, how many of its files).
STUDIES = {
    "chest CT": ("volumes/ct_chest_lidc_183", 8),
    "brain MR": ("volumes/mr_t1_brain_384", 6),
    "echo cine": ("dynamic/us_echo_acuson_65f_jpeg.dcm", 1),
}


def files_of(data_dir: Path, name: str) -> list[Path]:
    path, count = STUDIES[name]
    return sorted((data_dir / path).rglob("*.dcm"))[:count] if (data_dir / path).is_dir() else [data_dir / path]


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory, data_dir: Path) -> Iterator[DICOMwebClient]:
    """A client of a server that holds the three studies."""
    folder = tmp_path_factory.mktemp("interop") / "data"
    settings = load_settings({"data": str(folder), "durability": "os"})
    with Archive.open(folder, settings) as archive:
        for name in STUDIES:
            for path in files_of(data_dir, name):
                reception = archive.receive_file(Source("import"))
                reception.write(path.read_bytes())
                reception.finish()
        server = HttpServer(create_app(archive, settings), socket.create_server(("127.0.0.1", 0)), grace=5)
        thread = threading.Thread(target=server.run)
        thread.start()
        assert server.started.wait(20)
        yield DICOMwebClient(f"http://127.0.0.1:{server.port}/dicom-web", chunk_size=1_000_000)
        server.stop()
        thread.join(20)


@pytest.fixture(params=STUDIES)
def datasets(request: pytest.FixtureRequest, data_dir: Path) -> list[pydicom.Dataset]:
    """The files of one study as pydicom reads them."""
    return [read(path) for path in files_of(data_dir, request.param)]


def read(path: Path) -> pydicom.Dataset:
    return cleaned(pydicom.dcmread(path))


def cleaned(dataset: pydicom.Dataset) -> pydicom.Dataset:
    """Drop what no writer keeps: group lengths, and the stray delimiter that some files end with."""
    for tag in [tag for tag in dataset.keys() if not tag.element or tag.group == 0xFFFE]:  # noqa: SIM118 - no mapping
        del dataset[tag]
    return dataset


def uids_of(dataset: pydicom.Dataset) -> tuple[str, str, str]:
    return dataset.StudyInstanceUID, dataset.SeriesInstanceUID, dataset.SOPInstanceUID


def test_search(client: DICOMwebClient, datasets: list[pydicom.Dataset]) -> None:
    study, series, _ = uids_of(datasets[0])
    (found,) = client.search_for_studies(search_filters={"StudyInstanceUID": study})
    assert pydicom.Dataset.from_json(found).PatientID == datasets[0].PatientID
    listed = client.search_for_series(study, fields=["SeriesDescription"])
    assert series in [pydicom.Dataset.from_json(item).SeriesInstanceUID for item in listed]
    instances = client.search_for_instances(study, series, limit=3, offset=0)
    assert len(instances) == min(3, len(datasets))
    every = client.search_for_instances(study, series, get_remaining=True, limit=2)
    assert {item["00080018"]["Value"][0] for item in every} == {dataset.SOPInstanceUID for dataset in datasets}


@pytest.mark.filterwarnings("ignore:Invalid value for VR")
def test_metadata(client: DICOMwebClient, datasets: list[pydicom.Dataset]) -> None:
    study, series, instance = uids_of(datasets[0])
    by_uid = {item["00080018"]["Value"][0]: item for item in client.retrieve_series_metadata(study, series)}
    assert set(by_uid) == {dataset.SOPInstanceUID for dataset in datasets}
    assert len(client.retrieve_study_metadata(study)) >= len(datasets)
    got = pydicom.Dataset.from_json(client.retrieve_instance_metadata(study, series, instance), lambda *_: b"")
    for element in datasets[0]:
        if element.VR not in {"SQ", "OB", "OW", "UN"} and not element.tag.is_private and element.tag.element:
            assert got[element.tag].value == element.value, element


def test_objects(client: DICOMwebClient, datasets: list[pydicom.Dataset]) -> None:
    study, series, _ = uids_of(datasets[0])
    by_uid = {d.SOPInstanceUID: d for d in client.iter_series(study, series, media_types=(("application/dicom", "*"),))}
    assert set(by_uid) == {dataset.SOPInstanceUID for dataset in datasets}
    for dataset in datasets:
        assert cleaned(by_uid[dataset.SOPInstanceUID]) == dataset


def test_frames_as_stored(client: DICOMwebClient, datasets: list[pydicom.Dataset]) -> None:
    dataset = datasets[-1]
    count = int(dataset.get("NumberOfFrames", 1))
    wanted = sorted({1, (count + 1) // 2, count})
    frames = client.retrieve_instance_frames(
        *uids_of(dataset), frame_numbers=wanted, media_types=(("application/octet-stream", "*"),)
    )
    streams = list(pydicom.encaps.generate_frames(dataset.PixelData, number_of_frames=count))
    assert [bytes(frame) for frame in frames] == [streams[number - 1] for number in wanted]


@pytest.mark.parametrize("name", ["chest CT", "brain MR"])
def test_frames_as_values(client: DICOMwebClient, data_dir: Path, name: str) -> None:
    """Lossless frames, so the values are exactly those that pydicom decodes."""
    dataset = pydicom.dcmread(files_of(data_dir, name)[0])
    (frame,) = client.retrieve_instance_frames(*uids_of(dataset), frame_numbers=[1])
    expected = dataset.pixel_array
    assert (np.frombuffer(frame, expected.dtype).reshape(expected.shape) == expected).all()


def test_pictures(client: DICOMwebClient, datasets: list[pydicom.Dataset]) -> None:
    dataset = datasets[0]
    jpeg = client.retrieve_instance_rendered(*uids_of(dataset), media_types=("image/jpeg",))
    assert jpeg.startswith(b"\xff\xd8")
    png = client.retrieve_instance_frames_rendered(
        *uids_of(dataset), [1], media_types=("image/png",), params={"viewport": "64,64"}
    )
    assert png.startswith(b"\x89PNG")


def test_bulk_data(client: DICOMwebClient, datasets: list[pydicom.Dataset]) -> None:
    study, series, instance = uids_of(datasets[0])
    address = client.retrieve_instance_metadata(study, series, instance)["7FE00010"]["BulkDataURI"]
    root = client.base_url.removesuffix("/dicom-web")
    values = client.retrieve_bulkdata(f"{root}{address}", media_types=(("application/octet-stream", "*"),))
    assert len(values) == int(datasets[0].get("NumberOfFrames", 1))


def test_store(client: DICOMwebClient, data_dir: Path) -> None:
    datasets = [read(path) for path in sorted((data_dir / "volumes/pet_wholebody_qin_299").rglob("*.dcm"))[:4]]
    answer = client.store_instances(datasets)
    assert len(answer.ReferencedSOPSequence) == 4
    assert "FailedSOPSequence" not in answer
    study, series, instance = uids_of(datasets[0])
    got = client.retrieve_instance(study, series, instance, media_types=(("application/dicom", "*"),))
    assert cleaned(got) == datasets[0]
    assert len(client.search_for_instances(study, series)) == 4


def test_all_instances_come_native_when_asked_for(client: DICOMwebClient, data_dir: Path) -> None:
    """The default media type of the client asks for Explicit VR Little Endian among others."""
    dataset = pydicom.dcmread(files_of(data_dir, "brain MR")[0])
    wanted = (("application/dicom", "1.2.840.10008.1.2.1"),)
    got = client.retrieve_instance(*uids_of(dataset), media_types=wanted)
    assert got.file_meta.TransferSyntaxUID == "1.2.840.10008.1.2.1"
    assert (got.pixel_array == dataset.pixel_array).all()
