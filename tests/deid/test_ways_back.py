"""Given pseudonyms, the encrypted mapping and the Encrypted Attributes Sequence: back comes who has the key, only."""

import datetime as dt
import io
import subprocess
from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import pydicom
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import NameOID

from isocenter.deid import Project, Status, anonymize, policy
from isocenter.deid.envelope import enclose, read_certificate, read_private_key, restore
from isocenter.deid.mapping import Mapping, originals
from isocenter.deid.patients import read_patients
from isocenter.dicom.encoded_writer import write_items
from isocenter.errors import ConfigurationError, NotFoundError

KEY = bytes(range(32))
ROWS = [(0x00080020, "DA", b"20240131"), (0x00100010, "PN", b"Roe^Jane"), (0x00100020, "LO", b"MRN1"),
        (0x0020000D, "UI", b"1.2.3"), (0x0020000E, "UI", b"1.2.3.4"), (0x00280010, "US", b"\1\0")]  # fmt: skip


def listed(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "patients.csv"
    path.write_text(text, encoding="utf-8")
    return path


def test_given_pseudonyms_and_nobody_else(tmp_path: Path, make: Callable[..., bytes]) -> None:
    path = listed(tmp_path, "\ufeffPatientID,pseudonym,issuer\nMRN1,SITE1-001,\n MRN2 ,SITE1-002,A\n")
    project = Project(KEY, read_patients(path))
    after = anonymize(make(ROWS), project).dataset()
    assert (after.PatientID, after.PatientName) == ("SITE1-001", "DEIDENTIFIED^SITE1-001")

    def status(*rows: tuple[int, str, bytes]) -> Status:
        return anonymize(make(list(rows)), project).status

    mrn2, issuer = (0x00100020, "LO", b"MRN2"), (0x00100021, "LO", b"A")
    assert status(mrn2, issuer) is Status.OUTPUT
    assert status(mrn2) is Status.SEQUESTERED  # the same ID of another issuer is another patient
    assert status((0x00100020, "LO", b"MRN3")) is Status.SEQUESTERED
    assert status((0x00100020, "LO", b"")) is Status.SEQUESTERED
    assert status() is Status.SEQUESTERED
    result = anonymize(make([(0x00100020, "LO", b"MRN3")]), project)
    assert "MRN3" not in result.reason


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("ID,name\n1,a\n", "needs the columns"),
        ("", "needs the columns"),
        ("PatientID,pseudonym\n,a\n", "empty"),
        ("PatientID,pseudonym\nMRN1,../x\n", "letters"),
        ("PatientID,pseudonym\nMRN1,\n", "letters"),
        ("PatientID,pseudonym\nMRN1,a^b\n", "letters"),
        ("PatientID,pseudonym\nMRN1,a\nMRN1,b\n", "another pseudonym"),
        ("PatientID,pseudonym\nMRN1,a\nMRN2,A\n", "another patient's"),
        ("PatientID,pseudonym\nMRN1,mrn1\n", "itself"),
    ],
)
def test_lists_that_are_none(tmp_path: Path, text: str, reason: str) -> None:
    with pytest.raises(ConfigurationError, match=reason) as raised:
        read_patients(listed(tmp_path, text))
    assert "MRN" not in str(raised.value)


def test_the_mapping_opens_with_the_key_only(tmp_path: Path, make: Callable[..., bytes]) -> None:
    project = Project(KEY)
    file = make(ROWS)
    records = originals(file, anonymize(file, project))
    assert len(records) == 4
    mapping = Mapping(project, tmp_path)
    mapping.append([mapping.seal(record) for record in records])
    with (tmp_path / "mapping").open("a") as cut:
        cut.write("AAAA")  # a crash in the middle of a line
    mapping.append([mapping.seal({"name": "later"})])
    raw = (tmp_path / "mapping").read_bytes()
    assert b"Roe" not in raw
    assert (tmp_path / "mapping").stat().st_mode & 0o077 == 0
    found = {record["name"]: record for record in Mapping(Project(KEY), tmp_path).records()}
    assert found[project.pseudonym("", "MRN1") or ""]["PatientName"] == "Roe^Jane"
    assert found[project.uid("1.2.3")] == {
        "name": project.uid("1.2.3"),
        "StudyInstanceUID": "1.2.3",
        "StudyDate": "20240131",
    }
    assert "later" in found
    with pytest.raises(ConfigurationError, match="cannot be opened"):
        list(Mapping(Project(bytes(32)), tmp_path).records())
    with pytest.raises(ConfigurationError, match="keeps no mapping"):
        list(Mapping(project, tmp_path / "other").records())


