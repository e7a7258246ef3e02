"""The Non-Patient Instance service: search and retrieve what belongs to no patient (PS3.18 12.6, 12.4).

Storing is STOW-RS as for all objects. Answers of a search hold every attribute that is kept, so ``includefield`` adds
nothing.
"""

from collections.abc import Mapping
from typing import Any

from starlette.datastructures import QueryParams
from starlette.requests import Request
from starlette.responses import Response

from isocenter.archive import Instance
from isocenter.dicom.uids import NON_PATIENT_SOP_CLASSES
from isocenter.errors import NotFoundError, UsageError
from isocenter.non_patient import KEYS, NonPatientQuery
from isocenter.web import retrieve as studies
from isocenter.web.addresses import base_address
from isocenter.web.media_types import ANYTHING, DICOM, ZIP, choose_model
from isocenter.web.models import model_type
from isocenter.web.negotiation import accepted
from isocenter.web.node import Node
from isocenter.web.qido import MAX_RESULTS, MORE, OPTIONS, answer_of, ignored, key_of, number_of, tag_of

_SOP_INSTANCE_UID, _RETRIEVE_URL = "00080018", "00081190"


async def search(node: Node, request: Request) -> Response:
    """Search for the instances of a category."""
    category = request.path_params["category"]
    query, warnings = read_search(category, request.query_params)
    media_type = model_type(request)
    base = base_address(request)
    found = await node.threads.read(node.archive.non_patient.find, query)
    answers = [_completed(each, f"{base}/{category}") for each in found[:MAX_RESULTS]]
    return answer_of(answers, warnings + ((MORE,) if len(found) > MAX_RESULTS else ()), base, media_type)


def read_search(category: str, parameters: QueryParams) -> tuple[NonPatientQuery, tuple[str, ...]]:
    """Return the query that the parameters ask for, and warnings about what was ignored.

    Raises:
        NotFoundError: there is no such category.
        UsageError: a parameter is neither an option nor an attribute, or its value makes no sense.
    """
    keys: dict[int, str] = {}
    unsupported: list[str] = []
    for name in dict.fromkeys(parameters.keys()):
        if name in OPTIONS:
            continue
        tag = tag_of(name)
        if "." in name or tag not in KEYS:
            unsupported.append(name)
        elif tag in keys:
            raise UsageError(f"{name[:64]} is given twice")
        else:
            keys[tag] = key_of(KEYS[tag].vr, name, [value for value in parameters.getlist(name) if value])
    limit = number_of(parameters, "limit")
    query = NonPatientQuery(
        sop_classes=classes_of(category),
        keys=keys,
        limit=MAX_RESULTS + 1 if limit is None else min(limit, MAX_RESULTS + 1),
        offset=number_of(parameters, "offset") or 0,
    )
    return query, ignored(unsupported)


def classes_of(category: str) -> frozenset[str]:
    """Return the SOP classes of a category of PS3.18 Table 12.1.1-1.

    Raises:
        NotFoundError: there is no such category.
    """
    classes = frozenset(uid for uid, name in NON_PATIENT_SOP_CLASSES.items() if name == category)
    if not classes:
        raise NotFoundError("there is nothing at this address")
    return classes


def _completed(answer: dict[str, Any], base: str) -> dict[str, Any]:
    """Add RetrieveURL; attributes come in ascending order (PS3.18 F.2.2)."""
    address = f"{base}/{answer[_SOP_INSTANCE_UID]['Value'][0]}"
    return dict(sorted({**answer, _RETRIEVE_URL: {"vr": "UR", "Value": [address]}}.items()))


async def retrieve(node: Node, request: Request) -> Response:
    """Send one instance: its data set as DICOM JSON, which is the default, or as XML, or its DICOM file."""
    instance = await node.threads.read(_instance, node, request.path_params)
    for wanted in accepted(request) or ANYTHING:
        media_type = choose_model((wanted,))
        if media_type is not None:
            shown = await node.threads.read(node.archive.non_patient.as_json, instance)
            return answer_of([shown], (), base_address(request), media_type)
        if wanted.includes(DICOM) or wanted.type == ZIP:
            break
    return await studies.answer(node, request, [instance], single=True)


def _instance(node: Node, path: Mapping[str, str]) -> Instance:
    classes = classes_of(path["category"])
    found = node.archive.non_patient.get(path["uid"])
    if found.SOPClassUID not in classes:
        raise NotFoundError(f"there is no such instance among the {path['category']}")
    return found
