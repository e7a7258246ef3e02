"""UPS-RS: search for work items (PS3.18 11.9). Keys may reach into sequences, by keywords or tags with dots between."""

from itertools import islice
from typing import Any

from starlette.datastructures import QueryParams
from starlette.requests import Request
from starlette.responses import Response

from isocenter.dicom import dictionary
from isocenter.dicom.json import Json
from isocenter.dicom.nested import Keys, compile_keys
from isocenter.errors import UsageError
from isocenter.ups.attributes import key
from isocenter.ups.requirements import REQUIREMENTS
from isocenter.web.addresses import base_address
from isocenter.web.models import model_type
from isocenter.web.node import Node
from isocenter.web.qido import MAX_RESULTS, MORE, answer_of, number_of, tag_of

OPTIONS = frozenset({"includefield", "limit", "offset", "fuzzymatching", "accept", "charset"})
_NOT_FUZZY = "The fuzzymatching parameter is not supported. Only literal matching has been performed."
#: What is left out of answers unless it is asked for: it may be long.
_LONG = frozenset({
    "InputInformationSequence", "ScheduledProcessingParametersSequence", "OutputDestinationSequence",
    "UnifiedProcedureStepPerformedProcedureSequence", "TransactionUID", "SpecificCharacterSet",
})  # fmt: skip
_DEFAULT = frozenset(key(row.keyword) for row in REQUIREMENTS if row.keyword not in _LONG)
_MAX_DEPTH = 8


async def search_workitems(node: Node, request: Request) -> Response:
    """Search for work items."""
    media_type = model_type(request)
    keys, included = read_search(request.query_params)
    limit = number_of(request.query_params, "limit")
    offset = number_of(request.query_params, "offset") or 0
    wanted = MAX_RESULTS if limit is None else min(limit, MAX_RESULTS)
    found = await node.threads.read(_find, node, keys, offset, wanted + 1)
    warnings: tuple[str, ...] = ()
    if len(found) > wanted and (limit is None or limit > MAX_RESULTS):
        warnings += (MORE,)
    if request.query_params.get("fuzzymatching") == "true":
        warnings += (_NOT_FUZZY,)
    answers = [_answer(each, included) for each in found[:wanted]]
    return answer_of(answers, warnings, base_address(request), media_type)


def _find(node: Node, keys: Keys, offset: int, count: int) -> list[Json]:
    return list(islice(node.archive.work_items.find(keys), offset, offset + count))


def _answer(found: Json, included: frozenset[str] | None) -> Json:
    return found if included is None else {name: value for name, value in found.items() if name in included}


def read_search(parameters: QueryParams) -> tuple[Keys, frozenset[str] | None]:
    """Return the keys of a search and what its answers are to contain; None means everything.

    Raises:
        UsageError: a parameter is neither an option nor an attribute, or its value makes no sense.
    """
    identifier: Json = {}
    for name in dict.fromkeys(parameters.keys()):
        if name not in OPTIONS:
            add_key(identifier, name, parameters.getlist(name))
    names = [name for value in parameters.getlist("includefield") for name in value.split(",") if name]
    included = None if "all" in names else _DEFAULT | {f"{tag_of(name):08X}" for name in names} | set(identifier)
    return compile_keys(identifier), included


def add_key(identifier: Json, name: str, values: list[str]) -> None:
    """Add a key to an identifier: ``ScheduledStationNameCodeSequence.CodeValue`` is one in the item of a sequence.

    Raises:
        UsageError: its name is no path of attributes.
    """
    path = name.split(".")
    if len(path) > _MAX_DEPTH:
        raise UsageError(f"a key reaches through {len(path)} sequences; {_MAX_DEPTH} are allowed")
    for each in path[:-1]:
        tag = tag_of(each)
        if dictionary.vr(tag) != "SQ":
            raise UsageError(f"{each[:64]} is no sequence, so nothing can be looked for in it")
        sequence: dict[str, Any] = identifier.setdefault(f"{tag:08X}", {"vr": "SQ", "Value": [{}]})
        identifier = sequence.setdefault("Value", [{}])[0]
    tag = tag_of(path[-1])
    vr = dictionary.vr(tag)
    listed = [part for value in values for part in (value.split(",") if vr == "UI" else [value]) if part]
    if vr == "SQ":
        if listed:
            raise UsageError(f"{name[:64]} is a sequence: name an attribute in it, with a dot between")
        identifier.setdefault(f"{tag:08X}", {"vr": vr})
    else:
        identifier[f"{tag:08X}"] = {"vr": vr, "Value": listed} if listed else {"vr": vr}
