"""Certificates for TLS: a local CA and what it signs, and what is in a certificate file.

RSA keys of 3072 bits, which every DICOM device takes; certificates of version 3 after RFC 5280, with the names of the
hosts as subject alternative names. Keys are written with mode 0600, and nothing is ever overwritten.
"""

import datetime as dt
import ipaddress
import logging
import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from isocenter.errors import ConfigurationError, UsageError

log = logging.getLogger(__name__)

#: A certificate that expires within so many days is warned of.
WARNING_DAYS = 30
_KEY_BITS = 3072
_CA_DAYS = 3650
_DAYS = 730
#: Clocks may differ by so much.
_BACKDATED = dt.timedelta(hours=1)

#: The pairs of files, and what each is for: keys that sign, the node itself (it calls others, too), and those who call.
CA, SERVER, CLIENT = "ca", "server", "client"
_USES = {
    SERVER: (ExtendedKeyUsageOID.SERVER_AUTH, ExtendedKeyUsageOID.CLIENT_AUTH),
    CLIENT: (ExtendedKeyUsageOID.CLIENT_AUTH,),
}


@dataclass(frozen=True, slots=True)
class Certificate:
    """What a certificate says."""

    subject: str
    issuer: str
    names: tuple[str, ...]
    not_after: dt.datetime
    is_ca: bool

    def days_left(self, now: dt.datetime) -> int:
        """Return the whole days until it expires; negative when it has."""
        return (self.not_after - now).days


def read_certificates(path: Path) -> list[Certificate]:
    """Return what the certificates in a PEM file say, in their order.

    Raises:
        ConfigurationError: it cannot be read, or there is none in it.
    """
    try:
        found = x509.load_pem_x509_certificates(path.read_bytes())
        return [_described(certificate) for certificate in found]
    except OSError as error:
        raise ConfigurationError(f"cannot read {path}: {error.strerror}") from error
    except ValueError as error:
        raise ConfigurationError(f"{path} holds no certificate in PEM form") from error


def warn_of_expiry(files: Iterable[Path], now: dt.datetime) -> None:
    """Log each certificate that has expired, or will within ``WARNING_DAYS``."""
    for path in files:
        try:
            found = read_certificates(path)
        except ConfigurationError as error:
            log.warning("certificates: %s", error)
            continue
        for each in found:
            days = each.days_left(now)
            if days < WARNING_DAYS:
                when = "has expired" if days < 0 else f"expires in {days} days"
                log.warning(
                    "certificate %s of %s %s (%s); put a new one there and start again",
                    path, each.subject, when, f"{each.not_after:%Y-%m-%d}",
                )  # fmt: skip


def make_certificates(folder: Path, hosts: Sequence[str], now: dt.datetime) -> dict[str, tuple[Path, Path]]:
    """Make a CA, a server's certificate for these names and addresses, and a client's; return certificate and key each.

    Raises:
        UsageError: one of the files is there already, or a host is no name.
        ConfigurationError: the folder cannot be written.
    """
    files = {name: (folder / f"{name}.pem", folder / f"{name}-key.pem") for name in (CA, SERVER, CLIENT)}
    existing = next((path for pair in files.values() for path in pair if path.exists()), None)
    if existing is not None:
        raise UsageError(f"{existing} is there already, and nothing is overwritten; choose another folder with -o")
    alternatives = [_general_name(host) for host in hosts]
    ca_name = _name("Isocenter local CA")
    ca_key = _new_key()
    ca = _builder(ca_name, ca_name, ca_key, now, _CA_DAYS)
    ca = ca.add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
    ca = ca.add_extension(_key_usage(ca=True), critical=True)
    made = {CA: (ca.sign(ca_key, hashes.SHA256()), ca_key)}
    for name, common_name in ((SERVER, hosts[0]), (CLIENT, "Isocenter client")):
        key = _new_key()
        builder = _builder(_name(common_name), ca_name, key, now, _DAYS)
        builder = builder.add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        builder = builder.add_extension(_key_usage(ca=False), critical=True)
        builder = builder.add_extension(x509.ExtendedKeyUsage(_USES[name]), critical=False)
        authority = x509.AuthorityKeyIdentifier.from_issuer_public_key(ca_key.public_key())
        builder = builder.add_extension(authority, critical=False)
        if name == SERVER:
            builder = builder.add_extension(x509.SubjectAlternativeName(alternatives), critical=False)
        made[name] = builder.sign(ca_key, hashes.SHA256()), key
    _write_all(folder, files, made)
    return files


def _write_all(
    folder: Path,
    files: dict[str, tuple[Path, Path]],
    made: dict[str, tuple[x509.Certificate, rsa.RSAPrivateKey]],
) -> None:
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        for name, (certificate, key) in made.items():
            _write(files[name][0], certificate.public_bytes(serialization.Encoding.PEM), 0o644)
            pem = key.private_bytes(
                serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
            )
            _write(files[name][1], pem, 0o600)
    except FileExistsError as error:
        raise UsageError(f"{error.filename} is there already, and nothing is overwritten") from error
    except OSError as error:
        raise ConfigurationError(f"cannot write in {folder}: {error.strerror}") from error


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


def _described(certificate: x509.Certificate) -> Certificate:
    try:
        names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
        alternatives = tuple(str(name.value) for name in names)
    except x509.ExtensionNotFound:
        alternatives = ()
    try:
        is_ca = certificate.extensions.get_extension_for_class(x509.BasicConstraints).value.ca
    except x509.ExtensionNotFound:
        is_ca = False
    return Certificate(
        certificate.subject.rfc4514_string(), certificate.issuer.rfc4514_string(), alternatives,
        certificate.not_valid_after_utc, is_ca,
    )  # fmt: skip
