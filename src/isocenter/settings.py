"""All settings, in one table; command line > environment > TOML file > default.

``--help``, ``isocenter settings`` and ``docs/settings.md`` are derived from ``SETTINGS``. A setting's environment
variable is ``ISOCENTER_`` and its name in capitals; in the TOML file it stands under its own name at the top level.
"""

import ipaddress
import re
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from isocenter.errors import ConfigurationError

Value = str | int | float | bool | None

#: Instead of a port: do not listen.
OFF = "off"


def _boolean(text: str) -> bool:
    if text.lower() in {"1", "true", "yes", "on"}:
        return True
    if text.lower() in {"0", "false", "no", "off"}:
        return False
    raise ValueError("not a boolean: use true or false")


def _port(text: str) -> int:
    port = int(text)
    if not 0 <= port <= 65535:
        raise ValueError("not a port: use 1 to 65535, or 0 for any free one")
    return port


def _port_or_off(text: str) -> int | str:
    return OFF if text.lower() == OFF else _port(text)


def _positive(text: str) -> int:
    number = int(text)
    if number < 1:
        raise ValueError("must be 1 or more")
    return number


def _count(text: str) -> int:
    number = int(text)
    if number < 0:
        raise ValueError("must be 0 or more")
    return number


def _days(text: str) -> int:
    days = int(text)
    if not 0 <= days <= 36500:
        raise ValueError("must be a number of days, 0 to 36500")
    return days


def _seconds(text: str) -> float:
    seconds = float(text)
    if not 0 <= seconds < 1e9:
        raise ValueError("must be a number of seconds, 0 or more")
    return seconds


def _ae_title(text: str) -> str:
    title = text.strip(" ")
    if not 1 <= len(title) <= 16 or not title.isascii() or not title.isprintable() or "\\" in title:
        raise ValueError("an AE title has 1 to 16 printable ASCII characters and no backslash (PS3.5 6.2)")
    return title


def _one_of(*words: str) -> Callable[[str], str]:
    def parse(text: str) -> str:
        if text not in words:
            raise ValueError(f"use {' or '.join(words)}")
        return text

    return parse


def _origins(text: str) -> str:
    for each in filter(None, (part.strip() for part in text.split(","))):
        if each != "*" and re.fullmatch(r"https?://[^/\s,*?#]+/?", each) is None:
            raise ValueError(f"{each!r} is no origin: use scheme, host and port, such as https://viewer.example")
    return text


#: Level, attribute and, where the dictionary does not know it, VR.
QUERY_KEY = re.compile(r"(patient|study|series|instance)/([^;]+?)(?:/([A-Z]{2}))?")


def _query_keys(text: str) -> str:
    for each in filter(None, (part.strip() for part in text.split(";"))):
        if QUERY_KEY.fullmatch(each) is None:
            raise ValueError(f"{each!r} is no key: use LEVEL/ATTRIBUTE or LEVEL/ATTRIBUTE/VR, such as series/KVP")
    return text


def _networks(text: str) -> str:
    for each in filter(None, (part.strip() for part in text.split(","))):
        try:
            ipaddress.ip_network(each)
        except ValueError as error:
            raise ValueError(f"{error}: use addresses or networks, such as 127.0.0.1 or 10.0.0.0/24") from None
    return text


@dataclass(frozen=True, slots=True)
class Setting:
    """One row of the table: ``parse`` turns text into the value or raises ValueError with what is allowed."""

    name: str
    default: Value
    parse: Callable[[str], Value]
    help: str


