"""Keys that a site adds to those of ``attributes.py``: any attribute of PS3.6, one in a sequence, or a private one.

A path names the attribute: ``KVP``, ``00180060``, ``RequestAttributesSequence.ScheduledProcedureStepID``, or for a
private element its group, its number in the block and who made it, ``0019xx0F:ACME 1.1``. Values come from the objects:
those of an instance are its own, those of a level above are of the first object that has any. See ``site_values.py``.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass

from isocenter.dicom import dictionary
from isocenter.errors import ConfigurationError, NotFoundError, UsageError
from isocenter.index.attributes import BY_TAG, Level
from isocenter.index.database import Database
from isocenter.settings import QUERY_KEY

_PRIVATE = re.compile(r"([0-9A-Fa-f]{3}[13579BDFbdf])xx([0-9A-Fa-f]{2}):([^\\\x00-\x1f]{1,64})")
#: Their values are bytes, or items that are named by a path.
_NO_KEYS = frozenset({"OB", "OD", "OF", "OL", "OV", "OW", "SQ", "UN"})
_VRS = frozenset({
    "AE", "AS", "CS", "DA", "DS", "DT", "FD", "FL", "IS", "LO", "LT", "PN", "SH", "SL", "SS", "ST", "SV", "TM", "UC",
    "UI", "UL", "UR", "US", "UT", "UV",
})  # fmt: skip
_DEEPEST = 4
#: More keys than this are a copy of the headers, not an index of them.
MOST_KEYS = 100
CONSUMER = "site keys"

_INSERT = """
INSERT INTO query_key (path, level, vr, target, position)
SELECT :path, :level, :vr, COALESCE(MAX(id), 0), 0 FROM instance WHERE 1 = 1
ON CONFLICT (path) DO NOTHING RETURNING id"""
_FOLLOW = """
INSERT INTO consumer (name, position, holder, lease_until)
SELECT :name, COALESCE(MAX(id), 0), '', 0 FROM outbox WHERE 1 = 1 ON CONFLICT (name) DO NOTHING"""
_UNFOLLOW = "DELETE FROM consumer WHERE name = :name AND NOT EXISTS (SELECT 1 FROM query_key)"
_RESTART = "UPDATE query_key SET position = 0, target = (SELECT COALESCE(MAX(id), 0) FROM instance)"


@dataclass(frozen=True, slots=True)
class SiteKey:
    """A key of the site; of the objects up to row ``target``, those up to row ``position`` have been read for it."""

    id: int
    path: str
    level: Level
    vr: str
    target: int
    position: int

    @property
    def name(self) -> str:
        """The path in keywords, for people."""
        return self.path if self.creator else ".".join(dictionary.keyword(tag) or f"{tag:08X}" for tag in self.tags)

    @property
    def creator(self) -> str:
        """Who made a private element, "" for others."""
        return self.path.partition(":")[2]

    @property
    def tags(self) -> tuple[int, ...]:
        """The tags from the top of the data set down; those of a private element as if it were in the first block."""
        if self.creator:
            return (int(self.path[:4] + "10" + self.path[6:8], 16),)
        return tuple(int(part, 16) for part in self.path.split("."))

    @property
    def is_ready(self) -> bool:
        """Whether all objects that were there before the key have been read."""
        return self.position >= self.target


def read_path(text: str) -> str:
    """Return a path in its one form, with tags in hexadecimal.

    Raises:
        UsageError: it names no attribute.
    """
    private = _PRIVATE.fullmatch(text.strip())
    if private:
        return f"{private[1].upper()}xx{private[2].upper()}:{private[3].strip()}"
    return ".".join(f"{dictionary.tag(part):08X}" for part in text.strip().split("."))


def private_path(tag: int, creator: str) -> str:
    """Return the path of a private element, in whatever block it is."""
    return f"{tag >> 16:04X}xx{tag & 0xFF:02X}:{creator}"


class SiteKeys:
    """The keys that a site has added; changes are seen by all processes at once."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def all(self) -> list[SiteKey]:
        """Return them in the order in which they were added."""
        rows = self._database.rows("SELECT id, path, level, vr, target, position FROM query_key ORDER BY id")
        return [SiteKey(row[0], row[1], Level(row[2]), *row[3:]) for row in rows]

    def add(self, text: str, level: Level, vr: str = "") -> SiteKey:
        """Add a key; the objects that are there are read for it in the background.

        Raises:
            UsageError: it cannot be a key, or is one already.
        """
        path = read_path(text)
        vr = _checked(path, vr)
        if len(self.all()) >= MOST_KEYS:
            raise UsageError(f"there are {MOST_KEYS} keys; remove one first")
        with self._database.write() as transaction:
            if not transaction.rows(_INSERT, path=path, level=level.value, vr=vr):
                raise UsageError(f"{text} is a key already")
            transaction.serialize_events()  # what is being filed now tells of itself behind this
            transaction.change(_FOLLOW, {"name": CONSUMER})
        return self.get(path)

    def ensure(self, wanted: str) -> None:
        """Add the keys of the setting ``query_keys`` that are not there yet; others stay.

        Raises:
            ConfigurationError: one cannot be a key, or is one of another level.
        """
        known = {key.path: key for key in self.all()} if wanted else {}
        for found in filter(None, (QUERY_KEY.fullmatch(part.strip()) for part in wanted.split(";"))):
            level, text, vr = Level[found[1].upper()], found[2], found[3] or ""
            try:
                key = known.get(read_path(text)) or self.add(text, level, vr)
            except UsageError as error:
                raise ConfigurationError(f"query_keys: {error}") from error
            if key.level is not level:
                raise ConfigurationError(
                    f"query_keys: {text} is a key of the {key.level.name.lower()} already; "
                    "remove it with 'isocenter keys remove' first, or name that level"
                )

    def get(self, text: str) -> SiteKey:
        """Return one.

        Raises:
            NotFoundError: there is none of this path.
        """
        path = read_path(text)
        found = next((key for key in self.all() if key.path == path), None)
        if found is None:
            raise NotFoundError(f"{text} is no key that was added here")
        return found

    def remove(self, text: str) -> None:
        """Remove a key and its values.

        Raises:
            NotFoundError: there is none of this path.
        """
        key = self.get(text)
        with self._database.write() as transaction:
            transaction.change("DELETE FROM query_key WHERE id = :id", {"id": key.id})
            transaction.change(_UNFOLLOW, {"name": CONSUMER})

    def unfollow(self) -> None:
        """Note that nobody needs to hear of new objects, if there are no keys."""
        with self._database.write() as transaction:
            transaction.change(_UNFOLLOW, {"name": CONSUMER})

    def restart(self) -> None:
        """Have all objects read again for all keys."""
        with self._database.write() as transaction:
            transaction.change(_RESTART, {})

    def move(self, keys: Iterable[SiteKey], after: int) -> None:
        """Note that these keys have come to a position, but for those that are read from the beginning again."""
        with self._database.write() as transaction:
            transaction.change_many(
                "UPDATE query_key SET position = :after WHERE id = :id AND position = :before",
                [{"id": key.id, "before": key.position, "after": after} for key in keys],
            )


def _checked(path: str, vr: str) -> str:
    """Return the VR of a key that can be one."""
    tags = () if ":" in path else tuple(int(part, 16) for part in path.split("."))
    if len(tags) > _DEEPEST or any(dictionary.vr(tag) != "SQ" for tag in tags[:-1]):
        raise UsageError(f"{path}: only sequences have attributes below them, {_DEEPEST} levels deep at most")
    if len(tags) == 1 and tags[0] in BY_TAG:
        raise UsageError(f"{BY_TAG[tags[0]].keyword} is a key of every archive")
    if tags and (tags[0] >> 16) & 1:
        raise UsageError(f"{path}: name a private element with who made it, like 0019xx0F:ACME 1.1")
    if tags:
        known = dictionary.vr(tags[-1])
    else:
        known = dictionary.private_vr(path.partition(":")[2], int(path[:4] + "10" + path[6:8], 16))
    vr = vr.upper() or known
    if vr in _NO_KEYS or vr not in _VRS:
        raise UsageError(f"{path} has VR {vr}, which cannot be searched; give another one if it is of another")
    return vr
