"""Naming: every id of an import follows from what the file itself calls a thing, never from where it stands (I10).

`source` keeps two files apart that both have a shelter 1, and the region keeps two regions apart.
"""

from __future__ import annotations

from datetime import date, datetime
from uuid import UUID, uuid5

import msgspec

_NAMESPACE = UUID("9a4f3f0e-5a63-4a55-9f3b-3c1e2b9a7d51")


def source_id(region_id: UUID, source: str) -> UUID:
    """Name the source itself: it is who counted, for the reports of an import."""
    return _named(region_id, source, "source", "")


def id_of(region_id: UUID, source: str, noun: str, ref: str) -> UUID:
    return _named(region_id, source, noun, ref)


def report_id(source: UUID, unit_id: UUID, body_hash: bytes, observed_at: datetime, night: date | None) -> UUID:
    """Name one count: the same number for the same instant is the same report, however often it is imported."""
    return uuid5(source, f"{unit_id} {observed_at.isoformat()} {night} {body_hash.hex()}")


def _named(region_id: UUID, *words: str) -> UUID:
    return uuid5(_NAMESPACE, msgspec.json.encode([region_id, *words]).decode())