def made_certificate(folder: Path, key: rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey, name: str) -> tuple[Path, Path]:
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    now = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)
    certificate = (
        x509.CertificateBuilder().subject_name(subject).issuer_name(subject).public_key(key.public_key())
        .serial_number(7).not_valid_before(now).not_valid_after(now + dt.timedelta(days=3650))
        .sign(key, hashes.SHA256())
    )  # fmt: skip
    pem = serialization.Encoding.PEM
    secret = key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    (folder / f"{name}.key").write_bytes(secret)
    (folder / f"{name}.pem").write_bytes(certificate.public_bytes(pem))
    return folder / f"{name}.pem", folder / f"{name}.key"


@pytest.fixture(scope="module")
def holder(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    return made_certificate(tmp_path_factory.mktemp("holder"), rsa.generate_private_key(65537, 2048), "holder")


SYNTAXES = ["1.2.840.10008.1.2", "1.2.840.10008.1.2.1", "1.2.840.10008.1.2.1.99"]


@pytest.mark.parametrize("syntax", SYNTAXES)
def test_encrypted_attributes_are_put_back(
    kit: ModuleType, plants, project: Project, holder: tuple[Path, Path], syntax: str
) -> None:
    encoding = kit.layout(syntax)
    nested = write_items(0x00400275, [plants.attributes([0x00401001, 0x00400007], encoding)], encoding)
    body = (
        plants.attributes([tag for tag in kit.removable(policy("research")) if 0x00080018 < tag < 0x00300000], encoding)
        + nested
    )
    file = kit.wrap(kit.build(body, encoding), syntax)
    result = enclose(file, anonymize(file, project, policy("research")), read_certificate(holder[0]))
    assert result.status is Status.OUTPUT
    assert plants.found_in(result.data, times=False) == []
    read = pydicom.dcmread(io.BytesIO(result.data))
    (item,) = read.EncryptedAttributesSequence
    assert item.EncryptedContentTransferSyntaxUID in SYNTAXES[:2]
    back = restore(result.data, read_certificate(holder[0]), read_private_key(holder[1]))
    before, after = (pydicom.dcmread(io.BytesIO(data)) for data in (file, back))
    assert after.PatientIdentityRemoved == "NO"
    own = {0x00120062, 0x00120063, 0x00120064, 0x00280303}
    values = [
        {int(tag): ds.get_item(tag).value for tag in sorted(ds.keys()) if int(tag) not in own} for ds in (before, after)
    ]
    assert values[0] == values[1]
    assert len(values[0]) > 300
    assert after.file_meta.MediaStorageSOPInstanceUID == kit.SOP_INSTANCE


def test_another_program_opens_the_envelope(
    make: Callable[..., bytes], project: Project, holder: tuple[Path, Path], tmp_path: Path
) -> None:
    file = make(ROWS)
    result = enclose(file, anonymize(file, project), read_certificate(holder[0]))
    envelope = pydicom.dcmread(io.BytesIO(result.data)).EncryptedAttributesSequence[0].EncryptedContent
    (tmp_path / "envelope").write_bytes(envelope)
    command = [
        "openssl",
        "cms",
        "-decrypt",
        "-inform",
        "DER",
        "-in",
        str(tmp_path / "envelope"),
        "-inkey",
        str(holder[1]),
    ]
    opened = subprocess.run([*command, "-recip", str(holder[0])], capture_output=True, check=True).stdout
    assert b"Roe^Jane" in opened
    assert opened.startswith(b"\x00\x04\x50\x05SQ")


def test_nobody_else_opens_it(
    make: Callable[..., bytes], project: Project, holder: tuple[Path, Path], tmp_path: Path
) -> None:
    file = make(ROWS)
    result = enclose(file, anonymize(file, project), read_certificate(holder[0]))
    other = made_certificate(tmp_path, rsa.generate_private_key(65537, 2048), "other")
    with pytest.raises(NotFoundError, match="for this key"):
        restore(result.data, read_certificate(other[0]), read_private_key(other[1]))
    with pytest.raises(NotFoundError, match="for this key"):
        restore(file, read_certificate(holder[0]), read_private_key(holder[1]))
    elliptic = made_certificate(tmp_path, ec.generate_private_key(ec.SECP256R1()), "elliptic")
    with pytest.raises(ConfigurationError, match="no RSA key"):
        read_certificate(elliptic[0])
    with pytest.raises(ConfigurationError, match="no certificate"):
        read_certificate(holder[1])
    with pytest.raises(ConfigurationError, match="no private key"):
        read_private_key(holder[0])


def test_a_big_endian_object_is_set_aside(
    make: Callable[..., bytes], project: Project, holder: tuple[Path, Path]
) -> None:
    file = make(ROWS[:2], syntax="1.2.840.10008.1.2.2")
    result = enclose(file, anonymize(file, project), read_certificate(holder[0]))
    assert result.status is Status.SEQUESTERED
