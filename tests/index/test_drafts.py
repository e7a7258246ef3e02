"""Drafts of measurements and key images on both databases: versions, and how they go with their study."""

from collections.abc import Callable
from typing import Any

import pytest

from isocenter.errors import NotFoundError
from isocenter.index.drafts import ChangedMeanwhileError, Draft, StudyDrafts
from isocenter.index.entry import Entry
from isocenter.index.index import Index

STUDY = "1.2.3"
TABLES = pytest.mark.parametrize("table", ["measurement_draft", "key_image_draft"])


@TABLES
def test_each_change_is_a_version_and_none_is_overwritten(
    index: Index, make_entry: Callable[..., Entry], table: Any
) -> None:
    drafts = StudyDrafts(index.database, table)
    for call in (lambda: drafts.get(STUDY), lambda: drafts.put(STUDY, 0, "[]")):
        with pytest.raises(NotFoundError, match="no such study"):
            call()
    index.file(make_entry(1))
    assert drafts.get(STUDY) == Draft(0, "[]")
    assert [drafts.put(STUDY, 0, "[1]"), drafts.put(STUDY, 1, "[1,2]")] == [1, 2]
    for version in (0, 1, 3):
        with pytest.raises(ChangedMeanwhileError):
            drafts.put(STUDY, version, "[9]")
    assert drafts.get(STUDY) == Draft(2, "[1,2]")
    assert drafts.put(STUDY, None, "[]") == 3


@TABLES
def test_they_go_with_the_last_object_of_their_study(
    index: Index, make_entry: Callable[..., Entry], table: Any
) -> None:
    drafts = StudyDrafts(index.database, table)
    first, second = make_entry(1), make_entry(2)
    index.file(first)
    index.file(second)
    drafts.put(STUDY, 0, "[1]")
    objects = index.instances(STUDY)
    assert index.delete(STUDY, "", objects[0].SOPInstanceUID, 0)
    assert drafts.get(STUDY) == Draft(1, "[1]")
    assert index.delete(STUDY, "", "", 0)
    index.file(make_entry(3))
    assert drafts.get(STUDY) == Draft(0, "[]")
