"""What certificate files say, and a warning of those that expire soon. They are made in ``authority``."""

import datetime as dt
import logging
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from cryptography import x509

from isocenter.errors import ConfigurationError

log = logging.getLogger(__name__)

#: A certificate that expires within so many days is warned of.
WARNING_DAYS = 30


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
