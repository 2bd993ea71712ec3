"""Names of a replay: every id follows from what it names, so that doing a thing twice is doing it once (I10)."""

from __future__ import annotations

import re
import unicodedata
from uuid import UUID, uuid5

_NAMESPACE = UUID("a0d924a2-5f39-49e4-955c-542c3a1bb393")
_COMMUNE_MAX = 20


def named(within: UUID, *parts: str) -> UUID:
    """Return the id of what `parts` name. `within` keeps two regions of one server apart."""
    # A separator that no cell can hold: reading leaves no control character.
    return uuid5(_NAMESPACE, "\x1f".join((str(within), *parts)))


def commune_code(name: str) -> str:
    """Return a place as a code: a region's communes are data, and outside Belgium they have no NIS code."""
    plain = "".join(one for one in unicodedata.normalize("NFKD", name.lower()) if not unicodedata.combining(one))
    return re.sub(r"[^0-9a-z]+", "-", plain)[:_COMMUNE_MAX].strip("-") or "unknown"
