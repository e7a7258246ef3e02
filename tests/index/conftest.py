"""An index on SQLite and, where its programs are installed, on a private PostgreSQL; builders of entries."""

import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from itertools import count
from pathlib import Path

import pytest
import sqlalchemy as sa

from isocenter.dicom import dictionary
from isocenter.dicom.uids import transfer_syntax
from isocenter.index.entry import Entry
from isocenter.index.header import RawHeader
from isocenter.index.index import Index

CT = "1.2.840.10008.5.1.4.1.1.2"
EXPLICIT = "1.2.840.10008.1.2.1"
_numbers = count(1)


def _postgresql_bin() -> Path | None:
    on_path = shutil.which("initdb")
    found = [Path(on_path).parent] if on_path else sorted(Path("/usr/lib/postgresql").glob("*/bin"))
    return found[-1] if found else None


POSTGRESQL = _postgresql_bin()


@pytest.fixture(scope="session")
def postgresql() -> Iterator[str]:
    """Start a PostgreSQL of our own that listens on a socket in a temporary folder only."""
    assert POSTGRESQL is not None
    folder = Path(tempfile.mkdtemp(prefix="isocenter-pg-"))
    user = None
    if os.geteuid() == 0:  # it refuses to run as root
        user = "nobody"
        os.chown(folder, pwd.getpwnam(user).pw_uid, -1)
    data = folder / "data"
    options = f"-c listen_addresses='' -c fsync=off -k {folder}"

    def run(program: str, *arguments: str) -> None:
        subprocess.run([POSTGRESQL / program, *arguments], user=user, check=True, cwd=folder, stdout=subprocess.DEVNULL)

    run("initdb", "-D", str(data), "-U", "isocenter", "-A", "trust", "-E", "UTF8", "--locale=C.UTF-8", "-N")
    try:
        run("pg_ctl", "-D", str(data), "-w", "-l", str(folder / "log"), "-o", options, "start")
        yield f"postgresql+psycopg://isocenter@/postgres?host={folder}"
    finally:
        run("pg_ctl", "-D", str(data), "-w", "-m", "immediate", "stop")
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="module", params=["sqlite", *(["postgresql"] if POSTGRESQL else [])])
def make_url(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Callable[[], str]:
    """Return a function that gives the address of an empty database of the kind under test."""
    if request.param == "sqlite":
        return lambda: f"sqlite:///{tmp_path_factory.mktemp('index')}/index.sqlite"
    server = request.getfixturevalue("postgresql")

    def make() -> str:
        schema = f"test{next(_numbers)}"
        engine = sa.create_engine(server)
        with engine.begin() as connection:
            connection.exec_driver_sql(f"CREATE SCHEMA {schema}")
        engine.dispose()
        return f"{server}&options=-csearch_path%3D{schema}"

    return make


@pytest.fixture
def url(make_url: Callable[[], str]) -> str:
    return make_url()


@pytest.fixture
def index(url: str) -> Iterator[Index]:
    index = Index.open(url)
    yield index
    index.close()


@pytest.fixture(scope="module")
def module_index(make_url: Callable[[], str]) -> Iterator[Index]:
    """Return an index that all tests of a file share."""
    index = Index.open(make_url())
    yield index
    index.close()


@pytest.fixture(scope="session")
def make_entry() -> Callable[..., Entry]:
    """Return a builder: keywords are attributes, values are text or bytes."""

    def make(number: int = 1, *, received: int = 1000, content: bytes = b"", **attributes: str | bytes) -> Entry:
        values: dict[str, str | bytes] = {
            "SpecificCharacterSet": "ISO_IR 192",
            "SOPClassUID": CT,
            "SOPInstanceUID": f"1.2.3.{number}",
            "StudyInstanceUID": "1.2.3",
            "SeriesInstanceUID": "1.2.3.0",
            "StudyDate": "20240131",
            "Modality": "CT",
            "PatientName": "Doe^Jane",
            "PatientID": "P1",
            "SeriesNumber": "1",
            "InstanceNumber": str(number),
            "Rows": b"\x00\x02",
        }
        values |= attributes
        raw = {
            dictionary.tag(keyword): value if isinstance(value, bytes) else value.encode()
            for keyword, value in values.items()
            if value
        }
        header = RawHeader(raw, transfer_syntax(EXPLICIT))
        uids = ("StudyInstanceUID", "SeriesInstanceUID", "SOPInstanceUID", "SOPClassUID")
        return Entry(
            *(str(values[keyword]) for keyword in uids),
            transfer_syntax_uid=EXPLICIT,
            header=header,
            location=f"aa/{next(_numbers):012x}/000",
            size=1000,
            data_set_offset=300,
            hash=content or b"h%d" % number,
            received=received,
        )

    return make
