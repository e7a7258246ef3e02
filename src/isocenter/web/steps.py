"""What worklist entries and performed steps have in common in the management API: pages, keys, and how one is shown."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Annotated, Any

from fastapi import Query
from pydantic import BaseModel

from isocenter.dicom import dictionary
from isocenter.dicom.json import Json
from isocenter.worklist.flat import flattened, read_pairs

_MOST = 1000
#: Parameters of a list that are no matching keys.
_OWN = frozenset({"finished", "limit", "offset"})

Limit = Annotated[int, Query(ge=1, le=_MOST)]
Offset = Annotated[int, Query(ge=0, le=2**31)]


class Shown(BaseModel):
    """A data set in two forms, by keyword and as DICOM JSON, with its status and when that changed."""

    status: str
    changed: datetime
    attributes: dict[str, Any]
    data_set: dict[str, Any]


def shown(status: str, changed: int, data_set: Json) -> dict[str, Any]:
    """Return the fields of ``Shown``; times are milliseconds since 1970."""
    return {
        "status": status, "changed": moment(changed), "attributes": flattened(data_set), "data_set": data_set,
    }  # fmt: skip


def moment(milliseconds: int) -> datetime:
    """Return a time."""
    return datetime.fromtimestamp(milliseconds / 1000, UTC)


def read_parameters(parameters: Mapping[str, str]) -> Json:
    """Return the matching keys among the parameters of a request, as they stand there.

    Raises:
        UsageError: one is no attribute, or its value cannot be read.
    """
    return read_pairs({dictionary.tag(name): value for name, value in parameters.items() if name not in _OWN})
