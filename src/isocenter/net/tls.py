"""DICOM over TLS (PS3.15 B.12): what a node shows, whom it trusts, and the ssl contexts made of that.

TLS 1.2 and 1.3 only, never negotiated down (RFC 8996), forward secrecy and authenticated ciphers only (RFC 9325). What
goes wrong with a peer is explained in ``tls_failure``.
"""

import os
import ssl
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from isocenter.errors import ConfigurationError
from isocenter.net.tls_revocation import RevokingContext
from isocenter.settings import Settings

#: Profile -> its cipher suites of TLS 1.2, as OpenSSL names them; those of TLS 1.3 are all allowed. ``extended`` keeps
#: to the suites with ECDHE of the retired Extended BCP 195 profile (PS3.15 B.11).
PROFILES: Mapping[str, str] = {
    "bcp195": "ECDHE+AESGCM:ECDHE+CHACHA20",
    "extended": "ECDHE+AESGCM",
}
#: Environment variable with the passphrase of an encrypted key, where no file has it.
PASSPHRASE = "ISOCENTER_TLS_KEY_PASSPHRASE"  # noqa: S105 - its name
_CLIENT_CERTIFICATES: Mapping[str, ssl.VerifyMode] = {
    "none": ssl.CERT_NONE,
    "optional": ssl.CERT_OPTIONAL,
    "required": ssl.CERT_REQUIRED,
}


@dataclass(frozen=True, slots=True)
class TlsClient:
    """How to call over TLS. Files are PEM.

    ``ca``: the CAs that the peer's certificate may come from; those of the system where there is none. ``certificate``
    and ``key``: what to show if the peer asks. ``name``: what the peer's certificate must be for, if not its host.
    ``passphrase_file`` holds the passphrase of an encrypted key, ``crl`` which certificates were revoked.
    """

    ca: str = ""
    certificate: str = ""
    key: str = ""
    name: str = ""
    profile: str = "bcp195"
    passphrase_file: str = ""
    crl: str = ""

    @classmethod
    def of(cls, settings: Settings, name: str = "") -> "TlsClient":
        """Return how a node calls others: it shows the certificate that it serves with."""
        return cls(
            settings.tls_ca, settings.tls_certificate, settings.tls_key, name, settings.tls_profile,
            settings.tls_key_passphrase_file, settings.tls_crl,
        )  # fmt: skip

    def context(self) -> ssl.SSLContext:
        """Return the context to call with.

        Raises:
            ConfigurationError: a file cannot be used.
        """
        context = _context(ssl.PROTOCOL_TLS_CLIENT, self.profile)
        if self.ca:
            _trust(context, self.ca)
        else:
            context.load_default_certs(ssl.Purpose.SERVER_AUTH)
        if self.certificate or self.key:
            _show(context, self.certificate, self.key, self.passphrase_file)
        _refuse_revoked(context, self.crl)
        return context


def server_context(settings: Settings) -> ssl.SSLContext:
    """Return the context of the DICOM port.

    Raises:
        ConfigurationError: settings are missing, or a file cannot be used.
    """
    context = _serving(settings, "dicom_tls_port")
    context.num_tickets = 0  # an association is not resumed, and some clients never read them
    context.verify_mode = _CLIENT_CERTIFICATES[settings.tls_client_certificates]
    if settings.tls_ca:
        _trust(context, settings.tls_ca)
    elif context.verify_mode is not ssl.CERT_NONE:
        raise ConfigurationError(
            "peers shall show certificates, but tls_ca does not say which CA they come from; "
            "name its file, or set tls_client_certificates to none"
        )
    _refuse_revoked(context, settings.tls_crl)
    return context


def https_context(settings: Settings) -> ssl.SSLContext:
    """Return the context of the web server, which asks browsers for no certificate.

    Raises:
        ConfigurationError: settings are missing, or a file cannot be used.
    """
    return _serving(settings, "https")


def _serving(settings: Settings, what: str) -> RevokingContext:
    if not settings.tls_certificate or not settings.tls_key:
        raise ConfigurationError(
            f"{what} needs tls_certificate and tls_key; 'isocenter tls init' makes both, if you have none"
        )
    context = _context(ssl.PROTOCOL_TLS_SERVER, settings.tls_profile)
    _show(context, settings.tls_certificate, settings.tls_key, settings.tls_key_passphrase_file)
    return context


def _context(protocol: int, profile: str) -> RevokingContext:
    context = RevokingContext(protocol)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.options |= ssl.OP_NO_COMPRESSION | ssl.OP_NO_RENEGOTIATION | ssl.OP_CIPHER_SERVER_PREFERENCE
    context.set_ciphers(PROFILES[profile])
    return context


def _show(context: RevokingContext, certificate: str, key: str, passphrase_file: str) -> None:
    if not certificate or not key:
        raise ConfigurationError("a certificate needs its key and a key its certificate; name both files")
    encrypted = False

    def passphrase() -> bytes:
        nonlocal encrypted
        encrypted = True
        return _passphrase(passphrase_file)

    try:
        context.load_cert_chain(certificate, key, password=passphrase)
    except OSError as error:
        if encrypted and isinstance(error, ssl.SSLError) and not error.reason:  # as OpenSSL says of most kinds of keys
            raise ConfigurationError(f"key {key}: the passphrase is wrong") from error
        raise ConfigurationError(f"certificate {certificate} with key {key}: {_reason(error)}") from error


def _trust(context: RevokingContext, ca: str) -> None:
    try:
        context.load_verify_locations(ca)
    except OSError as error:
        raise ConfigurationError(f"CA certificates {ca}: {_reason(error)}") from error


def _refuse_revoked(context: RevokingContext, crl: str) -> None:
    """Let a CRL decide, which then has to be there for the CA of each peer, and not to be out of date."""
    if not crl:
        return
    try:
        context.follow(Path(crl))
    except OSError as error:
        raise ConfigurationError(f"revocation list {crl}: {_reason(error)}") from error
    if not context.cert_store_stats()["crl"]:
        raise ConfigurationError(f"revocation list {crl}: there is no CRL in it; it must be in PEM form (X509 CRL)")


def _passphrase(file: str) -> bytes:
    """Return the passphrase of a key: from a file, else from the environment."""
    if file:
        try:
            return Path(file).read_bytes().strip(b"\r\n")
        except OSError as error:
            raise ConfigurationError(f"passphrase file {file}: cannot be read: {error.strerror}") from error
    if PASSPHRASE in os.environ:
        return os.environb[os.fsencode(PASSPHRASE)]
    raise ConfigurationError(
        f"the key is encrypted; put its passphrase into a file (tls_key_passphrase_file, --tls-passphrase-file) "
        f"or into the environment ({PASSPHRASE})"
    )


#: Reason that OpenSSL gives -> what is wrong with the file.
_FILES: Mapping[str, str] = {
    "KEY_VALUES_MISMATCH": "the key does not belong to the certificate",
    "BAD_DECRYPT": "the passphrase is wrong",
    "BAD_PASSWORD_READ": "the passphrase of the key is empty, or longer than 1023 bytes",
    "NO_CERTIFICATE_OR_CRL_FOUND": "there is no certificate in it",
    "EE_KEY_TOO_SMALL": "the key is too short; make one of 2048 bits or more",
    "CA_MD_TOO_WEAK": "it is signed with a hash that is not safe any more; make a new one with SHA-256",
}


def _reason(error: OSError) -> str:
    if isinstance(error, ssl.SSLError):
        if not error.reason:
            return "these are not the PEM files of a certificate and its key"
        return _FILES.get(error.reason, f"not usable ({error.reason})")
    return f"cannot be read: {error.strerror}"