SETTINGS: tuple[Setting, ...] = (
    Setting("data", "isocenter-data", str, "folder that holds the index and the objects"),
    Setting("host", "127.0.0.1", str, "address to listen on; anything but loopback needs --insecure"),
    Setting("insecure", False, _boolean, "listen on other addresses although there are no users yet"),
    Setting("http_port", 8080, _port, "port of DICOMweb, management API and viewer"),
    Setting("dicom_port", 11112, _port_or_off, "port of the DICOM node; off: none, so that there is TLS only"),
    Setting("dicom_tls_port", OFF, _port_or_off, "port of the DICOM node over TLS (registered: 2762), or off"),
    Setting("dicom_tls_host", "", str,
            "address of the TLS port if not host; needs no --insecure where certificates of clients are required"),
    Setting("tls_certificate", "", str, "PEM file: certificate of this node, and those up to its CA"),
    Setting("tls_key", "", str, "PEM file: private key of that certificate"),
    Setting("tls_key_passphrase_file", "", str,
            "file with the passphrase of tls_key, if it is encrypted; else ISOCENTER_TLS_KEY_PASSPHRASE has it"),
    Setting("tls_ca", "", str, "PEM file: the CAs that the certificates of DICOM peers come from"),
    Setting("tls_crl", "", str,
            "PEM file: revocation lists of these CAs; certificates in it are refused. Read again when it changes"),
    Setting("tls_client_certificates", "required", _one_of("required", "optional", "none"),
            "whether DICOM peers that call over TLS must show a certificate: required, optional or none"),
    Setting("tls_profile", "bcp195", _one_of("bcp195", "extended"),
            "bcp195: TLS 1.2 and 1.3 after PS3.15 B.12; extended: AES-GCM only with TLS 1.2"),
    Setting("https", False, _boolean, "serve the web over HTTPS instead of HTTP, with tls_certificate"),
    Setting("aet", "ISOCENTER", _ae_title, "AE title of this archive"),
    Setting("trusted_proxies", "", _networks,
            "addresses of reverse proxies whose X-Forwarded-Proto, -Host and -Prefix are believed, with commas"),
    Setting("cors_origins", "", _origins,
            "origins whose pages may use this server, with commas, such as https://viewer.example; *: all may read"),
    Setting("dicomweb_delete", False, _boolean, "allow DELETE of studies, series and instances over DICOMweb"),
    Setting("bin_days", 30, _days,
            "what is deleted, or was before a correction, stays in the bin for this long; 0: it is gone at once"),
    Setting("workers", 1, _positive, "processes that answer the web"),
    Setting("durability", "full", _one_of("full", "os"),
            '"full": an acknowledged object is on the disk; "os": it is with the operating system'),
    Setting("settle_seconds", 5.0, _seconds, "a series or study is settled this long after its last object"),
    Setting("max_pdu", 262144, _positive, "largest PDU announced to peers, in bytes"),
    Setting("max_associations", 100, _positive, "associations at once per worker; more are rejected"),
    Setting("check_called_aet", False, _boolean, "reject associations that call another AE title"),
    Setting("accept_unknown_sop_classes", True, _boolean, "store SOP classes that are private or not in the standard"),
    Setting("known_peers_only", False, _boolean,
            "only known peers may store, find and retrieve, each by AE title and address"),
    Setting("workitem_days", 30, _count, "days that a completed or canceled work item is kept, unless it is locked"),
    Setting("worklist_days", 0, _days,
            "days that worklist entries are kept that are over, or that nobody began on their day; 0: for ever"),
    Setting("mpps_days", 0, _days, "days that a completed or discontinued performed step is kept; 0: for ever"),
    Setting("query_keys", "", _query_keys,
            "attributes to search by besides the usual, with semicolons, as LEVEL/ATTRIBUTE[/VR], such as series/KVP"),
    Setting("find_limit", 0, _count, "most answers to one C-FIND; 0: no limit"),
    Setting("move_associations", 1, _positive, "associations that one C-MOVE sends over at once"),
    Setting("worklist_folder", "", str,
            "folder of worklist files (.wl, .dcm, .dump), looked at before each search; empty: none"),
    Setting("worklist_keep_finished", False, _boolean,
            "answer worklist queries with completed and discontinued steps, too"),
    Setting("commitment_retry_days", 3, _positive,
            "for how long the result of a storage commitment is offered to a peer that cannot be reached"),
    Setting("commitment_keep_days", 30, _positive, "how long finished storage commitments stay listed"),
    Setting("artim_seconds", 30.0, _seconds, "time a peer has to request, or to close after the end (PS3.8 ARTIM)"),
    Setting("idle_seconds", 600.0, _seconds, "an association without traffic for this long is aborted"),
    Setting("shutdown_seconds", 10.0, _seconds, "time that running stores have to finish at shutdown"),
    Setting("log_level", "INFO", str.upper, "DEBUG, INFO, WARNING or ERROR"),
)  # fmt: skip

