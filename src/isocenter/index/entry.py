"""What ingest hands to the index: a stored object and its raw header. And what the index knows of an object."""

from dataclasses import dataclass

from isocenter.index.header import RawHeader


@dataclass(frozen=True, slots=True)
class Instance:
    """An object of the archive: who it is, where its bytes are, how they are encoded.

    ``size`` and ``data_set_offset`` are bytes of the Part 10 file, ``hash`` is xxh3-128 of the data set as sent.
    A non-patient object has "" for study and series.
    """

    StudyInstanceUID: str
    SeriesInstanceUID: str
    SOPInstanceUID: str
    SOPClassUID: str
    InstanceNumber: int | None
    NumberOfFrames: int | None
    transfer_syntax_uid: str
    location: str
    size: int
    data_set_offset: int
    hash: bytes


@dataclass(frozen=True, slots=True)
class Entry:
    """A stored object that is to be filed; ``received`` is in milliseconds since 1970 (UTC).

    A non-patient object has "" for study and series.
    """

    StudyInstanceUID: str
    SeriesInstanceUID: str
    SOPInstanceUID: str
    SOPClassUID: str
    transfer_syntax_uid: str
    header: RawHeader
    location: str
    size: int
    data_set_offset: int
    hash: bytes
    received: int
