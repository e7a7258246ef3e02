"""A pynetdicom peer that takes reports of work items."""

import queue

from pydicom import Dataset
from pynetdicom import AE, evt
from pynetdicom.sop_class import UnifiedProcedureStepEvent

PATIENCE = 20.0


class Watcher:
    """A peer that takes reports, and keeps them."""

    def __init__(self) -> None:
        self.reports: queue.Queue[tuple[int, str, Dataset]] = queue.Queue()
        self.statuses: list[int] = []
        ae = AE("WATCHER")
        ae.add_supported_context(UnifiedProcedureStepEvent, scu_role=True, scp_role=True)
        self._server = ae.start_server(
            ("127.0.0.1", 0), block=False, evt_handlers=[(evt.EVT_N_EVENT_REPORT, self._take)]
        )
        assert self._server is not None
        self.port = int(self._server.server_address[1])

    def _take(self, event: evt.Event) -> tuple[int, None]:
        request = event.request
        self.reports.put((event.event_type, str(request.AffectedSOPInstanceUID), event.event_information))
        return (self.statuses.pop(0) if self.statuses else 0), None

    def next(self) -> tuple[int, str, Dataset]:
        return self.reports.get(timeout=PATIENCE)

    def close(self) -> None:
        self._server.shutdown()
