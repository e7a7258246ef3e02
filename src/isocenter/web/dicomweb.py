"""The routes of DICOMweb (PS3.18 10 to 12), one row each: path, method, handler."""

from isocenter.web import (
    bulk_data,
    deletion,
    encapsulated,
    frames,
    metadata,
    non_patient,
    qido,
    rendered,
    retrieve,
    stow,
    subscriptions,
    wado_uri,
    workitem_search,
    workitems,
)
from isocenter.web.node import Handler

ROOT = "/dicom-web"
_STUDY = ROOT + "/studies/{study}"
_SERIES = _STUDY + "/series/{series}"
_INSTANCE = _SERIES + "/instances/{instance}"
_WORKITEM = ROOT + "/workitems/{workitem}"
_SUBSCRIBER = _WORKITEM + "/subscribers/{aet}"

ROUTES: tuple[tuple[str, str, Handler], ...] = (
    # Search, PS3.18 10.6
    (f"{ROOT}/studies", "GET", qido.search_studies),
    (f"{ROOT}/series", "GET", qido.search_series),
    (f"{ROOT}/instances", "GET", qido.search_instances),
    (f"{_STUDY}/series", "GET", qido.search_series),
    (f"{_STUDY}/instances", "GET", qido.search_instances),
    (f"{_SERIES}/instances", "GET", qido.search_instances),
    # Store, PS3.18 10.5
    (f"{ROOT}/studies", "POST", stow.store),
    (_STUDY, "POST", stow.store),
    # Delete, an extension
    (_STUDY, "DELETE", deletion.delete),
    (_SERIES, "DELETE", deletion.delete),
    (_INSTANCE, "DELETE", deletion.delete),
    # Retrieve, PS3.18 10.4
    (_STUDY, "GET", retrieve.retrieve),
    (_SERIES, "GET", retrieve.retrieve),
    (_INSTANCE, "GET", retrieve.retrieve),
    (f"{_STUDY}/metadata", "GET", metadata.study_metadata),
    (f"{_SERIES}/metadata", "GET", metadata.series_metadata),
    (f"{_INSTANCE}/metadata", "GET", metadata.instance_metadata),
    (_INSTANCE + "/frames/{frames}", "GET", frames.retrieve_frames),
    (f"{_STUDY}/rendered", "GET", rendered.rendered),
    (f"{_SERIES}/rendered", "GET", rendered.rendered),
    (f"{_INSTANCE}/rendered", "GET", encapsulated.rendered_instance),
    (_INSTANCE + "/frames/{frames}/rendered", "GET", rendered.rendered),
    (f"{_STUDY}/thumbnail", "GET", rendered.thumbnail),
    (f"{_SERIES}/thumbnail", "GET", rendered.thumbnail),
    (f"{_INSTANCE}/thumbnail", "GET", rendered.thumbnail),
    (_INSTANCE + "/frames/{frames}/thumbnail", "GET", rendered.thumbnail),
    (_INSTANCE + "/bulkdata/{path:path}", "GET", bulk_data.retrieve_bulk_data),
    # Retrieve by query parameters, PS3.18 9
    ("/wado", "GET", wado_uri.wado),
    # Work items, PS3.18 11
    (f"{ROOT}/workitems", "GET", workitem_search.search_workitems),
    (f"{ROOT}/workitems", "POST", workitems.create_workitem),
    (_WORKITEM, "GET", workitems.retrieve_workitem),
    (_WORKITEM, "POST", workitems.update_workitem),
    (f"{_WORKITEM}/state", "PUT", workitems.change_workitem_state),
    (_WORKITEM + "/state/{requester}", "PUT", workitems.change_workitem_state),
    (f"{_WORKITEM}/cancelrequest", "POST", workitems.request_cancellation),
    (_WORKITEM + "/cancelrequest/{requester}", "POST", workitems.request_cancellation),
    (_SUBSCRIBER, "POST", subscriptions.subscribe),
    (_SUBSCRIBER, "DELETE", subscriptions.unsubscribe),
    (f"{_SUBSCRIBER}/suspend", "POST", subscriptions.suspend),
    # Non-patient instances, PS3.18 12.6, 12.4; behind the others, because this name fits any
    (ROOT + "/{category}", "GET", non_patient.search),
    (ROOT + "/{category}/{uid}", "GET", non_patient.retrieve),
)
