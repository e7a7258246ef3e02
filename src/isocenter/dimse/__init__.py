"""DIMSE messages (PS3.7) without input or output: command sets, fragments of messages, status codes."""
