"""Pseudonyms are keyed, stable and well-formed; the key is kept from others."""

import hashlib
import stat
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from isocenter.deid import Project
from isocenter.deid.project import is_registered
from isocenter.dicom.uids import is_valid_uid
from isocenter.errors import ConfigurationError

KEY = bytes(range(32))
uids = st.from_regex(r"1\.2\.826(\.(0|[1-9][0-9]{0,8})){1,5}", fullmatch=True)


@given(uids, uids)
def test_uids_are_valid_distinct_and_repeatable(one: str, other: str) -> None:
    first, second = Project(KEY).uid(one), Project(KEY).uid(other)
    assert first == Project(KEY).uid(one)
    assert (first == second) is (one == other)
    assert is_valid_uid(first)
    assert first.startswith("2.25.")
    assert len(first) <= 44
    assert int(first[5:]) >> 76 & 0xF == 8


@given(uids)
def test_another_key_gives_another_uid(uid: str) -> None:
    assert Project(KEY).uid(uid) != Project(bytes(32)).uid(uid)


@pytest.mark.parametrize("uid", ["1.2.840.10008.1.2.1", "1.2.840.10008.5.1.4.1.1.2", "1.2.840.10008.1.4.1.1"])
def test_uids_of_the_standard_stay(uid: str) -> None:
    assert Project(KEY).uid(uid) == uid


def test_a_uid_that_only_looks_registered_is_mapped() -> None:
    assert Project(KEY).uid("1.2.840.10008.471147114711").startswith("2.25.")
    assert not is_registered("1.2.840.10008.ZqDoe")
    assert not is_registered("1.2.840.10008./../../etc")


def test_no_dictionary_attack_without_the_key() -> None:
    known = "MRN4711"
    outputs = {Project(KEY).name("patient", "", known).encode(), Project(KEY).uid(known).encode()}
    guesses = {getattr(hashlib, name)(known.encode()).hexdigest()[:16].encode() for name in ("md5", "sha1", "sha256")}
    assert not guesses & outputs
    assert Project(KEY).name("patient", "", known) != Project(bytes(32)).name("patient", "", known)


def test_inputs_are_framed_and_domains_apart() -> None:
    project = Project(KEY)
    assert project.name("patient", "ab", "c") != project.name("patient", "a", "bc")
    assert project.name("patient", "x") != project.name("accession", "x")


@given(st.text(min_size=1, max_size=20))
def test_weeks_are_within_ten_years_and_never_none(patient: str) -> None:
    assert 1 <= Project(KEY).weeks(patient) <= 520


def test_the_same_in_another_process() -> None:
    code = "from isocenter.deid import Project; print(Project(bytes(range(32))).uid('1.2.826.1'))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == Project(KEY).uid("1.2.826.1")


def test_a_new_folder_gets_a_key_that_only_its_owner_reads(tmp_path: Path) -> None:
    first = Project.open(tmp_path / "p")
    assert stat.S_IMODE((tmp_path / "p" / "key").stat().st_mode) == 0o600
    assert Project.open(tmp_path / "p").fingerprint() == first.fingerprint()
    assert Project.open(tmp_path / "q").fingerprint() != first.fingerprint()
    assert first._key.hex() not in repr(first)


@pytest.mark.parametrize("content", ["", "isocenter-project-key-1 zz", "isocenter-project-key-1 0011"])
def test_a_damaged_key_is_never_replaced(tmp_path: Path, content: str) -> None:
    path = tmp_path / "key"
    path.write_text(content)
    path.chmod(0o600)
    with pytest.raises(ConfigurationError):
        Project.open(tmp_path)
    assert path.read_text() == content


def test_a_lost_key_is_not_made_anew_beside_old_lists(tmp_path: Path) -> None:
    (tmp_path / "runs").mkdir()
    with pytest.raises(ConfigurationError, match="no key"):
        Project.open(tmp_path)


def test_a_key_that_others_may_read_is_refused(tmp_path: Path) -> None:
    Project.open(tmp_path / "p")
    (tmp_path / "p" / "key").chmod(0o644)
    with pytest.raises(ConfigurationError, match="chmod 600"):
        Project.open(tmp_path / "p")
