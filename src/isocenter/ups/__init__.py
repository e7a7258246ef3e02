"""Unified Procedure Steps (PS3.4 Annex CC): work items, what may become of them, and who is told.

``states``, ``requirements`` and ``reports`` are the rules, pure; ``workitems`` and ``subscriptions`` apply them to the
rows of the index. Both faces use these: UPS-RS (PS3.18 chapter 11) in ``web/``, the DIMSE services in ``services/``.
"""
