"""Isocenter: a complete DICOM archive and web viewer."""

#: Sent in every association and written into every file this program makes (PS3.7 D.3.3.2, PS3.10 7.1).
#: A UUID-derived UID (PS3.5 B.2), so no registered root is needed.
IMPLEMENTATION_CLASS_UID = "2.25.153907114523081527096204133437110459821"
IMPLEMENTATION_VERSION_NAME = "ISOCENTER_010"


def __getattr__(name: str) -> str:
    """Look the version up only when it is asked for: it takes 30 ms."""
    if name != "__version__":
        raise AttributeError(name)
    from importlib.metadata import PackageNotFoundError, version  # noqa: PLC0415 - slow

    try:
        return version("isocenter")
    except PackageNotFoundError:  # run from a source tree that was never installed
        return "0.0.0"
