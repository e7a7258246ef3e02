"""The status table: meanings, categories, and that no row hides another."""

import pytest

from isocenter.dimse.status import STATUSES, StatusCategory, category, describe, status_row
from isocenter.errors import IsocenterError


@pytest.mark.parametrize(
    ("status", "expected"),
    [
        (0x0000, StatusCategory.SUCCESS),
        (0xB000, StatusCategory.WARNING),
        (0xB123, StatusCategory.WARNING),
        (0x0107, StatusCategory.WARNING),
        (0xA700, StatusCategory.FAILURE),
        (0xA7FF, StatusCategory.FAILURE),
        (0xC123, StatusCategory.FAILURE),
        (0x0199, StatusCategory.FAILURE),
        (0xFE00, StatusCategory.CANCEL),
        (0xFF00, StatusCategory.PENDING),
        (0xFF01, StatusCategory.PENDING),
        (0x7777, StatusCategory.FAILURE),
    ],
)
def test_category(status: int, expected: StatusCategory) -> None:
    assert category(status) is expected


def test_described() -> None:
    assert describe(0xA700) == "out of resources (A700H)"
    assert describe(0x7777) == "unknown status (7777H)"


def test_no_row_is_hidden_by_one_before_it() -> None:
    assert all(any(status_row(code) is row for code in (row.first, row.last, row.first + 1)) for row in STATUSES)


def test_every_error_of_ours_is_a_failure() -> None:
    pending, seen = [IsocenterError], []
    while pending:
        seen.append(pending.pop())
        pending += seen[-1].__subclasses__()
    assert {category(error.dimse_status) for error in seen} == {StatusCategory.FAILURE}
