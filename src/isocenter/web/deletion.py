"""DELETE of a study, a series or an instance over DICOMweb, where the setting ``dicomweb_delete`` allows it.

PS3.18 leaves it to the server; the addresses are those of retrieval. What is deleted is gone from all searches at once
and stays in the bin for the days that the setting ``bin_days`` says.
"""

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from isocenter.web.node import Node


async def delete(node: Node, request: Request) -> Response:
    """Delete what the path names.

    Raises:
        HTTPException: 405, the setting does not allow it.
        NotFoundError: there is no such study, series or instance.
    """
    if not node.settings.dicomweb_delete:
        message = "deleting over DICOMweb is switched off: set dicomweb_delete, or use the management API"
        raise HTTPException(405, message, {"allow": "GET, HEAD"})
    path = request.path_params
    await node.threads.write(node.archive.delete, path["study"], path.get("series"), path.get("instance"))
    return Response(status_code=204)
