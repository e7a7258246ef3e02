"""UPS-RS: search for work items (PS3.18 11.9). Keys may reach into sequences, by keywords or tags with dots between."""

from itertools import islice

from starlette.datastructures import QueryParams
from starlette.requests import Request
from starlette.responses import Response

from isocenter.dicom.json import Json
from isocenter.dicom.nested import Keys, compile_keys
from isocenter.ups.attributes import key
from isocenter.ups.keys import add_key
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
