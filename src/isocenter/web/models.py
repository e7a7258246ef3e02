"""Answers that are attributes: which form the client wants, and XML as a multipart body (PS3.18 8.6.2, 8.7.2)."""

import uuid
from collections.abc import Iterable, Mapping
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from isocenter.dicom.native_xml import json_to_xml
from isocenter.multipart import write_end, write_part_header
from isocenter.web.media_types import DICOM_JSON, DICOM_XML, JSON, choose_model, multipart_content_type
from isocenter.web.negotiation import accepted, not_acceptable


def model_type(request: Request) -> str:
    """Return the media type in which attributes are wanted.

    Raises:
        HTTPException: 406, neither JSON nor XML is.
    """
    media_type = choose_model(accepted(request))
    if media_type is None:
        raise not_acceptable(DICOM_JSON, JSON, f'multipart/related; type="{DICOM_XML}"')
    return media_type


def xml_response(objects: Iterable[Mapping[str, Any]], headers: Mapping[str, str], status: int = 200) -> Response:
    """Return DICOM JSON Model objects as XML, one part each."""
    boundary = uuid.uuid4().hex
    pieces = []
    for each in objects:
        pieces += [write_part_header(boundary, {"Content-Type": DICOM_XML}), json_to_xml(each)]
    content_type = multipart_content_type(boundary, DICOM_XML)
    return Response(b"".join([*pieces, write_end(boundary)]), status, {**headers, "content-type": content_type})
