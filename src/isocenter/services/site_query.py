"""Keys that a site has added, in the identifier of a C-FIND: at the top, in items of sequences, in private blocks."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from isocenter.index.site_keys import SiteKey
from isocenter.services.identifier import Identifier


@dataclass(frozen=True, slots=True)
class SiteQuery:
    """The site's keys that an identifier asks for, and the top-level tags of it that they account for."""

    keys: tuple[tuple[SiteKey, str], ...] = ()
    tags: frozenset[int] = frozenset()


def read_site_query(identifier: Identifier, added: Iterable[SiteKey]) -> SiteQuery:
    """Return which of the keys that were added an identifier asks for."""
    keys: list[tuple[SiteKey, str]] = []
    tags: set[int] = set()
    taken: set[tuple[int, ...]] = set()
    for key in added:
        for path, text in _asked(key, identifier):
            keys.append((key, text))
            taken.add(path)
            tags.update(path[:1])
            if key.creator:
                tags.add(path[0] & 0xFFFF0000 | path[0] >> 8 & 0xFF)
    left = {path[0] for path in identifier.nested if path not in taken}
    return SiteQuery(tuple(keys), frozenset(tags - left))


def _asked(key: SiteKey, identifier: Identifier) -> Iterator[tuple[tuple[int, ...], str]]:
    """Yield where an identifier asks for a key, and the text of it; a sequence without an item asks for all in it."""
    if key.creator:
        group, element = key.tags[0] & 0xFFFF0000, key.tags[0] & 0xFF
        for block in range(0x10, 0x100):
            tag = group | block << 8 | element
            if tag in identifier.keys and identifier.keys.get(group | block, "").strip() == key.creator:
                yield (tag,), identifier.keys[tag]
    elif len(key.tags) == 1:
        if key.tags[0] in identifier.keys:
            yield key.tags, identifier.keys[key.tags[0]]
    elif key.tags in identifier.nested:
        yield key.tags, identifier.nested[key.tags]
    elif key.tags[0] in identifier.keys and all(path[0] != key.tags[0] for path in identifier.nested):
        yield key.tags, ""
