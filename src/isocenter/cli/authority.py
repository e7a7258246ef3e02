"""A local CA, and the certificates that it signs.

RSA keys of 3072 bits, which every DICOM device takes; certificates of version 3 after RFC 5280, with the names of the
hosts as subject alternative names. Keys are written with mode 0600, and nothing is ever overwritten.
"""

import datetime as dt
import ipaddress
import os
from collections.abc import Iterable, Sequence
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from isocenter.errors import ConfigurationError, UsageError

_KEY_BITS = 3072
_CA_DAYS = 3650
_DAYS = 730
#: Clocks may differ by so much.
_BACKDATED = dt.timedelta(hours=1)

#: The pairs of files that ``make_certificates`` writes: what signs, the node itself, and those who call.
CA, SERVER, CLIENT = "ca", "server", "client"

#: A certificate and its key.
Made = tuple[x509.Certificate, rsa.RSAPrivateKey]


def make_certificates(folder: Path, hosts: Sequence[str], now: dt.datetime) -> dict[str, tuple[Path, Path]]:
    """Make a CA, a server's certificate for these names and addresses, and a client's; return certificate and key each.

    Raises:
        UsageError: one of the files is there already, or a host is no name.
        ConfigurationError: the folder cannot be written.
    """
    files = {name: _files(folder, name) for name in (CA, SERVER, CLIENT)}
    _check_new(path for pair in files.values() for path in pair)
    alternatives = [_general_name(host) for host in hosts]
    authority = _make_ca(now)
    made = {
        CA: authority,
        SERVER: _sign(authority, hosts[0], alternatives, now),
        CLIENT: _sign(authority, "Isocenter client", [], now),
    }
    for name, pair in made.items():
        _write_pair(*files[name], *pair)
    return files


def issue_certificate(folder: Path, name: str, hosts: Sequence[str], now: dt.datetime) -> tuple[Path, Path]:
    """Make another certificate of the CA in a folder, for calling and, with hosts, for being called; return its files.

    Raises:
        UsageError: there is one of this name already, or a host or the name is none.
        ConfigurationError: the CA cannot be read, or the folder cannot be written.
    """
    if not name or not name.isascii() or not all(char.isalnum() or char in "-._" for char in name):
        raise UsageError(f"{name!r} is no name for a file: use letters, digits, hyphens and dots")
    certificate, key = _files(folder, name)
    _check_new((certificate, key))
    alternatives = [_general_name(host) for host in hosts]
    _write_pair(certificate, key, *_sign(_read_ca(folder), hosts[0] if hosts else name, alternatives, now))
    return certificate, key


def _files(folder: Path, name: str) -> tuple[Path, Path]:
    return folder / f"{name}.pem", folder / f"{name}-key.pem"


def _check_new(paths: Iterable[Path]) -> None:
    existing = next((path for path in paths if path.exists()), None)
    if existing is not None:
        raise UsageError(f"{existing} is there already, and nothing is overwritten; choose another folder or name")


def _make_ca(now: dt.datetime) -> Made:
    name, key = _name("Isocenter local CA"), _new_key()
    builder = _builder(name, name, key, now, _CA_DAYS)
    builder = builder.add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
    builder = builder.add_extension(_key_usage(ca=True), critical=True)
    return builder.sign(key, hashes.SHA256()), key


def _read_ca(folder: Path) -> Made:
    certificate, key = _files(folder, CA)
    try:
        loaded = serialization.load_pem_private_key(key.read_bytes(), password=None)
        authority = x509.load_pem_x509_certificate(certificate.read_bytes())
    except OSError as error:
        raise ConfigurationError(
            f"cannot read {error.filename}: {error.strerror}; name the folder that 'isocenter tls init' made with -o"
        ) from error
    except (ValueError, TypeError) as error:
        raise ConfigurationError(f"{certificate} and {key} are not the files of a CA") from error
    if not isinstance(loaded, rsa.RSAPrivateKey) or loaded.public_key() != authority.public_key():
        raise ConfigurationError(f"{key} is not the key of {certificate}")
    return authority, loaded


def _sign(authority: Made, common_name: str, alternatives: list[x509.GeneralName], now: dt.datetime) -> Made:
    """Return a certificate for calling, and with names for being called, too."""
    issuer, issuer_key = authority
    key = _new_key()
    uses = [ExtendedKeyUsageOID.CLIENT_AUTH]
    if alternatives:
        uses.insert(0, ExtendedKeyUsageOID.SERVER_AUTH)
    builder = _builder(_name(common_name), issuer.subject, key, now, _DAYS)
    builder = builder.add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
    builder = builder.add_extension(_key_usage(ca=False), critical=True)
    builder = builder.add_extension(x509.ExtendedKeyUsage(uses), critical=False)
    identifier = x509.AuthorityKeyIdentifier.from_issuer_public_key(issuer_key.public_key())
    builder = builder.add_extension(identifier, critical=False)
    if alternatives:
        builder = builder.add_extension(x509.SubjectAlternativeName(alternatives), critical=False)
    return builder.sign(issuer_key, hashes.SHA256()), key


def _write_pair(certificate_file: Path, key_file: Path, certificate: x509.Certificate, key: rsa.RSAPrivateKey) -> None:
    pem = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    try:
        certificate_file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        _write(key_file, pem, 0o600)
        _write(certificate_file, certificate.public_bytes(serialization.Encoding.PEM), 0o644)
    except FileExistsError as error:
        raise UsageError(f"{error.filename} is there already, and nothing is overwritten") from error
    except OSError as error:
        raise ConfigurationError(f"cannot write in {certificate_file.parent}: {error.strerror}") from error


def _write(path: Path, content: bytes, mode: int) -> None:
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode), "wb") as file:
        file.write(content)


def _new_key() -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(public_exponent=65537, key_size=_KEY_BITS)


def _name(common_name: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common_name[:64])])


def _builder(
    subject: x509.Name, issuer: x509.Name, key: rsa.RSAPrivateKey, now: dt.datetime, days: int
) -> x509.CertificateBuilder:
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - _BACKDATED)
        .not_valid_after(now + dt.timedelta(days=days))
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
    )


def _key_usage(*, ca: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not ca, content_commitment=False, key_encipherment=not ca, data_encipherment=False,
        key_agreement=False, key_cert_sign=ca, crl_sign=ca, encipher_only=False, decipher_only=False,
    )  # fmt: skip


def _general_name(host: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(host))
    except ValueError:
        pass
    if not host or len(host) > 253 or not all(char.isalnum() or char in "-._*" for char in host) or not host.isascii():
        raise UsageError(f"{host!r} is no host: give a name or an IP address")
    return x509.DNSName(host)