BY_NAME = {setting.name: setting for setting in SETTINGS}


class Settings:
    """The settings in force, each with its source; read as attributes: ``settings.aet``."""

    def __init__(self, values: Mapping[str, Value], sources: Mapping[str, str]) -> None:
        self._values = dict(values)
        self._sources = dict(sources)

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401 - the table holds several types
        try:
            return self._values[name]
        except KeyError:
            raise AttributeError(name) from None

    def __getstate__(self) -> dict[str, dict[str, Any]]:
        return {"_values": self._values, "_sources": self._sources}

    def __setstate__(self, state: dict[str, dict[str, Any]]) -> None:
        self.__dict__.update(state)

    def source(self, name: str) -> str:
        """Where the value came from: ``command line``, ``environment``, ``file PATH`` or ``default``."""
        return self._sources[name]

    def replace(self, **values: Value) -> "Settings":
        """Return a copy with these values, their source recorded as ``command line``."""
        return Settings({**self._values, **values}, {**self._sources, **dict.fromkeys(values, "command line")})


def load_settings(
    command_line: Mapping[str, Value] | None = None,
    environment: Mapping[str, str] | None = None,
    file: Path | None = None,
) -> Settings:
    """Return the settings in force.

    ``command_line`` maps names to values or to text; None values mean "not given".

    Raises:
        ConfigurationError: an unknown name in the file, a value that does not parse, or a file that cannot be read.
    """
    values: dict[str, Value] = {s.name: s.default for s in SETTINGS}
    sources = dict.fromkeys(values, "default")
    layers: list[tuple[str, Mapping[str, Value]]] = []
    if file is not None:
        layers.append((f"file {file}", _read_toml(file)))
    if environment is not None:
        prefix = "ISOCENTER_"
        found = {k[len(prefix) :].lower(): v for k, v in environment.items() if k.startswith(prefix)}
        layers.append(("environment", {k: v for k, v in found.items() if k in BY_NAME}))
    if command_line is not None:
        layers.append(("command line", {k: v for k, v in command_line.items() if v is not None}))
    for source, layer in layers:
        for name, value in layer.items():
            values[name] = _parse(name, value, source)
            sources[name] = source
    return Settings(values, sources)


def _read_toml(file: Path) -> dict[str, Value]:
    try:
        table = tomllib.loads(file.read_text(encoding="utf-8"))
    except OSError as error:
        raise ConfigurationError(f"cannot read {file}: {error.strerror}") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigurationError(f"{file} is not valid TOML: {error}") from error
    unknown = sorted(set(table) - set(BY_NAME))
    if unknown:
        raise ConfigurationError(f"{file}: unknown setting {unknown[0]!r}; 'isocenter settings' lists them")
    return table


def _parse(name: str, value: Value, source: str) -> Value:
    setting = BY_NAME.get(name)
    if setting is None:
        raise ConfigurationError(f"unknown setting {name!r}; 'isocenter settings' lists them")
    text = str(value).lower() if isinstance(value, bool) else str(value)
    try:
        return setting.parse(text)
    except ValueError as error:
        raise ConfigurationError(f"{name} = {text!r} ({source}): {error}") from error
