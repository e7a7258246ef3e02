"""The options of every command that calls a DICOM node: TLS, and the user that the association is for."""

import functools
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click

from isocenter.errors import UsageError
from isocenter.net.credentials import Credentials
from isocenter.net.tls import PROFILES, TlsClient
from isocenter.ul.user_information import UserIdentity, UserIdentityType

Result = TypeVar("Result")

#: A field of a user identity has 16 bits for its length.
_MAX_SECRET = 0xFFFF

_TLS_FILES = ("tls_ca", "tls_cert", "tls_key", "tls_passphrase_file", "tls_crl")
_TLS_NAMES = (*_TLS_FILES, "tls_name", "tls_profile")
_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)
_OPTIONS = (
    click.option("--tls", is_flag=True, help="Call over TLS."),
    click.option("--tls-ca", type=_FILE, help="PEM file: CAs that the node's certificate may come from "
                 "[default: those of the system]."),
    click.option("--tls-cert", type=_FILE, help="PEM file: certificate to show."),
    click.option("--tls-key", type=_FILE, help="PEM file: its key."),
    click.option("--tls-passphrase-file", type=_FILE, help="File with the key's passphrase, if it is encrypted "
                 "[default: the variable ISOCENTER_TLS_KEY_PASSPHRASE]."),
    click.option("--tls-crl", type=_FILE, help="PEM file: revocation lists; the node's certificate must not be in it."),
    click.option("--tls-name", help="Name that the node's certificate is for [default: the host]."),
    click.option("--tls-profile", type=click.Choice([*PROFILES]), help="Cipher suites [default: bcp195]."),
    click.option("--user", help="User that the association is for."),
    click.option("--passcode-file", type=_FILE, help="File with the user's passcode."),
    click.option("--jwt-file", type=_FILE, help="File with a JSON Web Token, instead of a user."),
    click.option("--confirm-user", is_flag=True, help="End unless the node confirms the user."),
)  # fmt: skip


def credential_options(function: Callable[..., Result]) -> Callable[..., Result]:
    """Add the options; the command receives ``credentials: Credentials`` for all of them."""

    @functools.wraps(function)
    def command(**given: Any) -> Result:  # noqa: ANN401 - click's values
        tls = {name: given.pop(name) for name in _TLS_NAMES}
        identity = [given.pop(name) for name in ("user", "passcode_file", "jwt_file", "confirm_user")]
        credentials = Credentials(_tls(given.pop("tls"), tls), _identity(*identity))
        return function(**given, credentials=credentials)

    for option in reversed(_OPTIONS):
        command = option(command)
    return command


def _tls(wanted: bool, given: dict[str, Any]) -> TlsClient | None:
    extra = next((name for name, value in given.items() if value), None)
    if not wanted:
        if extra is not None:
            raise UsageError(f"--{extra.replace('_', '-')} is for calling over TLS; add --tls")
        return None
    ca, certificate, key, passphrase, crl = (str(given[name] or "") for name in _TLS_FILES)
    return TlsClient(ca, certificate, key, given["tls_name"] or "", given["tls_profile"] or "bcp195", passphrase, crl)


def _identity(user: str | None, passcode: Path | None, token: Path | None, confirm: bool) -> UserIdentity | None:
    if token is not None and (user is not None or passcode is not None):
        raise UsageError("choose one of --user and --jwt-file")
    if token is not None:
        return UserIdentity(UserIdentityType.JWT, _secret(token), b"", confirm)
    if user is None:
        if passcode is not None or confirm:
            raise UsageError("say which user with --user")
        return None
    if passcode is None:
        return UserIdentity(UserIdentityType.USERNAME, user.encode(), b"", confirm)
    return UserIdentity(UserIdentityType.USERNAME_AND_PASSCODE, user.encode(), _secret(passcode), confirm)


def _secret(path: Path) -> bytes:
    """Return what a file holds, without the line's end that editors add."""
    secret = path.read_bytes().strip(b"\r\n")
    if not 0 < len(secret) <= _MAX_SECRET:
        raise UsageError(f"{path} must hold 1 to {_MAX_SECRET} bytes")
    return secret
