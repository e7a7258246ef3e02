import pytest

from isocenter.dicom import uids

PREFIX = "1.2.840.10008.1.2"


def test_every_row_is_found_under_its_uid() -> None:
    assert all(uid == syntax.uid for uid, syntax in uids.TRANSFER_SYNTAXES.items())
    assert all(uid == sop.uid for uid, sop in uids.SOP_CLASSES.items())


@pytest.mark.parametrize(
    ("suffix", "flags"),
    [
        ("", "implicit"),
        (".1", ""),
        (".1.99", "deflated"),
        (".2", "big_endian"),
        (".4.50", "encapsulated lossy"),
        (".4.70", "encapsulated"),
        (".4.80", "encapsulated"),
        (".4.81", "encapsulated lossy"),
        (".4.90", "encapsulated"),
        (".4.91", "encapsulated lossy"),
        (".4.94", ""),
        (".4.95", "deflated"),
        (".4.102.1", "encapsulated lossy"),
        (".4.110", "encapsulated"),
        (".4.112", "encapsulated lossy"),
        (".4.201", "encapsulated"),
        (".4.203", "encapsulated lossy"),
        (".5", "encapsulated"),
        (".1.98", "encapsulated"),
        (".8.1", "encapsulated"),
        (".7.1", ""),
    ],
)
def test_flags_of_a_transfer_syntax(suffix: str, flags: str) -> None:
    syntax = uids.transfer_syntax(PREFIX + suffix)
    assert syntax.keyword
    names = ("implicit", "big_endian", "deflated", "encapsulated", "lossy")
    assert " ".join(name for name in names if getattr(syntax, name)) == flags


def test_an_unknown_transfer_syntax_counts_as_encapsulated_explicit_little_endian() -> None:
    syntax = uids.transfer_syntax("1.2.3.4")
    assert (syntax.uid, syntax.keyword, syntax.encapsulated) == ("1.2.3.4", "", True)
    assert not any((syntax.implicit, syntax.big_endian, syntax.deflated))


@pytest.mark.parametrize(
    ("uid", "storage"),
    [
        ("1.2.840.10008.5.1.4.1.1.2", True),
        ("1.2.840.10008.5.1.4.1.1.88.1", True),  # retired
        ("1.2.840.10008.5.1.4.1.1.12.77", True),  # retired, nameless
        ("1.2.840.10008.5.1.4.34.7", True),  # outside the usual branch
        ("1.2.840.10008.1.20.1", False),  # Storage Commitment
        ("1.2.840.10008.1.3.10", False),  # Media Storage Directory
        ("1.2.840.10008.5.1.4.1.1.200.4", False),  # a query model inside the storage branch
        (uids.VERIFICATION, False),
    ],
)
def test_storage_sop_classes(uid: str, storage: bool) -> None:
    assert (uid in uids.STORAGE_SOP_CLASSES) is storage
    assert uids.SOP_CLASSES[uid].storage is storage


@pytest.mark.parametrize(
    ("text", "valid"),
    [
        ("1.2.3", True),
        ("0", True),
        ("1.02.3", True),  # leading zero: forbidden, met, tolerated
        ("1" * 64, True),
        ("1" * 65, False),
        ("", False),
        ("1..2", False),
        (".1", False),
        ("1.", False),
        ("1.a", False),
        ("1.2\n", False),
        ("1.2 ", False),
        ("１.2", False),  # noqa: RUF001 - a digit, but none of ASCII's
        ("../1", False),
    ],
)
def test_is_valid_uid(text: str, valid: bool) -> None:
    assert uids.is_valid_uid(text) is valid


def test_new_uids_are_valid_and_differ() -> None:
    made = {uids.new_uid() for _ in range(100)}
    assert len(made) == 100
    assert all(uids.is_valid_uid(uid) and uid.startswith("2.25.") for uid in made)


def test_names() -> None:
    assert uids.uid_name("1.2.840.10008.5.1.4.1.1.2") == "CT Image Storage"
    assert uids.uid_name("1.2.840.10008.3.1.1.1") == "DICOM Application Context Name"
    assert uids.uid_name("1.2.3") == ""
