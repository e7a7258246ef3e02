"""Where the bytes are: the seam ``Storage`` and its implementations."""

from isocenter.storage.local import LocalStorage
from isocenter.storage.object_file import ObjectFile
from isocenter.storage.storage import Buffer, Storage, Stored, Upload

__all__ = ["Buffer", "LocalStorage", "ObjectFile", "Storage", "Stored", "Upload"]
