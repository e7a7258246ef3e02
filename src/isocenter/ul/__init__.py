"""The DICOM upper layer (PS3.8) without input or output: bytes and time in, events and bytes out.

``Association`` is the door; ``events`` and ``pdu`` hold what goes through it, ``negotiation`` answers requests.
Must not know asyncio, sockets, threads, clocks or logging.
"""
